"""`outrider users`, `outrider keys` and `outrider organization`: who may come in, in person and by key, and where."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from outrider.kit import terminal
from outrider.kit.errors import NotFound
from outrider.kit.terminal import Json, Org

from . import changes, members, organizations
from . import keys as api_keys
from .expiry import expiry
from .roles import ROLES
from .types import ApiKey, Change, Member, NewKey, NewMember, Organization

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer()
users = typer.Typer(no_args_is_help=True, help="Who may sign in to an organization.")
keys = typer.Typer(no_args_is_help=True, help="Keys for the HTTP API.")
organization = typer.Typer(no_args_is_help=True, help="The organization's settings, and who changed what.")
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")
app.add_typer(organization, name="organization")

Email = Annotated[str, typer.Argument(help="Their e-mail address.")]
Namespaces = Annotated[
    list[str] | None,
    typer.Option("--namespace", help="A namespace that a client sees; may be repeated. For the role client only."),
]
Role = Annotated[str, typer.Option("--role", help=f"What they may do: {', '.join(ROLES)}.")]


@users.command("list")
def list_users(org: Org = None, json: Json = False) -> None:
    """List the organization's users."""
    from outrider import runtime

    async def work(session: "Session") -> list[dict[str, Any]]:
        return [_user_row(member) for member in await members.list_members(session.organization_id, session.actor)]

    rows = runtime.run_in(work, org=org, json=json)
    columns = ["email", "name", "role", "namespaces", "created_at"]
    terminal.show_table(rows, columns, json=json, empty="Nobody yet: outrider users add EMAIL")


@users.command("add")
def add_user(
    email: Annotated[str, typer.Argument(help="Their e-mail address, which they sign in with.")],
    role: Role = "member",
    name: Annotated[str | None, typer.Option("--name", help="Their name.")] = None,
    namespace: Namespaces = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Let a person in.

    Prints the password made for them, once. Who is known from another organization keeps the password they have. A
    client needs a namespace: outrider users add ceo@acme.example --role client --namespace acme-corp
    """
    from outrider import runtime

    async def work(session: "Session") -> NewMember:
        return await members.add_user(session.caller, email, role=role, name=name, namespaces=namespace or [])

    made = runtime.run_in(work, org=org, json=json)
    if json:
        return terminal.show_json({**_user_row(made.member), "password": made.password})
    if made.password:
        return terminal.say(runtime.password_note(made.member.email, made.password))
    return terminal.say(f"{made.member.email} is in as {role}, with the password they have from another organization.")


@users.command("change")
def change_user(
    email: Email,
    role: Annotated[str | None, typer.Option("--role", help=f"What they may do: {', '.join(ROLES)}.")] = None,
    namespace: Namespaces = None,
    name: Annotated[str | None, typer.Option("--name", help="Their name; an empty one takes it away.")] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Change a user's role, a client's namespaces or the name; what is not given stays.

    It holds from their next request on. Namespaces that are given are all that a client sees from then on.
    """
    from outrider import runtime

    async def work(session: "Session") -> Member:
        return await members.change_user(session.caller, await _find(session, email), role=role, namespaces=namespace, name=name)

    member = runtime.run_in(work, org=org, json=json)
    if json:
        return terminal.show_json(_user_row(member))
    sees = f", and sees {', '.join(member.namespaces)}" if member.namespaces else ""
    return terminal.say(f"{member.email} is {member.role}{sees}.")


@users.command("remove")
def remove_user(email: Email, org: Org = None, json: Json = False) -> None:
    """Take a user out of the organization, and sign them out of it.

    The last owner stays. Keys that they made stay too: outrider keys list, outrider keys revoke.
    """
    from outrider import runtime

    async def work(session: "Session") -> None:
        await members.remove_user(session.caller, await _find(session, email))

    runtime.run_in(work, org=org, json=json)
    if json:
        return terminal.show_json({"email": email.strip().lower(), "removed": True})
    return terminal.say(f"{email.strip().lower()} is out.")


@users.command("reset")
def reset_user(
    email: Email,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Take a lost second factor away instead; the password stays as it is.")
    ] = False,
    org: Org = None,
    json: Json = False,
) -> None:
    """Give a user a new password, printed once, or take a lost second factor away.

    They are signed out everywhere.
    """
    from outrider import runtime

    async def work(session: "Session") -> str | bool:
        reset = members.reset_second_factor if second_factor else members.reset_password
        return await reset(session.organization_id, session.actor, email)

    outcome = runtime.run_in(work, org=org, json=json)
    if second_factor:
        if json:
            return terminal.show_json({"email": email.strip().lower(), "had_second_factor": outcome})
        return terminal.say(f"{email} signs in with the password alone now." if outcome else f"{email} had no second factor.")
    if json:
        return terminal.show_json({"email": email.strip().lower(), "password": outcome})
    return terminal.say(f"The password of {email} is now {outcome}  (shown only now)")


def _user_row(member: Member) -> dict[str, Any]:
    return {**asdict(member), "namespaces": list(member.namespaces)}


async def _find(session: "Session", email: str) -> UUID:
    wanted = email.strip().lower()
    for member in await members.list_members(session.organization_id, session.actor):
        if member.email == wanted:
            return member.user_id
    raise NotFound(f"nobody in this organization has the address {email!r}", field="email")


def _key_row(key: ApiKey) -> dict[str, Any]:
    return {**asdict(key), "scopes": list(key.scopes), "namespaces": list(key.namespaces), "state": key.state(datetime.now(UTC))}


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
    namespace: Namespaces = None,
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


@organization.command("show")
def show_organization(org: Org = None, json: Json = False) -> None:
    """Show the organization's settings."""
    from outrider import runtime

    async def work(session: "Session") -> Organization:
        return await organizations.current_organization(session.organization_id, session.actor)

    terminal.show_record(asdict(runtime.run_in(work, org=org, json=json)), json=json)


@organization.command("change")
def change_organization(
    name: Annotated[str | None, typer.Option("--name", help="What it is called.")] = None,
    physical_address: Annotated[
        list[str] | None,
        typer.Option("--address", help="A line of the address that is printed in emails; one option for each line. An empty one: none."),
    ] = None,
    time_zone: Annotated[str | None, typer.Option("--time-zone", help="An IANA name, such as Europe/Berlin.")] = None,
    require_second_factor: Annotated[
        bool | None,
        typer.Option("--require-second-factor/--no-second-factor", help="Whether people who sign in need a second factor."),
    ] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """Change the organization's settings; what is not given stays.

    outrider organization change --address "Example Street 1" --address "10115 Berlin" --time-zone Europe/Berlin
    """
    from outrider import runtime

    async def work(session: "Session") -> Organization:
        address = None if physical_address is None else "\n".join(physical_address)
        return await organizations.change_organization(
            session.caller,
            name=name,
            physical_address=address,
            time_zone=time_zone,
            require_second_factor=require_second_factor,
        )

    terminal.show_record(asdict(runtime.run_in(work, org=org, json=json)), json=json)


@organization.command("changes")
def list_changes(
    subject: Annotated[str | None, typer.Option("--of", help=f"Only changes of these: {', '.join(changes.SUBJECTS)}.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many, 1 to 500.")] = 100,
    org: Org = None,
    json: Json = False,
) -> None:
    """List who changed what about users, keys and settings, newest first."""
    from outrider import runtime

    async def work(session: "Session") -> list[Change]:
        return (await changes.page_of_changes(session.caller, subject=subject, limit=limit)).items

    found = runtime.run_in(work, org=org, json=json)
    rows = [asdict(one) for one in found] if json else [_change_row(one) for one in found]
    columns = ["changed_at", "by", "action", "subject", "what"]
    terminal.show_table(rows, columns, json=json, empty="Nothing was changed yet.")


def _change_row(change: Change) -> dict[str, Any]:
    return {
        "changed_at": change.changed_at,
        "by": change.changed_by_name or change.changed_by,
        "action": change.action,
        "subject": change.subject_name,
        "what": changes.in_words(change),
    }
