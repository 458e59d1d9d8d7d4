"""A reply belongs to the message that it answers: by its reply address, the Message-IDs it names, or sender and subject (BEHAVIOUR 8)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from outrider import tenancy
from outrider.engagement import Happening, follow, record

ACTOR = tenancy.Actor("user", "test")
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
async def two(scene):
    """Two campaigns that wrote to the same person: the messages Hello Ana and Offer for you."""
    mailbox = await scene.mailbox()
    (first,) = await scene.queue(await scene.campaign(mailbox, steps=2), mailbox, 1)
    other = await scene.campaign(mailbox, steps=2)
    enrollment = await scene.value(
        "INSERT INTO marketing.enrollments (campaign_id, person_id, contact_id, email) "
        "SELECT $1, person_id, contact_id, recipient FROM sending.messages WHERE id = $2 RETURNING id",
        other, first,
    )  # fmt: skip
    await scene.run(
        "INSERT INTO sending.messages (campaign_id, enrollment_id, step_id, sequence_step, mailbox_id, person_id, contact_id, recipient, "
        "message_id, scheduled_at) SELECT campaign_id, e.id, s.id, 1, $2, e.person_id, e.contact_id, e.email, $3, now() "
        "FROM marketing.enrollments AS e INNER JOIN marketing.steps AS s USING (campaign_id) WHERE s.position = 1 AND e.id = $1",
        enrollment, mailbox, f"<{enrollment}@sender.example>",
    )  # fmt: skip
    await scene.run(
        "UPDATE sending.messages SET status = 'sent', sent_at = $1, counted_at = $1, last_attempt_at = $1, "
        "subject = CASE WHEN enrollment_id = $2 THEN 'Offer for you' ELSE 'Hello Ana' END WHERE organization_id = kit.f_organization()",
        NOW - timedelta(days=2), enrollment,
    )  # fmt: skip
    return await scene.run(
        "SELECT id, campaign_id, enrollment_id, person_id, contact_id, recipient AS email, message_id FROM sending.messages "
        "WHERE organization_id = kit.f_organization() ORDER BY id"
    )


async def answer(scene, **said):
    """Record a reply; what the event says of its message, and the states of the two campaigns' enrollments."""
    async with tenancy.transaction(scene.organization, ACTOR) as connection:
        (one,) = await record(connection, scene.organization, [Happening("reply", "generic", NOW, **said)])
    event = (await scene.run("SELECT * FROM engagement.events WHERE id = $1", one.event_id))[0]
    states = await scene.run(
        "SELECT e.state FROM sending.messages AS m INNER JOIN marketing.enrollments AS e ON e.id = m.enrollment_id "
        "WHERE m.organization_id = kit.f_organization() ORDER BY m.id"
    )
    return event, [row["state"] for row in states]


def stranger():
    return f"<{uuid4()}@elsewhere.example>"


@pytest.mark.parametrize(
    "said",
    [
        lambda ours: {"in_reply_to": ours},
        lambda ours: {"in_reply_to": ours.strip("<>")},
        lambda ours: {"in_reply_to": stranger(), "references": f"{ours} {stranger()}"},
        lambda ours: {"payload": {"headers": {"In-Reply-To": ours, "Subject": "Re: Hello Ana"}}},
        lambda ours: {"payload": {"headers": {"references": [stranger(), ours]}}},
        lambda ours: {"payload": {"headers": [{"name": "In-Reply-To", "value": ours}]}},
        lambda ours: {"payload": {"headers": f"Received: by x\r\nReferences: {stranger()}\r\n {ours}\r\nSubject: x\r\n"}},
        lambda ours: {"rfc_message_id": stranger(), "in_reply_to": ours},
    ],
)
async def test_a_reply_belongs_to_the_message_that_it_names(scene, two, said):
    _, offer = two
    event, states = await answer(scene, email="p6.a@elsewhere.example", **said(offer["message_id"]))
    for name in ("campaign_id", "enrollment_id", "person_id", "contact_id"):
        assert event[name] == offer[name], name
    assert (event["message_id"], event["step"], event["payload"]["matched_by"]) == (offer["id"], 1, "thread")
    assert event["payload"]["from"] == "p6.a@elsewhere.example"
    assert states == ["ready", "stopped"]


async def test_of_several_the_nearest_message_is_meant(scene, two):
    hello, offer = two
    event, _ = await answer(scene, references=f"{offer['message_id']} {hello['message_id']}")
    assert event["message_id"] == hello["id"]
    event, _ = await answer(scene, in_reply_to=offer["message_id"], references=f"{offer['message_id']} {hello['message_id']}")
    assert event["message_id"] == offer["id"]


async def test_the_address_that_a_reply_came_to_goes_before_what_it_names(scene, two):
    hello, offer = two
    address = f"Replies <replies+{hello['id'].hex}@in.sender.example>"
    event, _ = await answer(scene, to=address, in_reply_to=offer["message_id"])
    assert (event["message_id"], event["payload"]["matched_by"]) == (hello["id"], "reply_address")
    event, _ = await answer(scene, payload={"headers": {"Delivered-To": f"replies+{offer['id'].hex}@in.sender.example"}})
    assert (event["message_id"], event["payload"]["matched_by"]) == (offer["id"], "reply_address")


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Offer for you",
        "AW: Fwd: offer  for YOU",
        "RE[2]: Offer for you ",
        "Re: [External] Offer for you",
        "=?utf-8?q?Re=3A_Offer_for_you?=",
    ],
)
async def test_one_that_names_none_belongs_to_the_last_message_with_its_subject(scene, two, subject):
    _, offer = two
    event, states = await answer(scene, email=offer["email"].upper(), subject=subject)
    assert (event["message_id"], event["campaign_id"], event["payload"]["matched_by"]) == (offer["id"], offer["campaign_id"], "subject")
    assert event["payload"]["subject"] == subject
    assert states == ["ready", "stopped"]
    await follow(scene.organization)
    assert await scene.value("SELECT response_count FROM marketing.campaigns WHERE campaign_id = $1", offer["campaign_id"]) == 1


async def test_another_address_of_the_same_person_may_answer(scene, two):
    hello, _ = two
    await scene.run("INSERT INTO vault.contacts (email, source, person_id) VALUES ('ana@home.example', 'test', $1)", hello["person_id"])
    event, _ = await answer(scene, email="ana@home.example", payload={"headers": {"Subject": "Re: Hello Ana"}})
    assert (event["message_id"], event["email"], event["payload"]["from"]) == (hello["id"], hello["email"], "ana@home.example")


@pytest.mark.parametrize(
    ("sender", "subject", "sent"),
    [(None, "Re: Lunch", 2), (None, None, 2), (None, None, 91),
     (None, "Re:", 2), ("bo@example.org", "Re: Hello Ana", 2), (None, "Re: Hello Ana", 91),
     (None, "Re: Hello Ana", -1)],
)  # fmt: skip
async def test_one_that_fits_no_message_belongs_to_none(scene, two, sender, subject, sent):
    hello, _ = two
    await scene.run(
        "UPDATE sending.messages SET sent_at = $1, subject = coalesce(subject, '') WHERE organization_id = kit.f_organization()",
        NOW - timedelta(days=sent),
    )
    event, states = await answer(scene, email=sender or hello["email"], subject=subject)
    assert (event["message_id"], event["campaign_id"]) == (None, None)
    assert "matched_by" not in event["payload"]
    assert states == (["ready", "ready"] if sender else ["stopped", "stopped"])


async def test_one_that_says_nothing_belongs_to_the_only_sequence_that_wrote_to_its_sender(scene, two):
    hello, offer = two
    event, states = await answer(scene, email=hello["email"], campaign_id=hello["campaign_id"])
    assert (event["message_id"], event["payload"]["matched_by"], states) == (hello["id"], "only_sequence", ["stopped", "ready"])
    await scene.run("UPDATE sending.messages SET sent_at = $1 WHERE id = $2", NOW - timedelta(days=100), hello["id"])
    event, states = await answer(scene, email=hello["email"])
    assert (event["message_id"], states) == (offer["id"], ["stopped", "stopped"])


@pytest.mark.parametrize(
    "said", [{"subject": "Lunch"}, {"in_reply_to": "<a@elsewhere.example>"}, {"rfc_message_id": "<a@elsewhere.example>"}]
)
async def test_one_that_answers_somebody_elses_message_does_not(scene, two, said):
    hello, _ = two
    await scene.run("UPDATE sending.messages SET sent_at = $1 WHERE id = $2", NOW - timedelta(days=100), hello["id"])
    event, _ = await answer(scene, email=hello["email"], **said)
    assert event["message_id"] is None


async def test_a_campaign_that_is_named_narrows_the_subject(scene, two):
    hello, offer = two
    await scene.run("UPDATE sending.messages SET subject = 'Hello Ana' WHERE id = $1", offer["id"])
    await scene.run("UPDATE sending.messages SET sent_at = sent_at - interval '1 day' WHERE id = $1", hello["id"])
    event, _ = await answer(scene, email=hello["email"], subject="Re: Hello Ana", campaign_id=hello["campaign_id"])
    assert event["message_id"] == hello["id"]
    event, _ = await answer(scene, email=hello["email"], subject="Re: Hello Ana")
    assert event["message_id"] == offer["id"]


async def test_nobody_elses_messages_are_found(scene, two, other_organization):
    hello, _ = two
    async with tenancy.transaction(other_organization, ACTOR) as connection:
        said = {"to": f"r+{hello['id'].hex}@x.example", "in_reply_to": hello["message_id"], "subject": "Re: Hello Ana"}
        (one,) = await record(connection, other_organization, [Happening("reply", "generic", NOW, email=hello["email"], **said)])
        assert await connection.fetchval("SELECT message_id FROM engagement.events WHERE id = $1", one.event_id) is None


async def test_what_is_no_reply_is_not_matched_by_its_headers(scene, two):
    async with tenancy.transaction(scene.organization, ACTOR) as connection:
        said = {"in_reply_to": two[0]["message_id"], "subject": "Re: Hello Ana"}
        (one,) = await record(connection, scene.organization, [Happening("linkedin_reply", "x", NOW, email=two[0]["email"], **said)])
    assert await scene.value("SELECT message_id FROM engagement.events WHERE id = $1", one.event_id) is None


async def test_an_automatic_reply_is_one_whatever_form_its_headers_have(scene, two):
    raw = f"Auto-Submitted: auto-replied\nIn-Reply-To: {two[0]['message_id']}\n"
    event, states = await answer(scene, payload={"headers": raw})
    assert (event["verdict_reason"], event["campaign_id"]) == ("automatic_reply", two[0]["campaign_id"])
    assert states == ["ready", "ready"]


async def test_colleagues_are_paused_when_a_reply_was_matched_by_its_headers(scene, two):
    hello, _ = two
    company = await scene.value("INSERT INTO company.master (name, domain) VALUES ('Acme', 'acme.example') RETURNING id")
    (colleague,) = await scene.enroll(hello["campaign_id"], 1)
    await scene.run(
        "UPDATE people.master SET company_id = $1 WHERE id IN (SELECT person_id FROM marketing.enrollments WHERE campaign_id = $2)",
        company, hello["campaign_id"],
    )  # fmt: skip
    await scene.run("UPDATE marketing.campaigns SET stops_at_same_company = true WHERE campaign_id = $1", hello["campaign_id"])
    await answer(scene, in_reply_to=hello["message_id"])
    assert await scene.value("SELECT state FROM marketing.enrollments WHERE id = $1", colleague) == "paused"
