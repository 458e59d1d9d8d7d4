"""intake.f_ingest_json: every row is kept, a duplicate of the last 30 days is named, and nobody writes past the functions (BEHAVIOUR 2)."""

import asyncio
import json

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.thorough import TIMES

from .lead_loads import ingest, inside, loads, promote

EXAMPLE = """
SELECT * FROM intake.f_ingest_json(
  p_rows := ARRAY['{"email":"john@example.com","name":"John Doe"}'::jsonb],
  p_source := 'apollo',
  p_batch_id := 'batch-123'
);
"""


async def test_the_call_of_seed_001_stores_a_pending_load_and_sums_up(tenant):
    first, summary = [tuple(row) for row in await tenant.fetch(EXAMPLE)]
    load = dict((await loads(tenant))[0])
    assert first == (load["load_id"], "success", "stored")
    assert summary == (None, "success", "inserted 1, skipped 0 (0 duplicate, 0 failed)")
    assert (load["batch_id"], load["source"], load["status"], load["promoted_at"], load["metadata"]) == (
        "batch-123",
        "apollo",
        "pending",
        None,
        {},
    )
    assert load["raw_data"] == {"email": "john@example.com", "name": "John Doe"}


async def test_the_queries_of_seed_001_run_as_written(tenant):
    await tenant.execute(EXAMPLE)
    pending = await tenant.fetch(
        """
        SELECT load_id, batch_id, raw_data->>'email' as email, created_at
        FROM intake.raw_loads
        WHERE status = 'pending'
        ORDER BY created_at DESC
        LIMIT 100;
        """
    )
    assert [row["email"] for row in pending] == ["john@example.com"]
    await promote(tenant)
    recent = await tenant.fetch(
        """
        SELECT c.contact_id, c.email, c.name, c.created_at
        FROM vault.contacts c
        WHERE c.created_at > NOW() - INTERVAL '1 day'
        ORDER BY c.created_at DESC;
        """
    )
    assert [row["name"] for row in recent] == ["John Doe"]
    assert await tenant.fetch("SELECT email, name, company, score, status FROM vault.contacts WHERE score >= 80 AND status = 'active' ORDER BY score DESC LIMIT 50") == []  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    "again",
    ["Ann@Example.com", "ANN@EXAMPLE.COM", "  ann@example.com ", "\u00a0ann@example.com", "ann@example.com\t\n", "\ufeffann@example.com",
              "Ann Lee <ann@example.com>", "mailto:ann@example.com", "<mailto:Ann@example.com>"],
)  # fmt: skip
async def test_an_address_in_other_letters_or_with_spaces_is_a_duplicate_that_names_the_load_it_repeats(tenant, again):
    (original, _) = await ingest(tenant, {"email": "ann@example.com"})
    answer = await ingest(tenant, {"email": again})
    assert (answer[0]["status"], answer[0]["message"]) == ("success", f"duplicate of load {original['load_id']}")
    first, second = await loads(tenant)
    assert (second["status"], second["duplicate_of"], second["email"]) == ("duplicate", first["load_id"], "ann@example.com")
    assert second["raw_data"] == {"email": again}
    assert answer[1]["message"] == "inserted 0, skipped 1 (1 duplicate, 0 failed)"


async def test_duplicates_within_one_call_repeat_its_first_row(tenant):
    await ingest(tenant, {"email": "b@x.com"}, {"email": "a@x.com", "n": 1}, {"email": "A@x.com ", "n": 2}, {"email": "a@x.com", "n": 3})
    rows = await loads(tenant)
    assert [row["status"] for row in rows] == ["pending", "pending", "duplicate", "duplicate"]
    assert [row["duplicate_of"] for row in rows] == [None, None, rows[1]["load_id"], rows[1]["load_id"]]


async def age(admin, organization, days: float, status: str | None = None) -> None:
    await admin.execute(
        "UPDATE intake.raw_loads SET created_at = created_at - make_interval(secs => $2 * 86400), status = coalesce($3, status), "
        "reason = CASE WHEN $3 = 'failed' THEN 'made to fail' ELSE reason END WHERE organization_id = $1",
        organization, days, status,
    )  # fmt: skip


@pytest.mark.parametrize(("days", "status"), [(29.9, "duplicate"), (30.1, "pending")])
async def test_the_window_is_thirty_days(organization, admin, days, status):
    async with inside(organization) as connection:
        await ingest(connection, {"email": "a@x.com"})
    await age(admin, organization, days)
    async with inside(organization) as connection:
        await ingest(connection, {"email": "a@x.com"})
        assert (await loads(connection))[-1]["status"] == status


async def test_a_duplicate_does_not_make_the_window_longer(organization, admin):
    """The original lets it: day 0, day 20 and day 40 would be one window."""
    async with inside(organization) as connection:
        await ingest(connection, {"email": "a@x.com"})
    await age(admin, organization, 20)
    async with inside(organization) as connection:
        await ingest(connection, {"email": "a@x.com"})
    await age(admin, organization, 20)
    async with inside(organization) as connection:
        await ingest(connection, {"email": "a@x.com"})
        assert [row["status"] for row in await loads(connection)] == ["pending", "duplicate", "pending"]


@pytest.mark.parametrize(
    ("earlier", "later"), [("failed", "pending"), ("duplicate", "pending"), ("pending", "duplicate"), ("promoted", "duplicate")]
)
async def test_only_a_pending_or_promoted_load_opens_a_window(organization, admin, earlier, later):
    async with inside(organization) as connection:
        await ingest(connection, {"email": "a@x.com"})
    await age(admin, organization, 0, earlier)
    async with inside(organization) as connection:
        await ingest(connection, {"email": "a@x.com"})
        assert (await loads(connection))[-1]["status"] == later


async def test_another_organizations_load_opens_no_window(organization, other_organization):
    for each in (organization, other_organization):
        async with inside(each) as connection:
            await ingest(connection, {"email": "a@x.com"})
            assert [row["status"] for row in await loads(connection)] == ["pending"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "no_email"), ({"name": "Ann"}, "no_email"), ({"email": None}, "no_email"), ({"email": ""}, "no_email"),
        ({"email": " \t\u00a0"}, "no_email"),
        ([], "no_email"), (["a@x.com"], "no_email"), ("a@x.com", "no_email"), (7, "no_email"), (True, "no_email"), (None, "no_email"),
        ({"Email": "a@x.com"}, "no_email"), ({"email": 7}, "bad_email"), ({"email": {"value": "a@x.com"}}, "bad_email"),
        ({"email": ["a@x.com"]}, "bad_email"), ({"email": "n/a"}, "bad_email"), ({"email": "a@x"}, "bad_email"),
        ({"email": "a@@x.com"}, "bad_email"),
        ({"email": "a b@x.com"}, "bad_email"), ({"email": "a@x.com, b@x.com"}, "bad_email"), ({"email": "noreply@x.com"}, "filtered_email"),
        ({"email": "x" * 5_000_000}, "bad_email"), ({"email": "a@" + "x." * 60_000 + "com"}, "bad_email"),
    ],
)  # fmt: skip
async def test_a_row_without_a_usable_address_is_kept_as_failed_with_the_reason(tenant, row, reason):
    answer = await ingest(tenant, row)
    (load,) = await loads(tenant)
    assert (load["status"], load["reason"], load["email"], load["raw_data"]) == ("failed", reason, None, row)
    assert [tuple(each) for each in answer] == [
        (load["load_id"], "error", f"failed: {reason}"),
        (None, "success", "inserted 0, skipped 1 (0 duplicate, 1 failed)"),
    ]


async def test_an_element_that_is_null_is_a_row_too(tenant):
    """An array may hold SQL's NULL as well as JSON's: neither is dropped."""
    answer = await tenant.fetch("SELECT * FROM intake.f_ingest_json(ARRAY[NULL, 'null', '{\"email\":\"a@x.com\"}']::jsonb[], 's', 'b')")
    assert [row["status"] for row in answer] == ["error", "error", "success", "success"]
    assert [row["status"] for row in await loads(tenant)] == ["failed", "failed", "pending"]


@pytest.mark.parametrize(("source", "batch"), [("", "b"), ("s", ""), ("  ", "b"), ("s", "\t"), ("\u00a0", "b"), (None, "b"), ("s", None)])
async def test_a_blank_source_or_batch_gives_an_error_row_and_stores_nothing(tenant, source, batch):
    answer = await ingest(tenant, {"email": "a@x.com"}, source=source, batch=batch)
    assert [(row["load_id"], row["status"]) for row in answer] == [(None, "error")]
    assert "blank" in answer[0]["message"]
    assert await tenant.fetchval("SELECT count(*) FROM intake.raw_loads") == 0
    assert await tenant.fetchval("SELECT count(*) FROM intake.audit_log") == 0


@pytest.mark.parametrize("rows", ["ARRAY[]::jsonb[]", "NULL"])
async def test_no_rows_give_an_error_row_and_store_nothing(tenant, rows):
    answer = await tenant.fetch(f"SELECT * FROM intake.f_ingest_json({rows}, 's', 'b')")  # noqa: S608
    assert [(row["load_id"], row["status"]) for row in answer] == [(None, "error")]
    assert await tenant.fetchval("SELECT count(*) FROM intake.audit_log") == 0


@pytest.mark.parametrize("name", ["source", "batch"])
async def test_a_source_or_batch_too_long_for_an_index_gives_an_error_row(tenant, name):
    """Random, since Postgres would compress a repeated letter until it fits."""
    import random

    text = "".join(chr(random.Random(1).randrange(0x4E00, 0x9000) + n % 50) for n in range(4000))
    text = "".join(chr(random.Random(n).randrange(0x4E00, 0x9000)) for n in range(4000)) or text
    answer = await ingest(tenant, {"email": "a@x.com"}, **{name: text})
    assert [(row["load_id"], row["status"]) for row in answer] == [(None, "error")]
    assert await tenant.fetchval("SELECT count(*) FROM intake.raw_loads") == 0


async def test_one_batch_may_take_several_calls(tenant):
    for email in ("a@x.com", "b@x.com"):
        await ingest(tenant, {"email": email}, batch="same")
    assert await tenant.fetchval("SELECT count(*) FROM intake.raw_loads WHERE batch_id = 'same' AND status = 'pending'") == 2


async def test_the_answers_come_in_the_order_of_the_rows_with_the_summary_last(tenant):
    answer = await ingest(tenant, *({"email": f"p{n}@x.com", "n": n} if n % 3 else {"n": n} for n in range(200)))
    rows = {load["load_id"]: load["raw_data"]["n"] for load in await loads(tenant)}
    assert [rows[row["load_id"]] for row in answer[:-1]] == list(range(200))
    assert answer[-1]["load_id"] is None
    assert answer[-1]["message"] == "inserted 133, skipped 67 (0 duplicate, 67 failed)"


async def test_every_load_and_every_call_is_in_the_audit_log_with_who_did_it(tenant):
    await ingest(tenant, {"email": "a@x.com"}, {"email": "a@x.com"}, {}, source="lemlist", batch="b7")
    log = await tenant.fetch("SELECT action, load_id, details, actor FROM intake.audit_log ORDER BY log_id")
    stored = [load["load_id"] for load in await loads(tenant)]
    assert [(row["action"], row["load_id"]) for row in log] == [*(("contact_ingested", each) for each in stored), ("batch_processed", None)]
    assert log[-1]["details"] == {"batch_id": "b7", "source": "lemlist", "rows": 3, "pending": 1, "duplicate": 1, "failed": 1}
    assert {row["actor"] for row in log} == {"user:test"}


async def test_the_payload_stays_exactly_as_it_was_said(tenant, admin):
    said = {
        "email": " Ann@X.com ",
        "": "",
        "a.b": [1, 2.5, None],
        "nested": {"ü": "ß\u0001\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")},
    }
    await ingest(tenant, said)
    assert (await loads(tenant))[0]["raw_data"] == said


async def test_the_payload_of_a_load_never_changes_whoever_tries(organization, admin):
    async with inside(organization) as connection:
        await ingest(connection, {"email": "a@x.com"})
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="payload of a raw load never changes"):
        await admin.execute("UPDATE intake.raw_loads SET raw_data = '{}' WHERE organization_id = $1", organization)


@pytest.mark.parametrize("table", ["intake.raw_loads", "vault.contacts", "intake.audit_log"])
@pytest.mark.parametrize(
    "command", ["INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET organization_id = organization_id", "DELETE FROM {}", "TRUNCATE {}"]
)
async def test_select_is_allowed_and_changing_is_not(organization, table, command):
    """Seed 001: SELECT allowed, DML via functions only."""
    async with inside(organization) as connection:
        await ingest(connection, {"email": "a@x.com"})
        await promote(connection)
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") > 0  # noqa: S608
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with inside(organization) as connection:
            await connection.execute(command.format(table))


async def test_two_calls_at_once_with_the_same_rows_leave_one_load_that_is_no_duplicate(organization):
    rows = [{"email": f"p{n}@x.com"} for n in range(300)]

    async def call(batch: str) -> None:
        async with inside(organization) as connection:
            await ingest(connection, *rows, batch=batch)
            await asyncio.sleep(0.05)

    await asyncio.gather(*(call(f"b{n}") for n in range(4)))
    async with inside(organization) as connection:
        counts = await connection.fetch(
            "SELECT status, count(*) AS n, count(DISTINCT email) AS emails FROM intake.raw_loads GROUP BY status"
        )
        assert {row["status"]: (row["n"], row["emails"]) for row in counts} == {"pending": (300, 300), "duplicate": (900, 300)}


async def test_several_calls_of_one_transaction_do_not_mix(tenant):
    await ingest(tenant, {"email": "a@x.com"})
    answer = await ingest(tenant, {"email": "b@x.com"})
    assert len(answer) == 2
    assert answer[1]["message"].startswith("inserted 1,")
    assert (
        await tenant.fetchval(
            "SELECT details ->> 'rows' FROM intake.audit_log WHERE action = 'batch_processed' ORDER BY log_id DESC LIMIT 1"
        )
        == "1"
    )


async def test_a_call_that_is_rolled_back_leaves_nothing(organization):
    async def call() -> None:
        async with inside(organization) as connection:
            await ingest(connection, {"email": "a@x.com"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await call()
    async with inside(organization) as connection:
        assert await loads(connection) == []
        assert (await ingest(connection, {"email": "a@x.com"}))[0]["message"] == "stored"


async def test_ten_thousand_rows_are_one_call(tenant):
    answer = await ingest(tenant, *({"email": f"p{n % 9000}@x.com", "company": f"C{n}"} for n in range(10_000)))
    assert answer[-1]["message"] == "inserted 9000, skipped 1000 (1000 duplicate, 0 failed)"


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from([0.5, -1.25, 1e22])
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["email", "name", "company", "tags", "domain", "employee_count", "revenue", "linkedin_url", "country", "x"]),
        inner, max_size=6
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=20 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(anything, min_size=1, max_size=8))
async def test_json_of_any_shape_is_stored_as_it_is_and_promotes_without_an_error(tenant, rows):
    before = len(await loads(tenant))
    answer = await ingest(
        tenant,
        *rows,
        *({"email": f"h{before + n}@x.com", "company": row, "tags": row, "name": row, "revenue": row} for n, row in enumerate(rows)),
    )
    stored = (await loads(tenant))[before:]
    assert len(stored) == 2 * len(rows) == len(answer) - 1
    assert [json.loads(json.dumps(load["raw_data"])) for load in stored[: len(rows)]] == rows
    await promote(tenant)
    assert await tenant.fetchval("SELECT count(*) FROM intake.raw_loads WHERE status = 'pending'") == 0
