"""What providers send, as their documents show it, and how they sign it."""

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from outrider.engagement.signatures import GENERIC_SIGNATURE, GENERIC_TIMESTAMP, SENDGRID_SIGNATURE, SENDGRID_TIMESTAMP, sign

AT = 1763625600
"""2025-11-20T08:00:00Z"""
SENDGRID: list[dict[str, Any]] = [
    {"email": "ana@example.org", "timestamp": AT, "smtp-id": "<m1@sender.example>", "event": "processed", "sg_event_id": "e1",
     "sg_message_id": "s1"},
    {"email": "ana@example.org", "timestamp": AT + 1, "smtp-id": "<m1@sender.example>", "event": "deferred", "sg_event_id": "e2",
     "response": "400 try again later", "attempt": "5"},
    {"email": "ana@example.org", "timestamp": AT + 2, "smtp-id": "<m1@sender.example>", "event": "delivered", "sg_event_id": "e3",
     "response": "250 OK"},
    {"email": "ana@example.org", "timestamp": AT + 3, "smtp-id": "<m1@sender.example>", "event": "open", "sg_event_id": "e4",
     "useragent": "Mozilla/5.0 (Macintosh)", "ip": "192.0.2.7", "sg_machine_open": False},
    {"email": "ana@example.org", "timestamp": AT + 4, "smtp-id": "<m1@sender.example>", "event": "click", "sg_event_id": "e5",
     "useragent": "Mozilla/5.0 (Macintosh)", "ip": "192.0.2.7", "url": "https://example.org/a"},
    {"email": "ana@example.org", "timestamp": AT + 5, "smtp-id": "<m1@sender.example>", "event": "bounce", "sg_event_id": "e6",
     "reason": "500 unknown recipient", "status": "5.0.0", "type": "bounce"},
    {"email": "ana@example.org", "timestamp": AT + 6, "smtp-id": "<m1@sender.example>", "event": "dropped", "sg_event_id": "e7",
     "reason": "Bounced Address", "status": "5.0.0"},
    {"email": "ana@example.org", "timestamp": AT + 7, "smtp-id": "<m1@sender.example>", "event": "spamreport", "sg_event_id": "e8"},
    {"email": "ana@example.org", "timestamp": AT + 8, "smtp-id": "<m1@sender.example>", "event": "unsubscribe", "sg_event_id": "e9"},
    {"email": "ana@example.org", "timestamp": AT + 9, "smtp-id": "<m1@sender.example>", "event": "group_unsubscribe", "sg_event_id": "e10",
     "asm_group_id": 10},
    {"email": "ana@example.org", "timestamp": AT + 10, "smtp-id": "<m1@sender.example>", "event": "group_resubscribe", "sg_event_id": "e11",
     "asm_group_id": 10},
]  # fmt: skip
LEMLIST: dict[str, Any] = {
    "_id": "act_1", "type": "emailsReplied", "createdAt": "2025-11-20T08:00:00.000Z", "leadEmail": "Ana@Example.org", "leadId": "lea_1",
    "campaignId": "cam_1", "campaignName": "Autumn", "sequenceStep": 0, "messageId": "<m1@sender.example>", "secret": "a-shared-secret",
}  # fmt: skip
SMARTLEAD: dict[str, Any] = {
    "webhook_id": 100, "event_type": "EMAIL_LINK_CLICK", "event_timestamp": "2025-11-20T08:00:00.618881+00:00", "stats_id": "st1",
    "from_email": "me@sender.example", "to_email": "ana@example.org", "campaign_id": 111, "campaign_name": "Autumn", "sequence_number": 1,
    "link_details": ["https://example.org/a"], "sent_message": {"message_id": "<m1@sender.example>", "html": "<p>Hello</p>"},
    "secret_key": "a-shared-secret",
}  # fmt: skip
GENERIC: dict[str, Any] = {
    "events": [
        {"id": "1", "type": "trial_started", "platform": "product", "occurred_at": "2025-11-20T08:00:00Z", "email": "ana@example.org",
         "payload": {"plan": "team"}},
    ]
}  # fmt: skip


class SendGridKey:
    """A key pair as SendGrid makes one."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(public).decode()

    def headers(self, body: bytes, at: float | None = None) -> dict[str, str]:
        """The headers that sign a body."""
        timestamp = str(int(at if at is not None else time.time()))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
        return {SENDGRID_SIGNATURE: base64.b64encode(signature).decode(), SENDGRID_TIMESTAMP: timestamp}


def signed(secret: str, body: bytes, at: float | None = None) -> dict[str, str]:
    """The headers that sign a body in our own way."""
    timestamp = str(int(at if at is not None else time.time()))
    return {GENERIC_SIGNATURE: sign(secret, timestamp, body), GENERIC_TIMESTAMP: timestamp}


def as_json(value: Any) -> bytes:
    """A body."""
    return json.dumps(value).encode()
