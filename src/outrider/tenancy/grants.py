"""Who may give what: nobody more than they have, only owners touch owners, and a client is bound to namespaces there
are."""

from collections.abc import Sequence

import asyncpg

from outrider.kit.errors import Forbidden, InvalidInput

from .roles import ROLES, outranks, scopes_of
from .store import queries
from .types import Caller, OrganizationId


def check_role(role: str) -> None:
    """Raise `InvalidInput` for what is no role."""
    if role not in ROLES:
        raise InvalidInput(f"role is {role!r}; it must be one of {', '.join(ROLES)}", field="role")


def check_grant(caller: Caller, role: str, scopes: frozenset[str]) -> None:
    """Check that a caller has what they are about to give. Raises `Forbidden`, naming what they lack."""
    if outranks(role, caller.role):
        raise Forbidden(f"you may not give the role {role}: yours is {caller.role}", field="role")
    if excess := scopes - caller.scopes:
        raise Forbidden(f"you may not give {sorted(excess)}: you do not have it yourself", field="scopes")


def check_reach(caller: Caller, role: str, what: str) -> None:
    """Check that a caller may touch `what`, which has a role. Raises `Forbidden`."""
    if outranks(role, caller.role):
        raise Forbidden(f"{what} has the role {role}, and yours is {caller.role}: ask somebody with that role")
    if not scopes_of(role, caller.organization_id) <= caller.scopes:
        raise Forbidden(f"{what} may do more than you may here: ask somebody who may as much")


async def check_namespaces(connection: asyncpg.Connection, organization: OrganizationId, role: str, namespaces: Sequence[str]) -> None:
    """Check that a client gets at least one namespace that exists, and nobody else any; the namespaces cannot be renamed
    or archived until the transaction ends. Raises `InvalidInput`."""
    if role != "client":
        if namespaces:
            raise InvalidInput(f"only a client is bound to namespaces, and the role is {role}: leave them out", field="namespaces")
        return
    if not namespaces:
        raise InvalidInput("a client needs at least one namespace: name those whose profiles they may see", field="namespaces")
    wanted = set(namespaces)
    known = {row["name"] async for row in queries.hold_namespaces(connection, organization_id=organization, names=sorted(wanted))}
    if unknown := sorted(wanted - known):
        raise InvalidInput(f"namespaces names {unknown}, which this organization does not have", field="namespaces")


def grantable_roles(caller: Caller) -> list[str]:
    """Return the roles that a caller may give, the one that may most first."""
    return [role for role in ROLES if not outranks(role, caller.role) and scopes_of(role, caller.organization_id) <= caller.scopes]
