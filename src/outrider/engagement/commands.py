"""`outrider activity`, `webhooks` and `intents`: what happened, where it comes in from, and who showed interest."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Json, Org, say, show_json, show_record, show_table
from outrider.marketing import Campaigns
from outrider.runtime import run_in
from outrider.tenancy import transaction

from .activity import Asked, page_of_activity
from .deliveries import Deliveries
from .intents import Intents
from .sources import KINDS, NewSource, WebhookSources

if TYPE_CHECKING:
    import asyncpg

    from outrider.runtime import Session

app = typer.Typer()
activity = typer.Typer(help="What happened: opens, clicks, replies, bounces, LinkedIn, calls, product events.", no_args_is_help=True)
webhooks = typer.Typer(help="Where providers deliver events, and what they delivered.", no_args_is_help=True)
intents = typer.Typer(help="Who showed interest.", no_args_is_help=True)
app.add_typer(activity, name="activity")
app.add_typer(webhooks, name="webhooks")
app.add_typer(intents, name="intents")

ACTIVITY_COLUMNS = ["occurred_at", "type", "platform", "email", "person", "campaign", "url", "verdict", "verdict_reason"]
SOURCE_COLUMNS = ["id", "kind", "name", "is_active", "has_secret", "last_received_at", "failed"]
DELIVERY_COLUMNS = ["id", "source", "state", "events", "new_events", "repeats", "size", "received_at", "error"]
INTENT_COLUMNS = ["id", "occurred_at", "type", "person", "email", "company", "campaign", "note"]
HowMany = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many.")]
Campaign = Annotated[
    str | None,
    typer.Option("--campaign", metavar="CAMPAIGN", help="Of this campaign: its name, in any case, or id.", show_default=False),
]
Person = Annotated[
    str | None, typer.Option("--person", metavar="PERSON", help="Only of this person: an address of theirs, or the id.", show_default=False)
]
Source = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its name, in any case, or its id.", show_default=False)]


@activity.command("list")
def list_activity(
    type: Annotated[str | None, typer.Option("--type", help="Only this type, such as click.", show_default=False)] = None,
    campaign: Campaign = None,
    person: Person = None,
    verdict: Annotated[str | None, typer.Option("--verdict", help="human or automatic.", show_default=False)] = None,
    platform: Annotated[str | None, typer.Option("--platform", help="Only of this platform.", show_default=False)] = None,
    limit: HowMany = 50,
    org: Org = None,
    json: Json = False,
) -> None:
    """List what happened, newest first."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            meant = await _meant(connection, session, campaign, person)
            asked = Asked(type=type, campaign_id=meant.campaign_id, person_id=meant.person_id, verdict=verdict, platform=platform)
            page = await page_of_activity(connection, session.organization_id, asked, limit=limit)
        show_table([asdict(one) for one in page.items], ACTIVITY_COLUMNS, json=json, empty="Nothing like that happened yet.")

    run_in(work, org=org, json=json)


@webhooks.command("list")
def list_webhooks(org: Org = None, json: Json = False) -> None:
    """List the webhooks through which events come in, newest first."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            page = await WebhookSources(connection, session.organization_id).page(limit=500)
        show_table([asdict(one) for one in page.items], SOURCE_COLUMNS, json=json, empty="There are no webhooks.")

    run_in(work, org=org, json=json)


@webhooks.command("create")
def create_webhook(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.", show_default=False)],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call it.", show_default=False)],
    secret: Annotated[
        str | None,
        typer.Option("--secret", help="SendGrid's verification key, or the secret that the provider sends.", show_default=False),
    ] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Make an address for a provider to deliver to: `path` behind the host of this Outrider. It and the secret are printed this once."""

    async def work(session: "Session") -> NewSource:
        async with transaction(session.organization_id, session.actor) as connection:
            return await WebhookSources(connection, session.organization_id).create(kind, name, secret)

    made = run_in(work, org=org, json=json)
    show_record({"id": made.source.id, "kind": kind, "name": made.source.name, "path": made.path, "secret": made.secret}, json=json)


@webhooks.command("delete")
def delete_webhook(webhook: Source, org: Org = None, json: Json = False) -> None:
    """Delete a webhook and its deliveries; the events that came through it stay."""

    async def work(session: "Session") -> dict[str, str]:
        async with transaction(session.organization_id, session.actor) as connection:
            sources = WebhookSources(connection, session.organization_id)
            found = await sources.named(webhook)
            return {"id": str(found.id), "name": await sources.delete(found.id)}

    gone = run_in(work, org=org, json=json)
    return show_json(gone) if json else say(f"{gone['name']} is deleted: what is sent to its address is refused.")


@webhooks.command("deliveries")
def list_deliveries(
    state: Annotated[str | None, typer.Option("--state", help="Only these: pending, done or failed.", show_default=False)] = None,
    webhook: Annotated[
        str | None,
        typer.Option("--webhook", metavar="WEBHOOK", help="Only of this one: its name, or its id.", show_default=False),
    ] = None,
    limit: HowMany = 50,
    org: Org = None,
    json: Json = False,
) -> None:
    """List what providers delivered, newest first."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            source = None if webhook is None else await WebhookSources(connection, session.organization_id).named(webhook)
            page = await Deliveries(connection, session.organization_id).page(
                source_id=source.id if source else None, state=state, limit=limit
            )
        show_table([asdict(one) for one in page.items], DELIVERY_COLUMNS, json=json, empty="There are no such deliveries.")

    run_in(work, org=org, json=json)


@webhooks.command("retry")
def retry_delivery(
    id: Annotated[UUID, typer.Argument(metavar="ID", help="The delivery's id.", show_default=False)], org: Org = None, json: Json = False
) -> None:
    """Have a delivery that failed worked on again."""

    async def work(session: "Session") -> dict[str, Any]:
        async with transaction(session.organization_id, session.actor) as connection:
            return asdict(await Deliveries(connection, session.organization_id).retry(id))

    found = run_in(work, org=org, json=json)
    return show_json(found) if json else say("It is worked on again.")


@intents.command("list")
def list_intents(
    type: Annotated[str | None, typer.Option("--type", help="Only this type, such as reply.", show_default=False)] = None,
    campaign: Campaign = None,
    person: Person = None,
    limit: HowMany = 50,
    org: Org = None,
    json: Json = False,
) -> None:
    """List who showed interest, newest first."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            meant = await _meant(connection, session, campaign, person)
            page = await Intents(connection, session.organization_id).page(
                type=type, campaign_id=meant.campaign_id, person_id=meant.person_id, limit=limit
            )
        show_table([asdict(one) for one in page.items], INTENT_COLUMNS, json=json, empty="Nobody showed such interest yet.")

    run_in(work, org=org, json=json)


@intents.command("note")
def note_intent(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Their address, or id.", show_default=False)],
    type: Annotated[str, typer.Argument(metavar="TYPE", help="Such as meeting_booked or manual_qualification.", show_default=False)],
    campaign: Campaign = None,
    note: Annotated[str | None, typer.Option("--note", help="What is worth knowing.", show_default=False)] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Note that somebody showed interest; again is fine, and changes nothing."""
    if not person.strip():
        raise InvalidInput("say who: an address or an id", field="person")

    async def work(session: "Session") -> dict[str, Any]:
        async with transaction(session.organization_id, session.actor) as connection:
            campaign_id = (await _meant(connection, session, campaign, None)).campaign_id
            noted = await Intents(connection, session.organization_id).note(person, type, campaign_id=campaign_id, note=note)
        return {**asdict(noted.intent), "is_new": noted.is_new}

    show_record(run_in(work, org=org, json=json), json=json)


@dataclass(frozen=True, slots=True)
class _Meant:
    """The ids of what was named, None for what was not."""

    campaign_id: UUID | None
    person_id: UUID | None


async def _meant(connection: "asyncpg.Connection", session: "Session", campaign: str | None, person: str | None) -> _Meant:
    """Return whom and which campaign was named. Raises `NotFound`, and `Conflict` for a name that several have."""
    organization = session.organization_id
    return _Meant(
        None if campaign is None else (await Campaigns(connection, organization).named(campaign)).campaign_id,
        None if person is None else await Intents(connection, organization).person(person),
    )
