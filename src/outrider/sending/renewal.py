"""OAuth2 tokens renewed before they end, and kept for whoever sends next."""

from outrider.tenancy import OrganizationId, transaction

from .credentials import Credentials
from .ledger import SENDER
from .store import queries
from .types import SendingMailbox


async def renew(organization: OrganizationId, mailbox: SendingMailbox, found: Credentials) -> Credentials:
    """Return credentials with a new token, which is kept unless somebody gave others meanwhile.

    Raises `InvalidInput` with the provider's own words when it gives none.
    """
    renewed = await found.renewed()
    async with transaction(organization, SENDER) as connection:
        await queries.keep_renewed(
            connection,
            organization_id=organization,
            id=mailbox.id,
            was=mailbox.credentials_encrypted,
            credentials=renewed.sealed(organization, mailbox.id),
        )
    return renewed
