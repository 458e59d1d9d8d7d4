"""Rows in over HTTP, their promotion, loads as they came, the audit log. One request is one transaction, except that `/ingest` keeps
its rows when the promotion that was asked for with them fails."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import BigInt, Cursor, Limit, Text
from outrider.tenancy import Caller, require

from . import audit, service

router = APIRouter(prefix="/api", tags=["intake"])

ROWS: list[Any] = [{"email": "john@example.com", "name": "John Doe", "company": "Example Inc"}]
LOAD: dict[str, Any] = {
    "load_id": 123, "batch_id": "batch-123", "source": "apollo", "raw_data": ROWS[0], "status": "promoted",
    "created_at": "2026-11-20T08:00:00Z", "promoted_at": "2026-11-20T08:00:01Z", "metadata": {}, "email": "john@example.com",
    "reason": None, "duplicate_of": None, "import_id": None, "row_number": None,
}  # fmt: skip
PROMOTION: dict[str, Any] = {"promoted_count": 1, "updated_count": 0, "failed_count": 0, "message": "1 promoted, 0 updated, 0 failed"}
ENTRY: dict[str, Any] = {
    "log_id": 991, "action": "contact_promoted", "load_id": 123, "contact_id": 45, "details": {}, "timestamp": "2026-11-20T08:00:01Z",
    "actor": "key:0193a510-0000-7000-8000-000000000001", "actor_name": "API key “n8n”", "email": "john@example.com", "source": "apollo",
    "import_id": None, "file_name": None, "row_number": None,
}  # fmt: skip


def _example(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class Ingest(BaseModel):
    """Rows to store. The fields that promotion reads are the canonical ones (docs/fields.md); everything else becomes a custom field."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"rows": ROWS, "source": "apollo", "batch_id": "batch-123"}]})

    rows: list[Any] = Field(min_length=1, max_length=service.MAX_ROWS, description="1 to 10,000 rows of any JSON shape.")
    source: Text = Field(min_length=1, max_length=200, description="Who says so: apollo, apify, manual, ...")
    batch_id: Text = Field(min_length=1, max_length=200, description="A name for what came together; more than one call may share it.")
    namespace: Text | None = Field(None, description="The client whose profiles these become; the default one when left out.")
    campaign: Text | None = Field(None, description="A campaign's name, routed to a namespace by its keywords.")
    promote: bool = Field(False, description="Promote what was stored at once.")


class Stored(BaseModel):
    """What became of a row."""

    load_id: int | None
    status: Literal["success", "error"]
    message: str


class PromotionView(BaseModel):
    """What a promotion did, in loads."""

    model_config = ConfigDict(title="Promotion", json_schema_extra={"examples": [PROMOTION]})

    promoted_count: int = Field(description="Loads that made a new contact.")
    updated_count: int = Field(description="Loads about a contact that was there.")
    failed_count: int = Field(description="Loads that were not found, not pending or have no usable address.")
    message: str


class Ingested(BaseModel):
    """What became of the rows: one entry each, in their order, and a summary."""

    model_config = _example(
        {
            "rows": [{"load_id": 123, "status": "success", "message": "stored"}],
            "summary": "inserted 1, skipped 0 (0 duplicate, 0 failed)",
            "promotion": None,
        }
    )

    rows: list[Stored]
    summary: str
    promotion: PromotionView | None = Field(description="With `promote`: what the promotion did.")


class Promote(BaseModel):
    """Which loads to promote."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"load_ids": [123, 456, 789]}]})

    load_ids: list[BigInt] | None = Field(None, max_length=100_000, description="Loads by id; null promotes all that are pending.")


class Load(BaseModel):
    """A raw load: what a source said, and what became of it."""

    model_config = _example(LOAD)

    load_id: int
    batch_id: str
    source: str
    raw_data: Any
    status: str = Field(description="pending, promoted, failed or duplicate.")
    created_at: datetime
    promoted_at: datetime | None
    metadata: dict[str, Any]
    email: str | None = Field(description="The address as it identifies somebody; null when it cannot.")
    reason: str | None = Field(description="Why it failed.")
    duplicate_of: int | None = Field(description="The load that it repeats.")
    import_id: Any | None = None
    row_number: int | None = Field(description="Its row in the file of the import.")


class AuditEntry(BaseModel):
    """One thing that was done to data."""

    model_config = _example(ENTRY)

    log_id: int
    action: str
    load_id: int | None
    contact_id: int | None
    details: dict[str, Any]
    timestamp: datetime
    actor: str | None
    actor_name: str | None = Field(description="The actor in words.")
    email: str | None = Field(description="The load's address.")
    source: str | None = Field(description="Who said the load.")
    import_id: UUID | None = Field(description="The import that brought the load.")
    file_name: str | None = Field(description="Its file.")
    row_number: int | None = Field(description="The load's row there.")


class AuditPage(BaseModel):
    """A page of the audit log, newest first."""

    model_config = _example({"items": [ENTRY], "next_cursor": None})

    items: list[AuditEntry]
    next_cursor: str | None


@router.post("/ingest", summary="Store rows as raw loads")
async def ingest(body: Ingest, caller: Annotated[Caller, Depends(require("imports:write"))]) -> Ingested:
    """Store every row. One without a usable address is kept as failed, one whose address came in the last 30 days as a duplicate."""
    stored = await service.ingest(
        caller.organization_id, caller.actor, body.rows, body.source, body.batch_id, namespace=body.namespace, campaign=body.campaign
    )
    rows, summary = stored[:-1], stored[-1]
    promotion = None
    if body.promote:
        loads = [row.load_id for row in rows if row.message == "stored" and row.load_id is not None]
        promotion = PromotionView(**asdict(await service.promote(caller.organization_id, caller.actor, loads)))
    return Ingested(rows=[Stored.model_validate(asdict(row)) for row in rows], summary=summary.message, promotion=promotion)


@router.post("/promote", summary="Make golden records of pending loads")
async def promote(body: Promote, caller: Annotated[Caller, Depends(require("imports:write"))]) -> PromotionView:
    """Contact, person, company, affiliation, profile, history and audit rows come together or not at all."""
    return PromotionView(**asdict(await service.promote(caller.organization_id, caller.actor, body.load_ids)))


@router.get("/loads/{load_id}", summary="Read a load as it came")
async def get_load(load_id: BigInt, caller: Annotated[Caller, Depends(require("imports:read"))]) -> Load:
    """The payload is what the source said, untouched."""
    return Load(**await service.get_raw_load(caller.organization_id, caller.actor, load_id))


@router.get("/audit-log", summary="List what was done to data")
async def list_audit_log(
    caller: Annotated[Caller, Depends(require("imports:read"))],
    action: Annotated[Text | None, Query(description="Only this action.", examples=["contact_promoted"])] = None,
    actor: Annotated[Text | None, Query(description="Only what this actor did, and their jobs did.", examples=[ENTRY["actor"]])] = None,
    email: Annotated[Text | None, Query(description="Only what was done with this address.", examples=["john@example.com"])] = None,
    contact_id: Annotated[BigInt | None, Query(description="Only what was done with this contact.")] = None,
    since: Annotated[datetime | None, Query(description="From this time on; it names its zone.")] = None,
    until: Annotated[datetime | None, Query(description="Before this time; it names its zone.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AuditPage:
    """Newest first."""
    filters = audit.AuditFilters(action=action, actor=actor, email=email, contact_id=contact_id, since=since, until=until)
    page = await audit.list_audit(caller.organization_id, caller.actor, filters, limit=limit, cursor=cursor)
    return AuditPage(items=[AuditEntry.model_validate(asdict(item)) for item in page.items], next_cursor=page.next_cursor)
