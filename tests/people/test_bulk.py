"""Bulk edits: preview, many at once, history with who did it, and an undo that leaves what somebody changed since."""

import asyncio
from uuid import UUID

import pytest

from outrider import ops, tenancy
from outrider.people import bulk, lists
from outrider.people.bulk import BulkEdits
from outrider.people.tasks import TASKS

from .conftest import ANA, BO, CY, DIM


@pytest.fixture
async def crowd(bring):
    return await bring({**ANA, "tags": "vip"}, BO, CY, DIM)


async def edit(client, kind="people", filters=None, status=200, **changes):
    dry_run = changes.pop("dry_run", False)
    ids = changes.pop("ids", None)
    who = {"ids": ids} if ids is not None else {"filters": filters or {}}
    answer = await client.post(f"/api/{kind}/bulk", json={**who, "changes": changes, "dry_run": dry_run})
    assert answer.status_code == status, answer.text
    return answer.json()


async def undo(client, done, status=200):
    answer = await client.post(f"/api/bulk-edits/{done['edit']['id']}/undo")
    assert answer.status_code == status, answer.text
    return answer.json()


async def tags(client):
    items = (await client.get("/api/contacts", params={"sort": "email"})).json()["items"]
    return {one["email"].split("@")[0].split(".")[0]: one["tags"] for one in items}


async def column(client, name, path="people"):
    items = (await client.get(f"/api/{path}", params={"limit": 100})).json()["items"]
    return {(one.get("email") or one["domain"]).split("@")[0].split(".")[0]: one[name] for one in items}


async def test_a_preview_counts_and_changes_nothing(client, crowd):
    assert await edit(client, filters={"company": "acme"}, add_tags=["x"], dry_run=True) == {"matched": 2, "edit": None}
    assert (await edit(client, ids=["01a1f860-d8a8-709c-8bf0-82a9c7f354ab"], add_tags=["x"], dry_run=True))["matched"] == 0
    assert await tags(client) == {"ana": ["vip"], "bo": [], "cy": [], "dim": []}
    assert (await client.get("/api/bulk-edits")).json()["items"] == []


async def test_tags_are_added_and_taken_off_and_put_back(client, crowd):
    done = await edit(client, filters={}, add_tags=["vip", "new"], remove_tags=["cold"])
    assert (done["matched"], done["edit"]["changed"], done["edit"]["state"], done["edit"]["can_undo"]) == (4, 4, "completed", True)
    assert await tags(client) == {"ana": ["vip", "new"], "bo": ["vip", "new"], "cy": ["vip", "new"], "dim": ["vip", "new"]}
    off = await edit(client, filters={"tag": ["vip"], "q": "acme"}, remove_tags=["vip"])
    assert off["edit"]["changed"] == 2
    back = await undo(client, off)
    assert (back["state"], back["undone"], back["kept"], back["can_undo"]) == ("undone", 2, 0, False)
    back = await undo(client, done)
    assert (back["undone"], back["kept"]) == (7, 0)  # Ana had the one tag before
    assert await tags(client) == {"ana": ["vip"], "bo": [], "cy": [], "dim": []}


async def test_an_edit_that_finds_all_as_it_wants_it_changes_nothing_and_cannot_be_undone(client, crowd):
    done = await edit(client, filters={"tag": ["vip"]}, add_tags=["vip"])
    assert (done["matched"], done["edit"]["changed"]) == (1, 0)
    await undo(client, done, 409)


async def test_columns_are_set_with_history_in_the_name_of_who_did_it(client, crowd):
    done = await edit(
        client, filters={"company": "acme"}, set={"title": "Buyer", "seniority": "VP", "country_code": "de", "status": "inactive"}
    )
    assert done["edit"]["changed"] == 2
    assert await column(client, "title") == {"ana": "Buyer", "bo": "Engineer", "cy": "Buyer", "dim": None}
    assert (await column(client, "country_code"))["ana"] == "DE"
    person = (await client.get("/api/people/ana.lopez@acme.example")).json()
    fact = next(one for one in person["facts"] if one["field"] == "title")
    assert (fact["origin"]["kind"], fact["origin"]["by"], fact["earlier"][0]["value"]) == ("edit", done["edit"]["created_by"], "CFO")
    # The address that said the same follows, as in an edit of one person.
    assert (await column(client, "title", "contacts"))["ana"] == "Buyer"
    back = await undo(client, done)
    assert (back["undone"], back["kept"]) == (10, 0)
    assert (
        await column(client, "title")
        == await column(client, "title", "contacts")
        == {"ana": "CFO", "bo": "Engineer", "cy": None, "dim": None}
    )
    assert await column(client, "country_code") == {"ana": "ES", "bo": "SE", "cy": None, "dim": None}
    assert set((await column(client, "status")).values()) == {"active"}


async def test_an_undo_brings_back_where_a_value_was_from(client, bring):
    await bring({"email": ANA["email"], "name": "Ana"})
    await bring({**ANA, "title": "CFO"}, source="hubspot", file="second.csv")
    done = await edit(client, set={"title": "Buyer"})
    await undo(client, done)
    fact = next(one for one in (await client.get(f"/api/people/{ANA['email']}")).json()["facts"] if one["field"] == "title")
    assert (fact["value"], fact["origin"]["kind"], fact["origin"]["file_name"]) == ("CFO", "load", "second.csv")


async def test_custom_fields_are_set_on_the_primary_address_cleared_on_all_and_put_back(client, bring, crowd, admin, organization):
    await bring({"email": "ana@home.example", "name": "Ana", "Lead Owner": "Robin"})
    await admin.execute("SELECT set_config('app.organization_id', $1, false)", str(organization))
    await admin.execute(
        "UPDATE vault.contacts SET person_id = (SELECT id FROM people.master WHERE organization_id = $1 AND email LIKE 'ana.lopez@%') "
        "WHERE organization_id = $1 AND email = 'ana@home.example'",
        organization,
    )
    before = await column(client, "custom_fields", "contacts")
    items = {one["email"]: one["custom_fields"] for one in (await client.get("/api/contacts")).json()["items"]}
    done = await edit(client, filters={"q": "lopez"}, custom_fields={"Lead Owner": "Sam", "Region": "South"}, add_tags=["home"])
    assert done["edit"]["changed"] == 1
    now = {one["email"]: one["custom_fields"] for one in (await client.get("/api/contacts")).json()["items"]}
    assert now["ana.lopez@acme.example"] == {**items["ana.lopez@acme.example"], "Lead Owner": "Sam", "Region": "South"}
    assert now["ana@home.example"] == {"Lead Owner": "Robin"}
    cleared = await edit(client, filters={"q": "lopez"}, custom_fields={"Lead Owner": ""})
    now = {one["email"]: one["custom_fields"] for one in (await client.get("/api/contacts")).json()["items"]}
    assert "Lead Owner" not in now["ana.lopez@acme.example"] | now["ana@home.example"]
    assert (await undo(client, cleared))["undone"] == 2
    assert (await undo(client, done))["undone"] == 3
    assert await column(client, "custom_fields", "contacts") == before


async def test_companies_and_addresses_are_edited_too(client, crowd):
    done = await edit(client, "companies", filters={"q": "acme"}, set={"industry": "Steel", "country_code": "fr"})
    assert (await column(client, "industry", "companies")) == {"acme": "Steel", "umbrella": None}
    await undo(client, done)
    assert (await column(client, "industry", "companies")) == {"acme": "Retail", "umbrella": None}
    numbers = [one["contact_id"] for one in (await client.get("/api/contacts", params={"q": "acme"})).json()["items"]]
    done = await edit(client, "contacts", ids=numbers, set={"status": "unsubscribed"}, add_tags=["gone"])
    assert (await column(client, "status", "contacts")) == {"ana": "unsubscribed", "bo": "active", "cy": "unsubscribed", "dim": "active"}
    assert (await undo(client, done))["undone"] == 4
    assert set((await column(client, "status", "contacts")).values()) == {"active"}


async def say(client, address, type):
    """Let an address unsubscribe, bounce or complain."""
    event = {"type": type, "platform": "test", "occurred_at": "2026-11-20T08:00:00Z", "email": address}
    answer = await client.post("/api/events", json={"events": [event]})
    assert answer.status_code in (200, 201, 202), answer.text


@pytest.mark.parametrize(("type", "status"), [("unsubscribe", "unsubscribed"), ("spam_report", "unsubscribed"), ("bounce", "bounced")])
async def test_who_said_no_stays_so_in_a_bulk_edit_until_the_suppression_is_taken_away(client, crowd, type, status):
    await say(client, ANA["email"], type)
    assert (await column(client, "status", "contacts"))["ana"] == status
    done = (await edit(client, "contacts", set={"status": "inactive"}, add_tags=["x"]))["edit"]
    assert (done["matched"], done["changed"], done["held"]) == (4, 4, 1)
    assert (await column(client, "status", "contacts")) == {"ana": status, "bo": "inactive", "cy": "inactive", "dim": "inactive"}
    assert (await tags(client))["ana"] == ["vip", "x"]
    one = (await client.get("/api/suppressions", params={"value": ANA["email"]})).json()["items"][0]
    answer = await client.request("DELETE", f"/api/suppressions/{one['id']}", params={"why": "she asked to be written to again"})
    assert answer.status_code == 200, answer.text
    assert (await column(client, "status", "contacts"))["ana"] == "active"
    done = (await edit(client, "contacts", set={"status": "inactive"}))["edit"]
    assert (done["changed"], done["held"]) == (1, 0)


async def test_an_undo_does_not_take_back_what_somebody_said_since(client, crowd):
    done = await edit(client, "contacts", filters={"q": "ana"}, set={"status": "unsubscribed"})
    await say(client, ANA["email"], "unsubscribe")
    back = await undo(client, done)
    assert (back["undone"], back["kept"]) == (0, 1)
    assert (await column(client, "status", "contacts"))["ana"] == "unsubscribed"


async def test_what_bounced_may_still_be_unsubscribed_by_hand(client, crowd):
    await say(client, ANA["email"], "bounce")
    done = (await edit(client, "contacts", filters={"q": "ana"}, set={"status": "unsubscribed"}))["edit"]
    assert (done["changed"], done["held"]) == (1, 0)


async def test_an_undo_leaves_what_was_changed_since_and_names_it(client, crowd):
    done = await edit(client, filters={"company": "acme"}, set={"title": "Buyer"}, add_tags=["x"])
    cy = (await client.get("/api/people/cy@acme.example")).json()["id"]
    await client.patch(f"/api/people/{cy}", json={"title": "Director"})
    await client.patch("/api/contacts/ana.lopez@acme.example", json={"remove_tags": ["x"]})
    back = await undo(client, done)
    assert (back["undone"], back["kept"]) == (3, 3)
    assert await column(client, "title") == {"ana": "CFO", "bo": "Engineer", "cy": "Director", "dim": None}
    assert (await tags(client))["cy"] == []
    shown = (await client.get(f"/api/bulk-edits/{done['edit']['id']}")).json()
    assert sorted((one["whose"], one["field"], one["key"], one["written"], one["now"]) for one in shown["kept_values"]) == [
        ("ana.lopez@acme.example", "tag", "x", True, False),
        ("cy@acme.example", "title", "", "Buyer", "Director"),
        ("cy@acme.example", "title", "", "Buyer", "Director"),
    ]


async def test_an_edit_is_undone_once(client, crowd):
    done = await edit(client, add_tags=["x"])
    first, second = await asyncio.gather(
        client.post(f"/api/bulk-edits/{done['edit']['id']}/undo"), client.post(f"/api/bulk-edits/{done['edit']['id']}/undo")
    )
    assert sorted((first.status_code, second.status_code)) == [200, 409]
    assert (await tags(client))["bo"] == []


async def test_undoing_an_older_edit_keeps_what_a_newer_one_wrote(client, crowd):
    first = await edit(client, filters={"q": "bo"}, set={"seniority": "VP"})
    second = await edit(client, filters={"q": "bo"}, set={"seniority": "Owner"})
    assert (await undo(client, first))["kept"] == 1
    assert (await column(client, "seniority"))["bo"] == "Owner"
    assert (await undo(client, second))["undone"] == 1
    assert (await column(client, "seniority"))["bo"] == "VP"


async def test_two_edits_at_once_each_note_only_what_they_did(client, crowd):
    both = await asyncio.gather(*(edit(client, add_tags=["a", f"only {n}"]) for n in range(2)))
    assert sorted(await tags(client)) == ["ana", "bo", "cy", "dim"]
    assert set((await tags(client))["bo"]) == {"a", "only 0", "only 1"}
    undone = [await undo(client, one) for one in both]
    assert sum(one["undone"] for one in undone) == 12
    assert (await tags(client))["bo"] == []


@pytest.fixture
def small_steps(monkeypatch):
    """Jobs from two rows on, two rows a step."""
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(lists, "PART", 2)
    monkeypatch.setattr("outrider.people.bulk_tasks.PART", 2)
    monkeypatch.setattr(BulkEdits.undo_part, "__defaults__", (2,))


async def run(organization, job_id):
    done = await ops.run_job_here(organization, UUID(job_id), TASKS)
    assert done.state == "completed", done.error
    return done


async def test_many_are_a_jobs_work_which_goes_on_where_it_stopped(client, bring, organization, small_steps, monkeypatch):
    await bring(*({"email": f"p{n}@c.example", "name": f"P {n}"} for n in range(7)))
    done = await edit(client, set={"title": "Buyer"}, add_tags=["x"])
    assert (done["edit"]["state"], done["matched"], done["edit"]["changed"]) == ("queued", 7, 0)
    await undo(client, done, 409)
    await bring({"email": "late@c.example"})  # who comes later was not meant

    steps, real = [], BulkEdits.apply_part

    async def failing(self, id, part, *, is_last):
        steps.append(part)
        if len(steps) == 3:
            raise RuntimeError("the worker was unlucky")
        return await real(self, id, part, is_last=is_last)

    monkeypatch.setattr(BulkEdits, "apply_part", failing)
    job = await run(organization, done["edit"]["job_id"])
    assert steps == [0, 1, 2, 2, 3]
    assert (job.output, job.progress_done, job.progress_total) == ({"matched": 7, "changed": 7}, 7, 7)
    titles = await column(client, "title")
    assert titles.pop("late") is None
    assert set(titles.values()) == {"Buyer"}
    history = (await client.get("/api/people/p1@c.example")).json()["history"]
    assert {one["by"] for one in history} == {done["edit"]["created_by"]}

    back = await undo(client, done)
    assert back["state"] == "undoing"
    await undo(client, done, 409)
    await run(organization, back["job_id"])
    shown = (await client.get(f"/api/bulk-edits/{done['edit']['id']}")).json()
    assert (shown["state"], shown["undone"], shown["kept"]) == ("undone", 21, 0)
    assert set((await column(client, "title")).values()) == {None}
    assert all(one == [] for one in (await tags(client)).values())


async def test_what_a_cancelled_edit_did_can_be_undone(client, bring, organization, small_steps, monkeypatch):
    await bring(*({"email": f"p{n}@c.example", "name": f"P {n}"} for n in range(7)))
    done = await edit(client, add_tags=["x"])
    real = BulkEdits.apply_part

    async def cancelling(self, id, part, *, is_last):
        if part == 2:
            await client.post(f"/api/jobs/{done['edit']['job_id']}/cancel")
        return await real(self, id, part, is_last=is_last)

    monkeypatch.setattr(BulkEdits, "apply_part", cancelling)
    job = await ops.run_job_here(organization, UUID(done["edit"]["job_id"]), TASKS)
    assert job.state == "cancelled"
    shown = (await client.get(f"/api/bulk-edits/{done['edit']['id']}")).json()
    assert (shown["state"], shown["changed"], shown["can_undo"]) == ("cancelled", 4, True)
    await run(organization, (await undo(client, done))["job_id"])
    assert all(one == [] for one in (await tags(client)).values())


async def test_an_edit_whose_job_never_ran_says_so(client, bring, organization, small_steps):
    await bring(*({"email": f"p{n}@c.example"} for n in range(3)))
    done = await edit(client, add_tags=["x"])
    await client.post(f"/api/jobs/{done['edit']['job_id']}/cancel")
    assert (await client.get("/api/bulk-edits")).json()["items"][0]["state"] == "cancelled"
    await undo(client, done, 409)


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("people", {"changes": {"add_tags": ["x"]}}, "ids"),
        ("people", {"ids": [], "filters": {}, "changes": {"add_tags": ["x"]}}, "ids"),
        ("people", {"ids": [], "changes": {"add_tags": ["x"]}}, "ids"),
        ("people", {"ids": [7], "changes": {"add_tags": ["x"]}}, "ids"),
        ("people", {"filters": {"color": "red"}, "changes": {"add_tags": ["x"]}}, "filters"),
        ("people", {"filters": {"tag": "x"}, "changes": {"add_tags": ["x"]}}, "filters.tag"),
        ("people", {"filters": {}, "changes": {}}, "changes"),
        ("people", {"filters": {}, "changes": {"add_tags": [" "]}}, "add_tags"),
        ("people", {"filters": {}, "changes": {"add_tags": ["x" * 61]}}, "add_tags"),
        ("people", {"filters": {}, "changes": {"add_tags": ["a,b"]}}, "add_tags"),
        ("people", {"filters": {}, "changes": {"add_tags": ["a"], "remove_tags": ["a"]}}, "remove_tags"),
        ("people", {"filters": {}, "changes": {"set": {"email": "x@y.z"}}}, "set.email"),
        ("people", {"filters": {}, "changes": {"set": {"name": "Everybody"}}}, "set.name"),
        ("people", {"filters": {}, "changes": {"set": {"status": "asleep"}}}, "status"),
        ("people", {"filters": {}, "changes": {"set": {"country_code": "Spain"}}}, "country_code"),
        ("people", {"filters": {}, "changes": {"set": {"title": "x" * 256}}}, "title"),
        ("people", {"filters": {}, "changes": {"custom_fields": {" ": "x"}}}, "custom_fields"),
        ("companies", {"filters": {}, "changes": {"add_tags": ["x"]}}, "changes"),
        ("companies", {"filters": {}, "changes": {"set": {"domain": "x.y"}}}, "set.domain"),
        ("contacts", {"filters": {}, "changes": {"set": {"status": "asleep"}}}, "status"),
        ("contacts", {"ids": ["01a1f860-d8a8-709c-8bf0-82a9c7f354ab"], "changes": {"add_tags": ["x"]}}, "ids"),
        ("contacts", {"ids": [2**70], "changes": {"add_tags": ["x"]}}, "ids"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_changes_nothing(client, crowd, kind, body, field):
    for dry_run in (True, False):
        answer = await client.post(f"/api/{kind}/bulk", json={**body, "dry_run": dry_run})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == field
    assert (await client.get("/api/bulk-edits")).json()["items"] == []


async def test_edits_are_listed_in_pages(client, crowd):
    ids = [(await edit(client, add_tags=[f"t{n}"]))["edit"]["id"] for n in range(3)]
    page = (await client.get("/api/bulk-edits", params={"limit": 2})).json()
    rest = (await client.get("/api/bulk-edits", params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [one["id"] for one in page["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None
    assert (await client.get("/api/bulk-edits", params={"cursor": "x"})).status_code == 422


async def test_another_organization_edits_sees_and_undoes_nothing(client, stranger, crowd):
    people = (await client.get("/api/people")).json()["items"]
    numbers = [one["contact_id"] for one in (await client.get("/api/contacts")).json()["items"]]
    assert (await edit(stranger, ids=[one["id"] for one in people], add_tags=["x"], set={"title": "x"}))["matched"] == 0
    assert (await edit(stranger, "contacts", ids=numbers, add_tags=["x"]))["matched"] == 0
    assert (await edit(stranger, add_tags=["x"]))["matched"] == 0
    done = await edit(client, add_tags=["ours"])
    assert (await stranger.get(f"/api/bulk-edits/{done['edit']['id']}")).status_code == 404
    assert (await stranger.post(f"/api/bulk-edits/{done['edit']['id']}/undo")).status_code == 404
    assert len((await stranger.get("/api/bulk-edits")).json()["items"]) == 3
    assert await tags(client) == {"ana": ["vip", "ours"], "bo": ["ours"], "cy": ["ours"], "dim": ["ours"]}


async def test_viewers_see_edits_and_make_none(client, as_role, crowd):
    done = await edit(client, add_tags=["x"])
    viewer = await as_role("viewer")
    assert (await viewer.get("/api/bulk-edits")).status_code == 200
    await edit(viewer, add_tags=["y"], status=403)
    await undo(viewer, done, 403)


async def test_an_import_taken_back_takes_the_traces_of_bulk_edits_with_it(client, bring, organization):
    number = await bring(ANA)
    done = await edit(client, add_tags=["x"])
    await undo(client, done)
    async with tenancy.transaction(organization, tenancy.Actor("job", "revert")) as connection:
        report = await connection.fetchval("SELECT intake.f_revert_import($1, false)", number)
    assert report["deleted"]["person"] == 1
    assert (await client.get("/api/bulk-edits")).json()["items"][0]["state"] == "undone"
