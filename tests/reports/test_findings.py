"""What the database's figures mean: where each line is drawn, and that the words name what is wrong and what to do."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from outrider.kit.database import Usage
from outrider.reports import findings
from outrider.reports.health_types import Finding, Index, Program, Server, Statement, Table, Transaction

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SERVER = Server(
    "18.6", NOW, 2**30, 990_000, 10_000, None, 0, 0, 5, 100, 5_000, 200_000_000, 2**30, NOW, 0, None, 0, None, True, True
)  # fmt: skip
TABLE = Table("vault.contacts", 2**27, 2**26, 1_000_000, 1_000, 0, 3, 3_000_000, 10_000, NOW, NOW, 200_050, None, None)
STATEMENT = Statement("SELECT id FROM people.master", 1_000, 1_000, 2.0, 1.0, 20.0, 2_000.0, 0.1, 10, 0, None)


def told(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.area, finding.severity) for finding in found]


def test_a_server_that_does_well_is_good_in_every_area():
    found = [
        *findings.of_statements("on", [STATEMENT]),
        *findings.of_indexes([], [TABLE]),
        *findings.of_connections(SERVER, Usage(10, 4, 1, 0), []),
        *findings.of_growth(SERVER, [TABLE]),
        *findings.of_vacuum(SERVER, [TABLE]),
        *findings.of_cache(SERVER),
        *findings.of_transactions([]),
        *findings.of_replication(SERVER),
    ]
    areas = ("queries", "indexes", "connections", "growth", "vacuum", "cache", "transactions", "replication")
    assert told(found) == [(area, "good") for area in areas]
    assert [finding.to_do for finding in found] == [""] * len(areas)


@pytest.mark.parametrize(("state", "words"), [("missing", "Install"), ("not_loaded", "shared_preload_libraries"), ("closed", "GRANT")])
def test_a_server_without_times_of_queries_says_so_and_how_to_get_them(state, words):
    (finding,) = findings.of_statements(state, [])
    assert (finding.severity, words in finding.to_do) == ("watch", True)


def test_a_frequent_slow_query_is_named_and_bulk_work_is_not():
    slow = replace(STATEMENT, mean_ms=900.0)
    bulk = replace(slow, text="SELECT intake.f_import_rows($1)")
    rare = replace(slow, calls=3)
    found = list(findings.of_statements("on", [slow, bulk, rare]))
    assert told(found) == [("queries", "watch")]
    assert "900 ms" in found[0].text
    assert told(list(findings.of_statements("on", [bulk, rare]))) == [("queries", "good")]


def test_a_large_table_that_is_often_read_from_end_to_end_is_named():
    scanned = replace(TABLE, sequential_scans=500, sequential_rows=500 * TABLE.live_rows)
    (finding,) = findings.of_indexes([], [scanned])
    assert (finding.severity, "vault.contacts" in finding.text, "500 times" in finding.text) == ("watch", True, True)
    small = replace(scanned, live_rows=500, sequential_rows=500 * 500)
    stopped_early = replace(scanned, sequential_rows=500 * 10)
    assert told(list(findings.of_indexes([], [small, stopped_early]))) == [("indexes", "good")]


def test_unused_indexes_matter_when_they_are_large():
    small = Index("idx_a", "vault.contacts", 2**20)
    assert told(list(findings.of_indexes([small], []))) == [("indexes", "good")]
    (finding,) = findings.of_indexes([small, replace(small, bytes=2 * 2**30)], [])
    assert (finding.severity, finding.text.startswith("2 indexes of 2.1 GB")) == ("watch", True)


@pytest.mark.parametrize(("taken", "severity"), [(74, "good"), (75, "watch"), (90, "act")])
def test_connections_that_run_out_are_told_before_they_do(taken, severity):
    (finding,) = findings.of_connections(replace(SERVER, connections=taken), None, [])
    assert (finding.severity, f"{taken} of the server's 100" in finding.text) == (severity, True)


def test_requests_that_wait_for_a_connection_and_idle_transactions_of_others_are_told():
    assert told(list(findings.of_connections(SERVER, Usage(10, 10, 10, 4), []))) == [("connections", "watch")]
    idle = [Program("dbeaver", 0, 0, 2, 0), Program("outrider web", 0, 0, 1, 0)]
    found = list(findings.of_connections(SERVER, None, idle))
    assert told(found) == [("connections", "good"), ("connections", "watch")]
    assert "2 connections of other programs" in found[1].text


def test_a_server_that_hides_other_accounts_says_how_to_show_them():
    found = list(findings.of_connections(replace(SERVER, sees_all=False), None, []))
    assert told(found) == [("connections", "good"), ("connections", "watch")]
    assert "GRANT pg_read_all_stats" in found[1].to_do


def test_growth_is_told_since_a_day_and_watched_when_a_large_database_grows_by_half_in_a_week():
    grown = replace(TABLE, bytes=2**27, bytes_before=2**26, day_before=date(2026, 11, 13))
    (finding,) = findings.of_growth(SERVER, [grown])
    assert (finding.severity, finding.text) == ("good", "The database holds 1.1 GB, 67.1 MB more than on 13 November.")
    (finding,) = findings.of_growth(replace(SERVER, database_bytes=20 * 10**9), [grown])
    assert finding.severity == "watch"
    (finding,) = findings.of_growth(SERVER, [replace(grown, bytes=2**25)])
    assert "33.6 MB less than" in finding.text


def test_dead_rows_are_told_when_vacuum_does_not_keep_up_and_not_before_it_is_due():
    behind = replace(TABLE, dead_rows=450_000)
    (finding,) = findings.of_vacuum(SERVER, [behind])
    assert (finding.severity, finding.to_do) == ("watch", "As the administrator: VACUUM (ANALYZE) vault.contacts;")
    assert "The table vault.contacts has 31% dead rows (450,000)" in finding.text
    (finding,) = findings.of_vacuum(SERVER, [replace(TABLE, dead_rows=1_200_000)])
    assert finding.severity == "act"
    (finding,) = findings.of_vacuum(SERVER, [replace(TABLE, dead_rows=250_000)])
    assert (finding.severity, "by itself" in finding.text) == ("good", True)


def test_upkeep_that_is_off_old_transaction_numbers_and_stale_statistics_are_told():
    assert told(list(findings.of_vacuum(replace(SERVER, is_autovacuum=False), []))) == [("vacuum", "act")]
    assert told(list(findings.of_vacuum(replace(SERVER, oldest_xid_age=450_000_000), []))) == [("vacuum", "watch")]
    assert told(list(findings.of_vacuum(replace(SERVER, oldest_xid_age=1_200_000_000), []))) == [("vacuum", "act")]
    (finding,) = findings.of_vacuum(SERVER, [replace(TABLE, rows_since_analyze=600_000)])
    assert finding.to_do.endswith("ANALYZE vault.contacts;")


def test_a_cache_that_is_too_small_is_told_once_enough_was_read():
    assert told(list(findings.of_cache(replace(SERVER, blocks_hit=80_000, blocks_read=20_000)))) == [("cache", "watch")]
    assert told(list(findings.of_cache(replace(SERVER, blocks_hit=80, blocks_read=20)))) == [("cache", "good")]
    assert told(list(findings.of_cache(replace(SERVER, blocks_hit=0, blocks_read=0)))) == [("cache", "good")]


@pytest.mark.parametrize(
    ("seconds", "holds_up", "severity"),
    [(10, 0, "good"), (10, 3, "good"), (31, 1, "act"), (301, 0, "watch"), (3601, 0, "act")],
)
def test_a_transaction_is_told_when_it_is_long_or_holds_others_up(seconds, holds_up, severity):
    (finding,) = findings.of_transactions([Transaction(4711, "psql", "idle in transaction", seconds, False, holds_up)])
    assert finding.severity == severity
    assert (severity == "good") == ("4711" not in finding.to_do)


def test_replicas_that_fall_behind_and_slots_without_a_reader_are_told():
    assert told(list(findings.of_replication(replace(SERVER, replicas=1, most_lag_bytes=10)))) == [("replication", "good")]
    assert told(list(findings.of_replication(replace(SERVER, replicas=1, most_lag_bytes=2**31)))) == [("replication", "watch")]
    assert told(list(findings.of_replication(replace(SERVER, idle_slots=1, slot_bytes=2**31)))) == [("replication", "watch")]
    assert told(list(findings.of_replication(replace(SERVER, idle_slots=1, slot_bytes=2**33)))) == [("replication", "act")]


def test_what_to_act_on_comes_first():
    found = findings.sorted_by_severity([Finding("cache", "good", ""), Finding("vacuum", "watch", ""), Finding("queries", "act", "")])
    assert [finding.severity for finding in found] == ["act", "watch", "good"]
