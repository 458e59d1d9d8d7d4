"""What stands in the navigation and in the command palette. Slices say what they have; the shell shows what the viewer may see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from .viewer import Viewer

SECTIONS = ("Work", "Outreach", "Data", "Settings")
"""The sections of the navigation, in order."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry. `icon` is a name of frontend/icons.txt; `scope` what one needs to see it (None: everybody who is signed in).

    `takes_clients`: who is bound to namespaces sees it too. `order` sorts within the section; `keywords` are other words under
    which the palette finds it.
    """

    label: str
    href: str
    icon: str
    scope: str | None
    section: str
    order: int = 100
    keywords: str = ""
    takes_clients: bool = False

    def is_for(self, viewer: Viewer) -> bool:
        """Whether somebody may see it."""
        return self.scope is None or (self.scope in viewer.may and (self.takes_clients or not viewer.is_client))

    def is_current(self, path: str) -> bool:
        """Whether a page at `path` belongs to this entry."""
        return path == self.href or (self.href != "/" and path.startswith(self.href + "/"))


def address(path: str, asked: Mapping[str, str | None]) -> str:
    """Return the address of a page that is asked for something; what is empty or None is left out."""
    given = {name: value for name, value in asked.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def sections_for(viewer: Viewer, items: Iterable[NavItem]) -> list[tuple[str, list[NavItem]]]:
    """Return (section, entries) that the viewer may see; sections without entries are left out."""
    seen = [item for item in items if item.is_for(viewer)]
    groups = [(name, sorted((i for i in seen if i.section == name), key=lambda i: i.order)) for name in SECTIONS]
    return [(name, entries) for name, entries in groups if entries]
