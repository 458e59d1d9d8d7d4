"""What the intake slice speaks in: imports, what came of them, rows taken over the API. Frozen records only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

MODES = ("fill", "overwrite", "create")
STATES = ("uploaded", "queued", "running", "completed", "failed", "cancelled", "reverting", "reverted")
LOCK_WAIT = "10000"  # milliseconds that a request waits for another's work on the organization's rows: longer would hold a connection

REASONS = {
    "no_email": "the row has no e-mail address",
    "bad_email": "what stands as e-mail address is not one",
    "filtered_email": "the address is a machine's (noreply, postmaster, …)",
    "bad_quoting": "a quote in the line is opened and never closed, or stands inside a value",
    "line_too_long": "the line is longer than a record may be",
    "nul_byte": "the row holds NUL bytes",
    "bad_encoding": "bytes of the row are not text in the file's encoding",
    "bad_json": "the line is not JSON",
    "too_deep": "the JSON is nested deeper than 64 levels",
    "not_an_object": "the JSON is not an object with fields",
    "too_many_cells": "the row has more cells than a file may have columns",
    "bad_value": "a value cannot be stored in a database",
    "reverted": "the import that brought the row was taken back",
}


@dataclass(frozen=True, slots=True)
class NewImport:
    """What a person says about a file before it runs. `chosen` is {header: field, or None to leave it unmapped}."""

    file_name: str
    source: str | None = None
    batch_id: str | None = None
    namespace: str | None = None
    campaign: str | None = None
    mode: str = "fill"
    promote: bool = True
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    chosen: dict[str, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """One file on its way in. Row counts: read = promoted + pending + duplicate + failed; of the failed ones, corrected came in since.

    rows_expected is an estimate from the file's size; None where the size says nothing (compressed kinds). parent_import_id is the import
    whose rejects this one brings, corrected. dry_run_job_id is the last dry run: of the import, or, once it ran, of taking it back.
    """

    id: UUID
    file_name: str
    file_bytes: int
    rows_expected: int | None
    file_format: dict[str, Any]
    mapping: list[dict[str, Any]]
    source: str
    batch_id: str
    namespace: str | None
    campaign: str | None
    mode: str
    promote: bool
    state: str
    job_id: UUID | None
    dry_run_job_id: UUID | None
    parent_import_id: UUID | None
    rows_read: int
    rows_promoted: int
    rows_pending: int
    rows_duplicate: int
    rows_failed: int
    rows_corrected: int
    reasons: dict[str, int]
    contacts_created: int
    contacts_updated: int
    people_created: int
    people_updated: int
    companies_created: int
    companies_updated: int
    affiliations_created: int
    preview: dict[str, Any] | None
    revert_preview: dict[str, Any] | None
    revert_report: dict[str, Any] | None
    error: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredRow:
    """What became of one row of `ingest`: its load and 'success' or 'error' with a message."""

    load_id: int | None
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """What `vault.f_promote_contacts` answered, in loads."""

    promoted_count: int
    updated_count: int
    failed_count: int
    message: str


@dataclass(frozen=True, slots=True)
class RevertPreview:
    """What taking an import back would do, or the job that finds it out."""

    report: dict[str, Any] | None
    job_id: UUID | None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not be used, as it was tried last. cells is None, and text its beginning, when it could not be parted into cells.

    state: 'open', 'waiting' (sent again, not read yet) or 'corrected', both in the import `correction_id`.
    """

    row_number: int
    reason: str
    message: str
    cells: tuple[str, ...] | None
    text: str | None
    payload: dict[str, Any]
    state: str
    correction_id: UUID | None
