"""Raw loads, file imports, the audit log: everything that a source said, kept as it was said.

Others use what is listed here. Golden records are made by the database's own functions; nothing here writes one.
"""

from .actors import Who, who_are
from .audit import AuditEntry, AuditFilters, list_audit
from .corrections import correct_rejects
from .imports import change_import, columns_of, create_import, get_import, list_imports, set_mapping
from .progress import ImportLine, follow, list_lines
from .rejects import list_rejects, reject_blocks
from .running import cancel, cancel_dry_run, preview_revert, start, start_preview, start_revert
from .samples import import_sample
from .service import get_raw_load, ingest, promote
from .types import MODES, REASONS, Import, NewImport, Promotion, RejectedRow, RevertPreview, StoredRow

__all__ = [
    "MODES",
    "REASONS",
    "AuditEntry",
    "AuditFilters",
    "Import",
    "ImportLine",
    "NewImport",
    "Promotion",
    "RejectedRow",
    "RevertPreview",
    "StoredRow",
    "Who",
    "cancel",
    "cancel_dry_run",
    "change_import",
    "columns_of",
    "correct_rejects",
    "create_import",
    "follow",
    "get_import",
    "get_raw_load",
    "import_sample",
    "ingest",
    "list_audit",
    "list_imports",
    "list_lines",
    "list_rejects",
    "preview_revert",
    "promote",
    "reject_blocks",
    "set_mapping",
    "start",
    "start_preview",
    "start_revert",
    "who_are",
]
