"""What the database page speaks in: the server's figures, and what they mean. Sizes in bytes, lengths of time in seconds, times in UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from outrider.kit.database import Usage

Severity = Literal["good", "watch", "act"]
SEVERITIES: tuple[Severity, ...] = ("good", "watch", "act")

Area = Literal["queries", "indexes", "connections", "growth", "vacuum", "cache", "transactions", "replication"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about the database in words. `to_do` is '' when there is nothing to do."""

    area: Area
    severity: Severity
    text: str
    to_do: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """The server as a whole. `counted_since` None: since the database was made. `sees_all` False: other roles are hidden from us."""

    version: str
    started_at: datetime
    database_bytes: int
    blocks_hit: int
    blocks_read: int
    counted_since: datetime | None
    deadlocks: int
    temporary_bytes: int
    connections: int
    most_connections: int
    oldest_xid_age: int
    freeze_max_age: int
    wal_bytes: int
    wal_since: datetime
    replicas: int
    most_lag_bytes: int | None
    idle_slots: int
    slot_bytes: int | None
    is_autovacuum: bool
    sees_all: bool

    @property
    def cache_share(self) -> float | None:
        """How many of the blocks that were asked for were in memory, 0 to 1; None when none was asked for."""
        asked = self.blocks_hit + self.blocks_read
        return self.blocks_hit / asked if asked else None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its indexes and partitions. `bytes_before` is its size on `day_before`; None: not known."""

    name: str
    bytes: int
    index_bytes: int
    live_rows: int
    dead_rows: int
    rows_since_analyze: int
    sequential_scans: int
    sequential_rows: int
    index_scans: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None
    vacuum_threshold: int
    bytes_before: int | None
    day_before: date | None

    @property
    def dead_share(self) -> float:
        """How many of its rows are dead, 0 to 1."""
        rows = self.live_rows + self.dead_rows
        return self.dead_rows / rows if rows else 0.0

    @property
    def growth(self) -> int | None:
        """Bytes more than on `day_before`."""
        return self.bytes - self.bytes_before if self.bytes_before is not None else None


@dataclass(frozen=True, slots=True)
class Index:
    """An index that nothing has used."""

    name: str
    table_name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Program:
    """The connections of one program to this database."""

    program: str
    in_use: int
    idle: int
    idle_in_transaction: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction; `holds_up` is how many others wait for a lock of it."""

    pid: int
    program: str
    state: str | None
    seconds: float
    waits_for_lock: bool
    holds_up: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A kind of statement with its values taken out, and how long it takes in milliseconds. `share` is of all time spent, 0 to 1."""

    text: str
    calls: int
    rows: int
    mean_ms: float
    deviation_ms: float
    most_ms: float
    total_ms: float
    share: float
    blocks_hit: int
    blocks_read: int
    counted_since: datetime | None

    @property
    def slow_ms(self) -> float:
        """What about 95 of 100 calls stay under, if times are spread as a bell; never more than the slowest took."""
        return min(self.most_ms, self.mean_ms + 1.645 * self.deviation_ms)


StatementsState = Literal["on", "missing", "not_loaded", "closed"]


@dataclass(frozen=True, slots=True)
class Health:
    """All of it. `pool` is this process's; `unread` names the parts that could not be read in time; these are empty."""

    server: Server | None
    tables: tuple[Table, ...]
    unused_indexes: tuple[Index, ...]
    programs: tuple[Program, ...]
    transactions: tuple[Transaction, ...]
    statements_state: StatementsState
    statements: tuple[Statement, ...]
    migrations: tuple[str, ...]
    pool: Usage | None
    findings: tuple[Finding, ...]
    unread: tuple[str, ...]
