"""API keys: shown once, bound to an organization and a role, worthless when revoked or expired."""

from datetime import UTC, datetime, timedelta

import pytest

from outrider import tenancy
from outrider.kit.errors import Forbidden, InvalidInput, NotFound, Unauthorized


def caller(organization: tenancy.OrganizationId, role: str = "owner") -> tenancy.Caller:
    return tenancy.Caller(organization, tenancy.Actor("user", "test"), role, tenancy.scopes_of(role, organization))


async def test_a_key_lets_its_holder_into_its_own_organization(organization):
    made = await tenancy.create_key(caller(organization), "ci")
    came = await tenancy.authenticate(made.secret)
    assert (came.organization_id, came.role, came.actor.id) == (organization, "member", str(made.key.id))
    assert came.scopes == tenancy.scopes_of("member", organization)


async def test_the_secret_is_not_in_the_database(organization, admin):
    made = await tenancy.create_key(caller(organization), "ci")
    row = await admin.fetchval("SELECT to_jsonb(k)::text FROM tenancy.api_keys AS k WHERE id = $1", made.key.id)
    assert made.secret.rpartition("_")[2] not in row


async def test_a_revoked_key_is_refused(organization):
    made = await tenancy.create_key(caller(organization), "ci")
    await tenancy.revoke_key(caller(organization), made.key.id)
    with pytest.raises(Unauthorized):
        await tenancy.authenticate(made.secret)


async def test_an_expired_key_is_refused(organization):
    made = await tenancy.create_key(caller(organization), "ci", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(Unauthorized):
        await tenancy.authenticate(made.secret)


@pytest.mark.parametrize("secret", ["", "outrider_", "outrider_xyz_abc", "outrider_" + "a" * 26 + "_abc", "Bearer", "outrider_ü_x"])
async def test_what_is_not_a_key_is_refused(pool, secret):
    with pytest.raises(Unauthorized):
        await tenancy.authenticate(secret)


async def test_another_organization_cannot_revoke_a_key(organization, other_organization):
    made = await tenancy.create_key(caller(organization), "ci")
    with pytest.raises(NotFound):
        await tenancy.revoke_key(caller(other_organization), made.key.id)
    assert (await tenancy.authenticate(made.secret)).organization_id == organization


async def test_nobody_can_make_a_key_that_may_more_than_they_may(organization):
    with pytest.raises(Forbidden):
        await tenancy.create_key(caller(organization, "member"), "up", role="owner")


async def test_unknown_roles_and_scopes_are_named(organization):
    with pytest.raises(InvalidInput, match="king"):
        await tenancy.create_key(caller(organization), "x", role="king")
    with pytest.raises(InvalidInput, match="people:fly"):
        await tenancy.create_key(caller(organization), "x", scopes=["people:fly"])
