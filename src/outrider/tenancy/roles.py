"""What each role may do, in one place, for API keys and for people who sign in alike."""

from collections.abc import Iterable

from .types import DEFAULT_ORGANIZATION, OrganizationId

ROLES: dict[str, str] = {
    "owner": "everything",
    "admin": "everything, except that owners and their keys are out of reach",
    "member": "works with people, imports, namespaces, campaigns, mailboxes and jobs",
    "viewer": "reads what members work with",
    "client": "reads the profiles and campaigns of their own namespaces and nothing else",
}
"""{role: what it may do}, from the one that may most to the one that may least."""

SCOPES: dict[str, str] = {
    "people:read": "see people, companies and contacts",
    "people:write": "change, merge and tag people and companies",
    "imports:read": "see imports, raw loads and the audit log",
    "imports:write": "import files and rows, promote, revert",
    "namespaces:read": "see namespaces and where campaigns go",
    "namespaces:write": "make, change and archive namespaces",
    "profiles:read": "see the profiles of namespaces",
    "campaigns:read": "see lists, segments, templates and campaigns",
    "campaigns:write": "make and run campaigns",
    "mailboxes:read": "see mailboxes, suppressions and the send ledger",
    "mailboxes:write": "change mailboxes and suppressions, decide about messages",
    "jobs:read": "see jobs and events",
    "jobs:write": "start, retry and cancel jobs",
    "keys:read": "see API keys, never their secrets",
    "keys:write": "make and revoke API keys",
    "users:read": "see who may sign in",
    "users:write": "add, change and remove users",
    "organization:write": "change the organization's settings",
    "database:read": "see how the database does, for every organization on it",
}
"""{scope: what it lets do}."""

_ADMINISTRATION = frozenset({"keys:read", "keys:write", "users:read", "users:write", "organization:write", "database:read"})
_MEMBER = frozenset(SCOPES) - _ADMINISTRATION


def scopes_of(role: str, organization: OrganizationId) -> frozenset[str]:
    """Return what a role may do in an organization.

    `database:read` shows the server that all organizations share, so it is there in the operator's, the default one,
    only.
    """
    if role in ("owner", "admin"):
        return frozenset(SCOPES) if organization == DEFAULT_ORGANIZATION else frozenset(SCOPES) - {"database:read"}
    if role == "member":
        return _MEMBER
    if role == "viewer":
        return frozenset(scope for scope in _MEMBER if scope.endswith(":read"))
    return frozenset({"profiles:read", "campaigns:read"}) if role == "client" else frozenset()


def namespaces_of(role: str, namespaces: Iterable[str]) -> frozenset[str] | None:
    """Return the names of the namespaces that a holder of the role is bound to; None: all there are. Only a client is
    bound."""
    return frozenset(namespaces) if role == "client" else None


def outranks(role: str, other: str) -> bool:
    """Return whether a role stands above another one."""
    names = list(ROLES)
    return names.index(role) < names.index(other)
