"""A campaign with everything that can become of its messages, drawn by a seed, for tests of reports. Made as the superuser."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from tests.sending.scene import Scene

CHANCES = {
    ("open", "human"): 0.4, ("open", "automatic"): 0.3, ("click", "human"): 0.2, ("click", "automatic"): 0.2, ("reply", "human"): 0.15,
    ("reply", "automatic"): 0.1, ("bounce", "human"): 0.08, ("dropped", "human"): 0.03, ("unsubscribe", "human"): 0.06,
    ("spam_report", "human"): 0.04, ("delivered", "human"): 0.9, ("deferred", "human"): 0.1, ("sent", "human"): 1.0,
}  # fmt: skip


class OutreachScene(Scene):
    """A scene in which messages went out and things happened to them."""

    async def variant(self, campaign: UUID, position: int, label: str) -> UUID:
        """Give a step one wording more."""
        return await self.value(
            "INSERT INTO marketing.variants (step_id, label, subject, body) "
            "SELECT id, $3, 'Hello ' || $3, 'Hello' FROM marketing.steps WHERE campaign_id = $1 AND position = $2 RETURNING id",
            campaign, position, label,
        )  # fmt: skip

    async def sent(
        self, enrollments: Iterable[UUID], mailbox: UUID, at: datetime, *, step: int = 1, label: str = "A", **columns: Any
    ) -> list[UUID]:
        """Write into the ledger that a step went out to these people, and return the messages in their order.

        `columns` are others of sending.messages, as jsonb has them.
        """
        usual = {"status": "sent", "counted_at": at, "sent_at": at, "last_attempt_at": at, **columns}
        rows = await self.run(
            """
            INSERT INTO sending.messages (
                campaign_id, enrollment_id, step_id, sequence_step, variant_id, mailbox_id, person_id, contact_id, recipient, message_id,
                scheduled_at, status, reason, counted_at, sent_at, last_attempt_at
            )
            SELECT
                e.campaign_id, e.id, s.id, s.position, v.id, $2, e.person_id, e.contact_id, e.email, format('<%s.%s@sender.example>', e.id, s.position),
                $3::timestamptz, x.status, x.reason, x.counted_at, x.sent_at, x.last_attempt_at
            FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, place)
            INNER JOIN marketing.enrollments AS e ON e.id = w.id
            INNER JOIN marketing.steps AS s ON s.organization_id = e.organization_id AND s.campaign_id = e.campaign_id AND s.position = $4
            INNER JOIN marketing.variants AS v ON v.organization_id = e.organization_id AND v.step_id = s.id AND v.label = $5
            CROSS JOIN jsonb_populate_record(NULL::sending.messages, $6) AS x
            ORDER BY w.place RETURNING id
            """,  # noqa: E501
            list(enrollments), mailbox, at, step, label, {name: str(value) if value is not None else None for name, value in usual.items()},
        )  # fmt: skip
        return [row[0] for row in rows]

    async def happened(self, message: UUID, type: str, at: datetime, verdict: str = "human") -> UUID:
        """Write an event of a message into the store."""
        return await self.value(
            """
            INSERT INTO engagement.events (
                occurred_at, event_key, type, platform, campaign_id, enrollment_id, message_id, step, mailbox_id, person_id,
                contact_id, email, verdict, verdict_reason
            )
            SELECT
                $3::timestamptz, gen_random_uuid()::text, $2, 'outrider', m.campaign_id, m.enrollment_id, m.id, m.sequence_step,
                m.mailbox_id, m.person_id, m.contact_id, m.recipient, $4, CASE $4 WHEN 'automatic' THEN 'scanner' END
            FROM sending.messages AS m WHERE m.organization_id = kit.f_organization() AND m.id = $1 RETURNING id
            """,
            message, type, at, verdict,
        )  # fmt: skip

    async def touched(self, person: UUID, campaign: UUID, type: str, at: datetime, platform: str = "linkedin") -> None:
        """Write an event of a person that belongs to no message."""
        await self.run(
            "INSERT INTO engagement.events (occurred_at, event_key, type, platform, campaign_id, person_id) "
            "VALUES ($4::timestamptz, gen_random_uuid()::text, $3, $5, $1, $2)",
            campaign, person, type, at, platform,
        )  # fmt: skip

    async def person_of(self, enrollment: UUID) -> UUID:
        """Who is enrolled."""
        return await self.value("SELECT person_id FROM marketing.enrollments WHERE id = $1", enrollment)

    async def random_campaign(self, seed: int, now: datetime, people: int = 40, **columns: Any) -> UUID:
        """Make a campaign of two steps, with two wordings of the first, two mailboxes and three domains, and let things happen."""
        draw = random.Random(seed)
        mailboxes = [await self.mailbox(), await self.mailbox()]
        campaign = await self.campaign(*mailboxes, steps=2, name=f"Random {seed} {uuid4().hex[:6]}", **columns)
        await self.variant(campaign, 1, "B")
        for domain in ("one.example", "two.example", "three.example"):
            for enrollment in await self.enroll(campaign, people // 3, domain=domain):
                at = now - timedelta(minutes=draw.randrange(60, 20 * 24 * 60))
                for step in range(1, draw.choice([2, 3])):
                    await self._let_happen(draw, enrollment, draw.choice(mailboxes), at + timedelta(days=step - 1), step, now)
        return campaign

    async def _let_happen(self, draw: random.Random, enrollment: UUID, mailbox: UUID, at: datetime, step: int, now: datetime) -> None:
        label = draw.choice("AB") if step == 1 else "A"
        state = draw.choices(["sent", "queued", "unknown", "failed", "refused"], [80, 5, 5, 5, 5])[0]
        others: dict[str, Any] = {"status": "failed" if state == "refused" else state}
        if state != "sent":
            others |= {"sent_at": None, "reason": {"failed": "gave_up", "refused": "bounce"}.get(state)}
        [message] = await self.sent([enrollment], mailbox, at, step=step, label=label, **others)
        if state in ("sent", "unknown"):
            for (type, verdict), chance in CHANCES.items():
                while draw.random() < chance:
                    await self.happened(message, type, at + timedelta(minutes=draw.randrange(1, 3 * 24 * 60)), verdict)
                    chance /= 3
