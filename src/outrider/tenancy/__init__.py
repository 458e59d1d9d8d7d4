"""Organizations, users, API keys, roles: and the one way to a tenant's connection.

Others use what is listed here. Nothing outside this slice sets `app.organization_id`.
"""

from .service import (
    add_member,
    all_organizations,
    authenticate,
    create_key,
    create_organization,
    current_organization,
    find_organization,
    list_keys,
    list_members,
    reset_password,
    revoke_key,
)
from .transaction import schema_of, transaction
from .types import DEFAULT_ORGANIZATION, ROLES, SCOPES, Actor, ApiKey, Caller, Member, NewKey, OrganizationId, scopes_of

__all__ = [
    "DEFAULT_ORGANIZATION",
    "ROLES",
    "SCOPES",
    "Actor",
    "ApiKey",
    "Caller",
    "Member",
    "NewKey",
    "OrganizationId",
    "add_member",
    "all_organizations",
    "authenticate",
    "create_key",
    "create_organization",
    "current_organization",
    "find_organization",
    "list_keys",
    "list_members",
    "reset_password",
    "revoke_key",
    "schema_of",
    "scopes_of",
    "transaction",
]
