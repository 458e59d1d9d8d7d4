"""The connection test of a mailbox: connects and signs in as it does, and sends nothing."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput, NotFound
from outrider.tenancy import OrganizationId

from . import smtp
from .credentials import opened
from .lanes import account_of, imap_account_of
from .preparing import to_sending_mailboxes
from .renewal import renew
from .sent_folder import find_sent
from .smtp import Unreachable
from .store import queries
from .types import SendingMailbox


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a connection test. `answer` is the server's own, or what went wrong."""

    works: bool
    answer: str


async def read_for_trial(connection: asyncpg.Connection, organization: OrganizationId, id: UUID) -> SendingMailbox:
    """Return what `try_mailbox` needs. Raises `NotFound`."""
    rows = queries.mailboxes_for_sending(connection, organization_id=organization, mailbox_ids=[id])
    mailbox = (await to_sending_mailboxes(rows)).get(id)
    if mailbox is None:
        raise NotFound(f"there is no mailbox {id}", field="id")
    return mailbox


async def try_mailbox(organization: OrganizationId, mailbox: SendingMailbox) -> Trial:
    """Connect and sign in as a mailbox does, send nothing, and return the server's own answer. Takes up to a minute, in no transaction."""
    try:
        found = opened(mailbox.credentials_encrypted, organization, mailbox.id)
        if mailbox.authentication == "oauth2" and found.is_stale:
            found = await renew(organization, mailbox, found)
        tried = await smtp.connect(account_of(mailbox, found), local_hostname=mailbox.email.partition("@")[2])
    except Unreachable as trouble:
        return Trial(False, trouble.answer)
    except InvalidInput as error:
        return Trial(False, error.message)
    answer = tried.greeting
    await tried.close()
    if not mailbox.imap_host:
        return Trial(True, answer)
    try:
        await find_sent(imap_account_of(mailbox, found), [])
    except Unreachable as trouble:
        return Trial(False, f"{answer}\nIMAP: {trouble.answer}")
    except InvalidInput as error:
        return Trial(False, f"{answer}\nIMAP: {error.message}")
    return Trial(True, f"{answer}\nIMAP: its Sent folder can be read")
