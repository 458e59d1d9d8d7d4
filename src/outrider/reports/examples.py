"""Examples for the API's document."""

from typing import Any

DAY: dict[str, Any] = {"day": "2026-11-20", "rows": 1204}
FIGURES: dict[str, Any] = {
    "people": 173751,
    "companies": 85299,
    "contacts": 180212,
    "profiles": 173751,
    "days": [DAY],
    "counted_at": "2026-11-20T08:04:00Z",
    "is_least": False,
}
RUNNING: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11",
    "name": "intake.import",
    "label": "Import leads.csv",
    "state": "active",
    "done": 40000,
    "total": 100000,
    "note": "promoting",
    "asked_at": "2026-11-20T08:00:00Z",
    "started_at": "2026-11-20T08:00:01Z",
    "import_id": "0193a512-7c10-7aaa-8001-3c4d5e6f7a8b",
    "file_name": "leads.csv",
}
STEP: dict[str, Any] = {
    "key": "conflicts",
    "weight": "todo",
    "text": "12 conflicts wait for you to decide.",
    "action": "Decide",
    "href": "/conflicts",
}
OUTREACH: dict[str, Any] = {
    "campaigns": 4,
    "running": 2,
    "mailboxes": 3,
    "failing": 0,
    "is_frozen": False,
    "frozen_reason": None,
    "sent_today": 120,
    "replies": 9,
    "needs_review": 2,
    "in_doubt": 0,
    "tasks_due": 5,
}
OVERVIEW: dict[str, Any] = {
    "organization": "Demo",
    "figures": FIGURES,
    "outreach": OUTREACH,
    "imports": 4,
    "running": [RUNNING],
    "steps": [STEP],
    "workers": 1,
}
FINDING: dict[str, Any] = {
    "area": "vacuum",
    "severity": "watch",
    "text": "The table vault.contacts has 23% dead rows (41,200): VACUUM has not kept up.",
    "to_do": "As the administrator: VACUUM (ANALYZE) vault.contacts;",
}
SERVER: dict[str, Any] = {
    "version": "18.6",
    "started_at": "2026-11-20T07:58:00Z",
    "database_bytes": 1011603135,
    "cache_share": 0.987,
    "counted_since": None,
    "deadlocks": 0,
    "temporary_bytes": 0,
    "connections": 7,
    "most_connections": 100,
    "oldest_xid_age": 5220,
    "wal_bytes": 2670165715,
    "wal_since": "2026-11-01T00:00:00Z",
    "replicas": 0,
    "most_lag_bytes": None,
    "is_autovacuum": True,
    "sees_all": True,
}
TABLE: dict[str, Any] = {
    "name": "vault.contacts",
    "bytes": 156786688,
    "index_bytes": 83509248,
    "live_rows": 173751,
    "dead_rows": 1204,
    "dead_share": 0.007,
    "sequential_scans": 9,
    "index_scans": 219583,
    "vacuumed_at": "2026-11-20T08:07:27Z",
    "analyzed_at": "2026-11-20T08:07:27Z",
    "growth": 12582912,
    "day_before": "2026-11-13",
}
INDEX: dict[str, Any] = {"name": "idx_contacts_company", "table_name": "vault.contacts", "bytes": 7790592}
PROGRAM: dict[str, Any] = {"program": "outrider web", "in_use": 1, "idle": 3, "idle_in_transaction": 0, "waiting": 0}
TRANSACTION: dict[str, Any] = {
    "pid": 4711,
    "program": "psql",
    "state": "idle in transaction",
    "seconds": 720.5,
    "waits_for_lock": False,
    "holds_up": 0,
}
STATEMENT: dict[str, Any] = {
    "text": "SELECT id FROM people.master WHERE organization_id = $1 ORDER BY id DESC LIMIT $2",
    "calls": 1204,
    "rows": 61404,
    "mean_ms": 1.4,
    "slow_ms": 3.9,
    "most_ms": 17.2,
    "share": 0.021,
}
POOL: dict[str, Any] = {"most": 10, "size": 4, "in_use": 1, "waiting": 0}
HEALTH: dict[str, Any] = {
    "findings": [FINDING],
    "server": SERVER,
    "tables": [TABLE],
    "unused_indexes": [INDEX],
    "programs": [PROGRAM],
    "transactions": [TRANSACTION],
    "statements_state": "on",
    "statements": [STATEMENT],
    "migrations": ["20261120090000_schemas"],
    "pool": POOL,
    "unread": [],
}
