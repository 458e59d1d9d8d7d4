"""Claimed messages made ready: everything that their texts need, read once for all of them; each put together just before it goes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from outrider.kit import keyring, public_address
from outrider.kit.errors import InvalidInput
from outrider.marketing import MissingVariable, Rendered, render_message, sender_variables, to_text, variables_of
from outrider.tenancy import OrganizationId

from . import credentials
from .composing import Composed, Draft, Sender, compose, dot_stuffed
from .dkim import Signer
from .links import Links
from .store import queries
from .types import Claimed, SendingMailbox


class NeedsReview(Exception):  # noqa: N818  (not a fault: the message waits for a person)
    """A message cannot be written without a person; the text says why."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a step says before names are put in."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A message to go out: its bytes, dot-stuffed with its end, and what the ledger keeps of it."""

    data: bytes
    composed: Composed
    variant_id: UUID | None


@dataclass(frozen=True)
class Batch:
    """What claimed messages need, by their ids."""

    organization_id: OrganizationId
    physical_address: str | None
    variables: Mapping[UUID, Mapping[str, str]]
    wordings: Mapping[UUID, Wording]
    references: Mapping[UUID, Sequence[str]]
    tracking: Mapping[UUID, tuple[bool, bool]]
    mailboxes: Mapping[UUID, SendingMailbox]
    signers: Mapping[UUID, Signer]

    def prepare(self, message: Claimed) -> Ready:
        """Put a message together. Raises `NeedsReview`."""
        mailbox = self.mailboxes[message.mailbox_id]
        base = public_address.links_begin(mailbox.tracking_domain, mailbox.smtp_host, mailbox.smtp_port)
        if not base:
            raise NeedsReview(f"there is no address for its unsubscribe link: {public_address.MISSING}")
        if not (self.physical_address or "").strip():
            raise NeedsReview("the organization has no physical address, which every email must show")
        if not message.recipient.isascii():
            raise NeedsReview("the address holds letters that mail servers do not take")
        rendered = self._rendered(message)
        opens, clicks = self.tracking.get(message.campaign_id, (False, False))
        composed = compose(
            Draft(
                rendered.subject, rendered.html, rendered.text, message.recipient, message.message_id, message.in_reply_to,
                self.references.get(message.enrollment_id, ()) if message.in_reply_to else (), datetime.now(UTC),
            ),
            Sender(mailbox.email, mailbox.from_name, mailbox.reply_to, self.physical_address or ""),
            Links(keyring.signer(), base, self.organization_id, message.id),
            tracks_opens=opens,
            tracks_clicks=clicks,
        )  # fmt: skip
        signer = self.signers.get(mailbox.id)
        signature = signer.sign(composed.head, composed.body) if signer else b""
        return Ready(dot_stuffed(signature + composed.head + b"\r\n" + composed.body), composed, message.variant_id)

    def _rendered(self, message: Claimed) -> Rendered:
        if message.edited_by is not None and message.edited_body is not None:
            try:
                return Rendered(message.edited_subject or "", message.edited_body, to_text(message.edited_body))
            except InvalidInput as error:
                raise NeedsReview(f"the text cannot be read: {error.message}") from error
        wording = self.wordings.get(message.variant_id) if message.variant_id else None
        if wording is None:
            raise NeedsReview("the step has no text any more")
        try:
            seed = f"{message.enrollment_id}/{message.step_id}"
            mailbox = self.mailboxes[message.mailbox_id]
            known = {**self.variables.get(message.enrollment_id, {}), **sender_variables(mailbox.from_name, mailbox.email)}
            rendered = render_message(wording.subject, wording.body, known, seed=seed)
        except MissingVariable as missing:
            whose = "this mailbox" if missing.name.startswith("sender_") else "this person"
            raise NeedsReview(f"{missing.name} has no value for {whose}, and the text names nothing that stands in for it") from missing
        except InvalidInput as error:
            raise NeedsReview(f"the text cannot be read: {error.message}") from error
        if not rendered.subject.strip():
            raise NeedsReview("the subject is empty")
        return rendered


async def read_batch(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    messages: Sequence[Claimed],
    signers: dict[UUID, Signer],
) -> Batch:
    """Read what the messages need: seven statements, however many they are. `signers` keeps opened keys by domain from batch to batch."""
    enrollments = list({message.enrollment_id for message in messages})
    wanted = list({message.mailbox_id for message in messages})
    mailboxes = await to_sending_mailboxes(queries.mailboxes_for_sending(connection, organization_id=organization, mailbox_ids=wanted))
    return Batch(
        organization,
        await queries.physical_address(connection, organization_id=organization),
        await variables_of(connection, organization, enrollments),
        {
            row["id"]: Wording(row["subject"], row["body"])
            async for row in queries.wordings(
                connection, organization_id=organization, variant_ids=list({m.variant_id for m in messages if m.variant_id})
            )
        },
        {
            row["enrollment_id"]: row["message_ids"]
            async for row in queries.references_of(connection, organization_id=organization, enrollment_ids=enrollments)
        },
        {
            row["campaign_id"]: (row["tracks_opens"], row["tracks_clicks"])
            async for row in queries.campaigns_for_sending(
                connection, organization_id=organization, campaign_ids=list({message.campaign_id for message in messages})
            )
        },
        mailboxes,
        {mailbox.id: signer for mailbox in mailboxes.values() if (signer := _signer(organization, mailbox, signers))},
    )


async def to_sending_mailboxes(rows: AsyncIterator[asyncpg.Record]) -> dict[UUID, SendingMailbox]:
    """Return the rows of `mailboxes_for_sending` as records by their ids."""
    return {row["id"]: SendingMailbox(**dict(row)) async for row in rows}


def _signer(organization: OrganizationId, mailbox: SendingMailbox, kept: dict[UUID, Signer]) -> Signer | None:
    if mailbox.domain_id is None or mailbox.domain is None or mailbox.dkim_private_key_encrypted is None or mailbox.dkim_selector is None:
        return None
    found = kept.get(mailbox.domain_id)
    if found is None:
        key = credentials.open_key(mailbox.dkim_private_key_encrypted, organization, mailbox.domain)
        found = kept[mailbox.domain_id] = Signer(mailbox.domain, mailbox.dkim_selector, key)
    return found
