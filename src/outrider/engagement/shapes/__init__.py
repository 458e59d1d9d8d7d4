"""What providers send, as happenings. One file for each provider's shape; every one a pure function of the body.

`read(kind, body)` is the way in. It never guesses: what it cannot use is counted in `ignored` with the reason, and the rest goes on.
"""

from .common import Shaped, Unreadable, parse
from .generic import shape_generic
from .lemlist import shape_lemlist
from .sendgrid import shape_sendgrid
from .smartlead import shape_smartlead

SHAPES = {"sendgrid": shape_sendgrid, "generic": shape_generic, "lemlist": shape_lemlist, "smartlead": shape_smartlead}
"""{kind of source: its shape}."""

__all__ = ["SHAPES", "Shaped", "Unreadable", "parse", "read"]


def read(kind: str, body: bytes) -> Shaped:
    """Return what a body of a source of this kind tells. Raises `Unreadable` for a body that is not JSON of that shape as a whole."""
    return SHAPES[kind](parse(body))
