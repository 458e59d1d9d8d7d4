"""File imports over HTTP: upload, mapping, dry run, start, status, cancel, rejects, revert."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.errors import Conflict, InvalidInput
from outrider.kit.http import Cursor, Limit, Text, UploadRoute

from . import imports, rejects_api, running
from .rejects_api import Number, Reader, Writer
from .types import Import, NewImport

router = APIRouter(prefix="/api/imports", tags=["imports"], route_class=UploadRoute)

COLUMN: dict[str, Any] = {"index": 0, "header": "Email", "field": "email", "key": "email", "how": "header", "samples": ["john@example.com"]}
FORMAT: dict[str, Any] = {
    "kind": "csv", "compression": None, "encoding": "utf-8", "delimiter": ",", "has_header": True, "header": ["Email"], "sheet": None,
}  # fmt: skip
IMPORT: dict[str, Any] = {
    "id": "0193a512-7c10-7aaa-8001-3c4d5e6f7a8b", "file_name": "leads.csv", "file_bytes": 28981653, "rows_expected": 100000,
    "file_format": FORMAT,
    "mapping": [COLUMN], "source": "apollo", "batch_id": "batch-123", "namespace": "playmaker", "campaign": None, "mode": "fill",
    "promote": True, "state": "completed", "job_id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11",
    "dry_run_job_id": None, "parent_import_id": None, "rows_read": 100000, "rows_promoted": 86000,
    "rows_pending": 0,
    "rows_duplicate": 11600, "rows_failed": 2400, "rows_corrected": 12,
    "reasons": {"no_email": 1000, "bad_email": 1000, "filtered_email": 400},
    "contacts_created": 86000, "contacts_updated": 3100, "people_created": 86000, "people_updated": 2600, "companies_created": 41000,
    "companies_updated": 1900, "affiliations_created": 90500, "preview": None, "revert_preview": None,
    "revert_report": None, "error": None,
    "created_by": "key:0193a510-0000-7000-8000-000000000001", "created_at": "2026-11-20T08:00:00Z", "started_at": "2026-11-20T08:00:01Z",
    "finished_at": "2026-11-20T08:00:20Z",
}  # fmt: skip
REPORT: dict[str, Any] = {
    "deleted": {"contact": 86000, "person": 86000, "company": 40988}, "restored": {"person": 2600}, "kept_count": 12,
    "kept": {"company": [{"key": "0193a512-…", "name": "example.com", "reason": "people who stay work there"}]},
}  # fmt: skip


class ColumnView(BaseModel):
    """A column of the file and where its values go."""

    model_config = ConfigDict(title="Column", json_schema_extra={"examples": [COLUMN]})

    index: int
    header: str
    field: str | None = Field(description="The canonical field; null: it becomes a custom field under its own header.")
    key: str = Field(description="Its name in the payload.")
    how: str = Field(description="How that was found: header, values, chosen, remembered or none.")
    samples: list[str]


class ImportView(BaseModel):
    """One file on its way in. rows_read = promoted + pending + duplicate + failed. Times are UTC."""

    model_config = ConfigDict(title="Import", json_schema_extra={"examples": [IMPORT]})

    id: UUID
    file_name: str
    file_bytes: int
    rows_expected: int | None = Field(description="Estimated from the file's size; null for compressed kinds.")
    file_format: dict[str, Any]
    mapping: list[ColumnView]
    source: str
    batch_id: str
    namespace: str | None
    campaign: str | None
    mode: Literal["fill", "overwrite", "create"]
    promote: bool
    state: Literal["uploaded", "queued", "running", "completed", "failed", "cancelled", "reverting", "reverted"]
    job_id: UUID | None
    dry_run_job_id: UUID | None = Field(description="The last dry run: of the import or, once it ran, of taking it back.")
    parent_import_id: UUID | None = Field(description="The import whose rejects this one brings, corrected.")
    rows_read: int
    rows_promoted: int = Field(description="Rows with an address not loaded in the last 30 days.")
    rows_pending: int = Field(description="Rows stored with `promote` off.")
    rows_duplicate: int = Field(description="Rows whose address was loaded in the last 30 days; their values count as the mode allows.")
    rows_failed: int
    rows_corrected: int = Field(description="Failed rows that came in since, corrected.")
    reasons: dict[str, int] = Field(description="Failed rows by reason.")
    contacts_created: int
    contacts_updated: int
    people_created: int
    people_updated: int
    companies_created: int
    companies_updated: int
    affiliations_created: int
    preview: dict[str, Any] | None = Field(description="What the last dry run found.")
    revert_preview: dict[str, Any] | None = Field(description="What taking it back would do, as the last dry run of that found.")
    revert_report: dict[str, Any] | None = Field(description="What came of taking the import back.")
    error: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ImportPage(BaseModel):
    """A page of imports, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [IMPORT], "next_cursor": None}]})

    items: list[ImportView]
    next_cursor: str | None


class Change(BaseModel):
    """What to say otherwise about a file; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"mode": "overwrite", "campaign": "ACME Q4"}]})

    source: Text | None = Field(None, description="Who says so; null: the file's name.")
    namespace: Text | None = Field(None, description="The client whose profiles these become; takes the campaign's place.")
    campaign: Text | None = Field(None, description="A campaign's name, routed by its keywords; takes the namespace's place.")
    mode: Literal["fill", "overwrite", "create"] = Field("fill", description="What may happen to what is known.")
    promote: bool = Field(True, description="false only stores raw loads.")
    encoding: Text | None = Field(None, description="Of a text file; null: found out. The mapping is found anew.")
    delimiter: Text | None = Field(None, description="One character; null: found out. The mapping is found anew.")
    sheet: Text | None = Field(None, description="Of an XLSX file; null: the first with rows. The mapping is found anew.")


class Mapping(BaseModel):
    """Columns to read otherwise."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"mapping": {"Work E-mail": "email", "Notes": None}}]})

    mapping: dict[Text, Text | None] = Field(description="{header: field}; null leaves a column under its own header.", max_length=1000)


class Started(BaseModel):
    """A job that was asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"job_id": IMPORT["job_id"]}]})

    job_id: UUID


class Revert(BaseModel):
    """Whether to do it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"dry_run": True}]})

    dry_run: bool = Field(True, description="True only says what would happen.")


class Reverted(BaseModel):
    """What taking the import back does: for a dry run the report, or the job that finds it out; else the job that does it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"report": REPORT, "job_id": None}]})

    report: dict[str, Any] | None
    job_id: UUID | None


def _view(found: Import) -> ImportView:
    return ImportView.model_validate(asdict(found))


@router.post("", status_code=201, summary="Upload a lead file")
async def upload_import(
    caller: Writer,
    file: Annotated[UploadFile, File(description="CSV and kin, XLSX, JSON lines, a JSON array, Parquet, or gzip of these.")],
    source: Annotated[Text | None, Form(description="Who says so; the file's name when left out.", examples=["apollo"])] = None,
    batch_id: Annotated[Text | None, Form(description="A name for what came together.", examples=["batch-123"])] = None,
    namespace: Annotated[Text | None, Form(description="The client whose profiles these become.")] = None,
    campaign: Annotated[Text | None, Form(description="A campaign's name, routed to a namespace by its keywords.")] = None,
    mode: Annotated[Literal["fill", "overwrite", "create"], Form(description="What may happen to what is known.")] = "fill",
    promote: Annotated[bool, Form(description="false only stores raw loads.")] = True,
    start: Annotated[bool, Form(description="true starts it at once with the mapping that was found.")] = False,
    mapping: Annotated[Text | None, Form(description='JSON: {"header": "field" or null}.', examples=['{"Work E-mail": "email"}'])] = None,
    encoding: Annotated[Text | None, Form(description="Of a text file, if detection is wrong.", examples=["cp1252"])] = None,
    delimiter: Annotated[Text | None, Form(description="One character, if detection is wrong.", examples=[";"])] = None,
    sheet: Annotated[Text | None, Form(description="Of an XLSX file; the first with rows when left out.")] = None,
) -> ImportView:
    """Takes the file, finds out what it is and how its columns are read. Look at `mapping`, correct it, try a dry run, then start it."""
    wanted = NewImport(
        file_name=file.filename or "file", source=source, batch_id=batch_id, namespace=namespace, campaign=campaign, mode=mode,
        promote=promote, encoding=encoding, delimiter=delimiter, sheet=sheet, chosen=_chosen(mapping),
    )  # fmt: skip
    made = await imports.create_import(caller.organization_id, caller.actor, file.file, wanted)
    if start:
        try:
            made = await running.start(caller.organization_id, caller.actor, made.id)
        except Conflict:
            await running.cancel(caller.organization_id, caller.actor, made.id)
            raise
    return _view(made)


def _chosen(text: str | None) -> dict[str, str | None] | None:
    if not text:
        return None
    try:
        chosen = orjson.loads(text)
    except ValueError:
        chosen = None
    if not isinstance(chosen, dict) or not all(value is None or isinstance(value, str) for value in chosen.values()):
        raise InvalidInput('mapping must be a JSON object such as {"Work E-mail": "email", "Notes": null}', field="mapping")
    return chosen


@router.get("", summary="List imports")
async def list_imports(
    caller: Reader,
    state: Annotated[Text | None, Query(description="Only imports in this state.", examples=["running"])] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ImportPage:
    """Newest first."""
    page = await imports.list_imports(caller.organization_id, caller.actor, state=state, limit=limit, cursor=cursor)
    return ImportPage(items=[_view(item) for item in page.items], next_cursor=page.next_cursor)


@router.get("/{import_id}", summary="Read an import")
async def get_import(import_id: Number, caller: Reader) -> ImportView:
    """Its state, its counts so far, its mapping, the last dry run."""
    return _view(await imports.get_import(caller.organization_id, caller.actor, import_id))


@router.patch("/{import_id}", summary="Say other things about a file")
async def change_import(import_id: Number, body: Change, caller: Writer) -> ImportView:
    """Only before it starts. Forgets the dry run."""
    changes = body.model_dump(include=body.model_fields_set)
    return _view(await imports.change_import(caller.organization_id, caller.actor, import_id, changes))


@router.put("/{import_id}/mapping", summary="Correct the mapping")
async def set_mapping(import_id: Number, body: Mapping, caller: Writer) -> ImportView:
    """Only before it starts. What you choose is remembered for the next file with the same headers."""
    return _view(await imports.set_mapping(caller.organization_id, caller.actor, import_id, dict(body.mapping)))


@router.post("/{import_id}/dry-run", status_code=202, summary="Try an import out")
async def dry_run(import_id: Number, caller: Writer) -> Started:
    """A job does the import (its first 100,000 rows) and takes it back; what it found is the import's `preview`."""
    return Started(job_id=await running.start_preview(caller.organization_id, caller.actor, import_id))


@router.post("/{import_id}/start", status_code=202, summary="Start an import")
async def start_import(import_id: Number, caller: Writer) -> ImportView:
    """Also goes on with one that was cancelled or failed, behind its last row."""
    return _view(await running.start(caller.organization_id, caller.actor, import_id))


@router.post("/{import_id}/cancel", status_code=202, summary="Cancel an import")
async def cancel_import(import_id: Number, caller: Writer) -> ImportView:
    """It stops after the chunk it is at. What came in stays, can be reverted, and the import can be started again."""
    return _view(await running.cancel(caller.organization_id, caller.actor, import_id))


@router.post("/{import_id}/revert", status_code=202, summary="Take an import back")
async def revert_import(import_id: Number, body: Revert, caller: Writer) -> Reverted:
    """Deletes what the import made, puts back what it changed, and names what it cannot because it changed since.

    A dry run is answered at once for up to 5,000 rows; for more by a job, whose report becomes the import's `revert_preview`.
    """
    if body.dry_run:
        return Reverted(**asdict(await running.preview_revert(caller.organization_id, caller.actor, import_id)))
    return Reverted(report=None, job_id=(await running.start_revert(caller.organization_id, caller.actor, import_id)).job_id)


router.include_router(rejects_api.router)
