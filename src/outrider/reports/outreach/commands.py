"""`outrider campaigns report`, `attribution` and `conversions`: what the API does, for the terminal."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Json, Org, say, show_json, show_record, show_table
from outrider.marketing import Campaigns
from outrider.runtime import run_in
from outrider.tenancy import transaction

from ..words import portion
from .attribution import Attribution
from .attribution_types import TYPES, USUAL_DAYS, Conversion, Credit, Model, NewConversion, Span
from .campaign_report import read_report
from .types import CampaignReport, Part

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer()
campaigns = typer.Typer()
conversions = typer.Typer(help="What people were won for: meetings, demos, signups, sales.", no_args_is_help=True)
app.add_typer(conversions, name="conversions")

PART_COLUMNS = ["part", "sent", "opened", "clicked", "replied", "bounced"]
CREDIT_COLUMNS = ["campaign", "conversions", "people", "worth"]
CONVERSION_COLUMNS = ["id", "name", "email", "type", "converted_at", "value", "currency"]
PAGE = 500
ConversionId = Annotated[UUID, typer.Argument(metavar="ID", help="The conversion's id.", show_default=False)]


@campaigns.command("report")
def report_campaign(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name, in any case, or its id.", show_default=False)],
    org: Org = None,
    json: Json = False,
) -> None:
    """Report what became of a campaign: sent, opened, answered, by step, wording and mailbox."""

    async def work(session: "Session") -> CampaignReport:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            found = await Campaigns(connection, session.organization_id).named(campaign)
            return await read_report(connection, session.organization_id, found.campaign_id)

    report = run_in(work, org=org, json=json)
    if json:
        return show_json(asdict(report))
    show_record({"campaign": report.name, "state": report.state, "enrolled": report.enrolled, "in doubt": report.in_doubt}, json=False)
    say()
    wordings = [Part("", f"Step {one.step}, {one.label}", one.figures) for one in report.variants]
    steps = [Part(part.key, f"Step {part.key}", part.figures) for part in report.steps]
    parts = [Part("", "All", report.total), *steps, *wordings, *report.mailboxes]
    show_table([_part(part) for part in parts], PART_COLUMNS, json=False, empty="Nothing was sent yet.")
    for verdict in report.verdicts:
        say(f"Step {verdict.step}: {verdict.text}")
    return None


@app.command("attribution")
def show_attribution(
    model: Annotated[Model, typer.Option(help="Whose a conversion is: the first touch's, the last one's, or all touches' alike.")] = "last",
    days: Annotated[int, typer.Option(help="How many days before a conversion touches count.")] = USUAL_DAYS,
    org: Org = None,
    json: Json = False,
) -> None:
    """Show which campaigns led to conversions."""

    async def work(session: "Session") -> list[Credit]:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            return await Attribution(connection, session.organization_id).by_campaign(Span(model, days))

    found = run_in(work, org=org, json=json)
    if json:
        return show_json([asdict(credit) for credit in found])
    return show_table([_credit(one) for one in found], CREDIT_COLUMNS, json=False, empty="There are no conversions.")


@conversions.command("list")
def list_conversions(org: Org = None, json: Json = False) -> None:
    """List conversions, newest first; 500 at most."""

    async def work(session: "Session") -> list[Conversion]:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            return (await Attribution(connection, session.organization_id).page(Span(), limit=PAGE)).items

    found = run_in(work, org=org, json=json)
    show_table([asdict(one) for one in found], CONVERSION_COLUMNS, json=json, empty="There are no conversions.")


@conversions.command("add")
def add_conversion(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The person's address, or id.", show_default=False)],
    type: Annotated[str, typer.Argument(metavar="TYPE", help=f"One of {', '.join(TYPES)}.", show_default=False)],
    at: Annotated[datetime | None, typer.Option("--at", help="When, in the machine's zone; left out: now.", show_default=False)] = None,
    value: Annotated[str | None, typer.Option("--value", metavar="NUMBER", help="What it is worth.", show_default=False)] = None,
    currency: Annotated[str | None, typer.Option("--currency", metavar="CODE", help="Such as EUR.", show_default=False)] = None,
    note: Annotated[str | None, typer.Option("--note", help="Anything to remember.", show_default=False)] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Record a conversion."""

    async def work(session: "Session") -> Conversion:
        new = NewConversion(person, type, (at or datetime.now()).astimezone(), _number(value), currency, note)
        async with transaction(session.organization_id, session.actor) as connection:
            return await Attribution(connection, session.organization_id).record(new)

    show_record(asdict(run_in(work, org=org, json=json)), json=json)


@conversions.command("delete")
def delete_conversion(conversion: ConversionId, org: Org = None, json: Json = False) -> None:
    """Delete a conversion that should not have been recorded."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            await Attribution(connection, session.organization_id).delete(conversion)

    run_in(work, org=org, json=json)
    if json:
        return show_json({"deleted": str(conversion)})
    return say("Deleted.")


def _part(part: Part) -> dict[str, Any]:
    figures = part.figures
    counts = {name: getattr(figures, name) for name in ("opened", "clicked", "replied")}
    shares = {name: "not tracked" if count is None else f"{count:,} ({portion(count, figures.sent)})" for name, count in counts.items()}
    bounced = f"{figures.bounced:,} ({portion(figures.bounced, figures.tried)})"
    return {"part": part.label, "sent": f"{figures.sent:,}", **shares, "bounced": bounced}


def _credit(credit: Credit) -> dict[str, Any]:
    worth = ", ".join(f"{value:,.2f} {currency}" for currency, value in credit.money.items())
    name = credit.name or "nothing of ours"
    return {"campaign": name, "conversions": f"{credit.conversions:,.2f}", "people": credit.people, "worth": worth}


def _number(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text is not None else None
    except InvalidOperation:
        raise InvalidInput(f"value is {text!r}; it must be a number, such as 1200.50", field="value") from None
