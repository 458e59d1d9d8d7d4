"""Who looks at a page, and what the shell round every page needs to know of them. Knows no domain: `tenancy` fills it in."""

from dataclasses import dataclass

from starlette.types import Scope

from outrider.kit.http.state import state

KEY = "pages.viewer"


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person in front of the page.

    `place` is the name of the organization they are in, `place_id` its id as text, `places` (id, name) of all they may switch to.
    `may` are the scopes they have, `is_client` whether they use them within some namespaces only.
    `csrf` is the token that their forms send back. `time_zone` is the IANA zone that times are shown in.
    """

    name: str
    email: str
    place: str
    place_id: str
    places: tuple[tuple[str, str], ...]
    role: str
    may: frozenset[str]
    csrf: str
    time_zone: str
    is_client: bool


def set_viewer(scope: Scope, viewer: Viewer) -> None:
    """Remember who looks, for whatever this request is answered with."""
    state(scope)[KEY] = viewer


def viewer_of(scope: Scope) -> Viewer | None:
    """Return who looks, None for somebody who has not signed in."""
    found: Viewer | None = state(scope).get(KEY)
    return found
