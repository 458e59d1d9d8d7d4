"""Who showed interest: once for each person, campaign and type; by hand what only people know."""

import csv
import io
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from outrider import tenancy
from outrider.engagement import Happening, record

HTML = {"Accept": "text/html"}


@pytest.fixture
async def person(scene):
    """(campaign, enrollment's person, their address)."""
    campaign = await scene.campaign(await scene.mailbox(), name="Autumn")
    [enrollment] = await scene.enroll(campaign, 1)
    row = (await scene.run("SELECT person_id, email FROM marketing.enrollments WHERE id = $1", enrollment))[0]
    return campaign, row["person_id"], row["email"]


async def replied(organization, campaign, person):
    async with tenancy.transaction(organization, tenancy.Actor("user", "test")) as connection:
        await record(connection, organization, [Happening("reply", "inbox", datetime.now(UTC), campaign_id=campaign, person_id=person)])


async def test_a_meeting_is_noted_by_address_or_id_and_stays_one(client, person):
    campaign, id, email = person
    body = {"person": email, "type": "meeting_booked", "campaign_id": str(campaign), "note": "Tuesday"}
    made = await client.post("/api/intents", json=body)
    assert (made.status_code, made.json()["person"], made.json()["campaign"], made.json()["note"]) == (201, "Ana Lima", "Autumn", "Tuesday")
    again = await client.post("/api/intents", json={**body, "person": str(id), "note": "Wednesday"})
    assert (again.status_code, again.json()["id"], again.json()["note"]) == (200, made.json()["id"], "Tuesday")
    for other in ({**body, "type": "referral"}, {**body, "campaign_id": None}):
        assert (await client.post("/api/intents", json=other)).status_code == 201
    assert len((await client.get("/api/intents", params={"person_id": str(id)})).json()["items"]) == 3
    assert (await client.get(f"/api/intents/{made.json()['id']}")).json() == made.json()


async def test_a_reply_makes_its_own_and_is_not_taken_away(client, organization, person):
    campaign, id, _ = person
    await replied(organization, campaign, id)
    [intent] = (await client.get("/api/intents", params={"type": "reply"})).json()["items"]
    assert (await client.delete(f"/api/intents/{intent['id']}")).status_code == 409
    noted = (await client.post("/api/intents", json={"person": str(id), "type": "referral"})).json()
    assert (await client.delete(f"/api/intents/{noted['id']}")).status_code == 204
    assert (await client.delete(f"/api/intents/{noted['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"type": "reply"}, 422),
        ({"type": "invented"}, 422),
        ({"person": "nobody@example.org"}, 404),
        ({"person": str(uuid4())}, 404),
        ({"person": ""}, 422),
        ({"campaign_id": str(uuid4())}, 404),
        ({"campaign_id": "x"}, 422),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, 422),
        ({"occurred_at": "2026-11-20T08:00:00"}, 422),
        ({"note": "x" * 2001}, 422),
        ({"note": "x\0"}, 422),
        ({"invented": 1}, 422),
    ],
)
async def test_what_cannot_be_noted_is_refused(client, person, change, status):
    answer = await client.post("/api/intents", json={"person": person[2], "type": "referral", **change})
    assert answer.status_code == status, answer.text
    assert (await client.get("/api/intents")).json()["items"] == []


@pytest.mark.parametrize("asked", [{"type": "invented"}, {"cursor": "x"}, {"campaign_id": "x"}, {"limit": 501}])
async def test_a_list_that_cannot_be_asked_for_is_refused(client, asked):
    assert (await client.get("/api/intents", params=asked)).status_code == 422


async def test_the_list_pages_and_narrows_and_goes_out_as_csv_without_formulas(client, scene, person):
    campaign, id, email = person
    await scene.run("UPDATE people.master SET name = '=cmd()' WHERE id = $1", id)
    for type in ("meeting_booked", "referral", "inbound_request"):
        await client.post("/api/intents", json={"person": email, "type": type, "campaign_id": str(campaign)})
    first = (await client.get("/api/intents", params={"limit": 2})).json()
    second = (await client.get("/api/intents", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [one["type"] for one in first["items"] + second["items"]] == ["inbound_request", "referral", "meeting_booked"]
    assert second["next_cursor"] is None
    answer = await client.get("/api/intents/export.csv", params={"type": "referral"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["type"], row["email"], row["person"], row["campaign"]) for row in rows] == [("referral", email, "'=cmd()", "Autumn")]
    assert (await client.get("/api/intents/export.csv", params={"type": "x"})).status_code == 422


async def test_others_see_note_and_take_away_none_of_it(client, stranger, visitor_of_other_organization, person):
    _, id, email = person
    noted = (await client.post("/api/intents", json={"person": email, "type": "referral"})).json()
    assert (await stranger.get(f"/api/intents/{noted['id']}")).status_code == 404
    assert (await stranger.delete(f"/api/intents/{noted['id']}")).status_code == 404
    assert (await stranger.post("/api/intents", json={"person": str(id), "type": "referral"})).status_code == 404
    assert (await stranger.get("/api/intents")).json()["items"] == []
    browser = visitor_of_other_organization
    assert "Nobody showed interest yet" in (await browser.get("/intents", headers=HTML)).text
    assert (await browser.post(f"/intents/{noted['id']}/delete", headers=HTML)).status_code == 404
    assert (await browser.post("/intents", data={"person": email, "type": "referral"}, headers=HTML)).status_code == 404
    assert (await client.get(f"/api/intents/{noted['id']}")).status_code == 200


async def test_the_page_notes_and_takes_away_and_keeps_what_was_typed_wrongly(signed_in, organization, person):
    campaign, id, email = person
    await replied(organization, campaign, id)
    browser = await signed_in("member")
    wrong = await browser.post("/intents", data={"person": "nobody@example.org", "type": "referral", "note": "as typed"}, headers=HTML)
    assert wrong.status_code == 404
    assert "as typed" in wrong.text
    assert "There is nobody with" in wrong.text
    assert (await browser.post("/intents", data={"person": " ", "type": "referral"}, headers=HTML)).status_code == 422
    assert (await browser.post("/intents", data={"person": email, "type": "referral", "note": "By Bo"}, headers=HTML)).status_code == 303
    page = (await browser.get("/intents", headers=HTML)).text
    for text in ("Ana Lima", "Referred", "By Bo", "Reply", "Autumn", "/intents/export.csv"):
        assert text in page, text
    assert page.count("Take away") == 1
    narrowed = await browser.get("/intents", params={"type": "reply", "campaign_id": str(campaign)}, headers=HTML)
    assert "By Bo" not in narrowed.text
    assert (await browser.get("/intents/export.csv", params={"type": "reply"})).text.count("\n") == 2
    assert (await browser.get("/intents", params={"campaign_id": "x"}, headers=HTML)).status_code == 422


async def test_a_viewer_looks_and_notes_nothing(signed_in, as_role, person):
    browser = await signed_in("viewer")
    assert "Note interest" not in (await browser.get("/intents", headers=HTML)).text
    assert (await browser.post("/intents", data={"person": person[2], "type": "referral"}, headers=HTML)).status_code == 403
    assert (await (await as_role("viewer")).post("/api/intents", json={"person": person[2], "type": "referral"})).status_code == 403
