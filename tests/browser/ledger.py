"""Mailboxes, messages and suppressions for the browser tests to look at: something of each kind that a page shows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from outrider import tenancy
from outrider.kit import database
from outrider.sending import suppress_many
from outrider.sending.domains import DomainService
from tests.sending.scene import Scene

from .site import ACTOR, Site

CHECKS = {
    "spf": {"found": ["v=spf1 +all"], "problem": "it allows every server (+all): end it with ~all or -all"},
    "dkim": {"found": [], "problem": "there is no key at this name: add the record"},
    "dmarc": {"found": ["v=DMARC1; p=none"], "problem": None},
}


@asynccontextmanager
async def scene_of(site: Site) -> AsyncIterator[Scene]:
    """The samples' organization, to put campaigns into."""
    connection = await asyncpg.connect(site.admin_url)
    try:
        await database.prepare_connection(connection)
        yield Scene(connection, site.organization)
    finally:
        await connection.close()


async def a_mailbox(site: Site) -> dict[str, str]:
    """Make a mailbox that warms up, is not let in, and has sent something."""
    async with scene_of(site) as scene:
        reason = "the server does not let it in: 535 5.7.8 Username and Password not accepted"
        mailbox = await scene.mailbox(
            daily_limit=60, warmup_status="active", warmup_started_on="2026-01-10", state="failing", state_reason=reason
        )
        messages = await scene.queue(await scene.campaign(mailbox, state="paused"), mailbox, 3)
        query = "UPDATE sending.messages SET status = 'sent', counted_at = now(), sent_at = now() WHERE id = ANY ($1)"
        await scene.run(query, messages)
    return {"id": str(mailbox)}


async def a_message(site: Site, status: str = "needs_review") -> dict[str, str]:
    """Put a message into the ledger that waits for a person, with an attempt."""
    async with scene_of(site) as scene:
        mailbox = await scene.mailbox()
        (message,) = await scene.queue(await scene.campaign(mailbox, state="paused"), mailbox, 1)
        await scene.run(
            "INSERT INTO sending.attempts (message_id, number, mailbox_id, worker, ended_at, outcome, code, answer) "
            "VALUES ($1, 1, $2, 'host/1', now(), 'postponed', 450, '450 4.2.1 slow down')",
            message, mailbox,
        )  # fmt: skip
        counted = "now()" if status == "unknown" else "NULL"
        query = f"UPDATE sending.messages SET status = $2, reason = 'nobody knows', counted_at = {counted} WHERE id = $1"  # noqa: S608
        await scene.run(query, message, status)
    return {"id": str(message)}


async def a_doubtful_message(site: Site) -> dict[str, str]:
    """Put a message into the ledger of which nobody knows whether it was sent."""
    return await a_message(site, "unknown")


async def a_failed_message(site: Site) -> dict[str, str]:
    """Put a message into the ledger that its server refused, and the text that it had."""
    made = await a_message(site, "failed")
    text = "<p>Hi Ana,</p><p>see <a href=https://example.org/>this</a>.</p>"
    async with scene_of(site) as scene:
        query = """
            UPDATE sending.messages SET reason = 'refused', error_message = '554 5.7.1 looks like spam', subject = 'Hi', body = $2,
                body_text = 'Hi Ana', headers = '{"Subject": "Hi"}' WHERE id = $1::text::uuid
        """
        await scene.run(query, made["id"], text)
    return made


async def a_sending_domain(site: Site) -> dict[str, str]:
    """Make a key for a domain, and let DNS have said something."""
    async with tenancy.transaction(site.organization, ACTOR) as connection:
        found = [one for one in await DomainService(connection, site.organization).list() if one.domain == "sender.example"]
        made = found[0] if found else await DomainService(connection, site.organization).add("sender.example")
    async with scene_of(site) as scene:
        await scene.run("UPDATE sending.domains SET checks = $2, checked_at = now() WHERE id = $1", made.id, CHECKS)
    return {"id": str(made.id)}


async def a_suppression(site: Site) -> dict[str, str]:
    """Have somebody unsubscribe, an address erased, and a domain kept out by hand."""
    async with tenancy.transaction(site.organization, ACTOR) as connection:
        await suppress_many(connection, site.organization, ["ana@unsubscribed.example"], "unsubscribe")
        await suppress_many(connection, site.organization, ["kept-out.example"], "manual", note="a competitor")
    return {"id": str(await site.value("SELECT id FROM sending.suppressions WHERE value = 'ana@unsubscribed.example'"))}


async def a_slow_domain(site: Site) -> dict[str, str]:
    """Have a domain that wants it slowly."""
    async with scene_of(site) as scene:
        await scene.run(
            "INSERT INTO sending.throttles (recipient_domain, per_hour, learned_from) VALUES ('slow.example', 20, '450 4.2.1 slow down') "
            "ON CONFLICT (organization_id, recipient_domain) DO NOTHING"
        )
    return {}
