"""The planner: what is due becomes messages and tasks, at a time that fits, from a mailbox that has room."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from outrider import tenancy
from outrider.sending import plan
from outrider.sending.ledger import SENDER, Planned
from tests.sending.claiming import claim


async def planned(scene, most: int = 1000) -> Planned:
    async with tenancy.transaction(scene.organization, SENDER) as connection:
        return await plan(connection, scene.organization, most)


async def messages(scene):
    return await scene.run("SELECT * FROM sending.messages WHERE organization_id = kit.f_organization() ORDER BY id")


async def after(scene, at: str, delay: int, unit: str, zone: str = "UTC", start: str = "09:00", end: str = "17:00", days=(1, 2, 3, 4, 5)):
    query = "SELECT sending.f_after($1::timestamptz, $2, $3, $4, $5::time, $6::time, $7) AT TIME ZONE $4"
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    from datetime import time

    return str(await scene.value(query, moment, delay, unit, zone, time.fromisoformat(start), time.fromisoformat(end), list(days)))


@pytest.mark.parametrize(
    ("at", "delay", "unit", "due"),
    [
        ("2026-11-20 10:30", 0, "business_days", "2026-11-20 10:30:00"),  # a Friday
        ("2026-11-20 10:30", 1, "business_days", "2026-11-23 10:30:00"),
        ("2026-11-20 10:30", 5, "business_days", "2026-11-27 10:30:00"),
        ("2026-11-20 10:30", 6, "business_days", "2026-11-30 10:30:00"),
        ("2026-11-21 10:30", 1, "business_days", "2026-11-23 10:30:00"),
        ("2026-11-20 10:30", 1, "days", "2026-11-23 09:00:00"),  # a Saturday is closed: Monday at nine
        ("2026-11-19 10:30", 1, "days", "2026-11-20 10:30:00"),
        ("2026-11-19 16:00", 2, "hours", "2026-11-20 09:00:00"),
        ("2026-11-19 16:00", 30, "minutes", "2026-11-19 16:30:00"),
        ("2026-11-20 10:30", 365, "business_days", "2028-04-14 10:30:00"),
    ],
)
async def test_delays_in_business_days_days_and_hours(scene, at, delay, unit, due):
    assert await after(scene, at, delay, unit) == due


async def test_a_day_later_is_the_same_hour_though_the_clocks_change(scene):
    """Berlin, 29 March 2026: the night is an hour shorter."""
    assert await after(scene, "2026-03-28 09:00", 1, "days", "Europe/Berlin", days=(1, 2, 3, 4, 5, 6, 7)) == "2026-03-29 10:00:00"


async def test_what_is_due_is_planned_once_with_a_message_id_of_the_mailboxs_domain(scene):
    mailbox = await scene.mailbox(email="a@one.example")
    campaign = await scene.campaign(mailbox)
    await scene.enroll(campaign, 5)
    assert (await planned(scene)).planned == 5
    assert await planned(scene) == Planned(0, 0, 0, 0, 0, 0)
    rows = await messages(scene)
    assert {row["message_id"] for row in rows} == {f"<{row['id']}@one.example>" for row in rows}
    assert all(row["variant_id"] is not None and row["in_reply_to"] is None for row in rows)


@pytest.mark.parametrize(
    ("rotation", "drawn"),
    [("round_robin", [4, 4, 4]), ("weighted", [2, 4, 6]), ("priority", [0, 2, 10]), ("health", [10, 2, 0]), ("hybrid", [1, 1, 10])],
)
async def test_rotations_draw_as_they_say(scene, rotation, drawn):
    mailboxes = [
        await scene.mailbox(daily_limit=10, email=f"m{n}@x{n}.example", weight=weight, priority=priority, health_score=health)
        for n, (weight, priority, health) in enumerate([(2, 1, 100), (4, 5, 60), (6, 9, 40)])
    ]
    if rotation == "hybrid":  # 0.3 priority/10 + 0.4 health/100 + 0.2 room/limit + 0.1 weight/10
        await scene.run("UPDATE sending.mailboxes SET health_score = 100 WHERE id = $1", mailboxes[2])
    campaign = await scene.campaign(*mailboxes, rotation=rotation)
    await scene.enroll(campaign, 12)
    assert (await planned(scene)).planned == 12
    counts = Counter(row["mailbox_id"] for row in await messages(scene))
    assert [counts[mailbox] for mailbox in mailboxes] == drawn


async def test_nobody_is_planned_for_whom_no_mailbox_has_room_today(scene):
    mailboxes = [await scene.mailbox(daily_limit=3), await scene.mailbox(daily_limit=2), await scene.mailbox(state="paused")]
    await scene.enroll(await scene.campaign(*mailboxes), 9)
    assert [(await planned(scene)).planned for _ in range(3)] == [5, 0, 0]
    await scene.enroll(await scene.campaign(*mailboxes), 9)  # another campaign finds the same mailboxes full
    assert (await planned(scene)).planned == 0


async def test_a_campaigns_own_limit_holds_for_its_plans(scene):
    mailbox = await scene.mailbox()
    await scene.enroll(await scene.campaign(mailbox, daily_limit=4), 9)
    assert [(await planned(scene)).planned for _ in range(2)] == [4, 0]


async def test_messages_of_a_mailbox_are_spaced_with_jitter(scene):
    mailbox = await scene.mailbox(spacing_seconds=60)
    await scene.enroll(await scene.campaign(mailbox), 6)
    for _ in range(3):
        await planned(scene, 2)
    at = sorted(row["scheduled_at"] for row in await messages(scene))
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(at)]
    assert all(29 <= gap <= 95 for gap in gaps), gaps
    assert len({round(gap) for gap in gaps}) > 1


async def test_outside_the_window_nothing_is_planned_and_the_enrollment_waits_for_the_opening(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, window_start="00:00", window_end="00:01")
    await scene.enroll(campaign, 3)
    first = await planned(scene)
    assert (first.planned, first.deferred) == (0, 3)
    at = await scene.run("SELECT next_at AT TIME ZONE 'UTC' AS at, state FROM marketing.enrollments WHERE campaign_id = $1", campaign)
    assert {(row["at"].hour, row["at"].minute, row["state"]) for row in at} == {(0, 0, "ready")}


async def test_a_linkedin_step_becomes_a_task_and_the_next_step_comes(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, steps=0)
    await scene.step(campaign, 1, channel="linkedin", instructions="Look at their profile")
    await scene.step(campaign, 2, delay=0)
    await scene.enroll(campaign, 2)
    first = await planned(scene)
    assert (first.tasks, first.planned) == (2, 0)
    tasks = await scene.run("SELECT channel, instructions, state FROM marketing.tasks WHERE organization_id = kit.f_organization()")
    assert [tuple(row) for row in tasks] == [("linkedin", "Look at their profile", "open")] * 2
    assert (await planned(scene)).planned == 2


@pytest.mark.parametrize("condition", ["no_reply", "no_open", "no_click"])
async def test_a_step_whose_condition_does_not_hold_is_passed_over(scene, condition):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, steps=0)
    await scene.step(campaign, 1, condition=condition)
    await scene.step(campaign, 2, delay=0)
    did, machine, nobody = await scene.enroll(campaign, 3)
    for enrollment, verdict, reason in ((did, "human", None), (machine, "automatic", "scanner")):
        await scene.run(
            """
            INSERT INTO engagement.events (occurred_at, event_key, type, platform, campaign_id, enrollment_id, person_id, verdict, verdict_reason)
            SELECT now(), id::text, $2, 'test', campaign_id, id, person_id, $3, $4 FROM marketing.enrollments WHERE id = $1
            """,  # noqa: E501
            enrollment, condition[3:], verdict, reason,
        )  # fmt: skip
    first = await planned(scene)
    assert (first.planned, first.passed_over) == (2, 1)
    await planned(scene)
    steps = {row["enrollment_id"]: row["sequence_step"] for row in await messages(scene)}
    assert steps == {did: 2, machine: 1, nobody: 1}


async def test_a_scheduled_campaign_starts_when_its_time_has_come(scene):
    mailbox = await scene.mailbox()
    past = await scene.campaign(mailbox, state="scheduled", starts_at="2026-01-01T00:00:00Z")
    future = await scene.campaign(mailbox, state="scheduled", starts_at="2999-01-01T00:00:00Z")
    for campaign in (past, future):
        await scene.enroll(campaign, 1)
    assert (await planned(scene)).planned == 1
    states = {
        row["campaign_id"]: row["state"]
        for row in await scene.run("SELECT campaign_id, state FROM marketing.campaigns WHERE organization_id = kit.f_organization()")
    }
    assert states == {past: "sending", future: "scheduled"}


async def test_a_cancelled_campaigns_queue_is_skipped(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    await scene.queue(campaign, mailbox, 3)
    await scene.run("UPDATE marketing.campaigns SET state = 'cancelled' WHERE campaign_id = $1", campaign)
    await planned(scene)
    assert await scene.states() == {"skipped": 3}


async def test_variants_are_drawn_by_weight_and_always_the_same(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    await scene.run(
        "INSERT INTO marketing.variants (step_id, label, weight, subject, body) SELECT id, 'B', 3, 'B', 'B' FROM marketing.steps WHERE campaign_id = $1",  # noqa: E501
        campaign,
    )
    enrollments = await scene.enroll(campaign, 400)
    await planned(scene)
    labels = await scene.run("SELECT v.label, count(*) FROM sending.messages AS m INNER JOIN marketing.variants AS v ON v.id = m.variant_id "  # noqa: E501
                             "WHERE m.campaign_id = $1 GROUP BY 1", campaign)  # fmt: skip
    counts = {row["label"]: row["count"] for row in labels}
    assert 60 <= counts["A"] <= 140
    assert counts["A"] + counts["B"] == 400
    again = await scene.run("SELECT sending.f_draw_variant(m.step_id, m.enrollment_id) = m.variant_id AS same FROM sending.messages AS m "
                            "WHERE m.enrollment_id = ANY ($1)", enrollments)  # fmt: skip
    assert all(row["same"] for row in again)


async def test_follow_ups_do_not_wait_behind_a_long_list_that_has_no_room(scene):
    mailbox = await scene.mailbox(daily_limit=2)
    campaign = await scene.campaign(mailbox, steps=2)
    (middle,) = await scene.enroll(campaign, 1)
    await scene.run("UPDATE marketing.enrollments SET state = 'active', next_step = 2, next_at = now() WHERE id = $1", middle)
    await scene.enroll(campaign, 50)
    await scene.run(
        "UPDATE marketing.enrollments SET next_at = now() - interval '1 day' WHERE campaign_id = $1 AND id <> $2", campaign, middle
    )
    assert (await planned(scene, 10)).planned == 2
    assert middle in {row["enrollment_id"] for row in await messages(scene)}


async def test_a_thread_keeps_its_mailbox_though_the_campaign_takes_another(scene):
    old, new = await scene.mailbox(), await scene.mailbox()
    campaign = await scene.campaign(old, steps=3)
    threads = await scene.enroll(campaign, 3)
    assert (await planned(scene)).planned == 3
    await scene.run("UPDATE sending.messages SET status = 'sent', counted_at = now() WHERE enrollment_id = ANY ($1)", threads[:2])
    done = await scene.run("SELECT * FROM sending.f_set_campaign_mailboxes($1, $2)", campaign, [new])
    assert [tuple(row) for row in done] == [(1, 1)]
    await scene.run("SELECT * FROM sending.f_set_campaign_mailboxes($1, $2)", campaign, [])
    await scene.run("SELECT * FROM sending.f_set_campaign_mailboxes($1, $2)", campaign, [new])
    await scene.run("UPDATE sending.mailboxes SET state = 'paused' WHERE id = $1", old)
    await scene.run("UPDATE marketing.enrollments SET state = 'active', next_step = 2, next_at = now() WHERE id = ANY ($1)", threads[:2])
    later = await scene.enroll(campaign, 5)
    await planned(scene)
    queued = [row for row in await messages(scene) if row["status"] == "queued"]
    assert {row["mailbox_id"] for row in queued if row["enrollment_id"] in threads[:2]} == {old}
    assert {row["mailbox_id"] for row in queued if row["enrollment_id"] in (threads[2], *later)} == {new}
    assert [row["id"] for row in await scene.run("SELECT id FROM sending.f_campaign_mailboxes($1)", campaign)] == [new]
    await scene.run("UPDATE sending.messages SET scheduled_at = now() WHERE status = 'queued' AND organization_id = kit.f_organization()")
    assert {row["mailbox_id"] for row in await claim(scene.organization)} == {new}
    await scene.run("UPDATE sending.mailboxes SET state = 'active' WHERE id = $1", old)
    assert {row["mailbox_id"] for row in await claim(scene.organization)} == {old}


async def test_a_new_mailbox_is_as_healthy_as_its_figures_say(scene):
    mailbox = await scene.mailbox()
    both = await scene.run(
        "SELECT b.health_score, f.score FROM sending.mailboxes AS b, sending.f_mailbox_figures(b.id) AS f WHERE b.id = $1", mailbox
    )
    assert tuple(both[0]) == (90, 90)


async def test_the_health_of_a_mailbox_is_what_follows_from_the_last_seven_days(scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    await scene.queue(campaign, mailbox, 100)
    await scene.run(
        "UPDATE sending.mailboxes SET created_at = now() - interval '60 days', resumed_at = now() - interval '60 days' WHERE id = $1",
        mailbox,
    )
    await scene.run("UPDATE sending.messages SET status = 'sent', counted_at = now(), sent_at = now() WHERE campaign_id = $1", campaign)
    spoil = """UPDATE sending.messages SET status = 'failed', reason = 'bounce', last_attempt_at = $3, counted_at = NULL
        WHERE id IN (SELECT id FROM sending.messages WHERE campaign_id = $1 AND status = 'sent' LIMIT $2)"""
    now, long_ago = datetime.now(UTC), datetime(2026, 1, 1, tzinfo=UTC)
    await scene.run(spoil, campaign, 20, long_ago)
    await scene.run(spoil, campaign, 2, now)
    assert await scene.value("SELECT sending.f_refresh_health()") == 0
    row = (
        await scene.run(
            "SELECT b.health_score, f.* FROM sending.mailboxes AS b, sending.f_mailbox_figures(b.id) AS f WHERE b.id = $1", mailbox
        )
    )[0]
    assert (row["sent"], row["bounced"], row["health_score"]) == (80, 2, 87)
    assert row["health_score"] == row["score"]
    await scene.run(spoil, campaign, 3, now)
    assert await scene.value("SELECT sending.f_refresh_health()") == 1
    row = (await scene.run("SELECT state, state_reason, health_score FROM sending.mailboxes WHERE id = $1", mailbox))[0]
    assert (row["state"], row["state_reason"][:32]) == ("paused", "5 of 80 messages bounced: look a")


@pytest.mark.parametrize(("sent", "bounced", "paused"), [(9, 9, 0), (10, 1, 1), (21, 1, 0), (20, 1, 1)])
async def test_a_mailbox_is_paused_at_five_percent_bounces_of_at_least_ten(scene, sent, bounced, paused):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    ids = await scene.queue(campaign, mailbox, sent)
    await scene.run("UPDATE sending.messages SET status = 'sent', counted_at = now(), sent_at = now() WHERE id = ANY ($1)", ids[bounced:])
    await scene.run(
        "UPDATE sending.messages SET status = 'failed', reason = 'bounce', last_attempt_at = now() WHERE id = ANY ($1)", ids[:bounced]
    )
    assert await scene.value("SELECT sending.f_refresh_health()") == paused
