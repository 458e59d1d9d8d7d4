"""`outrider activity`, `webhooks` and `intents`: what happened, where it comes in from, and who showed interest."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Json, Org, say, show_json, show_record, show_table
from outrider.runtime import run_in
from outrider.tenancy import transaction

from .activity import Asked, page_of_activity
from .deliveries import Deliveries
from .intents import Intents
from .sources import KINDS, NewSource, WebhookSources

if TYPE_CHECKING:
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
Campaign = Annotated[UUID | None, typer.Option("--campaign", metavar="ID", help="Only of this campaign.", show_default=False)]
Person = Annotated[UUID | None, typer.Option("--person", metavar="ID", help="Only of this person.", show_default=False)]
Source = Annotated[UUID, typer.Argument(metavar="ID", help="The webhook's id.", show_default=False)]


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
        asked = Asked(type=type, campaign_id=campaign, person_id=person, verdict=verdict, platform=platform)
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
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
def delete_webhook(id: Source, org: Org = None, json: Json = False) -> None:
    """Delete a webhook and its deliveries; the events that came through it stay."""

    async def work(session: "Session") -> str:
        async with transaction(session.organization_id, session.actor) as connection:
            return await WebhookSources(connection, session.organization_id).delete(id)

    name = run_in(work, org=org, json=json)
    return show_json({"id": str(id), "name": name}) if json else say(f"{name} is deleted: what is sent to its address is refused.")


@webhooks.command("deliveries")
def list_deliveries(
    state: Annotated[str | None, typer.Option("--state", help="Only these: pending, done or failed.", show_default=False)] = None,
    source: Annotated[UUID | None, typer.Option("--webhook", metavar="ID", help="Only of this webhook.", show_default=False)] = None,
    limit: HowMany = 50,
    org: Org = None,
    json: Json = False,
) -> None:
    """List what providers delivered, newest first."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            page = await Deliveries(connection, session.organization_id).page(source_id=source, state=state, limit=limit)
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
            service = Intents(connection, session.organization_id)
            page = await service.page(type=type, campaign_id=campaign, person_id=person, limit=limit)
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
            noted = await Intents(connection, session.organization_id).note(person, type, campaign_id=campaign, note=note)
        return {**asdict(noted.intent), "is_new": noted.is_new}

    show_record(run_in(work, org=org, json=json), json=json)
