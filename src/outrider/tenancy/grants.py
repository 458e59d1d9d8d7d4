"""What may be given to a user or a key: a role there is, and to a client namespaces there are."""

from collections.abc import Sequence

import asyncpg

from outrider.kit.errors import InvalidInput

from .roles import ROLES
from .store import queries
from .types import OrganizationId


def check_role(role: str) -> None:
    """Raise `InvalidInput` for what is no role."""
    if role not in ROLES:
        raise InvalidInput(f"role is {role!r}; it must be one of {', '.join(ROLES)}", field="role")


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
