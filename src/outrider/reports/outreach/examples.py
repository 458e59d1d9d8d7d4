"""Examples for the API's document."""

from typing import Any

CAMPAIGN_ID, VARIANT_ID, MAILBOX_ID, MESSAGE_ID, PERSON_ID, CONVERSION_ID = (f"0193a512-7c14-7e0c-9b1d-2f6f5a1f3e{n}1" for n in range(1, 7))
FIGURES: dict[str, Any] = {
    "sent": 1200,
    "delivered": 1181,
    "opened": 402,
    "clicked": 61,
    "replied": 38,
    "bounced": 19,
    "unsubscribed": 7,
    "complained": 1,
    "machine_opened": 212,
    "machine_clicked": 40,
    "tried": 1203,
}
PART: dict[str, Any] = {"key": MAILBOX_ID, "label": "ana@acme.example", "figures": FIGURES}
DAY: dict[str, Any] = {"day": "2026-11-20", "figures": FIGURES}
VARIANT: dict[str, Any] = {
    "id": VARIANT_ID,
    "step": 1,
    "label": "B",
    "subject": "A question about {{ company }}",
    "figures": FIGURES,
    "low": 0.023,
    "high": 0.043,
}
VERDICT: dict[str, Any] = {
    "step": 1,
    "text": "B is answered more often than A (4.1% against 1.9%), unlikely by chance.",
    "chance": 0.012,
    "is_sure": True,
}
REPORT: dict[str, Any] = {
    "campaign_id": CAMPAIGN_ID,
    "name": "Q4 ACME push",
    "state": "sending",
    "started_at": "2026-11-10T08:00:00Z",
    "tracks_opens": True,
    "tracks_clicks": True,
    "time_zone": "Europe/Madrid",
    "enrolled": 800,
    "in_doubt": 0,
    "total": FIGURES,
    "days": [DAY],
    "steps": [{**PART, "key": "1", "label": "1"}],
    "variants": [VARIANT],
    "verdicts": [VERDICT],
    "mailboxes": [PART],
    "domains": [{**PART, "key": "acme.example", "label": "acme.example"}],
    "hours": [{**PART, "key": "9", "label": "09:00"}],
}
ROW: dict[str, Any] = {
    "id": MESSAGE_ID,
    "person_id": PERSON_ID,
    "name": "Ana López",
    "recipient": "ana.lopez@acme.example",
    "at": "2026-11-20T09:12:00Z",
    "message_id": MESSAGE_ID,
    "step": 1,
    "variant": "A",
    "mailbox": "ana@sender.example",
    "sent_at": "2026-11-20T08:00:00Z",
}
FEEDBACK: dict[str, Any] = {
    "day": "2026-11-20",
    "metrics": {
        "sent": 120,
        "replied": 4,
        "so_far": {"sent": 1200, "replied": 38},
        "variants": [{"step": 1, "label": "A", "sent": 600, "replied": 12}],
    },
    "insights": ["Step 1: variant B is answered more often than A (4.1% against 1.9%), unlikely by chance."],
    "created_at": "2026-11-21T02:20:00Z",
}
CONVERSION: dict[str, Any] = {
    "id": CONVERSION_ID,
    "person_id": PERSON_ID,
    "name": "Ana López",
    "email": "ana.lopez@acme.example",
    "type": "sale",
    "converted_at": "2026-11-20T08:00:00Z",
    "value": "1200.00",
    "currency": "EUR",
    "note": None,
    "created_by": "user:0193a510-0000-7000-8000-000000000001",
    "created_at": "2026-11-20T08:04:00Z",
    "share": 1.0,
    "worth": "1200.00",
}
NEW_CONVERSION: dict[str, Any] = {
    "person": "ana.lopez@acme.example",
    "type": "sale",
    "converted_at": "2026-11-20T08:00:00Z",
    "value": "1200.00",
    "currency": "EUR",
}
TOUCH: dict[str, Any] = {
    "campaign_id": CAMPAIGN_ID,
    "campaign": "Q4 ACME push",
    "channel": "email",
    "type": "reply",
    "message_id": MESSAGE_ID,
    "touched_at": "2026-11-12T10:00:00Z",
    "place": 3,
    "places": 3,
    "shares": {"first": 0, "last": 1, "linear": 0.333},
}
CREDIT: dict[str, Any] = {
    "campaign_id": CAMPAIGN_ID,
    "name": "Q4 ACME push",
    "conversions": 4.5,
    "people": 5,
    "types": {"meeting": 3.0, "demo": 0.0, "signup": 0.5, "sale": 1.0},
    "money": {"EUR": "1200.00", "USD": "300.00"},
}
