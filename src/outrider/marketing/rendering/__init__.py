"""Templates and what becomes of them for one person. Pure: reads and writes nothing, and a template can reach nothing but its variables."""

from .messages import MissingVariable, Rendered, render_message, render_text
from .plain import to_text
from .syntax import gist, name_of, parse, variables_in, without_fallback

__all__ = [
    "MissingVariable",
    "Rendered",
    "gist",
    "name_of",
    "parse",
    "render_message",
    "render_text",
    "to_text",
    "variables_in",
    "without_fallback",
]
