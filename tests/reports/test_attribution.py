"""Conversions and what led to them: by first, last and all touches; every figure opens as many rows as it says; currencies stay apart."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from outrider import tenancy
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.reports.outreach.attribution import Attribution
from outrider.reports.outreach.attribution_types import MODELS, NewConversion, Span

from .outreach_scene import OutreachScene

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture
def scene(admin, organization) -> OutreachScene:
    return OutreachScene(admin, organization)


async def sale(connection, organization, person, at=NOW, value="100.00", currency="EUR", type="sale"):
    new = NewConversion(str(person), type, at, Decimal(value) if value else None, currency if value else None)
    return await Attribution(connection, organization).record(new)


async def credits_of(connection, organization, **span):
    found = await Attribution(connection, organization).by_campaign(Span(**span))
    return {credit.name: (round(credit.conversions, 6), dict(credit.money)) for credit in found}


@pytest.fixture
async def two_campaigns(scene):
    """Somebody who was written to in spring, answered on LinkedIn, was written to in autumn and clicked twice; a day apart each."""
    mailbox = await scene.mailbox()
    spring, autumn = await scene.campaign(mailbox, name="Spring"), await scene.campaign(mailbox, name="Autumn")
    [enrollment] = await scene.enroll(spring, 1)
    person = await scene.person_of(enrollment)
    [other] = [
        row[0]
        for row in await scene.run(
            "INSERT INTO marketing.enrollments (campaign_id, person_id, contact_id, email) "
            "SELECT $1, person_id, contact_id, email FROM marketing.enrollments WHERE id = $2 RETURNING id",
            autumn, enrollment,
        )
    ]  # fmt: skip
    await scene.sent([enrollment], mailbox, NOW - timedelta(days=10))
    await scene.touched(person, spring, "linkedin_reply", NOW - timedelta(days=9))
    [message] = await scene.sent([other], mailbox, NOW - timedelta(days=8))
    await scene.happened(message, "open", NOW - timedelta(days=8), "automatic")
    await scene.happened(message, "click", NOW - timedelta(days=7))
    await scene.happened(message, "click", NOW - timedelta(days=6))
    await scene.happened(message, "reply", NOW + timedelta(minutes=5))  # too late to have led to it
    return person


async def test_each_model_gives_a_conversion_to_whom_it_says(tenant, organization, two_campaigns):
    await sale(tenant, organization, two_campaigns)
    assert await credits_of(tenant, organization, model="first") == {"Spring": (1, {"EUR": Decimal("100.00")})}
    assert await credits_of(tenant, organization, model="last") == {"Autumn": (1, {"EUR": Decimal("100.00")})}
    halves = {"EUR": Decimal("50.00")}
    assert await credits_of(tenant, organization, model="linear") == {"Spring": (0.5, halves), "Autumn": (0.5, halves)}
    row = await tenant.fetchrow("SELECT * FROM marketing.attribution")
    assert (row["source_touchpoint"], row["final_touchpoint"]) == ("email", "email")
    assert await tenant.fetchval("SELECT name FROM marketing.campaigns WHERE campaign_id = $1", row["campaign_id"]) == "Autumn"


async def test_money_that_cannot_be_divided_adds_up_to_the_cent(tenant, organization, two_campaigns):
    await sale(tenant, organization, two_campaigns, value="0.03")
    await sale(tenant, organization, two_campaigns, NOW - timedelta(minutes=1), "100.01")
    found = await credits_of(tenant, organization, model="linear")
    assert {name: money["EUR"] for name, (_, money) in found.items()} == {"Spring": Decimal("50.03"), "Autumn": Decimal("50.01")}


async def test_touches_before_the_window_do_not_count(tenant, organization, two_campaigns):
    made = await sale(tenant, organization, two_campaigns)
    assert await credits_of(tenant, organization, model="first", days=9) == {"Autumn": (1, {"EUR": Decimal("100.00")})}
    assert await credits_of(tenant, organization, days=3) == {None: (1, {"EUR": Decimal("100.00")})}
    touches = await Attribution(tenant, organization).touches(made.id, 90)
    assert [(touch.campaign, touch.type, touch.channel) for touch in touches] == [
        ("Spring", "sent", "email"), ("Spring", "linkedin_reply", "linkedin"), ("Autumn", "sent", "email"), ("Autumn", "click", "email"),
    ]  # fmt: skip


async def test_a_message_that_came_back_led_to_nothing(scene, tenant, organization):
    mailbox = await scene.mailbox()
    [enrollment] = await scene.enroll(await scene.campaign(mailbox), 1)
    [message] = await scene.sent([enrollment], mailbox, NOW - timedelta(days=1))
    await scene.happened(message, "bounce", NOW - timedelta(days=1))
    await sale(tenant, organization, await scene.person_of(enrollment))
    assert list(await credits_of(tenant, organization)) == [None]


async def test_currencies_are_never_added_together(tenant, organization, two_campaigns):
    await sale(tenant, organization, two_campaigns)
    await sale(tenant, organization, two_campaigns, NOW - timedelta(minutes=1), "30.50", "USD")
    await sale(tenant, organization, two_campaigns, NOW - timedelta(minutes=2), "9.50", "EUR")
    await sale(tenant, organization, two_campaigns, type="meeting", value=None)
    assert await credits_of(tenant, organization) == {"Autumn": (4, {"EUR": Decimal("109.50"), "USD": Decimal("30.50")})}


async def test_every_figure_is_the_sum_of_the_rows_that_it_opens_and_every_conversion_counts_once(scene, tenant, organization):
    draw = random.Random(7)
    campaigns = [await scene.random_campaign(seed, NOW, people=9) for seed in (1, 2, 3)]
    people = await scene.run("SELECT DISTINCT person_id FROM marketing.enrollments WHERE organization_id = kit.f_organization()")
    for row in people:
        for campaign in draw.sample(campaigns, 2):
            await scene.touched(row[0], campaign, "linkedin_view", NOW - timedelta(days=draw.randrange(1, 40)))
        for _ in range(draw.randrange(3)):
            at = NOW - timedelta(minutes=draw.randrange(60 * 24 * 30))
            await sale(tenant, organization, row[0], at, f"{draw.randrange(500)}.{draw.randrange(100):02}", draw.choice(["EUR", "USD"]))
    attribution = Attribution(tenant, organization)
    total = await tenant.fetchval("SELECT count(*) FROM marketing.conversions")
    value = dict(await tenant.fetch("SELECT currency, sum(value) FROM marketing.conversions GROUP BY currency"))
    for model in MODELS:
        span = Span(model, days=14)
        found = await attribution.by_campaign(span)
        assert {name: sum(credit.money.get(name, 0) for credit in found) for name in value} == value
        assert sum(credit.conversions for credit in found) == pytest.approx(total)
        for credit in found:
            page = await attribution.page(span, campaign=credit.campaign_id, is_untouched=credit.campaign_id is None, limit=500)
            assert sum(one.share for one in page.items) == pytest.approx(credit.conversions)
            sums: dict[str, Decimal] = defaultdict(Decimal)
            for one in page.items:
                sums[one.currency] += one.worth
                assert float(one.worth) == pytest.approx(float(one.value) * one.share, abs=0.05)
            assert sums == credit.money
            assert len({one.person_id for one in page.items}) == credit.people
            for one in page.items:  # and each row's own touches say the same
                touches = await attribution.touches(one.id, 14)
                own = sum(touch.share(model) for touch in touches if touch.campaign_id == credit.campaign_id)
                assert own == pytest.approx(one.share) if credit.campaign_id else touches == []


async def test_conversions_come_in_pages_and_by_day_of_the_organizations_zone(scene, tenant, organization):
    await scene.run("UPDATE tenancy.organizations SET time_zone = 'Pacific/Auckland' WHERE id = kit.f_organization()")
    [enrollment] = await scene.enroll(await scene.campaign(), 1)
    person = await scene.person_of(enrollment)
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)  # the second of March there
    for minutes in range(5):
        await sale(tenant, organization, person, at + timedelta(minutes=minutes))
    attribution = Attribution(tenant, organization)
    first = await attribution.page(Span(), limit=3)
    second = await attribution.page(Span(), limit=3, cursor=first.next_cursor)
    assert [one.converted_at.minute for one in (*first.items, *second.items)] == [34, 33, 32, 31, 30]
    assert second.next_cursor is None
    second_of_march = datetime(2026, 3, 2).date()
    assert len((await attribution.page(Span(since=second_of_march, until=second_of_march))).items) == 5
    assert (await attribution.page(Span(until=datetime(2026, 3, 1).date()))).items == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "call"}, "type"), ({"converted_at": datetime.now(UTC) + timedelta(days=1)}, "converted_at"),
        ({"converted_at": datetime(2026, 1, 1)}, "converted_at"), ({"value": Decimal(-1)}, "value"), ({"value": Decimal("NaN")}, "value"),
        ({"value": Decimal("1.001")}, "value"), ({"value": Decimal(10) ** 12}, "value"), ({"value": None}, "value"),
        ({"currency": None}, "currency"), ({"currency": "eur"}, "currency"), ({"currency": "ÄÖÜ"}, "currency"),
        ({"note": "x" * 2001}, "note"), ({"person": " "}, "person"), ({"person": "a\x00"}, "person"),
    ],
)  # fmt: skip
async def test_what_cannot_be_a_conversion_is_refused_with_its_field(tenant, organization, changes, field):
    usual = {"person": "ana@one.example", "type": "sale", "converted_at": NOW, "value": Decimal(1), "currency": "EUR"}
    with pytest.raises(InvalidInput) as refused:
        await Attribution(tenant, organization).record(NewConversion(**{**usual, **changes}))
    assert refused.value.field == field


async def test_nobody_and_the_same_again_are_told(scene, tenant, organization):
    attribution = Attribution(tenant, organization)
    with pytest.raises(NotFound):
        await attribution.record(NewConversion("nobody@one.example", "sale", NOW))
    [enrollment] = await scene.enroll(await scene.campaign(), 1)
    person = await scene.person_of(enrollment)
    email = await tenant.fetchval("SELECT email FROM people.master WHERE id = $1", person)
    made = await attribution.record(NewConversion(email.upper(), "demo", NOW))
    assert made.person_id == person
    with pytest.raises(Conflict):
        await attribution.record(NewConversion(str(person), "demo", NOW))
    await attribution.delete(made.id)
    with pytest.raises(NotFound):
        await attribution.delete(made.id)


async def test_another_organization_sees_none_of_it(scene, tenant, organization, other_organization, actor, two_campaigns):
    made = await sale(tenant, organization, two_campaigns)
    async with tenancy.transaction(other_organization, actor) as connection:
        theirs = Attribution(connection, other_organization)
        assert await theirs.by_campaign(Span()) == []
        assert (await theirs.page(Span())).items == []
        assert await theirs.touches(UUID(str(made.id)), 90) == []
        for refused in (theirs.get(made.id), theirs.delete(made.id), theirs.record(NewConversion(str(two_campaigns), "demo", NOW))):
            with pytest.raises(NotFound):
                await refused
