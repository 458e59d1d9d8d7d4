"""Plain paragraphs and the HTML that they stand for: a body may be typed as either. Pure.

Text without a tag is text: a blank line begins a paragraph, a line break stays one. What is HTML stays as it is.
"""

import re
from html import escape, unescape

TAG = re.compile(r"<(?:[a-zA-Z!][^<>]*|/[a-zA-Z][^<>]*)>")
VARIABLE = re.compile(r"(\{\{[^{}]*\}\})")
PLAIN = re.compile(r"(?:<p>(?:[^<]|<br>)*</p>\s*)+")


def to_html(typed: str) -> str:
    """Return what was typed as HTML; `{{ variables }}` stay as they are."""
    typed = typed.replace("\r\n", "\n")
    if TAG.search(VARIABLE.sub("", typed)):
        return typed
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", typed) if part.strip()]
    return "\n".join(f"<p>{_escaped(part).replace(chr(10), '<br>')}</p>" for part in paragraphs)


def to_typed(html: str) -> str:
    """Return a body as it is edited: as plain paragraphs where it says no more than these, else as HTML."""
    if not PLAIN.fullmatch(html):
        return html
    plain = "\n\n".join(unescape(part.replace("<br>", "\n")) for part in re.findall(r"<p>(.*?)</p>", html, re.DOTALL))
    return plain if to_html(plain) == html else html


def _escaped(text: str) -> str:
    return "".join(part if VARIABLE.fullmatch(part) else escape(part, quote=False) for part in VARIABLE.split(text))
