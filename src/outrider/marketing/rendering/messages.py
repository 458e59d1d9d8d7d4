"""Templates into messages: the same text for the same person and step, however often it is asked for. No input or output of any kind."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from outrider.kit.errors import InvalidInput

from .nesting import LONGEST
from .plain import inlined, to_text
from .prepared import FIRST, is_simple, mark, prepared
from .syntax import Choice, Nodes, Text, Variable, parse

_parsed = lru_cache(maxsize=1024)(parse)


class MissingVariable(Exception):  # noqa: N818  (not a fault: the message waits for a person)
    """A variable has no value for this person, and nothing stands in for it. `name` is the variable."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no value, and the text names nothing that stands in for it")
        self.name = name


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it would be sent: subject, HTML with its styles inlined, and the plain text made of that."""

    subject: str
    html: str
    text: str


def render_message(subject: str, body: str, variables: Mapping[str, str], *, seed: str) -> Rendered:
    """Return the message for one person. `variables` are values by name; blank ones count as missing. `seed` draws the spintax.

    Raises `MissingVariable`, and `InvalidInput` for a template that cannot be read.
    """
    line = " ".join(_fill(_parsed(subject), variables, f"{seed}/subject", as_html=False).split())
    return Rendered(line, *_body(body, variables, f"{seed}/body"))


def render_text(template: str, variables: Mapping[str, str], *, seed: str) -> str:
    """Return a plain text, such as the instructions of a task. Raises as `render_message` does."""
    return _fill(_parsed(template), variables, seed, as_html=False)


def _body(body: str, variables: Mapping[str, str], seed: str) -> tuple[str, str]:
    """Return HTML and plain text: of the text as prepared where it can be, else worked out for this person."""
    nodes = _parsed(body)
    if FIRST not in body:
        marks: dict[Variable, str] = {}
        marked = "".join(_filled(nodes, lambda variable: marks.setdefault(variable, mark(len(marks))), seed))
        values = [_value(variable, variables) for variable in marks]
        if all(map(is_simple, values)) and (ready := prepared(marked)):
            html, text = ready.filled(values)
            if len(html) <= LONGEST:
                return html, text
    html = inlined(_fill(nodes, variables, seed, as_html=True))
    return html, to_text(html)


def _fill(nodes: Nodes, variables: Mapping[str, str], seed: str, *, as_html: bool) -> str:
    """Put values in first, in every option, so that a missing one is missing whichever option is drawn; then choose."""

    def value(variable: Variable) -> str:
        found = _value(variable, variables)
        return escape(found) if as_html else found

    filled = "".join(_filled(nodes, value, seed))
    if len(filled) > LONGEST:
        raise InvalidInput(f"the message would have {len(filled):,} characters; at most {LONGEST:,} are sent", field="body")
    return filled


def _filled(nodes: Nodes, value: Callable[[Variable], str], seed: str) -> list[str]:
    parts: list[str] = []
    room = LONGEST
    for node in nodes:
        if room < 0:
            raise InvalidInput(f"the message would be longer than the {LONGEST:,} characters that are sent", field="body")
        if isinstance(node, Text):
            parts.append(node.value)
        elif isinstance(node, Variable):
            parts.append(value(node))
        else:
            options = ["".join(_filled(option, value, seed)) for option in node.options]
            parts.append(options[_draw(seed, node, len(options))])
        room -= len(parts[-1])
    return parts


def _value(variable: Variable, variables: Mapping[str, str]) -> str:
    for name in variable.names:
        value = variables.get(name, "").strip()
        if value:
            return value
    if variable.fallback is None:
        raise MissingVariable(variable.names[0])
    return variable.fallback


def _draw(seed: str, choice: Choice, count: int) -> int:
    digest = hashlib.sha256(f"{seed}/{choice.number}".encode()).digest()
    return int.from_bytes(digest[:8]) % count
