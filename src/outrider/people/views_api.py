"""Saved views over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Text
from outrider.tenancy import Caller, require, transaction

from .examples import example
from .saved_views import SavedViews, View, Wanted

router = APIRouter(prefix="/api/views", tags=["people"])
Reader = Annotated[Caller, Depends(require("people:read"))]
Writer = Annotated[Caller, Depends(require("people:write"))]
ViewId = Annotated[UUID, Path(description="The view's id.")]
VIEW: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c21",
    "kind": "people",
    "name": "Finance in Spain",
    "filters": {"department": "Finance", "country_code": "ES", "tag": ["vip"]},
    "sort": "name",
    "direction": None,
    "columns": ["name", "email", "title", "custom:Lead Owner"],
    "is_shared": True,
    "query": "department=Finance&country_code=ES&tag=vip&sort=name&column=name&column=email&column=title&column=custom%3ALead+Owner",
    "created_by": "user:0193a510-0000-7000-8000-000000000001",
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-20T08:00:00Z",
    "may_change": True,
}
FILTERS = "{filter: value}, named and meant as in the query of the list; {} asks nothing."
COLUMNS = "Columns by name, in their order; a custom field is `custom:KEY`. []: the usual ones."


class SavedView(BaseModel):
    """A saved view."""

    model_config = example(VIEW)

    id: UUID
    kind: str = Field(description="people, companies or contacts.")
    name: str
    filters: dict[str, Any] = Field(description=FILTERS)
    sort: str | None
    direction: str | None
    columns: list[str] = Field(description=COLUMNS)
    is_shared: bool = Field(description="Whether everyone in the organization sees it.")
    query: str = Field(description="The view as the query of its list: /people?… is its link.")
    created_by: str
    created_at: datetime
    updated_at: datetime
    may_change: bool = Field(description="Whether this key may change and delete it: its own maker, an admin or an owner.")


class SavedViewList(BaseModel):
    """Saved views, in the order in which they were made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [VIEW]}]})

    items: list[SavedView]


class NewView(BaseModel):
    """A view to save."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{name: VIEW[name] for name in ("kind", "name", "filters", "sort", "columns", "is_shared")}]},
    )

    kind: Text = Field(description="people, companies or contacts.")
    name: Text = Field(description="1 to 60 characters, one's own only once a kind.")
    filters: dict[Text, Any] = Field({}, description=FILTERS)
    sort: Text | None = Field(None, description="A sort of the list.")
    direction: Text | None = Field(None, description="asc or desc.")
    columns: list[Text] = Field([], description=COLUMNS)
    is_shared: bool = Field(False, description="true: everyone in the organization sees it.")


class ViewChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Finance in Iberia", "is_shared": False}]})

    name: Text | None = None
    filters: dict[Text, Any] | None = Field(None, description=FILTERS)
    sort: Text | None = Field(None, description='"" clears it.')
    direction: Text | None = None
    columns: list[Text] | None = Field(None, description=COLUMNS)
    is_shared: bool | None = None


@asynccontextmanager
async def _views(caller: Caller, *, readonly: bool = False) -> AsyncIterator[SavedViews]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield SavedViews(connection, caller)


@router.get("", summary="List saved views")
async def list_views(
    caller: Reader, kind: Annotated[Text | None, Query(description="Only those of this kind.", examples=["people"], max_length=20)] = None
) -> SavedViewList:
    """The caller's own views and those that are shared, in the order in which they were made."""
    async with _views(caller, readonly=True) as views:
        return SavedViewList(items=[_shown(view) for view in await views.visible(kind)])


@router.post("", status_code=201, summary="Save a view")
async def save_view(caller: Writer, body: NewView) -> SavedView:
    """Keeps what a list asks, how it is sorted and which columns it shows. 409 for a name that the caller has for another."""
    async with _views(caller) as views:
        return _shown(await views.add(body.kind, Wanted(**{name: getattr(body, name) for name in Wanted.__dataclass_fields__})))


@router.get("/{id}", summary="Show a saved view")
async def get_view(id: ViewId, caller: Reader) -> SavedView:
    """One's own, or one that is shared."""
    async with _views(caller, readonly=True) as views:
        return _shown(await views.find(id))


@router.patch("/{id}", summary="Change a saved view")
async def update_view(id: ViewId, caller: Writer, body: Annotated[ViewChange | None, Body()] = None) -> SavedView:
    """403 for somebody else's, unless one is an admin or an owner; 409 for a name that is taken."""
    given = {name: getattr(body, name) for name in body.model_fields_set} if body else {}
    async with _views(caller) as views:
        return _shown(await views.change(id, Wanted(**given)))


@router.delete("/{id}", status_code=204, summary="Delete a saved view")
async def delete_view(id: ViewId, caller: Writer) -> None:
    """403 for somebody else's, unless one is an admin or an owner. The list that it showed stays as it is."""
    async with _views(caller) as views:
        await views.delete(id)


def _shown(view: View) -> SavedView:
    return SavedView.model_validate(view)
