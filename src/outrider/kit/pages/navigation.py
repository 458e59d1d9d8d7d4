"""What stands in the navigation and in the command palette. Slices say what they have; the shell shows what the viewer may see."""

from collections.abc import Iterable
from dataclasses import dataclass

from .viewer import Viewer

SECTIONS = ("Work", "Data", "Settings")
"""The sections of the navigation, in order."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry. `icon` is a name of frontend/icons.txt; `scope` what one needs to see it (None: everybody who is signed in).

    `order` sorts within the section; `keywords` are other words under which the palette finds it.
    """

    label: str
    href: str
    icon: str
    scope: str | None
    section: str
    order: int = 100
    keywords: str = ""

    def is_current(self, path: str) -> bool:
        """Whether a page at `path` belongs to this entry."""
        return path == self.href or (self.href != "/" and path.startswith(self.href + "/"))


def sections_for(viewer: Viewer, items: Iterable[NavItem]) -> list[tuple[str, list[NavItem]]]:
    """Return (section, entries) that the viewer may see; sections without entries are left out."""
    seen = [item for item in items if item.scope is None or item.scope in viewer.may]
    groups = [(name, sorted((i for i in seen if i.section == name), key=lambda i: i.order)) for name in SECTIONS]
    return [(name, entries) for name, entries in groups if entries]
