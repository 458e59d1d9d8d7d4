"""What a message that waits would say: its step's text with what is known of the person, gaps marked where something is missing."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput
from outrider.marketing import MissingVariable, render_message, sender_variables, variables_of
from outrider.tenancy import OrganizationId

from .store import message_queries as queries

MOST_GAPS = 50


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """Subject and HTML as they would go out, without footer. `gaps` are the marks, such as [first_name], that a person has to fill."""

    subject: str
    body: str
    gaps: tuple[str, ...]


async def draft_of(connection: asyncpg.Connection, organization: OrganizationId, message_id: UUID) -> MessageDraft | None:
    """Return a message's draft; None when its step has no text any more, or one that cannot be read."""
    row = await queries.wording_of(connection, organization_id=organization, id=message_id)
    if row is None:
        return None
    variables = dict((await variables_of(connection, organization, [row["enrollment_id"]])).get(row["enrollment_id"], {}))
    variables |= sender_variables(row["from_name"], row["mailbox_email"])
    gaps: list[str] = []
    for _ in range(MOST_GAPS):
        try:
            rendered = render_message(row["subject"] or "", row["body"] or "", variables, seed=f"{row['enrollment_id']}/{row['step_id']}")
        except MissingVariable as missing:
            gaps.append(f"[{missing.name}]")
            variables[missing.name] = gaps[-1]
        except InvalidInput:
            return None
        else:
            return MessageDraft(rendered.subject, rendered.html, tuple(gaps))
    return None
