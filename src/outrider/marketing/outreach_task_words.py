"""What is said of tasks: how one went, when it is due. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from outrider.kit.errors import InvalidInput

CHANNELS = ("linkedin", "phone")
STATES = ("open", "done", "skipped", "cancelled")
DUE = ("overdue", "today", "later")
OUTCOMES: dict[str, dict[str, str]] = {
    "phone": {
        "reached": "Spoke to them",
        "interested": "Interested",
        "meeting_booked": "Meeting booked",
        "not_interested": "Not interested",
        "left_message": "Left a message",
        "no_answer": "No answer",
        "wrong_number": "Wrong number",
    },
    "linkedin": {
        "request_sent": "Sent a connection request",
        "message_sent": "Sent a message",
        "replied": "They answered",
        "interested": "Interested",
        "meeting_booked": "Meeting booked",
        "not_interested": "Not interested",
        "not_found": "Not on LinkedIn",
    },
}
"""{channel: {outcome: its words}}, the usual one first."""


def check_outcome(channel: str, outcome: str) -> str:
    """Return the outcome if a task of the channel can have it. Raises `InvalidInput`."""
    allowed = OUTCOMES[channel]
    if outcome not in allowed:
        raise InvalidInput(f"outcome is {outcome[:60]!r}; of a {channel} task it must be one of {', '.join(allowed)}", field="outcome")
    return outcome


def bounds_of(due: str | None, time_zone: str, now: datetime | None = None) -> tuple[datetime | None, datetime | None]:
    """Return (from, before) of what `due` means where the clock is `time_zone`'s: overdue is before today; None for everything."""
    today, tomorrow = day_of(time_zone, now)
    return {None: (None, None), "overdue": (None, today), "today": (today, tomorrow), "later": (tomorrow, None)}[due]


def day_of(time_zone: str, now: datetime | None = None) -> tuple[datetime, datetime]:
    """Return when today began and ends in a zone, in UTC."""
    zone = ZoneInfo(time_zone)
    midnight = (now or datetime.now(UTC)).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    begins, ends = midnight.replace(tzinfo=zone), (midnight + timedelta(days=1)).replace(tzinfo=zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)
