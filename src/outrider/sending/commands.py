"""`outrider sending`, `mailboxes` and `suppressions`: how sending stands and what a person decides about it."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Json, Org, say, show_json, show_record, show_table
from outrider.runtime import run_in
from outrider.tenancy import transaction

from . import suppressions
from .credentials import Credentials
from .domains import DomainService
from .mailboxes import MailboxService, read_for_trial, try_mailbox
from .messages import MessageService, Status

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer()
sending = typer.Typer(help="What is sent and what waits: status, freeze, doubtful messages.", no_args_is_help=True)
mailboxes = typer.Typer(help="Mailboxes that send, and the domains that sign.", no_args_is_help=True)
suppressed = typer.Typer(help="Who is never written to again.", no_args_is_help=True)
app.add_typer(sending, name="sending")
app.add_typer(mailboxes, name="mailboxes")
app.add_typer(suppressed, name="suppressions")

COLUMNS = ["id", "status", "recipient", "mailbox", "subject", "reason", "attempts", "scheduled_at", "sent_at"]
MAILBOX_COLUMNS = [
    "email",
    "state",
    "state_reason",
    "health_score",
    "sent_today",
    "limit_today",
    "sent_this_hour",
    "hourly_limit",
    "warmup_status",
]
SUPPRESSION_COLUMNS = ["id", "kind", "value", "reason", "campaign_id", "note", "created_at", "created_by"]
MessageId = Annotated[UUID, typer.Argument(metavar="ID", help="The message's id.", show_default=False)]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The mailbox's address, or its id.", show_default=False)]


@sending.command("status")
def show_status(org: Org = None, json: Json = False) -> None:
    """Show whether sending is frozen, the limits, and how much waits, is due or is in doubt."""

    async def work(session: "Session") -> Status:
        async with transaction(session.organization_id, session.actor) as connection:
            return await MessageService(connection, session.organization_id).status()

    show_record(asdict(run_in(work, org=org, json=json)), json=json)


@sending.command("freeze")
def freeze(
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever finds it frozen.")] = "frozen on the command line",
    org: Org = None,
    json: Json = False,
) -> None:
    """Stop all sending at once, until it is released."""

    async def work(session: "Session") -> Status:
        async with transaction(session.organization_id, session.actor) as connection:
            return await MessageService(connection, session.organization_id).freeze(reason)

    status = run_in(work, org=org, json=json)
    if json:
        return show_json(asdict(status))
    return say("Sending is frozen. Let it go on with: outrider sending release")


@sending.command("release")
def release(
    skip_due: Annotated[
        bool, typer.Option("--skip-due", help="Leave out what is due by now: it may have been sent before a restore.")
    ] = False,
    org: Org = None,
    json: Json = False,
) -> None:
    """Let sending go on after a freeze."""

    async def work(session: "Session") -> tuple[int, Status]:
        async with transaction(session.organization_id, session.actor) as connection:
            service = MessageService(connection, session.organization_id)
            return await service.thaw(datetime.now(UTC) if skip_due else None)

    skipped, status = run_in(work, org=org, json=json)
    if json:
        return show_json({"skipped": skipped, "status": asdict(status)})
    return say(f"Sending goes on. {skipped} messages and steps were left out." if skip_due else "Sending goes on.")


@sending.command("messages")
def list_messages(
    status: Annotated[
        str | None, typer.Option("--status", help="Only those in this state, such as unknown or needs_review.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many.")] = 50,
    org: Org = None,
    json: Json = False,
) -> None:
    """List the ledger's messages, newest first."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            page = await MessageService(connection, session.organization_id).page(status=status, limit=limit)
        show_table([asdict(one) for one in page.items], COLUMNS, json=json, empty="There are no such messages.")

    run_in(work, org=org, json=json)


@sending.command("settle")
def settle(
    id: MessageId,
    sent: Annotated[bool, typer.Option("--sent", help="The server has it.")] = False,
    not_sent: Annotated[bool, typer.Option("--not-sent", help="The server does not have it: it is queued again.")] = False,
    evidence: Annotated[str, typer.Option("--evidence", help="Where you looked and what you found.", show_default=False)] = "",
    org: Org = None,
    json: Json = False,
) -> None:
    """Settle a message of which nobody knows whether it was sent."""

    async def work(session: "Session") -> None:
        if sent == not_sent:
            raise InvalidInput("say --sent or --not-sent", field="sent")
        outcome: Literal["sent", "not_sent"] = "sent" if sent else "not_sent"
        async with transaction(session.organization_id, session.actor) as connection:
            message = await MessageService(connection, session.organization_id).settle(id, outcome, evidence)
        show_record({"id": message.id, "status": message.status, "message_id": message.message_id}, json=json)

    run_in(work, org=org, json=json)


@mailboxes.command("list")
def list_mailboxes(org: Org = None, json: Json = False) -> None:
    """List mailboxes with their limits, what they sent today, and their health."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            page = await MailboxService(connection, session.organization_id).page(limit=500)
        show_table(
            [asdict(one) for one in page.items],
            MAILBOX_COLUMNS,
            json=json,
            empty="There are no mailboxes: add one with outrider mailboxes add.",
        )

    run_in(work, org=org, json=json)


@mailboxes.command("add")
def add_mailbox(
    email: Annotated[str, typer.Argument(metavar="ADDRESS", help="The address that it sends from.", show_default=False)],
    host: Annotated[str | None, typer.Option("--host", help="The mail server.", show_default=False)] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Its port.", show_default="587")] = None,
    security: Annotated[str | None, typer.Option("--security", help="tls, starttls or none.", show_default="starttls")] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="gmail or outlook, whose servers are known.", show_default=False)
    ] = None,
    username: Annotated[str | None, typer.Option("--username", help="The address, when left out.", show_default=False)] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="The name that recipients see.", show_default=False)] = None,
    daily_limit: Annotated[int | None, typer.Option("--daily-limit", min=0, help="Messages a day.", show_default="50")] = None,
    warmup: Annotated[bool, typer.Option("--warmup", help="Begin with 5 a day and reach the limit in 30 days.")] = False,
    org: Org = None,
    json: Json = False,
) -> None:
    """Add a mailbox. Without --password-stdin it signs in nowhere.

    printf %s "$PASSWORD" | outrider mailboxes add ana@example.org --host mail.example.org --password-stdin
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    values: dict[str, Any] = {
        "email": email, "smtp_host": host, "smtp_port": port, "smtp_security": security, "provider": provider, "username": username,
        "from_name": name, "daily_limit": daily_limit, "warmup_status": "active" if warmup else None,
        "authentication": "password" if password_stdin else "none",
    }  # fmt: skip

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            service = MailboxService(connection, session.organization_id)
            made = await service.add(values, Credentials(password=password) if password_stdin else None)
        show_record(asdict(made), json=json)

    run_in(work, org=org, json=json)


@mailboxes.command("test")
def try_it(address: Address, org: Org = None, json: Json = False) -> None:
    """Connect and sign in as a mailbox does, send nothing, and print the server's own answer."""

    async def work(session: "Session") -> bool:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            found = await MailboxService(connection, session.organization_id).find(address)
            mailbox = await read_for_trial(connection, session.organization_id, found.id)
        trial = await try_mailbox(session.organization_id, mailbox)
        show_record(asdict(trial), json=json)
        return trial.works

    if not run_in(work, org=org, json=json):
        raise typer.Exit(1)


@mailboxes.command("pause")
def pause(
    address: Address,
    reason: Annotated[str | None, typer.Option("--reason", help="Why.", show_default=False)] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Take a mailbox out of use; what it has queued waits."""
    _set_state(address, "paused", reason, org, json)


@mailboxes.command("resume")
def resume(address: Address, org: Org = None, json: Json = False) -> None:
    """Take a mailbox into use again; its bounces are counted anew."""
    _set_state(address, "active", None, org, json)


@mailboxes.command("domains")
def list_domains(
    add: Annotated[str | None, typer.Option("--add", metavar="NAME", help="Make a DKIM key for a domain.", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="Ask DNS about each of them.")] = False,
    org: Org = None,
    json: Json = False,
) -> None:
    """List the domains that sign, with the DNS records to set and what is wrong with them."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            service = DomainService(connection, session.organization_id)
            if add:
                await service.add(add)
            found = [await service.check(one.id) if check else one for one in await service.list()]
        rows = [
            {"domain": one.domain, "record": kind, "name": name, "value": value, "problem": (one.checks.get(kind) or {}).get("problem")}
            for one in found
            for kind, (name, value) in one.records.items()
        ]
        show_table(rows, ["domain", "record", "name", "value", "problem"], json=json, empty="There are no domains: add one with --add.")

    run_in(work, org=org, json=json)


def _set_state(address: str, state: str, reason: str | None, org: str | None, json: bool) -> None:
    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            service = MailboxService(connection, session.organization_id)
            changed = await service.set_state((await service.find(address)).id, state, reason)
        if json:
            show_record(asdict(changed), json=True)
        else:
            say(f"{changed.email} is {changed.state}.")

    run_in(work, org=org, json=json)


@suppressed.command("list")
def list_suppressions(
    value: Annotated[str | None, typer.Option("--value", help="An address or domain.", show_default=False)] = None,
    reason: Annotated[str | None, typer.Option("--reason", help=f"One of {', '.join(suppressions.REASONS)}.", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many.")] = 100,
    org: Org = None,
    json: Json = False,
) -> None:
    """List suppressions, newest first."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            page = await suppressions.page_of_suppressions(connection, session.organization_id, value=value, reason=reason, limit=limit)
        show_table([asdict(one) for one in page.items], SUPPRESSION_COLUMNS, json=json, empty="Nobody is suppressed.")

    run_in(work, org=org, json=json)


@suppressed.command("add")
def add_suppressions(
    values: Annotated[
        list[str], typer.Argument(metavar="VALUE...", help="Addresses, and domains without an at sign; - reads lines from standard input.")
    ],
    note: Annotated[str | None, typer.Option("--note", help="Why.", show_default=False)] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Keep addresses and domains from being written to, from the next message on."""
    given = [line.strip() for line in sys.stdin if line.strip()] if values == ["-"] else values

    async def work(session: "Session") -> int:
        if not given:
            raise InvalidInput("there is nothing to suppress: name addresses or domains", field="values")
        added = 0
        async with transaction(session.organization_id, session.actor) as connection:
            for at in range(0, len(given), suppressions.MOST):
                some = given[at : at + suppressions.MOST]
                reason: suppressions.Reason = "import" if values == ["-"] else "manual"
                added += len(await suppressions.suppress_many(connection, session.organization_id, some, reason, note=note))
        return added

    added = run_in(work, org=org, json=json)
    if json:
        return show_json({"added": added, "already": len(given) - added})
    return say(f"{added} suppressed; {len(given) - added} were already, or were named twice.")


@suppressed.command("remove")
def remove_suppression(
    id: Annotated[UUID, typer.Argument(metavar="ID", help="The suppression's id, as list shows it.", show_default=False)],
    org: Org = None,
    json: Json = False,
) -> None:
    """Let an address or domain be written to again."""

    async def work(session: "Session") -> suppressions.Suppression:
        async with transaction(session.organization_id, session.actor) as connection:
            return await suppressions.unsuppress(connection, session.organization_id, id)

    gone = run_in(work, org=org, json=json)
    if json:
        return show_json(asdict(gone))
    return say(f"{gone.value or 'The address'} may be written to again.")
