"""Errors as problem documents (RFC 9457), in one place; as pages where a browser asked. Never shows a trace, a statement or another
tenant's value.
"""

import http
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from outrider.kit.errors import InvalidInput, NotFound, OutriderError, TooManyRequests, Unauthorized, Unavailable

from .database_problems import translate
from .state import state

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
ProblemPage = Callable[[Scope, int, str, str | None], Response | None]
"""Makes a page of (scope, status, detail, request id); None where a problem document is wanted."""


class FieldError(BaseModel):
    """One input at fault."""

    field: str = Field(description="Where it is: a name, or a path such as `rows.3.email`.")
    message: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """What went wrong, as RFC 9457 draws it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:outrider:problem:invalid_input",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "code": "invalid_input",
                    "detail": "limit is 0; it must be between 1 and 500",
                    "errors": [{"field": "limit", "message": "limit is 0; it must be between 1 and 500"}],
                    "request_id": "0f8fad5bd9cb469fa16570867728950e",
                }
            ]
        },
    )

    type: str = Field(description="Names the kind of problem; the part after the last colon is `code`.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="A stable name for programs.")
    detail: str = Field(description="What is wrong and what to do.")
    errors: list[FieldError] = Field(default=[], description="The inputs at fault, if it is about inputs.")
    request_id: str | None = Field(default=None, description="Names this request in the logs.")


class BadRequest(OutriderError):  # noqa: N818
    """What came is not HTTP or JSON as it should be."""


class UnexpectedFault(OutriderError):  # noqa: N818
    """A fault of ours; says nothing about it, the log does."""

    status = 500
    code = "internal_error"


def respond(scope: Scope, error: BaseException) -> Response:
    """Return the answer for any exception, one that we did not expect included."""
    if isinstance(error, RequestValidationError):
        return _invalid(scope, error)
    if isinstance(error, HTTPException):
        return _http(scope, error)
    known = error if isinstance(error, OutriderError) else translate(error, scope)
    if known is None:
        known = UnexpectedFault("something failed on our side; the log has it under this request_id")
    return _outrider(scope, known)


def install(app: FastAPI, page: ProblemPage | None = None) -> None:
    """Answer what an endpoint raises with problem documents, or with what `page` makes of it; what is not known there passes on to
    `Frame`.
    """
    app.state.problem_page = page

    async def handle(request: Request, error: Exception) -> Response:
        return respond(request.scope, error)

    for kind in (OutriderError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, handle)


def _outrider(scope: Scope, error: OutriderError) -> Response:
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="outrider"'
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.extra.get("retry_after", RETRY_SECONDS))
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(RETRY_SECONDS)
    errors = [{"field": error.field, "message": error.message}] if error.field else []
    return document(scope, error.status, error.code, error.message, errors, headers, error.extra)


def _http(scope: Scope, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=headers)
    if error.status_code == 404:
        return _outrider(scope, _nothing(scope))
    if error.status_code == 405:
        allowed = headers.get("Allow") or headers.get("allow") or "another method"
        detail = f"{scope['method'] if scope['method'].isalpha() else 'this method'} does not work here; {allowed} does"
        return document(scope, 405, "method_not_allowed", detail, (), headers)
    if isinstance(error.__context__, MultiPartException):
        return _outrider(scope, BadRequest(f"the form cannot be read: {error.__context__.message}", field="body"))
    if error.status_code == 400:
        detail = "the body cannot be read: it is not JSON, too deeply nested, or not what its Content-Type says"
        return _outrider(scope, BadRequest(detail, field="body"))
    code = http.HTTPStatus(error.status_code).phrase.lower().replace(" ", "_").replace("-", "_")
    return document(scope, error.status_code, code, str(error.detail), (), headers)


def _invalid(scope: Scope, error: RequestValidationError) -> Response:
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        text = error.body if isinstance(error.body, str) else ""
        at = int(found[0]["loc"][-1]) if isinstance(found[0]["loc"][-1], int) else 0
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        reason = str(found[0].get("ctx", {}).get("error", "")).lower()
        return _outrider(scope, BadRequest(f"the body is not JSON: {reason} at line {line}, column {column}", field="body"))
    if _is_page(scope) and any(one["loc"][0] == "path" for one in found):
        return _outrider(scope, _nothing(scope))
    errors = [{"field": _place(one["loc"]), "message": _message(one, scope)} for one in found]
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in errors[:3])
    if len(errors) > 3:
        detail += f"; and {len(errors) - 3} more"
    return document(scope, 422, InvalidInput.code, detail, errors[:100])


def _nothing(scope: Scope) -> NotFound:
    if _is_page(scope):
        return NotFound("there is nothing at this address: the link is old, or was not copied whole")
    return NotFound("there is nothing at this address; /api/openapi.json lists what there is")


def _is_page(scope: Scope) -> bool:
    """Whether the address is none of the API's: who follows a broken link to a page is told so, not what an id looks like."""
    return not scope["path"].startswith("/api/")


def _place(place: Sequence[Any]) -> str:
    """Return `rows.3.email` for ('body', 'rows', 3, 'email'); the kind of input alone for the input as a whole."""
    parts = [str(part) for part in place]
    return ".".join(parts[1:]) if len(parts) > 1 else (parts[0] if parts else "request")


def _message(error: dict[str, Any], scope: Scope) -> str:
    if tuple(error["loc"]) == ("body",) and error["type"].endswith("attributes_type"):
        kinds = [value.decode("latin-1") for name, value in scope["headers"] if name == b"content-type"]
        if not kinds or "json" not in kinds[0]:
            return "the body must be a JSON object, sent with Content-Type: application/json"
        return "the body must be a JSON object"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def document(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    errors: Sequence[dict[str, Any]] = (),
    headers: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
) -> Response:
    """Return a problem document, or the page that stands for it; `extra` adds members of the problem's own and cannot replace the standard
    ones.
    """
    request_id = state(scope).get("outrider.request_id")
    page: ProblemPage | None = getattr(scope["app"].state, "problem_page", None) if "app" in scope else None
    if page is not None and (shown := page(scope, status, detail, request_id)) is not None:
        shown.headers.update(headers or {})
        return shown
    content: dict[str, Any] = {
        **(extra or {}),
        "type": f"urn:outrider:problem:{code}",
        "title": _title(status),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        content["errors"] = list(errors)
    if request_id:
        content["request_id"] = request_id
    return Response(_dump(content), status_code=status, headers=headers, media_type=MEDIA_TYPE)


def _title(status: int) -> str:
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or http.HTTPStatus(status).phrase


def _dump(content: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(content, default=str)
    except TypeError:  # half a surrogate pair from the client's own input
        return orjson.dumps(_clean(content), default=str)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(k): _clean(v) for k, v in value.items()}
    return [_clean(item) for item in value] if isinstance(value, (list, tuple)) else value
