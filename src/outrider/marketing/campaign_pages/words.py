"""What the pages of campaigns say for the words that the database uses. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outrider.kit.errors import InvalidInput

from ..campaign_tabs import STATES as STATES
from ..preflight import Problem
from ..recipients import Recipient
from ..rendering import Piece, to_text
from ..rendering import outline as outline
from ..types import Step

STANDINGS: Mapping[str, tuple[str, str]] = {
    "ready": ("Waiting to begin", "neutral"),
    "active": ("In the sequence", "info"),
    "paused": ("Paused", "watch"),
    "finished": ("Finished", "good"),
    "stopped": ("Stopped", "watch"),
    "excluded": ("Left out", "bad"),
}
"""{state of an enrollment: (word, tone)}."""

REASONS: Mapping[str, tuple[str, str]] = {
    "no_address": ("No address", "no address of theirs is known"),
    "bounced": ("Bounced", "every address of theirs bounced"),
    "bounce": ("Bounced", "a message to them came back"),
    "complained": ("Complained", "they reported a message as spam, at any of their addresses"),
    "unsubscribed": ("Unsubscribed", "they unsubscribed, with any of their addresses"),
    "unsubscribe": ("Unsubscribed", "they asked not to be written to"),
    "suppressed": ("Suppressed", "one of their addresses, or its domain, is on your list of who is never written to"),
    "complaint": ("Complained", "they reported a message as spam"),
    "inactive": ("Inactive", "the person or the address is switched off"),
    "invalid": ("Invalid address", "a verification found that the address does not exist"),
    "not_verified": ("Not verified", "this campaign takes verified addresses only"),
    "left_audience": ("Left the audience", "they were chosen, and are not any more"),
    "reply": ("Replied", "they answered"),
    "somebody at the same company answered": ("A colleague replied", "somebody at the same company answered"),
    "manual": ("By hand", "somebody here stopped them"),
    "cancelled": ("Campaign cancelled", "the campaign was cancelled"),
}
"""{reason: (short, what it means)}, of who is left out or stopped."""

HAPPENED: Mapping[str, str] = {
    "sent": "Were sent something",
    "opened": "Opened",
    "clicked": "Clicked",
    "replied": "Replied",
    "not_opened": "Did not open",
    "not_replied": "Did not reply",
    "bounced": "Bounced",
    "unsubscribed": "Unsubscribed",
    "complained": "Complained",
}
"""{what recipients may be asked for: how the filter says it}."""
SORTS: Mapping[str, str] = {"": "As enrolled", "name": "By name", "latest": "Latest activity first", "next": "Next step first"}
"""{order of recipients: how the page says it}."""

OUTCOMES: Sequence[tuple[str, str, str]] = (
    ("complained", "Complained", "bad"),
    ("unsubscribed", "Unsubscribed", "watch"),
    ("bounced", "Bounced", "bad"),
    ("replied", "Replied", "good"),
    ("clicked", "Clicked", "accent"),
    ("opened", "Opened", "info"),
    ("sent", "Sent", "neutral"),
)
"""(what happened, word, tone): what counts most first."""

CHANNELS: Mapping[str, tuple[str, str]] = {"email": ("Email", "mail"), "linkedin": ("LinkedIn task", "link"), "phone": ("Call", "phone")}
DELAY_UNITS: Mapping[str, str] = {"business_days": "business days", "days": "days", "hours": "hours", "minutes": "minutes"}
CONDITIONS: Mapping[str, str] = {
    "always": "always",
    "no_reply": "only if they did not reply",
    "no_open": "only if they did not open",
    "no_click": "only if they did not click",
}
TYPES: Mapping[str, str] = {"cold_outreach": "Cold outreach", "nurture": "Nurture", "follow_up": "Follow-up"}
ROTATIONS: Mapping[str, str] = {
    "round_robin": "In turn: who sent least today",
    "weighted": "By weight: heavier mailboxes send more",
    "priority": "By priority: the first one until it is full",
    "health": "The healthiest that has room",
    "hybrid": "A mix of priority, health, room and weight",
}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

READABLE = '<body style="margin: 1rem; font: 14px/1.55 system-ui, sans-serif; color: #1a1a1a">'
"""What stands before a mail where it is shown: what a mail program would do with one that says nothing of its looks."""

PARTS: Mapping[str, str] = {
    "no_steps": "steps",
    "no_text": "steps",
    "no_subject": "steps",
    "no_instructions": "steps",
    "missing_variable": "steps",
    "opens_not_tracked": "settings",
    "clicks_not_tracked": "settings",
    "no_audience": "people",
    "not_resolved": "people",
    "nobody_eligible": "people",
    "no_mailbox": "settings",
    "no_working_mailbox": "settings",
    "mailbox_not_working": "settings",
    "no_unsubscribe_link": "settings",
    "no_physical_address": "settings",
}
"""{code of what the check found: the part of the builder that it belongs to}."""


def reason(word: str | None) -> str:
    """Return a reason in a word or three; one that is not known as it is written."""
    return REASONS[word][0] if word and word in REASONS else (word or "").replace("_", " ").capitalize()


def outcomes(one: Recipient) -> list[tuple[str, str, datetime]]:
    """Return (word, tone, when) of what happened with somebody, what counts most first; [] for nothing yet."""
    times = {name: getattr(one, f"{name}_at") for name, _, _ in OUTCOMES}
    return [(word, tone, times[name]) for name, word, tone in OUTCOMES if times[name] is not None]


def plain_outline(body: str) -> list[Piece]:
    """Return a message without its HTML, piece by piece; one that cannot be read as it is."""
    try:
        return outline(to_text(body))
    except InvalidInput:
        return [Piece(body)]


def alike(word: str) -> list[str]:
    """Return the reasons that are said in the same words, this one among them: 'bounced' of who is left out, 'bounce' of who is stopped."""
    return [one for one in REASONS if REASONS[one][0] == reason(word)] or [word]


def meaning(word: str | None) -> str:
    """Return what a reason means, '' for one that says it itself."""
    return REASONS[word][1] if word and word in REASONS else ""


def when(step: Step, position: int) -> str:
    """Return when a step comes and for whom: '3 business days later, only if they did not reply'."""
    if position == 1:
        return "when the campaign starts"
    unit = DELAY_UNITS[step.delay_unit]
    later = f"{step.delay} {unit[:-1] if step.delay == 1 else unit} later" if step.delay else "right after"
    return later if step.condition == "always" else f"{later}, {CONDITIONS[step.condition]}"


def at_theirs(at: datetime, zone: str | None) -> str:
    """Return a moment as a person's own clock shows it: 'Tue 09:00, Asia/Tokyo'; '' when their zone is not known."""
    try:
        return f"{at.astimezone(ZoneInfo(zone)):%a %H:%M}, {zone}" if zone else ""
    except ZoneInfoNotFoundError:
        return ""


def days(chosen: list[int]) -> str:
    """Return days of the week in words: 'Monday to Friday', 'Monday, Sunday'."""
    ordered = sorted(chosen)
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{DAYS[ordered[0] - 1]} to {DAYS[ordered[-1] - 1]}"
    return ", ".join(DAYS[day - 1] for day in ordered)


def mending(base: str, problem: Problem) -> tuple[str, str]:
    """Return (label, address) of where what the check found is mended."""
    if problem.code == "no_physical_address":
        return "Organization", "/settings/organization"
    if problem.code in ("no_working_mailbox", "mailbox_not_working", "no_unsubscribe_link"):
        return "Mailboxes", "/mailboxes"
    if problem.code == "replies_not_read":
        return "Webhooks", "/webhooks"
    part = PARTS.get(problem.code, "settings")
    anchor = f"#step-{problem.step}" if part == "steps" and problem.step else "#mailboxes" if problem.code == "no_mailbox" else ""
    labels = {"steps": "Write", "people": "Choose people", "settings": "Settings"}
    return labels[part], f"{base}/{part}{anchor}"
