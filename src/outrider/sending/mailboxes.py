"""Mailboxes: what they are, what they may, how they do. Credentials go in and never come out."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from outrider.kit import outgoing
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from outrider.marketing import UsedBy
from outrider.tenancy import OrganizationId

from .composing import REPLY_MARK
from .credentials import TOKEN_URLS, Credentials
from .store import mailbox_queries as queries
from .store import queries as ledger_queries

ADDRESS = re.compile(r"[^\s@<>,;:\"()\\]+@[a-z0-9-]+(\.[a-z0-9-]+)+")
WITH_MARK = re.compile(r"([^{}@]*[^{}@0-9a-f])?\{token\}([^{}@0-9a-f][^{}@]*)?@[^{}@]+")
HOST = re.compile(r"[a-z0-9.:-]{1,253}")
LONGEST_LOCAL = 64
WARMING = ("active", "done")
"""The states of a warm-up that has begun."""
IMAP_SERVERS = {"gmail": "imap.gmail.com", "outlook": "outlook.office365.com"}
SERVERS = {"gmail": ("smtp.gmail.com", 587), "outlook": ("smtp.office365.com", 587)}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox and what it did: today and in the last hour what counts against its limits, and the last 7 days of its health.

    `health_score` is 100, less what it lost, with what it won; at least 0 and not more than `health_most`. `bounce_level` is `warning` over
    5 % bounces, `critical` over 10 %.
    `warmup_day` is 1 on the day on which a warm-up began, None without one.
    """

    id: UUID
    email: str
    from_name: str
    reply_to: str | None
    provider: str
    smtp_host: str | None
    smtp_port: int
    smtp_security: str
    imap_host: str | None
    imap_port: int
    imap_security: str
    authentication: str
    username: str | None
    has_credentials: bool
    state: str
    state_reason: str | None
    health_score: int
    priority: int
    weight: int
    daily_limit: int
    hourly_limit: int | None
    spacing_seconds: int | None
    warmup_status: str
    warmup_started_on: date | None
    warmup_from: int
    warmup_days: int
    tracking_domain: str | None
    last_sent_at: datetime | None
    created_at: datetime
    limit_today: int
    sent_today: int
    sent_this_hour: int
    sent_in_week: int
    bounced_in_week: int
    complaints_in_week: int
    replies_in_week: int
    health_most: int
    health_lost_to_bounces: int
    health_lost_to_complaints: int
    health_won_by_replies: int
    bounce_level: Literal["ok", "warning", "critical"]
    warmup_day: int | None


@dataclass(frozen=True, slots=True)
class MailboxDay:
    """A day of the organization's: the limit, and what counted against it. `is_past` holds for today, too."""

    day: date
    is_past: bool
    daily_limit: int
    sent: int


@dataclass(frozen=True, slots=True)
class HealthDay:
    """What a day brought for a mailbox's health; `sent` holds what bounced at once."""

    day: date
    sent: int
    bounced: int
    complaints: int
    replies: int


class MailboxService:
    """The organization's mailboxes, in the caller's transaction."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def page(self, *, email: str | None = None, limit: int = 100, cursor: str | None = None) -> Page[Mailbox]:
        """Return a page by address: the one with an address, or all. Raises `InvalidInput` for a bad limit or cursor."""
        check_limit(limit)
        key = decode_cursor(cursor, 1)
        found = await self._mailboxes(email=email, after=key[0] if key else None, count=limit + 1)
        return Page(found[:limit], encode_cursor(found[limit - 1].email) if len(found) > limit else None)

    async def get(self, id: UUID) -> Mailbox:
        """Return one. Raises `NotFound`."""
        if found := await self._mailboxes(id=id):
            return found[0]
        raise NotFound(f"there is no mailbox {id}", field="id")

    async def _mailboxes(
        self, *, id: UUID | None = None, email: str | None = None, after: str | None = None, count: int = 1
    ) -> list[Mailbox]:
        key = {"organization_id": self._organization, "id": id, "email": email}
        rows = queries.mailboxes(self._connection, **key, after=after, count=count)
        return [Mailbox(**dict(row)) async for row in rows]

    async def find(self, text: str) -> Mailbox:
        """Return the one with this address or id. Raises `NotFound`."""
        try:
            return await self.get(UUID(text))
        except ValueError:
            found = await queries.find_mailbox(self._connection, organization_id=self._organization, email=text)
            if found is None:
                raise NotFound(f"there is no mailbox {text}", field="mailbox") from None
            return await self.get(found)

    async def add(self, values: dict[str, Any], credentials: Credentials | None = None, owner: UUID | None = None) -> Mailbox:
        """Make a mailbox of these columns. Raises `InvalidInput` naming the field, `Conflict` for an address that is there."""
        provider = values.get("provider") or "smtp"
        host, port = SERVERS.get(provider, (None, 587))
        usual: dict[str, Any] = {
            "from_name": "", "provider": provider, "smtp_host": host, "smtp_port": port, "smtp_security": "starttls",
            "imap_host": IMAP_SERVERS.get(provider), "imap_port": 993, "imap_security": "tls",
            "authentication": "password", "priority": 5, "weight": 5, "daily_limit": 50,
            "warmup_status": "off", "warmup_from": 5, "warmup_days": 30,
        }  # fmt: skip
        given = {name: value for name, value in values.items() if value is not None}
        full = {**usual, **await self._checked(given), "owner_user_id": str(owner) if owner else None}
        _check_together(full)
        if not full.get("smtp_host"):
            raise InvalidInput("smtp_host is missing: name the server that takes mail from this mailbox", field="smtp_host")
        try:
            made: UUID = await queries.add_mailbox(self._connection, organization_id=self._organization, values=full)
        except asyncpg.UniqueViolationError as error:
            raise Conflict(f"there is a mailbox {full['email']} already", field="email") from error
        if credentials is not None:
            await self._keep(made, credentials, provider)
        return await self.get(made)

    async def change(self, id: UUID, values: dict[str, Any], credentials: Credentials | None = None) -> Mailbox:
        """Change what `values` names; the address stays. Raises as `add` does, and `NotFound`."""
        before = await self.get(id)
        if values.get("warmup_status") in WARMING and before.warmup_started_on:  # it goes on where it is
            values = {"warmup_started_on": before.warmup_started_on.isoformat(), **values}
        checked = await self._checked(values)
        _check_together(
            {name: checked.get(name, getattr(before, name)) for name in ("authentication", "smtp_security", "imap_host", "imap_security")}
        )
        moves = any(checked.get(host, getattr(before, host)) not in (None, getattr(before, host)) for host in ("smtp_host", "imap_host"))
        if (
            moves and before.has_credentials and credentials is None
        ):  # else whoever may change a mailbox could have its password sent to them
            raise InvalidInput("the credentials would go to another server: give them again", field="credentials")
        try:
            await queries.change_mailbox(self._connection, organization_id=self._organization, id=id, values=checked)
        except (asyncpg.CheckViolationError, asyncpg.NotNullViolationError) as error:
            raise InvalidInput(f"these values do not go together: {error.constraint_name or error.column_name}", field="body") from error
        if credentials is not None:
            await self._keep(id, credentials, values.get("provider") or before.provider)
        if any(name in checked and checked[name] != getattr(before, name) for name in ("spacing_seconds", "daily_limit")):
            await queries.respace(self._connection, id=id)
        return await self.get(id)

    async def set_state(self, id: UUID, state: str, reason: str | None = None) -> Mailbox:
        """Pause or resume a mailbox; resumed, its health begins anew. Raises `NotFound`."""
        await queries.set_state(self._connection, organization_id=self._organization, id=id, state=state, reason=reason)
        return await self.get(id)

    async def remove(self, id: UUID) -> None:
        """Remove a mailbox that never sent. Raises `NotFound`, and `Conflict` naming the campaigns that use it, or when the ledger does."""
        if used := await self.campaigns_of(id):
            names = ", ".join(f"“{one.name}”" for one in used[:5]) + (f" and {len(used) - 5} more" if len(used) > 5 else "")
            raise Conflict(f"the mailbox is used by {names}: take it out of there first, or pause it", field="id")
        try:
            async with self._connection.transaction():  # so that the caller can still ask what else there is
                if await queries.delete_mailbox(self._connection, organization_id=self._organization, id=id) is None:
                    raise NotFound(f"there is no mailbox {id}", field="id")
        except asyncpg.ForeignKeyViolationError as error:
            raise Conflict("the mailbox has sent something, which the ledger remembers: pause it instead", field="id") from error

    async def campaigns_of(self, id: UUID) -> list[UsedBy]:
        """Return the campaigns that send from a mailbox, newest first; the first hundred."""
        rows = queries.campaigns_of_mailbox(self._connection, organization_id=self._organization, id=id)
        return [UsedBy(**dict(row)) async for row in rows]

    async def days(self, id: UUID) -> list[MailboxDay]:
        """Return limit and use day by day: a warm-up as a whole, one that waits as if it began today, else the last 30 days."""
        rows = queries.days_of_mailbox(self._connection, organization_id=self._organization, id=id)
        return [MailboxDay(**dict(row)) async for row in rows]

    async def week(self, id: UUID) -> list[HealthDay]:
        """Return the last 7 days, today last."""
        rows = queries.week_of_mailbox(self._connection, organization_id=self._organization, id=id)
        return [HealthDay(**dict(row)) async for row in rows]

    async def set_for_campaign(self, campaign_id: UUID, mailbox_ids: list[UUID]) -> int:
        """Say which mailboxes a campaign sends from. What is queued with another one goes over to them, except in threads that it began;
        returns how many messages.

        Raises `NotFound` for a campaign or mailbox that is not there.
        """
        await self._need_campaign(campaign_id)
        done = await queries.set_campaign_mailboxes(self._connection, campaign_id=campaign_id, mailbox_ids=mailbox_ids)
        if done["mailboxes"] < len(set(mailbox_ids)):
            raise NotFound("one of the mailboxes is not there", field="mailbox_ids")
        return int(done["handed_over"])

    async def of_campaign(self, campaign_id: UUID) -> list[UUID]:
        """Return the ids of the mailboxes that a campaign sends from. Raises `NotFound` for an unknown campaign."""
        await self._need_campaign(campaign_id)
        rows = queries.campaign_mailboxes(self._connection, organization_id=self._organization, campaign_id=campaign_id)
        return [row["mailbox_id"] async for row in rows]

    async def _need_campaign(self, campaign_id: UUID) -> None:
        if not await queries.campaign_exists(self._connection, organization_id=self._organization, campaign_id=campaign_id):
            raise NotFound(f"there is no campaign {campaign_id}", field="campaign_id")

    async def _keep(self, id: UUID, credentials: Credentials, provider: str) -> None:
        if credentials.token_url:
            outgoing.check_url(credentials.token_url, field="token_url")
        if credentials.refresh_token and not credentials.token_url:
            known = TOKEN_URLS.get(provider)
            if known is None:
                raise InvalidInput("token_url is missing: say where the provider renews tokens", field="token_url")
            credentials = Credentials(
                **{name: getattr(credentials, name) for name in credentials.__dataclass_fields__} | {"token_url": known}
            )
        await ledger_queries.keep_credentials(
            self._connection, organization_id=self._organization, id=id, credentials=credentials.sealed(self._organization, id)
        )

    async def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return values as they are kept. Raises `InvalidInput` naming the field."""
        checked = dict(values)
        for field in ("email", "reply_to"):
            if checked.get(field) or (field == "email" and field in checked):
                checked[field] = checked[field].strip().lower()
                if not ADDRESS.fullmatch(checked[field]) or not checked[field].isascii():
                    raise InvalidInput(f"{field} is {checked[field]!r}; it must be an address such as ana@example.org", field=field)
        _check_mark(checked.get("reply_to") or "")
        for field in ("smtp_host", "imap_host", "tracking_domain"):
            if checked.get(field):
                checked[field] = checked[field].strip().lower()
                if not HOST.fullmatch(checked[field]) or (field == "tracking_domain" and ":" in checked[field]):
                    raise InvalidInput(f"{field} is {checked[field]!r}; it must be a name such as mail.example.org", field=field)
        for field in ("from_name", "username"):
            if any(ord(letter) < 32 or ord(letter) == 127 for letter in checked.get(field) or ""):
                raise InvalidInput(f"{field} holds a line end or another control character: take it out", field=field)
        if checked.get("warmup_status") in WARMING and not checked.get("warmup_started_on"):
            checked["warmup_started_on"] = (await queries.today(self._connection, organization_id=self._organization)).isoformat()
        return checked


def _check_mark(reply_to: str) -> None:
    if "{" not in reply_to and "}" not in reply_to:
        return
    local = reply_to.partition("@")[0]
    if not WITH_MARK.fullmatch(reply_to) or len(local.replace(REPLY_MARK, "0" * 32)) > LONGEST_LOCAL:
        raise InvalidInput(f"reply_to is {reply_to!r}; it must be like replies+{REPLY_MARK}@in.example.org", field="reply_to")


def _check_together(values: dict[str, Any]) -> None:
    if values["authentication"] != "none" and values["smtp_security"] == "none":
        raise InvalidInput("a password is not sent without encryption: choose tls or starttls", field="smtp_security")
    if values.get("imap_host") and values["imap_security"] == "none":
        raise InvalidInput("a password is not sent without encryption: choose tls or starttls", field="imap_security")
