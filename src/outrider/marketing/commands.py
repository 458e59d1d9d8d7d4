"""`outrider lists`, `segments`, `templates`, `campaigns`: what the API does, for the terminal."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Json, Org, say, show_json, show_record, show_table
from outrider.people import filters_of
from outrider.runtime import run_in
from outrider.tenancy import transaction

from .addresses import addresses_in
from .campaigns import Campaigns, as_document
from .duplicating import duplicate
from .lists import PeopleLists
from .running import Running
from .segments import Segments
from .templates import Templates, variables_used

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer(no_args_is_help=True)
lists = typer.Typer(help="Lists of people that somebody put together.", no_args_is_help=True)
segments = typer.Typer(help="Whoever fits filters at the moment.", no_args_is_help=True)
templates = typer.Typer(help="Texts that are used again.", no_args_is_help=True)
campaigns = typer.Typer(help="Campaigns: who is told what, and when.", no_args_is_help=True)
for name, group in (("lists", lists), ("segments", segments), ("templates", templates), ("campaigns", campaigns)):
    app.add_typer(group, name=name)

PAGE = 500
LIST_COLUMNS = ["name", "people", "description", "created_at"]
SEGMENT_COLUMNS = ["name", "filters", "description", "created_at"]
TEMPLATE_COLUMNS = ["name", "category", "subject", "updated_at"]
CAMPAIGN_COLUMNS = ["name", "state", "namespace", "target_count", "sent_count", "response_count", "created_at"]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="The name.", show_default=False)]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name, in any case, or the id.", show_default=False)]
CampaignName = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name, in any case, or its id.", show_default=False)]
StartAt = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="When, such as 2026-12-01T09:00: in the campaign's time zone unless it names one.", show_default=False
    ),
]
FilterOptions = Annotated[
    list[str] | None,
    typer.Option("--filter", "-f", metavar="NAME=VALUE", help="Who fits, as in GET /api/people; may be repeated.", show_default=False),
]
Everyone = Annotated[bool, typer.Option("--everyone", help="All people there are.")]


@lists.command("list")
def list_lists(org: Org = None, json: Json = False) -> None:
    """List lists, newest first."""
    _show_pages(PeopleLists, LIST_COLUMNS, "There are no lists.", org, json)


@lists.command("create")
def create_list(name: NewName, org: Org = None, json: Json = False) -> None:
    """Make an empty list."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            made = await PeopleLists(connection, session.organization_id).add(name)
        show_record(asdict(made), json=json)

    run_in(work, org=org, json=json)


@lists.command("add")
def add_to_list(name: Name, filters: FilterOptions = None, everyone: Everyone = False, org: Org = None, json: Json = False) -> None:
    """Put all people who fit filters on a list."""
    _move("put", name, _filters(filters, everyone), org, json)


@lists.command("paste")
def paste_into_list(
    name: Name,
    file: Annotated[
        typer.FileText, typer.Argument(metavar="FILE", help="Addresses in any form; - reads what is piped in.", show_default=False)
    ],
    org: Org = None,
    json: Json = False,
) -> None:
    """Put the people on a list whose addresses a file holds, and name the addresses that nobody has."""
    emails = addresses_in(file.read())

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            service = PeopleLists(connection, session.organization_id)
            pasted = await service.put_addresses((await service.named(name)).id, emails)
        show_record(asdict(pasted), json=json)

    run_in(work, org=org, json=json)


@lists.command("remove")
def remove_from_list(name: Name, filters: FilterOptions = None, everyone: Everyone = False, org: Org = None, json: Json = False) -> None:
    """Take all people who fit filters off a list."""
    _move("take", name, _filters(filters, everyone), org, json)


@lists.command("delete")
def delete_list(name: Name, org: Org = None, json: Json = False) -> None:
    """Delete a list; its people stay."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            service = PeopleLists(connection, session.organization_id)
            found = await service.named(name)
            await service.delete(found.id)
        show_json({"deleted": found.name}) if json else say(f"Deleted {found.name}.")

    run_in(work, org=org, json=json)


@segments.command("list")
def list_segments(org: Org = None, json: Json = False) -> None:
    """List segments, newest first."""
    _show_pages(Segments, SEGMENT_COLUMNS, "There are no segments.", org, json)


@segments.command("create")
def create_segment(name: NewName, filters: FilterOptions = None, everyone: Everyone = False, org: Org = None, json: Json = False) -> None:
    """Keep filters as a segment."""
    asked = _filters(filters, everyone)

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            made = await Segments(connection, session.organization_id).add(name, asked)
        show_record(asdict(made), json=json)

    run_in(work, org=org, json=json)


@segments.command("count")
def count_segment(name: Name, org: Org = None, json: Json = False) -> None:
    """Say how many people are in a segment now: exactly up to 10,000."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            service = Segments(connection, session.organization_id)
            people, is_exact = await service.count((await service.named(name)).filters)
        show_record({"people": people, "is_exact": is_exact}, json=json)

    run_in(work, org=org, json=json)


@templates.command("list")
def list_templates(org: Org = None, json: Json = False) -> None:
    """List templates, newest first."""
    _show_pages(Templates, TEMPLATE_COLUMNS, "There are no templates.", org, json)


@templates.command("show")
def show_template(name: Name, org: Org = None, json: Json = False) -> None:
    """Show a template, and the variables that it uses."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            found = await Templates(connection, session.organization_id).named(name)
        show_record({**asdict(found), "variables": variables_used(found.subject, found.body)}, json=json)

    run_in(work, org=org, json=json)


@campaigns.command("list")
def list_campaigns(org: Org = None, json: Json = False) -> None:
    """List campaigns, newest first."""
    _show_pages(Campaigns, CAMPAIGN_COLUMNS, "There are no campaigns.", org, json)


@campaigns.command("show")
def show_campaign(campaign: CampaignName, org: Org = None, json: Json = False) -> None:
    """Show a campaign with its steps, audience and how many people are in which state."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            service = Campaigns(connection, session.organization_id)
            whole = await service.whole((await service.named(campaign)).campaign_id)
        show_record(as_document(whole), json=json)

    run_in(work, org=org, json=json)


@campaigns.command("duplicate")
def duplicate_campaign(campaign: CampaignName, org: Org = None, json: Json = False) -> None:
    """Make a draft with the same settings, steps, audience and mailboxes."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            found = await Campaigns(connection, session.organization_id).named(campaign)
            made = await duplicate(connection, session.organization_id, session.actor, found.campaign_id)
        show_record(asdict(made), json=json)

    run_in(work, org=org, json=json)


@campaigns.command("resolve")
def resolve_campaign(campaign: CampaignName, org: Org = None, json: Json = False) -> None:
    """Enroll the audience, and say who was left out and why."""
    _run("resolve", campaign, org, json)


@campaigns.command("start")
def start_campaign(campaign: CampaignName, at: StartAt = None, org: Org = None, json: Json = False) -> None:
    """Start a campaign that is ready; says everything that is missing."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            found = await Campaigns(connection, session.organization_id).named(campaign)
            running = Running(connection, session.organization_id)
            begins = _moment(at, ZoneInfo(found.time_zone)) if at else None
            done = await (running.start_at(found.campaign_id, begins) if begins else running.start(found.campaign_id))
        show_record(asdict(done), json=json)

    run_in(work, org=org, json=json)


@campaigns.command("pause")
def pause_campaign(campaign: CampaignName, org: Org = None, json: Json = False) -> None:
    """Let no message of a campaign begin until it is resumed."""
    _run("pause", campaign, org, json)


@campaigns.command("resume")
def resume_campaign(campaign: CampaignName, org: Org = None, json: Json = False) -> None:
    """Go on with a paused campaign."""
    _run("resume", campaign, org, json)


@campaigns.command("cancel")
def cancel_campaign(campaign: CampaignName, org: Org = None, json: Json = False) -> None:
    """End a campaign for good."""
    _run("cancel", campaign, org, json)


def _moment(typed: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(typed)
    except ValueError as error:
        raise InvalidInput(f"--at {typed[:30]!r} is no date and time: write it as 2026-12-01T09:00", field="at") from error
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _run(what: str, campaign: str, org: str | None, json: bool) -> None:
    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            found = await Campaigns(connection, session.organization_id).named(campaign)
            done = await getattr(Running(connection, session.organization_id), what)(found.campaign_id)
        show_record(asdict(done), json=json)

    run_in(work, org=org, json=json)


def _move(what: str, name: str, filters: dict[str, Any], org: str | None, json: bool) -> None:
    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            service = PeopleLists(connection, session.organization_id)
            people = await getattr(service, what)((await service.named(name)).id, filters=filters)
        show_record({"people": people}, json=json)

    run_in(work, org=org, json=json)


def _show_pages(service: Any, columns: list[str], empty: str, org: str | None, json: bool) -> None:
    async def work(session: "Session") -> None:
        found: list[Any] = []
        cursor = None
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            while True:
                page = await service(connection, session.organization_id).page(limit=PAGE, cursor=cursor)
                found += page.items
                cursor = page.next_cursor
                if cursor is None:
                    break
        show_table([asdict(one) for one in found], columns, json=json, empty=empty)

    run_in(work, org=org, json=json)


def _filters(given: list[str] | None, everyone: bool) -> dict[str, Any]:
    """Return what --filter says as a document; a name that comes twice has several values. Raises `InvalidInput`."""
    if everyone == bool(given):
        raise InvalidInput("say who is meant: --filter NAME=VALUE, or --everyone", field="filter")
    many = ("tag", "not_tag", "custom")
    asked: dict[str, Any] = {}
    for one in given or []:
        key, equals, value = one.partition("=")
        if not equals:
            raise InvalidInput(f"--filter {one[:60]!r} has no =: write --filter country_code=ES", field="filter")
        asked[key] = [*asked.get(key, []), value] if key in many else value
    filters_of("people", asked)
    return asked
