"""What stands in the navigation, on the page of the settings and in the command palette. Slices say what they have; the shell shows
what the viewer may see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.requests import Request

from .viewer import Viewer

SECTIONS = ("Work", "Audience", "Outreach", "Sending", "Data", "Settings")
"""The sections of the sidebar, in order. The first has no heading; the last is the way to the page of the settings."""
FOLDED = frozenset({"Sending", "Data"})
"""Sections that are closed until somebody opens them, or one of their pages."""
SETTINGS = ("Organization", "You", "System")
"""The sections of the page of the settings, in order: what is there is not in the sidebar."""
FEW = 8
"""Who sees no more entries than these sees them all at once."""
COOKIE = "outrider_sections"
"""The cookie with the names of the sections that differ from what they are from the start, with dots between."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry. `icon` is a name of frontend/icons.txt; `scope` what one needs to see it (None: everybody who is signed in).

    `takes_clients`: who is bound to namespaces sees it too. `order` sorts within the section; `keywords` are other words under
    which the palette finds it. `about` is a line for the page of the settings, where it is needed.
    """

    label: str
    href: str
    icon: str
    scope: str | None
    section: str
    order: int = 100
    keywords: str = ""
    takes_clients: bool = False
    about: str = ""

    def is_for(self, viewer: Viewer) -> bool:
        """Whether somebody may see it."""
        return self.scope is None or (self.scope in viewer.may and (self.takes_clients or not viewer.is_client))

    def is_current(self, path: str) -> bool:
        """Whether a page at `path` belongs to this entry."""
        return path == self.href or (self.href != "/" and path.startswith(self.href + "/"))


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the sidebar as it is drawn.

    `current` is the entry of the page that is shown, None when that is elsewhere. `folds`: it can be opened and closed, `is_open` now,
    `starts_open` for who never touched it. `beyond` are the addresses that are one page further, on that of the settings.
    """

    name: str
    entries: tuple[NavItem, ...]
    current: NavItem | None
    folds: bool
    is_open: bool
    starts_open: bool
    beyond: tuple[str, ...]

    @property
    def has_heading(self) -> bool:
        """Whether its name stands above it."""
        return self.name not in (SECTIONS[0], SECTIONS[-1])


def address(path: str, asked: Mapping[str, str | None]) -> str:
    """Return the address of a page that is asked for something; what is empty or None is left out."""
    given = {name: value for name, value in asked.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def entries_for(viewer: Viewer, items: Iterable[NavItem]) -> list[NavItem]:
    """Return all that the viewer may see, as it stands in the sidebar and then on the page of the settings."""
    sections = (*SECTIONS, *SETTINGS)
    return sorted((item for item in items if item.is_for(viewer)), key=lambda item: (sections.index(item.section), item.order))


def settings_for(viewer: Viewer, items: Iterable[NavItem]) -> list[tuple[str, list[NavItem]]]:
    """Return (section, entries) of the page of the settings; sections without entries are left out."""
    seen = entries_for(viewer, items)
    groups = [(name, [item for item in seen if item.section == name]) for name in SETTINGS]
    return [(name, entries) for name, entries in groups if entries]


def sections_for(viewer: Viewer, items: Iterable[NavItem], request: Request) -> list[Section]:
    """Return the sidebar as the viewer left it; sections without entries are left out."""
    seen, path = entries_for(viewer, items), request.url.path
    flipped = frozenset(request.cookies.get(COOKIE, "").split("."))
    settings = [item for item in seen if item.section in SETTINGS]
    in_settings = any(item.is_current(path) for item in settings)
    shown = [item for item in seen if item.section in SECTIONS]
    made = []
    for name in SECTIONS:
        entries = tuple(item for item in shown if item.section == name)
        current = next((item for item in entries if item.is_current(path) or (in_settings and name == SECTIONS[-1])), None)
        starts_open = name not in FOLDED
        is_open = starts_open != (name in flipped) or current is not None
        beyond = tuple(item.href for item in settings) if name == SECTIONS[-1] else ()
        section = Section(name, entries, current, False, is_open, starts_open, beyond)
        made.append(replace(section, folds=section.has_heading and len(shown) > FEW))
    return [section for section in made if section.entries]
