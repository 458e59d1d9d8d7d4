"""The demo's campaign: mailboxes that hand over to the mail server on this machine, a list of people, three steps. Made once."""

import re
from typing import Any

import asyncpg

from outrider import marketing, people, runtime, sending, tenancy
from outrider.marketing import Step, Variant

from .server import HOST

NAME = "Northwind: spring fair follow-up"
PEOPLE = 160
NAME_AS_WRITTEN = re.compile(r"[A-Z][a-z]+( [A-Z]\.)?( [A-Z][A-Za-z'-]*[a-z])+")
"""A name that looks well in a mail: the samples hold shouted and broken ones on purpose."""
ADDRESS = "Demo Ltd.\n1 Long Street\n1200 Lisbon"
SENDERS = {"maya@demo.example": "Maya Costa", "jon@demo.example": "Jon Berg"}
SUBJECT = '{{{ first_name | default("Hello") }}, a question about {{ company | "your team" }}|Leads at {{ company | "your company" }}}'
FIRST = """<p>{Hi|Hello} {{ first_name | default("there") }},</p>
<p>{we met|we talked} at the spring fair. {{ company | "Your company" }} came up when we
spoke about lead lists that nobody trusts any more.</p>
<p>Here is <a href="https://example.com/guide">how others mended theirs</a> in a week. Worth fifteen minutes?</p>
<p>{Best|Kind regards},<br>{{ sender_first_name }}</p>"""
SECOND = """<p>Hi {{ first_name | default("there") }},</p>
<p>one number that surprised us: <strong>one lead in five</strong> is a duplicate under another address.
<a href="https://example.com/numbers">The whole story</a> is two pages.</p><p>{Best|Kind regards},<br>{{ sender_first_name }}</p>"""
AGAIN = """<p>{{ first_name | default("Hello") }}, did my last mail reach you?
<a href="https://example.com/guide">The guide</a> is still there.</p>
<p>{{ sender_first_name }}</p>"""
HELLO = "Say hello to {{ first_name | name }} on LinkedIn."
ALWAYS: dict[str, Any] = {"window_start": "00:00", "window_end": "24:00", "window_days": [1, 2, 3, 4, 5, 6, 7]}


async def make(organization: tenancy.OrganizationId, port: int) -> int:
    """Make the campaign and start it; returns how many people are in it, 0 when there is nobody to write to."""
    await _keep_address(organization)
    owner = next((one.user_id for one in await tenancy.list_members(organization, runtime.me())), None)
    async with tenancy.transaction(organization, runtime.me()) as connection:
        page = await people.Lists(connection, organization).people(people.Filters(has_linkedin=True), limit=500)
        chosen = [one.id for one in page.items if one.name and NAME_AS_WRITTEN.fullmatch(one.name)][:PEOPLE]
        if not chosen:
            return 0
        mailboxes = [await _mailbox(connection, organization, email, name, port) for email, name in SENDERS.items()]
        lists = marketing.PeopleLists(connection, organization)
        fair = await lists.add("Spring fair", "Whom we met at the spring fair.")
        await lists.put(fair.id, ids=chosen)
        await marketing.Segments(connection, organization).add("Finance", {"department": "Finance"}, "Everyone in a finance department.")
        await marketing.Templates(connection, organization).add("A question after the fair", SUBJECT, FIRST)
        campaigns = marketing.Campaigns(connection, organization)
        campaign = await campaigns.add(runtime.me(), {"name": NAME, "lists": [fair.id], "mailboxes": mailboxes, **ALWAYS})
        await campaigns.change(
            campaign.campaign_id, {"owner_user_id": owner, "tracks_opens": True, "tracks_clicks": True, "stops_at_same_company": True}
        )
        await campaigns.put_steps(campaign.campaign_id, _steps())
        running = marketing.Running(connection, organization)
        resolved = await running.resolve(campaign.campaign_id)
        if resolved.eligible:
            await running.start(campaign.campaign_id)
        return resolved.eligible


def _steps() -> list[Step]:
    return [
        Step(variants=[Variant("A", 1, SUBJECT, FIRST), Variant("B", 1, "One lead in five", SECOND)]),
        Step(delay=3, delay_unit="minutes", condition="no_reply", variants=[Variant("A", 1, "Again", AGAIN)]),
        Step(
            channel="linkedin",
            delay=2,
            delay_unit="minutes",
            condition="no_reply",
            instructions=HELLO,
        ),
    ]


async def _mailbox(connection: asyncpg.Connection, organization: tenancy.OrganizationId, email: str, name: str, port: int) -> Any:
    values = {
        "email": email, "from_name": name, "smtp_host": HOST, "smtp_port": port, "smtp_security": "none", "authentication": "none",
        "daily_limit": 1000, "spacing_seconds": 1,
    }  # fmt: skip
    return (await sending.MailboxService(connection, organization).add(values)).id


async def _keep_address(organization: tenancy.OrganizationId) -> None:
    """Give the organization the postal address that every email must show, unless it has one."""
    me = tenancy.Caller(organization, runtime.me(), "owner", tenancy.scopes_of("owner", organization))
    if not (await tenancy.current_organization(organization, me.actor)).physical_address:
        await tenancy.change_organization(me, physical_address=ADDRESS)
