"""Events: each once, matched inside one organization, and what follows from them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from outrider import sending, tenancy
from outrider.engagement import Happening, follow, record
from outrider.kit.errors import InvalidInput

ACTOR = tenancy.Actor("user", "test")
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
async def sent(scene):
    """(campaign, [message, message, message]), all sent an hour before NOW."""
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, steps=2)
    messages = await scene.queue(campaign, mailbox, 3)
    await scene.run(
        "UPDATE sending.messages SET status = 'sent', sent_at = $2, counted_at = $2, last_attempt_at = $2 WHERE id = ANY ($1::uuid[])",
        messages, NOW - timedelta(hours=1),
    )  # fmt: skip
    return campaign, messages


async def happen(scene, *happenings):
    async with tenancy.transaction(scene.organization, ACTOR) as connection:
        return await record(connection, scene.organization, happenings)


def event(type, message, **more):
    return Happening(type, "sendgrid", NOW, message_id=message, **more)


async def state(scene, message):
    rows = await scene.run(
        """
        SELECT e.state, e.reason, k.status, k.last_activity_at, k.email FROM sending.messages AS m
        INNER JOIN marketing.enrollments AS e ON e.organization_id = m.organization_id AND e.id = m.enrollment_id
        INNER JOIN vault.contacts AS k ON k.organization_id = m.organization_id AND k.contact_id = m.contact_id WHERE m.id = $1
        """,
        message,
    )
    return rows[0]


async def counters(scene, campaign):
    await follow(scene.organization)
    found = await scene.value("SELECT to_jsonb(c) FROM marketing.campaigns AS c WHERE campaign_id = $1", campaign)
    return {name.removesuffix("_count"): count for name, count in found.items() if name.endswith("_count") and count}


async def test_the_same_event_again_changes_nothing(scene, sent):
    first = await happen(scene, event("open", sent[1][0], key="sg-1", payload={"ip": "a"}))
    again = await happen(scene, event("open", sent[1][0], key="sg-1", payload={"ip": "b"}), event("open", sent[1][0], key="sg-1"))
    assert [one.is_new for one in (*first, *again)] == [True, False, False]
    assert {one.event_id for one in again} == {first[0].event_id}
    assert await scene.value("SELECT count(*) FROM engagement.events WHERE organization_id = kit.f_organization() AND type = 'open'") == 1


async def test_another_event_under_a_key_that_is_taken_is_kept(scene, sent):
    one, other = sent[1][:2]
    first = await happen(
        scene, event("open", one, key="k"), event("click", one, key="k", url="https://a.example"), event("open", other, key="k")
    )
    assert [found.is_new for found in first] == [True, True, True]
    assert first[0].key == "k"
    assert len({found.key for found in first}) == 3
    again = await happen(scene, event("click", one, key="k", url="https://a.example"), event("open", other, key="k"))
    assert [found.is_new for found in again] == [False, False]
    assert [found.event_id for found in again] == [first[1].event_id, first[2].event_id]


async def test_without_an_id_the_key_follows_from_platform_campaign_type_address_and_time(scene, sent):
    visit = Happening("trial.started", "product", NOW, email="Ana@Example.org", payload={"plan": "pro"})
    first = await happen(scene, visit, replace(visit, occurred_at=NOW + timedelta(seconds=1)), replace(visit, payload={"plan": "basic"}))
    assert [one.is_new for one in first] == [True, True, True]
    again = await happen(scene, replace(visit, email=" ana@example.org "))
    assert (again[0].is_new, again[0].event_id) == (False, first[0].event_id)


async def test_ten_deliveries_at_once_are_one_event(scene, sent):
    many = await asyncio.gather(*(happen(scene, event("click", sent[1][0], key="x", url="https://a.example")) for _ in range(10)))
    assert sum(one[0].is_new for one in many) == 1
    assert len({one[0].event_id for one in many}) == 1


async def test_a_message_brings_its_campaign_step_person_and_address(scene, sent):
    message = (await scene.run("SELECT * FROM sending.messages WHERE id = $1", sent[1][0]))[0]
    await happen(scene, Happening("delivered", "sendgrid", NOW, rfc_message_id=message["message_id"].strip("<>")))
    row = (await scene.run("SELECT * FROM engagement.events WHERE organization_id = kit.f_organization() AND type = 'delivered'"))[0]
    for name in ("campaign_id", "enrollment_id", "mailbox_id", "person_id", "contact_id"):
        assert row[name] == message[name], name
    assert (row["message_id"], row["step"], row["email"]) == (message["id"], 1, message["recipient"])


async def test_a_message_of_another_organization_is_nobodys(scene, sent, other_organization):
    message = (await scene.run("SELECT * FROM sending.messages WHERE id = $1", sent[1][0]))[0]
    async with tenancy.transaction(other_organization, ACTOR) as connection:
        happening = Happening("spam_report", "sendgrid", NOW, rfc_message_id=message["message_id"], email=message["recipient"])
        (found,) = await record(connection, other_organization, [happening])
        row = await connection.fetchrow("SELECT * FROM engagement.events WHERE id = $1", found.event_id)
    assert (row["message_id"], row["campaign_id"], row["person_id"]) == (None, None, None)
    assert (await state(scene, sent[1][0]))["status"] == "active"
    async with tenancy.transaction(scene.organization, ACTOR) as connection:
        assert not await sending.is_suppressed(connection, scene.organization, message["recipient"])


async def test_a_reply_stops_its_sequence_and_is_an_intent(scene, sent):
    campaign, (one, other, _) = sent
    await happen(scene, event("reply", one, key="r1"))
    assert (await state(scene, one))["state"] == "stopped"
    assert (await state(scene, one))["reason"] == "reply"
    assert (await state(scene, one))["last_activity_at"] == NOW
    assert (await state(scene, other))["state"] == "ready"
    intents = await scene.run("SELECT type, campaign_id FROM marketing.prospect_intents WHERE organization_id = kit.f_organization()")
    assert [tuple(row) for row in intents] == [("reply", campaign)]
    assert await counters(scene, campaign) == {"sent": 3, "delivered": 3, "response": 1}


@pytest.mark.parametrize("type", ["reply", "linkedin_reply"])
async def test_a_reply_that_names_no_campaign_stops_all_that_writes_to_the_person(scene, sent, type):
    _, (one, other, _) = sent
    person = await scene.value("SELECT person_id FROM sending.messages WHERE id = $1", one)
    await happen(scene, Happening(type, "linkedin", NOW, person_id=person))
    assert [(await state(scene, message))["state"] for message in (one, other)] == ["stopped", "ready"]
    assert (await state(scene, one))["reason"] == "reply"


@pytest.mark.parametrize(
    "payload",
    [
        {"headers": {"Auto-Submitted": "auto-replied"}},
        {"headers": {"X-Autoreply": "yes"}},
        {"headers": {"Precedence": "bulk"}},
        {"is_automatic": True},
        {"headers": {"X-Auto-Response-Suppress": "All"}},
        {"headers": {"precedence": ["auto_reply"]}},
        {"headers": "Auto-Submitted: auto-replied\r\nSubject: Out of office"},
        {"headers": [["Auto-Submitted", "auto-replied"]]},
        {"headers": [{"name": "Auto-Submitted", "value": "auto-replied"}]},
    ],
)
async def test_an_automatic_reply_stops_nothing(scene, sent, payload):
    campaign, messages = sent
    await happen(scene, event("reply", messages[0], key="r1", payload=payload))
    assert (await state(scene, messages[0]))["state"] == "ready"
    assert await counters(scene, campaign) == {"sent": 3, "delivered": 3}
    assert (
        await scene.value("SELECT verdict_reason FROM engagement.events WHERE organization_id = kit.f_organization() AND type = 'reply'")
        == "automatic_reply"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "no"},
        {"X-Auto-Response-Suppress": "None"},
        {"X-Autoreply": "no"},
        {"Auto-Submitted": ["no"]},
        "Auto-Submitted: No\n",
        7,
    ],
)
async def test_headers_that_say_nothing_of_the_kind_make_no_reply_automatic(scene, sent, headers):
    await happen(scene, event("reply", sent[1][0], key="r1", payload={"headers": headers}))
    assert (await state(scene, sent[1][0]))["state"] == "stopped"


@pytest.mark.parametrize(
    ("type", "status", "reason", "counter"),
    [("bounce", "bounced", "bounce", "bounce"), ("dropped", "bounced", "bounce", "bounce"),
     ("spam_report", "unsubscribed", "complaint", "complaint"),
     ("unsubscribe", "unsubscribed", "unsubscribe", "unsubscribe")],
)  # fmt: skip
async def test_bounces_complaints_and_unsubscribes_end_it_for_the_address(scene, sent, type, status, reason, counter):
    campaign, (one, other, _) = sent
    await happen(scene, event(type, one, key="e1"))
    after = await state(scene, one)
    assert (after["status"], after["state"], after["reason"]) == (status, "stopped", reason)
    async with tenancy.transaction(scene.organization, ACTOR) as connection:
        assert await sending.suppressed(connection, scene.organization, [after["email"]]) == {after["email"]: reason}
    assert (await state(scene, other))["status"] == "active"
    assert await counters(scene, campaign) == {"sent": 3, "delivered": 2 if counter == "bounce" else 3, counter: 1}


async def test_who_answers_pauses_the_colleagues_where_the_campaign_says_so(scene, sent):
    campaign, (one, other, third) = sent
    company = await scene.value("INSERT INTO company.master (name, domain) VALUES ('Acme', $1) RETURNING id", f"{campaign.hex}.example")
    await scene.run(
        "UPDATE people.master SET company_id = $2 WHERE id IN (SELECT person_id FROM sending.messages WHERE id = ANY ($1::uuid[]))",
        [one, other],
        company,
    )
    await scene.run("UPDATE marketing.campaigns SET stops_at_same_company = true WHERE campaign_id = $1", campaign)
    await happen(scene, event("reply", one, key="r1"))
    assert [(await state(scene, message))["state"] for message in (one, other, third)] == ["stopped", "paused", "ready"]
    assert "company" in (await state(scene, other))["reason"]


async def test_sent_and_bounced_messages_become_events_once(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    one, other, refused = await scene.queue(campaign, mailbox, 3)
    change = (
        "UPDATE sending.messages SET status = $2, reason = $3, sent_at = now(), counted_at = now(), last_attempt_at = now() WHERE id = $1"
    )
    await scene.run(change, one, "sent", None)
    await scene.run(change, other, "failed", "bounce")
    await scene.run(change, refused, "failed", "refused")
    await asyncio.gather(*(follow(scene.organization) for _ in range(4)))
    assert await follow(scene.organization) == 0
    events = await scene.run("SELECT type, message_id FROM engagement.events WHERE organization_id = kit.f_organization() ORDER BY type")
    assert [tuple(row) for row in events] == [("bounce", other), ("sent", one)]
    assert (await state(scene, other))["status"] == "bounced"
    assert await counters(scene, campaign) == {"sent": 1, "delivered": 1, "bounce": 1}


async def test_what_happens_to_a_doubtful_message_settles_it(scene, sent):
    one, other, _ = sent[1]
    await scene.run("UPDATE sending.messages SET status = 'unknown', attempts = 1 WHERE id = ANY ($1::uuid[])", [one, other])
    await happen(scene, event("delivered", one, key="d1"))
    rows = await scene.run("SELECT id, status FROM sending.messages WHERE id = ANY ($1::uuid[])", [one, other])
    assert {row["id"]: row["status"] for row in rows} == {one: "sent", other: "unknown"}


async def test_a_task_that_is_done_becomes_an_event(scene, sent):
    campaign, messages = sent
    enrollment = await scene.value("SELECT enrollment_id FROM sending.messages WHERE id = $1", messages[0])
    step = await scene.step(campaign, 3, channel="phone", instructions="call")
    task = await scene.value(
        "INSERT INTO marketing.tasks (enrollment_id, step_id, channel, instructions, due_at) "
        "VALUES ($1, $2, 'phone', 'call', now()) RETURNING id",
        enrollment, step,
    )  # fmt: skip
    await scene.run(
        "UPDATE marketing.tasks SET state = 'done', outcome = 'talked', done_by = 'user:x', done_at = now() WHERE id = $1", task
    )
    await follow(scene.organization)
    row = (await scene.run("SELECT * FROM engagement.events WHERE organization_id = kit.f_organization() AND platform = 'phone'"))[0]
    assert (row["type"], row["campaign_id"], row["enrollment_id"], row["payload"]["outcome"]) == (
        "phone_done",
        campaign,
        enrollment,
        "talked",
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [({"type": "Open!"}, "type"), ({"platform": " "}, "platform"), ({"occurred_at": datetime(2026, 1, 1)}, "occurred_at"),
     ({"address": "nowhere"}, "address"), ({"url": "x" * 9000}, "url"), ({"key": "k" * 300}, "key")],
)  # fmt: skip
async def test_what_is_no_event_is_refused_and_none_is_kept(scene, sent, change, field):
    with pytest.raises(InvalidInput) as refused:
        await happen(scene, event("open", sent[1][0], key="a"), replace(event("open", sent[1][0], key="b"), **change))
    assert refused.value.field == field
    assert await scene.value("SELECT count(*) FROM engagement.events WHERE organization_id = kit.f_organization()") == 0


async def test_the_application_cannot_write_events_otherwise(scene, sent):
    for statement in (
        "INSERT INTO engagement.events (occurred_at, event_key, type, platform) VALUES (now(), 'x', 'open', 'x')",
        "UPDATE engagement.events SET type = 'click'",
        "DELETE FROM engagement.events",
        "DELETE FROM engagement.event_keys",
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with tenancy.transaction(scene.organization, ACTOR) as connection:
                await connection.execute(statement)


async def other_address(scene, message):
    """Queue a message in the same campaign to another address of the same person; its id."""
    rows = await scene.run(
        """
        WITH contact AS (
            INSERT INTO vault.contacts (email, source, person_id)
            SELECT 'other-' || m.recipient, 'test', m.person_id FROM sending.messages AS m WHERE m.id = $1
            RETURNING contact_id, email, person_id
        ),
        campaign AS (
            INSERT INTO marketing.campaigns (name, state, window_start, window_end, window_days)
            VALUES ('Other', 'sending', '00:00', '24:00', '{1,2,3,4,5,6,7}') RETURNING campaign_id
        )
        INSERT INTO marketing.enrollments (campaign_id, person_id, contact_id, email, next_step, next_at)
        SELECT campaign_id, person_id, contact_id, email, 1, now() FROM contact CROSS JOIN campaign RETURNING id
        """,
        message,
    )
    return rows[0]["id"]


@pytest.mark.parametrize("type", ["unsubscribe", "spam_report"])
async def test_who_says_no_says_it_for_all_their_addresses(scene, sent, type):
    enrollment = await other_address(scene, sent[1][0])
    await happen(scene, event(type, sent[1][0], key="u1"))
    assert await scene.value("SELECT state FROM marketing.enrollments WHERE id = $1", enrollment) == "stopped"


async def test_a_no_is_kept_as_one_when_the_address_was_suppressed_before(scene, sent):
    email = (await state(scene, sent[1][0]))["email"]
    async with tenancy.transaction(scene.organization, ACTOR) as connection:
        await sending.suppress(connection, scene.organization, email, "address", "bounce")
    await happen(scene, event("unsubscribe", sent[1][0], key="u1"))
    async with tenancy.transaction(scene.organization, ACTOR) as connection:
        assert await sending.suppressed(connection, scene.organization, [email]) == {email: "unsubscribe"}


async def test_bounces_that_a_provider_tells_of_pause_the_mailbox(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    messages = await scene.queue(campaign, mailbox, 12)
    await scene.run("UPDATE sending.mailboxes SET resumed_at = now() - interval '1 day' WHERE id = $1", mailbox)
    await scene.run(
        "UPDATE sending.messages SET status = 'sent', sent_at = now(), counted_at = now(), last_attempt_at = now() "
        "WHERE id = ANY ($1::uuid[])",
        messages,
    )
    now = datetime.now(UTC)
    await happen(scene, *(Happening("bounce", "sendgrid", now, key=f"b{one}", message_id=one) for one in messages[:2]))
    await follow(scene.organization)
    assert await scene.value("SELECT state FROM sending.mailboxes WHERE id = $1", mailbox) == "paused"


async def test_nobody_elses_payload_makes_a_complaint_smaller(scene, sent):
    await happen(scene, event("spam_report", sent[1][0], key="c1", payload={"scope": "campaign"}))
    after = await state(scene, sent[1][0])
    assert after["status"] == "unsubscribed"
    assert (
        await scene.value("SELECT count(*) FROM sending.suppressions WHERE organization_id = kit.f_organization() AND campaign_id IS NULL")
        == 1
    )


async def test_two_spellings_of_an_address_at_once_are_one_suppression(scene):
    now = datetime.now(UTC)
    addresses = ("ana@bücher.example", "ana@xn--bcher-kva.example")
    await happen(scene, *(Happening("unsubscribe", "x", now, key=address, email=address) for address in addresses))
    assert await scene.value("SELECT count(*) FROM sending.suppressions WHERE organization_id = kit.f_organization()") == 1
