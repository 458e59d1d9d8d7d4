"""The pages and endpoints about outreach: what stands on them, where the numbers lead, and who sees nothing."""

import html
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from .outreach_scene import OutreachScene

NOW = datetime.now(UTC) - timedelta(hours=1)
PAGES = ("/campaigns/{}/report", "/campaigns/{}/report/rows?figure=sent", "/campaigns/{}/report/rows.csv?figure=sent")
ENDPOINTS = ("/api/campaigns/{}/report", "/api/campaigns/{}/report/rows?figure=sent", "/api/campaigns/{}/feedback")


@pytest.fixture
def scene(admin, organization) -> OutreachScene:
    return OutreachScene(admin, organization)


async def test_the_report_of_a_campaign_that_has_not_sent_says_so(scene, signed_in):
    campaign = await scene.campaign(name="Autumn")
    await scene.enroll(campaign, 2)
    page = (await (await signed_in()).get(f"/campaigns/{campaign}/report")).text
    assert "Nothing was sent yet" in page
    assert "2 people are in this campaign" in page


async def test_every_number_of_the_report_leads_to_as_many_rows(scene, signed_in):
    campaign = await scene.random_campaign(5, NOW)
    browser = await signed_in("viewer")
    page = (await browser.get(f"/campaigns/{campaign}/report")).text
    links = set(re.findall(r'<a class="figure" href="([^"]+)">([\d,]+)', page))
    links |= set(re.findall(r'<a href="([^"]+rows[^"]+)"><span class="funnel-label">[^<]+</span><span class="funnel-count">([\d,]+)', page))
    assert len(links) > 40
    for link, number in sorted(links)[::6]:  # each of them is counted in test_campaign_report
        answer = await browser.get(html.unescape(link).replace("/rows?", "/rows.csv?"))
        assert answer.status_code == 200, link
        assert len(answer.text.splitlines()) - 1 == int(number.replace(",", "")), link
        assert (await browser.get(html.unescape(link))).status_code == 200
    assert "in the time zone" in page.lower()
    assert "Refresh" not in page  # a viewer reads


async def test_the_report_says_what_it_does_not_know_and_stands_under_the_campaign_s_own_head(scene, signed_in, client):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, state="paused", paused_reason="too many bounces")
    subject = '{Quick question|A thought} for {{ company | default("you") }}'
    await scene.run(
        "UPDATE marketing.variants SET subject = $2 WHERE step_id IN (SELECT id FROM marketing.steps WHERE campaign_id = $1)",
        campaign, subject,
    )  # fmt: skip
    await scene.variant(campaign, 1, "B")
    people = await scene.enroll(campaign, 8)
    await scene.sent(people[:6], mailbox, NOW)
    await scene.sent(people[6:], mailbox, NOW, status="failed", reason="bounce", sent_at=None)
    page = html.unescape((await (await signed_in()).get(f"/campaigns/{campaign}/report")).text)
    assert page.count("not tracked") > 4
    assert 'funnel-label">Opened</span><span class="funnel-hint">not tracked' in page
    assert "2 messages bounced without being sent" in page
    assert f'action="/campaigns/{campaign}/resume"' in page
    assert "Too many bounces." in page
    assert 'title="Each person gets one of: Quick question / A thought">Quick question</span> for ' in page
    assert 'title="Each person\'s company, else “you”">company</span>' in page
    report = (await client.get(f"/api/campaigns/{campaign}/report")).json()
    assert (report["total"]["opened"], report["total"]["clicked"], report["days"][0]["figures"]["delivered"]) == (None, None, 6)
    viewer = (await (await signed_in("viewer")).get(f"/campaigns/{campaign}/report")).text
    assert "/resume" not in viewer


async def test_rows_come_in_pages_and_say_whose_they_are(scene, signed_in):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    await scene.sent(await scene.enroll(campaign, 60), mailbox, NOW)
    browser = await signed_in()
    first = (await browser.get(f"/campaigns/{campaign}/report/rows?figure=sent&step=1&domain=example.org")).text
    assert first.count('<a class="cell-name"') == 50
    assert "Step 1, To example.org" in first
    [address] = re.findall(r'href="([^"]+)" rel="next"', first)
    assert (await browser.get(html.unescape(address))).text.count('<a class="cell-name"') == 10
    assert "There are none" in (await browser.get(f"/campaigns/{campaign}/report/rows?figure=replied")).text


async def test_names_that_a_spreadsheet_would_run_are_made_text_in_the_file(scene, signed_in):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    [enrollment] = await scene.enroll(campaign, 1)
    await scene.sent([enrollment], mailbox, NOW)
    await scene.run("UPDATE people.master SET name = '=HYPERLINK(\"x\")' WHERE id = $1", await scene.person_of(enrollment))
    answer = await (await signed_in()).get(f"/campaigns/{campaign}/report/rows.csv?figure=sent")
    assert "\"'=HYPERLINK" in answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="sent.csv"'


async def test_feedback_is_worked_out_by_a_button_and_shown(scene, signed_in):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    for message in (await scene.sent(await scene.enroll(campaign, 20), mailbox, NOW))[:2]:
        await scene.happened(message, "bounce", NOW)
    browser = await signed_in()
    assert "Not worked out yet" in (await browser.get(f"/campaigns/{campaign}/report")).text
    answer = await browser.post(f"/campaigns/{campaign}/feedback")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/campaigns/{campaign}/report")
    assert "10% of what was sent so far came back" in (await browser.get(f"/campaigns/{campaign}/report")).text
    assert (await (await signed_in("viewer")).post(f"/campaigns/{campaign}/feedback")).status_code == 403


@pytest.mark.parametrize("path", PAGES)
async def test_another_organizations_report_is_not_there_nor_is_none(scene, visitor_of_other_organization, signed_in, path):
    campaign = await scene.campaign()
    assert (await visitor_of_other_organization.get(path.format(campaign))).status_code == 404
    browser = await signed_in()
    assert (await browser.get(path.format(uuid4()))).status_code == 404
    assert (await browser.get(path.format("nonsense"))).status_code == 404
    client = await signed_in("client", ["playmaker"])
    assert (await client.get(path.format(campaign))).status_code == 404
    namespace = await scene.value("SELECT id FROM tenancy.namespaces WHERE name = 'playmaker' AND organization_id = kit.f_organization()")
    theirs = await scene.campaign(namespace_id=str(namespace))
    assert (await client.get(path.format(theirs))).status_code == 200
    assert (await client.post(f"/campaigns/{theirs}/feedback")).status_code == 403


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_another_organizations_report_is_not_in_the_api(scene, stranger, client, as_role, path):
    campaign = await scene.campaign()
    assert (await stranger.get(path.format(campaign))).status_code == 404
    assert (await client.get(path.format(campaign))).status_code == 200
    assert (await client.get(path.format("nonsense"))).status_code == 422
    assert (await stranger.post(f"/api/campaigns/{campaign}/feedback")).status_code == 404
    assert (await (await as_role("viewer")).post(f"/api/campaigns/{campaign}/feedback")).status_code == 403
    bound = await as_role("client")
    assert (await bound.get(path.format(campaign))).status_code == 404
    namespace = await scene.value("SELECT id FROM tenancy.namespaces WHERE name = 'playmaker' AND organization_id = kit.f_organization()")
    assert (await bound.get(path.format(await scene.campaign(namespace_id=str(namespace))))).status_code == 200
    assert (await bound.get("/api/attribution")).status_code == 403


@pytest.mark.parametrize(
    "query",
    ["figure=tried", "figure=", "figure=sent&step=0", "figure=sent&step=x", "figure=sent&hour=24", "figure=sent&day=yesterday",
     "figure=sent&variant_id=x", "figure=sent&cursor=x", "figure=enrolled&step=1", "figure=%00"],
)  # fmt: skip
async def test_rows_that_cannot_be_asked_for_are_refused(scene, client, signed_in, query):
    campaign = await scene.campaign()
    assert (await client.get(f"/api/campaigns/{campaign}/report/rows?{query}")).status_code == 422
    browser = await signed_in()
    assert (await browser.get(f"/campaigns/{campaign}/report/rows?{query}")).status_code == 422
    if "cursor" not in query:
        assert (await browser.get(f"/campaigns/{campaign}/report/rows.csv?{query}")).status_code == 422


async def test_the_report_and_its_rows_come_by_the_api(scene, client):
    campaign = await scene.random_campaign(6, NOW)
    report = (await client.get(f"/api/campaigns/{campaign}/report")).json()
    assert report["enrolled"] == 39
    assert report["total"]["sent"] > 0
    rows = (await client.get(f"/api/campaigns/{campaign}/report/rows", params={"figure": "sent", "limit": 500})).json()
    assert len(rows["items"]) == report["total"]["sent"]
    assert (await client.post(f"/api/campaigns/{campaign}/feedback")).json()["days"] > 1
    days = (await client.get(f"/api/campaigns/{campaign}/feedback", params={"limit": 500})).json()["items"]
    assert days[0]["metrics"]["so_far"]["sent"] == report["total"]["sent"]
    page = (await client.get(f"/api/campaigns/{campaign}/feedback", params={"limit": 1})).json()
    second = (await client.get(f"/api/campaigns/{campaign}/feedback", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [page["items"][0], second["items"][0]] == days[:2]
    assert (await client.get(f"/api/campaigns/{campaign}/feedback", params={"cursor": "x"})).status_code == 422


async def record(client, scene, **changes):
    [enrollment] = await scene.enroll(await scene.campaign(), 1)
    person = str(await scene.person_of(enrollment))
    body = {"person": person, "type": "sale", "converted_at": "2026-02-01T10:00:00Z", "value": "10.50", "currency": "EUR", **changes}
    return await client.post("/api/conversions", json=body)


async def test_conversions_come_and_go_by_the_api(scene, client, stranger, as_role):
    made = (await record(client, scene)).json()
    assert (made["value"], made["currency"], made["share"]) == ("10.50", "EUR", 1)
    one = f"/api/conversions/{made['id']}"
    assert (await client.get(one)).json()["touches"] == []
    [credit] = (await client.get("/api/attribution")).json()["items"]
    assert (credit["campaign_id"], credit["conversions"], credit["money"]) == (None, 1, {"EUR": "10.50"})
    assert len((await client.get("/api/conversions", params={"untouched": True, "currency": "EUR"})).json()["items"]) == 1
    assert (await client.get("/api/conversions", params={"currency": "USD"})).json()["items"] == []
    for path in (one, f"{one}?days=30"):
        assert (await stranger.get(path)).status_code == 404
    assert (await stranger.delete(one)).status_code == 404
    assert (await stranger.get("/api/attribution")).json()["items"] == []
    assert (await (await as_role("viewer")).delete(one)).status_code == 403
    assert (await (await as_role("viewer")).post("/api/conversions", json={})).status_code == 403
    assert (await client.delete(one)).status_code == 204
    assert (await client.get(one)).status_code == 404
    made = (await client.post("/api/conversions", json={"person": made["person_id"], "type": "demo"})).json()
    assert abs(datetime.fromisoformat(made["converted_at"]) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "changes",
    [{"type": "call"}, {"converted_at": "yesterday"}, {"converted_at": "2026-02-01T10:00:00"}, {"converted_at": "2126-02-01T10:00:00Z"},
     {"value": -1}, {"value": "1.001"}, {"value": None}, {"currency": "euro"}, {"currency": None}, {"person": ""}, {"more": 1}],
)  # fmt: skip
async def test_the_api_refuses_what_is_no_conversion(scene, client, changes):
    assert (await record(client, scene, **changes)).status_code == 422


@pytest.mark.parametrize("query", ["model=best", "days=0", "days=731", "type=call", "since=x", "since=2026-02-02&until=2026-02-01"])
async def test_attribution_that_cannot_be_asked_for_is_refused(client, signed_in, query):
    assert (await client.get(f"/api/attribution?{query}")).status_code == 422
    assert (await client.get(f"/api/conversions?{query}")).status_code == 422
    browser = await signed_in()
    page = await browser.get(f"/attribution?{query}")
    assert page.status_code == 422
    assert "<form" in page.text
    assert (await browser.get(f"/conversions?{query}")).status_code == 422


async def test_a_conversion_is_recorded_with_a_form_and_leads_to_its_touches(scene, signed_in):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, name="Autumn")
    [enrollment] = await scene.enroll(campaign, 1)
    await scene.sent([enrollment], mailbox, NOW - timedelta(days=2))
    browser = await signed_in()
    assert "No conversions yet" in (await browser.get("/attribution")).text
    email = await scene.value("SELECT email FROM marketing.enrollments WHERE id = $1", enrollment)
    form = {"person": email, "type": "sale", "converted_at": f"{NOW:%Y-%m-%dT%H:%M}", "value": "1,200.50", "currency": "eur"}
    answer = await browser.post("/conversions", data=form)
    assert answer.status_code == 303
    page = (await browser.get(answer.headers["location"])).text
    assert "Autumn" in page
    assert "1,200.50 EUR" in page
    assert (await browser.post("/conversions", data=form)).status_code == 409
    page = (await browser.get("/attribution?model=linear")).text
    assert "Autumn" in page
    [link] = re.findall(r'<a class="figure" href="(/conversions\?model=linear[^"]*campaign_id=[^"]*)">1<small>100%', page)
    listed = (await browser.get(html.unescape(link))).text
    assert listed.count('<a class="cell-name"') == 1
    assert (await browser.post(f"{answer.headers['location']}/delete")).status_code == 303
    assert "No conversions yet" in (await browser.get("/conversions")).text


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"person": "nobody@x.example"}, "nobody with the id or address"), ({"person": ""}, "Person is missing"),
     ({"type": "x"}, "must be one of"),
     ({"converted_at": ""}, "day and a time"), ({"value": "much"}, "must be a number"), ({"currency": ""}, "go together"),
     ({"value": "NaN"}, "must be 0 or more"), ({"converted_at": "2126-01-01T10:00"}, "still to come")],
)  # fmt: skip
async def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(signed_in, changes, text):
    form = {"person": "ana@x.example", "type": "sale", "converted_at": "2026-02-01T10:00", "value": "10", "currency": "EUR", "note": "kept"}
    answer = await (await signed_in()).post("/conversions", data={**form, **changes})
    assert answer.status_code == 422
    assert text in html.unescape(answer.text)
    assert "kept" in answer.text


async def test_conversions_are_nobody_elses(scene, client, visitor_of_other_organization, signed_in):
    id = (await record(client, scene)).json()["id"]
    assert (await visitor_of_other_organization.get(f"/conversions/{id}")).status_code == 404
    assert (await visitor_of_other_organization.post(f"/conversions/{id}/delete")).status_code == 404
    assert "No conversions yet" in (await visitor_of_other_organization.get("/conversions")).text
    assert "No conversions yet" in (await visitor_of_other_organization.get("/attribution")).text
    viewer = await signed_in("viewer")
    assert (await viewer.get(f"/conversions/{id}")).status_code == 200
    assert (await viewer.get("/conversions/new")).status_code == 403
    assert (await viewer.post(f"/conversions/{id}/delete")).status_code == 403
    assert (await viewer.get("/conversions/nonsense")).status_code == 404


async def test_a_conversion_is_somebodys_by_their_name_unless_several_have_it(scene, signed_in):
    browser = await signed_in()
    for email, name in (("ana@x.example", "Ana Lima"), ("bo@x.example", "Bo Lima"), ("bob@x.example", "Bob Lima")):
        await scene.run(
            "WITH p AS (INSERT INTO people.master (email, name) VALUES ($1, $2) RETURNING id) "
            "INSERT INTO vault.contacts (email, name, source, person_id) SELECT $1, $2, 'test', id FROM p",
            email, name,
        )  # fmt: skip
    form = {"type": "demo", "converted_at": "2026-02-01T10:00"}
    assert (await browser.post("/conversions", data={**form, "person": "ana"})).status_code == 303
    assert (await browser.post("/conversions", data={**form, "person": "bo lima"})).status_code == 303
    several = await browser.post("/conversions", data={**form, "person": "lima"})
    assert several.status_code == 409
    assert "bob@x.example" in several.text
    assert "nobody is called" in (await browser.post("/conversions", data={**form, "person": "zoe"})).text.lower()
    noted = await browser.post("/intents", data={"person": "Ana", "type": "referral"})
    assert noted.status_code == 303
    assert 'list="f-person-options"' in (await browser.get("/conversions/new")).text
