"""Events told over the API and looked up again: once each, inside one organization, page by page."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from outrider import tenancy
from outrider.engagement import Happening, record

TOLD = {"id": "1", "type": "trial_started", "platform": "product", "occurred_at": "2026-11-20T08:00:00Z", "email": "p@example.org"}
HTML = {"Accept": "text/html"}


async def tell(client, *events):
    answer = await client.post("/api/events", json={"events": list(events)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def happened(organization, *happenings):
    async with tenancy.transaction(organization, tenancy.Actor("user", "test")) as connection:
        return await record(connection, organization, happenings)


@pytest.fixture
async def campaign(scene):
    """(campaign, [message, message]) with names."""
    mailbox = await scene.mailbox()
    made = await scene.campaign(mailbox, name="Autumn")
    return made, await scene.queue(made, mailbox, 2)


async def test_an_event_is_recorded_once_and_the_answer_says_so(client):
    first = await tell(client, TOLD, {**TOLD, "id": "2"})
    assert (first["new"], [one["is_new"] for one in first["items"]]) == (2, [True, True])
    again = await tell(client, {**TOLD, "id": "2"}, {**TOLD, "id": "3"})
    assert [one["is_new"] for one in again["items"]] == [False, True]
    assert again["items"][0]["event_id"] == first["items"][1]["event_id"]
    listed = (await client.get("/api/activity")).json()["items"]
    assert len(listed) == 3
    assert {(one["type"], one["platform"], one["email"], one["verdict"]) for one in listed} == {
        ("trial_started", "product", "p@example.org", "human")
    }


async def test_linkedin_and_telephone_are_told_about_a_person_by_id(client, scene, campaign):
    person = await scene.value("SELECT person_id FROM sending.messages WHERE id = $1", campaign[1][0])
    await tell(
        client,
        {**TOLD, "type": "linkedin_reply", "platform": "linkedin", "email": None, "person_id": str(person)},
        {**TOLD, "type": "call_done", "platform": "phone", "email": None, "message_id": str(campaign[1][0])},
    )
    listed = (await client.get("/api/activity", params={"person_id": str(person)})).json()["items"]
    assert {(one["type"], one["person"], one["campaign"]) for one in listed} == {
        ("linkedin_reply", "Ana Lima", None),
        ("call_done", "Ana Lima", "Autumn"),
    }


async def test_a_thousand_are_taken_at_once_and_one_more_is_not(client):
    many = [{**TOLD, "id": str(number)} for number in range(1001)]
    assert (await client.post("/api/events", json={"events": many})).status_code == 422
    assert (await tell(client, *many[:1000]))["new"] == 1000


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "Trial Started"}, "type"),
        ({"type": ""}, "type"),
        ({"platform": "a b"}, "platform"),
        ({"occurred_at": "2026-11-20T08:00:00"}, "occurred_at"),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "1970-01-01T00:00:00Z"}, "occurred_at"),
        ({"email": "nobody"}, "email"),
        ({"email": None}, "whom"),
        ({"payload": {"a": "x\0"}}, "payload"),
        ({"payload": {"a": "x" * 20_001}}, "payload"),
        ({"ip": "1.2.3"}, "ip"),
        ({"person_id": "x"}, "person_id"),
        ({"invented": 1}, "invented"),
        ({"url": "x" * 8001}, "url"),
        ({"type": "x\0"}, "type"),
    ],
)
async def test_what_cannot_be_used_is_refused_whole_with_its_place(client, change, field):
    answer = await client.post("/api/events", json={"events": [TOLD, {**TOLD, **change}]})
    assert answer.status_code == 422
    assert field in answer.text
    assert "events.1" in answer.text
    assert (await client.get("/api/activity")).json()["items"] == []


@pytest.mark.parametrize("body", [{}, {"events": []}, [], {"events": [1]}, {"events": {}}])
async def test_a_batch_that_is_none_is_refused(client, body):
    assert (await client.post("/api/events", json=body)).status_code == 422


async def test_ids_of_another_organization_are_refused_and_named(client, stranger, campaign, scene):
    message = campaign[1][0]
    row = (await scene.run("SELECT person_id, campaign_id, enrollment_id FROM sending.messages WHERE id = $1", message))[0]
    for field, id in (*dict(row).items(), ("message_id", message), ("person_id", uuid4())):
        answer = await stranger.post("/api/events", json={"events": [TOLD, {**TOLD, field: str(id)}]})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, f"events.1.{field}")
    assert (await stranger.get("/api/activity")).json()["items"] == []


async def test_a_reply_told_stops_the_sequence_and_is_an_intent(client, scene, campaign):
    made, (message, _) = campaign
    await scene.run("UPDATE sending.messages SET status = 'sent', sent_at = now(), counted_at = now() WHERE id = $1", message)
    await tell(client, {**TOLD, "type": "reply", "platform": "inbox", "message_id": str(message), "email": None})
    intents = (await client.get("/api/intents", params={"campaign_id": str(made)})).json()["items"]
    assert [(one["type"], one["campaign"]) for one in intents] == [("reply", "Autumn")]


async def test_a_reply_told_with_its_headers_belongs_to_the_message_that_it_answers(client, scene, campaign):
    (message, other) = await scene.run(
        "UPDATE sending.messages SET status = 'sent', sent_at = $2, counted_at = $2, subject = 'Hello Ana' WHERE id = ANY ($1::uuid[]) "
        "RETURNING id, message_id, recipient",
        campaign[1], datetime.fromisoformat(TOLD["occurred_at"]),
    )  # fmt: skip
    reply = {**TOLD, "type": "reply", "platform": "inbox", "email": None}
    told = [
        {**reply, "id": "1", "in_reply_to": message["message_id"]},
        {**reply, "id": "2", "email": "someone@example.org", "references": [message["message_id"], "<x@elsewhere.example>"]},
        {**reply, "id": "3", "email": "someone@example.org", "to": ["Me <me@x.example>", f"r+{message['id'].hex}@in.x.example"]},
        {**reply, "id": "4", "email": other["recipient"], "subject": "Re: hello ana"},
    ]
    await tell(client, *told)
    listed = (await client.get("/api/activity")).json()["items"]
    assert {one["message_id"]: one["payload"]["matched_by"] for one in listed if one["event_key"].endswith("4")} == {
        str(other["id"]): "subject"
    }
    assert [one["message_id"] for one in listed if not one["event_key"].endswith("4")] == [str(message["id"])] * 3
    assert {one["campaign"] for one in listed} == {"Autumn"}


async def test_the_list_narrows_and_pages_without_losing_or_repeating_any(client, organization, scene, campaign):
    made, messages = campaign
    start = datetime(2026, 11, 1, tzinfo=UTC)
    same = [Happening("open", "outrider", start, key=f"s{n}", message_id=messages[0]) for n in range(5)]
    rest = [
        Happening("click" if n % 2 else "open", "outrider", start + timedelta(hours=n), key=f"r{n}", message_id=messages[1])
        for n in range(7)
    ]
    await happened(organization, *same, *rest)
    seen, cursor = [], None
    while True:
        page = (await client.get("/api/activity", params={"limit": 3, **({"cursor": cursor} if cursor else {})})).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len({one["id"] for one in seen}) == len(seen) == 12
    assert [one["occurred_at"] for one in seen] == sorted((one["occurred_at"] for one in seen), reverse=True)

    async def count(**asked):
        return len((await client.get("/api/activity", params=asked)).json()["items"])

    assert await count(type="click") == 3
    assert await count(campaign_id=str(made)) == 12
    assert await count(message_id=str(messages[0])) == 5
    assert await count(campaign_id=str(uuid4())) == 0
    assert await count(platform="linkedin") == 0
    assert await count(since=(start + timedelta(hours=5)).isoformat()) == 2
    assert await count(until=(start + timedelta(hours=1)).isoformat()) == 6
    assert await count(verdict="automatic") + await count(verdict="human") == 12


async def test_a_machines_open_stands_with_the_reason(client, organization, campaign):
    await happened(
        organization, Happening("open", "outrider", datetime.now(UTC), message_id=campaign[1][0], user_agent="Barracuda scanner")
    )
    [one] = (await client.get("/api/activity", params={"verdict": "automatic"})).json()["items"]
    assert one["verdict_reason"] == "scanner_user_agent"


@pytest.mark.parametrize(
    "asked",
    [
        {"verdict": "robot"},
        {"cursor": "x"},
        {"cursor": "WyJhIiwiYiJd"},
        {"limit": 0},
        {"campaign_id": "x"},
        {"since": "soon"},
        {"since": "2026-11-20T08:00:00"},
        {"type": "x" * 101},
    ],
)
async def test_a_list_that_cannot_be_asked_for_is_refused(client, asked):
    assert (await client.get("/api/activity", params=asked)).status_code == 422


async def test_who_may_read_and_who_may_tell(as_role):
    viewer, client = await as_role("viewer"), await as_role("client")
    assert (await viewer.get("/api/activity")).status_code == 200
    assert (await viewer.post("/api/events", json={"events": [TOLD]})).status_code == 403
    assert (await client.get("/api/activity")).status_code == 403


async def test_the_page_shows_what_happened_and_why_a_machine_counts_for_nothing(signed_in, organization, campaign):
    made, messages = campaign
    await happened(
        organization,
        Happening("open", "outrider", datetime.now(UTC), message_id=messages[0], user_agent="Barracuda scanner"),
        Happening("trial_started", "product", datetime.now(UTC), email="p@example.org"),
    )
    browser = await signed_in()
    page = await browser.get("/activity", headers=HTML)
    assert page.status_code == 200
    for text in (
        "by a machine",
        "calls itself a scanner",
        "Trial started",
        "Ana Lima",
        f"/campaigns/{made}",
        f"/messages/{messages[0]}",
        "every 4s",
    ):
        assert text in page.text, text
    only = (await browser.get("/activity", params={"verdict": "human", "campaign_id": str(made)}, headers=HTML)).text
    assert "Nothing like that" in only
    part = await browser.get("/activity", headers={**HTML, "HX-Request": "true"})
    assert "<html" not in part.text
    assert "Trial started" in part.text


@pytest.mark.parametrize("asked", [{"campaign_id": "x"}, {"since": "2"}, {"verdict": "robot"}, {"cursor": "x"}])
async def test_the_page_says_what_is_wrong_with_what_is_asked(signed_in, asked):
    assert (await (await signed_in()).get("/activity", params=asked, headers=HTML)).status_code == 422


async def test_others_see_nothing_of_it(visitor_of_other_organization, stranger, organization, campaign):
    await happened(organization, Happening("open", "outrider", datetime.now(UTC), message_id=campaign[1][0]))
    assert (await stranger.get("/api/activity", params={"campaign_id": str(campaign[0])})).json()["items"] == []
    assert "Nothing happened yet" in (await visitor_of_other_organization.get("/activity", headers=HTML)).text


async def test_nobody_else_speaks_for_our_own_platform(client):
    event = {"type": "spam_report", "platform": "outrider", "occurred_at": "2026-11-20T09:00:00Z", "email": "ana@example.org"}
    answer = await client.post("/api/events", json={"events": [event]})
    assert answer.status_code == 422
    assert "platform" in answer.text
