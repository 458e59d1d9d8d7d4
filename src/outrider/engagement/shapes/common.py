"""What the shapes share: JSON of strangers into values that can be used, and a count of what could not. Pure."""

import hashlib
import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from ..types import Happening

Event = Mapping[str, Any]
LONGEST_TEXT, LONGEST_URL, LONGEST_LIST, LONGEST_KEY = 1_000, 8_000, 20_000, 200
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
"""How far a provider's clock may be ahead of ours."""
DEEPEST = 50
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")
_NAMED = re.compile(r"<([^<>\s]+@[^<>\s]+)>")


class Unreadable(ValueError):  # noqa: N818
    """A body that is not of its source's shape; says why, in a sentence for people that names no person."""


class Ignored(Exception):  # noqa: N818  (not an error: the word for why an event is left out)
    """One event that is left out, with the reason."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """What a body tells, and how many of its events were left out for which reason."""

    happenings: list[Happening]
    ignored: dict[str, int]


def parse(body: bytes) -> Any:
    """Return the body's JSON. Raises `Unreadable` when it is none. NUL characters, which PostgreSQL cannot hold, are dropped."""
    try:
        return orjson.loads(re.sub(rb"(?<!\\)((?:\\\\)*)\\u0000", rb"\1", body))
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"the body is no JSON: {error}") from error


def each(events: Iterable[Any], shape: Callable[[Event], Happening]) -> Shaped:
    """Return the happenings of several events; one that cannot be used is counted, and keeps no other one back."""
    happenings: list[Happening] = []
    ignored: Counter[str] = Counter()
    for event in events:
        try:
            if not isinstance(event, dict):
                raise Ignored("not an object")
            if is_deep(event):
                raise Ignored(f"nested deeper than {DEEPEST}")
            happenings.append(shape(event))
        except Ignored as reason:
            ignored[str(reason)] += 1
    return Shaped(happenings, dict(ignored))


def is_deep(value: Any, left: int = DEEPEST) -> bool:
    """Whether objects and lists lie in each other more than `DEEPEST` times."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left < 0 or any(is_deep(one, left - 1) for one in inside)


def text(event: Event, *names: str, longest: int = LONGEST_TEXT) -> str | None:
    """Return the first of these that is a text or a number, cut to `longest` characters; None when there is none."""
    for name in names:
        value = event.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:longest]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return None


def listed(event: Event, name: str) -> str | None:
    """Return a text, or the texts of a list with spaces between them; None when there is none."""
    value = event.get(name)
    texts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else [value] if isinstance(value, str) else []
    return " ".join(texts).strip()[:LONGEST_LIST] or None


def part(event: Event, name: str) -> Event:
    """Return an object inside an event; an empty one when there is none."""
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def email(event: Event, *names: str) -> str | None:
    """Return the first of these that is an address, in lower case; None when there is none. `Ana <ana@example.org>` is ana@example.org."""
    for name in names:
        value = event.get(name)
        if isinstance(value, str):
            inside = _NAMED.search(value)
            address = (inside.group(1) if inside else value).strip().lower()
            if len(address) <= 254 and _ADDRESS.fullmatch(address):
                return address
    return None


def identifier(event: Event, *names: str) -> UUID | None:
    """Return the first of these that is a UUID; None when there is none."""
    for name in names:
        value = event.get(name)
        if isinstance(value, str):
            try:
                return UUID(value.strip())
            except ValueError:
                continue
    return None


def rfc_message_id(event: Event, *names: str) -> str | None:
    """Return the first of these that can be a Message-ID, in angle brackets; None when there is none."""
    value = text(event, *names)
    if value is None or "@" not in value or len(value) > 990 or re.search(r"\s", value):
        return None
    return f"<{value.strip('<>')}>"


def address(event: Event, *names: str) -> str | None:
    """Return the first of these that is an IP address; None when there is none."""
    for name in names:
        value = event.get(name)
        if isinstance(value, str):
            try:
                return str(ipaddress.ip_address(value.strip()))
            except ValueError:
                continue
    return None


def moment(event: Event, *names: str) -> datetime:
    """Return the first of these that is a time: seconds or milliseconds since 1970, or ISO 8601, where no zone means UTC.

    Raises `Ignored` when there is none, or one that cannot be true: before 2000, or more than a day ahead of now.
    """
    for name in names:
        value = event.get(name)
        if value is None or value == "" or isinstance(value, bool):
            continue
        at = _moment(value)
        if at is None:
            raise Ignored(f"{name} is no time")
        if not EARLIEST <= at <= datetime.now(UTC) + AHEAD:
            raise Ignored(f"{name} is no time that can be true")
        return at
    raise Ignored("it says no time")


def _moment(value: Any) -> datetime | None:
    try:
        if isinstance(value, str) and not re.fullmatch(r"\d{9,13}(\.\d+)?", value.strip()):
            at = datetime.fromisoformat(value.strip())
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        seconds = float(value)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def key(*parts: str | None) -> str | None:
    """Return an event key of a provider's own id and what it belongs to, hashed when it is long; None when the provider gave none."""
    if any(not one for one in parts):
        return None
    made = ":".join(str(one) for one in parts)
    return made if len(made) <= LONGEST_KEY else f"{parts[0]}:{hashlib.sha256(made.encode()).hexdigest()}"


def rest(event: Event, *used: str) -> dict[str, Any]:
    """Return what the event says besides, as it goes into the payload."""
    return {str(name): value for name, value in event.items() if name not in used and value not in (None, "", [], {})}
