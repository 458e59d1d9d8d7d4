"""/campaigns/{id}/recipients: everyone in a campaign, where they stand and why, what comes next; and stopping one of them."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict
from outrider.kit.http import Cursor, Text
from outrider.tenancy import Visitor

from ..recipients import Wanted, list_recipients
from ..recipients_export import csv_answer
from ..running import Running
from ..types import ENROLLMENT_STATES
from . import words
from .frame import Reader, Writer, campaigns_of, frame

router = APIRouter()
PAGE = 50
Field = Annotated[Text, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom the list is asked for; empty: not asked."""

    state: str
    reason: str
    happened: str
    sort: str
    q: str

    def address(self, base: str, page: str = "recipients", **changes: str | None) -> str:
        """Return the address of the list, or of the file, with some of this changed."""
        return ui.address(f"{base}/{page}", asdict(self) | changes)

    @property
    def wanted(self) -> Wanted:
        """What the service is asked for."""
        return Wanted(self.state or None, words.alike(self.reason) if self.reason else None, self.happened or None, self.q)


def asked(state: Field = "", reason: Field = "", happened: Field = "", sort: Field = "", q: Field = "") -> Asked:
    """Return what the query asks for."""
    return Asked(state, words.alike(reason)[0] if reason else "", happened, sort, q.strip())


@router.get("/campaigns/{id}/recipients")
async def show(request: Request, visitor: Reader, id: UUID, asked: Annotated[Asked, Depends(asked)], cursor: Cursor = None) -> Response:
    """Return the list; htmx gets the rows alone."""
    async with visitor.transaction(readonly=True) as connection:
        campaigns = campaigns_of(connection, visitor)
        campaign = await campaigns.find(id)
        page = await list_recipients(
            connection, visitor.organization_id, id, asked.wanted, sort=asked.sort or "enrolled", limit=PAGE, cursor=cursor
        )
        standing = await campaigns.standing(id)
    base = f"/campaigns/{id}"
    counts = {state: sum(one.people for one in standing if one.state == state) for state in ENROLLMENT_STATES}
    offered = dict.fromkeys(words.alike(one.reason)[0] for one in standing if one.reason and asked.state in ("", one.state))
    context = {
        **frame(visitor, campaign),
        "asked": asked,
        "is_part": ui.is_htmx(request),
        "rows": page.items,
        "total": sum(counts.values()),
        "states": [("", "Everyone"), *((state, f"{words.STANDINGS[state][0]} ({n:,})") for state, n in counts.items() if n)],
        "reasons": [("", "Any reason"), *((reason, words.reason(reason)) for reason in offered)],
        "happenings": [("", "Whatever happened"), *words.HAPPENED.items()],
        "sorts": list(words.SORTS.items()),
        "first": asked.address(base) if cursor else None,
        "next": asked.address(base, cursor=page.next_cursor) if page.next_cursor else None,
        "now": datetime.now(UTC),
        **_links(visitor),
    }
    if ui.is_htmx(request):
        answer = ui.fragment(request, "marketing/campaigns/recipients.html", "rows", **context)
        answer.headers["HX-Replace-Url"] = asked.address(base)
        return answer
    return ui.page(request, "marketing/campaigns/recipients.html", **context)


@router.get("/campaigns/{id}/recipients.csv")
async def export(visitor: Reader, id: UUID, asked: Annotated[Asked, Depends(asked)]) -> Response:
    """Return the same people as a file."""
    return await csv_answer(visitor.caller, id, asked.wanted, asked.sort or "enrolled")


@router.post("/campaigns/{id}/recipients/{enrollment_id}/stop")
async def stop(request: Request, visitor: Writer, id: UUID, enrollment_id: UUID) -> Response:
    """Let nothing more of this campaign come to somebody."""
    return await _do(request, visitor, id, enrollment_id, "stop_one", "Stopped: nothing more of this campaign comes to them")


@router.post("/campaigns/{id}/recipients/{enrollment_id}/resume")
async def resume(request: Request, visitor: Writer, id: UUID, enrollment_id: UUID) -> Response:
    """Let somebody go on who is paused."""
    return await _do(request, visitor, id, enrollment_id, "resume_one", "They go on where they were")


async def _do(request: Request, visitor: Visitor, id: UUID, enrollment_id: UUID, what: str, told: str) -> Response:
    back = f"/campaigns/{id}/recipients"
    try:
        async with visitor.transaction() as connection:
            await getattr(Running(connection, visitor.organization_id), what)(id, enrollment_id)
    except Conflict as error:
        return ui.redirect(request, back, toast=ui.sentence(error.message), tone="bad")
    return ui.redirect(request, back, toast=told)


def _links(visitor: Visitor) -> dict[str, bool]:
    return {"may_see_people": visitor.may("people:read"), "may_see_messages": visitor.may("mailboxes:read")}
