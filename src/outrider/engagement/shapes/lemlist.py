"""Lemlist's webhooks: one activity in a body. Its campaigns are not ours: their id and name stay in the payload."""

from typing import Any

from ..types import Happening
from .common import Event, Ignored, Shaped, Unreadable, each, email, key, moment, rest, rfc_message_id, text

PLATFORM = "lemlist"
TYPES = {
    "emailsSent": "sent",
    "emailsOpened": "open",
    "emailsClicked": "click",
    "emailsReplied": "reply",
    "emailsBounced": "bounce",
    "emailsUnsubscribed": "unsubscribe",
    "linkedinSent": "linkedin_message_sent",
    "linkedinOpened": "linkedin_message_opened",
    "linkedinReplied": "linkedin_reply",
    "linkedinVisitDone": "linkedin_visit",
    "linkedinFollowDone": "linkedin_follow",
    "linkedinInviteDone": "linkedin_invite_sent",
    "linkedinInviteAccepted": "linkedin_invite_accepted",
    "linkedinInterested": "linkedin_interested",
    "linkedinNotInterested": "linkedin_not_interested",
    "aircallDone": "call_done",
    "aircallInterested": "call_interested",
    "aircallNotInterested": "call_not_interested",
    "emailsInterested": "email_interested",
    "emailsNotInterested": "email_not_interested",
}
USED = ("type", "createdAt", "leadEmail", "email", "messageId", "url", "secret")


def shape_lemlist(body: Any) -> Shaped:
    """Return what an activity tells, or several in an array. Raises `Unreadable` for anything else."""
    if not isinstance(body, dict | list):
        raise Unreadable("Lemlist sends an activity; this is none")
    return each(body if isinstance(body, list) else [body], _event)


def _event(event: Event) -> Happening:
    name = text(event, "type")
    if name is None:
        raise Ignored("it names no type")
    if name not in TYPES:
        raise Ignored(f"{name[:40]}: not something that a person did")
    return Happening(
        type=TYPES[name],
        platform=PLATFORM,
        occurred_at=moment(event, "createdAt", "date"),
        key=key(PLATFORM, name, text(event, "_id")),
        rfc_message_id=rfc_message_id(event, "messageId"),
        email=email(event, "leadEmail", "email"),
        url=text(event, "url", longest=8000),
        subject=text(event, "subject"),
        payload={**rest(event, *USED), "event": name},
    )
