"""Campaigns: their settings, steps, audience and mailboxes. What state they are in is `running`'s. Knows no HTTP, never commits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit import database, public_address
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.namespaces import NamespaceService
from outrider.tenancy import Actor, OrganizationId, check_time_zone

from . import checks, step_changes, steps
from .choices import Choices
from .step_changes import StepChange
from .store import campaigns as queries
from .store import enrollments
from .types import STATES, Campaign, Change, Mailbox, Standing, Step, Whole

TYPES = ("cold_outreach", "nurture", "follow_up")
VERIFICATION_MODES = ("exclude_invalid", "verified_only")
ROTATIONS = ("round_robin", "weighted", "priority", "health", "hybrid")
SETTINGS = (
    "name", "type", "namespace", "time_zone", "window_start", "window_end", "window_days", "daily_limit", "verification_mode", "rotation",
    "stops_at_same_company", "tracks_opens", "tracks_clicks", "starts_at", "owner_user_id",
)  # fmt: skip
TIMES = ("time_zone", "window_start", "window_end", "window_days")
"""Settings that say when somebody who waits is due."""
OVER = ("completed", "cancelled")
MOST_PARTS = 100


@dataclass(frozen=True, slots=True)
class Effect:
    """New steps, and what they change for people who are enrolled."""

    steps: Sequence[Step]
    changes: Sequence[StepChange]


class Campaigns:
    """The campaigns of one organization, inside the caller's `tenancy.transaction`.

    With `namespaces` (a client's) only those of them are there.
    """

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId, namespaces: frozenset[str] | None = None) -> None:
        self._connection = connection
        self._organization = organization
        self._namespaces = None if namespaces is None else sorted(namespaces)

    async def page(
        self, *, state: str | None = None, name: str | None = None, q: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Campaign]:
        """Return a page of campaigns, newest first; with a name, in any case, with `q` in it, or all. Raises `InvalidInput`."""
        check_limit(limit)
        if state is not None:
            checks.one_of(state, STATES, "state")
        rows = queries.campaigns(
            self._connection,
            organization_id=self._organization,
            namespaces=self._namespaces,
            state=state,
            name=name and name.strip(),
            q=(q or "").strip() or None,
            after=decode_id_cursor(cursor),
            count=limit + 1,
        )
        found = [Campaign(**dict(row)) async for row in rows]
        return Page(found[:limit], encode_cursor(found[limit - 1].campaign_id) if len(found) > limit else None)

    async def state_counts(self) -> dict[str, int]:
        """Return {state: how many campaigns are in it}; states without any are left out."""
        rows = queries.state_counts(self._connection, organization_id=self._organization, namespaces=self._namespaces)
        return {row["state"]: row["campaigns"] async for row in rows}

    async def email_steps(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Return {campaign: how many emails each person gets at most}; campaigns without any are left out."""
        rows = queries.email_steps(self._connection, organization_id=self._organization, ids=list(ids))
        return {row["campaign_id"]: row["steps"] async for row in rows}

    async def find(self, id: UUID) -> Campaign:
        """Return a campaign. Raises `NotFound`."""
        row = await queries.campaign(self._connection, organization_id=self._organization, namespaces=self._namespaces, id=id)
        if row is None:
            raise NotFound(f"there is no campaign {id}", field="id")
        return Campaign(**dict(row))

    async def named(self, name: str) -> Campaign:
        """Return the campaign with a name in any case, or an id. Raises `NotFound`, and `Conflict` when several have the name."""
        if id := checks.as_id(name):
            return await self.find(id)
        rows = queries.campaign_ids(self._connection, organization_id=self._organization, namespaces=self._namespaces, name=name.strip())
        ids = [row["campaign_id"] async for row in rows]
        if not ids:
            raise NotFound(f"there is no campaign named {name[:60]!r}", field="name")
        if len(ids) > 1:
            raise Conflict(f"several campaigns are named {name[:60]!r}: give the id, one of {', '.join(map(str, ids))}", field="name")
        return await self.find(ids[0])

    async def whole(self, id: UUID) -> Whole:
        """Return a campaign with its steps, audience, mailboxes, enrollment counts and history. Raises `NotFound`."""
        campaign = await self.find(id)
        key = {"organization_id": self._organization, "id": id}
        audience = [row async for row in queries.audience(self._connection, **key)]
        return Whole(
            campaign,
            await steps.read(self._connection, self._organization, id),
            [row["list_id"] for row in audience if row["list_id"]],
            [row["segment_id"] for row in audience if row["segment_id"]],
            [_mailbox(row) async for row in queries.mailboxes(self._connection, id=id)],
            {row["state"]: row["people"] async for row in enrollments.counts(self._connection, **key)},
            [Change(**dict(row)) async for row in queries.history(self._connection, **key)],
        )

    async def add(self, actor: Actor, settings: Mapping[str, Any]) -> Campaign:
        """Make a draft and return it. `settings` as in `change`, with a name.

        Without a namespace, the keywords in the name say which. Raises `InvalidInput`.
        """
        name = checks.name(settings.get("name"), checks.LONGEST_TITLE)
        routing = await NamespaceService(self._connection, self._organization).route(name)
        organization = await queries.organization(self._connection, organization_id=self._organization)
        id: UUID = await queries.add_campaign(
            self._connection,
            organization_id=self._organization,
            name=name,
            namespace_id=routing.namespace_id,
            owner_user_id=UUID(actor.id) if actor.kind == "user" and _is_uuid(actor.id) else None,
            time_zone=organization["time_zone"],
        )
        return await self.change(id, settings)

    async def change(self, id: UUID, settings: Mapping[str, Any]) -> Campaign:
        """Change settings (`SETTINGS`, and the ids in `lists`, `segments`, `mailboxes`, all as given) and return the campaign.

        One that is ready is a draft again when its audience changes. Raises `NotFound`, `InvalidInput`, `Conflict` for one that is over.
        """
        before = await self.find(id)
        has_new_times = any(name in settings and settings[name] != getattr(before, name) for name in TIMES)
        if has_new_times:
            await queries.hold_sending(self._connection, organization_id=self._organization)
        there = await self._changeable(id)
        wanted = replace(there, **{name: settings[name] for name in SETTINGS if name in settings})
        values = {name: getattr(wanted, name) for name in SETTINGS}
        values |= await self._checked(there, wanted)
        await queries.change_campaign(self._connection, organization_id=self._organization, id=id, **values)
        if has_new_times:
            await database.allow_long(self._connection)
            await queries.follow_times(self._connection, id=id)
        if "lists" in settings or "segments" in settings:
            await self._set_audience(id, settings.get("lists"), settings.get("segments"))
        if "mailboxes" in settings:
            ids = list(dict.fromkeys(settings["mailboxes"]))
            if await queries.set_mailboxes(self._connection, id=id, mailboxes=ids) < len(ids):
                raise InvalidInput("mailboxes names one that is not there", field="mailboxes")
        judged = wanted.verification_mode != there.verification_mode or "lists" in settings or "segments" in settings
        if there.state == "ready" and judged:
            await queries.set_state(
                self._connection, organization_id=self._organization, id=id, states=["ready"], state="draft", reason=None
            )
        return await self.find(id)

    async def effect(self, id: UUID, wanted: Sequence[Step]) -> Effect:
        """Return what new steps would change for whom; changes nothing.

        A step with the id of one that is there is that one; without any ids they are told apart by what they say. Raises `NotFound`,
        `InvalidInput`.
        """
        there = await self.find(id)
        steps.check(wanted)
        before = await steps.read(self._connection, self._organization, id)
        after = step_changes.matched(before, wanted, is_begun=there.started_at is not None)
        rows = enrollments.before_steps(self._connection, organization_id=self._organization, id=id)
        people = {(row["position"], row["is_begun"]): row["people"] async for row in rows}
        return Effect(after, step_changes.changes(before, after, people))

    async def put_steps(self, id: UUID, wanted: Sequence[Step]) -> Effect:
        """Put these in the place of the steps and return what that changes. Raises `NotFound`, `InvalidInput`, `Conflict`."""
        await queries.hold_sending(self._connection, organization_id=self._organization)
        await self._changeable(id)
        effect = await self.effect(id, wanted)
        await database.allow_long(self._connection)
        await steps.write(self._connection, self._organization, id, effect.steps)
        return replace(effect, steps=await steps.read(self._connection, self._organization, id))

    async def delete(self, id: UUID) -> None:
        """Delete a draft. Raises `NotFound`, and `Conflict` for one that is more than a draft: cancel that."""
        there = await self.find(id)
        if there.state != "draft" or await self._has_enrollments(id):
            raise Conflict("only a draft that nobody is enrolled in can be deleted: cancel this one", field="id")
        await queries.delete_campaign(self._connection, organization_id=self._organization, id=id)

    async def standing(self, id: UUID) -> list[Standing]:
        """Return how many people stand where in a campaign and why, the most first; [] before the first resolve."""
        rows = enrollments.standing(self._connection, organization_id=self._organization, id=id)
        return [Standing(**dict(row)) async for row in rows]

    async def _has_enrollments(self, id: UUID) -> bool:
        return bool([row async for row in enrollments.counts(self._connection, organization_id=self._organization, id=id)])

    async def _changeable(self, id: UUID) -> Campaign:
        await queries.lock_campaign(self._connection, organization_id=self._organization, id=id)
        there = await self.find(id)
        if there.state in OVER:
            raise Conflict(f"the campaign is {there.state}: nothing of it changes any more", field="id")
        return there

    async def _set_audience(self, id: UUID, lists: Sequence[UUID] | None, segments: Sequence[UUID] | None) -> None:
        there = [row async for row in queries.audience(self._connection, organization_id=self._organization, id=id)]
        wanted = {
            "lists": [row["list_id"] for row in there if row["list_id"]] if lists is None else list(dict.fromkeys(lists)),
            "segments": [row["segment_id"] for row in there if row["segment_id"]] if segments is None else list(dict.fromkeys(segments)),
        }
        if sum(map(len, wanted.values())) > MOST_PARTS:
            raise InvalidInput(f"an audience has at most {MOST_PARTS} lists and segments", field="lists")
        key = {"organization_id": self._organization, "id": id}
        await queries.leave_audience(self._connection, **key, **wanted)
        try:
            async with self._connection.transaction():
                await queries.join_audience(self._connection, **key, **wanted)
        except asyncpg.ForeignKeyViolationError as error:
            field = "lists" if error.constraint_name == "campaign_audience_list_fkey" else "segments"
            raise InvalidInput(f"{field} names one that is not there", field=field) from error

    async def _check_owner(self, user: UUID) -> None:
        if user not in await Choices(self._connection, self._organization).owners():
            raise InvalidInput("owner_user_id is nobody who works on campaigns here", field="owner_user_id")

    async def _checked(self, there: Campaign, wanted: Campaign) -> dict[str, Any]:
        checks.one_of(wanted.type, TYPES, "type")
        checks.one_of(wanted.verification_mode, VERIFICATION_MODES, "verification_mode")
        checks.one_of(wanted.rotation, ROTATIONS, "rotation")
        check_time_zone(wanted.time_zone)
        if wanted.owner_user_id != there.owner_user_id and wanted.owner_user_id is not None:
            await self._check_owner(wanted.owner_user_id)
        if wanted.namespace is not None:
            try:
                await NamespaceService(self._connection, self._organization).find(wanted.namespace)
            except NotFound as error:
                raise InvalidInput(error.message, field="namespace") from error
        if there.state == "scheduled" and wanted.starts_at is None:
            raise InvalidInput("the campaign is scheduled: give it another time to start at, or pause it", field="starts_at")
        if wanted.window_start >= wanted.window_end:
            raise InvalidInput(f"the window ends at {wanted.window_end}; it must end after {wanted.window_start}", field="window_end")
        if not wanted.window_days or not set(wanted.window_days) <= set(range(1, 8)):
            raise InvalidInput("window_days must be numbers from 1 (Monday) to 7 (Sunday), one at least", field="window_days")
        if wanted.daily_limit is not None and not 1 <= wanted.daily_limit < 2**31:
            raise InvalidInput(f"daily_limit is {wanted.daily_limit}; it must be 1 or more, or null for none", field="daily_limit")
        return {"name": checks.name(wanted.name, checks.LONGEST_TITLE), "window_days": sorted(set(wanted.window_days))}


def _mailbox(row: asyncpg.Record) -> Mailbox:
    links_begin = public_address.links_begin(row["tracking_domain"], row["smtp_host"], row["smtp_port"])
    return Mailbox(row["id"], row["email"], row["state"], row["state_reason"], links_begin)


def as_document(whole: Whole) -> dict[str, Any]:
    """Return everything of a campaign as one document."""
    return {
        **asdict(whole.campaign),
        **{name: [asdict(one) for one in getattr(whole, name)] for name in ("steps", "mailboxes", "history")},
        "lists": list(whole.lists),
        "segments": list(whole.segments),
        "enrollments": dict(whole.enrollments),
    }


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
