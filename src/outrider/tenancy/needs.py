"""What a route needs, written on the dependency that asks for it, so that `outrider.permissions_reference` can read it
off the routes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Dependency = TypeVar("Dependency", bound=Callable[..., Any])
_NAME = "outrider_needs"


@dataclass(frozen=True, slots=True)
class Needs:
    """The scopes that a dependency asks for, none: anybody who is known; and whether it lets in who is bound to namespaces."""

    scopes: frozenset[str]
    takes_clients: bool


def needing(scope: str | None, dependency: Dependency, *, takes_clients: bool = True) -> Dependency:
    """Return the dependency, which says from now on that it asks for `scope`; None: for any key or anybody signed in."""
    setattr(dependency, _NAME, Needs(frozenset() if scope is None else frozenset({scope}), takes_clients))
    return dependency


def needs_of(dependency: Any) -> Needs | None:
    """Return what a dependency asks for; None when it does not ask who comes."""
    found: Needs | None = getattr(dependency, _NAME, None)
    return found
