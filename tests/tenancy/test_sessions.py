"""Sessions: who comes with one, when it ends, and that it opens nobody else's organization."""

from datetime import timedelta
from uuid import uuid4

import pytest

from outrider import tenancy
from outrider.kit.errors import NotFound
from outrider.tenancy import sessions
from tests.api.fixtures import new_user
from tests.conftest import new_organization

HERE = sessions.Client("Firefox", sessions.client_address("203.0.113.7"))


@pytest.fixture
async def user(organization):
    return await new_user(organization, "member")


async def count(admin, user):
    return await admin.fetchval("SELECT count(*) FROM tenancy.sessions WHERE user_id = $1", user)


async def add_to(organization, admin, user):
    """Let a user who is in another organization into this one too."""
    email = await admin.fetchval("SELECT email FROM tenancy.users WHERE id = $1", user)
    assert await new_user(organization, "viewer", email) == user


async def test_a_session_says_who_comes_and_what_they_may_do_now(organization, user, admin):
    secret = await sessions.open_session(organization, user, HERE)
    visit = await sessions.find_visit(secret)
    assert (visit.visitor.user_id, visit.visitor.caller.role, visit.lacks) == (user, "member", None)
    assert visit.visitor.caller.actor == tenancy.Actor("user", str(user))
    assert visit.visitor.may("people:write")
    await admin.execute("UPDATE tenancy.memberships SET role = 'viewer' WHERE user_id = $1", user)
    visit = await sessions.find_visit(secret)
    assert visit.visitor.caller.role == "viewer"
    assert not visit.visitor.may("people:write")


async def test_a_client_sees_only_the_namespaces_of_the_membership(organization, admin):
    user = await new_user(organization, "client")
    await admin.execute("UPDATE tenancy.memberships SET namespaces = '{acme}' WHERE user_id = $1", user)
    visit = await sessions.find_visit(await sessions.open_session(organization, user, HERE))
    assert visit.visitor.caller.namespaces == {"acme"}


async def test_only_the_hash_of_the_secret_is_stored(organization, user, admin):
    secret = await sessions.open_session(organization, user, HERE)
    row = await admin.fetchrow("SELECT * FROM tenancy.sessions WHERE user_id = $1", user)
    assert secret.partition(".")[2] not in str(dict(row))
    assert (row["user_agent"], str(row["address"])) == ("Firefox", "203.0.113.7")


async def test_a_secret_with_another_organizations_name_opens_nothing(organization, other_organization, user):
    secret = await sessions.open_session(organization, user, HERE)
    assert await sessions.find_visit(secret.replace(organization.hex, other_organization.hex)) is None


@pytest.mark.parametrize(
    "secret",
    ["", ".", "x" * 76, "0" * 32, "0" * 32 + ".", "0" * 32 + "." + "A" * 43, "g" * 32 + "." + "A" * 43, "é" * 32 + "." + "A" * 43,
     "0" * 32 + "." + "A" * 44, "A" * 10_000],
)  # fmt: skip
async def test_what_is_no_secret_opens_nothing(secret, pool):
    assert await sessions.find_visit(secret) is None


async def test_who_is_removed_is_out_at_once_and_stays_out_when_they_come_back(organization, user, admin):
    secret = await sessions.open_session(organization, user, HERE)
    await admin.execute("DELETE FROM tenancy.memberships WHERE user_id = $1", user)
    assert await sessions.find_visit(secret) is None
    await add_to(organization, admin, user)
    assert await sessions.find_visit(secret) is None


async def test_nobody_opens_a_session_where_they_are_no_member(organization, other_organization, user):
    with pytest.raises(NotFound):
        await sessions.open_session(other_organization, user, HERE)
    with pytest.raises(NotFound):
        await sessions.open_session(organization, uuid4(), HERE)


@pytest.mark.parametrize(
    "change",
    ["expires_at = now() - interval '1 second'", "last_seen_at = now() - interval '14 days 1 minute'"],
)
async def test_a_session_ends_with_time_and_disuse(organization, user, admin, change):
    secret = await sessions.open_session(organization, user, HERE)
    await admin.execute(f"UPDATE tenancy.sessions SET {change} WHERE user_id = $1", user)  # noqa: S608
    assert await sessions.find_visit(secret) is None
    assert await sessions.list_sessions(tenancy.Caller(organization, tenancy.Actor("user", str(user)), "member", frozenset()), user) == []


async def test_use_keeps_a_session_alive(organization, user, admin):
    secret = await sessions.open_session(organization, user, HERE)
    await admin.execute("UPDATE tenancy.sessions SET last_seen_at = now() - interval '13 days' WHERE user_id = $1", user)
    assert await sessions.find_visit(secret)
    age = await admin.fetchval("SELECT now() - last_seen_at FROM tenancy.sessions WHERE user_id = $1", user)
    assert age < timedelta(minutes=1)


async def test_sessions_that_are_over_leave_with_the_next_one(organization, user, admin):
    await sessions.open_session(organization, user, HERE)
    await admin.execute("UPDATE tenancy.sessions SET expires_at = now() - interval '1 day' WHERE user_id = $1", user)
    await sessions.open_session(organization, user, HERE)
    assert await count(admin, user) == 1


async def test_signing_out_everywhere_ends_the_sessions_of_all_organizations_but_the_one_kept(
    organization, other_organization, user, admin
):
    await add_to(other_organization, admin, user)
    kept = await sessions.find_visit(await sessions.open_session(organization, user, HERE))
    for place in (organization, other_organization, other_organization):
        await sessions.open_session(place, user, HERE)
    bystander = await sessions.open_session(organization, await new_user(organization), HERE)
    assert await sessions.end_all_sessions(kept.visitor.caller, user, keep=kept.visitor.session_id) == 3
    assert await count(admin, user) == 1
    assert await sessions.end_all_sessions(kept.visitor.caller, user) == 1
    assert await sessions.find_visit(bystander)


async def test_a_member_ends_one_of_their_own_and_of_nobody_else(organization, user):
    mine = (await sessions.find_visit(await sessions.open_session(organization, user, HERE))).visitor
    other = (await sessions.find_visit(await sessions.open_session(organization, await new_user(organization), HERE))).visitor
    with pytest.raises(NotFound):
        await sessions.end_session(mine.caller, mine.user_id, other.session_id)
    assert [each.id for each in await sessions.list_sessions(mine.caller, user)] == [mine.session_id]
    await sessions.end_session(mine.caller, mine.user_id, mine.session_id)
    assert await sessions.list_sessions(mine.caller, user) == []


async def test_a_visitor_knows_the_organizations_they_are_in_and_no_others(organization, other_organization, user, admin):
    await new_organization()
    await add_to(other_organization, admin, user)
    visitor = (await sessions.find_visit(await sessions.open_session(organization, user, HERE))).visitor
    assert {id for id, _ in visitor.organizations} == {organization, other_organization}
    await admin.execute("DELETE FROM tenancy.memberships WHERE user_id = $1 AND organization_id = $2", user, other_organization)
    visitor = (await sessions.find_visit(await sessions.open_session(organization, user, HERE))).visitor
    assert visitor.organizations == ((organization, visitor.organization_name),)


async def test_a_session_without_the_code_lacks_it_once_there_is_a_second_factor(organization, user, admin):
    early = await sessions.open_session(organization, user, HERE)
    await admin.execute("INSERT INTO tenancy.second_factors (user_id, secret) VALUES ($1, 'x')", user)
    assert (await sessions.find_visit(early)).lacks is None
    await admin.execute("UPDATE tenancy.second_factors SET confirmed_at = now() WHERE user_id = $1", user)
    assert (await sessions.find_visit(early)).lacks == "code"
    late = await sessions.find_visit(await sessions.open_session(organization, user, HERE, second_factor=True))
    assert (late.lacks, late.visitor.second_factor) == (None, True)


async def test_where_a_second_factor_is_required_a_session_lacks_it(organization, user, tenant):
    await tenant.execute("UPDATE tenancy.organizations SET settings = '{\"require_second_factor\": true}' WHERE id = $1", organization)
    await tenant.execute("COMMIT; BEGIN")
    visit = await sessions.find_visit(await sessions.open_session(organization, user, HERE))
    assert visit.lacks == "set-up"
