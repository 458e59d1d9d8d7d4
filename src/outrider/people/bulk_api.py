"""Bulk edits over HTTP: preview, do, undo."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from .bulk import AT_ONCE, BulkEdit, BulkEdits, Selected
from .bulk_changes import SETTABLE, Changes
from .examples import example
from .lists import MOST_IDS

router = APIRouter(prefix="/api", tags=["people"])
Reader = Annotated[Caller, Depends(require("people:read"))]
Writer = Annotated[Caller, Depends(require("people:write"))]
EditId = Annotated[UUID, Path(description="The bulk edit's id.")]
CHANGES: dict[str, Any] = {"add_tags": ["vip"], "set": {"seniority": "C suite"}}
EDIT: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c41",
    "kind": "people",
    "changes": CHANGES,
    "asked": {"filters": {"department": "Finance"}},
    "state": "completed",
    "matched": 412,
    "changed": 398,
    "held": 0,
    "undone": 0,
    "kept": 0,
    "can_undo": True,
    "job_id": None,
    "error": None,
    "created_by": "user:0193a510-0000-7000-8000-000000000001",
    "created_at": "2026-11-20T08:00:00Z",
    "finished_at": "2026-11-20T08:00:00Z",
    "undone_by": None,
    "undone_at": None,
}
KEPT: dict[str, Any] = {
    "whose": "ana.lopez@acme.example",
    "field": "seniority",
    "key": "",
    "before": "VP",
    "written": "C suite",
    "now": "Owner",
}


class ChangesBody(BaseModel):
    """What to do to every row that is meant. Companies have no tags and no custom fields."""

    model_config = ConfigDict(title="BulkChanges", extra="forbid", json_schema_extra={"examples": [CHANGES]})

    add_tags: list[Text] = Field([], description="Tags to add. A person's go to the primary address, unless another one has them.")
    remove_tags: list[Text] = Field([], description="Tags to take off, from all addresses.")
    set: dict[Text, Any] = Field(
        {}, description="; ".join(f"{kind}: {', '.join(names)}" for kind, names in SETTABLE.items()) + '. "" and null clear.'
    )
    custom_fields: dict[Text, Any] = Field({}, description='{key: value}; values have to fit the field\'s type. "" and null clear.')


class BulkBody(BaseModel):
    """Who is meant, and what is to be done: `ids` or `filters`, not both."""

    model_config = ConfigDict(
        title="NewBulkEdit", extra="forbid", json_schema_extra={"examples": [{"filters": {"department": "Finance"}, "changes": CHANGES}]}
    )

    ids: list[UUID | int] | None = Field(None, description=f"Up to {MOST_IDS} ids; of addresses their `contact_id`.", max_length=MOST_IDS)
    filters: dict[Text, Any] | None = Field(None, description="All that fit: named and meant as in the query of the list; {} is everyone.")
    changes: ChangesBody
    dry_run: bool = Field(False, description="true only says how many are meant.")


class BulkEditView(BaseModel):
    """A bulk edit. `matched`, `changed` and `held` count rows, `undone` and `kept` values."""

    model_config = example(EDIT, title="BulkEdit")

    id: UUID
    kind: str
    changes: dict[str, Any]
    asked: dict[str, Any] = Field(description="Who was meant: {filters}, or {ids: how many}.")
    state: str = Field(description="queued, running, completed, cancelled, failed, undoing or undone.")
    matched: int
    changed: int = Field(description="How many were not so already.")
    held: int = Field(description="Addresses that unsubscribed or bounced and stay so until their suppression is taken away.")
    undone: int = Field(description="Values that an undo put back.")
    kept: int = Field(description="Values that it left: somebody changed them since, or the address unsubscribed or bounced since.")
    can_undo: bool
    job_id: UUID | None
    error: str | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    undone_by: str | None
    undone_at: datetime | None


class BulkAnswer(BaseModel):
    """How many are meant, and the edit; null for a dry run."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"matched": 412, "edit": EDIT}]})

    matched: int
    edit: BulkEditView | None


class BulkEditPage(BaseModel):
    """A page of bulk edits, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EDIT], "next_cursor": None}]})

    items: list[BulkEditView]
    next_cursor: str | None


class KeptView(BaseModel):
    """A value that an undo left."""

    model_config = example(KEPT, title="KeptValue")

    whose: str = Field(description="The person's or address's e-mail address, or the company's domain.")
    field: str = Field(description="The column; tag or custom, whose name is `key`.")
    key: str
    before: Any = Field(description="What the edit found.")
    written: Any = Field(description="What the edit wrote.")
    now: Any = Field(description="What stands now.")


class BulkEditDetail(BulkEditView):
    """A bulk edit with the first hundred values that its undoing left."""

    model_config = example(
        EDIT | {"state": "undone", "undone": 397, "kept": 1, "can_undo": False, "kept_values": [KEPT]}, title="BulkEditDetail"
    )

    kept_values: list[KeptView]


@asynccontextmanager
async def _edits(caller: Caller, *, readonly: bool = False) -> AsyncIterator[BulkEdits]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield BulkEdits(connection, caller.organization_id)


async def _do(caller: Caller, kind: str, body: BulkBody) -> BulkAnswer:
    selected = Selected(body.ids, body.filters)
    wanted = Changes(body.changes.add_tags, body.changes.remove_tags, body.changes.set, body.changes.custom_fields)
    async with _edits(caller, readonly=body.dry_run) as edits:
        if body.dry_run:
            return BulkAnswer(matched=await edits.preview(kind, selected, wanted), edit=None)
        edit = await edits.begin(kind, selected, wanted)
    return BulkAnswer(matched=edit.matched, edit=_shown(edit))


HOW = (
    f"Who is meant is settled now. Up to {AT_ONCE:,} are changed at once; more by the job named in `job_id`. "
    "What was there before is kept for the undo. A dry run only counts."
)


@router.post("/people/bulk", summary="Edit many people", description=f"Tags, columns and custom fields of many people. {HOW}")
async def bulk_edit_people(caller: Writer, body: BulkBody) -> BulkAnswer:
    """Edit many people at once."""
    return await _do(caller, "people", body)


@router.post("/companies/bulk", summary="Edit many companies", description=f"Columns of many companies. {HOW}")
async def bulk_edit_companies(caller: Writer, body: BulkBody) -> BulkAnswer:
    """Edit many companies at once."""
    return await _do(caller, "companies", body)


@router.post(
    "/contacts/bulk",
    summary="Edit many addresses",
    description="Tags, status and custom fields of many addresses. Who unsubscribed or bounced stays so while they are suppressed "
    f"(`held`). {HOW}",
)
async def bulk_edit_contacts(caller: Writer, body: BulkBody) -> BulkAnswer:
    """Edit many addresses at once."""
    return await _do(caller, "contacts", body)


@router.get("/bulk-edits", summary="List bulk edits")
async def list_bulk_edits(caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> BulkEditPage:
    """Newest first, with how far each is."""
    async with _edits(caller, readonly=True) as edits:
        page = await edits.page(limit=limit, cursor=cursor)
    return BulkEditPage(items=[_shown(edit) for edit in page.items], next_cursor=page.next_cursor)


@router.get("/bulk-edits/{id}", summary="Show a bulk edit")
async def get_bulk_edit(id: EditId, caller: Reader) -> BulkEditDetail:
    """With the values that undoing it left, since they were changed since."""
    async with _edits(caller, readonly=True) as edits:
        edit = await edits.find(id)
        kept = await edits.kept(id)
    return BulkEditDetail(**_shown(edit).model_dump(), kept_values=[KeptView.model_validate(one) for one in kept])


@router.post("/bulk-edits/{id}/undo", summary="Undo a bulk edit")
async def undo_bulk_edit(id: EditId, caller: Writer) -> BulkEditView:
    """Puts back what stands as the edit left it; what somebody changed since stays, and is counted as `kept`.

    409 for one that is under way, was undone already or changed nothing.
    """
    async with _edits(caller) as edits:
        return _shown(await edits.undo(id, str(caller.actor)))


def _shown(edit: BulkEdit) -> BulkEditView:
    return BulkEditView.model_validate(edit)
