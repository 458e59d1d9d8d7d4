"""`outrider users` and `outrider keys`: who may come in, in person and by key."""

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from outrider.kit import terminal
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.terminal import Json, Org

from . import keys as api_keys
from . import members
from .roles import ROLES
from .types import ApiKey, NewKey

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer()
users = typer.Typer(no_args_is_help=True, help="Who may sign in to an organization.")
keys = typer.Typer(no_args_is_help=True, help="Keys for the HTTP API.")
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")

Role = Annotated[str, typer.Option("--role", help=f"What they may do: {', '.join(ROLES)}.")]
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@users.command("list")
def list_users(org: Org = None, json: Json = False) -> None:
    """List the organization's users."""
    from outrider import runtime

    async def work(session: "Session") -> list[dict[str, Any]]:
        return [asdict(member) for member in await members.list_members(session.organization_id, session.actor)]

    rows = runtime.run_in(work, org=org, json=json)
    terminal.show_table(rows, ["email", "name", "role", "created_at"], json=json, empty="Nobody yet: outrider users add EMAIL")


@users.command("add")
def add_user(
    email: Annotated[str, typer.Argument(help="Their e-mail address, which they sign in with.")],
    role: Role = "member",
    name: Annotated[str | None, typer.Option("--name", help="Their name.")] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Let a person in.

    Prints the password made for them, once. Who is known from another organization keeps the password they have.
    """
    from outrider import runtime

    async def work(session: "Session") -> dict[str, Any]:
        present = await members.list_members(session.organization_id, session.actor)
        if any(member.email == email.strip().lower() for member in present):
            raise Conflict(f"{email} is in this organization already; a new password: outrider users reset {email}", field="email")
        password = await members.add_member(session.organization_id, session.actor, email, role, name)
        return {"email": email.strip().lower(), "role": role, "password": password}

    made = runtime.run_in(work, org=org, json=json)
    if json:
        return terminal.show_json(made)
    if made["password"]:
        return terminal.say(runtime.password_note(made["email"], made["password"]))
    return terminal.say(f"{made['email']} is in as {role}, with the password they have from another organization.")


@users.command("reset")
def reset_user(email: Annotated[str, typer.Argument(help="Their e-mail address.")], org: Org = None, json: Json = False) -> None:
    """Give a user a new password, printed once."""
    from outrider import runtime

    async def work(session: "Session") -> str:
        return await members.reset_password(session.organization_id, session.actor, email)

    password = runtime.run_in(work, org=org, json=json)
    if json:
        return terminal.show_json({"email": email.strip().lower(), "password": password})
    return terminal.say(f"The password of {email} is now {password}  (shown only now)")


def _key_row(key: ApiKey) -> dict[str, Any]:
    now = datetime.now(UTC)
    state = "revoked" if key.revoked_at else "expired" if key.expires_at and key.expires_at <= now else "active"
    return {**asdict(key), "scopes": list(key.scopes), "namespaces": list(key.namespaces), "state": state}


@keys.command("list")
def list_keys(org: Org = None, json: Json = False) -> None:
    """List the organization's keys, newest first; never their secrets."""
    from outrider import runtime

    async def work(session: "Session") -> list[dict[str, Any]]:
        return [_key_row(key) for key in await api_keys.list_keys(session.caller)]

    rows = runtime.run_in(work, org=org, json=json)
    columns = ["id", "name", "role", "state", "created_at", "last_used_at", "expires_at"]
    terminal.show_table(rows, columns, json=json, empty="No keys yet: outrider keys create NAME")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What it is for, so that you know it again.")],
    role: Role = "member",
    scope: Annotated[list[str] | None, typer.Option("--scope", help="Only this, of what the role may do; may be repeated.")] = None,
    namespace: Annotated[
        list[str] | None,
        typer.Option("--namespace", help="A namespace that a client's key sees; may be repeated."),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="WHEN", help="After 12h, 90d or 8w, or on a date such as 2027-01-31."),
    ] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Make a key for the HTTP API.

    Its secret is printed once, alone on standard output, so that it can be kept: KEY=$(outrider keys create ci).
    """
    from outrider import runtime

    async def work(session: "Session") -> NewKey:
        return await api_keys.create_key(
            session.caller,
            name,
            role=role,
            scopes=scope,
            namespaces=namespace or [],
            expires_at=expiry(expires, datetime.now(UTC)),
        )

    made = runtime.run_in(work, org=org, json=json)
    if json:
        return terminal.show_json({**_key_row(made.key), "secret": made.secret})
    terminal.say(made.secret)
    until = f", until {terminal.shown(made.key.expires_at)}" if made.key.expires_at else ""
    return terminal.say(f"The key {made.key.name} ({role}{until}). Shown only now; send it as Authorization: Bearer KEY.", stderr=True)


def expiry(text: str | None, now: datetime) -> datetime | None:
    """Return when a key ends: `12h`, `90d`, `8w` from now, or the end of a date (UTC).

    Raises `InvalidInput` for anything else, and for the past.
    """
    if text is None:
        return None
    until: datetime | None = None
    if found := re.fullmatch(r"(\d{1,5})([hdw])", text.strip().lower()):
        until = now + timedelta(**{UNITS[found[2]]: int(found[1])})
    else:
        try:
            until = datetime.fromisoformat(text.strip())
        except ValueError:
            raise InvalidInput(f"--expires is {text!r}; it must be like 12h, 90d, 8w or 2027-01-31", field="expires") from None
        if len(text.strip()) == 10:
            until += timedelta(days=1)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
    if until <= now:
        raise InvalidInput(f"--expires is {text!r}, which is in the past", field="expires")
    return until


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, from outrider keys list.")],
    org: Org = None,
    json: Json = False,
) -> None:
    """Make a key useless from now on."""
    from outrider import runtime

    async def work(session: "Session") -> None:
        try:
            number = UUID(key)
        except ValueError:
            raise NotFound(f"there is no key {key!r}; the ids are in outrider keys list", field="id") from None
        await api_keys.revoke_key(session.caller, number)

    runtime.run_in(work, org=org, json=json)
    terminal.show_json({"id": key, "state": "revoked"}) if json else terminal.say(f"The key {key} is revoked.")
