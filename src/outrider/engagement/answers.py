"""What a reply says of the message that it answers: the address it came to, the Message-IDs it names, its subject. Pure.

Which message that is, the database finds (`engagement.f_answered`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_string
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any
from uuid import UUID

from .types import Happening

MOST_IDS = 50
"""How many Message-IDs of a thread are looked for; the nearest ones."""
LONGEST_SUBJECT, LONGEST_HEADER = 998, 20_000
ADDRESSES = ("to", "delivered-to", "x-original-to", "envelope-to")
_ID = re.compile(r"<[^<>\s]{3,996}>|(?<![<\S])[^<>\s,;]+@[^<>\s,;]+(?![>\S])")
_TOKEN = re.compile(r"(?<![0-9a-f])([0-9a-f]{32})(?![0-9a-f])[^\s@<>,;]{0,32}@")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of the message that a reply answers.

    `reply_token` is the id of the one whose reply address it came to; `message_ids` are Message-IDs, the nearest first.
    """

    reply_token: UUID | None
    message_ids: list[str]
    subject: str | None


def what_is_answered(reply: Happening) -> Answer:
    """Return what a reply says by its own fields, else by the headers in its payload."""
    said = {name.lower(): value for name, value in headers_of(reply.payload.get("headers")).items()}
    addresses = " ".join([reply.to or "", *(said.get(name, "") for name in ADDRESSES)]).lower()
    token = _TOKEN.search(addresses)
    thread = _ids(reply.in_reply_to or said.get("in-reply-to")) + _ids(reply.references or said.get("references"))[::-1]
    ids = [*thread, *_ids(reply.rfc_message_id)]
    payload = reply.payload.get("subject")
    subject = reply.subject or said.get("subject") or (payload if isinstance(payload, str) else None)
    return Answer(UUID(token[1]) if token else None, list(dict.fromkeys(ids))[:MOST_IDS], _decoded(subject)[:LONGEST_SUBJECT] or None)


def headers_of(value: Any) -> dict[str, str]:
    """Return headers by name, as they come: an object, the lines of a message, or a list of `{"name", "value"}` or pairs; else none."""
    match value:
        case Mapping():
            pairs = list(value.items())
        case str():
            pairs = list(message_from_string(value).items())
        case list():
            pairs = [pair for one in value if (pair := _pair(one))]
        case _:
            return {}
    return {str(name): " ".join(map(str, text)) if isinstance(text, list) else str(text) for name, text in pairs}


def _pair(one: Any) -> tuple[Any, Any] | None:
    match one:
        case {"name": name, "value": value} | {"Name": name, "Value": value} | {"key": name, "value": value} | [name, value]:
            return name, value
        case _:
            return None


def _ids(text: str | None) -> list[str]:
    """Return the Message-IDs in a header's text, in angle brackets, in their order."""
    return [f"<{found.strip('<>')}>" for found in _ID.findall((text or "")[-LONGEST_HEADER:])]


def _decoded(subject: str | None) -> str:
    """Return a subject without encoded words; one that cannot be read, as it is."""
    try:
        return str(make_header(decode_header(subject or "")))
    except (HeaderParseError, LookupError, ValueError):
        return subject or ""
