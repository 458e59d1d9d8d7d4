"""/campaigns/{id}/report/rows: the messages behind a figure of the report, as a page and as a file."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.http import Text, csv_file
from outrider.kit.paging import Page
from outrider.kit.spreadsheet import csv_lines, neutralise
from outrider.tenancy import Visitor

from ..figure_rows import WORDS, Asked, read_rows
from ..store import reports
from ..types import Row
from .frame import CampaignReader, find_campaign, rows_address

router = APIRouter(include_in_schema=False)
FILE_PAGE = 20_000
"""How many rows of a file a transaction reads."""
COLUMNS = ("recipient", "name", "at", "step", "variant", "mailbox", "sent_at", "message_id", "person_id")
Figure = Annotated[Text, Query(max_length=40)]


def asked(
    step: Annotated[int | None, Query(ge=1, le=50)] = None,
    variant_id: UUID | None = None,
    mailbox_id: UUID | None = None,
    domain: Annotated[Text | None, Query(max_length=253)] = None,
    hour: Annotated[int | None, Query(ge=0, le=23)] = None,
    day: date | None = None,
) -> Asked:
    """Return what the address asks for."""
    return Asked(step, variant_id, mailbox_id, domain, hour, day)


Parts = Annotated[Asked, Depends(asked)]


@router.get("/campaigns/{id}/report/rows")
async def show(
    request: Request,
    visitor: CampaignReader,
    id: UUID,
    parts: Parts,
    figure: Figure = "sent",
    cursor: Annotated[Text | None, Query()] = None,
) -> Response:
    """Return a page of the rows."""
    async with visitor.transaction(readonly=True) as connection:
        await find_campaign(connection, visitor, id)
        page = await read_rows(connection, visitor.organization_id, id, figure, parts, cursor=cursor)
        head = await reports.campaign_head(connection, organization_id=visitor.organization_id, campaign_id=id)
        said = await _said(connection, visitor, id, parts)
    given = _given(parts)
    figures = [name for name in WORDS if name != "enrolled"] if figure != "enrolled" else []
    return ui.page(
        request,
        "reports/outreach/rows.html",
        campaign_id=id,
        name=head["name"],
        title=WORDS[figure],
        figure=figure,
        said=said,
        rows=page.items,
        is_first=cursor is None,
        here=rows_address(id, figure, **given),
        everything=rows_address(id, figure) if given else None,
        next=rows_address(id, figure, **given, cursor=page.next_cursor) if page.next_cursor else None,
        file=rows_address(id, figure, **given).replace("/rows?", "/rows.csv?"),
        tabs=[(WORDS[name], rows_address(id, name, **given)) for name in figures],
    )


@router.get("/campaigns/{id}/report/rows.csv")
async def download(visitor: CampaignReader, id: UUID, parts: Parts, figure: Figure = "sent") -> Response:
    """Return all the rows as a file."""
    first = await _page(visitor, id, figure, parts, None)

    async def lines() -> AsyncIterator[str]:
        yield csv_lines([COLUMNS, *map(_cells, first.items)])
        cursor = first.next_cursor
        while cursor is not None:
            page = await _page(visitor, id, figure, parts, cursor)
            cursor = page.next_cursor
            yield csv_lines(map(_cells, page.items))

    return csv_file(lines(), f"{figure}.csv")


async def _page(visitor: Visitor, id: UUID, figure: str, parts: Asked, cursor: str | None) -> Page[Row]:
    async with visitor.transaction(readonly=True) as connection:
        await find_campaign(connection, visitor, id)
        return await read_rows(connection, visitor.organization_id, id, figure, parts, cursor=cursor, most=FILE_PAGE)


def _cells(row: Row) -> list[str]:
    values = (getattr(row, column) for column in COLUMNS)
    return ["" if value is None else value.isoformat() if hasattr(value, "isoformat") else neutralise(str(value)) for value in values]


def _given(parts: Asked) -> dict[str, object]:
    return {name: getattr(parts, name) for name in Asked.__dataclass_fields__ if getattr(parts, name) is not None}


async def _said(connection: asyncpg.Connection, visitor: Visitor, campaign: UUID, parts: Asked) -> list[str]:
    """Return what the rows are restricted to, in words."""
    names = await reports.part_names(
        connection,
        organization_id=visitor.organization_id,
        campaign_id=campaign,
        variant_id=parts.variant_id,
        mailbox_id=parts.mailbox_id,
    )
    said = {
        "step": parts.step and f"Step {parts.step}",
        "variant": names["variant"] or (parts.variant_id and "A variant that is gone"),
        "mailbox": names["mailbox"] or (parts.mailbox_id and "A mailbox that is gone"),
        "domain": parts.domain and f"To {parts.domain}",
        "hour": parts.hour is not None and f"Tried from {parts.hour:02d}:00 to {parts.hour:02d}:59",
        "day": parts.day and f"On {parts.day:%d %b %Y}",
    }
    return [str(word) for word in said.values() if word]
