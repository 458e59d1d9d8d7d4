"""What a route needs, written on the dependency that asks for it, so that `outrider.permissions_reference` can read it
off the routes."""

from collections.abc import Callable
from typing import Any, TypeVar

Dependency = TypeVar("Dependency", bound=Callable[..., Any])
_NAME = "outrider_needs"


def needing(scope: str | None, dependency: Dependency) -> Dependency:
    """Return the dependency, which says from now on that it asks for `scope`; None: for any key or anybody signed in."""
    setattr(dependency, _NAME, frozenset() if scope is None else frozenset({scope}))
    return dependency


def needs_of(dependency: Any) -> frozenset[str] | None:
    """Return the scopes that a dependency asks for; None when it does not ask who comes."""
    found: frozenset[str] | None = getattr(dependency, _NAME, None)
    return found
