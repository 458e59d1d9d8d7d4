"""JSON as a person reads it: labels and values instead of braces. Pure."""

from dataclasses import dataclass, field
from typing import Any

DEEPEST = 4
MOST = 300
"""How many lines are shown of one value."""


@dataclass(frozen=True, slots=True)
class Line:
    """A label with its value, or with `lines` of its own; `href` where the value is an address of the web."""

    label: str
    value: str = ""
    href: str | None = None
    lines: list["Line"] = field(default_factory=list)


def readable(value: Any) -> list[Line]:
    """Return an object's lines, empties left out; [] for nothing. What is no object is one line without a label."""
    left = [MOST]
    if isinstance(value, dict):
        return _lines(value, 0, left)
    return [] if _is_empty(value) else [_line("", value, 0, left)]


def label_of(key: str) -> str:
    """Return 'Employee count' for employee_count and employeeCount."""
    spaced = "".join(f" {letter}" if letter.isupper() and at and key[at - 1].islower() else letter for at, letter in enumerate(key))
    words = spaced.replace("_", " ").replace("-", " ").split()
    return " ".join(word if word.isupper() else word.lower() if at else word[:1].upper() + word[1:] for at, word in enumerate(words)) or key


def web_address(text: str) -> str | None:
    """Return the address that a text is, so that it can be a link; None for any other text."""
    if text.startswith(("https://", "http://")) and not any(letter.isspace() for letter in text):
        return text
    return f"https://{text}" if text.startswith(("linkedin.com/", "www.")) and " " not in text else None


def _lines(value: dict[str, Any], depth: int, left: list[int]) -> list[Line]:
    found = []
    for key, each in value.items():
        if _is_empty(each):
            continue
        if left[0] <= 0:
            break
        left[0] -= 1
        found.append(_line(label_of(str(key)), each, depth, left))
    return found


def _line(label: str, value: Any, depth: int, left: list[int]) -> Line:
    if isinstance(value, dict) and depth < DEEPEST:
        return Line(label, lines=_lines(value, depth + 1, left))
    if isinstance(value, list):
        if all(not isinstance(each, (dict, list)) for each in value):
            return Line(label, ", ".join(_text(each) for each in value if not _is_empty(each)))
        if depth < DEEPEST:
            return Line(label, lines=_lines({str(at): each for at, each in enumerate(value, 1)}, depth + 1, left))
    text = _text(value)
    return Line(label, text, web_address(text))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
