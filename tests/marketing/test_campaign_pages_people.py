"""Whom a campaign is for, its settings, and everyone in it."""

from uuid import UUID

import pytest

from .pages import HTML, HTMX, NOTHING, made, post, text, words
from .test_campaign_pages import a_ready_one
from .test_campaigns import do, everyone


async def a_list(client, *people):
    """A list of these people."""
    made = (await client.post("/api/lists", json={"name": "Spring fair"})).json()["id"]
    await client.post(f"/api/lists/{made}/people", json={"ids": [str(one) for one in people]})
    return made


async def test_people_are_counted_as_one_chooses_each_once(signed_in, client, add_person):
    ana = await add_person("ana@one.example")
    await add_person("bo@one.example")
    owner = await signed_in()
    path, fair, every = await made(owner), await a_list(client, ana), await everyone(client)
    answer = await owner.post(f"{path}/people/count", data={"lists": fair, "segments": every}, headers=HTMX)
    part = words(answer.text)
    assert "2 people chosen, 1 of them in more than one place and counted once." in part
    assert "Spring fair: 1, Everyone: 2" in part
    whole = words((await post(owner, f"{path}/people/count", {"lists": fair}, 200)).text)
    assert "1 person chosen" in whole
    assert (await client.get(f"/api{path}")).json()["lists"] == []
    assert "Nobody is chosen." in words((await owner.post(f"{path}/people/count", headers=HTMX)).text)


async def test_looking_at_everyone_says_who_is_left_out_and_why(signed_in, client, add_person):
    await add_person("ana@one.example")
    await add_person("bo@one.example", status="bounced")
    await add_person("cy@one.example", status="unsubscribed")
    owner = await signed_in()
    path = await made(owner)
    assert "Nobody is enrolled yet" in await text(owner, f"{path}/people")
    every = await everyone(client)
    await post(owner, f"{path}/people", {"segments": every, "do": "resolve"})
    page = await text(owner, f"{path}/people")
    assert "3 people were chosen when people were enrolled last" in page
    assert "1 person of 3 may be written to, 2 are left out; 1 person added" in page
    assert "Bounced Every address of theirs bounced. 1" in page
    assert "Unsubscribed They unsubscribed, with any of their addresses. 1" in page
    assert (await client.get(f"/api{path}")).json()["state"] == "ready"


async def test_a_choice_is_kept_without_looking(signed_in, client, add_person):
    await add_person("ana@one.example")
    owner, every = await signed_in(), await everyone(client)
    path = await made(owner)
    await post(owner, f"{path}/people", {"segments": every, "do": "keep"})
    there = (await client.get(f"/api{path}")).json()
    assert (there["segments"], there["state"]) == ([every], "draft")
    page = (await owner.get(f"{path}/people", headers=HTML)).text
    assert f'value="{every}" checked' in page
    assert 'hx-trigger="load, change' in page  # and counted, without a click
    assert "Choose lists and segments to see" not in page


async def test_who_has_no_lists_is_told_where_to_make_one(signed_in):
    owner = await signed_in()
    assert "No lists or segments yet" in await text(owner, f"{await made(owner)}/people")


async def test_a_choice_of_what_is_not_there_is_refused(signed_in, client):
    owner = await signed_in()
    path = await made(owner)
    assert "names one that is not there" in words((await post(owner, f"{path}/people", {"lists": NOTHING}, 422)).text)
    assert "what is no id" in words((await post(owner, f"{path}/people", {"lists": "all"}, 422)).text)
    await post(owner, f"{path}/people/count", {"segments": NOTHING}, 404)
    await post(owner, f"{path}/people/count", {"segments": "all"}, 303)


SETTINGS = {
    "name": "Q1 push", "type": "nurture", "namespace": "playmaker", "owner_user_id": "", "time_zone": "Europe/Madrid",
    "window_start": "08:30", "window_end": "00:00", "window_days": ["1", "7"], "daily_limit": "40", "rotation": "health",
    "verification_mode": "verified_only", "tracks_opens": "on", "stops_at_same_company": "on", "starts_at": "2099-07-01T09:00",
}  # fmt: skip


async def test_settings_are_saved_and_shown_as_they_were_typed(signed_in, client, scene):
    mailbox = str(await scene.mailbox(email="kim@sender.example"))
    owner = await signed_in()
    path = await made(owner)
    page = await text(owner, f"{path}/settings")
    assert "kim@sender.example" in page
    assert "Ana Lima" in page  # may own it
    await scene.run(
        "UPDATE sending.mailboxes SET warmup_status = 'active', warmup_started_on = current_date, warmup_from = 7 "
        "WHERE id = $1::text::uuid",
        mailbox,
    )
    assert "It is warming up: 7 today." in await text(owner, f"{path}/settings")
    await post(owner, f"{path}/settings", {**SETTINGS, "mailboxes": mailbox})
    there = (await client.get(f"/api{path}")).json()
    wanted = {"name": "Q1 push", "window_start": "08:30", "window_end": "24:00", "window_days": [1, 7], "daily_limit": 40,
              "rotation": "health", "tracks_opens": True, "tracks_clicks": False, "stops_at_same_company": True,
              "starts_at": "2099-07-01T07:00:00Z", "owner_user_id": None}  # fmt: skip
    assert {name: there[name] for name in wanted} == wanted
    assert [one["id"] for one in there["mailboxes"]] == [mailbox]
    again = (await owner.get(f"{path}/settings", headers=HTML)).text
    assert 'value="2099-07-01T09:00"' in again
    assert 'name="window_end" type="time" value="00:00"' in again


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "Name must have 1 to 255 characters."),
        ("time_zone", "Mars/Base", "time zone"),
        ("window_end", "08:00", "it must end after 08:30"),
        ("window_days", [], "one at least"),
        ("window_days", ["x"], "is no whole number"),
        ("daily_limit", "many", "is no whole number"),
        ("daily_limit", "0", "it must be 1 or more"),
        ("starts_at", "soon", "is no date and time"),
        ("rotation", "dice", "must be one of"),
        ("owner_user_id", NOTHING, "is nobody who works on campaigns here"),
        ("mailboxes", NOTHING, "names one that is not there"),
    ],
)
async def test_settings_that_cannot_be_are_refused_with_what_was_typed(signed_in, client, field, value, told):
    owner = await signed_in()
    path = await made(owner)
    answer = await post(owner, f"{path}/settings", {**SETTINGS, field: value}, 422)
    assert told in words(answer.text)
    assert (await client.get(f"/api{path}")).json()["name"] == "Q4 push"


async def test_settings_of_a_running_campaign_say_for_whom_they_change(signed_in, client, scene, add_person):
    await add_person("ana@one.example")
    owner, path = await signed_in(), await a_ready_one(client, scene)
    await do(client, f"/api{path}", "start")
    assert "from the next message on, for 1 person with something still to come" in await text(owner, f"{path}/settings")
    assert "This campaign is running. Who is new joins it" in await text(owner, f"{path}/people")


async def test_recipients_say_where_each_stands_and_why(signed_in, client, scene, add_person):
    await add_person("ana@one.example")
    await add_person("bo@one.example", first_name="Bo", status="bounced")
    owner, path = await signed_in(), await a_ready_one(client, scene)
    page = (await owner.get(f"{path}/recipients", headers=HTML)).text
    assert "Waiting to begin" in page
    assert "Left out" in page
    assert f"/messages?campaign={path.rpartition('/')[2]}&amp;q=ana%40one.example" in page or "/messages?campaign=" in page
    only = await text(owner, f"{path}/recipients?state=excluded&reason=bounced")
    assert "Bo Lima" in only
    assert "ana@one.example" not in only
    part = words((await owner.get(f"{path}/recipients", params={"q": "ANA"}, headers=HTMX)).text)
    assert "Ana Lima" in part
    assert "Bo Lima" not in part
    assert "Nobody like that" in await text(owner, f"{path}/recipients?q=nobody")
    await text(owner, f"{path}/recipients?state=lost", 422)


async def test_a_reason_is_offered_once_and_finds_who_is_left_out_and_who_is_stopped(signed_in, client, scene, add_person):
    await add_person("ana@one.example")
    await add_person("bo@one.example", first_name="Bo", status="bounced")
    owner, path = await signed_in(), await a_ready_one(client, scene)
    await scene.run("UPDATE marketing.enrollments SET state = 'stopped', reason = 'bounce', next_step = NULL WHERE state = 'ready'")
    page = (await owner.get(f"{path}/recipients", headers=HTML)).text
    reasons = page.partition('name="reason"')[2].partition("</select>")[0]
    assert reasons.count(">Bounced</option>") == 1
    for reason in ("bounced", "bounce"):
        found = (await owner.get(f"{path}/recipients?reason={reason}", headers=HTML)).text
        assert "ana@one.example" in words(found)
        assert "bo@one.example" in words(found)
        assert 'value="bounced" selected' in found
    assert "ana@one.example" not in await text(owner, f"{path}/recipients?state=excluded&reason=bounced")


async def test_who_has_a_message_in_the_queue_is_queued_with_a_way_to_it(signed_in, client, scene, add_person):
    await add_person("ana@one.example")
    owner, path = await signed_in(), await a_ready_one(client, scene)
    await scene.run("UPDATE marketing.enrollments SET state = 'active', next_at = NULL")
    page = (await owner.get(f"{path}/recipients", headers=HTML)).text
    assert f'<a href="/messages?campaign={path.rpartition("/")[2]}&amp;q=ana%40one.example">Queued</a>: step 1' in page


async def test_recipients_go_on_over_pages(signed_in, scene):
    campaign = await scene.campaign()
    await scene.enroll(campaign, 51)
    owner = await signed_in()
    page = (await owner.get(f"/campaigns/{campaign}/recipients", headers=HTML)).text
    assert page.count('class="cell-name"') == 50
    following = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert (await owner.get(following, headers=HTML)).text.count('class="cell-name"') == 1


async def test_one_recipient_is_stopped(signed_in, client, scene, add_person):
    await add_person("ana@one.example")
    owner, path = await signed_in(), await a_ready_one(client, scene)
    [ana] = (await client.get(f"/api{path}/enrollments")).json()["items"]
    await post(owner, f"{path}/recipients/{ana['id']}/stop")
    found = await text(owner, f"{path}/recipients")
    assert "Stopped By hand" in found
    await post(owner, f"{path}/recipients/{ana['id']}/stop")
    assert "Nothing comes to them any more: they are stopped." in await text(owner, f"{path}/recipients")
    await post(owner, f"{path}/recipients/{NOTHING}/stop", status=404)


async def test_an_empty_campaign_says_how_people_come_in(signed_in):
    owner = await signed_in()
    assert "Nobody is in it yet" in await text(owner, f"{await made(owner)}/recipients")


async def test_who_is_paused_goes_on(signed_in, client, scene, add_person):
    await add_person("ana@one.example")
    owner, path = await signed_in(), await a_ready_one(client, scene)
    [ana] = (await client.get(f"/api{path}/enrollments")).json()["items"]
    await post(owner, f"{path}/recipients/{ana['id']}/resume")
    assert "Only who is paused can go on: they are ready." in await text(owner, f"{path}/recipients")
    await scene.run(
        "UPDATE marketing.enrollments SET state = 'paused', reason = 'somebody at the same company answered' WHERE id = $1", UUID(ana["id"])
    )
    assert "Paused A colleague replied" in await text(owner, f"{path}/recipients")
    await post(owner, f"{path}/recipients/{ana['id']}/resume")
    [there] = (await client.get(f"/api{path}/enrollments")).json()["items"]
    assert (there["state"], there["reason"], there["next_step"]) == ("ready", None, 1)
    assert (await client.post(f"/api{path}/enrollments/{ana['id']}/resume")).status_code == 409
