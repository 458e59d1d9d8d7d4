"""/sending: whether anything is sent at all, what waits for a person, the organization's limits, and who wants it slowly."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.tenancy import Visitor

from ..messages import COUNTED_TO, MessageService
from ..throttles import Freeze, forget_throttle, list_throttles
from . import words
from .frame import Reader, Writer, problems

router = APIRouter()
MOST = 2**31 - 1


@router.get("/sending")
async def show(request: Request, visitor: Reader) -> Response:
    """Return the page."""
    return ui.page(request, "sending/state.html", **await _context(visitor))


@router.post("/sending/freeze")
async def freeze(request: Request, visitor: Writer) -> Response:
    """Stop all sending at once."""
    reason = str((await ui.form(request)).get("reason", ""))
    try:
        if len(reason) > 500:
            raise InvalidInput("it is longer than 500 letters: shorten it", field="reason")
        async with visitor.transaction() as connection:
            await MessageService(connection, visitor.organization_id).freeze(reason)
    except InvalidInput as error:
        return ui.page(request, "sending/state.html", 422, **{**await _context(visitor), "reason": reason, "errors": problems(error)})
    return ui.redirect(request, "/sending", toast="Nothing is sent from now on, until you release it")


@router.post("/sending/release")
async def release(request: Request, visitor: Writer) -> Response:
    """Let sending go on: with what is due, or without it."""
    form = await ui.form(request)
    skips = form.get("due") == "skip"
    if skips and form.get("sure") != "yes":
        errors = {"sure": "Say that what is due by now is to be left out for good."}
        return ui.page(request, "sending/state.html", 422, **await _context(visitor), errors=errors)
    async with visitor.transaction() as connection:
        skipped, _ = await MessageService(connection, visitor.organization_id).thaw(datetime.now(UTC) if skips else None)
    told = f"Sending goes on. {ui.plural(skipped, 'message or step', 'messages and steps')} left out" if skips else "Sending goes on"
    return ui.redirect(request, "/sending", toast=told)


@router.post("/sending/limits")
async def limits(request: Request, visitor: Writer) -> Response:
    """Set the organization's limits; empty: none."""
    form = await ui.form(request)
    typed = {name: str(form.get(name, "")).strip() for name in ("daily_limit", "domain_hourly_limit")}
    try:
        async with visitor.transaction() as connection:
            await MessageService(connection, visitor.organization_id).set_limits(
                _number(typed["daily_limit"], "daily_limit"), _number(typed["domain_hourly_limit"], "domain_hourly_limit")
            )
    except InvalidInput as error:
        return ui.page(request, "sending/state.html", 422, **{**await _context(visitor), "typed": typed, "errors": problems(error)})
    return ui.redirect(request, "/sending", toast="Saved")


@router.post("/sending/throttles/{domain}/forget")
async def forget(request: Request, visitor: Writer, domain: str) -> Response:
    """Let a recipient domain be written to at full pace again."""
    async with visitor.transaction() as connection:
        await forget_throttle(connection, visitor.organization_id, domain)
    return ui.redirect(request, "/sending", toast=f"{domain} is written to at full pace again")


def _number(text: str, field: str) -> int | None:
    if not text:
        return None
    found = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else 0
    if not 1 <= found <= MOST:
        raise InvalidInput("give a whole number, at least 1, or leave it empty for no limit", field=field)
    return found


async def _context(visitor: Visitor) -> dict[str, Any]:
    async with visitor.transaction() as connection:  # not read-only: a restored copy is found out here, and freezes
        status = await MessageService(connection, visitor.organization_id).status()
        throttles = await list_throttles(connection, visitor.organization_id)
    return {
        "status": status,
        "freeze": Freeze(status.frozen_at, status.frozen_reason) if status.frozen_at else None,
        "throttles": throttles,
        "counted_to": COUNTED_TO,
        "typed": {"daily_limit": status.daily_limit or "", "domain_hourly_limit": status.domain_hourly_limit or ""},
        "reason": "",
        "words": words,
        "may_write": visitor.may("mailboxes:write"),
    }
