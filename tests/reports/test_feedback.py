"""What the days of a campaign taught: the cache is always what it would be from scratch, and is counted here once more by other means."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from outrider import ops, tenancy, worker
from outrider.engagement import VerdictRules
from outrider.reports.outreach.feedback import read_feedback, rewrite_feedback
from outrider.reports.tasks import FEEDBACK, TASKS

from .outreach_scene import OutreachScene
from .test_campaign_report import outcomes

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIGURES = ("sent", "delivered", "opened", "clicked", "replied", "bounced", "unsubscribed", "complained")


@pytest.fixture
def scene(admin, organization) -> OutreachScene:
    return OutreachScene(admin, organization)


async def days_of(connection, organization, campaign):
    page = await read_feedback(connection, organization, campaign, limit=500)
    return {one.day: (one.metrics, one.insights) for one in page.items}


async def test_each_day_is_what_the_ledger_and_the_events_say(scene, tenant, organization):
    campaign = await scene.random_campaign(8, NOW)
    written = await rewrite_feedback(tenant, organization, campaign)
    days = await days_of(tenant, organization, campaign)
    assert written == len(days)
    found = await outcomes(scene, campaign)
    counted = Counter((at.date(), figure) for one in found for figure, at in one["became"].items() if figure in FIGURES)
    assert Counter({(day, name): metrics[name] for day, (metrics, _) in days.items() for name in FIGURES if metrics[name]}) == counted
    for day, (metrics, _) in days.items():
        for figure in FIGURES:
            assert metrics["so_far"][figure] == sum(n for (at, name), n in counted.items() if at <= day and name == figure)
        for label in "AB":
            own = [one["became"] for one in found if (one["message"]["sequence_step"], one["message"]["label"]) == (1, label)]
            expected = [sum(figure in became and became[figure].date() <= day for became in own) for figure in ("sent", "replied")]
            [variant] = [one for one in metrics["variants"] if one["label"] == label]
            assert [variant["step"], variant["sent"], variant["replied"]] == [1, *expected]
        assert len(metrics["variants"]) == 2  # the second step has one wording


async def test_after_late_events_and_changed_verdicts_it_is_what_it_would_be_from_scratch(scene, tenant, organization):
    campaign = await scene.random_campaign(9, NOW)
    await rewrite_feedback(tenant, organization, campaign)
    before = await days_of(tenant, organization, campaign)
    first_day = min(before)
    message = await scene.value(
        "SELECT id FROM sending.messages WHERE campaign_id = $1 AND status = 'sent' ORDER BY sent_at LIMIT 1", campaign
    )
    await scene.happened(message, "spam_report", datetime.combine(first_day, datetime.min.time(), UTC) - timedelta(days=3))
    await scene.run("DELETE FROM engagement.events WHERE campaign_id = $1 AND type = 'reply'", campaign)
    await scene.run(
        "UPDATE engagement.events SET verdict = 'automatic', verdict_reason = 'scanner' WHERE campaign_id = $1 AND type = 'open'", campaign
    )
    await rewrite_feedback(tenant, organization, campaign)
    after = await days_of(tenant, organization, campaign)
    assert after != before
    assert after[first_day - timedelta(days=3)][1] == ("One person called it spam.",)
    await tenant.execute("DELETE FROM marketing.feedback_reports")
    await rewrite_feedback(tenant, organization, campaign)
    assert await days_of(tenant, organization, campaign) == after


async def test_a_day_on_which_nothing_is_left_goes(scene, tenant, organization):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    [message] = await scene.sent(await scene.enroll(campaign, 1), mailbox, NOW)
    event = await scene.happened(message, "open", NOW + timedelta(days=2))
    await rewrite_feedback(tenant, organization, campaign)
    assert set(await days_of(tenant, organization, campaign)) == {NOW.date(), NOW.date() + timedelta(days=2)}
    await scene.run("UPDATE engagement.events SET verdict = 'automatic', verdict_reason = 'scanner' WHERE id = $1", event)
    await rewrite_feedback(tenant, organization, campaign)
    assert set(await days_of(tenant, organization, campaign)) == {NOW.date()}


async def test_insights_say_what_stands_out_in_words(scene, tenant, organization):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    await scene.variant(campaign, 1, "B")
    people = await scene.enroll(campaign, 400)
    a = await scene.sent(people[:200], mailbox, NOW, label="A")
    b = await scene.sent(people[200:], mailbox, NOW, label="B")
    for message in (*a[:8], *b[:24]):
        await scene.happened(message, "reply", NOW + timedelta(days=1))
    for message in b[24:26]:
        await scene.happened(message, "spam_report", NOW + timedelta(days=1))
    await rewrite_feedback(tenant, organization, campaign)
    days = await days_of(tenant, organization, campaign)
    assert days[NOW.date()][1] == ()
    assert days[NOW.date() + timedelta(days=1)][1] == (
        "2 people called it spam.",
        "Step 1: variant B is answered more often than A (12% against 4.0%), unlikely by chance.",
    )


async def test_every_night_the_campaigns_that_run_are_worked_out(scene, organization, tenant):
    mailbox = await scene.mailbox()
    runs = await scene.campaign(mailbox, started_at=NOW.isoformat())
    over = await scene.campaign(mailbox, started_at="2025-01-01T00:00:00Z", ended_at="2025-02-01T00:00:00Z", state="completed")
    for campaign in (runs, over):
        await scene.sent(await scene.enroll(campaign, 1), mailbox, NOW)
    job = await ops.enqueue(tenant, FEEDBACK, {})
    await tenant.execute("COMMIT")
    await tenant.execute("BEGIN")
    await ops.run_job_here(organization, job, TASKS)
    assert await scene.value(
        "SELECT array_agg(campaign_id) FROM marketing.feedback_reports WHERE organization_id = kit.f_organization()"
    ) == [runs]


async def test_when_rules_about_machines_change_the_days_follow(scene, organization, tenant):
    async def clicked():
        query = "SELECT sum((metrics -> 'clicked')::integer) FROM marketing.feedback_reports WHERE campaign_id = $1"
        return await scene.value(query, campaign)

    campaign = await scene.random_campaign(10, NOW)
    await scene.run("UPDATE engagement.events SET user_agent = 'House/1' WHERE campaign_id = $1 AND type = 'click'", campaign)
    await rewrite_feedback(tenant, organization, campaign)
    await VerdictRules(tenant, organization).add("user_agent", "house/")
    await tenant.execute("COMMIT")
    await tenant.execute("BEGIN")
    assert await clicked() > 0
    for name in ("engagement.judge", FEEDBACK):
        [job] = (await ops.list_jobs(organization, tenancy.Actor("user", "test"), name=name)).items
        assert (await ops.run_job_here(organization, job.id, worker.collect_tasks())).state == "completed"
    assert await clicked() == 0
