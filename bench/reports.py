"""How long the database takes for the report of a large campaign, for the rows behind a figure, and for what its days taught."""

import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg

from outrider import tenancy
from outrider.reports.outreach.campaign_report import read_report
from outrider.reports.outreach.feedback import write_feedback
from outrider.reports.outreach.figure_rows import read_rows
from tests.sending.scene import Scene

from .lab import Lab
from .report import heading, percentiles, table

RUNS = 20
AIM_MS = 300.0
STEPS = 2


async def run(lab: Lab, messages: int) -> None:
    """Print the figures of a campaign with so many messages, half as many events, and a second one beside it."""
    heading(f"the report of a campaign with {messages:,} messages")
    scene = Scene(lab.admin, lab.organization)
    campaigns = [await _campaign(scene, messages) for _ in range(2)]
    for relation in ("sending.messages", "engagement.events", "marketing.enrollments"):
        await lab.admin.execute(f"VACUUM ANALYZE {relation}")
    campaign = campaigns[0]
    p50, p95 = await _timed(lab, lambda connection: read_report(connection, lab.organization, campaign))
    rows, _ = await _timed(lab, lambda connection: read_rows(connection, lab.organization, campaign, "replied"))
    feedback, _ = await _timed(lab, lambda connection: write_feedback(connection, [campaign]), runs=3)
    late = "" if p50 < AIM_MS else f"  OVER the aim of {AIM_MS:.0f} ms"
    table(
        [
            ("report", f"p50 {p50:7.1f} ms  p95 {p95:7.1f} ms{late}"),
            ("rows behind a figure, one page", f"p50 {rows:7.1f} ms"),
            ("feedback, every day of it", f"p50 {feedback:7.1f} ms"),
        ]
    )


async def _campaign(scene: Scene, messages: int) -> UUID:
    mailboxes = [await scene.mailbox() for _ in range(5)]
    campaign = await scene.campaign(*mailboxes, steps=STEPS, state="completed")
    await scene.enroll(campaign, messages // STEPS)
    await scene.run(
        """
        INSERT INTO sending.messages (
            campaign_id, enrollment_id, step_id, sequence_step, variant_id, mailbox_id, person_id, contact_id, recipient, message_id, scheduled_at,
            status, counted_at, sent_at, subject, body
        )
        SELECT
            e.campaign_id, e.id, s.id, s.position, v.id, ($2::uuid[])[1 + (hashtext(e.id::text) & 3)], e.person_id, e.contact_id,
            format('p@d%s.example', hashtext(e.id::text) & 4095), format('<%s.%s@sender.example>', e.id, s.position), now(), 'sent', now(),
            now() - random() * interval '20 days', 'Hello', repeat(md5(e.id::text), 20)
        FROM marketing.enrollments AS e
        INNER JOIN marketing.steps AS s ON s.organization_id = e.organization_id AND s.campaign_id = e.campaign_id
        INNER JOIN marketing.variants AS v ON v.organization_id = e.organization_id AND v.step_id = s.id
        WHERE e.campaign_id = $1
        """,
        campaign, mailboxes,
    )  # fmt: skip
    await scene.run(
        """
        INSERT INTO engagement.events (
            occurred_at, event_key, type, platform, campaign_id, message_id, person_id, email, verdict, verdict_reason
        )
        SELECT
            m.sent_at + random() * interval '2 days', format('%s:%s:%s', m.id, k.type, k.verdict), k.type, 'outrider', m.campaign_id, m.id, m.person_id, m.recipient,
            k.verdict, 'bench'
        FROM sending.messages AS m
        CROSS JOIN (
            VALUES ('open', 'human', 28), ('open', 'automatic', 12), ('click', 'human', 5), ('reply', 'human', 3), ('bounce', 'human', 2)
        ) AS k (type, verdict, share)
        WHERE m.campaign_id = $1 AND abs(hashtext(m.id::text || k.type || k.verdict)) % 100 < k.share
        """,
        campaign,
    )  # fmt: skip
    return campaign


async def _timed(lab: Lab, work: Callable[[asyncpg.Connection], Awaitable[Any]], runs: int = RUNS) -> tuple[float, float]:
    """p50 and p95 in milliseconds, after two runs that warm up."""
    taken = []
    for number in range(runs + 2):
        async with tenancy.transaction(lab.organization, lab.actor) as connection:
            begun = time.perf_counter()
            await work(connection)
            if number >= 2:
                taken.append(time.perf_counter() - begun)
    return percentiles(taken)
