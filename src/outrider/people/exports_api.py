"""Exports over HTTP: ask for one, see how far it is, fetch its file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from .examples import example
from .export_files import FORMATS, MEDIA_TYPES, MOST_XLSX_ROWS
from .exports import KEEP_DAYS, Export, Exports, NewExport
from .views_api import COLUMNS, FILTERS

router = APIRouter(prefix="/api/exports", tags=["people"])
Reader = Annotated[Caller, Depends(require("people:read"))]
ExportId = Annotated[UUID, Path(description="The export's id.")]
EXPORT: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c51",
    "kind": "people",
    "format": "xlsx",
    "filters": {"department": "Finance"},
    "ids": None,
    "sort": "newest",
    "direction": None,
    "columns": ["email", "name", "title", "custom:Lead Owner"],
    "file_name": "people-2026-11-20.xlsx",
    "state": "completed",
    "rows_expected": 41200,
    "rows_written": 41200,
    "file_bytes": 2841120,
    "error": None,
    "job_id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11",
    "created_by": "user:0193a510-0000-7000-8000-000000000001",
    "created_at": "2026-11-20T08:00:00Z",
    "finished_at": "2026-11-20T08:00:20Z",
    "expires_at": "2026-11-27T08:00:20Z",
}
FORMAT = f"One of {', '.join(FORMATS)}. XLSX holds {MOST_XLSX_ROWS:,} rows."


class ExportView(BaseModel):
    """An export."""

    model_config = example(EXPORT, title="Export")

    id: UUID
    kind: str
    format: str
    filters: dict[str, Any]
    ids: list[str] | None = Field(description="Those who are meant, where they were named; null: all that fit.")
    sort: str
    direction: str | None
    columns: list[str]
    file_name: str
    state: str = Field(description="queued, running, completed, failed, cancelled or expired.")
    rows_expected: int | None = Field(description="null until it is settled who fits.")
    rows_written: int
    file_bytes: int | None
    error: str | None
    job_id: UUID | None = Field(description="The job that writes it; cancel it to stop.")
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="When the file is removed.")


class ExportPage(BaseModel):
    """A page of exports, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXPORT], "next_cursor": None}]})

    items: list[ExportView]
    next_cursor: str | None


class ExportBody(BaseModel):
    """What to write."""

    model_config = ConfigDict(
        title="NewExport",
        extra="forbid",
        json_schema_extra={"examples": [{name: EXPORT[name] for name in ("kind", "format", "filters", "columns")}]},
    )

    kind: Text = Field(description="people, companies or contacts.")
    format: Text = Field("csv", description=FORMAT)
    filters: dict[Text, Any] = Field({}, description=FILTERS)
    sort: Text | None = Field(None, description="A sort of the list; null: its usual one.")
    direction: Text | None = Field(None, description="asc or desc.")
    columns: list[Text] = Field([], description=COLUMNS)
    ids: list[UUID | int] | None = Field(None, description="Only these, instead of filters; of addresses their `contact_id`.")


@asynccontextmanager
async def _exports(caller: Caller, *, readonly: bool = True) -> AsyncIterator[Exports]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield Exports(connection, caller.organization_id)


@router.post("", status_code=202, summary="Export a list")
async def create_export(caller: Reader, body: ExportBody) -> ExportView:
    """A job writes all that fit to a file. Cells that a spreadsheet would run as formulas are made text."""
    async with _exports(caller, readonly=False) as exports:
        wanted = NewExport(body.kind, body.format, body.filters, body.sort, body.direction, body.columns, body.ids)
        return _shown(await exports.begin(wanted))


@router.get("", summary="List exports")
async def list_exports(caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> ExportPage:
    """Newest first, with how far each is."""
    async with _exports(caller) as exports:
        page = await exports.page(limit=limit, cursor=cursor)
    return ExportPage(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/{id}", summary="Show an export")
async def get_export(id: ExportId, caller: Reader) -> ExportView:
    """How far it is, and until when its file is kept."""
    async with _exports(caller) as exports:
        return _shown(await exports.find(id))


@router.get(
    "/{id}/file",
    summary="Download an export",
    description=f"The file, for {KEEP_DAYS} days. 409 while it is not written, and when it is gone.",
    response_class=FileResponse,
    responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}, "description": "The file."}},
)
async def download_export(id: ExportId, caller: Reader) -> FileResponse:
    """Send the file."""
    async with _exports(caller) as exports:
        export, path = await exports.file(id)
    return FileResponse(path, media_type=MEDIA_TYPES[export.format], filename=export.file_name)


def _shown(export: Export) -> ExportView:
    return ExportView.model_validate(export)
