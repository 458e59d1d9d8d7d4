"""`outrider sending`: how sending stands and what a person decides about it; with `mailboxes` and `suppressions` beside it."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

import typer

from outrider.kit.errors import InvalidInput
from outrider.kit.terminal import Json, Org, say, show_json, show_record, show_table
from outrider.runtime import run_in
from outrider.tenancy import transaction

from . import mailbox_commands, suppression_commands
from .messages import FullMessage, MessageService, Status
from .throttles import forget_throttle, list_throttles

if TYPE_CHECKING:
    from outrider.runtime import Session

app = typer.Typer()
sending = typer.Typer(
    help="What is sent and what waits: messages (list), show (one message), status, freeze, doubtful messages.",
    no_args_is_help=True,
)
app.add_typer(sending, name="sending")
app.add_typer(mailbox_commands.mailboxes, name="mailboxes")
app.add_typer(suppression_commands.suppressed, name="suppressions")

COLUMNS = ["id", "status", "recipient", "mailbox", "subject", "reason", "attempts", "scheduled_at", "sent_at"]
SHOWN = [*COLUMNS, "campaign", "sequence_step", "message_id", "last_attempt_at", "error_message"]
THROTTLE_COLUMNS = ["recipient_domain", "per_hour", "not_before", "learned_from"]
MessageId = Annotated[UUID, typer.Argument(metavar="ID", help="The message's id.", show_default=False)]


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
    search: Annotated[
        str | None,
        typer.Option(
            "--search", metavar="TEXT", help="In the recipient's name, address or company, or in the subject.", show_default=False
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many.")] = 50,
    org: Org = None,
    json: Json = False,
) -> None:
    """List the ledger's messages, newest first. Text that fits more than 10,000 is looked for in the latest 50,000."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            page = await MessageService(connection, session.organization_id).page(status=status, q=search, limit=limit)
        show_table([asdict(one) for one in page.items], COLUMNS, json=json, empty="There are no such messages.")

    run_in(work, org=org, json=json)


@sending.command("show")
def show_message(id: MessageId, org: Org = None, json: Json = False) -> None:
    """Show one message: its state, why it waits, and what the server said; with --json its text and every attempt, too."""

    async def work(session: "Session") -> FullMessage:
        async with transaction(session.organization_id, session.actor, readonly=True) as connection:
            return await MessageService(connection, session.organization_id).get(id)

    message = asdict(run_in(work, org=org, json=json))
    if json:
        return show_json(message)
    hold = message["waits_for"]
    return show_record({**{name: message[name] for name in SHOWN}, "waits_for": hold and hold["text"]}, json=False)


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


@sending.command("skip")
def skip(id: MessageId, org: Org = None, json: Json = False) -> None:
    """Leave out a message that is queued or needs a review; its person goes on with the next step."""
    _decide(id, "skip", org, json)


@sending.command("review")
def review(
    id: Annotated[UUID | None, typer.Argument(metavar="[ID]", help="The message's id; with --all: none.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that need a review, up to 10,000.")] = False,
    org: Org = None,
    json: Json = False,
) -> None:
    """Let a message that needs a review go on, rendered anew, or all of them."""
    if id is not None and not everything:
        return _decide(id, "release", org, json)

    async def work(session: "Session") -> int:
        if id is not None or not everything:
            raise InvalidInput("give a message's id, or --all", field="id")
        async with transaction(session.organization_id, session.actor) as connection:
            return await MessageService(connection, session.organization_id).release_all()

    released = run_in(work, org=org, json=json)
    return show_json({"released": released}) if json else say(f"{released} messages go on.")


@sending.command("retry")
def retry(id: MessageId, org: Org = None, json: Json = False) -> None:
    """Queue a failed message again that the server refused, or put off too often."""
    _decide(id, "retry", org, json)


@sending.command("throttles")
def throttles(
    forget: Annotated[
        str | None, typer.Option("--forget", metavar="DOMAIN", help="Write to this one at full pace again.", show_default=False)
    ] = None,
    org: Org = None,
    json: Json = False,
) -> None:
    """List the recipient domains that are written to slowly, and what taught it."""

    async def work(session: "Session") -> None:
        async with transaction(session.organization_id, session.actor) as connection:
            if forget:
                await forget_throttle(connection, session.organization_id, forget)
            found = await list_throttles(connection, session.organization_id)
        show_table([asdict(one) for one in found], THROTTLE_COLUMNS, json=json, empty="Every domain is written to at full pace.")

    run_in(work, org=org, json=json)


def _decide(id: UUID, what: Literal["skip", "release", "retry"], org: str | None, json: bool) -> None:
    async def work(session: "Session") -> FullMessage:
        async with transaction(session.organization_id, session.actor) as connection:
            service = MessageService(connection, session.organization_id)
            return await {"skip": service.skip, "release": service.release, "retry": service.retry}[what](id)

    message = run_in(work, org=org, json=json)
    show_record({"id": message.id, "status": message.status, "message_id": message.message_id}, json=json)
