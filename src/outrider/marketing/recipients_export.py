"""Everyone in a campaign as CSV that a spreadsheet opens without harm, read page by page."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.responses import StreamingResponse

from outrider.kit.http import csv_file
from outrider.kit.paging import MAX_LIMIT, Page
from outrider.kit.spreadsheet import csv_lines, neutralise
from outrider.tenancy import Caller, transaction

from .campaigns import Campaigns
from .recipients import Recipient, Wanted, list_recipients

COLUMNS = tuple(field.name for field in fields(Recipient))


async def csv_answer(caller: Caller, campaign_id: UUID, wanted: Wanted, sort: str) -> StreamingResponse:
    """Return the stream of a CSV file; no transaction is longer than a page. Raises `NotFound` and `InvalidInput` before it begins."""
    first = await _page(caller, campaign_id, wanted, sort, None)

    async def text() -> AsyncIterator[str]:
        yield csv_lines([COLUMNS]) + _lines(first.items)
        cursor = first.next_cursor
        while cursor is not None:
            page = await _page(caller, campaign_id, wanted, sort, cursor)
            yield _lines(page.items)
            cursor = page.next_cursor

    return csv_file(text(), "recipients.csv")


async def _page(caller: Caller, campaign_id: UUID, wanted: Wanted, sort: str, cursor: str | None) -> Page[Recipient]:
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        await Campaigns(connection, caller.organization_id, caller.namespaces).find(campaign_id)
        return await list_recipients(connection, caller.organization_id, campaign_id, wanted, sort=sort, limit=MAX_LIMIT, cursor=cursor)


def _lines(people: Iterable[Recipient]) -> str:
    return csv_lines([[_cell(getattr(one, column)) for column in COLUMNS] for one in people])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return neutralise(value.isoformat() if isinstance(value, datetime) else str(value))
