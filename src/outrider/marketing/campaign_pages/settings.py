"""/campaigns/{id}/settings: whose it is, when and how much is sent, from which mailboxes, what stops it, what is tracked."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import asyncpg
from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Visitor, check_time_zone

from ..choices import Choices
from ..types import Campaign
from .forms import ids, local_input, local_time, text, whole_number
from .frame import Insider, Writer, campaigns_of, frame, problems

router = APIRouter()
TEXTS = ("name", "type", "time_zone", "window_start", "window_end", "verification_mode", "rotation")
SWITCHES = ("stops_at_same_company", "tracks_opens", "tracks_clicks")
ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/")))


@router.get("/campaigns/{id}/settings")
async def show(request: Request, visitor: Insider, id: UUID) -> Response:
    """Return the form."""
    async with visitor.transaction(readonly=True) as connection:
        campaign = await campaigns_of(connection, visitor).find(id)
        return await _page(request, connection, visitor, campaign)


@router.post("/campaigns/{id}/settings")
async def change(request: Request, visitor: Writer, id: UUID) -> Response:
    """Save what was typed, or show it again with what is wrong."""
    form = await ui.form(request)
    try:
        async with visitor.transaction() as connection:
            await campaigns_of(connection, visitor).change(id, _settings(form))
    except (InvalidInput, Conflict) as error:
        async with visitor.transaction(readonly=True) as connection:
            campaign = await campaigns_of(connection, visitor).find(id)
            return await _page(request, connection, visitor, campaign, form, problems(error), error.status)
    return ui.redirect(request, f"/campaigns/{id}/settings", toast="Saved")


def _settings(form: FormData) -> dict[str, Any]:
    """Return what a form says, as `Campaigns.change` takes it. Raises `InvalidInput`."""
    texts = {name: text(form, name) for name in TEXTS if name in form}
    check_time_zone(texts.get("time_zone", "UTC"))
    days = [whole_number(str(day), "window_days") or 0 for day in form.getlist("window_days")]
    owner = ids(form, "owner_user_id") if text(form, "owner_user_id") else []
    window_end = texts.get("window_end")
    return {
        **texts,
        **{name: form.get(name) == "on" for name in SWITCHES},
        "window_end": "24:00" if window_end == "00:00" else window_end,
        "window_days": days,
        "namespace": text(form, "namespace") or None,
        "owner_user_id": owner[0] if owner else None,
        "daily_limit": whole_number(text(form, "daily_limit"), "daily_limit"),
        "starts_at": local_time(text(form, "starts_at"), ZoneInfo(texts.get("time_zone", "UTC")), "starts_at"),
        "mailboxes": ids(form, "mailboxes"),
    }


async def _page(
    request: Request,
    connection: asyncpg.Connection,
    visitor: Visitor,
    campaign: Campaign,
    form: FormData | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    choices = Choices(connection, visitor.organization_id)
    mailboxes = await choices.mailboxes(campaign.campaign_id)
    standing = await campaigns_of(connection, visitor).standing(campaign.campaign_id)
    return ui.page(
        request,
        "marketing/campaigns/settings.html",
        status,
        **frame(visitor, campaign),
        typed=_typed(form) if form is not None else _kept(campaign, [str(one.id) for one in mailboxes if one.is_chosen]),
        owners=[("", "Nobody"), *((str(id), name) for id, name in (await choices.owners()).items())],
        namespaces=[("", "None"), *((name, name) for name in await choices.namespaces())],
        mailboxes=mailboxes,
        waiting=sum(one.people for one in standing if one.state in ("ready", "active")),
        zones=ZONES,
        errors=errors or {},
    )


def _kept(campaign: Campaign, mailboxes: list[str]) -> dict[str, Any]:
    return {
        **{name: getattr(campaign, name) for name in (*TEXTS, *SWITCHES)},
        "window_end": "00:00" if campaign.window_end == "24:00" else campaign.window_end,
        "window_days": [str(day) for day in campaign.window_days],
        "namespace": campaign.namespace or "",
        "owner_user_id": str(campaign.owner_user_id or ""),
        "daily_limit": str(campaign.daily_limit or ""),
        "starts_at": local_input(campaign.starts_at, campaign.time_zone),
        "mailboxes": mailboxes,
    }


def _typed(form: FormData) -> dict[str, Any]:
    return {
        **{name: text(form, name) for name in (*TEXTS, "namespace", "owner_user_id", "daily_limit", "starts_at")},
        **{name: form.get(name) == "on" for name in SWITCHES},
        "window_days": [str(day) for day in form.getlist("window_days")],
        "mailboxes": [str(id) for id in form.getlist("mailboxes")],
    }
