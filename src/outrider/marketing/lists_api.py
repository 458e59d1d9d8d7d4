"""Lists over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, transaction

from .access import Name, Part, Reader, Writer
from .examples import FILTERS, LIST, NEXT, MemberPage, MemberView, example, given
from .lists import LONGEST_QUERY, MOST_ADDRESSES, MOST_IDS, PeopleLists

LONGEST_ADDRESS = 254
router = APIRouter(prefix="/api/lists", tags=["campaigns"])
Search = Annotated[
    Text, Query(description="Words that are all part of name, address or company.", examples=["ana acme"], max_length=LONGEST_QUERY)
]
ListId = Annotated[UUID, Path(description="The list's id.")]


class ListView(BaseModel):
    """A list of people."""

    model_config = example(LIST, title="List")

    id: UUID
    name: str
    description: str | None
    people: int = Field(description="How many people are on it.")
    created_by: str
    created_at: datetime
    updated_at: datetime


class ListPage(BaseModel):
    """A page of lists."""

    model_config = example({"items": [LIST], "next_cursor": None}, title="Lists")

    items: list[ListView]
    next_cursor: str | None = Field(description=NEXT)


class NewList(BaseModel):
    """A list to make."""

    model_config = given({"name": "Spring fair"})

    name: Text = Field(description="1 to 200 characters, of no other list.")
    description: Text | None = None


class ListChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = given({"name": "Spring fair 2026"})

    name: Text | None = None
    description: Text | None = Field(None, description='"" clears it.')


class Chosen(BaseModel):
    """Who is meant: `ids` or `filters`, not both."""

    model_config = given({"filters": FILTERS}, title="ChosenPeople")

    ids: list[UUID] | None = Field(None, description=f"Up to {MOST_IDS} people.", max_length=MOST_IDS)
    filters: dict[Text, Any] | None = Field(None, description="All that fit: named and meant as in GET /api/people; {} is everyone.")


class Moved(BaseModel):
    """How many people that changed."""

    model_config = example({"people": 398})

    people: int


class Addresses(BaseModel):
    """The addresses of people."""

    model_config = given({"emails": ["ana.lopez@acme.example", "nobody@acme.example"]}, title="ListAddresses")

    emails: list[Annotated[Text, Field(max_length=LONGEST_ADDRESS)]] = Field(
        description=f"Up to {MOST_ADDRESSES:,}, in any case.", max_length=MOST_ADDRESSES
    )


class PastedView(BaseModel):
    """What addresses put on a list."""

    model_config = example({"people": 1, "not_found": ["nobody@acme.example"]}, title="ListPasted")

    people: int = Field(description="How many people were not on it yet.")
    not_found: list[str] = Field(description="The addresses that nobody has.")


class OtherList(BaseModel):
    """Another list."""

    model_config = given({"list_id": LIST["id"]}, title="ListFrom")

    list_id: UUID


@asynccontextmanager
async def _lists(caller: Caller, *, readonly: bool = False) -> AsyncIterator[PeopleLists]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield PeopleLists(connection, caller.organization_id)


@router.get("", summary="List lists")
async def list_lists(caller: Reader, name: Name = None, q: Part = None, limit: Limit = 50, cursor: Cursor = None) -> ListPage:
    """Newest first, each with how many people are on it."""
    async with _lists(caller, readonly=True) as lists:
        page = await lists.page(name=name, q=q, limit=limit, cursor=cursor)
    return ListPage(items=[ListView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", status_code=201, summary="Make a list")
async def create_list(caller: Writer, body: NewList) -> ListView:
    """It is empty at first. 409 for a name that is taken."""
    async with _lists(caller) as lists:
        return ListView.model_validate(await lists.add(body.name, body.description))


@router.get("/{id}", summary="Show a list")
async def get_list(id: ListId, caller: Reader) -> ListView:
    """One list, with how many people are on it."""
    async with _lists(caller, readonly=True) as lists:
        return ListView.model_validate(await lists.find(id))


@router.patch("/{id}", summary="Change a list")
async def update_list(id: ListId, caller: Writer, body: ListChange) -> ListView:
    """409 for a name that is taken."""
    async with _lists(caller) as lists:
        return ListView.model_validate(await lists.change(id, name=body.name, description=body.description))


@router.delete("/{id}", status_code=204, summary="Delete a list")
async def delete_list(id: ListId, caller: Writer) -> None:
    """The people stay. 409 while a campaign is for it."""
    async with _lists(caller) as lists:
        await lists.delete(id)


@router.get("/{id}/people", summary="List the people on a list")
async def list_list_people(id: ListId, caller: Reader, q: Search = "", limit: Limit = 50, cursor: Cursor = None) -> MemberPage:
    """In the order in which the people were made."""
    async with _lists(caller, readonly=True) as lists:
        page = await lists.people(id, q=q, limit=limit, cursor=cursor)
    return MemberPage(items=[MemberView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/{id}/people", summary="Put people on a list")
async def add_list_people(id: ListId, caller: Writer, body: Chosen) -> Moved:
    """By id, or all that fit filters. Answers how many were not on it yet; ids of nobody are passed over."""
    async with _lists(caller) as lists:
        return Moved(people=await lists.put(id, ids=body.ids, filters=body.filters))


@router.post("/{id}/addresses", summary="Put people on a list by their addresses")
async def add_list_addresses(id: ListId, caller: Writer, body: Addresses) -> PastedView:
    """Any of a person's addresses names them. Makes nobody: addresses that nobody has come back."""
    async with _lists(caller) as lists:
        return PastedView.model_validate(await lists.put_addresses(id, body.emails))


@router.post("/{id}/lists", summary="Put the people of another list on a list")
async def add_list_of_list(id: ListId, caller: Writer, body: OtherList) -> Moved:
    """Answers how many were not on it yet; the other list stays as it is."""
    async with _lists(caller) as lists:
        return Moved(people=await lists.put_list(id, body.list_id))


@router.post("/{id}/people/remove", summary="Take people off a list")
async def remove_list_people(id: ListId, caller: Writer, body: Chosen) -> Moved:
    """By id, or all that fit filters. Answers how many were on it."""
    async with _lists(caller) as lists:
        return Moved(people=await lists.take(id, ids=body.ids, filters=body.filters))
