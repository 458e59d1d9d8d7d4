"""Loads this slice's queries. Holds no rules."""

from pathlib import Path
from typing import Any

from outrider.kit import sql

_FOLDER = Path(__file__).parent

queries: Any = sql.load(_FOLDER / "ledger.sql")
suppression_queries: Any = sql.load(_FOLDER / "suppressions.sql")
mailbox_queries: Any = sql.load(_FOLDER / "mailboxes.sql")
message_queries: Any = sql.load(_FOLDER / "messages.sql")
