"""Writes docs/permissions.md from the routes themselves: `python -m outrider.permissions_reference`.

A test holds the file against the routes, and the routes against what they answer to each role.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from outrider import web
from outrider.settings import Settings
from outrider.tenancy import DEFAULT_ORGANIZATION, ROLES, SCOPES, OrganizationId, scopes_of
from outrider.tenancy.needs import Needs, needs_of

TARGET = Path(__file__).parent.parent.parent / "docs" / "permissions.md"
ANY_OTHER = OrganizationId(UUID(int=0))
HEAD = """# Who may do what

*Written by `python -m outrider.permissions_reference` from the routes themselves; do not edit. A test asks every route as every role
and compares.*

A person has a role in each organization they are in; an API key has one too, and at most the scopes of its role. A route asks for one
scope. What is found out about a person or a key holds for one request: who is removed, revoked or has another role is so from the next
one on. How to give access: [users.md](users.md).

Beyond the scopes:

- Only owners add, change or remove owners, reset their passwords and revoke their keys; the last owner stays one.
- Nobody gives a role or a scope that they do not have themselves, and no key lasts longer than the key that made it.
- A client sees the profiles and the campaigns of the namespaces of their membership, or of their key, and no other one; lists,
  segments and templates are the organization's own.
- What belongs to another organization is not there: 404.
- A password can be reset, and a name changed, only by the organization that somebody is in; who is in several does it themselves.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One method of one path. `scopes` are those it asks for; None: it does not ask who comes. `takes_clients`: it keeps to namespaces."""

    method: str
    path: str
    scopes: frozenset[str] | None
    takes_clients: bool = True

    @property
    def is_page(self) -> bool:
        """Whether people see it, after a sign-in; programs send a key to the others."""
        return not self.path.startswith("/api/")

    def lets_in(self, role: str, organization: OrganizationId = ANY_OTHER) -> bool:
        """Whether somebody with the role is let in."""
        if role == "client" and not self.takes_clients:
            return False
        return self.scopes is None or self.scopes <= scopes_of(role, organization)


def rules(app: FastAPI) -> list[Rule]:
    """Return a rule for every method of every route, by path."""
    found = []
    for route in iter_route_contexts(app.routes):
        dependant: Dependant | None = getattr(route, "dependant", None)
        asked = list(_needs(dependant)) if dependant else []
        scopes = frozenset().union(*(one.scopes for one in asked)) if asked else None
        takes_clients = all(one.takes_clients for one in asked)
        found += [
            Rule(method, route.path or "", scopes, takes_clients) for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"})
        ]
    return sorted(found, key=lambda rule: (rule.is_page, rule.path, rule.method))


def _needs(dependant: Dependant) -> Iterator[Needs]:
    for part in dependant.dependencies:
        needs = needs_of(part.call)
        if needs is not None:
            yield needs
        yield from _needs(part)


def page(found: Iterable[Rule]) -> str:
    """Return the whole page."""
    found = list(found)
    asking = [rule for rule in found if rule.scopes is not None]
    open_to_all = [rule for rule in found if rule.scopes is None]
    return "\n".join(
        [
            HEAD,
            "## Roles\n\n| Role | What it may do |\n|---|---|",
            *(f"| {role} | {words} |" for role, words in ROLES.items()),
            f"\n## Scopes\n\n{_columns('Scope', 'Lets')}",
            *(f"| `{scope}` | {words} |{_marks(Rule('', '', frozenset({scope})))}" for scope, words in SCOPES.items()),
            "\n¹ In the default organization, which is the operator's, and in no other.",
            f"\n## Pages\n\n{_columns('Page', 'Scope')}",
            *(_row(rule) for rule in asking if rule.is_page),
            f"\n## HTTP API\n\n{_columns('Route', 'Scope')}",
            *(_row(rule) for rule in asking if not rule.is_page),
            "\n## Open to anybody\n",
            *(f"- `{rule.method} {rule.path}`" for rule in open_to_all),
            "",
        ]
    )


def _columns(*first: str) -> str:
    names = [*first, *ROLES]
    return f"| {' | '.join(names)} |\n|{'---|' * len(names)}"


def _row(rule: Rule) -> str:
    needs = ", ".join(f"`{scope}`" for scope in sorted(rule.scopes or ())) or ("signed in" if rule.is_page else "any key")
    return f"| `{rule.method} {rule.path}` | {needs} |{_marks(rule)}"


def _marks(rule: Rule) -> str:
    marks = ("yes" if rule.lets_in(role) else "yes¹" if rule.lets_in(role, DEFAULT_ORGANIZATION) else "–" for role in ROLES)
    return "".join(f" {mark} |" for mark in marks)


def main() -> None:
    """Write the page."""
    TARGET.write_text(page(rules(web.create_app(Settings(), manage_pool=False))))
    print(f"Wrote {TARGET}")


if __name__ == "__main__":
    main()
