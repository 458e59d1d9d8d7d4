"""Raw loads, file imports, the audit log: everything that a source said, kept as it was said.

Others use what is listed here. Golden records are made by the database's own functions; nothing here writes one.
"""

from .imports import (
    cancel,
    columns_of,
    create_import,
    get_import,
    list_imports,
    preview_revert,
    reject_blocks,
    set_mapping,
    start,
    start_preview,
    start_revert,
)
from .samples import import_sample
from .service import get_raw_load, ingest, list_audit, promote
from .types import MODES, REASONS, Import, NewImport, Promotion, StoredRow

__all__ = [
    "MODES",
    "REASONS",
    "Import",
    "NewImport",
    "Promotion",
    "StoredRow",
    "cancel",
    "columns_of",
    "create_import",
    "get_import",
    "get_raw_load",
    "import_sample",
    "ingest",
    "list_audit",
    "list_imports",
    "preview_revert",
    "promote",
    "reject_blocks",
    "set_mapping",
    "start",
    "start_preview",
    "start_revert",
]
