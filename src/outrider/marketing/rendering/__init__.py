"""Templates and what becomes of them for one person. Pure: reads and writes nothing, and a template can reach nothing but its variables."""

from .messages import MissingVariable, Rendered, render_message, render_text
from .outline import Piece, outline
from .plain import to_text
from .syntax import name_of, parse, variables_in, without_fallback

__all__ = [
    "MissingVariable",
    "Piece",
    "Rendered",
    "name_of",
    "outline",
    "parse",
    "render_message",
    "render_text",
    "to_text",
    "variables_in",
    "without_fallback",
]
