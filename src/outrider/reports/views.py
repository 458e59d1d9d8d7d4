"""The home page's and the database page's figures as the API shows them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from . import examples
from .health_types import Area, Severity, StatementsState


def _shown(title: str, example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(title=title, json_schema_extra={"examples": [example]}, from_attributes=True)


class DayView(BaseModel):
    """The rows that came in on one day of the organization's time zone."""

    model_config = _shown("Day", examples.DAY)

    day: date
    rows: int


class FiguresView(BaseModel):
    """How much there is."""

    model_config = _shown("Figures", examples.FIGURES)

    people: int
    companies: int
    contacts: int = Field(description="Addresses that can be reached.")
    profiles: int = Field(description="People as namespaces see them; one person may have several.")
    days: list[DayView] = Field(description="Rows that came in, the last 30 days; empty while a large organization was not counted.")
    counted_at: datetime | None = Field(description="When it was counted; null: just now.")
    is_least: bool = Field(description="Whether the numbers are the least there is: more than 10,000, and not counted yet.")


class RunningView(BaseModel):
    """A job that is not finished."""

    model_config = _shown("Running", examples.RUNNING)

    id: UUID
    name: str = Field(description="The kind of work.")
    label: str = Field(description="What people call it.")
    state: str = Field(description="created, retry or active.")
    done: int
    total: int | None = Field(description="Of how many; null: not known.")
    note: str | None = Field(description="What it is doing.")
    asked_at: datetime
    started_at: datetime | None
    import_id: UUID | None = Field(description="The import that it takes in.")
    file_name: str | None


class StepView(BaseModel):
    """Something to do next."""

    model_config = _shown("Step", examples.STEP)

    key: str = Field(description="A stable name for programs.")
    weight: Literal["wrong", "todo"] = Field(description="wrong: something stands still until it is done.")
    text: str
    action: str = Field(description="What the link does.")
    href: str = Field(description="The page to do it on.")


class OutreachView(BaseModel):
    """How outreach stands; what may be many is counted to 1,001."""

    model_config = _shown("Outreach", examples.OUTREACH)

    campaigns: int
    running: int = Field(description="Campaigns that send, or will.")
    mailboxes: int
    failing: int = Field(description="Mailboxes whose server does not let us in.")
    is_frozen: bool
    frozen_reason: str | None
    sent_today: int = Field(description="Since midnight in the organization's zone.")
    replies: int = Field(description="In the last seven days, automatic ones left out.")
    needs_review: int = Field(description="Messages that cannot be written without a person.")
    in_doubt: int = Field(description="Messages of which nobody knows whether they went out.")
    tasks_due: int


class OverviewView(BaseModel):
    """An organization at a glance."""

    model_config = _shown("Overview", examples.OVERVIEW)

    organization: str
    figures: FiguresView | None = Field(description="Null without the scope people:read, or for one who is bound to namespaces.")
    outreach: OutreachView | None = Field(description="Null without the scope campaigns:read, or for one who is bound to namespaces.")
    imports: int | None = Field(description="Imports, ever; null without the scope imports:read.")
    running: list[RunningView]
    steps: list[StepView] = Field(description="What to do next, the most urgent first.")
    workers: int = Field(description="Worker processes alive; without one nothing moves.")


class FindingView(BaseModel):
    """One thing about the database in words."""

    model_config = _shown("Finding", examples.FINDING)

    area: Area
    severity: Severity = Field(description="good; watch: look at it when there is time; act: do something now.")
    text: str
    to_do: str = Field(description="What to do; empty for nothing.")


class ServerView(BaseModel):
    """The server as a whole."""

    model_config = _shown("Server", examples.SERVER)

    version: str
    started_at: datetime
    database_bytes: int
    cache_share: float | None = Field(description="How much of what was read came from memory, 0 to 1.")
    counted_since: datetime | None = Field(description="When the counters began; null: with the database.")
    deadlocks: int
    temporary_bytes: int = Field(description="Written to disk by sorts and joins that did not fit in memory.")
    connections: int
    most_connections: int
    oldest_xid_age: int = Field(description="Transactions since the oldest row that was never frozen; the server stops at 2,000,000,000.")
    wal_bytes: int = Field(description="Written to the log since `wal_since`.")
    wal_since: datetime
    replicas: int
    most_lag_bytes: int | None
    is_autovacuum: bool
    sees_all: bool = Field(description="Whether other accounts' statistics are shown to Outrider.")


class TableView(BaseModel):
    """A table with its indexes and partitions."""

    model_config = _shown("Table", examples.TABLE)

    name: str
    bytes: int
    index_bytes: int
    live_rows: int = Field(description="About how many rows there are.")
    dead_rows: int = Field(description="Rows that were changed or deleted and not cleaned up yet.")
    dead_share: float
    sequential_scans: int = Field(description="How often it was read from end to end.")
    index_scans: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None
    growth: int | None = Field(description="Bytes more than on `day_before`; null: not known yet.")
    day_before: date | None


class IndexView(BaseModel):
    """An index that nothing used since the counters began."""

    model_config = _shown("Index", examples.INDEX)

    name: str
    table_name: str
    bytes: int


class ProgramView(BaseModel):
    """One program's connections."""

    model_config = _shown("Program", examples.PROGRAM)

    program: str
    in_use: int
    idle: int
    idle_in_transaction: int
    waiting: int = Field(description="For a lock.")


class TransactionView(BaseModel):
    """An open transaction."""

    model_config = _shown("Transaction", examples.TRANSACTION)

    pid: int
    program: str
    state: str | None
    seconds: float
    waits_for_lock: bool
    holds_up: int = Field(description="How many others wait for it.")


class StatementView(BaseModel):
    """A kind of statement, its values taken out."""

    model_config = _shown("Statement", examples.STATEMENT)

    text: str
    calls: int
    rows: int
    mean_ms: float
    slow_ms: float = Field(description="What about 95 of 100 calls stay under, from mean and deviation.")
    most_ms: float
    share: float = Field(description="Of all the time that the server spent on statements, 0 to 1.")


class PoolView(BaseModel):
    """The connections of the process that answers."""

    model_config = _shown("Pool", examples.POOL)

    most: int
    size: int
    in_use: int
    waiting: int


class HealthView(BaseModel):
    """How the database does."""

    model_config = _shown("DatabaseHealth", examples.HEALTH)

    findings: list[FindingView] = Field(description="What the figures mean, the most urgent first.")
    server: ServerView | None
    tables: list[TableView]
    unused_indexes: list[IndexView]
    programs: list[ProgramView]
    transactions: list[TransactionView]
    statements_state: StatementsState = Field(description="on; else why there are no times of statements.")
    statements: list[StatementView]
    migrations: list[str]
    pool: PoolView | None
    unread: list[str] = Field(description="Parts that could not be read within two seconds.")
