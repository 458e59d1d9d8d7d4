"""What the pages of tenancy show alike: changes in words, what a form with a role holds, a secret that is shown once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData

from outrider.kit.errors import OutriderError
from outrider.tenancy import actors, changes
from outrider.tenancy.grants import grantable_roles
from outrider.tenancy.roles import ROLES
from outrider.tenancy.sessions import Visitor
from outrider.tenancy.store import queries
from outrider.tenancy.types import Change

LATEST = 20
VERBS = {
    ("user", "added"): "added",
    ("user", "changed"): "changed",
    ("user", "removed"): "removed",
    ("user", "password_reset"): "gave a new password to",
    ("key", "added"): "made the key",
    ("key", "changed"): "changed the key",
    ("key", "revoked"): "revoked the key",
    ("organization", "changed"): "changed the settings of",
}
ICONS = {"added": "plus", "changed": "pencil", "removed": "trash-2", "revoked": "ban", "password_reset": "lock"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A change as a line of a timeline; `href` leads to what was changed, None where it is gone."""

    change: Change
    who: str
    verb: str
    words: str
    icon: str
    href: str | None


def entries(found: Iterable[Change]) -> list[Entry]:
    """Return the lines of a timeline."""
    return [
        Entry(
            change,
            change.changed_by_name or actors.actor_in_words(change.changed_by),
            VERBS.get((change.subject, change.action), change.action),
            changes.in_words(change),
            ICONS[change.action],
            None if change.subject == "organization" or change.action == "removed" else f"/settings/{change.subject}s/{change.subject_id}",
        )
        for change in found
    ]


async def latest(visitor: Visitor, subject: str, subject_id: UUID | None = None) -> list[Entry]:
    """Return the lines of a page's own timeline, newest first; empty for who may not see users."""
    if not visitor.may("users:read"):
        return []
    return entries((await changes.page_of_changes(visitor.caller, subject=subject, subject_id=subject_id, limit=LATEST)).items)


async def choices(visitor: Visitor) -> dict[str, Any]:
    """Return what a form with a role offers: (role, label, what it may do) of those that the visitor may give, and the
    names of the namespaces."""
    async with visitor.transaction(readonly=True) as connection:
        names = [row["name"] async for row in queries.namespace_names(connection, organization_id=visitor.organization_id)]
    roles = [(role, role.capitalize(), sentence(ROLES[role])) for role in grantable_roles(visitor.caller)]
    return {"roles": roles, "all_namespaces": names}


def typed_namespaces(form: FormData) -> list[str]:
    """Return the namespaces that were ticked, none unless the role is client: the page hides them for other roles."""
    return [str(name) for name in form.getlist("namespaces")] if form.get("role") == "client" else []


def errors_of(error: OutriderError | None, *fields: str) -> dict[str, str]:
    """Return what a form says: beside the field at fault if it is one of these, else under `form` for the form as a
    whole."""
    return {error.field if error.field in fields else "form": sentence(error.message)} if error else {}


def sentence(words: str) -> str:
    """Return the words with a capital letter first."""
    return words[:1].upper() + words[1:]
