"""Templates into messages: the same text for the same person and step, however often it is asked for. No input or output of any kind."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import css_inline
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

from outrider.kit.errors import InvalidInput

from .nesting import LONGEST, check_html
from .syntax import Choice, Nodes, Text, Variable, parse

_AS_TEXT = ParserConfig(css=CSS_PROFILES["strict"], display_links=True)
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)
_LINK = re.compile(r"\[([^\[\]]{0,500})\]\(([a-z]{3,8}:[^()\s]{1,2000})\)")
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
    html = _inlined(_fill(_parsed(body), variables, f"{seed}/body", as_html=True))
    return Rendered(line, html, to_text(html))


def render_text(template: str, variables: Mapping[str, str], *, seed: str) -> str:
    """Return a plain text, such as the instructions of a task. Raises as `render_message` does."""
    return _fill(_parsed(template), variables, seed, as_html=False)


def to_text(html: str) -> str:
    """Return HTML as plain text, each link's address behind its words. Raises `InvalidInput` for what is nested too deep."""
    check_html(html)
    return _LINK.sub(_written_out, get_text(html, _AS_TEXT)).strip() + "\n"


def _written_out(link: re.Match[str]) -> str:
    words, address = link[1].strip(), link[2]
    return address if words in ("", address) else f"{words} ({address})"


def _fill(nodes: Nodes, variables: Mapping[str, str], seed: str, *, as_html: bool) -> str:
    """Put values in first, in every option, so that a missing one is missing whichever option is drawn; then choose."""
    filled = "".join(_filled(nodes, variables, seed, as_html))
    if len(filled) > LONGEST:
        raise InvalidInput(f"the message would have {len(filled):,} characters; at most {LONGEST:,} are sent", field="body")
    return filled


def _filled(nodes: Nodes, variables: Mapping[str, str], seed: str, as_html: bool) -> list[str]:
    parts: list[str] = []
    room = LONGEST
    for node in nodes:
        if room < 0:
            raise InvalidInput(f"the message would be longer than the {LONGEST:,} characters that are sent", field="body")
        if isinstance(node, Text):
            parts.append(node.value)
        elif isinstance(node, Variable):
            value = _value(node, variables)
            parts.append(escape(value) if as_html else value)
        else:
            options = ["".join(_filled(option, variables, seed, as_html)) for option in node.options]
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


def _inlined(html: str) -> str:
    check_html(html)
    return _INLINER.inline_fragment(html, "") if "<style" not in html.lower() else _INLINER.inline(html)
