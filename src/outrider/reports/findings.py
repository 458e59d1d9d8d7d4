"""What the database's figures mean, in words a person can act on. Pure: figures in, findings out.

The limits are those of docs/database-health.md. Every area has at least one finding, so that what is good is said too.
"""

from collections.abc import Iterator, Sequence

from outrider.kit.database import Usage

from .health_types import SEVERITIES, Finding, Index, Program, Server, Severity, Statement, StatementsState, Table, Transaction
from .words import counted, duration, share, size

GIGABYTE = 10**9
SLOW_MS = 200.0
MANY_CALLS = 20
BULK = ("f_import_rows", "f_promote_contacts", "f_ingest_json", "f_revert_import", "f_reroute", "f_sample_tables", "f_rebuild", "copy ")
"""What is meant to take long: statements over a whole set, which nobody waits for at a page."""

LARGE_ROWS = 100_000
MANY_SCANS = 50
UNUSED_BYTES = GIGABYTE
BUSY_SHARE, FULL_SHARE = 0.75, 0.90
DEAD_SHARE, DEAD_SHARE_ACT = 0.20, 0.50
DEAD_ROWS = 10_000
XID_AGE_ACT = 1_000_000_000
CACHE_SHARE = 0.90
FEW_BLOCKS = 100_000
LONG_SECONDS, VERY_LONG_SECONDS, HOLD_UP_SECONDS = 300.0, 3600.0, 30.0
LAG_BYTES, SLOT_BYTES_ACT = GIGABYTE, 5 * GIGABYTE
FAST_GROWTH = 0.50
LARGE_DATABASE = 10 * GIGABYTE


def sorted_by_severity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings with those to act on first."""
    return tuple(sorted(findings, key=lambda finding: -SEVERITIES.index(finding.severity)))


def of_statements(state: StatementsState, statements: Sequence[Statement]) -> Iterator[Finding]:
    """Say whether queries are fast, or why nobody knows."""
    if state != "on":
        yield Finding("queries", "watch", *_WHY_NO_STATEMENTS[state])
        return
    slow = [each for each in statements if each.mean_ms >= SLOW_MS and each.calls >= MANY_CALLS and not _is_bulk(each)]
    for each in slow:
        text = f"A query takes {duration(each.mean_ms / 1000)} on average and ran {counted(each.calls, 'time')}: {_beginning(each.text)}"
        yield Finding("queries", "watch", text, "Find it in the list below; show its text to whoever looks after the code.")
    if not slow:
        usual = [each for each in statements if not _is_bulk(each)]
        calls = sum(each.calls for each in usual)
        mean = sum(each.total_ms for each in usual) / calls if calls else 0.0
        yield Finding("queries", "good", f"Queries take {duration(mean / 1000)} on average; none of the frequent ones is slow.")


def of_indexes(unused: Sequence[Index], tables: Sequence[Table]) -> Iterator[Finding]:
    """Say which large tables are read from end to end, and whether unused indexes take much space."""
    scanned = [table for table in tables if _is_scanned(table)]
    for table in scanned:
        text = (
            f"The table {table.name} ({table.live_rows:,} rows) was read from end to end {counted(table.sequential_scans, 'time')}, "
            f"and {counted(table.index_scans, 'time')} by an index."
        )
        yield Finding("indexes", "watch", text, "Look at the slowest queries below: one of them has no index that fits.")
    total = sum(index.bytes for index in unused)
    if total >= UNUSED_BYTES:
        text = f"{counted(len(unused), 'index', 'indexes')} of {size(total)} were not used since the counters began."
        yield Finding("indexes", "watch", text, "Some serve pages that nobody opened yet. Drop one only if it stays unused for months.")
    elif not scanned:
        yield Finding("indexes", "good", "Large tables are read by their indexes.")


def of_connections(server: Server, pool: Usage | None, programs: Sequence[Program]) -> Iterator[Finding]:
    """Say whether there are connections left, in this process and in the server."""
    used = server.connections / server.most_connections
    verb = "is" if server.connections == 1 else "are"
    text = f"{server.connections:,} of the server's {server.most_connections:,} connections {verb} taken."
    if used >= BUSY_SHARE:
        do = "Stop programs that hold connections, lower OUTRIDER_POOL_SIZE, or raise max_connections and restart the server."
        yield Finding("connections", _severity(used >= FULL_SHARE), text, do)
    if pool is not None and pool.waiting:
        waits = f"{counted(pool.waiting, 'request')} of the web server {'waits' if pool.waiting == 1 else 'wait'} for a connection"
        yield Finding("connections", "watch", f"{waits}: all {pool.most} are in use.", "If it happens often, raise OUTRIDER_POOL_SIZE.")
    elif used < BUSY_SHARE:
        ours = f" The web server uses {pool.in_use} of its {pool.most}." if pool is not None else ""
        yield Finding("connections", "good", text + ours)
    if not server.sees_all:
        text = "Outrider may not see what other accounts do on this server, so some of these figures are too small."
        yield Finding("connections", "watch", text, "As a superuser, once: GRANT pg_read_all_stats TO outrider_owner;")
    if idle := sum(program.idle_in_transaction for program in programs if not program.program.startswith("outrider")):
        text = f"{counted(idle, 'connection')} of other programs left a transaction open and do nothing."
        yield Finding("connections", "watch", text, "Close them: VACUUM cannot clean up behind an open transaction.")


def of_growth(server: Server, tables: Sequence[Table]) -> Iterator[Finding]:
    """Say how large the database is and how fast it grows."""
    known = [table for table in tables if table.growth is not None and table.day_before is not None]
    text = f"The database holds {size(server.database_bytes)}"
    if not known:
        yield Finding("growth", "good", f"{text}. How fast it grows is shown from tomorrow on.")
        return
    grown = sum(table.growth or 0 for table in known)
    before = max(1, sum(table.bytes_before or 0 for table in known))
    since = min(table.day_before for table in known if table.day_before is not None)
    text += f", {size(abs(grown))} {'more' if grown >= 0 else 'less'} than on {since:%-d %B}."
    if grown / before >= FAST_GROWTH and server.database_bytes >= LARGE_DATABASE:
        yield Finding("growth", "watch", text, "See which table grew in the list below, and whether the disk has room for more of it.")
    else:
        yield Finding("growth", "good", text)


def of_vacuum(server: Server, tables: Sequence[Table]) -> Iterator[Finding]:
    """Say whether the server cleans up behind changed and deleted rows."""
    if not server.is_autovacuum:
        text = "Autovacuum is off: deleted rows are never cleaned up."
        yield Finding("vacuum", "act", text, "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();")
    if server.oldest_xid_age >= 2 * server.freeze_max_age:
        severity = _severity(server.oldest_xid_age >= XID_AGE_ACT)
        text = f"The oldest row is {server.oldest_xid_age:,} transactions old; at 2,000,000,000 the server stops taking writes."
        yield Finding("vacuum", severity, text, "As the administrator: VACUUM (FREEZE);")
    behind = [table for table in tables if _is_behind(table)]
    for table in behind:
        severity = _severity(table.dead_share >= DEAD_SHARE_ACT and table.dead_rows >= LARGE_ROWS)
        text = f"The table {table.name} has {share(table.dead_share)} dead rows ({table.dead_rows:,}): VACUUM has not kept up."
        yield Finding("vacuum", severity, text, f"As the administrator: VACUUM (ANALYZE) {table.name};")
    stale = [table for table in tables if table.live_rows >= LARGE_ROWS and table.rows_since_analyze > table.live_rows / 2]
    for table in stale:
        text = f"{table.rows_since_analyze:,} rows of {table.name} changed since the server last looked at how its values are spread."
        yield Finding("vacuum", "watch", text, f"If queries got slow, as the administrator: ANALYZE {table.name};")
    if server.is_autovacuum and not behind and not stale and server.oldest_xid_age < 2 * server.freeze_max_age:
        due = [table for table in tables if table.dead_rows > max(table.vacuum_threshold, DEAD_ROWS)]
        text = "VACUUM keeps up." if not due else f"{due[0].name} has {share(due[0].dead_share)} dead rows; VACUUM comes to it by itself."
        yield Finding("vacuum", "good", text)


def of_cache(server: Server) -> Iterator[Finding]:
    """Say how much is answered from memory."""
    part = server.cache_share
    if part is None or server.blocks_hit + server.blocks_read < FEW_BLOCKS:
        yield Finding("cache", "good", "Too little was read yet to say how much of it came from memory.")
    elif part < CACHE_SHARE:
        text = f"Only {share(part)} of what is read comes from memory; the rest comes from the disk or the system's cache."
        yield Finding("cache", "watch", text, "Raise shared_buffers to a quarter of the machine's memory, or give the machine more.")
    else:
        yield Finding("cache", "good", f"{share(part)} of what is read comes from memory.")


def of_transactions(transactions: Sequence[Transaction]) -> Iterator[Finding]:
    """Say whether a transaction is open for too long or holds others up."""
    is_good = True
    for each in transactions:
        stops = each.holds_up and each.seconds >= HOLD_UP_SECONDS
        if each.seconds < LONG_SECONDS and not stops:
            continue
        is_good = False
        others = f" and {counted(each.holds_up, 'other')} {'waits' if each.holds_up == 1 else 'wait'} for it" if each.holds_up else ""
        text = f"A transaction of {each.program} is open for {duration(each.seconds)}{others}."
        do = f"If nobody knows what it is for, as the administrator: SELECT pg_terminate_backend({each.pid});"
        yield Finding("transactions", _severity(bool(stops) or each.seconds >= VERY_LONG_SECONDS), text, do)
    if is_good:
        longest = f" The longest has been open for {duration(transactions[0].seconds)}." if transactions else ""
        yield Finding("transactions", "good", "No transaction holds anything up." + longest)


def of_replication(server: Server) -> Iterator[Finding]:
    """Say whether replicas follow, and whether an abandoned slot makes the server keep its log."""
    if server.idle_slots and (server.slot_bytes or 0) >= LAG_BYTES:
        kept = server.slot_bytes or 0
        text = f"{counted(server.idle_slots, 'replication slot')} without a reader makes the server keep {size(kept)} of its log."
        do = "Start the replica again, or drop its slot as the administrator: SELECT pg_drop_replication_slot(slot_name) ..."
        yield Finding("replication", _severity(kept >= SLOT_BYTES_ACT), text, do)
    elif server.replicas and (server.most_lag_bytes or 0) >= LAG_BYTES:
        text = f"A replica is {size(server.most_lag_bytes or 0)} behind."
        yield Finding("replication", "watch", text, "Look at the replica: its disk or the network is too slow.")
    elif server.replicas:
        yield Finding("replication", "good", f"{counted(server.replicas, 'replica')} follow{'s' if server.replicas == 1 else ''} closely.")
    else:
        yield Finding("replication", "good", "There is no replica: this server holds the only copy beside your backups.")


_WHY_NO_STATEMENTS: dict[str, tuple[str, str]] = {
    "missing": (
        "This server does not keep the times of queries: it has no pg_stat_statements.",
        "Install the extension's package, set shared_preload_libraries = 'pg_stat_statements', restart, and run outrider migrate.",
    ),
    "not_loaded": (
        "This server does not keep the times of queries: pg_stat_statements is there and not loaded.",
        "Set shared_preload_libraries = 'pg_stat_statements' and restart the server.",
    ),
    "closed": (
        "This server keeps the times of queries and does not show them to Outrider.",
        "As a superuser: GRANT pg_read_all_stats TO outrider_owner; GRANT SELECT ON pg_stat_statements, pg_stat_statements_info "
        "TO outrider_owner;",
    ),
}


def _severity(is_urgent: bool) -> Severity:
    return "act" if is_urgent else "watch"


def _is_bulk(statement: Statement) -> bool:
    return any(name in statement.text.lower() for name in BULK)


def _beginning(text: str) -> str:
    return text if len(text) <= 80 else text[:79].rstrip() + "…"


def _is_scanned(table: Table) -> bool:
    """Whether a large table is often read from end to end, and not only by an import or a backup now and then."""
    scans = table.sequential_scans
    is_often = scans >= MANY_SCANS and scans > 0.01 * table.index_scans
    return table.live_rows >= LARGE_ROWS and is_often and table.sequential_rows / scans > table.live_rows / 2


def _is_behind(table: Table) -> bool:
    limit = max(DEAD_ROWS, 2 * table.vacuum_threshold)
    return table.dead_rows >= limit and table.dead_share >= DEAD_SHARE
