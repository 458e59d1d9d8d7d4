"""What every page shares: the shell, the components, assets, forms, toasts, streams, error pages (docs/pages.md).

Knows no domain and no route but its own assets and the theme. Not imported by the command line.
"""

from .answers import MAX_FIELDS, form, is_htmx, redirect, stream, toast
from .filters import duration, number, plural, sentence, size
from .flash import is_local_path
from .lines import Line, readable, web_address
from .navigation import NavItem, address, entries_for, settings_for
from .previews import preview
from .problems import problem_page
from .rendering import fragment, page, render, render_block, showing_mail
from .routes import router
from .viewer import Viewer, set_viewer, viewer_of

__all__ = [
    "MAX_FIELDS",
    "Line",
    "NavItem",
    "Viewer",
    "address",
    "duration",
    "entries_for",
    "form",
    "fragment",
    "is_htmx",
    "is_local_path",
    "number",
    "page",
    "plural",
    "preview",
    "problem_page",
    "readable",
    "redirect",
    "render",
    "render_block",
    "router",
    "sentence",
    "set_viewer",
    "settings_for",
    "showing_mail",
    "size",
    "stream",
    "toast",
    "viewer_of",
    "web_address",
]
