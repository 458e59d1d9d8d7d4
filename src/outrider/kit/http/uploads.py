"""Forms that bring files may be gigabytes long, and what is no file is held in memory: so they hold few fields."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

MAX_FIELDS = 50
"""Of a form that may bring files; each at most 1 MB (Starlette's own limit)."""


class UploadRoute(APIRoute):
    """A route whose form brings one file at most. One that brings more, or too many fields, is answered with 400."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, whose request reads its form so."""
        handle = super().get_route_handler()

        async def limited(request: Request) -> Response:
            return await handle(_Limited(request.scope, request.receive))

        return limited


class _Limited(Request):
    async def _get_form(self, **_limits: Any) -> FormData:
        return await super()._get_form(max_files=1, max_fields=MAX_FIELDS)
