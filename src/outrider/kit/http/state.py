"""What the layers of one request tell each other: fields for its log line, headers for its answer, what a replay may
repeat."""

from typing import Any

from starlette.types import Scope


def state(scope: Scope) -> dict[str, Any]:
    """Return the request's own dictionary."""
    found: dict[str, Any] = scope.setdefault("state", {})
    return found


def asked_method(scope: Scope) -> str:
    """Return the method that the client sent: a HEAD is answered as a GET without its body, and called one from there on."""
    return str(state(scope).get("outrider.method", scope["method"]))


def log_fields(scope: Scope, **fields: str) -> None:
    """Add ids to the request's log line. Never a name, an address or a value that a client sent."""
    state(scope).setdefault("outrider.log", {}).update(fields)


def add_response_header(scope: Scope, name: str, value: str) -> None:
    """Put a header on whatever this request is answered with."""
    state(scope).setdefault("outrider.headers", []).append((name.lower().encode(), value.encode("latin-1")))


def keep_for_replay(scope: Scope, body: bytes) -> None:
    """Keep `body` instead of the answer itself for a repetition with the same Idempotency-Key: the answer holds a
    secret."""
    state(scope)["outrider.replay"] = body
