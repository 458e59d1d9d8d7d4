"""OAuth2 tokens renewed before they end, and kept for whoever sends next."""

from outrider.kit.errors import InvalidInput
from outrider.tenancy import OrganizationId, transaction

from .credentials import Credentials
from .ledger import SENDER
from .smtp import Unreachable
from .store import queries
from .types import SendingMailbox


async def renew(organization: OrganizationId, mailbox: SendingMailbox, found: Credentials) -> Credentials:
    """Return credentials with a new token, which is kept unless somebody gave others meanwhile.

    Raises `Unreachable` with the provider's own words when it gives none, for good unless it only does not answer now.
    """
    try:
        renewed = await found.renewed()
    except InvalidInput as error:
        raise Unreachable(error.message, is_permanent=True) from error
    except OSError as error:
        raise Unreachable(str(error)) from error
    async with transaction(organization, SENDER) as connection:
        await queries.keep_renewed(
            connection,
            organization_id=organization,
            id=mailbox.id,
            was=mailbox.credentials_encrypted,
            credentials=renewed.sealed(organization, mailbox.id),
        )
    return renewed
