"""Who may come in. A client, who is bound to namespaces, sees nothing of this slice: lists and texts are the organization's own."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from outrider.kit.errors import Forbidden
from outrider.tenancy import Caller, require


def insider(scope: str) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that answers the `Caller`, who has `scope` and is bound to no namespace. Raises as `require` does."""
    entered = require(scope)

    async def caller(came: Annotated[Caller, Depends(entered)]) -> Caller:
        if came.namespaces is not None:
            raise Forbidden("campaigns are the organization's own: this key is bound to namespaces")
        return came

    return caller


Reader = Annotated[Caller, Depends(insider("campaigns:read"))]
Writer = Annotated[Caller, Depends(insider("campaigns:write"))]
