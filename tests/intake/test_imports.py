"""File imports: every row is kept, counted and traceable, whatever happens on the way."""

import io
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest

from outrider import intake, ops
from outrider.intake import commands, tasks
from outrider.intake.mapping import rebuild
from outrider.kit import spool
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.ops import runner
from tests.intake.conftest import HEADER, csv_bytes, lead_rows


def expected(rows: list[list[str]]) -> Counter[str]:
    """What should come of rows, counted the slow way."""
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    for row in rows:
        email = row[2].strip().lower()
        if "@" not in email or email.endswith("@") or email.startswith("noreply"):
            counts["failed"] += 1
        elif email in seen:
            counts["duplicate"] += 1
        else:
            counts["promoted"] += 1
            seen.add(email)
    return counts


async def test_every_row_is_counted_once(take_in):
    rows = lead_rows(3000)
    done = await take_in(csv_bytes(rows))
    wanted = expected(rows)
    assert (done.state, done.rows_read) == ("completed", 3000)
    assert (done.rows_promoted, done.rows_duplicate, done.rows_failed) == (wanted["promoted"], wanted["duplicate"], wanted["failed"])
    assert done.contacts_created == done.people_created == wanted["promoted"]
    assert sum(done.reasons.values()) == done.rows_failed


async def test_the_original_line_can_be_rebuilt_from_its_load(take_in, tenant, organization):
    rows = lead_rows(200, seed=3)
    done = await take_in(csv_bytes(rows))
    columns = intake.columns_of(done)
    loads = await tenant.fetch("SELECT row_number, raw_data FROM intake.raw_loads WHERE import_id = $1 ORDER BY row_number", done.id)
    assert [rebuild(columns, load["raw_data"]) for load in loads] == rows
    assert [load["row_number"] for load in loads] == list(range(1, 201))


async def test_mapped_columns_go_under_their_field_and_the_others_under_their_header(take_in, tenant):
    done = await take_in(csv_bytes([["Ana", "Lima", " Ana@X.example", "X", "", "", "met at fair"]]))
    load = await tenant.fetchrow("SELECT raw_data, email FROM intake.raw_loads WHERE import_id = $1", done.id)
    assert load["raw_data"] == {"first_name": "Ana", "last_name": "Lima", "email": " Ana@X.example", "company": "X", "Notes": "met at fair"}
    assert load["email"] == "ana@x.example"
    assert await tenant.fetchval("SELECT custom_fields FROM vault.contacts WHERE email = 'ana@x.example'") == {"Notes": "met at fair"}


async def test_a_worker_that_dies_between_chunks_loses_no_row_and_repeats_none(organization, actor, run_job, tenant, monkeypatch):
    rows = lead_rows(2500, seed=5)
    made = await intake.create_import(organization, actor, io.BytesIO(csv_bytes(rows)), intake.NewImport(file_name="leads.csv"))
    started = await intake.start(organization, actor, made.id)
    real, calls = tasks._import_rows, 0

    async def dies_at_third(connection, number, chunk):
        nonlocal calls
        calls += 1
        report = await real(connection, number, chunk)
        if calls == 3:
            raise ConnectionError("the power went")
        return report

    monkeypatch.setattr("outrider.intake.chunks.CHUNK_ROWS", 500)
    monkeypatch.setattr(tasks, "chunks", lambda records, build: real_chunks(records, build, rows=500))
    from outrider.intake.chunks import chunks as real_chunks

    monkeypatch.setattr(tasks, "_import_rows", dies_at_third)
    await run_job(started.job_id)
    done = await intake.get_import(organization, actor, made.id)
    wanted = expected(rows)
    assert calls > 5, "it did not fail and go on"
    assert (done.state, done.rows_read, done.rows_promoted) == ("completed", 2500, wanted["promoted"])
    assert await tenant.fetchval("SELECT count(DISTINCT row_number) FROM intake.raw_loads WHERE import_id = $1", made.id) == 2500


async def test_modes_decide_what_may_happen_to_what_is_known(take_in, tenant):
    def file(title: str, phone: str, email: str = "ana@x.example") -> bytes:
        return csv_bytes([["Ana", email, title, phone]], ["First Name", "Email", "Title", "Phone"])

    async def person() -> tuple[str, str | None]:
        row = await tenant.fetchrow("SELECT title, phone FROM people.master WHERE email = 'ana@x.example'")
        return row["title"], row["phone"]

    await take_in(file("CEO", ""))
    await take_in(file("CTO", "+49 30 1234567"))
    assert await person() == ("CEO", "+49 30 1234567"), "fill only fills blanks"
    await take_in(file("COO", "", "ana@x.example"), mode="create")
    assert await person() == ("CEO", "+49 30 1234567"), "create leaves known people alone"
    await take_in(file("CFO", "", " ANA@x.example"), mode="overwrite")
    assert await person() == ("CFO", "+49 30 1234567"), "overwrite takes what comes, if something comes"
    history = await tenant.fetch("SELECT old_values, new_values, loads FROM people.history ORDER BY history_id DESC LIMIT 1")
    assert history[0]["old_values"]["title"] == "CEO"
    assert "title" in history[0]["loads"]


async def test_a_dry_run_says_what_would_happen_and_changes_nothing(organization, actor, run_job, take_in, tenant):
    await take_in(csv_bytes([["Ana", "ana@x.example", "CEO"]], ["First Name", "Email", "Title"]))
    before = await tenant.fetchval("SELECT count(*) FROM intake.raw_loads")
    data = csv_bytes([["Ana", "ana@x.example", "CTO"], ["Bo", "bo@x.example", ""], ["Cy", "none", ""]], ["First Name", "Email", "Title"])
    made = await intake.create_import(organization, actor, io.BytesIO(data), intake.NewImport(file_name="a.csv", mode="overwrite"))
    await run_job(await intake.start_preview(organization, actor, made.id))
    preview = (await intake.get_import(organization, actor, made.id)).preview
    assert (preview["rows"], preview["promoted"], preview["duplicate"], preview["failed"]) == (3, 1, 1, 1)
    change = next(c for c in preview["changes"] if (c["kind"], c["field"]) == ("person", "title"))
    assert (change["name"], change["old"], change["new"]) == ("ana@x.example", "CEO", "CTO")
    assert [row["reason"] for row in preview["failed_rows"]] == ["bad_email"]
    assert await tenant.fetchval("SELECT count(*) FROM intake.raw_loads") == before
    assert await tenant.fetchval("SELECT title FROM people.master WHERE email = 'ana@x.example'") == "CEO"


async def test_a_cancelled_import_stops_and_can_go_on(organization, actor, run_job):
    made = await intake.create_import(organization, actor, io.BytesIO(csv_bytes(lead_rows(50))), intake.NewImport(file_name="a.csv"))
    await intake.start(organization, actor, made.id)
    assert (await intake.cancel(organization, actor, made.id)).state == "cancelled"
    again = await intake.start(organization, actor, made.id)
    await run_job(again.job_id)
    assert (await intake.get_import(organization, actor, made.id)).rows_read == 50


async def test_no_promote_only_stores(take_in, tenant, organization, actor):
    done = await take_in(csv_bytes([["Ana", "ana@x.example"]], ["First Name", "Email"]), promote=False)
    assert (done.rows_pending, done.people_created) == (1, 0)
    assert await tenant.fetchval("SELECT count(*) FROM people.master") == 0
    assert (await intake.promote(organization, actor, None)).promoted_count == 1
    assert await tenant.fetchval("SELECT first_name FROM people.master") == "Ana"


async def test_a_campaign_is_routed_to_its_namespace(take_in, client, tenant):
    await client.post("/api/namespaces", json={"name": "acme-corp", "keywords": ["ACME"]})
    await take_in(csv_bytes([["Ana", "ana@x.example"]], ["First Name", "Email"]), campaign="Q4 acme push")
    assert await tenant.fetchval("SELECT count(*) FROM acme_corp_user_source WHERE email = 'ana@x.example'") == 1
    assert await tenant.fetchval("SELECT meta ->> 'campaign' FROM acme_corp_user_source") == "Q4 acme push"


async def test_a_chosen_mapping_is_remembered_for_the_same_headers(organization, actor, take_in):
    data = csv_bytes([["ana@x.example", "Ana"]], ["Ansprechstelle", "Wer"])
    first = await take_in(data, chosen={"Wer": "first_name"})
    assert [c["field"] for c in first.mapping] == ["email", "first_name"]
    second = await intake.create_import(organization, actor, io.BytesIO(data), intake.NewImport(file_name="b.csv"))
    assert [c["how"] for c in second.mapping] == ["remembered", "remembered"]


async def test_a_file_without_an_address_column_cannot_start(organization, actor):
    data = csv_bytes([["Ana", "CEO"]], ["First Name", "Title"])
    made = await intake.create_import(organization, actor, io.BytesIO(data), intake.NewImport(file_name="a.csv"))
    with pytest.raises(Conflict, match="no column is mapped to email"):
        await intake.start(organization, actor, made.id)


async def test_a_refused_file_leaves_nothing_behind(organization, actor, tenant):
    with pytest.raises(InvalidInput):
        await intake.create_import(organization, actor, io.BytesIO(b""), intake.NewImport(file_name="empty.csv"))
    folder = spool.path(organization, organization).parent
    assert not folder.exists() or not list(folder.iterdir())
    assert await tenant.fetchval("SELECT count(*) FROM intake.imports") == 0


async def test_what_a_database_cannot_hold_is_a_rejected_row_and_no_crash(take_in, tenant):
    lines = [
        b'{"email": "a@x.example", "note": "\\u0000"}',
        b'{"email": "b@x.example", "n": 1e999999}',
        b'{"email": "c@x.example"}',
        b"{broken",
    ]
    lines += [b'{"email": "' + b"x" * 5000 + b'@x.example"}', b'{"email": "d@x.example", "name": "\\ud800"}', b'{"email": ["e@x.example"]}']
    done = await take_in(b"\n".join(lines), "rows.jsonl")
    assert (done.state, done.rows_read) == ("completed", 7)
    assert done.rows_promoted >= 1
    assert await tenant.fetchval("SELECT count(*) FROM intake.raw_loads WHERE import_id = $1", done.id) == 7
    assert done.reasons == {"bad_json": 2, "bad_email": 2, "nul_byte": 1, "bad_encoding": 1}, done.reasons


async def test_an_import_given_up_by_its_job_says_so(organization, actor, monkeypatch):
    made = await intake.create_import(organization, actor, io.BytesIO(csv_bytes(lead_rows(5))), intake.NewImport(file_name="a.csv"))
    started = await intake.start(organization, actor, made.id)
    await ops.cancel_job(organization, actor, started.job_id)
    found = await intake.get_import(organization, actor, made.id)
    assert found.state == "cancelled"
    assert found.error


async def test_an_imports_job_has_a_name_and_may_be_started_anew_itself(organization, actor, run_job, monkeypatch):
    made = await intake.create_import(organization, actor, io.BytesIO(csv_bytes(lead_rows(50))), intake.NewImport(file_name="a.csv"))
    started = await intake.start(organization, actor, made.id)
    job = await ops.get_job(organization, actor, started.job_id)
    assert (job.label, job.link) == ("Import a.csv", f"/imports/{made.id}")

    def broken(*_: object, **__: object) -> None:
        raise tasks.files.FileError("it ends in the middle of a row")

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "_opened", broken)
        patched.setattr(runner, "retry_delay", lambda *_: timedelta(0))
        await run_job(job.id)
    assert (await intake.get_import(organization, actor, made.id)).state == "failed"
    await ops.retry_job(organization, actor, job.id)
    await run_job(job.id)
    done = await intake.get_import(organization, actor, made.id)
    assert (done.state, done.rows_read, done.error) == ("completed", 50, None)


async def test_another_organization_cannot_see_or_touch_an_import(take_in, other_organization, actor):
    done = await take_in(csv_bytes(lead_rows(5)))
    for call in (intake.get_import, intake.start, intake.cancel, intake.preview_revert, intake.start_revert, intake.start_preview):
        with pytest.raises(NotFound):
            await call(other_organization, actor, done.id)
    with pytest.raises(NotFound):
        [block async for block in intake.reject_blocks(other_organization, actor, done.id)]
    assert (await intake.list_imports(other_organization, actor)).items == []


async def test_rejects_come_as_a_file_with_the_reason_and_without_formulas(take_in, organization, actor):
    done = await take_in(csv_bytes([["Ana", "Lima", "n/a", "X", "", "", '=HYPERLINK("http://evil.example")']]))
    text = "".join([block async for block in intake.reject_blocks(organization, actor, done.id)])
    header, row = text.splitlines()
    assert header.split(",") == ["Row", "Reason", "Text", *HEADER]
    assert row.startswith("1,what stands as e-mail address is not one,,Ana,Lima,n/a,X")
    assert "'=HYPERLINK" in row


async def test_a_reverted_import_can_come_in_again(take_in, organization, actor, run_job, tenant):
    rows = lead_rows(300, seed=9)
    first = await take_in(csv_bytes(rows))
    started = await intake.start_revert(organization, actor, first.id)
    await run_job(started.job_id)
    reverted = await intake.get_import(organization, actor, first.id)
    assert reverted.state == "reverted"
    for table in ("vault.contacts", "people.master", "company.master", "people.affiliations", "people.profiles"):
        assert await tenant.fetchval(f"SELECT count(*) FROM {table}") == 0, table  # noqa: S608
    again = await take_in(csv_bytes(rows))
    assert again.rows_promoted == first.rows_promoted


async def test_a_revert_that_failed_fails_the_command_too(organization, actor, take_in, monkeypatch):
    async def fail(_):
        raise ops.JobFailed("the disk is full")

    done = await take_in(csv_bytes(lead_rows(3)))
    monkeypatch.setitem(tasks.TASKS, "intake.revert", fail)
    current = await intake.start_revert(organization, actor, done.id)
    session = SimpleNamespace(organization_id=organization, actor=actor, json=True)
    with pytest.raises(InvalidInput, match=r"revert did not work: .*the disk is full"):
        await commands.follow(session, current.job_id, current, "revert", again="revert")
    assert (await intake.get_import(organization, actor, done.id)).state == "completed"
