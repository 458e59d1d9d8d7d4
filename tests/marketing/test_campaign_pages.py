"""The pages of campaigns: the list, a new one, the overview, and what becomes of one."""

import html
from datetime import UTC, datetime

import pytest

from .pages import HTML, HTMX, NOTHING, made, post, text, words, written
from .test_campaigns import HELLO, do, ready, write


async def a_ready_one(client, scene, *steps, **settings):
    """A campaign with all that it needs, resolved: its address among the pages."""
    return (await ready(client, scene, *steps, **settings)).removeprefix("/api")


async def test_an_organization_without_campaigns_is_told_what_to_do_next(signed_in):
    found = await text(await signed_in(), "/campaigns")
    assert "No campaigns yet" in found
    assert "New campaign" in found


async def test_the_list_shows_each_ones_state_and_figures(signed_in, scene, client):
    owner = await signed_in()
    await made(owner)
    await scene.campaign(name="Autumn", state="sending", target_count=398, sent_count=120, response_count=4, bounce_count=3)
    found = await text(owner, "/campaigns")
    assert "Autumn Sending 398 120 of 398 – – 4 3.3% 3 2.5%" in found
    assert "Q4 push playmaker Draft" in found
    only = await text(owner, "/campaigns?state=sending")
    assert "Autumn" in only
    assert "Q4 push" not in only
    assert "None like that" in await text(owner, "/campaigns?state=paused")
    await text(owner, "/campaigns?state=asleep", 422)


async def test_the_list_goes_on_over_pages(signed_in, scene):
    owner = await signed_in()
    await scene.run("INSERT INTO marketing.campaigns (name) SELECT 'Push ' || n FROM generate_series(1, 51) AS n")
    first = await owner.get("/campaigns", headers=HTML)
    assert first.text.count('id="campaign-0') == 50
    following = first.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert (await owner.get(following, headers=HTML)).text.count('id="campaign-0') == 1


async def test_what_runs_is_looked_at_again_and_again(signed_in, scene):
    owner = await signed_in()
    await made(owner)
    assert "every 5s" not in (await owner.get("/campaigns")).text
    await scene.campaign(state="sending")
    part = (await owner.get("/campaigns", headers=HTMX)).text
    assert "every 5s" in part
    assert "<html" not in part


async def test_the_overview_counts_on_while_the_campaign_is_sent(signed_in, scene):
    owner = await signed_in()
    assert "every 5s" not in (await owner.get(await made(owner), headers=HTML)).text
    figures = {"target_count": 398, "sent_count": 120, "response_count": 6, "unsubscribe_count": 3, "started_at": datetime.now(UTC)}
    path = f"/campaigns/{await scene.campaign(name='Autumn', state='sending', **figures)}"
    page = (await owner.get(path, headers=HTML)).text
    assert f'hx-get="{path}" hx-trigger="every 5s"' in page
    assert "Replied 6 5% of sent" in words(page)
    assert "Unsubscribed 3 2.5% of sent" in words(page)
    part = (await owner.get(path, headers=HTMX)).text
    assert "Replied 6 5% of sent" in words(part)
    assert "<h1" not in part


async def test_the_namespace_that_a_name_leads_to_is_said_while_it_is_typed(signed_in, client):
    await client.post("/api/namespaces", json={"name": "acme-corp", "keywords": ["ACME"]})
    owner = await signed_in()
    part = words((await owner.get("/campaigns/new", params={"name": "q4 acme"}, headers=HTMX)).text)
    assert "acme-corp , by the keyword ACME" in part
    assert "playmaker , which takes what no keyword claims" in await text(owner, "/campaigns/new?name=q4")
    answer = await post(owner, "/campaigns/new", {"name": "Q4 ACME push", "namespace": "", "type": "nurture"})
    assert "acme-corp" in await text(owner, answer.headers["location"].removesuffix("/steps"))
    chosen = await made(owner, name="Q4 ACME again", namespace="playmaker")
    assert "playmaker" in await text(owner, chosen)


async def test_a_campaign_without_a_name_is_asked_for_one(signed_in):
    answer = await post(await signed_in(), "/campaigns/new", {"name": " ", "type": "nurture"}, 422)
    assert "name must have 1 to 255 characters" in words(answer.text).lower()


async def test_the_overview_says_what_to_do_next(signed_in, add_person, scene, client):
    owner = await signed_in()
    path = await made(owner)
    empty = await text(owner, path)
    assert "There are no steps: write one." in empty
    assert "Nobody is chosen: add a list or a segment." in empty
    await written(owner, path)
    found = (await owner.get(path, headers=HTML)).text
    assert f'href="{path}/people"><svg' in found  # the button of what is next
    await add_person("ana@one.example")
    assert "Nothing is missing: look at what people will get" in await text(owner, await a_ready_one(client, scene))


async def test_the_overview_says_who_changed_the_state_when_and_why(signed_in, add_person, scene, client):
    await add_person("ana@one.example")
    owner = await signed_in()
    path = await a_ready_one(client, scene)
    await post(owner, f"{path}/start", {"when": "now"})
    await post(owner, f"{path}/pause", {"reason": "new price list"})
    found = await text(owner, path)
    assert "Paused: nothing is sent New price list." in found
    assert "Paused from sending, by Ana Lima" in found
    await post(owner, f"{path}/resume")
    assert "Sending from paused" in await text(owner, path)


async def test_a_campaign_is_cancelled_after_it_was_asked(signed_in, add_person, scene, client):
    await add_person("ana@one.example")
    owner, path = await signed_in(), await a_ready_one(client, scene)
    assert "1 person who would still be written to" in await text(owner, f"{path}/cancel")
    await post(owner, f"{path}/cancel")
    assert (await client.get(f"/api{path}")).json()["state"] == "cancelled"
    await post(owner, f"{path}/resume")
    assert "The campaign is cancelled; only one that is paused can be resumed." in await text(owner, path)


async def test_a_draft_is_deleted_after_it_was_asked_and_one_with_people_stays(signed_in, add_person, scene, client):
    await add_person("ana@one.example")
    owner = await signed_in()
    path = await made(owner)
    assert "This cannot be undone" in await text(owner, f"{path}/delete")
    assert (await post(owner, f"{path}/delete")).headers["location"] == "/campaigns"
    await text(owner, path, 404)
    other = await a_ready_one(client, scene)
    assert (await post(owner, f"{other}/delete")).headers["location"] == other
    await text(owner, other)


async def test_a_campaign_is_duplicated(signed_in, client, scene, add_person):
    await add_person("ana@one.example")
    owner, path = await signed_in(), await a_ready_one(client, scene)
    answer = await post(owner, f"{path}/duplicate")
    assert "Copy of Q4 push Draft" in await text(owner, answer.headers["location"])


async def test_a_campaign_is_started_at_a_time(signed_in, client, scene, add_person):
    await add_person("ana@one.example")
    owner, path = await signed_in(), await a_ready_one(client, scene, time_zone="Europe/Madrid")
    for wrong in ("", "2020-01-01T08:00", "tomorrow"):
        await post(owner, f"{path}/start", {"when": "later", "starts_at": wrong})
        assert (await client.get(f"/api{path}")).json()["state"] == "ready"
    await post(owner, f"{path}/start", {"when": "later", "starts_at": "2099-01-01T08:00"})
    there = (await client.get(f"/api{path}")).json()
    assert (there["state"], there["starts_at"]) == ("scheduled", "2099-01-01T07:00:00Z")


async def test_the_check_names_what_is_missing_with_a_way_to_mend_it(signed_in):
    owner = await signed_in()
    path = await made(owner)
    page = (await owner.get(f"{path}/check", headers=HTML)).text
    assert "3 things are missing" in words(page)
    for href in (f"{path}/steps", f"{path}/people", "/settings/organization"):
        assert f'href="{href}"' in page
    assert "Start the campaign" not in page
    answer = await post(owner, f"{path}/start", {"when": "now"})
    assert answer.headers["location"] == f"{path}/check"


@pytest.mark.parametrize("state", ["completed", "cancelled"])
async def test_a_campaign_that_is_over_lacks_nothing_and_leads_to_its_report(signed_in, scene, client, state):
    owner = await signed_in()
    path = f"/campaigns/{await scene.campaign(state=state)}"
    page = (await owner.get(f"{path}/check", headers=HTML)).text
    assert "This campaign is over" in words(page)
    assert f'href="{path}/report"><span>See the report' in page
    assert "missing" not in words(page)
    overview = await text(owner, path)
    assert "Set-up" in overview
    assert "What to do" not in overview
    assert "may be written to" not in overview
    found = (await client.get(f"/api{path}/preflight")).json()
    assert (found["can_start"], [one["code"] for one in found["problems"]]) == (False, ["over"])


async def test_the_check_shows_what_people_will_get_and_starts(signed_in, add_person, client, scene):
    await add_person("ana@one.example")
    owner = await signed_in()
    hello = {"variants": [{"subject": "Hello {{ first_name }}", "body": "<p>How is {{ company | 'work' }}?</p>"}]}
    path = await a_ready_one(client, scene, hello, {**HELLO, "delay": 1})
    found = await text(owner, f"{path}/check?people=1")
    assert "Hello Ana" in found
    assert "How is work?" in found
    page = (await owner.get(f"{path}/check?people=1", headers=HTML)).text
    assert "replies count when your provider's webhook tells of them" in html.unescape(words(page))
    assert 'href="/webhooks"><span>Webhooks' in page.partition("Worth knowing")[2]
    assert "{{ company }} has no value" in found
    assert "1 person will be written to, in 2 steps, from 1 mailbox" in found
    await post(owner, f"{path}/start", {"when": "now"})
    assert "Messages go out Monday to Friday, 09:00 to 17:00" in await text(owner, f"{path}/check")
    await text(owner, f"{path}/check?people=0", 422)


READ = ("", "/steps", "/people", "/settings", "/check", "/recipients", "/preview", "/cancel", "/delete", "/recipients.csv")
DONE = ("/steps", "/preview", "/people", "/people/count", "/settings", "/start", "/pause", "/resume", "/cancel", "/delete", "/duplicate",
        f"/recipients/{NOTHING}/stop", f"/recipients/{NOTHING}/resume")  # fmt: skip


@pytest.mark.parametrize("part", READ)
async def test_another_organizations_campaign_is_not_there(signed_in, visitor_of_other_organization, part):
    path = await made(await signed_in())
    await text(visitor_of_other_organization, f"{path}{part}", 404)
    await text(await signed_in(), f"/campaigns/nonsense{part}", 404)


@pytest.mark.parametrize("part", DONE)
async def test_nothing_is_done_with_another_organizations_campaign(signed_in, visitor_of_other_organization, client, part):
    path = await made(await signed_in())
    before = (await client.get(f"/api{path}")).json()
    form = {"name": "Mine", "s1.channel": "email", "time_zone": "UTC", "when": "now"}
    await post(visitor_of_other_organization, f"{path}{part}", form, 404)
    assert (await client.get(f"/api{path}")).json() == before
    await post(await signed_in(), f"/campaigns/nonsense{part}", form, 404)


@pytest.mark.parametrize("part", DONE)
async def test_a_viewer_changes_nothing(signed_in, part):
    path = await made(await signed_in())
    await post(await signed_in("viewer"), f"{path}{part}", {"name": "Mine"}, 403)


@pytest.mark.parametrize("part", READ[:7])
async def test_a_viewer_reads_everything(signed_in, part):
    path = await made(await signed_in())
    assert "Q4 push" in await text(await signed_in("viewer"), f"{path}{part}")


async def test_a_client_sees_the_campaigns_of_their_namespaces_and_no_other_page(signed_in, client):
    await client.post("/api/namespaces", json={"name": "acme-corp", "keywords": ["ACME"]})
    owner = await signed_in()
    ours, others = await made(owner, name="Q4 ACME push"), await made(owner, name="Q4 push")
    bound = await signed_in("client", namespaces=["acme-corp"])
    listed = await text(bound, "/campaigns")
    assert "Q4 ACME push" in listed
    assert "Q4 push" not in listed
    assert "Segments" not in listed
    for part in ("", "/steps", "/recipients"):
        assert "Q4 ACME push" in await text(bound, f"{ours}{part}")
        await text(bound, f"{others}{part}", 404)
    for part in ("/people", "/settings", "/check", "/preview"):
        await text(bound, f"{ours}{part}", 403)


async def test_what_a_name_holds_is_shown_as_text(signed_in):
    owner = await signed_in()
    path = await made(owner, name="<script>alert(1)</script>")
    for page in ("/campaigns", path, f"{path}/steps", f"{path}/settings"):
        assert "<script>alert" not in (await owner.get(page, headers=HTML)).text


async def test_a_step_from_the_api_is_read_on_the_pages(signed_in, client):
    owner = await signed_in()
    path = await made(owner)
    await write(client, f"/api{path}", HELLO)
    assert "About company" in await text(owner, path)
    assert (await do(client, f"/api{path}", "resolve"))["total"] == 0
