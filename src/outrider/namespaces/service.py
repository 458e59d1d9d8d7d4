"""The rules of namespaces: registry, routing, re-routing (BEHAVIOUR 1). Does not know HTTP or the terminal, and never
commits."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit import database
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from outrider.ops import enqueue
from outrider.tenancy import OrganizationId

from . import rules
from .store import queries, to_contents, to_move, to_namespace
from .types import DEFAULT_NAME, Changed, Contents, Hit, KeywordOverlap, Move, Namespace, NamespaceStats, Overlap, Routing, Saved

UNCHANGED: Any = object()
"""Stands for a field that is to stay as it is."""

REROUTE = "namespaces.reroute"
"""The name of the job that moves profiles (`tasks`)."""

NAMED = 3
COUNTED_EXACTLY = 5_000
"""Profiles of a namespace are counted up to here; a fuller one's number is the database's estimate."""

_TAKEN = (asyncpg.UniqueViolationError, asyncpg.DuplicateTableError)


class NamespaceService:
    """The namespaces of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    @staticmethod
    def get_table_name(namespace: str | None = None) -> str:
        """Return the profile table of a namespace; None: of the default one (seed 000: never hardcode table names).

        Computes: whether there is such a namespace, `find` knows. Raises `InvalidInput` for a name that cannot be one.
        """
        return rules.table_name(namespace if namespace is not None else DEFAULT_NAME)

    async def page(self, *, limit: int = 100, cursor: str | None = None) -> Page[Namespace]:
        """Return a page of namespaces by name. Raises `InvalidInput` for a bad limit or cursor."""
        check_limit(limit)
        key = decode_cursor(cursor, 1)
        arguments = {"organization_id": self._organization, "after": key[0] if key else None, "count": limit + 1}
        found = [to_namespace(row) async for row in queries.namespaces(self._connection, **arguments)]
        return Page(found[:limit], encode_cursor(found[limit - 1].name) if len(found) > limit else None)

    async def find(self, name: str) -> Namespace:
        """Return a namespace by name. Raises `NotFound`."""
        row = await queries.namespace(self._connection, organization_id=self._organization, name=name)
        if row is None:
            raise _unknown(name)
        return to_namespace(row)

    async def default(self) -> Namespace:
        """Return the namespace of what no keyword claims. Every organization has one."""
        return to_namespace(await queries.default_namespace(self._connection, organization_id=self._organization))

    async def route(self, campaign_name: str) -> Routing:
        """Return where a campaign goes and why; changes nothing. Longest keyword first, ties to the name first in the
        alphabet."""
        row = await queries.route(self._connection, organization_id=self._organization, campaign=campaign_name)
        also = tuple(Hit(hit["namespace"], hit["keyword"]) for hit in row["also_matched"])
        return Routing(
            campaign_name,
            row["namespace_id"],
            row["namespace"],
            row["table_name"],
            row["keyword"],
            also,
            _explain(row["namespace"], row["keyword"], also),
        )

    async def overlaps(self) -> list[KeywordOverlap]:
        """Return which keywords of the organization's active namespaces hold each other, and who wins; empty when none do."""
        rows = queries.namespaces(self._connection, organization_id=self._organization, after=None, count=None)
        return rules.overlaps([to_namespace(row) async for row in rows])

    async def create(self, name: str, keywords: list[str], description: str | None = None) -> Saved:
        """Add a namespace and make its table. Raises `InvalidInput`, and `Conflict` for a taken name or table.

        Until the transaction ends nobody else writes people: ask for the `consequences` in one of their own.
        """
        rules.check_new_name(name)
        arguments = {"keywords": rules.check_keywords(keywords), "description": rules.check_description(description)}
        try:
            async with self._connection.transaction():
                await queries.create_namespace(self._connection, name=name, **arguments)
        except _TAKEN as error:
            raise await self._taken(name) from error
        return Saved(name, routing_changed=True)

    async def change(
        self,
        name: str,
        *,
        new_name: str | None = None,
        keywords: list[str] | None = None,
        description: str | None = UNCHANGED,
        is_active: bool | None = None,
    ) -> Saved:
        """Change what is given; None, and `UNCHANGED` for the description, leave a field as it is.

        A rename renames the table. Raises `NotFound`, `InvalidInput`, and `Conflict` for a name or table that is taken,
        and for renaming or switching off the default namespace, which takes what nothing else does.
        """
        row = await queries.lock_namespace(self._connection, organization_id=self._organization, name=name)
        if row is None:
            raise _unknown(name)
        old = to_namespace(row)
        if old.is_default and is_active is False:
            raise Conflict(
                f"{name} is the default namespace: it takes what no keyword claims and cannot be switched off",
                field="is_active",
            )
        wanted = {
            "keywords": rules.check_keywords(keywords) if keywords is not None else list(old.keywords),
            "description": old.description if description is UNCHANGED else rules.check_description(description),
            "is_active": old.is_active if is_active is None else is_active,
        }
        await queries.update_namespace(self._connection, organization_id=self._organization, id=old.id, **wanted)
        if new_name is not None and new_name != name:
            await self._rename(old, rules.check_new_name(new_name))
        routing_changed = (wanted["keywords"], wanted["is_active"]) != (list(old.keywords), old.is_active)
        return Saved(new_name or name, routing_changed)

    async def consequences(self, saved: Saved) -> Changed:
        """Return the namespace with what the change calls for: overlaps to know of, profiles that would now be elsewhere. Reads every
        profile that has a campaign. Raises `NotFound` when it is gone meanwhile.
        """
        namespace = await self.find(saved.name)
        if not saved.routing_changed:
            return Changed(namespace, [], [])
        rows = queries.overlaps(self._connection, organization_id=self._organization, id=namespace.id)
        return Changed(namespace, [_overlap(saved.name, row) async for row in rows], await self.preview_reroute())

    async def archive(self, name: str, confirm: str | None) -> str:
        """Take a namespace out of service and return the table that keeps its profiles, for reading.

        Campaigns of it that are over, or drafts, lose the link. Raises `NotFound`, `Conflict` for the default one and while campaigns of it
        may still send, `InvalidInput` when `confirm` is not the name typed again.
        """
        namespace = await self.find(name)
        if namespace.is_default:
            raise Conflict(f"{name} is the default namespace and cannot be deleted", field="name")
        if confirm != name:
            raise InvalidInput(f"type the name again to delete it: confirm must be {name!r}", field="confirm")
        if at_work := await queries.campaigns_at_work(self._connection, id=namespace.id):
            named = ", ".join(at_work[:NAMED]) + (f" and {len(at_work) - NAMED} more" if len(at_work) > NAMED else "")
            raise Conflict(f"campaigns of {name} may still send: {named}. End them, or give them another namespace, first", field="name")
        archived = await queries.archive_namespace(self._connection, name=name)
        if archived is None:
            raise _unknown(name)
        return str(archived)

    async def stats(self, name: str) -> NamespaceStats:
        """Return what a namespace holds, counted now. Raises `NotFound`."""
        namespace = await self.find(name)
        return NamespaceStats(**dict(await queries.stats(self._connection, organization_id=self._organization, namespace_id=namespace.id)))

    async def contents(self, ids: Iterable[UUID]) -> dict[UUID, Contents]:
        """Return how full namespaces are, by id, in one statement that takes no longer for full ones."""
        rows = queries.contents(self._connection, organization_id=self._organization, ids=list(ids), exact=COUNTED_EXACTLY)
        return {row["id"]: to_contents(row, COUNTED_EXACTLY) async for row in rows}

    async def preview_change(self, name: str, *, keywords: list[str], is_active: bool) -> Changed:
        """Return the consequences of such a change, and change nothing. Raises as `change` does."""
        attempt = self._connection.transaction()
        await attempt.start()
        try:
            return await self.consequences(await self.change(name, keywords=keywords, is_active=is_active))
        finally:
            await attempt.rollback()

    async def preview_reroute(self) -> list[Move]:
        """Return which profiles would be elsewhere if routed now; empty for none. Changes nothing."""
        await database.allow_long(self._connection)
        return [to_move(row) async for row in queries.preview_reroute(self._connection)]

    async def ask_for_reroute(self) -> UUID:
        """Ask for the job that re-routes everything and return its id; one that is asked for already is the same one."""
        return await enqueue(self._connection, REROUTE, {}, singleton_key="all", title="Re-route profiles", link="/namespaces")

    async def reroute(self, most: int) -> list[Move]:
        """Move the profiles of at most `most` addresses to where their campaigns are routed now; empty when nothing is
        left to move."""
        return [to_move(row) async for row in queries.reroute(self._connection, most=most)]

    async def _rename(self, old: Namespace, new_name: str) -> None:
        if old.is_default:
            raise Conflict(f"{old.name} is the default namespace: its name and table are what others rely on", field="name")
        try:
            async with self._connection.transaction():
                await queries.rename_namespace(self._connection, name=old.name, new_name=new_name)
        except _TAKEN as error:
            raise await self._taken(new_name) from error

    async def _taken(self, name: str) -> Conflict:
        table = rules.table_name(name)
        holder = await queries.holder_of_table(self._connection, organization_id=self._organization, table_name=table)
        if holder == name:
            return Conflict(f"there is a namespace {name!r} already; choose another name or change that one", field="name")
        if holder is not None:
            return Conflict(
                f"{name!r} would share the table {table} with the namespace {holder!r}; choose another name",
                field="name",
            )
        return Conflict(
            f"there is a table {table} already that is no namespace's; choose another name or rename that table",
            field="name",
        )


def _unknown(name: str) -> NotFound:
    return NotFound(f"there is no namespace {name[:60]!r}", field="name")


def _overlap(name: str, row: asyncpg.Record) -> Overlap:
    mine, other = row["keyword"], row["other_keyword"]
    if row["size"] == row["other_size"]:
        winner = f"both are as long, so {min(name, row['namespace'])} wins, being first by name"
    else:
        longer = name if row["size"] > row["other_size"] else row["namespace"]
        winner = f"a campaign that holds both goes to {longer}, whose keyword is longer"
    return Overlap(
        mine,
        row["namespace"],
        other,
        f"keyword {mine!r} overlaps {other!r} of the namespace {row['namespace']}: {winner}",
    )


def _explain(namespace: str, keyword: str | None, also: tuple[Hit, ...]) -> str:
    if keyword is None:
        return f"no keyword of an active namespace is in the name, so the default, {namespace}, takes it"
    if not also:
        return f"{keyword!r} of {namespace} is in the name, and no other keyword is"
    others = [hit for hit in also if hit.namespace != namespace]
    if not others:
        return f"{keyword!r} of {namespace} is the longest keyword in the name; the others are of the same namespace"
    next_best = f"{others[0].keyword!r} of {others[0].namespace}"
    if len(others[0].keyword) == len(keyword):
        return f"{keyword!r} of {namespace} and {next_best} are as long; {namespace} is first by name"
    return f"{keyword!r} of {namespace} is the longest keyword in the name; {next_best} is shorter"
