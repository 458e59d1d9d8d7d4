"""Campaigns: written, resolved, checked, started, paused, resumed, cancelled."""

import pytest

from outrider.kit import public_address
from outrider.kit.public_address import Demo

HELLO = {"variants": [{"subject": "About {{ company }}", "body": "<p>Hi {{ first_name }}</p>"}]}
AGAIN = {"delay": 3, "delay_unit": "days", "variants": [{"subject": "Again", "body": "<p>{{ lead_owner }}</p>"}]}
CALL = {"channel": "phone", "delay": 1, "instructions": "Call {{ first_name | name }}"}


async def make(client, **settings):
    answer = await client.post("/api/campaigns", json={"name": "Q4 push", **settings})
    assert answer.status_code == 201, answer.text
    return f"/api/campaigns/{answer.json()['campaign_id']}"


async def write(client, path, *steps):
    answer = await client.put(f"{path}/steps", json={"steps": list(steps)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def everyone(client):
    return (await client.post("/api/segments", json={"name": "Everyone", "filters": {}})).json()["id"]


async def do(client, path, what, **body):
    answer = await client.post(f"{path}/{what}", json=body or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ready(client, scene, *steps, **settings):
    """A campaign for everyone with all that it needs, resolved."""
    await scene.run("UPDATE tenancy.organizations SET physical_address = 'Calle 1, Madrid' WHERE id = kit.f_organization()")
    mailbox = await scene.mailbox()
    path = await make(client, segments=[await everyone(client)], mailboxes=[str(mailbox)], **settings)
    await write(client, path, *(steps or (HELLO,)))
    await do(client, path, "resolve")
    return path


async def codes(client, path):
    found = (await client.get(f"{path}/preflight")).json()
    return found["can_start"], {one["code"] for one in found["problems"]}


async def test_a_campaign_goes_to_the_namespace_that_its_name_says(client):
    await client.post("/api/namespaces", json={"name": "acme-corp", "keywords": ["ACME"]})
    routed = (await client.post("/api/campaigns", json={"name": "Q4 acme push"})).json()
    given = (await client.post("/api/campaigns", json={"name": "Q4 acme push", "namespace": "playmaker"})).json()
    assert (routed["namespace"], given["namespace"], routed["state"]) == ("acme-corp", "playmaker", "draft")


async def test_settings_are_changed_in_parts(client):
    path = await make(client, daily_limit=10, window_end="24:00")
    changed = (await client.patch(path, json={"daily_limit": None, "window_days": [7, 1]})).json()
    assert (changed["daily_limit"], changed["window_days"], changed["window_end"], changed["name"]) == (None, [1, 7], "24:00", "Q4 push")
    assert [one["name"] for one in (await client.get("/api/campaigns", params={"state": "draft"})).json()["items"]] == ["Q4 push"]
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"name": " "}, "name"),
        ({"type": "spam"}, "type"),
        ({"namespace": "nobody"}, "namespace"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"window_start": "18:00"}, "window_end"),
        ({"window_start": "25:00"}, "window_start"),
        ({"window_days": []}, "window_days"),
        ({"window_days": [8]}, "window_days"),
        ({"daily_limit": 0}, "daily_limit"),
        ({"rotation": "dice"}, "rotation"),
        ({"owner_user_id": "0193a512-0000-7000-8000-00000000dead"}, "owner_user_id"),
        ({"verification_mode": None}, "verification_mode"),
        ({"starts_at": "2026-12-01T08:00:00"}, "starts_at"),
        ({"lists": ["0193a512-0000-7000-8000-00000000dead"]}, "lists"),
        ({"segments": ["0193a512-0000-7000-8000-00000000dead"]}, "segments"),
        ({"mailboxes": ["0193a512-0000-7000-8000-00000000dead"]}, "mailboxes"),
    ],
)
async def test_settings_that_cannot_be_are_refused_by_name(client, settings, field):
    refused = await client.post("/api/campaigns", json={"name": "x", **settings})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text


async def test_another_organizations_audience_and_mailboxes_are_not_there(client, stranger, scene):
    segment, mailbox = await everyone(client), str(await scene.mailbox())
    for settings in ({"segments": [segment]}, {"mailboxes": [mailbox]}):
        assert (await stranger.post("/api/campaigns", json={"name": "x", **settings})).status_code == 422


async def test_opens_clicks_and_replies_are_followed_where_that_is_asked(client):
    wanted = {"tracks_opens": True, "tracks_clicks": True, "stops_at_same_company": True}
    path = await make(client, **wanted)
    assert wanted.items() <= (await client.get(path)).json().items()
    conditions = ["always", "no_reply", "no_open", "no_click"]
    kept = await write(client, path, *({**HELLO, "condition": one} for one in conditions))
    assert [one["condition"] for one in kept["steps"]] == conditions


async def test_steps_that_stay_in_their_place_keep_their_ids(client):
    path = await make(client)
    first = (await write(client, path, HELLO, AGAIN))["steps"]
    second = (await write(client, path, {**HELLO, "is_reply": False}, AGAIN, CALL))["steps"]
    assert [one["id"] for one in second[:2]] == [one["id"] for one in first]
    assert second[0]["variants"][0]["id"] == first[0]["variants"][0]["id"]
    assert [one["channel"] for one in (await client.get(path)).json()["steps"]] == ["email", "email", "phone"]
    assert len((await write(client, path, HELLO))["steps"]) == 1


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"channel": "pigeon"}, "steps.0.channel"),
        ({"delay": 1}, "steps.0.delay"),
        ({"condition": "maybe"}, "steps.0.condition"),
        ({"channel": "phone", "variants": [{"subject": "x"}]}, "steps.0.variants"),
        ({"variants": [{"label": "A"}, {"label": "A"}]}, "steps.0.variants"),
        ({"variants": [{"weight": 0}]}, "steps.0.variants"),
        ({"variants": [{"body": "{{ a b"}]}, "steps.0.body"),
        ({"variants": [{"template_id": "0193a512-0000-7000-8000-00000000dead"}]}, "template_id"),
    ],
)
async def test_steps_that_cannot_be_are_refused_by_name(client, step, field):
    refused = await client.put(f"{await make(client)}/steps", json={"steps": [step]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_resolve_leaves_out_with_the_reason_who_may_not_be_written_to(client, add_person, scene):
    await add_person("fine@one.example")
    await add_person("bounced@one.example", status="bounced")
    await add_person("moved@one.example", ("new@one.example", {}), status="bounced")
    await add_person("gone@one.example", status="inactive")
    await add_person("no@one.example", ("also@one.example", {"status": "unsubscribed"}))
    await add_person("wrong@one.example", verification="invalid")
    await add_person("complained@one.example", status="unsubscribed")
    await add_person("never@one.example")
    await scene.run("INSERT INTO people.master (email) VALUES ('none@one.example')")
    await scene.run(
        "INSERT INTO sending.suppressions (kind, value_hash, reason) "
        "VALUES ('address', sending.f_hash('complained@one.example'), 'complaint'), "
        "('address', sending.f_hash('never@one.example'), 'manual')"
    )
    path = await make(client, segments=[await everyone(client)])
    await write(client, path, HELLO)
    excluded = {"bounced": 1, "inactive": 1, "unsubscribed": 1, "invalid": 1, "suppressed": 1, "no_address": 1, "complained": 1}
    assert await do(client, path, "resolve") == {"total": 9, "excluded": excluded, "eligible": 2, "inserted": 2}
    page = (await client.get(f"{path}/enrollments", params={"state": "ready"})).json()["items"]
    assert sorted((one["email"], one["next_step"]) for one in page) == [("fine@one.example", 1), ("new@one.example", 1)]
    assert (await client.get(path)).json()["state"] == "ready"


async def test_names_are_as_long_as_the_seeds_may_be(client):
    path = await make(client, name="x" * 255)
    copied = (await client.post(f"{path}/duplicate")).json()["name"]
    assert (copied.startswith("Copy of x"), len(copied)) == (True, 255)
    assert (await client.post("/api/campaigns", json={"name": "x" * 256})).status_code == 422


async def test_resolve_again_takes_only_who_is_new_and_looks_at_the_excluded_anew(client, add_person, scene):
    await add_person("ana@one.example")
    await add_person("bo@one.example", status="bounced")
    path = await make(client, segments=[await everyone(client)])
    await write(client, path, HELLO)
    first = await do(client, path, "resolve")
    assert await do(client, path, "resolve") == {**first, "inserted": 0}
    await add_person("cy@one.example")
    await scene.run("UPDATE vault.contacts SET status = 'active' WHERE email = 'bo@one.example' AND organization_id = kit.f_organization()")
    assert await do(client, path, "resolve") == {"total": 3, "excluded": {}, "eligible": 3, "inserted": 2}
    assert await scene.value("SELECT count(*) FROM marketing.enrollments WHERE organization_id = kit.f_organization()") == 3


async def test_who_left_the_audience_before_the_start_is_left_out(client, add_person):
    ana = await add_person("ana@one.example")
    made = (await client.post("/api/lists", json={"name": "Fair"})).json()["id"]
    await client.post(f"/api/lists/{made}/people", json={"ids": [str(ana)]})
    path = await make(client, lists=[made])
    await do(client, path, "resolve")
    await client.post(f"/api/lists/{made}/people/remove", json={"ids": [str(ana)]})
    assert (await do(client, path, "resolve"))["total"] == 0
    page = (await client.get(f"{path}/enrollments")).json()["items"]
    assert [(one["state"], one["reason"]) for one in page] == [("excluded", "left_audience")]


async def test_only_verified_addresses_are_taken_where_that_is_asked(client, add_person):
    for state in ("valid", "catchall", "unknown", "invalid", None):
        await add_person(f"{state or 'not-asked'}@one.example", verification=state)
    path = await make(client, segments=[await everyone(client)], verification_mode="verified_only")
    excluded = {"not_verified": 2, "invalid": 1}
    assert await do(client, path, "resolve") == {"total": 5, "excluded": excluded, "eligible": 2, "inserted": 2}
    taken = (await client.get(f"{path}/enrollments", params={"state": "ready"})).json()["items"]
    assert {one["email"] for one in taken} == {"valid@one.example", "catchall@one.example"}


async def test_the_preflight_names_everything_that_is_missing(client, add_person, scene):
    await add_person("ana@one.example")
    path = await make(client)
    assert await codes(client, path) == (False, {"no_steps", "no_audience", "no_physical_address"})
    mailbox = await scene.mailbox(state="failing", state_reason="535 wrong password")
    await write(client, path, {"variants": []}, {"variants": [{"subject": "x"}]}, {"channel": "linkedin"})
    await client.patch(path, json={"segments": [await everyone(client)]})
    missing = {"no_text", "no_instructions", "no_mailbox", "not_resolved", "no_physical_address", "replies_not_read"}
    assert await codes(client, path) == (False, missing)
    await client.patch(path, json={"mailboxes": [str(mailbox)]})
    await do(client, path, "resolve")
    assert (await codes(client, path))[1] == missing - {"no_mailbox", "not_resolved"} | {"no_working_mailbox"}
    refused = await client.post(f"{path}/start")
    assert (refused.status_code, "535 wrong password" in refused.json()["detail"]) == (409, True)


async def test_no_campaign_starts_whose_mail_would_have_no_unsubscribe_link(client, add_person, scene):
    await add_person("ana@one.example")
    path = await ready(client, scene)
    public_address.configure("http://localhost:8080", Demo("127.0.0.1", 1025, "http://localhost:8080"))
    assert await codes(client, path) == (False, {"no_unsubscribe_link", "missing_variable"})
    refused = await client.post(f"{path}/start")
    assert (refused.status_code, "OUTRIDER_PUBLIC_URL" in refused.json()["detail"]) == (409, True)
    linked = await scene.mailbox(tracking_domain="links.one.example")
    demo = await scene.mailbox(smtp_port=1025)
    await client.patch(path, json={"mailboxes": [str(linked), str(demo)]})
    assert (await do(client, path, "start"))["state"] == "sending"


async def test_the_preflight_counts_who_lacks_a_variable(client, add_person, scene):
    await add_person("ana@one.example", custom_fields={"Lead Owner": "Kim"})
    await add_person("bo@one.example", first_name=None, custom_fields={"leadOwner": " "})
    text = "{{ first_name }} {{ lead_owner }} {{ company | default('you') }} {{ title | name }}"
    path = await ready(client, scene, {"variants": [{"subject": "Hi", "body": text}]})
    found = (await client.get(f"{path}/preflight")).json()
    lacking = [(one["code"], one["people"], one["step"], one["blocks"]) for one in found["problems"]]
    assert lacking == [("missing_variable", 1, 1, False)] * 2
    assert found["can_start"] is True


async def test_the_preflight_says_what_becomes_of_who_lacks_a_variable_by_kind_of_step(client, add_person, scene):
    await add_person("ana@one.example", title=None)
    call = {"channel": "phone", "instructions": "Call about {{ company_domain }} and {{ lead_owner }}"}
    path = await ready(client, scene, {"variants": [{"subject": "Hi", "body": "{{ lead_owner }} {{ industry }}"}]}, call)
    found = (await client.get(f"{path}/preflight")).json()
    told = {one["message"].split(" no ")[1].split(",")[0]: one["message"].split("stands in for it: ")[1] for one in found["problems"]}
    assert told == {
        "lead_owner": "their messages will wait for a person, and their tasks will lack it",
        "industry": "their messages will wait for a person",
        "company_domain": "their tasks will lack it",
    }


async def test_a_dry_run_shows_what_people_would_get_and_when(client, add_person, scene):
    await add_person("ana@one.example", custom_fields={"Lead Owner": "Kim"})
    hello = {"variants": [{"subject": "{Hi|Hello} {{ first_name }}", "body": "<p>{{ company }}</p>"}]}
    path = await ready(client, scene, hello, AGAIN, CALL)
    planned = (await do(client, path, "dry-run", people=5))["items"]
    assert [(one["step"], one["missing"], one["subject"]) for one in planned] == [(1, "company", None), (2, None, "Again"), (3, None, None)]
    assert planned[1]["html"] == "<p>Kim</p>"
    assert planned[2]["text"] == "Call Ana"
    assert planned[0]["planned_at"] < planned[1]["planned_at"] < planned[2]["planned_at"]
    again = (await do(client, path, "dry-run", people=5))["items"]
    assert [{**one, "planned_at": None} for one in again] == [{**one, "planned_at": None} for one in planned]
    assert await scene.value("SELECT count(*) FROM sending.messages WHERE organization_id = kit.f_organization()") == 0


async def test_a_dry_run_wants_a_resolved_campaign(client):
    path = await make(client)
    assert (await client.post(f"{path}/dry-run")).status_code == 409
    assert (await client.post(f"{path}/dry-run", json={"people": 21})).status_code == 422


async def test_a_campaign_starts_pauses_goes_on_and_ends(client, add_person, scene):
    await add_person("ana@one.example")
    path = await ready(client, scene)
    assert (await do(client, path, "start"))["state"] == "sending"
    paused = await do(client, path, "pause", reason="new price list")
    assert (paused["state"], paused["paused_reason"]) == ("paused", "new price list")
    assert (await do(client, path, "resume"))["state"] == "sending"
    assert (await do(client, path, "cancel"))["state"] == "cancelled"
    whole = (await client.get(path)).json()
    assert [one["to_state"] for one in whole["history"]] == ["cancelled", "sending", "paused", "sending", "ready"]
    assert whole["history"][2]["reason"] == "new price list"
    assert whole["history"][0]["changed_by"].startswith("key:")
    assert whole["enrollments"] == {"stopped": 1}
    for what in ("start", "pause", "resume", "cancel", "resolve"):
        assert (await client.post(f"{path}/{what}")).status_code == 409
    assert (await client.patch(path, json={"name": "x"})).status_code == 409


async def test_a_campaign_for_later_is_scheduled(client, add_person, scene):
    await add_person("ana@one.example")
    path = await ready(client, scene, starts_at="2099-01-01T08:00:00Z")
    assert (await do(client, path, "start"))["state"] == "scheduled"
    assert (await do(client, path, "pause"))["state"] == "paused"
    assert (await do(client, path, "resume"))["state"] == "scheduled"


async def test_a_start_takes_the_time_to_start_at(client, add_person, scene):
    await add_person("ana@one.example")
    path = await ready(client, scene)
    for wrong in ({"starts_at": "2020-01-01T08:00:00Z"}, {"starts_at": "2099-01-01T08:00:00"}, {"at": "2099-01-01T08:00:00Z"}):
        assert (await client.post(f"{path}/start", json=wrong)).status_code == 422, wrong
    started = await do(client, path, "start", starts_at="2099-01-01T08:00:00Z")
    assert (started["state"], started["starts_at"]) == ("scheduled", "2099-01-01T08:00:00Z")
    assert (await client.patch(path, json={"starts_at": None})).status_code == 422


ALWAYS = {"window_start": "00:00", "window_end": "24:00", "window_days": [1, 2, 3, 4, 5, 6, 7]}


@pytest.mark.parametrize("how", ["its settings", "the start"])
async def test_a_campaign_that_was_for_later_and_starts_now_sends_now(client, add_person, scene, how):
    await add_person("ana@one.example")
    path = await ready(client, scene, starts_at="2099-01-01T08:00:00Z", **ALWAYS)
    if how == "its settings":
        await client.patch(path, json={"starts_at": None})
    assert (await client.post(f"{path}/start", json={"starts_at": None})).json()["state"] == "sending"
    assert (await scene.run("SELECT * FROM sending.f_plan()"))[0]["planned"] == 1


async def test_a_body_that_nothing_reads_is_refused(client, add_person, scene):
    await add_person("ana@one.example")
    path = await ready(client, scene)
    for what in ("resolve", "resume", "cancel", "duplicate"):
        refused = await client.post(f"{path}/{what}", json={"starts_at": "2099-01-01T08:00:00Z"})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "body"), what
    assert (await client.request("DELETE", path, json={"why": "x"})).status_code == 422
    assert (await client.get(path)).json()["state"] == "ready"
    assert (await client.post(f"{path}/duplicate", json={})).status_code == 201


async def test_what_is_started_is_planned_by_the_ledger(client, add_person, scene):
    await add_person("ana@one.example")
    path = await ready(client, scene, **ALWAYS)
    await do(client, path, "start")
    assert (await scene.run("SELECT * FROM sending.f_plan()"))[0]["planned"] == 1


async def test_new_steps_say_for_whom_they_change_something_before_they_do(client, add_person, scene):
    await add_person("ana@one.example")
    await add_person("bo@one.example")
    path = await ready(client, scene, HELLO, AGAIN)
    await do(client, path, "start")
    await scene.run("UPDATE marketing.enrollments SET next_step = 2, state = 'active' WHERE email = 'ana@one.example'")
    ids = [one["id"] for one in (await client.get(path)).json()["steps"]]
    body = {"steps": [{"id": ids[0], "variants": [{"subject": "New", "body": "x"}]}, {**AGAIN, "id": ids[1]}, CALL], "dry_run": True}
    told = (await client.put(f"{path}/steps", json=body)).json()
    assert told["changes"] == [{"kind": "changed", "position": 1, "people": 1}, {"kind": "new", "position": 3, "people": 2}]
    assert len((await client.get(path)).json()["steps"]) == 2


async def test_a_campaign_that_somebody_is_in_is_not_deleted(client, add_person):
    await add_person("ana@one.example")
    path = await make(client, segments=[await everyone(client)])
    await do(client, path, "resolve")
    assert (await client.delete(path)).status_code == 409


async def test_another_audience_makes_a_draft_again_of_what_was_ready(client, add_person, scene):
    await add_person("ana@one.example")
    path = await ready(client, scene)
    assert (await client.patch(path, json={"daily_limit": 5})).json()["state"] == "ready"
    assert (await client.patch(path, json={"segments": []})).json()["state"] == "draft"


async def test_a_copy_says_the_same_to_the_same_people_and_nobody_is_in_it(client, add_person, scene):
    await add_person("ana@one.example")
    path = await ready(client, scene, HELLO, CALL, daily_limit=7, starts_at="2099-01-01T08:00:00Z")
    made = (await client.post(f"{path}/duplicate")).json()
    assert (made["name"], made["state"], made["daily_limit"], made["starts_at"]) == ("Copy of Q4 push", "draft", 7, None)
    first, copy = (await client.get(path)).json(), (await client.get(f"/api/campaigns/{made['campaign_id']}")).json()
    said = [[{**variant, "id": None} for variant in step["variants"]] for step in first["steps"]]
    assert [[{**variant, "id": None} for variant in step["variants"]] for step in copy["steps"]] == said
    assert (copy["segments"], copy["mailboxes"], copy["enrollments"]) == (first["segments"], first["mailboxes"], {})


async def test_one_person_is_stopped_and_the_others_go_on(client, add_person, scene):
    await add_person("ana@one.example")
    await add_person("bo@one.example")
    path = await ready(client, scene)
    [ana] = (await client.get(f"{path}/enrollments", params={"q": "ANA@"})).json()["items"]
    assert (await client.post(f"{path}/enrollments/{ana['id']}/stop")).status_code == 204
    stopped = (await client.get(f"{path}/enrollments", params={"reason": "manual"})).json()["items"]
    assert [(one["email"], one["state"]) for one in stopped] == [("ana@one.example", "stopped")]
    assert (await client.post(f"{path}/enrollments/{ana['id']}/stop")).status_code == 409
    assert (await client.get(path)).json()["enrollments"] == {"ready": 1, "stopped": 1}


async def test_a_condition_on_what_is_not_tracked_is_named(client, add_person, scene):
    await add_person("ana@one.example")
    path = await ready(client, scene, HELLO, {**AGAIN, "condition": "no_open", "variants": [{"subject": "x", "body": "y"}]})
    assert (await codes(client, path))[1] == {"missing_variable", "opens_not_tracked", "replies_not_read"}
    await client.patch(path, json={"tracks_opens": True})
    assert "opens_not_tracked" not in (await codes(client, path))[1]
