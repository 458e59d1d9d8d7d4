"""Our own shape, for whatever has none that we know: `{"events": [{"id", "type", "occurred_at", …}]}`, or one event alone."""

import re
from typing import Any

from ..types import OWN_PLATFORM, Happening
from .common import Event, Ignored, Shaped, Unreadable, address, each, email, identifier, key, listed, moment, part, rfc_message_id, text

NAME = re.compile(r"[a-z][a-z0-9_.]{0,99}")
PLATFORM_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,49}")


def shape_generic(body: Any) -> Shaped:
    """Return what the events tell. Raises `Unreadable` for anything but an event, an array of them, or an object with `events`."""
    events = body.get("events", [body]) if isinstance(body, dict) else body
    if not isinstance(events, list):
        raise Unreadable('send {"events": [...]}, an array of events, or one event')
    return each(events, _event)


def _event(event: Event) -> Happening:
    kind = text(event, "type")
    if kind is None or not NAME.fullmatch(kind):
        raise Ignored("type is not a name such as reply or trial_started")
    platform = text(event, "platform") or "generic"
    if not PLATFORM_NAME.fullmatch(platform) or platform == OWN_PLATFORM:
        raise Ignored("platform is not a name such as linkedin")
    said = dict(part(event, "payload"))
    headers = event.get("headers")
    return Happening(
        type=kind,
        platform=platform,
        occurred_at=moment(event, "occurred_at", "timestamp"),
        key=key(platform, kind, text(event, "id")),
        message_id=identifier(event, "message_id"),
        rfc_message_id=rfc_message_id(event, "rfc_message_id", "message_id"),
        campaign_id=identifier(event, "campaign_id"),
        enrollment_id=identifier(event, "enrollment_id"),
        person_id=identifier(event, "person_id"),
        email=email(event, "email", "from"),
        url=text(event, "url", longest=8000),
        address=address(event, "ip", "address"),
        user_agent=text(event, "user_agent"),
        to=listed(event, "to"),
        in_reply_to=listed(event, "in_reply_to"),
        references=listed(event, "references"),
        subject=text(event, "subject"),
        payload={"headers": headers, **said} if headers else said,
    )
