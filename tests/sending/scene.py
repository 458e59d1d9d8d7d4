"""Campaigns, mailboxes and people for tests, proofs and benchmarks of sending, made by the thousand in single statements.

Everything is made as the superuser `connection`, which row security does not bind; `organization` is whose it is.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from outrider.sending import suppression_key

ALWAYS = {"window_start": "00:00", "window_end": "24:00", "window_days": [1, 2, 3, 4, 5, 6, 7]}
"""A window that is never closed."""


@dataclass
class Scene:
    """An organization in which somebody sends."""

    connection: asyncpg.Connection
    organization: UUID

    async def run(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a statement with the organization set, as the function calls in it want it."""
        async with self.connection.transaction():
            await self.connection.execute(
                "SELECT set_config('app.organization_id', $1, true), set_config('app.actor', 'user:test', true), "
                "set_config('app.suppression_key', $2, true)",
                str(self.organization), suppression_key(),
            )  # fmt: skip
            return await self.connection.fetch(query, *arguments)

    async def value(self, query: str, *arguments: Any) -> Any:
        """Return the first column of the first row."""
        return (await self.run(query, *arguments))[0][0]

    async def _insert(self, table: str, key: str, values: dict[str, Any]) -> UUID:
        names = ", ".join(values)
        row = await self.run(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, $1) RETURNING {key}", values  # noqa: S608
        )  # fmt: skip
        return UUID(str(row[0][0]))

    async def mailbox(self, **columns: Any) -> UUID:
        """Make an active mailbox that may send 100,000 a day at once."""
        email = columns.pop("email", f"m{uuid4().hex[:12]}@sender.example")
        usual = {"email": email, "daily_limit": 100_000, "spacing_seconds": 0, "smtp_host": "127.0.0.1", "authentication": "none",
                 "smtp_security": "none"}  # fmt: skip
        return await self._insert("sending.mailboxes", "id", {**usual, **columns})

    async def campaign(self, *mailboxes: UUID, steps: int = 1, **columns: Any) -> UUID:
        """Make a campaign that sends from these mailboxes, with so many email steps of one wording, each a minute after the last."""
        made = await self._insert("marketing.campaigns", "campaign_id", {"name": "Test", "state": "sending", **ALWAYS, **columns})
        for position in range(1, steps + 1):
            await self.step(made, position)
        await self.run(
            "INSERT INTO sending.campaign_mailboxes (campaign_id, mailbox_id) SELECT $1, b FROM unnest($2::uuid[]) AS b",
            made,
            list(mailboxes),
        )
        return made

    async def step(self, campaign: UUID, position: int, *, subject: str = "Hello", body: str = "<p>Hello</p>", **columns: Any) -> UUID:
        """Make a step; an email one gets a wording."""
        usual = {"campaign_id": campaign, "position": position, "delay": 1, "delay_unit": "minutes"}
        made = await self._insert("marketing.steps", "id", {**usual, **columns})
        if columns.get("channel", "email") == "email":
            await self._insert("marketing.variants", "id", {"step_id": made, "subject": subject, "body": body})
        return made

    async def enroll(self, campaign: UUID, count: int, *, domain: str = "example.org", zone: str | None = None) -> list[UUID]:
        """Enroll so many new people, due now at the first step; returns the enrollments in their order."""
        batch = uuid4().hex[:8]
        rows = await self.run(
            """
            WITH person AS (
                INSERT INTO people.master (email, name, first_name)
                SELECT format('p%s-%s@%s', n, $2::text, $3::text), 'Ana Lima', 'Ana' FROM generate_series(1, $4::integer) AS n
                RETURNING id, email, name
            ),
            contact AS (
                INSERT INTO vault.contacts (email, name, source, person_id) SELECT email, name, 'test', id FROM person
                RETURNING contact_id, email, person_id
            )
            INSERT INTO marketing.enrollments (campaign_id, person_id, contact_id, email, time_zone, next_step, next_at)
            SELECT $1, person_id, contact_id, email, $5, 1, now() FROM contact RETURNING id
            """,
            campaign, batch, domain, count, zone,
        )  # fmt: skip
        return [row[0] for row in rows]

    async def queue(self, campaign: UUID, mailbox: UUID, count: int, *, domain: str = "example.org", zone: str | None = None) -> list[UUID]:
        """Enroll so many people and put the first step's message to each into the queue, due now; returns the messages in their order."""
        enrollments = await self.enroll(campaign, count, domain=domain, zone=zone)
        rows = await self.run(
            """
            WITH busy AS (
                UPDATE marketing.enrollments SET next_at = NULL WHERE id = ANY ($1::uuid[]) RETURNING *
            )
            INSERT INTO sending.messages (
                campaign_id, enrollment_id, step_id, sequence_step, variant_id, mailbox_id, person_id, contact_id, recipient, message_id, scheduled_at
            )
            SELECT
                e.campaign_id, e.id, s.id, 1, sending.f_draw_variant(s.id, e.id), $2, e.person_id, e.contact_id, e.email,
                format('<%s@sender.example>', e.id), now()
            FROM busy AS e
            INNER JOIN marketing.steps AS s ON s.organization_id = e.organization_id AND s.campaign_id = e.campaign_id AND s.position = 1
            RETURNING id
            """,  # noqa: E501
            enrollments, mailbox,
        )  # fmt: skip
        return [row[0] for row in rows]

    async def states(self) -> dict[str, int]:
        """How many messages are in which state."""
        rows = await self.run("SELECT status, count(*) FROM sending.messages WHERE organization_id = kit.f_organization() GROUP BY 1")
        return {row["status"]: row["count"] for row in rows}
