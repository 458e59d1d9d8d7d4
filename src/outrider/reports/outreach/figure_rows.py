"""The rows behind a figure of a campaign's report: counting them gives the figure."""

from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from .store import reports, rows, to_row
from .types import Row

WORDS = {
    "enrolled": "Enrolled",
    "sent": "Sent",
    "delivered": "Delivered",
    "opened": "Opened",
    "clicked": "Clicked",
    "replied": "Replied",
    "bounced": "Bounced",
    "unsubscribed": "Unsubscribed",
    "complained": "Called spam",
    "machine_opened": "Opened by machines only",
    "machine_clicked": "Clicked by machines only",
}
"""{figure: what people call it}, in the order of a funnel."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which messages of a figure; None asks nothing.

    `day` is of what happened, `hour` (0 to 23) of the attempt, both in the organization's zone.
    """

    step: int | None = None
    variant_id: UUID | None = None
    mailbox_id: UUID | None = None
    domain: str | None = None
    hour: int | None = None
    day: date | None = None

    @property
    def is_everything(self) -> bool:
        """Whether it leaves nothing out."""
        return self == Asked()


async def read_rows(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    campaign: UUID,
    figure: str,
    asked: Asked | None = None,
    *,
    limit: int = 50,
    cursor: str | None = None,
    most: int | None = None,
) -> Page[Row]:
    """Return a page of the rows behind a figure, newest first. `most` is a limit that a file may have, beyond those of pages.

    Raises `NotFound` for no such campaign, `InvalidInput` for a figure there is not, and for parts of those who are enrolled.
    """
    asked = asked or Asked()
    if figure not in WORDS:
        raise InvalidInput(f"figure is {figure[:40]!r}; it must be one of {', '.join(WORDS)}", field="figure")
    if figure == "enrolled" and not asked.is_everything:
        raise InvalidInput("people are enrolled in the campaign as a whole: ask for nothing but the figure", field="figure")
    count, before = most or check_limit(limit), decode_id_cursor(cursor)
    head = await reports.campaign_head(connection, organization_id=organization, campaign_id=campaign)
    if head is None:
        raise NotFound(f"there is no campaign {campaign}", field="id")
    keys = {"organization_id": organization, "campaign_id": campaign, "before": before, "count": count + 1}
    if figure == "enrolled":
        found = [to_row(row) async for row in rows.people(connection, **keys)]
    else:
        query = rows.messages(connection, **keys, **asdict(asked), figure=figure, time_zone=head["time_zone"])
        found = [to_row(row) async for row in query]
    items = found[:count]
    return Page(items, encode_cursor(items[-1].id) if len(found) > count else None)
