"""Rows that an import could not use, over HTTP: a list, a CSV file, and corrected ones in again."""

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.errors import InvalidInput
from outrider.kit.http import BigInt, Cursor, Limit, Text, csv_file
from outrider.tenancy import Caller, require

from . import corrections, imports, rejects

router = APIRouter()

NUMBER = "0193a512-7c10-7aaa-8001-3c4d5e6f7a8b"
REJECT: dict[str, Any] = {
    "row_number": 17, "reason": "bad_email", "message": "what stands as e-mail address is not one",
    "values": {"Name": "Ana Lima", "Email": "ana(at)example.com"}, "text": None, "state": "open", "correction_id": None,
}  # fmt: skip

Number = Annotated[UUID, Path(description="The import.", examples=[NUMBER])]
Reader = Annotated[Caller, Depends(require("imports:read"))]
Writer = Annotated[Caller, Depends(require("imports:write"))]


class RejectView(BaseModel):
    """A row that could not be used, as it was tried last."""

    model_config = ConfigDict(title="Reject", json_schema_extra={"examples": [REJECT]})

    row_number: int
    reason: str
    message: str = Field(description="The reason in words.")
    values: dict[str, str] | None = Field(description="{column: value}; null when the row could not be parted into cells.")
    text: str | None = Field(description="The beginning of a row that could not be parted into cells.")
    state: Literal["open", "waiting", "corrected"] = Field(description="waiting: sent again, not read yet.")
    correction_id: UUID | None = Field(description="The import that it was sent again in.")


class RejectPage(BaseModel):
    """A page of rejects, in the order of the file."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [REJECT], "next_cursor": None}]})

    items: list[RejectView]
    next_cursor: str | None


class CorrectedRow(BaseModel):
    """A reject with other values."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"row_number": 17, "values": {"Email": "ana@example.com"}}]})

    row_number: BigInt
    values: dict[Text, Text | None] = Field(
        max_length=1000, description="{column: value} as the list of rejects names them; what is left out stays, null empties."
    )


class Corrections(BaseModel):
    """Rejects to send in again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"rows": [{"row_number": 17, "values": {"Email": "ana@example.com"}}]}]}
    )

    rows: list[CorrectedRow] = Field(min_length=1, max_length=corrections.MAX_CORRECTIONS, description="1 to 1,000 rows.")


class Corrected(BaseModel):
    """The import that brings corrected rows; it has started."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"import_id": NUMBER, "job_id": NUMBER}]})

    import_id: UUID
    job_id: UUID | None


@router.get("/{import_id}/rejects.json", summary="List rows that could not be used")
async def list_rejects(
    import_id: Number,
    caller: Reader,
    reason: Annotated[Text | None, Query(description="Only rows that failed for this.", examples=["bad_email"])] = None,
    is_open: Annotated[bool, Query(description="false: also those that were corrected.")] = True,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RejectPage:
    """In the order of the file. Send corrected ones to `corrections`; many are easier corrected in the CSV file."""
    found = await imports.get_import(caller.organization_id, caller.actor, import_id)
    names = rejects.column_names(imports.columns_of(found))
    page = await rejects.list_rejects(
        caller.organization_id, caller.actor, import_id, reason=reason, is_open=is_open, limit=limit, cursor=cursor
    )
    items = [
        RejectView.model_validate(asdict(row) | {"values": dict(zip(names, row.cells, strict=False)) if row.cells is not None else None})
        for row in page.items
    ]
    return RejectPage(items=items, next_cursor=page.next_cursor)


@router.post("/{import_id}/corrections", status_code=202, summary="Import corrected rows")
async def correct_rejects(import_id: Number, body: Corrections, caller: Writer) -> Corrected:
    """Makes an import of the rows with their new values, read as this one was, and starts it. It names this one as its parent."""
    current = await imports.get_import(caller.organization_id, caller.actor, import_id)
    columns = imports.columns_of(current)
    corrected = {row.row_number: corrections.cells_by_place(columns, row.values) for row in body.rows}
    if len(corrected) < len(body.rows):
        raise InvalidInput("a row was given twice: give each once, with all its values", field="rows")
    made = await corrections.correct_rejects(caller.organization_id, caller.actor, import_id, corrected)
    return Corrected(import_id=made.id, job_id=made.job_id)


@router.get(
    "/{import_id}/rejects",
    summary="Download rows that could not be used",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"example": "Row,Reason,Text,Email\r\n17,the row has no e-mail address,,\r\n"}}}},
)
async def download_rejects(import_id: Number, caller: Reader) -> StreamingResponse:
    """A CSV file with the file's own columns and the reason. Correct it, import it again; formulas are neutralised.

    Rows that were corrected since are not in it.
    """
    found = await imports.get_import(caller.organization_id, caller.actor, import_id)
    return csv_file(rejects.reject_blocks(caller.organization_id, caller.actor, found.id), f"rejects-{found.id}.csv")
