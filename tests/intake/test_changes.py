"""What may be said about a file between its upload and its start, and dry runs that know what they were made of."""

import io

import pytest

from outrider import intake
from outrider.intake import running, tasks
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from tests.intake.conftest import csv_bytes, lead_rows

TWO = csv_bytes([["ana@x.example", "Ana"]], ["Email", "First Name"])


@pytest.fixture
def upload(organization, actor):
    async def work(data: bytes = TWO, **wanted):
        return await intake.create_import(organization, actor, io.BytesIO(data), intake.NewImport(file_name="a.csv", **wanted))

    return work


async def test_source_mode_and_promotion_can_be_said_before_it_starts(upload, organization, actor):
    made = await upload()
    changed = await intake.change_import(organization, actor, made.id, {"source": "apollo", "mode": "overwrite", "promote": False})
    assert (changed.source, changed.mode, changed.promote) == ("apollo", "overwrite", False)
    assert changed.mapping == made.mapping
    back = await intake.change_import(organization, actor, made.id, {"source": None})
    assert (back.source, back.mode) == ("a", "overwrite")


async def test_a_campaign_takes_the_namespaces_place_and_the_other_way_round(upload, organization, actor, client):
    await client.post("/api/namespaces", json={"name": "acme-corp", "keywords": ["ACME"]})
    made = await upload()
    routed = await intake.change_import(organization, actor, made.id, {"campaign": "Q4 acme push"})
    assert (routed.namespace, routed.campaign) == ("acme-corp", "Q4 acme push")
    named = await intake.change_import(organization, actor, made.id, {"namespace": "playmaker"})
    assert (named.namespace, named.campaign) == ("playmaker", None)
    with pytest.raises(InvalidInput, match="not both"):
        await intake.change_import(organization, actor, made.id, {"namespace": "playmaker", "campaign": "x"})
    with pytest.raises(NotFound, match="none-such"):
        await intake.change_import(organization, actor, made.id, {"namespace": "none-such"})


async def test_a_file_that_was_read_wrongly_is_read_again(upload, organization, actor):
    made = await upload(b"Email;Name\nana@x.example;Ana, Lima\nbo@x.example;Bo, Berg\n", delimiter=",")
    assert len(made.mapping) != 2 or made.mapping[0]["header"] != "Email"
    changed = await intake.change_import(organization, actor, made.id, {"delimiter": ";"})
    assert [column["field"] for column in changed.mapping] == ["email", "name"]
    assert (changed.file_format["delimiter"], changed.rows_expected) == (";", 2)
    with pytest.raises(InvalidInput, match="klingon"):
        await intake.change_import(organization, actor, made.id, {"encoding": "klingon"})
    assert (await intake.get_import(organization, actor, made.id)).file_format == changed.file_format


async def test_what_has_started_is_not_changed_any_more(upload, organization, actor):
    made = await upload()
    await intake.start(organization, actor, made.id)
    with pytest.raises(Conflict, match="before it starts"):
        await intake.change_import(organization, actor, made.id, {"mode": "create"})


async def test_a_dry_run_of_what_was_changed_meanwhile_is_not_believed(upload, organization, actor, run_job, monkeypatch):
    stale = await upload()
    job = await intake.start_preview(organization, actor, stale.id)
    await intake.change_import(organization, actor, stale.id, {"mode": "create"})

    async def read_before_the_change(*_):
        return stale

    monkeypatch.setattr(tasks, "get_import", read_before_the_change)
    assert (await run_job(job)).state == "completed"
    assert (await intake.get_import(organization, actor, stale.id)).preview is None


async def test_over_http_only_what_is_named_changes(upload, client, stranger, as_role):
    made = await upload(mode="overwrite")
    address = f"/api/imports/{made.id}"
    changed = await client.patch(address, json={"source": "fair"})
    assert (changed.status_code, changed.json()["source"], changed.json()["mode"]) == (200, "fair", "overwrite")
    assert (await client.patch(address, json={"mode": "wild"})).status_code == 422
    assert (await client.patch(address, json={"modus": "fill"})).status_code == 422
    assert (await client.patch(address, json={"source": "x" * 201})).status_code == 422
    assert (await stranger.patch(address, json={"source": "x"})).status_code == 404
    assert (await (await as_role("viewer")).patch(address, json={"source": "x"})).status_code == 403


async def test_taking_a_large_import_back_is_tried_by_a_job_and_a_small_one_at_once(take_in, organization, actor, run_job, monkeypatch):
    done = await take_in(csv_bytes(lead_rows(40)))
    at_once = await intake.preview_revert(organization, actor, done.id)
    assert at_once.job_id is None
    assert at_once.report["deleted"]["contact"] == done.contacts_created
    monkeypatch.setattr(running, "AT_ONCE", 10)
    tried = await intake.preview_revert(organization, actor, done.id)
    assert tried.report is None
    job = await run_job(tried.job_id)
    assert (job.state, job.output["deleted"]) == ("completed", at_once.report["deleted"])
    found = await intake.get_import(organization, actor, done.id)
    assert (found.state, found.revert_preview, found.dry_run_job_id) == ("completed", at_once.report, tried.job_id)
    await run_job((await intake.start_revert(organization, actor, done.id)).job_id)
    assert (await intake.get_import(organization, actor, done.id)).revert_preview is None


async def test_a_preview_of_the_revert_of_what_was_reverted_meanwhile_fails_with_a_sentence(
    take_in, organization, actor, run_job, monkeypatch
):
    monkeypatch.setattr(running, "AT_ONCE", 10)
    done = await take_in(csv_bytes(lead_rows(40)))
    tried = await intake.preview_revert(organization, actor, done.id)
    await run_job((await intake.start_revert(organization, actor, done.id)).job_id)
    job = await run_job(tried.job_id)
    assert (job.state, "reverted" in job.error) == ("failed", True)


async def test_a_revert_finds_what_an_import_changed_although_histories_were_long_before(take_in, organization, actor, run_job, tenant):
    header = ["Email", "First Name", "Title"]
    await take_in(csv_bytes([["ana@x.example", "Ana", "CEO"]], header))
    for title in ("CTO", "CFO"):
        last = await take_in(csv_bytes([["ana@x.example", "Ana", title]], header), mode="overwrite")
    before = await tenant.fetchval("SELECT (history_before ->> 'person')::bigint FROM intake.imports WHERE id = $1", last.id)
    assert before == await tenant.fetchval("SELECT min(history_id) FROM people.history")
    await run_job((await intake.start_revert(organization, actor, last.id)).job_id)
    assert await tenant.fetchval("SELECT title FROM people.master") == "CTO"
