"""How a page of the slice gets its services: in the visitor's organization, within what they may see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Path

from outrider.tenancy import Visitor, visiting

from ..profiles import ProfileService
from ..service import NamespaceService

Reader = Annotated[Visitor, Depends(visiting("namespaces:read"))]
Writer = Annotated[Visitor, Depends(visiting("namespaces:write"))]
ProfileReader = Annotated[Visitor, Depends(visiting("profiles:read", takes_clients=True))]
Name = Annotated[str, Path(max_length=200)]


@asynccontextmanager
async def namespaces_of(visitor: Visitor, *, readonly: bool = True) -> AsyncIterator[NamespaceService]:
    """Open a transaction in which the visitor's namespaces are read, or with `readonly` False changed."""
    async with visitor.transaction(readonly=readonly) as connection:
        yield NamespaceService(connection, visitor.organization_id)


@asynccontextmanager
async def profiles_of(visitor: Visitor) -> AsyncIterator[ProfileService]:
    """Open a transaction in which the profiles are read that the visitor may see."""
    async with visitor.transaction(readonly=True) as connection:
        yield ProfileService(connection, visitor.organization_id, visitor.caller.namespaces)
