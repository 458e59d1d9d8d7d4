"""The audit log: who did what to data, found by time, action, actor and address."""

from datetime import UTC, datetime, timedelta

import pytest

from outrider import intake, tenancy
from outrider.intake import AuditFilters
from outrider.intake.actors import actor_names
from outrider.kit.errors import InvalidInput
from tests.intake.conftest import csv_bytes

ROWS = [["Ana", "ana@x.example"], ["Bo", "bo@x.example"], ["Cy", "nope"]]


@pytest.fixture
def log(organization, actor):
    """Reads the log."""

    async def read(limit: int = 50, cursor: str | None = None, **filters):
        return await intake.list_audit(organization, actor, AuditFilters(**filters), limit=limit, cursor=cursor)

    return read


async def test_by_action_actor_and_time(take_in, organization, log):
    start = datetime.now(UTC)
    await take_in(csv_bytes(ROWS, ["Name", "Email"]))
    other = tenancy.Actor("key", "0193a510-0000-7000-8000-000000000001")
    await intake.ingest(organization, other, [{"email": "di@x.example"}], "n8n", "b")
    assert {entry.action for entry in (await log(action="contact_promoted")).items} == {"contact_promoted"}
    assert len((await log(action="contact_ingested")).items) == 4
    assert [entry.action for entry in (await log(actor=str(other))).items] == ["batch_processed", "contact_ingested"]
    assert (await log(until=start)).items == []
    assert len((await log(since=start)).items) == 7
    assert (await log(since=start + timedelta(days=1))).items == []


async def test_a_person_did_what_their_imports_did(take_in, actor, log):
    await take_in(csv_bytes(ROWS, ["Name", "Email"]))
    assert len((await log(actor=str(actor))).items) == 5
    assert len((await log(actor=str(actor), action="contact_promoted")).items) == 2
    assert (await log(actor="user:somebody-else")).items == []


async def test_what_was_done_with_one_address_also_when_it_is_gone(take_in, organization, actor, run_job, log):
    done = await take_in(csv_bytes(ROWS, ["Name", "Email"]))
    entries = (await log(email=" Ana@X.example")).items
    assert [entry.action for entry in entries] == ["contact_promoted", "contact_ingested"]
    contact = entries[0].contact_id
    await run_job((await intake.start_revert(organization, actor, done.id)).job_id)
    for filters in ({"email": "ana@x.example"}, {"contact_id": contact}):
        assert [entry.action for entry in (await log(**filters)).items] == ["contact_deleted", "contact_promoted", "contact_ingested"]
    assert [entry.action for entry in (await log(email="ana@x.example", action="contact_deleted")).items] == ["contact_deleted"]


async def test_an_entry_says_who_which_address_and_which_file(organization, take_in, log):
    await take_in(csv_bytes(ROWS, ["Name", "Email"]))
    entry = (await log(action="contact_promoted")).items[0]
    assert (entry.email, entry.file_name, entry.row_number) == ("bo@x.example", "leads.csv", 2)
    assert entry.actor_name == "the import of leads.csv, for somebody who left"


async def test_actors_in_words(organization, tenant, client):
    await tenancy.add_member(organization, tenancy.Actor("cli", "root"), "ana@firm.example", "member", "Ana Lima")
    user = await tenant.fetchval("SELECT user_id FROM tenancy.members WHERE email = 'ana@firm.example'")
    key = (await client.get("/api/keys")).json()["items"][0]
    actors = [f"user:{user}", f"key:{key['id']}", "cli:root", "sql:postgres", "job:not-an-id", f"job:{user}", "system:upkeep", None]
    names = await actor_names(tenant, organization, actors)
    assert names == {
        f"user:{user}": "Ana Lima",
        f"key:{key['id']}": "API key “test”",
        "cli:root": "root (command line)",
        "sql:postgres": "postgres (SQL)",
        "job:not-an-id": "a job",
        f"job:{user}": "a job",
        "system:upkeep": "Outrider itself",
    }


async def test_every_entry_comes_once_over_pages_although_many_share_their_time(take_in, log):
    await take_in(csv_bytes([[f"P{n}", f"p{n}@x.example"] for n in range(40)], ["Name", "Email"]))
    for filters in ({}, {"action": "contact_ingested"}, {"actor": "user:test"}):
        seen, cursor = [], None
        while True:
            page = await log(limit=7, cursor=cursor, **filters)
            seen += [(entry.timestamp, entry.log_id) for entry in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == (40 if "action" in filters else 80)
        assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("cursor", ["x", "WyJ4Il0", "WyJ4IiwieCJd", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiMSJd"])
async def test_a_foreign_cursor_is_refused(log, cursor):
    with pytest.raises(InvalidInput, match="cursor"):
        await log(cursor=cursor)


async def test_over_http(client, stranger):
    rows = [{"email": "ana@x.example"}, {"email": "bo@x.example"}]
    await client.post("/api/ingest", json={"rows": rows, "source": "n8n", "batch_id": "b", "promote": True})
    found = (await client.get("/api/audit-log", params={"email": "ana@x.example"})).json()["items"]
    assert [entry["action"] for entry in found] == ["contact_promoted", "contact_ingested"]
    assert (found[0]["email"], found[0]["source"], found[0]["actor_name"]) == ("ana@x.example", "n8n", "API key “test”")
    assert (await stranger.get("/api/audit-log", params={"email": "ana@x.example"})).json()["items"] == []
    assert (await stranger.get("/api/audit-log", params={"contact_id": found[0]["contact_id"]})).json()["items"] == []
    for wrong in ({"action": "nope"}, {"since": "2026-01-01T00:00:00"}, {"until": "yesterday"}, {"contact_id": "x"}):
        assert (await client.get("/api/audit-log", params=wrong)).status_code == 422, wrong
