"""Seed 001's marketing.outreach_history, attribution and feedback_reports: the columns that the document lists, and what stands in them."""

from datetime import UTC, datetime, timedelta

import pytest

from outrider import tenancy

from .outreach_scene import OutreachScene

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEED_001 = {
    "outreach_history": """
        id uuid | person_id uuid | campaign_id uuid | channel text | message_type text | sent_at timestamptz | opened_at timestamptz
        | replied_at timestamptz | status text""",
    "attribution": """
        id uuid | person_id uuid | campaign_id uuid | conversion_type text | converted_at timestamptz | value numeric
        | source_touchpoint text | final_touchpoint text""",
    "feedback_reports": """
        id uuid | campaign_id uuid | report_date date | metrics jsonb | insights text | created_at timestamptz""",
}


@pytest.fixture
def scene(admin, organization) -> OutreachScene:
    return OutreachScene(admin, organization)


@pytest.mark.parametrize("table", SEED_001)
async def test_a_document_s_columns_are_there_in_their_order(admin, table):
    rows = await admin.fetch(
        "SELECT attname || ' ' || format_type(atttypid, NULL) FROM pg_attribute "
        "WHERE attrelid = format('marketing.%s', $1::text)::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        table,
    )
    ours = [row[0].replace("timestamp with time zone", "timestamptz") for row in rows]
    wanted = [column.strip() for column in SEED_001[table].split("|")]
    assert [column for column in ours if column in wanted] == wanted


async def test_every_contact_stands_in_the_history_once(scene, tenant, organization, other_organization, actor):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, steps=2)
    await scene.step(campaign, 3, channel="phone", instructions="Call")
    [enrollment] = await scene.enroll(campaign, 1)
    [first] = await scene.sent([enrollment], mailbox, NOW)
    [second] = await scene.sent([enrollment], mailbox, NOW + timedelta(days=1), step=2)
    for message, type, verdict in (
        (first, "open", "automatic"),
        (second, "open", "human"),
        (second, "open", "human"),
        (second, "reply", "human"),
    ):
        await scene.happened(message, type, NOW + timedelta(days=2), verdict)
    await scene.run(
        "INSERT INTO marketing.tasks (enrollment_id, step_id, channel, instructions, state, due_at, done_at) "
        "SELECT $1, id, 'phone', 'Call', 'done', $2::timestamptz, $2::timestamptz FROM marketing.steps "
        "WHERE campaign_id = $3 AND position = 3",
        enrollment, NOW + timedelta(days=3), campaign,
    )  # fmt: skip
    query = "SELECT channel, message_type, status, opened_at IS NOT NULL FROM marketing.outreach_history ORDER BY sent_at"
    assert [tuple(row) for row in await tenant.fetch(query)] == [
        ("email", "initial", "sent", False),
        ("email", "follow_up", "replied", True),
        ("email", "reply", "replied", False),
        ("phone", "follow_up", "sent", False),
    ]
    async with tenancy.transaction(other_organization, actor) as connection:
        assert await connection.fetch(query) == []
        assert await connection.fetch("SELECT FROM marketing.message_outcomes") == []


async def test_chance_is_the_two_sided_test_of_two_proportions(admin):
    async def chance(hits: int, tries: int, other_hits: int, other_tries: int) -> float | None:
        return await admin.fetchval("SELECT marketing.f_chance($1, $2, $3, $4)", hits, tries, other_hits, other_tries)

    assert await chance(30, 200, 10, 200) == pytest.approx(0.000858, abs=1e-6)
    assert await chance(11, 200, 10, 200) == pytest.approx(0.8227, abs=1e-4)
    assert await chance(20, 200, 20, 200) == 1
    for too_few in ((4, 200, 1, 200), (0, 0, 0, 0), (200, 200, 200, 200), (5, 0, 5, 10)):
        assert await chance(*too_few) is None
