"""Organizations, users, API keys, roles: and the one way to a tenant's connection.

Others use what is listed here. Nothing outside this slice sets `app.organization_id`.
"""

from typing import TYPE_CHECKING, Any

from .actors import actor_in_words, actor_names
from .keys import authenticate, create_key, list_keys, page_of_keys, revoke_key
from .members import add_member, list_members, page_of_members, reset_password
from .organizations import all_organizations, change_organization, create_organization, current_organization, find_organization
from .roles import ROLES, SCOPES, scopes_of
from .sessions import Visitor
from .time_zones import check_time_zone
from .transaction import schema_of, transaction
from .types import DEFAULT_ORGANIZATION, Actor, ApiKey, Caller, Member, NewKey, NewMember, OrganizationId

if TYPE_CHECKING:
    from .http import network_of_request, require
    from .visitors import still_visiting, visiting


def __getattr__(name: str) -> Any:
    """Load what brings FastAPI when it is first asked for: the command line has no use for it."""
    if name in ("network_of_request", "require"):
        from . import http

        return getattr(http, name)
    if name in ("still_visiting", "visiting"):
        from . import visitors

        return getattr(visitors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "DEFAULT_ORGANIZATION",
    "ROLES",
    "SCOPES",
    "Actor",
    "ApiKey",
    "Caller",
    "Member",
    "NewKey",
    "NewMember",
    "OrganizationId",
    "Visitor",
    "actor_in_words",
    "actor_names",
    "add_member",
    "all_organizations",
    "authenticate",
    "change_organization",
    "check_time_zone",
    "create_key",
    "create_organization",
    "current_organization",
    "find_organization",
    "list_keys",
    "list_members",
    "network_of_request",
    "page_of_keys",
    "page_of_members",
    "require",
    "reset_password",
    "revoke_key",
    "schema_of",
    "scopes_of",
    "still_visiting",
    "transaction",
    "visiting",
]
