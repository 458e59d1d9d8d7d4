"""How an HTTP request shows who it is: the key, the scope it needs, how often it may come, and where its answers are
kept.

Nothing found out about a key outlives its request: a revoked key is refused from the next request on.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Security
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from outrider.kit.errors import Forbidden, Unauthorized
from outrider.kit.http import Claim, Guesses, KeptAnswer, RateLimiter, add_response_header, log_fields
from outrider.kit.http.idempotency import Holder
from outrider.kit.http.state import state

from . import answers
from .keys import authenticate
from .needs import needing
from .roles import SCOPES
from .sessions import client_address
from .throttle import network_of
from .types import Caller

FAILURES = "30/minute"
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="Bearer",
    description="`Authorization: Bearer KEY`, a key made with `outrider keys create`.",
)
header = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="ApiKey", description="The same key in a header of its own.")


class Door:
    """Lets requests in. One for each app, since it counts.

    `rate_limit` is for each key, and for each person who is signed in. Who sends keys that do not hold is held back by
    network, at `failures`; keys that held before are still asked about from there, so nobody is locked out by a neighbour
    behind the same address.
    """

    def __init__(self, rate_limit: str, failures: str = FAILURES) -> None:
        self._requests = RateLimiter(rate_limit)
        self._guesses = Guesses(failures, "the limit for failed keys")

    async def admit(self, request: Request) -> Caller:
        """Return who comes; asks once a request. Raises `Unauthorized` and `TooManyRequests`."""
        known: Caller | None = state(request.scope).get("tenancy.caller")
        if known is not None:
            return known
        caller = await self._authenticate(request)
        log_fields(request.scope, organization_id=str(caller.organization_id), key_id=caller.actor.id)
        self.count(request.scope, caller)
        state(request.scope)["tenancy.caller"] = caller
        return caller

    def count(self, scope: Scope, caller: Caller) -> None:
        """Count a request of a caller, once, and say in its answer how they stand. Raises `TooManyRequests`."""
        if "tenancy.counted" in state(scope):
            return
        state(scope)["tenancy.counted"] = True
        for name, value in self._requests.hit(str(caller.actor)).headers().items():
            add_response_header(scope, name, value)

    async def _authenticate(self, request: Request) -> Caller:
        secret = _secret(request)
        if secret is None:
            raise Unauthorized("an API key is needed: pass one as Authorization: Bearer KEY; outrider keys create makes one")
        network = network_of_request(request)
        self._guesses.check(secret, network)
        try:
            caller = await authenticate(secret)
        except Unauthorized:
            self._guesses.failed(secret, network)
            raise
        self._guesses.held(secret)
        return caller


def network_of_request(request: Request) -> str:
    """Return the network that a request comes from, as `throttle` counts them."""
    return network_of(client_address(request.client.host if request.client else None))


def _secret(request: Request) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    return request.headers.get("x-api-key") or None


async def admit(request: Request) -> Caller:
    """Return who comes, as the app's `Door` (`app.state.door`) lets them in."""
    door: Door = request.app.state.door
    return await door.admit(request)


def require(scope: str | None = None, *, takes_clients: bool = False) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that answers the `Caller`, who has `scope`; None: any key that holds will do.

    Who is bound to namespaces, a client, is let in by a scope only where `takes_clients`: there the route keeps to `caller.namespaces`.
    Raises `Unauthorized` (401), `Forbidden` (403, naming the scope), `TooManyRequests` (429).
    """
    if scope is not None and scope not in SCOPES:
        raise ValueError(f"unknown scope {scope!r}")

    async def caller(request: Request, _bearer: Any = Security(bearer), _header: Any = Security(header)) -> Caller:
        came = await admit(request)
        if scope is not None and scope not in came.scopes:
            raise Forbidden(f"this needs the scope {scope}, which the key lacks: use a key that has it", scope=scope)
        if scope is not None and came.namespaces is not None and not takes_clients:
            raise Forbidden("this is the organization's own, and the key is bound to namespaces: use a key of another role")
        return came

    return needing(scope, caller, takes_clients=takes_clients or scope is None)


class KeyFirst:
    """ASGI layer that asks for the key before a body is read, so that strangers cannot make us read megabytes.

    `is_public(method, path)` names the addresses that take bodies from anyone, `needs` the scope for those that take large ones.
    """

    def __init__(
        self,
        app: ASGIApp,
        is_public: Callable[[str, str], bool] = lambda _method, _path: False,
        needs: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self.app = app
        self.is_public = is_public
        self.needs = needs or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            scope["type"] == "http"
            and scope["method"] in _BODY_METHODS
            and scope["path"].startswith("/api/")
            and not self.is_public(scope["method"], scope["path"])
        ):
            caller = await admit(Request(scope))
            needed = self.needs.get((scope["method"], scope["path"]))
            if needed is not None and needed not in caller.scopes:
                raise Forbidden(f"this key may not do that: it needs the scope {needed}")
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _OrganizationsAnswers:
    """`kit.http.Answers` of one caller's organization."""

    caller: Caller

    async def claim(self, key: str, request_hash: bytes) -> Claim:
        return await answers.claim(self.caller, key, request_hash)

    async def renew(self, key: str) -> None:
        await answers.renew(self.caller, key)

    async def keep(self, key: str, request_hash: bytes, answer: KeptAnswer) -> None:
        await answers.keep(self.caller, key, request_hash, answer)

    async def release(self, key: str) -> None:
        await answers.release(self.caller, key)


async def holder_of(request: Request) -> Holder | None:
    """Return whose Idempotency-Key this is; None outside of the API, where no key comes in. Raises as `admit` does."""
    if not request.url.path.startswith("/api/"):
        return None
    caller = await admit(request)
    return Holder(str(caller.actor), _OrganizationsAnswers(caller))
