"""SendGrid's event webhook: an array of events (BEHAVIOUR 8). Messages are found by a custom argument of ours, or by their Message-ID."""

from typing import Any

from ..types import Happening
from .common import Event, Ignored, Shaped, Unreadable, address, each, email, identifier, key, moment, rest, rfc_message_id, text

PLATFORM = "sendgrid"
TYPES = {
    "delivered": "delivered",
    "open": "open",
    "click": "click",
    "bounce": "bounce",
    "dropped": "bounce",
    "deferred": "deferred",
    "spamreport": "spam_report",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "unsubscribe",
}
NOTHING = {
    "processed": "processed: SendGrid only says that it has the message",
    "group_resubscribe": "group_resubscribe: who unsubscribed here stays so until you lift it",
    "account_status_change": "account_status_change: about your account, not about a message",
}
USED = ("email", "timestamp", "smtp-id", "event", "url", "ip", "useragent", "outrider_message_id")


def shape_sendgrid(body: Any) -> Shaped:
    """Return what an array of events tells. Raises `Unreadable` for anything but an array."""
    if not isinstance(body, list):
        raise Unreadable("SendGrid sends an array of events; this is none")
    return each(body, _event)


def _event(event: Event) -> Happening:
    name = text(event, "event")
    if name in NOTHING:
        raise Ignored(NOTHING[name])
    if name not in TYPES:
        raise Ignored(f"unknown event {name[:40]}" if name else "it names no event")
    kind = TYPES[name]
    said = rest(event, *USED)
    return Happening(
        type=kind,
        platform=PLATFORM,
        occurred_at=moment(event, "timestamp"),
        key=key(PLATFORM, name, text(event, "sg_event_id")),
        message_id=identifier(event, "outrider_message_id", "message_id"),
        rfc_message_id=rfc_message_id(event, "smtp-id"),
        email=email(event, "email"),
        url=text(event, "url", longest=8000),
        address=address(event, "ip") if kind in ("open", "click", "unsubscribe", "spam_report") else None,
        user_agent=text(event, "useragent"),
        payload=said if kind == name else {**said, "event": name},
    )
