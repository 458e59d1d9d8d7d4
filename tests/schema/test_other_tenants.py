"""Another organization's rows can be neither read, counted, changed, deleted, referenced nor written: table by table, from the catalogue.

As outrider_app, which the application is, and as outrider_owner, which its functions run as: what holds for the owner does not lean on a
grant that somebody may add.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from outrider.kit import database

from ..conftest import new_organization
from . import rows

ROLES = ["outrider_app", "outrider_owner"]
as_application = pytest.mark.parametrize("two", ["outrider_app"], indirect=True)
# Only the owner may insert everywhere.
as_owner = pytest.mark.parametrize("two", ["outrider_owner"], indirect=True)


@dataclass
class Two:
    """Two organizations, each with a row in every table, and a connection that acts as the second one."""

    admin: asyncpg.Connection
    intruder: asyncpg.Connection
    plan: rows.Plan
    theirs: UUID
    ours: UUID
    their_rows: dict[str, dict[str, Any]]
    our_rows: dict[str, dict[str, Any]]
    our_second: Mapping[str, Mapping[str, Any]]

    async def relations(self) -> list[str]:
        """Every tenant table, partitions and profile tables of the other organization included."""
        found = await self.admin.fetch(
            """
            SELECT c.oid::regclass::text FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname IN ('tenancy', 'intake', 'vault', 'people', 'company', 'ops',
                    'marketing', 'sending', 'engagement', 'public', $1)
                AND EXISTS (SELECT FROM pg_attribute AS o WHERE o.attrelid = c.oid AND o.attname = 'organization_id' AND NOT o.attisdropped)
                AND c.relname NOT IN (SELECT 'profiles_' || replace(id::text, '-', '') FROM tenancy.organizations WHERE id <> $2)
            """,
            f"org_{self.theirs.hex}",
            self.theirs,
        )
        return [row[0] for row in found]

    async def tries(self, query: str, *arguments: Any) -> Any:
        """What a statement of the second organization gives: rows, the count of a command, or the error; nothing of it stays."""
        transaction = self.intruder.transaction()
        await transaction.start()
        try:
            await self.intruder.execute("SELECT set_config('app.organization_id', $1, true)", str(self.ours))
            if query.startswith("SELECT"):
                return await self.intruder.fetchval(query, *arguments)
            return (await self.intruder.execute(query, *arguments)) if not arguments else await self.intruder.fetch(query, *arguments)
        except asyncpg.PostgresError as error:
            return error
        finally:
            await transaction.rollback()


@pytest_asyncio.fixture(scope="session", params=ROLES)
async def two(request, pool, urls) -> AsyncIterator[Two]:
    admin, intruder = await asyncpg.connect(urls.admin), await asyncpg.connect(urls.admin)
    for connection in (admin, intruder):
        await database.prepare_connection(connection)
    await intruder.execute(f"SET ROLE {request.param}")
    theirs, ours = await new_organization(), await new_organization()
    plan = await rows.read_plan(admin)
    their_rows, our_rows = await rows.fill(admin, plan, theirs, 1), await rows.fill(admin, plan, ours, 2)
    yield Two(admin, intruder, plan, theirs, ours, their_rows, our_rows, await rows.with_second(admin, plan, ours, our_rows, 4))
    await admin.close()
    await intruder.close()


def is_refused(outcome: Any) -> bool:
    return isinstance(outcome, asyncpg.InsufficientPrivilegeError)


async def test_every_tenant_table_got_a_row_of_each_organization(two):
    """The tests below prove nothing about a table that is empty."""
    for table in two.plan.order:
        for organization in (two.theirs, two.ours):
            assert await two.admin.fetchval(f"SELECT count(*) FROM {table} WHERE organization_id = $1", organization), table  # noqa: S608
    assert len(two.plan.order) >= 24


async def test_their_rows_can_be_neither_read_nor_counted(two):
    read = []
    for relation in await two.relations():
        seen = await two.tries(f"SELECT count(*) FROM {relation} WHERE organization_id <> '{two.ours}'")  # noqa: S608
        if seen != 0 and not is_refused(seen):
            read.append((relation, seen))
    assert read == []


async def test_our_own_rows_are_there_to_be_seen(two):
    """The other half: the policy hides theirs and not everything."""
    missing = []
    for table in two.plan.order:
        seen = await two.tries(f"SELECT count(*) FROM {table}")  # noqa: S608
        if seen == 0:
            missing.append(table)
    assert missing == []


async def test_an_index_gives_away_no_row_of_theirs(two):
    """Asked by the very keys of their row, with a sequential scan forbidden, so that every index is tried."""
    await two.intruder.execute("SET enable_seqscan = off")
    found = []
    for table, row in two.their_rows.items():
        for name, value in row.items():
            if isinstance(value, (UUID, int, str)) and not isinstance(value, bool) and name != "organization_id":
                seen = await two.tries(f'SELECT count(*) FROM {table} WHERE "{name}" = $1 AND organization_id = $2', value, two.theirs)  # noqa: S608
                if seen != 0 and not is_refused(seen):
                    found.append((table, name, seen))
    await two.intruder.execute("RESET enable_seqscan")
    assert found == []


async def test_their_rows_can_be_neither_updated_nor_deleted(two):
    reached = []
    tables = [*two.plan.order, f"org_{two.theirs.hex}.playmaker_user_source", f"people.profiles_{two.theirs.hex}"]
    for table in tables:
        column = await two.admin.fetchval(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attgenerated = '' "
            "ORDER BY has_column_privilege($2::text, attrelid, attnum, 'UPDATE') DESC, attnum LIMIT 1",
            table, await two.intruder.fetchval("SELECT current_user::text"),
        )  # fmt: skip
        for command in (f'UPDATE {table} SET "{column}" = "{column}"', f"DELETE FROM {table}"):  # noqa: S608
            outcome = await two.tries(f"{command} WHERE organization_id <> '{two.ours}'")
            if not is_refused(outcome) and not str(outcome).endswith(" 0"):
                reached.append((command, outcome))
    assert reached == []


async def test_no_row_can_be_written_in_their_name(two):
    written = []
    for table, row in two.their_rows.items():
        made = {column["name"] for column in two.plan.columns[table] if column["is_made"]}
        query, arguments = rows.insert(table, {name: value for name, value in row.items() if name not in made})
        if not is_refused(outcome := await two.tries(query, *arguments)):
            written.append((table, outcome))
    assert written == []


async def test_our_rows_cannot_be_given_to_them(two):
    given = []
    for table in two.plan.order:
        outcome = await two.tries(f"UPDATE {table} SET organization_id = '{two.theirs}'")  # noqa: S608
        if not isinstance(outcome, asyncpg.PostgresError):
            given.append((table, outcome))
    assert given == []


@as_owner
async def test_no_foreign_key_lets_us_point_at_their_row(two):
    """Checks of foreign keys pass by row security; the tenant in the key closes that."""
    linked, tried = [], 0
    for table in two.plan.order:
        for reference in two.plan.references[table]:
            if reference.target == table:
                continue
            row = await rows.values(two.admin, two.plan, table, two.ours, two.our_second, 3)
            theirs = {mine: two.their_rows[reference.target][key] for mine, key in reference.pairs if mine != "organization_id"}
            row = rows.with_reference(table, row, theirs)
            query, arguments = rows.insert(table, row)
            tried += 1
            if not isinstance(outcome := await two.tries(query, *arguments), asyncpg.ForeignKeyViolationError):
                linked.append((reference.name, outcome))
    assert tried >= 10
    assert linked == []


@as_owner
async def test_the_same_row_with_our_own_references_is_taken(two):
    """So that the refusal above is about the reference."""
    refused = []
    for table in two.plan.order:
        if two.plan.references[table]:
            row = await rows.values(two.admin, two.plan, table, two.ours, two.our_second, 3)
            outcome = await two.tries(*flat(rows.insert(table, row)))
            if isinstance(outcome, asyncpg.PostgresError):
                refused.append((table, outcome))
    assert refused == []


async def test_nothing_of_all_this_changed_a_row_of_theirs(two):
    for table, row in two.their_rows.items():
        keys = {name: row[name] for name in ("organization_id", "id", "load_id", "log_id", "history_id") if row.get(name)}
        where = " AND ".join(f'"{name}" = ${n}' for n, name in enumerate(keys, 1))
        there = [dict(found) for found in await two.admin.fetch(f"SELECT * FROM {table} WHERE {where}", *keys.values())]  # noqa: S608
        assert row in there, table


@as_application
async def test_the_list_of_tenants_shows_an_organization_itself_and_nobody_else(two):
    assert await two.tries("SELECT array_agg(id) FROM tenancy.organizations") == [two.ours]
    assert await two.tries(f"UPDATE tenancy.organizations SET name = 'taken' WHERE id = '{two.theirs}'") == "UPDATE 0"  # noqa: S608
    assert is_refused(await two.tries("SELECT count(*) FROM tenancy.users"))


async def test_functions_that_take_an_id_do_nothing_with_theirs(two):
    """Loads, imports and namespaces of the other organization, asked for by number."""
    load = two.their_rows["intake.raw_loads"]["load_id"]
    imported = two.their_rows["intake.imports"]["id"]
    assert await two.tries(f"SELECT failed_count FROM vault.f_promote_contacts(ARRAY[{load}])") == 1  # noqa: S608
    stored = await two.tries(f"SELECT intake.f_import_rows('{imported}', ARRAY['{{}}'::jsonb], ARRAY[1], ARRAY[NULL])")
    assert isinstance(stored, asyncpg.NoDataFoundError)
    report = await two.tries(f"SELECT intake.f_revert_import('{imported}', false)")
    assert (report["deleted"], report["restored"], report["loads"]) == ({}, {}, 0)
    assert await two.tries("SELECT tenancy.f_archive_namespace($1)", two.their_rows["tenancy.namespaces"]["name"]) is None
    assert await two.tries("SELECT tenancy.f_rename_namespace($1, 'mine')", two.their_rows["tenancy.namespaces"]["name"]) is False


def flat(pair: tuple[str, list[Any]]) -> list[Any]:
    return [pair[0], *pair[1]]
