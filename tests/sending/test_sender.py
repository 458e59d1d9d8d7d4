"""The sender against a real SMTP server on this machine: what goes out, and what becomes of every answer."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dkim
import pytest

from outrider.kit import keyring, public_address
from outrider.sending import Habits, Pace, Watch, credentials, run_sender
from outrider.sending.dkim import make_key
from tests.conftest import HOME

from .scene import Scene
from .sink import Sink, SinkThread

QUICK = Habits(look_every=0.05, plan_every=0.2, grace=2, pace=Pace(connections=3, retry_seconds=0.2))


@asynccontextmanager
async def sending(habits: Habits = QUICK) -> AsyncIterator[None]:
    """Have a sender in this process for the time of the block."""
    stop = asyncio.Event()
    sender = asyncio.create_task(run_sender(habits, Watch(HOME / "home", is_shared=False), stop=stop))
    try:
        yield
    finally:
        stop.set()
        await sender


async def until(scene: Scene, seconds: float = 60, **wanted: int) -> dict[str, int]:
    """Wait until the ledger's states are these."""
    end = time.monotonic() + seconds
    while (found := await scene.states()) != wanted:
        assert time.monotonic() < end, f"still {found}"
        await asyncio.sleep(0.03)
    return found


@pytest.fixture
async def sender(scene: Scene) -> Scene:
    """The organization with all that sending needs."""
    await scene.run("UPDATE tenancy.organizations SET physical_address = E'1 Long Street\nLisbon' WHERE id = $1", scene.organization)
    return scene


async def test_a_due_enrollment_becomes_a_message_that_the_server_has(sender):
    with SinkThread(Sink()) as sink:
        mailbox = await sender.mailbox(
            smtp_port=sink.port, email="ana@sender.example", from_name='Ana "A" Müller', reply_to="replies+{token}@in.sender.example"
        )
        campaign = await sender.campaign(mailbox, steps=0, tracks_opens=True, tracks_clicks=True)
        await sender.step(
            campaign, 1, subject="Hi {{first_name}}", body='<p>Dear {{first_name}}, <a href="https://x.example/?a=1&amp;b=2">see</a></p>'
        )
        (enrollment,) = await sender.enroll(campaign, 1)
        async with sending():
            await until(sender, sent=1)
    (message,) = sink.parsed()
    (_, message_id, recipient) = sink.accepted[0]
    row = (await sender.run("SELECT * FROM sending.messages WHERE enrollment_id = $1", enrollment))[0]
    assert (message["Message-ID"], message["To"], message["Subject"]) == (row["message_id"], recipient, "Hi Ana")
    assert message["Reply-To"] == f"replies+{row['id'].hex}@in.sender.example"
    assert row["message_id"] == f"<{row['id']}@sender.example>" == message_id
    html, text = (part.get_payload(decode=True).decode() for part in reversed(message.get_payload()))
    assert "Dear Ana" in html
    assert "1 Long Street, Lisbon" in html
    assert "1 Long Street, Lisbon" in text
    (link,) = re.findall(r'href="https://out\.example/t/c/([^"]+)"', html)
    assert keyring.signer().read("click", link).url == "https://x.example/?a=1&b=2"
    (pixel,) = re.findall(r'src="https://out\.example/t/o/([^"]+)\.gif"', html)
    assert keyring.signer().read("open", pixel).message_id == row["id"]
    (unsubscribe,) = re.findall(r"<https://out\.example/u/(.+)>", message["List-Unsubscribe"])
    assert keyring.signer().read("unsubscribe", unsubscribe).organization_id == sender.organization
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"Unsubscribe: https://out.example/u/{unsubscribe}" in text
    assert (row["subject"], row["body"], row["body_text"].splitlines()) == ("Hi Ana", html.replace("\r\n", "\n"), text.splitlines())
    attempt = (await sender.run("SELECT * FROM sending.attempts WHERE message_id = $1", row["id"]))[0]
    assert (attempt["outcome"], attempt["code"], attempt["answer"]) == ("sent", 250, "2.0.0 queued")
    assert await sender.value("SELECT state FROM marketing.enrollments WHERE id = $1", enrollment) == "finished"
    async with sending():
        for _ in range(100):
            if await sender.value("SELECT state FROM marketing.campaigns WHERE campaign_id = $1", campaign) == "completed":
                break
            await asyncio.sleep(0.05)
    assert await sender.value("SELECT state FROM marketing.campaigns WHERE campaign_id = $1", campaign) == "completed"


async def test_nothing_goes_out_whose_links_nobody_could_follow(sender):
    public_address.configure("http://localhost:8080")
    with SinkThread(Sink()) as sink:
        linked = await sender.mailbox(smtp_port=sink.port, tracking_domain="links.one.example")
        (unlinked,) = await sender.enroll(await sender.campaign(await sender.mailbox(smtp_port=sink.port)), 1)
        await sender.enroll(await sender.campaign(linked), 1)
        async with sending():
            await until(sender, needs_review=1, sent=1)
    assert "https://links.one.example/u/" in sink.parsed()[0]["List-Unsubscribe"]
    told = await sender.value("SELECT reason FROM sending.messages WHERE enrollment_id = $1", unlinked)
    assert told.startswith("there is no address for its unsubscribe link: set OUTRIDER_PUBLIC_URL")


async def test_what_is_signed_verifies_with_another_library(sender):
    pem, public = make_key()
    await sender.run(
        "INSERT INTO sending.domains (domain, dkim_selector, dkim_private_key_encrypted, dkim_public_key) VALUES ('sender.example', 'out', $1, $2)",  # noqa: E501
        credentials.seal_key(pem, sender.organization, "sender.example"), public,
    )  # fmt: skip
    with SinkThread(Sink()) as sink:
        mailbox = await sender.mailbox(smtp_port=sink.port, from_name="Zoë  Q")
        campaign = await sender.campaign(mailbox, steps=0)
        long = "<p>." + "ü  word\t" * 60 + "</p>\n.\n..dots\n<p>" + "x" * 200 + "</p>   \n\n\n"
        await sender.step(campaign, 1, subject="Größe " * 20, body=long)
        await sender.enroll(campaign, 3)
        async with sending():
            await until(sender, sent=3)
    assert len(sink.messages) == 3
    for message in sink.messages:
        assert dkim.verify(message, dnsfunc=lambda name, timeout=5: f"v=DKIM1; k=rsa; p={public}".encode())
        assert not dkim.verify(message.replace(b"To: ", b"To: x"), dnsfunc=lambda name, timeout=5: f"v=DKIM1; k=rsa; p={public}".encode())


@pytest.mark.parametrize(
    ("behaviour", "status", "outcome", "code", "reason"),
    [
        ("550=1", "failed", "refused", 550, "bounce"),
        ("data554=1", "failed", "refused", 554, "refused"),
        ("drop_after=1", "unknown", "unknown", None, None),
        ("lose_after=1", "unknown", "unknown", None, None),
        ("latin1=1", "sent", "sent", 250, None),
    ],
)
async def test_each_answer_becomes_what_it_means(sender, behaviour, status, outcome, code, reason):
    with SinkThread(Sink(behaviour)) as sink:
        mailbox = await sender.mailbox(smtp_port=sink.port)
        (enrollment,) = await sender.enroll(await sender.campaign(mailbox), 1)
        async with sending():
            await until(sender, **{status: 1})
            await asyncio.sleep(0.5)
            assert await sender.states() == {status: 1}  # and stays it
    row = (await sender.run("SELECT * FROM sending.messages WHERE enrollment_id = $1", enrollment))[0]
    attempts = await sender.run("SELECT * FROM sending.attempts WHERE message_id = $1", row["id"])
    assert [(one["outcome"], one["code"]) for one in attempts] == [(outcome, code)]
    if reason:
        assert row["reason"] == reason
        assert await sender.value("SELECT reason FROM marketing.enrollments WHERE id = $1", enrollment) == reason
    assert sum(sink.tries.values()) == 1


@pytest.mark.parametrize(("behaviour", "code"), [("421=1", 421), ("450=1", 450), ("data450=1", 450), ("drop_before=1", None)])
async def test_what_is_only_put_off_is_sent_once_later(sender, behaviour, code):
    with SinkThread(Sink(behaviour)) as sink:
        mailbox = await sender.mailbox(smtp_port=sink.port)
        await sender.enroll(await sender.campaign(mailbox), 1)
        async with sending():
            end = time.monotonic() + 60
            while not (
                await sender.run("SELECT 1 FROM sending.attempts WHERE organization_id = kit.f_organization() AND outcome = 'postponed'")
            ):
                assert time.monotonic() < end
                await asyncio.sleep(0.03)
            throttles = await sender.run("SELECT * FROM sending.throttles WHERE organization_id = kit.f_organization()")
            assert [row["recipient_domain"] for row in throttles] == (["example.org"] if code in (421, 450) else [])
            await sender.run("DELETE FROM sending.throttles WHERE organization_id = kit.f_organization()")
            await sender.run(
                "UPDATE sending.messages SET scheduled_at = now() WHERE organization_id = kit.f_organization() AND status = 'queued'"
            )
            await until(sender, sent=1)
    assert len(sink.accepted) == 1
    attempts = await sender.run("SELECT outcome, code FROM sending.attempts WHERE organization_id = kit.f_organization() ORDER BY number")
    assert [tuple(row) for row in attempts] == [("postponed", code), ("sent", 250)]


async def test_a_message_that_lacks_a_name_waits_for_a_person_and_the_others_go(sender):
    with SinkThread(Sink()) as sink:
        mailbox = await sender.mailbox(smtp_port=sink.port)
        campaign = await sender.campaign(mailbox, steps=0)
        await sender.step(campaign, 1, body="<p>Hi {{first_name}} of {{company}}</p>")
        enrollments = await sender.enroll(campaign, 3)
        await sender.run(
            "UPDATE vault.contacts SET company = 'Acme' WHERE contact_id IN (SELECT contact_id FROM marketing.enrollments WHERE id = ANY ($1))",  # noqa: E501
            enrollments[1:],
        )
        async with sending():
            await until(sender, sent=2, needs_review=1)
    reason = await sender.value("SELECT reason FROM sending.messages WHERE enrollment_id = $1", enrollments[0])
    assert "company" in reason
    assert len(sink.accepted) == 2


async def test_a_server_that_does_not_let_the_mailbox_in_takes_it_out_of_use(sender):
    with SinkThread(Sink(passwords={"u": "not this"})) as sink:
        mailbox = await sender.mailbox(smtp_port=sink.port, authentication="password", username="u")
        await sender.run("UPDATE sending.mailboxes SET credentials_encrypted = $2 WHERE id = $1", mailbox,
                         credentials.Credentials(password="wrong").sealed(sender.organization, mailbox))  # fmt: skip
        await sender.enroll(await sender.campaign(mailbox), 4)
        async with sending():
            end = time.monotonic() + 60
            while (found := await sender.run("SELECT state, state_reason FROM sending.mailboxes WHERE id = $1", mailbox))[0][
                "state"
            ] == "active":
                assert time.monotonic() < end
                await asyncio.sleep(0.05)
        assert await until(sender, queued=4)
    assert found[0]["state"] == "failing"
    assert "535" in found[0]["state_reason"]
    assert await sender.value("SELECT count(*) FROM sending.attempts WHERE organization_id = kit.f_organization()") == 0


async def test_a_server_that_is_away_costs_no_message_and_no_attempt_at_it(sender):
    mailbox = await sender.mailbox(smtp_port=1)
    await sender.enroll(await sender.campaign(mailbox), 3)
    async with sending():
        await asyncio.sleep(1)
        assert set(await sender.states()) <= {"queued", "claimed"}
        with SinkThread(Sink()) as sink:
            await sender.run("UPDATE sending.mailboxes SET smtp_port = $2 WHERE id = $1", mailbox, sink.port)
            for _ in range(80):
                await sender.run(
                    "UPDATE sending.messages SET scheduled_at = now() WHERE organization_id = kit.f_organization() AND status = 'queued'"
                )
                if await sender.states() == {"sent": 3}:
                    break
                await asyncio.sleep(0.3)
    assert await sender.states() == {"sent": 3}
    assert len(sink.accepted) == 3
    assert await sender.value("SELECT max(attempts) FROM sending.messages WHERE organization_id = kit.f_organization()") == 1


async def test_a_thread_keeps_its_mailbox_and_its_references(sender):
    with SinkThread(Sink()) as sink:
        mailboxes = [await sender.mailbox(smtp_port=sink.port) for _ in range(3)]
        campaign = await sender.campaign(*mailboxes, steps=3)
        await sender.enroll(campaign, 6)
        async with sending():
            end = time.monotonic() + 60
            while await sender.states() != {"sent": 18}:
                assert time.monotonic() < end, await sender.states()
                await sender.run(
                    "UPDATE marketing.enrollments SET next_at = now() WHERE organization_id = kit.f_organization() AND next_at IS NOT NULL"
                )
                await asyncio.sleep(0.1)
    rows = await sender.run(
        "SELECT enrollment_id, count(DISTINCT mailbox_id) AS mailboxes, array_agg(message_id ORDER BY sequence_step) AS ids "
        "FROM sending.messages WHERE organization_id = kit.f_organization() GROUP BY 1"
    )
    assert {row["mailboxes"] for row in rows} == {1}
    by_id = {message["Message-ID"]: message for message in sink.parsed()}
    for row in rows:
        first, second, third = row["ids"]
        assert by_id[first]["In-Reply-To"] is None
        assert by_id[second]["In-Reply-To"] == first
        assert by_id[third]["In-Reply-To"] == second
        assert by_id[third]["References"].split() == [first, second]
    assert len({row["mailbox_id"] for row in await sender.run(
        "SELECT DISTINCT mailbox_id FROM sending.messages WHERE organization_id = kit.f_organization()")}) == 3  # fmt: skip


async def test_a_pause_takes_effect_within_a_second_and_the_rest_goes_on_after_it(sender):
    with SinkThread(Sink(delay=0.05)) as sink:
        mailbox = await sender.mailbox(smtp_port=sink.port)
        campaign = await sender.campaign(mailbox)
        await sender.enroll(campaign, 150)
        async with sending():
            while len(sink.accepted) < 10:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            await sender.run("UPDATE marketing.campaigns SET state = 'paused' WHERE campaign_id = $1", campaign)
            await asyncio.sleep(1)
            paused_at = len(sink.accepted)
            await asyncio.sleep(1)
            assert len(sink.accepted) == paused_at < 150
            await sender.run("UPDATE marketing.campaigns SET state = 'sending' WHERE campaign_id = $1", campaign)
            await until(sender, sent=150)
    assert len({message_id for _, message_id, _ in sink.accepted}) == len(sink.accepted) == 150
