"""The claim: no limit is passed by any number of claimers, and nobody is written to who must not be."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from outrider import tenancy
from outrider.sending.store import queries

from .claiming import ACTOR, begin, claim, claim_at_once, finish


async def test_what_is_due_is_claimed_in_order_and_once(scene):
    mailbox = await scene.mailbox()
    due = await scene.queue(await scene.campaign(mailbox), mailbox, 5)
    assert [row["id"] for row in await claim(scene.organization, 3)] == due[:3]
    assert [row["id"] for row in await claim(scene.organization, 3)] == due[3:]
    assert await claim(scene.organization) == []


async def test_what_is_not_due_yet_waits(scene):
    mailbox = await scene.mailbox()
    await scene.queue(await scene.campaign(mailbox), mailbox, 2)
    await scene.run("UPDATE sending.messages SET scheduled_at = now() + interval '1 minute' WHERE organization_id = kit.f_organization()")
    assert await claim(scene.organization) == []


@pytest.mark.parametrize("limits", [{"daily_limit": 7}, {"daily_limit": 100, "hourly_limit": 7}])
async def test_claimers_at_once_never_pass_a_mailboxs_limit(scene, limits):
    two = [await scene.mailbox(**limits), await scene.mailbox(**limits)]
    for _ in range(2):  # two campaigns that share both mailboxes
        campaign = await scene.campaign(*two)
        for mailbox in two:
            await scene.queue(campaign, mailbox, 12)
    got = await claim_at_once(scene.organization, 6, 3)
    assert Counter(row["mailbox_id"] for row in got) == {two[0]: 7, two[1]: 7}


async def test_claimers_at_once_never_pass_the_organizations_limit(scene):
    await scene.run("INSERT INTO sending.control (daily_limit) VALUES (9)")
    mailboxes = [await scene.mailbox() for _ in range(3)]
    campaign = await scene.campaign(*mailboxes)
    for mailbox in mailboxes:
        await scene.queue(campaign, mailbox, 10)
    got = await claim_at_once(scene.organization, 6, 4)
    assert len(got) == 9
    assert len({row["mailbox_id"] for row in got}) == 3  # each has its share


async def test_claimers_at_once_never_pass_a_campaigns_limit(scene):
    mailboxes = [await scene.mailbox() for _ in range(2)]
    campaign = await scene.campaign(*mailboxes, daily_limit=5)
    other = await scene.campaign(*mailboxes)
    for mailbox in mailboxes:
        await scene.queue(campaign, mailbox, 8)
        await scene.queue(other, mailbox, 4)
    got = await claim_at_once(scene.organization, 6, 3)
    assert Counter(row["campaign_id"] for row in got) == {campaign: 5, other: 8}


async def test_claimers_at_once_never_pass_a_domains_limit_and_other_domains_go_on(scene):
    await scene.run("INSERT INTO sending.control (domain_hourly_limit) VALUES (6)")
    await scene.run("INSERT INTO sending.throttles (recipient_domain, per_hour) VALUES ('slow.example', 2)")
    mailboxes = [await scene.mailbox() for _ in range(2)]
    campaign = await scene.campaign(*mailboxes)
    for mailbox in mailboxes:
        await scene.queue(campaign, mailbox, 10, domain="slow.example")
        await scene.queue(campaign, mailbox, 10, domain="other.example")
        await scene.queue(campaign, mailbox, 2, domain="third.example")
    got = await claim_at_once(scene.organization, 6, 4)
    assert Counter(row["recipient_domain"] for row in got) == {"slow.example": 2, "other.example": 6, "third.example": 4}


async def test_a_warm_up_is_a_straight_ramp(scene):
    mailbox = await scene.mailbox(daily_limit=50, warmup_status="active", warmup_started_on="2026-01-01", warmup_from=5, warmup_days=30)
    days = await scene.run(
        "SELECT sending.f_daily_limit(daily_limit, warmup_status, warmup_started_on, warmup_from, warmup_days, '2026-01-01'::date + d) AS most "  # noqa: E501
        "FROM sending.mailboxes, generate_series(0, 31) AS d WHERE id = $1 ORDER BY d", mailbox,
    )  # fmt: skip
    ramp = [row["most"] for row in days]
    assert (ramp[0], ramp[10], ramp[29], ramp[30], ramp[31]) == (5, 20, 48, 50, 50)
    assert ramp == sorted(ramp)


async def test_a_mailbox_that_waits_for_its_warm_up_sends_nothing(scene):
    mailbox = await scene.mailbox(warmup_status="pending")
    await scene.queue(await scene.campaign(mailbox), mailbox, 1)
    assert await claim(scene.organization) == []


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ("UPDATE marketing.enrollments SET state = 'stopped', reason = 'reply'", "skipped", "reply"),
        ("UPDATE vault.contacts SET status = 'unsubscribed'", "skipped", "unsubscribed"),
        ("UPDATE vault.contacts SET status = 'bounced'", "skipped", "bounced"),
        ("INSERT INTO sending.suppressions (kind, value_hash, reason) "
         "SELECT 'address', sending.f_hash(recipient), 'complaint' FROM sending.messages", "skipped", "complaint"),
        ("INSERT INTO sending.suppressions (kind, value_hash, reason) "
         "SELECT 'domain', sending.f_hash('EXAMPLE.org '), 'manual'", "skipped", "manual"),
        ("INSERT INTO sending.suppressions (kind, value_hash, reason, campaign_id) "
         "SELECT 'address', sending.f_hash(recipient), 'unsubscribe', campaign_id FROM sending.messages", "skipped", "unsubscribe"),
        ("UPDATE marketing.enrollments SET state = 'paused'", "queued", None),
        ("UPDATE marketing.campaigns SET state = 'paused'", "queued", None),
        ("UPDATE marketing.campaigns SET state = 'cancelled'", "queued", None),
        ("UPDATE sending.mailboxes SET state = 'paused'", "queued", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("when", ["before the claim", "between claim and begin"])
async def test_who_must_not_be_written_to_is_not(scene, change, status, reason, when):
    mailbox = await scene.mailbox()
    (message,) = await scene.queue(await scene.campaign(mailbox), mailbox, 1)
    change = f"{change} WHERE organization_id = kit.f_organization()" if "f_hash('" not in change else change
    if when == "before the claim":
        await scene.run(change)
        assert await claim(scene.organization) == []
    else:
        claimed = await claim(scene.organization)
        await scene.run(change)
        assert await begin(scene.organization, claimed) == set()
    row = (await scene.run("SELECT status, reason, counted_at, claim_token FROM sending.messages WHERE id = $1", message))[0]
    assert (row["status"], row["reason"], row["counted_at"]) == (status, reason, None)
    if status == "skipped":
        assert await scene.value("SELECT state FROM marketing.enrollments WHERE organization_id = kit.f_organization()") == "stopped"


async def test_a_suppression_for_another_campaign_or_organization_stops_nothing(scene, other_organization):
    mailbox = await scene.mailbox()
    campaign, other = await scene.campaign(mailbox), await scene.campaign(mailbox)
    await scene.queue(campaign, mailbox, 1)
    hashed = "SELECT 'address', sending.f_hash(recipient), 'unsubscribe', $1::uuid FROM sending.messages WHERE organization_id = kit.f_organization()"  # noqa: E501
    await scene.run(f"INSERT INTO sending.suppressions (kind, value_hash, reason, campaign_id) {hashed}", other)
    await scene.run(
        "INSERT INTO sending.suppressions (organization_id, kind, value_hash, reason) VALUES ($1, 'domain', sending.f_hash('example.org'), 'manual')",  # noqa: E501
        other_organization,
    )
    assert len(await claim(scene.organization)) == 1


async def test_a_closed_window_moves_the_message_to_its_opening_in_the_recipients_zone(scene):
    mailbox = await scene.mailbox()
    closed = {"window_start": "00:00", "window_end": "00:01", "window_days": [1, 2, 3, 4, 5, 6, 7], "time_zone": "UTC"}
    campaign = await scene.campaign(mailbox, **closed)
    (message,) = await scene.queue(campaign, mailbox, 1, zone="Asia/Kathmandu")
    (lost,) = await scene.queue(campaign, mailbox, 1, zone="Mars/Base")
    assert await claim(scene.organization) == []
    opening = "SELECT scheduled_at AT TIME ZONE $2 FROM sending.messages WHERE id = $1"
    at = await scene.value(opening, message, "Asia/Kathmandu")
    assert (at.hour, at.minute) == (0, 0)
    at = await scene.value(opening, lost, "UTC")  # a zone that nobody knows: the campaign's
    assert (at.hour, at.minute) == (0, 0)


async def test_a_backlog_of_what_may_not_be_sent_now_holds_up_nothing_else(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, window_start="00:00", window_end="00:01", window_days=[1])
    await scene.queue(campaign, mailbox, 300)
    open_one = await scene.campaign(mailbox)
    await scene.queue(open_one, mailbox, 5)
    got = [row for _ in range(10) for row in await claim(scene.organization, 10)]
    assert Counter(row["campaign_id"] for row in got) == {open_one: 5}


async def test_a_refused_or_postponed_message_gives_its_place_back(scene):
    mailbox = await scene.mailbox(daily_limit=1)
    await scene.queue(await scene.campaign(mailbox), mailbox, 3)
    for outcome in ("refused", "postponed"):
        rows = await claim(scene.organization)
        assert len(rows) == 1
        assert await begin(scene.organization, rows) == {rows[0]["id"]}
        await finish(scene.organization, rows, outcome, retry_at="2999-01-01T00:00:00Z")
    rows = await claim(scene.organization)
    await begin(scene.organization, rows)
    await finish(scene.organization, rows)
    assert await claim(scene.organization) == []
    assert await scene.states() == {"failed": 1, "queued": 1, "sent": 1}


async def test_a_message_counts_in_the_hour_in_which_it_went_out(scene):
    """Claimed early, sent late: it counts from when it was sent, and a claim that is too old sends nothing."""
    mailbox = await scene.mailbox(hourly_limit=1)
    await scene.queue(await scene.campaign(mailbox), mailbox, 2)
    rows = await claim(scene.organization)
    late = "UPDATE sending.messages SET claimed_at = now() - $1::interval, counted_at = now() - $1::interval WHERE status = 'claimed'"
    await scene.run(late, timedelta(minutes=10))
    assert await begin(scene.organization, rows)
    assert await scene.value("SELECT now() - counted_at < interval '1 minute' FROM sending.messages WHERE id = $1", rows[0]["id"])
    await scene.run("UPDATE sending.messages SET counted_at = now() - interval '2 hours' WHERE id = $1", rows[0]["id"])
    rows = await claim(scene.organization)
    await scene.run(late, timedelta(minutes=16))
    assert await begin(scene.organization, rows) == set()
    assert await scene.states() == {"queued": 1, "sending": 1}


async def test_a_claim_is_good_for_the_organizations_day_only(scene):
    zone = await scene.value(
        "SELECT name FROM pg_timezone_names WHERE (now() AT TIME ZONE name)::time BETWEEN '00:00:30' AND '23:00' "
        "ORDER BY (now() AT TIME ZONE name)::time LIMIT 1"
    )
    await scene.run("UPDATE tenancy.organizations SET time_zone = $2 WHERE id = $1", scene.organization, zone)
    mailbox = await scene.mailbox()
    await scene.queue(await scene.campaign(mailbox), mailbox, 1)
    rows = await claim(scene.organization)
    await scene.run(
        "UPDATE sending.messages SET claimed_at = date_trunc('day', now() AT TIME ZONE $1) AT TIME ZONE $1 - interval '1 s'", zone
    )
    assert await begin(scene.organization, rows) == set()


async def test_a_claim_that_nobody_renewed_goes_back_and_its_worker_may_not_send(scene):
    mailbox = await scene.mailbox()
    await scene.queue(await scene.campaign(mailbox), mailbox, 1)
    lost = await claim(scene.organization, lease=timedelta(seconds=-1))
    again = await claim(scene.organization)
    assert [row["id"] for row in again] == [row["id"] for row in lost]
    assert await begin(scene.organization, lost) == set()
    assert await begin(scene.organization, again) == {again[0]["id"]}


async def test_a_renewed_claim_is_kept(scene):
    mailbox = await scene.mailbox()
    await scene.queue(await scene.campaign(mailbox), mailbox, 1)
    await claim(scene.organization, lease=timedelta(seconds=5), worker="alive")
    async with tenancy.transaction(scene.organization, ACTOR) as connection:
        assert await queries.renew(connection, worker="alive", lease=timedelta(minutes=5)) == 1
        assert await queries.renew(connection, worker="another", lease=timedelta(minutes=5)) == 0
    assert await scene.value(
        "SELECT lease_until > now() + interval '4 minutes' FROM sending.messages WHERE organization_id = kit.f_organization()"
    )


async def test_workers_wait_neither_for_each_others_mailboxes_nor_for_a_renewal(scene):
    mailbox = await scene.mailbox()
    await scene.queue(await scene.campaign(mailbox), mailbox, 2)
    one, other = await claim(scene.organization)
    await begin(scene.organization, [one, other])
    async with tenancy.transaction(scene.organization, ACTOR) as held, asyncio.timeout(10):
        told = [{"id": str(one["id"]), "token": str(one["claim_token"]), "outcome": "sent"}]
        assert [row["status"] async for row in queries.finish(held, worker="w", outcomes=told)] == ["sent"]
        async with tenancy.transaction(scene.organization, ACTOR) as connection:
            assert await queries.renew(connection, worker="w", lease=timedelta(minutes=5)) == 1
        assert await finish(scene.organization, [other]) == {other["id"]: "sent"}
    assert await scene.states() == {"sent": 2}


async def test_a_begun_message_whose_worker_died_is_in_doubt_and_never_claimed_again(scene):
    mailbox = await scene.mailbox()
    await scene.queue(await scene.campaign(mailbox), mailbox, 1)
    rows = await claim(scene.organization)
    await begin(scene.organization, rows, lease=timedelta(seconds=-1))
    assert await claim(scene.organization) == []
    assert await scene.states() == {"unknown": 1}
    assert await scene.value("SELECT outcome FROM sending.attempts WHERE message_id = $1", rows[0]["id"]) == "unknown"


@pytest.mark.parametrize(("outcome", "status"), [("sent", "sent"), ("refused", "failed"), ("postponed", "queued")])
async def test_a_late_answer_settles_what_was_in_doubt(scene, outcome, status):
    mailbox = await scene.mailbox()
    await scene.queue(await scene.campaign(mailbox), mailbox, 1)
    rows = await claim(scene.organization)
    await begin(scene.organization, rows, lease=timedelta(seconds=-1))
    await claim(scene.organization)
    assert await finish(scene.organization, rows, outcome, code=250, answer="queued") == {rows[0]["id"]: status}
    assert await finish(scene.organization, rows, outcome) == {}


async def test_claims_in_an_older_snapshot_are_refused(scene, pool):
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        await connection.execute("SELECT set_config('app.organization_id', $1, true)", str(scene.organization))
        with pytest.raises(Exception, match="read committed"):
            await connection.fetch("SELECT * FROM sending.f_claim('w', 1)")


async def test_the_application_can_neither_write_to_the_ledger_nor_claim_without_the_key(scene, pool):
    mailbox = await scene.mailbox()
    await scene.queue(await scene.campaign(mailbox), mailbox, 1)
    for statement in ("UPDATE sending.messages SET status = 'queued'", "DELETE FROM sending.messages", "DELETE FROM sending.attempts",
                      "SELECT * FROM sending.f_decide(uuidv7(), 'w', 1, '1 minute')", "SELECT * FROM sending.f_claim('w', 1)"):  # fmt: skip
        with pytest.raises(Exception, match=r"permission denied|suppression_key"):
            async with tenancy.transaction(scene.organization, ACTOR) as connection:
                await connection.execute(statement)


async def test_pausing_while_workers_claim_stops_them(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    await scene.queue(campaign, mailbox, 200)

    async def work() -> int:
        sent = 0
        while rows := await claim(scene.organization, 5):
            sent += len(await begin(scene.organization, rows))
        return sent

    working = asyncio.create_task(work())
    await asyncio.sleep(0.1)
    await scene.run("UPDATE marketing.campaigns SET state = 'paused' WHERE campaign_id = $1", campaign)
    begun = (await scene.states()).get("sending", 0)
    assert await working <= begun + 5
    assert begun < 200


async def test_who_unsubscribed_with_one_address_gets_nothing_at_another(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    message, _ = await scene.queue(campaign, mailbox, 2)
    await scene.run(
        "INSERT INTO vault.contacts (email, source, person_id, status) "
        "SELECT 'other-' || recipient, 'test', person_id, 'unsubscribed' FROM sending.messages WHERE id = $1",
        message,
    )
    assert len(await scene.run("SELECT id FROM sending.f_claim('test', 10)")) == 1
    row = (await scene.run("SELECT status, reason FROM sending.messages WHERE id = $1", message))[0]
    assert tuple(row) == ("skipped", "unsubscribed")


async def test_what_is_overdue_goes_out_one_by_one_too(scene):
    mailbox, other = await scene.mailbox(spacing_seconds=600), await scene.mailbox(spacing_seconds=600)
    campaign = await scene.campaign(mailbox, other)
    await scene.queue(campaign, mailbox, 5)
    await scene.queue(campaign, other, 5)
    await scene.queue(await scene.campaign(mailbox), mailbox, 5)
    assert len(await claim(scene.organization)) == 2
    assert await claim(scene.organization) == []
    await scene.run("UPDATE sending.messages SET counted_at = counted_at - interval '5 minutes' WHERE counted_at IS NOT NULL")
    assert len(await claim(scene.organization)) <= 2
    await scene.run("UPDATE sending.messages SET counted_at = counted_at - interval '10 minutes' WHERE counted_at IS NOT NULL")
    assert len(await claim(scene.organization)) == 2
