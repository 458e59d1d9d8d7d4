"""Webhooks through the real address: who may come in, what is kept, once, and what the job makes of it."""

import base64
import gzip
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from outrider import sending, tenancy
from outrider.engagement.signatures import SENDGRID_SIGNATURE, SENDGRID_TIMESTAMP
from outrider.kit.http import Guesses

from .hooks import Hook
from .samples import GENERIC, LEMLIST, SENDGRID, SMARTLEAD, SendGridKey, as_json, signed

KEY = SendGridKey()
SENT = datetime(2025, 11, 20, 7, tzinfo=UTC)


@pytest.fixture
async def messages(scene):
    """(campaign, messages): two that were sent."""
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    found = await scene.queue(campaign, mailbox, 2)
    await scene.run("UPDATE sending.messages SET status = 'sent', sent_at = $2, counted_at = $2 WHERE id = ANY ($1::uuid[])", found, SENT)
    return campaign, found


async def events(scene):
    query = "SELECT type, message_id, campaign_id, person_id, email FROM engagement.events WHERE organization_id = kit.f_organization()"
    return await scene.run(query + " AND platform <> 'outrider' ORDER BY occurred_at, id")


async def test_a_signed_delivery_of_sendgrid_is_kept_and_worked_on(hook, scene, messages):
    campaign, (message, _) = messages
    made = await hook("sendgrid", KEY.public)
    rfc = await scene.value("SELECT message_id FROM sending.messages WHERE id = $1", message)
    body = as_json([{**event, "smtp-id": rfc} for event in SENDGRID[:4]])
    answer = await made.post(body, KEY.headers(body))
    assert (answer.status_code, answer.json()["is_new"]) == (202, True)
    assert [one["state"] for one in await made.deliveries()] == ["pending"]
    assert [job.state for job in await made.work()] == ["completed"]
    [delivery] = await made.deliveries()
    assert (delivery["state"], delivery["events"], delivery["new_events"], sum(delivery["ignored"].values())) == ("done", 3, 3, 1)
    assert [(row["type"], row["message_id"], row["campaign_id"]) for row in await events(scene)] == [
        ("deferred", message, campaign), ("delivered", message, campaign), ("open", message, campaign),
    ]  # fmt: skip


async def test_a_complaint_and_a_bounce_suppress_and_stop(hook, scene, messages):
    _, (one, other) = messages
    made = await hook("sendgrid", KEY.public)
    rows = await scene.run("SELECT id, recipient FROM sending.messages WHERE id = ANY ($1::uuid[])", [one, other])
    emails = {row["id"]: row["recipient"] for row in rows}
    told = [{**event, "outrider_message_id": str(id), "email": emails[id]} for event, id in ((SENDGRID[7], one), (SENDGRID[6], other))]
    body = as_json(told)
    await made.post(body, KEY.headers(body))
    await made.work()
    async with tenancy.transaction(scene.organization, tenancy.Actor("user", "test")) as connection:
        assert sorted((await sending.suppressed(connection, scene.organization, list(emails.values()))).values()) == ["bounce", "complaint"]
    states = await scene.run("SELECT state FROM marketing.enrollments WHERE organization_id = kit.f_organization()")
    assert [row["state"] for row in states] == ["stopped", "stopped"]


async def test_replies_belong_to_the_messages_that_they_answer(hook, scene, messages):
    campaign, found = messages
    rows = await scene.run(
        "UPDATE sending.messages SET subject = 'Hello' WHERE id = ANY ($1::uuid[]) RETURNING id, message_id, recipient", found
    )
    (first, second) = sorted(rows, key=lambda row: found.index(row["id"]))
    at = (SENT + timedelta(hours=1)).isoformat()
    reply = {
        "type": "reply",
        "id": "1",
        "occurred_at": at,
        "email": first["recipient"],
        "payload": {"headers": {"In-Reply-To": first["message_id"]}},
    }
    smartlead = {
        **SMARTLEAD, "event_type": "EMAIL_REPLY", "event_timestamp": at, "to_email": second["recipient"], "subject": "Re: Hello",
        "reply_message": {"message_id": "<r2@elsewhere.example>"}, "sent_message": {}, "secret_key": None,
    }  # fmt: skip
    lemlist = {**LEMLIST, "createdAt": at, "leadEmail": second["recipient"], "subject": "AW: Hello", "messageId": "<r3@elsewhere.example>"}
    for kind, body in (("generic", reply), ("smartlead", smartlead), ("lemlist", lemlist)):
        made = await hook(kind, None if kind == "generic" else "a-shared-secret")
        sent = as_json({**body, "secret": "a-shared-secret", "secret_key": "a-shared-secret"})
        answer = await (made.deliver(sent) if kind == "generic" else made.post(sent))
        assert answer.status_code == 202, answer.text
        assert [job.state for job in await made.work()] == ["completed"]
    assert [(row["message_id"], row["campaign_id"]) for row in await events(scene)] == [
        (first["id"], campaign), (second["id"], campaign), (second["id"], campaign),
    ]  # fmt: skip


async def test_the_same_body_again_is_the_same_delivery_and_counts_nothing_twice(hook, scene):
    made = await hook("generic")
    first = await made.deliver(as_json(GENERIC))
    again = await made.deliver(as_json(GENERIC))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["delivery_id"] == again.json()["delivery_id"]
    assert len(await made.work()) == 1
    assert await made.work() == []
    [delivery] = await made.deliveries()
    assert (delivery["repeats"], delivery["new_events"]) == (1, 1)
    await made.deliver(as_json({**GENERIC, "more": 1}))
    await made.work()
    assert [one["new_events"] for one in await made.deliveries()] == [0, 1]
    assert len(await events(scene)) == 1


async def test_what_is_unsigned_wrongly_signed_or_old_is_refused_and_not_kept(hook):
    made = await hook("sendgrid", KEY.public)
    body = as_json(SENDGRID)
    right = KEY.headers(body)
    wrong = [
        {},
        {SENDGRID_SIGNATURE: right[SENDGRID_SIGNATURE]},
        {**right, SENDGRID_TIMESTAMP: str(int(time.time()) + 1)},
        {**right, SENDGRID_SIGNATURE: "AAAA"},
        {**right, SENDGRID_SIGNATURE: "not base64!"},
        {**right, SENDGRID_TIMESTAMP: "soon"},
        {**right, SENDGRID_TIMESTAMP: "9" * 400},
        SendGridKey().headers(body),
        KEY.headers(body + b" "),
        KEY.headers(body, at=time.time() - 3600),
        KEY.headers(body, at=time.time() + 3600),
    ]
    for headers in wrong:
        answer = await made.post(body, headers)
        assert answer.status_code == 401, headers
        assert answer.json()["errors"][0]["field"] == "signature"
    assert await made.deliveries() == []
    assert (await made.post(body, right)).status_code == 202


async def test_our_own_signature_covers_time_and_body(hook):
    made = await hook("generic")
    body = as_json(GENERIC)
    for headers in ({}, signed("another", body), signed(made.secret, body + b" "), signed(made.secret, body, at=time.time() - 3600)):
        assert (await made.post(body, headers)).status_code == 401
    assert (await made.deliver(body)).status_code == 202


async def test_lemlist_and_smartlead_repeat_their_secret_and_it_is_not_kept(hook, scene):
    for kind, sample, name in (("lemlist", LEMLIST, "secret"), ("smartlead", SMARTLEAD, "secret_key")):
        made = await hook(kind, "a-shared-secret")
        for wrong in ({**sample, name: "guessed-secret"}, {key: value for key, value in sample.items() if key != name}, {}, []):
            assert (await made.post(as_json(wrong))).status_code == 401, (kind, wrong)
        answer = await made.post(as_json(sample))
        assert answer.status_code == 202
        kept = await scene.value(
            "SELECT convert_from(body, 'UTF8') FROM engagement.deliveries WHERE id = $1", UUID(answer.json()["delivery_id"])
        )
        assert "a-shared-secret" not in kept
        assert "[secret]" in kept
        assert [job.state for job in await made.work()] == ["completed"]
    assert sorted(row["type"] for row in await events(scene)) == ["click", "reply"]


async def test_without_a_key_sendgrid_is_taken_unsigned(hook):
    assert (await (await hook("sendgrid")).post(as_json(SENDGRID))).status_code == 202


async def test_a_secret_that_was_replaced_holds_for_a_day(hook, client, scene):
    made = await hook("generic")
    new = (await client.post(f"/api/webhooks/{made.id}/rotate", json={})).json()["secret"]
    assert new != made.secret
    for number, secret in enumerate((made.secret, new)):
        body = as_json([number])
        assert (await made.post(body, signed(secret, body))).status_code == 202
    await scene.run("UPDATE engagement.webhook_sources SET old_secret_until = now() WHERE id = $1", made.id)
    body = as_json([3])
    assert (await made.post(body, signed(made.secret, body))).status_code == 401


async def test_a_paused_webhook_refuses_and_a_deleted_one_is_nobodys(hook, client):
    made = await hook("generic")
    await client.patch(f"/api/webhooks/{made.id}", json={"is_active": False})
    assert (await made.deliver(as_json(GENERIC))).status_code == 409
    assert (await client.delete(f"/api/webhooks/{made.id}")).status_code == 204
    assert (await made.deliver(as_json(GENERIC))).status_code == 404


async def test_an_address_that_is_not_ours_is_nobodys(hook, anonymous, other_organization):
    made = await hook("sendgrid")
    token = made.path.rpartition("/")[2]
    foreign = httpx.URL(made.path).path.replace(token, "A" + token[1:] if token[0] != "A" else "B" + token[1:])
    for path in (
        "/hooks/x",
        "/hooks/" + "A" * 54,
        f"/hooks/{token}A",
        f"/hooks/{token[:-1]}",
        foreign,
        "/hooks/%00",
        "/hooks/ü" + token[2:],
    ):
        assert (await anonymous.post(path, content=b"[]")).status_code in (404, 422), path
    assert (await anonymous.get(made.path)).status_code == 405


async def test_megabytes_are_not_read_from_strangers(anonymous):
    read = []

    async def body():
        for _ in range(10):
            read.append(1)
            yield b" " * 2**16

    assert (await anonymous.post("/hooks/" + "A" * 54, content=body())).status_code == 404
    assert len(read) <= 1


@pytest.mark.parametrize("body", [b"", b"{", b"\x00", b"\xff\xfe", b"[1,]", b'{"a": NaN}', b"event=open&email=a"])
async def test_what_is_no_json_is_refused_and_not_kept(hook, body):
    made = await hook("generic")
    answer = await made.deliver(body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body")
    assert await made.deliveries() == []


async def test_json_of_another_shape_is_kept_fails_and_can_be_worked_on_again(hook, client):
    made = await hook("generic")
    assert (await made.deliver(b'{"events": "none"}')).status_code == 202
    [job] = await made.work()
    assert (job.state, job.retry_count) == ("failed", 0)
    [delivery] = await made.deliveries()
    assert delivery["state"] == "failed"
    assert "send {" in delivery["error"]
    again = await client.post(f"/api/deliveries/{delivery['id']}/retry")
    assert (again.status_code, again.json()["state"]) == (200, "pending")
    assert (await client.post(f"/api/deliveries/{delivery['id']}/retry")).status_code == 200
    await made.work()
    assert [one["state"] for one in await made.deliveries()] == ["failed"]


async def test_what_fails_by_the_database_is_tried_again_and_then_done(hook, scene, monkeypatch):
    from outrider.engagement import webhook_tasks

    made = await hook("generic")
    await made.deliver(as_json(GENERIC))
    tried = []

    async def once_away(*arguments):
        tried.append(1)
        if len(tried) == 1:
            raise ConnectionError("away")
        return await record(*arguments)

    record = webhook_tasks.record
    monkeypatch.setattr(webhook_tasks, "record", once_away)
    [job] = await made.work()
    assert (job.state, job.retry_count) == ("completed", 1)
    assert [(one["state"], one["error"]) for one in await made.deliveries()] == [("done", None)]
    assert len(await events(scene)) == 1


async def test_what_was_recorded_before_it_failed_is_not_counted_twice(hook, scene, monkeypatch):
    from outrider.engagement import webhook_tasks

    made = await hook("generic")
    await made.deliver(as_json([{**GENERIC["events"][0], "id": str(number)} for number in range(5)]))
    record, tried = webhook_tasks.record, []

    async def away_the_second_time(*arguments):
        tried.append(1)
        if len(tried) == 2:
            raise ConnectionError("away")
        return await record(*arguments)

    monkeypatch.setattr(webhook_tasks, "AT_ONCE", 2)
    monkeypatch.setattr(webhook_tasks, "record", away_the_second_time)
    [job] = await made.work()
    assert (job.state, job.retry_count, job.output["new_events"]) == ("completed", 1, 5)
    [delivery] = await made.deliveries()
    assert (delivery["state"], delivery["events"], delivery["new_events"]) == ("done", 5, 5)
    assert len(await events(scene)) == 5


async def test_a_delivery_whose_job_was_cancelled_is_worked_on_when_somebody_asks(hook, client):
    made = await hook("generic")
    await made.deliver(as_json(GENERIC))
    [job] = (await client.get("/api/jobs", params={"name": "engagement.webhook"})).json()["items"]
    assert (await client.post(f"/api/jobs/{job['id']}/cancel")).status_code == 200
    [delivery] = await made.deliveries()
    assert (await client.post(f"/api/deliveries/{delivery['id']}/retry")).json()["state"] == "pending"
    assert [one.state for one in await made.work()] == ["completed"]
    assert [one["state"] for one in await made.deliveries()] == ["done"]
    assert (await client.post(f"/api/deliveries/{delivery['id']}/retry")).status_code == 409


async def test_a_providers_own_idempotency_key_is_no_key_of_ours(hook):
    made = await hook("generic")
    body = as_json(GENERIC)
    assert (await made.post(body, {**signed(made.secret, body), "Idempotency-Key": "theirs"})).status_code == 202


async def test_a_packed_body_is_unpacked_and_a_bomb_is_not(hook):
    made = await hook("generic")
    body = as_json(GENERIC)
    packed = {**signed(made.secret, body), "Content-Encoding": "gzip"}
    assert (await made.post(gzip.compress(body), packed)).status_code == 202
    bomb = b"[" + b" " * (6 * 2**20) + b"]"
    assert (await made.post(gzip.compress(bomb), {**signed(made.secret, bomb), "Content-Encoding": "gzip"})).status_code == 413
    for wrong, name in ((b"not gzip", "gzip"), (gzip.compress(body)[:-4], "gzip"), (body, "br")):
        assert (await made.post(wrong, {**packed, "Content-Encoding": name})).status_code == 422


async def test_a_body_that_is_too_large_is_refused(hook):
    made = await hook("sendgrid")
    assert (await made.post(b"[" + b" " * 2**20 + b"]")).status_code == 413  # the tests' max_request_bytes


async def test_an_event_about_another_organizations_message_stays_a_strangers(
    hook, scene, messages, stranger, anonymous, other_organization
):
    answer = await stranger.post("/api/webhooks", json={"kind": "sendgrid", "name": "Theirs"})
    theirs = Hook(UUID(answer.json()["id"]), httpx.URL(answer.json()["url"]).path, None, anonymous, stranger, other_organization)
    message = messages[1][0]
    email = await scene.value("SELECT recipient FROM sending.messages WHERE id = $1", message)
    await theirs.post(as_json([{**SENDGRID[7], "outrider_message_id": str(message), "email": email}]))
    assert [job.state for job in await theirs.work()] == ["completed"]
    assert await events(scene) == []
    async with tenancy.transaction(scene.organization, tenancy.Actor("user", "test")) as connection:
        assert await sending.suppressed(connection, scene.organization, [email]) == {}


async def test_who_tries_addresses_is_held_back_and_a_neighbour_whose_address_holds_is_not(app, hook, organization):
    app.state.webhook_guesses = Guesses("3/minute", "test")
    mine = await hook("generic")
    assert (await mine.deliver(b'[{"type": "reply", "email": "ana@acme.example"}]')).status_code == 202
    fresh = await hook("generic")
    nobodys = [f"/hooks/{base64.urlsafe_b64encode(organization.bytes + bytes([place] * 24)).decode().rstrip('=')}" for place in range(5)]
    assert [(await mine.sender.post(path, content=b"{}")).status_code for path in nobodys] == [404, 404, 404, 429, 429]
    assert (await mine.deliver(b'[{"type": "reply", "email": "bo@acme.example"}]')).status_code == 202
    assert (await fresh.deliver(b"[]")).status_code == 429
