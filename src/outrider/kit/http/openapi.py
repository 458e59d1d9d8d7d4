"""The OpenAPI document: what FastAPI finds in the routes, with the problem documents that any of them may answer."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .problems import MEDIA_TYPE, Problem

PROBLEMS: dict[int, tuple[str, str, str]] = {
    400: ("BadRequest", "bad_request", "The body is not JSON, or cannot be read."),
    401: ("Unauthorized", "unauthorized", "No API key, or one that does not hold."),
    403: ("Forbidden", "forbidden", "The key holds, but lacks the scope, which is named."),
    404: ("NotFound", "not_found", "There is no such thing in this organization."),
    405: ("MethodNotAllowed", "method_not_allowed", "Another method works here."),
    409: (
        "Conflict",
        "conflict",
        "The request contradicts what is there, or one with its Idempotency-Key is being done.",
    ),
    413: ("TooLarge", "too_large", "More bytes or rows than one request may bring."),
    422: ("InvalidInput", "invalid_input", "A value cannot be used; `errors` names the field."),
    429: ("TooManyRequests", "too_many_requests", "Over the rate limit; Retry-After is in seconds."),
    500: ("InternalError", "internal_error", "A fault of ours; `request_id` finds it in the logs."),
    504: ("TimedOut", "timed_out", "The database was given as long as a request may take, and was not done."),
    503: ("Unavailable", "unavailable", "The database cannot be reached or is busy; Retry-After is in seconds."),
}
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "With the same key the same request is done once and its answer repeated for a day, with `Idempotency-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    "example": "4f9d2c1e-6a0b-4c57-9a3f-0b9a6d1c8e42",
}
_NAMES = {"namespace"}
"""Parameters of a query that name something."""
_WITH_BODY = ("post", "put", "patch", "delete")


def describe_api(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return what `app.openapi` is to be: the document, made once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                )
            )
        return app.openapi_schema

    return openapi


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["responses"] = {name: _response(status, code, text) for status, (name, code, text) in PROBLEMS.items()}
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            _complete_operation(path, method, operation)
    return document


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    secured = bool(operation.get("security"))
    statuses = {500, 503, 504} | ({401, 403, 429} if secured else set())
    named = any(parameter["name"] in _NAMES for parameter in operation.get("parameters", ()))
    if "{" in path or method in _WITH_BODY or named:  # a body or a parameter may name something that is not there
        statuses |= {404}
    if "{" in path or operation.get("parameters") or method in _WITH_BODY:
        statuses |= {422}
    if method in _WITH_BODY:
        statuses |= {400, 409, 413}
    if method == "post" and secured:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    responses = operation.setdefault("responses", {})
    statuses |= {int(status) for status in responses if status.isdigit() and int(status) in PROBLEMS}  # what the route says by itself
    for status in sorted(statuses):
        declared = responses.get(str(status))
        if declared is None or _is_fastapis(declared):
            responses[str(status)] = {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}
        elif "content" not in declared and status in PROBLEMS:
            declared["content"] = _content(status, PROBLEMS[status][1], declared.get("description", ""))


def _is_fastapis(response: dict[str, Any]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("/HTTPValidationError")


def _content(status: int, code: str, text: str) -> dict[str, Any]:
    example = {
        "type": f"urn:outrider:problem:{code}",
        "title": PROBLEMS[status][0],
        "status": status,
        "code": code,
        "detail": text,
        "request_id": "0f8fad5bd9cb469fa16570867728950e",
    }
    return {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}


def _response(status: int, code: str, text: str) -> dict[str, Any]:
    return {"description": text, "content": _content(status, code, text)}
