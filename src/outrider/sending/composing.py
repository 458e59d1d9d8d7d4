"""Messages as bytes: multipart/alternative on a head prepared once for each mailbox. Pure; EmailMessage would take 1 ms each."""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from html import escape

from .links import Links, before_end

PLAIN_LENGTH = 76
REPLY_MARK = "{token}"
"""Where it stands in a mailbox's reply address, a message puts its id, by which its replies are known (BEHAVIOUR 8)."""
PART = b'\r\nContent-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is put together: texts for one person, and what they go to."""

    subject: str
    html: str
    text: str
    recipient: str
    message_id: str
    in_reply_to: str | None
    references: Sequence[str]
    date: datetime


@dataclass(frozen=True, slots=True)
class Composed:
    """A message as it goes out: `head` with the blank line after it, `body`, and the texts that are kept in the ledger."""

    head: bytes
    body: bytes
    subject: str
    html: str
    text: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a message comes from, and what is printed under it. In `reply_to`, `{token}` stands for the message's own mark."""

    email: str
    name: str
    reply_to: str | None
    physical_address: str

    def head(self, token: str) -> list[tuple[str, str]]:
        """Return the lines that say who it comes from and where replies go."""
        lines = [("From", f"{_phrase(self.name)} <{self.email}>" if self.name else self.email)]
        return [*lines, ("Reply-To", self.reply_to.replace(REPLY_MARK, token))] if self.reply_to else lines


def compose(draft: Draft, sender: Sender, links: Links, *, tracks_opens: bool, tracks_clicks: bool) -> Composed:
    """Return the message with its footer (physical address, unsubscribe link), List-Unsubscribe as RFC 8058 wants it, and tracking."""
    html, text = _with_footer(draft.html, draft.text, sender.physical_address, links.unsubscribe)
    if tracks_clicks:
        html = links.rewritten(html)
    if tracks_opens:
        html = links.with_pixel(html)
    boundary = f"=_{draft.message_id.strip('<>').partition('@')[0]}"
    headers = [
        *sender.head(links.message_id.hex),
        ("To", draft.recipient),
        ("Subject", _text(draft.subject)),
        ("Date", format_datetime(draft.date)),
        ("Message-ID", draft.message_id),
        *([("In-Reply-To", draft.in_reply_to)] if draft.in_reply_to else []),
        *([("References", "\r\n ".join(draft.references))] if draft.references else []),
        ("List-Unsubscribe", f"<{links.unsubscribe}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii", "replace")
    mark = boundary.encode()
    body = b"".join(
        (b"--", mark, PART % b"plain", _quoted(text), b"\r\n--", mark, PART % b"html", _quoted(html), b"\r\n--", mark, b"--\r\n")
    )  # fmt: skip
    return Composed(head, body, draft.subject, html, text, dict(headers))


def dot_stuffed(message: bytes) -> bytes:
    """Return a message as it follows DATA: no line is taken for its end, and the end is there."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    return (b"." + stuffed if stuffed.startswith(b".") else stuffed) + b".\r\n"


def _with_footer(html: str, text: str, address: str, unsubscribe: str) -> tuple[str, str]:
    lines = [line.strip() for line in address.splitlines() if line.strip()]
    shown = ", ".join(lines)
    link = "" if unsubscribe in html or escape(unsubscribe) in html else f'<br><a href="{escape(unsubscribe)}">Unsubscribe</a>'
    footer = f'<p style="color:#888;font-size:12px;margin-top:32px">{escape(shown)}{link}</p>'
    ending = "" if unsubscribe in text else f"\nUnsubscribe: {unsubscribe}"
    return before_end(html, footer), f"{text.rstrip()}\n\n-- \n{shown}{ending}\n"


def _quoted(text: str) -> bytes:
    unix = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    return binascii.b2a_qp(unix, istext=True).replace(b"\n", b"\r\n")


def _text(value: str) -> str:
    """Return a header's text: as it is when it is short and ASCII, else in encoded words. Line ends become spaces."""
    flat = " ".join(value.split())
    if flat.isascii() and flat.isprintable() and len(flat) <= PLAIN_LENGTH:
        return flat
    return Header(flat, "ascii" if flat.isascii() else "utf-8", maxlinelen=PLAIN_LENGTH, header_name="Subject").encode(linesep="\r\n")


def _phrase(name: str) -> str:
    if name.isascii():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return Header(name, "utf-8").encode(linesep="\r\n")
