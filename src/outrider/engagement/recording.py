"""Events written down, each once, and what follows from them. The one way into engagement.events."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import InvalidInput
from outrider.sending import keyed
from outrider.tenancy import OrganizationId

from .answers import headers_of, what_is_answered
from .store import events as queries
from .types import Happening, Recorded

TYPE = re.compile(r"[a-z][a-z0-9_.]{0,99}")
LONGEST = {"platform": 100, "key": 280, "email": 254, "url": 8_000, "user_agent": 1_000, "rfc_message_id": 998}
"""The most characters of each text; a user agent is cut, the others are refused."""
MOST = 10_000
OF_REPLIES = ("to", "in_reply_to", "references", "subject")
"""What says which message a reply answers; kept as what was found."""


async def record(connection: asyncpg.Connection, organization: OrganizationId, happenings: Sequence[Happening]) -> list[Recorded]:
    """Write events down, at most 10,000 at once, and return what became of each, in their order.

    One that is there already changes nothing. New ones set off what they set off: a reply stops its sequence; a bounce, a complaint and
    an unsubscribe suppress the address; counters and intents follow. Raises `InvalidInput` naming the field; then none is kept.
    """
    if len(happenings) > MOST:
        raise InvalidInput(f"{len(happenings):,} events at once; at most {MOST:,}", field="events")
    documents = [_document(one) for one in happenings]
    await keyed(connection)
    rows = queries.record(connection, events=documents)
    return [Recorded(row["event_key"], row["event_id"], row["is_new"]) async for row in rows]


def _document(happening: Happening) -> dict[str, Any]:
    """Return an event as the database takes it. Raises `InvalidInput`."""
    if not TYPE.fullmatch(happening.type):
        raise InvalidInput(f"type is {happening.type!r}; it must be like open, linkedin_reply or trial.started", field="type")
    if happening.occurred_at.tzinfo is None:
        raise InvalidInput("occurred_at must say its time zone", field="occurred_at")
    for name, most in LONGEST.items():
        if name != "user_agent" and len(getattr(happening, name) or "") > most:
            raise InvalidInput(f"{name} has more than {most} characters", field=name)
    if not happening.platform.strip():
        raise InvalidInput("platform is empty; say where the event comes from, such as sendgrid", field="platform")
    document = {name: value for name, value in asdict(happening).items() if value is not None and name not in OF_REPLIES}
    if happening.address is not None:
        document["address"] = _address(happening.address)
    if happening.user_agent is not None:
        document["user_agent"] = happening.user_agent[: LONGEST["user_agent"]]
    if happening.type == "reply":
        document |= asdict(what_is_answered(happening))
        document["payload"] = _readable(happening)
    return {name: _plain(value) for name, value in document.items()}


def _readable(reply: Happening) -> dict[str, Any]:
    """Return a reply's payload with its subject, and with headers as an object of texts, however they came."""
    payload = dict(reply.payload)
    if "headers" in payload:
        payload["headers"] = headers_of(payload["headers"]) or payload["headers"]
    return payload if reply.subject is None else {"subject": reply.subject, **payload}


def _address(text: str) -> str:
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError as error:
        raise InvalidInput(f"address is {text!r}; it must be an IP address", field="address") from error


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, without the NUL characters that PostgreSQL does not take."""
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case str():
            return value.replace("\0", "")
        case dict():
            return {_plain(key): _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
