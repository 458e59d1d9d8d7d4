"""HTML as mail programs take it, with its styles inlined, and as plain text. Pure."""

import re

import css_inline
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

from .nesting import check_html

_AS_TEXT = ParserConfig(css=CSS_PROFILES["strict"], display_links=True)
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)
_LINK = re.compile(r"\[([^\[\]]{0,500})\]\(([a-z]{3,8}:[^()\s]{1,2000})\)")


def inlined(html: str) -> str:
    """Return HTML with the rules of its style sheet in its elements. Raises `InvalidInput` for what is nested too deep."""
    check_html(html)
    return _INLINER.inline_fragment(html, "") if "<style" not in html.lower() else _INLINER.inline(html)


def to_text(html: str) -> str:
    """Return HTML as plain text, each link's address behind its words. Raises `InvalidInput` for what is nested too deep."""
    check_html(html)
    return written_out(marked_up(html))


def marked_up(html: str) -> str:
    """Return the words of HTML, its links as [words](address)."""
    return get_text(html, _AS_TEXT)


def written_out(text: str) -> str:
    """Return such words with each link's address behind it, and no blank line around them."""
    return _LINK.sub(_written_out, text).strip() + "\n"


def _written_out(link: re.Match[str]) -> str:
    words, address = link[1].strip(), link[2]
    return address if words in ("", address) else f"{words} ({address})"
