"""/mailboxes/new and /mailboxes/{id}/edit: how a mailbox reaches its server, and what it may. Secrets go in and are never shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput

from ..credentials import Credentials
from ..mailboxes import IMAP_SERVERS, SERVERS, Mailbox, MailboxService
from . import words
from .frame import Writer, freeze_of, problems

router = APIRouter()
TEXTS = ("from_name", "reply_to", "username", "tracking_domain")
NUMBERS: dict[str, tuple[str, int, int, bool]] = {
    "daily_limit": ("The daily limit", 0, 100_000, True),
    "hourly_limit": ("The hourly limit", 1, 100_000, False),
    "spacing_seconds": ("The spacing", 0, 86_400, False),
    "warmup_from": ("The first day", 1, 100_000, True),
    "warmup_days": ("The length of the warm-up", 1, 365, True),
    "priority": ("The priority", 0, 10, True),
    "weight": ("The weight", 0, 10, True),
}
"""Each number's name, the least and the most that it may be, and whether there has to be one."""
SECRETS = ("password", "refresh_token", "access_token", "client_secret")
OAUTH = ("refresh_token", "access_token", "client_id", "client_secret", "token_url")
LONGEST = {"from_name": 200, "reply_to": 254, "username": 254, "tracking_domain": 253, "email": 254, "smtp_host": 253, "imap_host": 253}
LONGEST_SECRET = 10_000
EMPTY: dict[str, Any] = {
    "email": "", "from_name": "", "reply_to": "", "provider": "smtp", "smtp_host": "", "smtp_port": 587, "smtp_security": "starttls",
    "imap_host": "", "imap_port": 993, "imap_security": "tls",
    "authentication": "password", "username": "", "daily_limit": 50, "hourly_limit": "", "spacing_seconds": "", "warmup_status": "active",
    "warmup_from": 5, "warmup_days": 30, "priority": 5, "weight": 5, "tracking_domain": "", "client_id": "", "token_url": "",
}  # fmt: skip


@router.get("/mailboxes/new")
async def new(request: Request, visitor: Writer) -> Response:
    """Return the empty form."""
    async with visitor.transaction(readonly=True) as connection:
        freeze = await freeze_of(connection, visitor)
    return _form(request, None, EMPTY, freeze=freeze)


@router.post("/mailboxes/new")
async def create(request: Request, visitor: Writer) -> Response:
    """Make the mailbox, or show the form with what is wrong in it."""
    typed = _typed(await ui.form(request))
    try:
        values = {**_values(typed), "email": _short(typed, "email") or ""}
        async with visitor.transaction() as connection:
            made = await MailboxService(connection, visitor.organization_id).add(values, _credentials(typed))
    except (InvalidInput, Conflict) as error:
        return _form(request, None, typed, error)
    return ui.redirect(request, f"/mailboxes/{made.id}", toast="Added. Test its connection before a campaign uses it")


@router.get("/mailboxes/{id}/edit")
async def edit(request: Request, visitor: Writer, id: UUID) -> Response:
    """Return the form of one mailbox."""
    async with visitor.transaction(readonly=True) as connection:
        mailbox = await MailboxService(connection, visitor.organization_id).get(id)
        freeze = await freeze_of(connection, visitor)
    return _form(request, mailbox, {name: getattr(mailbox, name, "") for name in EMPTY}, freeze=freeze)


@router.post("/mailboxes/{id}/edit")
async def save(request: Request, visitor: Writer, id: UUID) -> Response:
    """Change the mailbox, or show the form with what is wrong in it."""
    typed = _typed(await ui.form(request))
    async with visitor.transaction(readonly=True) as connection:
        before = await MailboxService(connection, visitor.organization_id).get(id)
    try:
        async with visitor.transaction() as connection:
            await MailboxService(connection, visitor.organization_id).change(id, _values(typed), _credentials(typed))
    except InvalidInput as error:
        return _form(request, before, {**typed, "email": before.email}, error)
    return ui.redirect(request, f"/mailboxes/{id}", toast="Saved")


def _form(
    request: Request, mailbox: Mailbox | None, typed: Mapping[str, Any], error: InvalidInput | Conflict | None = None, freeze: Any = None
) -> Response:
    errors = problems(error) if error else {}
    known = {*EMPTY, *SECRETS}
    if errors and not errors.keys() & known:  # what names no field of the form stands at its head
        errors = {"form": next(iter(errors.values()))}
    return ui.page(
        request,
        "sending/mailbox_form.html",
        error.status if error else 200,
        mailbox=mailbox,
        typed={**EMPTY, **typed},
        errors=errors,
        freeze=freeze,
        words=words,
    )


def _typed(form: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(form.get(name, "")) for name in (*EMPTY, *SECRETS)}


def _values(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns that the form says. Raises `InvalidInput` naming the field."""
    provider = _one_of(typed, "provider", words.PROVIDERS)
    values: dict[str, Any] = {
        "provider": provider,
        "authentication": _one_of(typed, "authentication", words.AUTHENTICATION),
        "warmup_status": _one_of(typed, "warmup_status", words.WARMUP),
        **{name: _short(typed, name) for name in TEXTS},
        **{name: _number(typed[name], name) for name in NUMBERS},
    }
    values["from_name"] = values["from_name"] or ""
    if provider in SERVERS:
        values["smtp_host"], values["smtp_port"] = SERVERS[provider]
        values["smtp_security"] = "starttls"
        values["imap_host"], values["imap_port"], values["imap_security"] = IMAP_SERVERS[provider], 993, "tls"
    else:
        values["smtp_host"] = _short(typed, "smtp_host")
        values["smtp_port"] = _within(typed["smtp_port"], "smtp_port", "The port", 1, 65_535)
        values["smtp_security"] = _one_of(typed, "smtp_security", words.SECURITY)
        values["imap_host"] = _short(typed, "imap_host")
        values["imap_port"] = _within(typed["imap_port"] or "993", "imap_port", "The IMAP port", 1, 65_535)
        values["imap_security"] = _one_of({"imap_security": typed["imap_security"] or "tls"}, "imap_security", words.IMAP_SECURITY)
        if values["smtp_host"] is None:
            raise InvalidInput("name the server that takes mail from this mailbox, such as mail.example.org", field="smtp_host")
    return values


def _credentials(typed: Mapping[str, str]) -> Credentials | None:
    """Return what was given to sign in with, None when nothing was. Raises `InvalidInput` for what is too long."""
    for name in (*OAUTH, "password"):
        if len(typed[name]) > LONGEST_SECRET:
            raise InvalidInput("it is too long: copy only the secret itself", field=name)
    if typed["authentication"] == "password" and typed["password"]:
        return Credentials(password=typed["password"])
    if typed["authentication"] == "oauth2" and (typed["refresh_token"] or typed["access_token"]):
        return Credentials(**{name: typed[name].strip() or None for name in OAUTH})  # type: ignore[arg-type]
    return None


def _short(typed: Mapping[str, str], name: str) -> str | None:
    text = typed[name].strip()
    if len(text) > LONGEST[name]:
        raise InvalidInput(f"it is longer than {LONGEST[name]} letters: shorten it", field=name)
    return text or None


def _one_of(typed: Mapping[str, str], name: str, allowed: tuple[tuple[Any, ...], ...]) -> str:
    if typed[name] not in {option[0] for option in allowed}:
        raise InvalidInput("choose one of these", field=name)
    return typed[name]


def _number(text: str, name: str) -> int | None:
    label, least, most, is_needed = NUMBERS[name]
    return None if not text.strip() and not is_needed else _within(text, name, label, least, most)


def _within(text: str, name: str, label: str, least: int, most: int) -> int:
    found = int(text) if text.strip().isascii() and text.strip().isdecimal() and len(text.strip()) < 10 else None
    if found is None or not least <= found <= most:
        raise InvalidInput(f"{label} must be a whole number from {least:,} to {most:,}", field=name)
    return found
