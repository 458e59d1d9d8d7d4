"""Simple texts worked out once for everybody: HTML with its styles inlined, and plain text, with marks where each person's values go.

A simple text is made of elements in which a word more or less changes nothing around it, and holds values only between its tags. Filling
it gives exactly what working out the filled text would; anything else, a table for one, is not prepared but worked out each time. Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from .plain import inlined, marked_up, written_out

FIRST, LAST = "\ue000", "\ue001"
"""What stands around a value's number: of Unicode's private area, so that it is a word like any other."""
LONGEST = 50_000
LONGEST_VALUE = 500
_MARK = re.compile(f"{FIRST}([0-9]+){LAST}")
_TAG = re.compile(r"<(?:/?([a-z][a-z0-9]*)((?:[^\"<>]|\"[^\"]*\")*)>)?")
_SIMPLE = re.compile(r"a|b|blockquote|br|center|div|em|font|h[1-6r]|i|img|li|ol|p|s|small|span|strong|u|ul")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text without its values."""

    html: str
    text: str

    def filled(self, values: Sequence[str]) -> tuple[str, str]:
        """Return HTML and plain text with the values, which are `is_simple`, in place of their marks."""
        safe = [value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for value in values]
        html = _MARK.sub(lambda mark: safe[int(mark[1])], self.html)
        return html, written_out(_MARK.sub(lambda mark: values[int(mark[1])], self.text))


def mark(number: int) -> str:
    """Return what stands for a value."""
    return f"{FIRST}{number}{LAST}"


def is_simple(value: str) -> bool:
    """Whether a value is words with single spaces between them, so that it is shown as it stands."""
    return 0 < len(value) <= LONGEST_VALUE and value.isprintable() and value == " ".join(value.split()) and FIRST not in value


@lru_cache(maxsize=256)
def prepared(marked: str) -> Prepared | None:
    """Return HTML with marks, prepared; None when it is not simple. Raises `InvalidInput` for what is nested too deep."""
    if len(marked) > LONGEST:
        return None
    html = inlined(marked)
    for tag in _TAG.finditer(html):
        if not _SIMPLE.fullmatch(tag[1] or "") or FIRST in tag[2] or "white-space" in tag[2]:
            return None
    return Prepared(html, marked_up(html))
