"""What there is to choose from where a campaign is made: audiences, mailboxes, owners, namespaces, templates, variables. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg

from outrider.kit import database
from outrider.people import Lists, filters_of
from outrider.tenancy import OrganizationId

from .segments import Segments
from .store import choices as queries
from .variables import KNOWN, SENDER

MOST_AUDIENCES = 300


@dataclass(frozen=True, slots=True)
class Audience:
    """A `list` or a `segment`; how many `people` a segment holds is not known until somebody counts."""

    kind: str
    id: UUID
    name: str
    description: str | None
    people: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class MailboxChoice:
    """A mailbox that a campaign may send from."""

    id: UUID
    email: str
    state: str
    state_reason: str | None
    daily_limit: int
    warmup_status: str
    limit_today: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people lists and segments hold, [(name, people)], and how many they are `together`, each counted once."""

    parts: Sequence[tuple[str, int]]
    together: int

    @property
    def twice(self) -> int:
        """How many places are taken by somebody who is in another part too."""
        return sum(people for _, people in self.parts) - self.together


@dataclass(frozen=True, slots=True)
class Sample:
    """Somebody to preview a text for."""

    id: UUID
    email: str | None
    name: str | None


class Choices:
    """What one organization has to choose from, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def audiences(self, campaign: UUID) -> list[Audience]:
        """Return lists and segments, those that a campaign is for first; at most 300."""
        rows = queries.audience_choices(self._connection, organization_id=self._organization, id=campaign, most=MOST_AUDIENCES)
        return [Audience(**dict(row)) async for row in rows]

    async def count(self, lists: Sequence[UUID], segments: Sequence[UUID]) -> Counted:
        """Return how many people these hold now. Keeps selections while it counts, so it needs a transaction that writes.

        Raises `NotFound` for a segment that is not there; lists that are not there count nobody.
        """
        await database.allow_long(self._connection)
        people, kept = Lists(self._connection, self._organization), Segments(self._connection, self._organization)
        rows = queries.list_sizes(self._connection, organization_id=self._organization, ids=list(lists))
        parts = [(row["name"], row["people"]) async for row in rows]
        selections = []
        for id in dict.fromkeys(segments):
            segment = await kept.find(id)
            selections.append(uuid4())
            parts.append((segment.name, await people.select("people", filters_of("people", segment.filters), selections[-1])))
        key = {"organization_id": self._organization, "lists": list(lists), "selections": selections}
        together = int(await queries.people_together(self._connection, **key))
        for selection in selections:
            await people.forget(selection)
        return Counted(parts, together)

    async def mailboxes(self, campaign: UUID) -> list[MailboxChoice]:
        """Return the organization's mailboxes by address."""
        rows = queries.mailbox_choices(self._connection, organization_id=self._organization, id=campaign)
        return [MailboxChoice(**dict(row)) async for row in rows]

    async def owners(self) -> Mapping[UUID, str]:
        """Return {user: name} of who may own a campaign."""
        return {row["user_id"]: row["name"] async for row in queries.owners(self._connection, organization_id=self._organization)}

    async def namespaces(self) -> list[str]:
        """Return the names of the namespaces that are in service."""
        return [row["name"] async for row in queries.namespaces(self._connection, organization_id=self._organization)]

    async def templates(self) -> Mapping[UUID, str]:
        """Return {template: name} by name."""
        return {row["id"]: row["name"] async for row in queries.template_names(self._connection, organization_id=self._organization)}

    async def variables(self) -> list[str]:
        """Return the names that texts may use: those that everybody may have, the sender's, then custom fields."""
        rows = queries.custom_variables(self._connection, organization_id=self._organization)
        return list(dict.fromkeys([*KNOWN, *SENDER, *[row["name"] async for row in rows]]))

    async def samples(self, campaign: UUID, most: int = 12) -> list[Sample]:
        """Return some people to preview for: of the campaign, or anybody while nobody is in it; [] where there is nobody at all."""
        rows = queries.sample_people(self._connection, organization_id=self._organization, id=campaign, most=most)
        return [Sample(row["id"], row["email"], row["name"]) async for row in rows]
