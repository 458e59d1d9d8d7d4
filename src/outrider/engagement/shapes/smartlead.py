"""Smartlead's webhooks: one event in a body. Takes the names of its fields of today and those that it says it will drop.

Its campaigns are not ours: their id and name stay in the payload. The texts of messages do not: they belong to the inbox.
"""

from typing import Any

from ..types import Happening
from .common import Event, Ignored, Shaped, Unreadable, each, email, key, moment, part, rest, rfc_message_id, text

PLATFORM = "smartlead"
TYPES = {
    "EMAIL_SENT": "sent",
    "EMAIL_OPEN": "open",
    "EMAIL_OPENED": "open",
    "EMAIL_LINK_CLICK": "click",
    "EMAIL_CLICKED": "click",
    "EMAIL_REPLY": "reply",
    "EMAIL_REPLIED": "reply",
    "EMAIL_BOUNCE": "bounce",
    "EMAIL_BOUNCED": "bounce",
    "LEAD_UNSUBSCRIBED": "unsubscribe",
    "EMAIL_UNSUBSCRIBED": "unsubscribe",
}
NOTHING = {"FIRST_EMAIL_SENT": "FIRST_EMAIL_SENT: EMAIL_SENT says the same"}
TIMES = {
    "sent": "time_sent",
    "open": "time_opened",
    "click": "time_clicked",
    "reply": "time_replied",
}
TEXTS = ("sent_message", "reply_message", "bounce_message", "sent_message_body", "custom_email_message", "reply_body", "preview_text",
         "bounce_reply_email", "bounce_reply_email_preview", "reply", "email", "lead", "history", "secret_key")  # fmt: skip


def shape_smartlead(body: Any) -> Shaped:
    """Return what an event tells, or several in an array. Raises `Unreadable` for anything else."""
    if not isinstance(body, dict | list):
        raise Unreadable("Smartlead sends an event; this is none")
    return each(body if isinstance(body, list) else [body], _event)


def _event(event: Event) -> Happening:
    name = text(event, "event_type", "event")
    if name is None:
        raise Ignored("it names no event_type")
    if name in NOTHING:
        raise Ignored(NOTHING[name])
    if name not in TYPES:
        raise Ignored(f"{name[:40]}: not something that a person did with a message")
    kind = TYPES[name]
    sent = part(event, "sent_message")
    return Happening(
        type=kind,
        platform=PLATFORM,
        occurred_at=moment(event, "event_timestamp", TIMES.get(kind, "time_sent"), "timestamp", "created_at"),
        key=_key(event, kind),
        rfc_message_id=rfc_message_id(sent, "message_id") or rfc_message_id(part(event, "email"), "message_id"),
        email=email(event, "sl_lead_email", "lead_email", "to_email") or email(part(event, "lead"), "email"),
        url=_link(event) if kind == "click" else None,
        subject=_subject(event) if kind == "reply" else None,
        payload={**rest(event, *TEXTS), "event": name},
    )


def _subject(event: Event) -> str | None:
    return text(part(event, "reply"), "subject") or text(event, "subject") or text(part(event, "email"), "subject")


def _key(event: Event, kind: str) -> str | None:
    """Return the key of an event that has an id of its own. Opens and clicks of a message share its `stats_id`: they have none."""
    reply = part(event, "reply_message")
    return key(PLATFORM, kind, text(reply, "message_id")) if kind == "reply" else None


def _link(event: Event) -> str | None:
    """Return what was clicked: Smartlead sends a text, an array, or an object."""
    for value in (event.get("link_details"), event.get("link_clicked"), event.get("link")):
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, dict):
            first = text(first, "url", "link")
        if isinstance(first, str) and first.strip():
            return first.strip()[:8000]
    return None
