"""The report of a campaign: every figure is what the ledger and the events say, counted here once more by other means."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import erfc, sqrt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from outrider import tenancy
from outrider.engagement import Happening, record
from outrider.kit.errors import InvalidInput, NotFound
from outrider.reports.outreach.campaign_report import read_report
from outrider.reports.outreach.chance import wilson
from outrider.reports.outreach.figure_rows import WORDS, Asked, read_rows
from outrider.reports.outreach.types import CampaignReport

from .outreach_scene import OutreachScene

ZONE = ZoneInfo("Pacific/Auckland")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENTS = {
    "opened": {("open", "human")}, "clicked": {("click", "human")}, "replied": {("reply", "human")},
    "bounced": {("bounce", "human"), ("dropped", "human")}, "unsubscribed": {("unsubscribe", "human")},
    "complained": {("spam_report", "human")}, "machine_opened": {("open", "automatic")}, "machine_clicked": {("click", "automatic")},
}  # fmt: skip


@pytest.fixture
def scene(admin, organization) -> OutreachScene:
    return OutreachScene(admin, organization)


async def report_of(organization, actor, campaign) -> CampaignReport:
    async with tenancy.transaction(organization, actor, readonly=True) as connection:
        return await read_report(connection, organization, campaign)


async def outcomes(scene: OutreachScene, campaign) -> list[dict[str, Any]]:
    """What became of each message, read from the raw rows: {figure: when it became so first}."""
    messages = await scene.run(
        "SELECT m.*, v.label FROM sending.messages AS m LEFT JOIN marketing.variants AS v ON v.id = m.variant_id WHERE m.campaign_id = $1",
        campaign,
    )
    events = await scene.run("SELECT * FROM engagement.events WHERE campaign_id = $1 ORDER BY occurred_at", campaign)
    found = []
    for message in messages:
        own = [event for event in events if event["message_id"] == message["id"]]
        became = {}
        for figure, kinds in EVENTS.items():
            times = [event["occurred_at"] for event in own if (event["type"], event["verdict"]) in kinds]
            if message["status"] == "failed" and message["reason"] == "bounce" and figure == "bounced":
                times.append(message["last_attempt_at"])
            if times:
                became[figure] = min(times)
        for machine, person in (("machine_opened", "opened"), ("machine_clicked", "clicked")):
            if person in became:
                became.pop(machine, None)
        if message["status"] == "sent":
            became["sent"] = message["sent_at"]
            if "bounced" not in became:
                became["delivered"] = message["sent_at"]
        found.append({"message": message, "became": became})
    return found


def counted(found: list[dict[str, Any]]) -> Counter:
    return Counter(figure for one in found for figure in one["became"])


def of(figures: Any) -> Counter:
    return Counter({name: getattr(figures, name) for name in (*EVENTS, "sent", "delivered") if getattr(figures, name)})


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_figure_is_what_the_ledger_and_the_events_say(scene, organization, actor, seed):
    await scene.run("UPDATE tenancy.organizations SET time_zone = $1 WHERE id = kit.f_organization()", ZONE.key)
    campaign = await scene.random_campaign(seed, NOW)
    await scene.random_campaign(seed + 10, NOW, people=6)  # another one, which must not count
    found, report = await outcomes(scene, campaign), await report_of(organization, actor, campaign)
    assert of(report.total) == counted(found)
    assert report.total.tried == sum("sent" in one["became"] or "bounced" in one["became"] for one in found)
    assert report.enrolled == 39
    assert report.in_doubt == sum(one["message"]["status"] == "unknown" for one in found)

    def by(key: Any) -> dict[Any, Counter]:
        groups: dict[Any, list[dict[str, Any]]] = {}
        for one in found:
            if one["became"]:
                groups.setdefault(key(one), []).append(one)
        return {name: counted(group) for name, group in groups.items()}

    assert {int(part.key): of(part.figures) for part in report.steps} == by(lambda one: one["message"]["sequence_step"])
    assert {part.key: of(part.figures) for part in report.mailboxes} == by(lambda one: str(one["message"]["mailbox_id"]))
    assert {part.key: of(part.figures) for part in report.domains} == by(lambda one: one["message"]["recipient_domain"])
    assert {(one.step, one.label): of(one.figures) for one in report.variants} == by(
        lambda one: (one["message"]["sequence_step"], one["message"]["label"])
    )
    assert {int(part.key): of(part.figures) for part in report.hours} == by(
        lambda one: (one["message"]["sent_at"] or one["message"]["last_attempt_at"]).astimezone(ZONE).hour
    )
    days = Counter((at.astimezone(ZONE).date(), figure) for one in found for figure, at in one["became"].items())
    assert Counter({(day.day, figure): number for day in report.days for figure, number in of(day.figures).items()}) == days
    assert sum(day.figures.tried for day in report.days) == report.total.tried


async def test_every_figure_opens_as_many_rows_as_it_says(scene, organization, actor):
    campaign = await scene.random_campaign(3, NOW)
    report = await report_of(organization, actor, campaign)
    async with tenancy.transaction(organization, actor, readonly=True) as connection:

        async def rows(figure: str, **asked: Any) -> int:
            number, cursor = 0, None
            while True:
                page = await read_rows(connection, organization, campaign, figure, Asked(**asked), limit=7, cursor=cursor)
                number, cursor = number + len(page.items), page.next_cursor
                if cursor is None:
                    return number

        assert await rows("enrolled") == report.enrolled
        for figure in WORDS:
            if figure != "enrolled":
                assert await rows(figure) == getattr(report.total, figure)
        for figure in ("sent", "opened", "replied", "bounced"):
            for part in report.steps:
                assert await rows(figure, step=int(part.key)) == getattr(part.figures, figure)
            for part in report.domains:
                assert await rows(figure, domain=part.key) == getattr(part.figures, figure)
            for part in report.hours:
                assert await rows(figure, hour=int(part.key)) == getattr(part.figures, figure)
            for variant in report.variants:
                assert await rows(figure, variant_id=variant.id) == getattr(variant.figures, figure)
            for day in report.days:
                assert await rows(figure, day=day.day) == getattr(day.figures, figure)
        with pytest.raises(InvalidInput):
            await rows("enrolled", step=1)
        with pytest.raises(InvalidInput):
            await rows("tried")


async def test_small_domains_are_summed_as_others(scene, organization, actor):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    for domain, people in (("five.example", 5), ("four.example", 4), ("one.example", 1)):
        await scene.sent(await scene.enroll(campaign, people, domain=domain), mailbox, NOW)
    domains = (await report_of(organization, actor, campaign)).domains
    assert [(part.key, part.label, part.figures.sent) for part in domains] == [("five.example", "five.example", 5), ("", "others", 5)]


async def test_what_a_campaign_does_not_track_is_not_known_rather_than_nought(scene, organization, actor):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, tracks_opens=True, tracks_clicks=False)
    [message] = await scene.sent(await scene.enroll(campaign, 1), mailbox, NOW)
    report = await report_of(organization, actor, campaign)
    for figures in (report.total, *(one.figures for one in (*report.days, *report.steps, *report.variants, *report.mailboxes))):
        assert (figures.opened, figures.machine_opened, figures.clicked, figures.machine_clicked) == (0, 0, None, None)
    await scene.happened(message, "click", NOW)
    assert (await report_of(organization, actor, campaign)).total.clicked == 1


async def test_a_verdict_that_changes_changes_the_figures(scene, organization, actor):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, tracks_opens=True)
    [message] = await scene.sent(await scene.enroll(campaign, 1), mailbox, NOW)
    event = await scene.happened(message, "open", NOW + timedelta(minutes=1))
    assert (await report_of(organization, actor, campaign)).total.opened == 1
    await scene.run("UPDATE engagement.events SET verdict = 'automatic', verdict_reason = 'scanner' WHERE id = $1", event)
    total = (await report_of(organization, actor, campaign)).total
    assert (total.opened, total.machine_opened) == (0, 1)


async def test_variants_that_differ_are_told_from_those_that_may_not(scene, organization, actor):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    await scene.variant(campaign, 1, "B")
    people = await scene.enroll(campaign, 400)
    a = await scene.sent(people[:200], mailbox, NOW, label="A")
    b = await scene.sent(people[200:], mailbox, NOW, label="B")

    async def verdict() -> Any:
        [found] = (await report_of(organization, actor, campaign)).verdicts
        return found

    for message in (*a[:2], *b[:4]):
        await scene.happened(message, "reply", NOW)
    assert (await verdict()).chance is None
    assert (await verdict()).text.startswith("Too few answers to say whether B or A does better")
    for message in (*a[2:10], *b[4:13]):
        await scene.happened(message, "reply", NOW)
    assert (await verdict()).text == "No difference that could not be chance: B and A are answered 6.5% and 5.0%."
    for message in b[13:30]:
        await scene.happened(message, "reply", NOW)
    found = await verdict()
    assert found.text == "B is answered more often than A (15% against 5.0%), unlikely by chance."
    pooled = 40 / 400
    assert found.chance == pytest.approx(erfc(0.1 / sqrt(2 * pooled * (1 - pooled) * (2 / 200))))


def test_the_interval_of_a_share_is_wilsons():
    low, high = wilson(10, 100)
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)
    assert wilson(0, 0) == (0, 1)
    assert wilson(0, 10)[0] == 0
    assert wilson(10, 10)[1] == 1


async def test_another_organizations_campaign_has_no_report(scene, other_organization, actor):
    campaign = await scene.campaign()
    with pytest.raises(NotFound):
        await report_of(other_organization, actor, campaign)


async def test_what_is_recorded_by_the_real_way_in_stands_in_the_report(scene, organization, actor):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    sent_at = datetime.now(UTC) - timedelta(days=1)
    read, machine, refused = await scene.sent(await scene.enroll(campaign, 3), mailbox, sent_at)
    later = sent_at + timedelta(hours=1)
    happened = [
        Happening("open", "outrider", later, message_id=read, user_agent="Mozilla/5.0 Thunderbird"),
        Happening("open", "outrider", later + timedelta(hours=1), message_id=read, user_agent="Mozilla/5.0 Thunderbird"),
        Happening("reply", "outrider", later, message_id=read),
        Happening("open", "outrider", sent_at + timedelta(seconds=1), message_id=machine, user_agent="Barracuda Sentinel"),
        Happening("bounce", "outrider", later, message_id=refused),
    ]
    async with tenancy.transaction(organization, actor) as connection:
        await record(connection, organization, happened)
    total = (await report_of(organization, actor, campaign)).total
    assert of(total) == Counter(sent=3, delivered=2, opened=1, replied=1, machine_opened=1, bounced=1)
