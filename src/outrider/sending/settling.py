"""Messages in doubt, settled by evidence: what is in the Sent folder of its mailbox was sent. What is not there stays in doubt."""

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from outrider.kit import database
from outrider.kit.errors import InvalidInput, Unavailable
from outrider.tenancy import Actor, OrganizationId, transaction

from . import credentials
from .lanes import imap_account_of
from .preparing import to_sending_mailboxes
from .renewal import renew
from .sent_folder import find_sent
from .smtp import Unreachable
from .store import queries
from .types import SendingMailbox

log = logging.getLogger(__name__)
SETTLER = Actor("system", "settler")
LOOK_SECONDS = 30.0
MOST = 200
EVIDENCE = "it is in the mailbox's Sent folder"
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable)
"""What a database that is away, or comes back, raises."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How many doubtful messages were looked for, and found to be sent."""

    looked_for: int
    sent: int


async def run_settler(*, stop: asyncio.Event, look_every: float = LOOK_SECONDS) -> None:
    """Settle what is in doubt in every organization, `look_every` seconds after the last round, until `stop` is set."""
    while not stop.is_set():
        try:
            async with database.acquired() as connection, connection.transaction():
                found = [OrganizationId(row["id"]) async for row in queries.organizations_in_doubt(connection)]
            for organization in found:
                await settle_by_sent_folders(organization)
        except AWAY as error:
            log.warning("the settler waits for the database: %s", type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), look_every)


async def settle_by_sent_folders(organization: OrganizationId) -> Settled:
    """Look for doubtful messages in the Sent folders of mailboxes that can be read, each at most every ten minutes."""
    doubtful: dict[UUID, dict[str, UUID]] = defaultdict(dict)
    async with transaction(organization, SETTLER) as connection:
        async for row in queries.doubtful(connection, most=MOST):
            doubtful[row["mailbox_id"]][row["message_id"]] = row["id"]
        rows = queries.mailboxes_for_sending(connection, organization_id=organization, mailbox_ids=list(doubtful))
        mailboxes = await to_sending_mailboxes(rows)
    sent = 0
    for mailbox_id, messages in doubtful.items():
        for message_id in await _found(organization, mailboxes[mailbox_id], list(messages)):
            async with transaction(organization, SETTLER) as connection:
                sent += await queries.settle_doubtful(connection, id=messages[message_id], evidence=EVIDENCE) is not None
    return Settled(sum(map(len, doubtful.values())), sent)


async def _found(organization: OrganizationId, mailbox: SendingMailbox, message_ids: list[str]) -> set[str]:
    try:
        found = credentials.opened(mailbox.credentials_encrypted, organization, mailbox.id)
        if mailbox.authentication == "oauth2" and found.is_stale:
            found = await renew(organization, mailbox, found)
        return await find_sent(imap_account_of(mailbox, found), message_ids)
    except (Unreachable, InvalidInput) as trouble:
        log.warning("the Sent folder of mailbox %s cannot be read: %s", mailbox.id, type(trouble).__name__)
        return set()
