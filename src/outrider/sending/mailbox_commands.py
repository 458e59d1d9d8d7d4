"""`outrider mailboxes`: mailboxes that send, and the domains that sign."""

import json as json_text
import sys
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Json, Org, say, show_record, show_table
from outrider.runtime import run_in
from outrider.tenancy import transaction

from .credentials import Credentials
from .domains import DomainService, check_domain
from .mailboxes import MailboxService
from .trials import read_for_trial, try_mailbox

if TYPE_CHECKING:
    from outrider.runtime import Session

mailboxes = typer.Typer(help="Mailboxes that send, and the domains that sign.", no_args_is_help=True)
COLUMNS = [
    "email",
    "state",
    "state_reason",
    "health_score",
    "bounce_level",
    "sent_today",
    "limit_today",
    "sent_this_hour",
    "hourly_limit",
    "warmup_status",
]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The mailbox's address, or its id.", show_default=False)]


@mailboxes.command("list")
def list_mailboxes(org: Org = None, json: Json = False) -> None:
    """List mailboxes with their limits, what they sent today, and their health."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            page = await MailboxService(connection, session.organization_id).page(limit=500)
        show_table(
            [asdict(one) for one in page.items],
            COLUMNS,
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
    imap_host: Annotated[
        str | None,
        typer.Option("--imap-host", help="Where its Sent folder is read, over TLS: it settles what is in doubt.", show_default=False),
    ] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="gmail or outlook, whose servers are known.", show_default=False)
    ] = None,
    username: Annotated[str | None, typer.Option("--username", help="The address, when left out.", show_default=False)] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")] = False,
    oauth_stdin: Annotated[
        bool, typer.Option("--oauth-stdin", help="Read what OAuth2 needs from standard input, as JSON: refresh_token, client_id …")
    ] = False,
    name: Annotated[str | None, typer.Option("--name", help="The name that recipients see.", show_default=False)] = None,
    daily_limit: Annotated[int | None, typer.Option("--daily-limit", min=0, help="Messages a day.", show_default="50")] = None,
    warmup: Annotated[bool, typer.Option("--warmup", help="Begin with 5 a day and reach the limit in 30 days.")] = False,
    org: Org = None,
    json: Json = False,
) -> None:
    """Add a mailbox. Without --password-stdin or --oauth-stdin it signs in nowhere.

    printf %s "$PASSWORD" | outrider mailboxes add ana@example.org --host mail.example.org --password-stdin
    """
    read = sys.stdin.readline().rstrip("\r\n") if password_stdin else sys.stdin.read() if oauth_stdin else None
    values: dict[str, Any] = {
        "email": email, "smtp_host": host, "smtp_port": port, "smtp_security": security, "imap_host": imap_host,
        "provider": provider, "username": username,
        "from_name": name, "daily_limit": daily_limit, "warmup_status": "active" if warmup else None,
        "authentication": "password" if password_stdin else "oauth2" if oauth_stdin else "none",
    }  # fmt: skip

    async def work(session: "Session") -> None:
        credentials = None if read is None else Credentials(password=read) if password_stdin else _oauth(read)
        async with transaction(session.organization_id, session.actor) as connection:
            service = MailboxService(connection, session.organization_id)
            made = await service.add(values, credentials)
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
            found = list(await service.list())
        if check:
            found = [await check_domain(session.organization_id, session.actor, one.id) for one in found]
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


def _oauth(text: str) -> Credentials:
    known = {field.name for field in fields(Credentials)} - {"password", "expires_at"}
    try:
        given = json_text.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not given or not all(name in known and isinstance(value, str) for name, value in given.items()):
        example = '{"refresh_token": "…", "client_id": "…", "client_secret": "…"}'
        raise InvalidInput(f"what came in is not what OAuth2 needs: give JSON such as {example}", field="credentials")
    return Credentials(**given)
