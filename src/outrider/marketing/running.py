"""What becomes of a campaign: resolved, started, paused, resumed, cancelled. Each is one statement at the database; never commits."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg

from outrider.kit import database, keyring
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.people import Lists, filters_of
from outrider.tenancy import OrganizationId

from .campaigns import Campaigns
from .preflight import check
from .segments import Segments
from .store import campaigns as queries
from .store import enrollments
from .types import Campaign, Resolved

RESOLVABLE = ("draft", "ready", "scheduled", "sending", "paused")


class Running:
    """The campaigns of one organization at work, inside the caller's `tenancy.transaction`. All raise `NotFound`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization
        self._campaigns = Campaigns(connection, organization)

    async def resolve(self, id: UUID) -> Resolved:
        """Enroll the audience as it is now, and make a draft ready where somebody may be written to. Again takes only who is new.

        Raises `Conflict` for a campaign that is over.
        """
        there = await self._campaigns.find(id)
        self._expect(there, RESOLVABLE, "resolved")
        await database.allow_long(self._connection)
        await enrollments.set_suppression_key(self._connection, key=keyring.derived("suppressions"))
        lists, segments = Lists(self._connection, self._organization), Segments(self._connection, self._organization)
        selections = []
        rows = queries.audience(self._connection, organization_id=self._organization, id=id)
        for segment_id in [row["segment_id"] async for row in rows if row["segment_id"]]:
            selections.append(uuid4())
            await lists.select("people", filters_of("people", (await segments.find(segment_id)).filters), selections[-1])
        counts = await enrollments.resolve(self._connection, organization_id=self._organization, id=id, selections=selections)
        for selection in selections:
            await lists.forget(selection)
        resolved = Resolved(counts["total"], counts["eligible"], counts["inserted"], counts["excluded"])
        if there.state == "draft" and resolved.eligible:
            await self._set(there, ("draft",), "ready", "resolved")
        return resolved

    async def start(self, id: UUID) -> Campaign:
        """Start a campaign that is ready: now, or at its `starts_at`. Raises `Conflict` naming all that is missing."""
        there = await self._campaigns.find(id)
        self._expect(there, ("ready",), "started")
        problems = [one for one in (await check(self._connection, self._organization, id)).problems if one.blocks]
        if problems:
            raise Conflict("; ".join(one.message for one in problems), field="id", problems=[one.code for one in problems])
        await enrollments.aim_at_first_step(self._connection, organization_id=self._organization, id=id)
        return await self._set(there, ("ready",), _begun(there), "started")

    async def start_at(self, id: UUID, at: datetime | None) -> Campaign:
        """Start a campaign that is ready at a time, None for now, which becomes its `starts_at`. Raises as `start`, and `InvalidInput`."""
        if at is not None and at <= datetime.now(UTC):
            raise InvalidInput("choose a time to start at that is still to come", field="starts_at")
        self._expect(await self._campaigns.find(id), ("ready",), "started")
        await self._campaigns.change(id, {"starts_at": at})
        return await self.start(id)

    async def pause(self, id: UUID, reason: str | None = None) -> Campaign:
        """Pause a campaign: from now on no message of it begins. Raises `Conflict` when it does not run."""
        return await self._set(await self._campaigns.find(id), ("scheduled", "sending"), "paused", "paused", reason or "paused by hand")

    async def resume(self, id: UUID) -> Campaign:
        """Go on with a paused campaign. Raises `Conflict`."""
        there = await self._campaigns.find(id)
        return await self._set(there, ("paused",), _begun(there), "resumed")

    async def cancel(self, id: UUID) -> Campaign:
        """End a campaign for good: nobody is written to any more. Raises `Conflict` when it is over."""
        done = await self._set(await self._campaigns.find(id), RESOLVABLE, "cancelled", "cancelled")
        await database.allow_long(self._connection)
        await enrollments.stop_campaign(self._connection, organization_id=self._organization, id=id, reason="cancelled")
        return done

    async def stop_one(self, id: UUID, enrollment_id: UUID) -> None:
        """Stop one person by hand: nothing more of this campaign comes to them. Raises `Conflict` when nothing would anyway."""
        await self._campaigns.find(id)
        key = {"organization_id": self._organization, "id": id, "enrollment_id": enrollment_id}
        if await enrollments.stop_one(self._connection, **key, reason="manual") is None:
            state = await self._state_of_one(id, enrollment_id)
            raise Conflict(f"nothing comes to them any more: they are {state}", field="enrollment_id")

    async def resume_one(self, id: UUID, enrollment_id: UUID) -> None:
        """Let one person go on who is paused, as when a colleague of theirs answered. Raises `Conflict` when they are not paused."""
        await self._campaigns.find(id)
        key = {"organization_id": self._organization, "id": id, "enrollment_id": enrollment_id}
        if await enrollments.resume_one(self._connection, **key) is None:
            state = await self._state_of_one(id, enrollment_id)
            raise Conflict(f"only who is paused can go on: they are {state}", field="enrollment_id")

    async def _state_of_one(self, id: UUID, enrollment_id: UUID) -> str:
        key = {"organization_id": self._organization, "id": id, "enrollment_id": enrollment_id}
        state: str | None = await enrollments.enrollment_state(self._connection, **key)
        if state is None:
            raise NotFound(f"there is nobody with the enrollment {enrollment_id} in this campaign", field="enrollment_id")
        return state

    async def _set(self, there: Campaign, states: Sequence[str], state: str, done: str, reason: str | None = None) -> Campaign:
        key = {"organization_id": self._organization, "id": there.campaign_id}
        if await queries.set_state(self._connection, **key, states=list(states), state=state, reason=reason) is None:
            self._expect(await self._campaigns.find(there.campaign_id), states, done)
        return await self._campaigns.find(there.campaign_id)

    @staticmethod
    def _expect(there: Campaign, states: Sequence[str], done: str) -> None:
        if there.state not in states:
            raise Conflict(f"the campaign is {there.state}; only one that is {' or '.join(states)} can be {done}", field="id")


def _begun(campaign: Campaign) -> str:
    is_later = campaign.started_at is None and campaign.starts_at is not None and campaign.starts_at > datetime.now(UTC)
    return "scheduled" if is_later else "sending"
