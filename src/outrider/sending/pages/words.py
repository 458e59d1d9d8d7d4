"""The slice's words on pages: states and reasons, mail providers, what a server's answer means and what to do. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from outrider.kit import pages as ui

from ..mailboxes import Mailbox
from ..messages import Happening


@dataclass(frozen=True, slots=True)
class Badge:
    """A state as a badge shows it."""

    text: str
    tone: str
    icon: str


STATUSES = {
    "queued": Badge("Waiting", "neutral", "clock"),
    "claimed": Badge("About to go", "info", "loader-circle"),
    "sending": Badge("Going out", "info", "loader-circle"),
    "sent": Badge("Sent", "good", "circle-check"),
    "failed": Badge("Failed", "bad", "circle-x"),
    "skipped": Badge("Left out", "neutral", "ban"),
    "needs_review": Badge("Needs review", "watch", "square-pen"),
    "unknown": Badge("In doubt", "watch", "circle-help"),
}
OUTCOMES = {
    "sent": Badge("Taken by the server", "good", "circle-check"),
    "refused": Badge("Refused for good", "bad", "circle-x"),
    "postponed": Badge("Put off", "watch", "clock"),
    "unknown": Badge("No answer", "watch", "circle-help"),
    "not_started": Badge("Not handed over", "neutral", "undo-2"),
}
HOLDS = {
    "frozen": "All sending is stopped",
    "campaign_paused": "Campaign paused",
    "campaign_over": "Campaign is over",
    "mailbox_paused": "Mailbox paused",
    "mailbox_failing": "Mailbox is not let in",
    "mailbox_removed": "Mailbox left the campaign",
    "person_paused": "Person paused",
    "organization_daily_limit": "Organization's daily limit reached",
    "mailbox_daily_limit": "Mailbox's daily limit reached",
    "mailbox_hourly_limit": "Mailbox's hourly limit reached",
    "campaign_daily_limit": "Campaign's daily limit reached",
    "window": "Outside sending hours",
    "throttle": "Domain slowed down",
    "domain_hourly_limit": "Domain's hourly limit reached",
}
"""What holds a message back, as short as a list has room for."""
HAPPENINGS = {
    "delivered": Badge("Delivered", "good", "check"),
    "open": Badge("Opened", "info", "eye"),
    "click": Badge("Clicked", "accent", "link"),
    "reply": Badge("Replied", "good", "message-square"),
    "bounce": Badge("Bounced", "bad", "circle-alert"),
    "dropped": Badge("Dropped", "bad", "circle-x"),
    "deferred": Badge("Delayed", "watch", "clock"),
    "spam_report": Badge("Reported as spam", "bad", "flag"),
    "unsubscribe": Badge("Unsubscribed", "watch", "ban"),
}
UNDER_WAY = Badge("Under way", "info", "loader-circle")
STATES = {
    "active": Badge("Active", "good", "circle-check"),
    "paused": Badge("Paused", "neutral", "circle-pause"),
    "failing": Badge("Not let in", "bad", "circle-alert"),
}
FAILED = {
    "bounce": "The address does not exist, or takes no mail.",
    "refused": "The server refused what was sent, or who sent it.",
    "gave_up": "The server put it off eight times.",
}
SUPPRESSED = {
    "unsubscribe": Badge("Unsubscribed", "watch", "log-out"),
    "bounce": Badge("Bounced", "bad", "circle-x"),
    "complaint": Badge("Complained", "bad", "flag"),
    "manual": Badge("By hand", "neutral", "user"),
    "import": Badge("From a list", "neutral", "list"),
    "erasure": Badge("Erased", "neutral", "shield"),
}
PROVIDERS = (
    ("smtp", "Another mail server (SMTP)", None),
    ("gmail", "Gmail or Google Workspace", "smtp.gmail.com, port 587. A password has to be an app password."),
    ("outlook", "Outlook or Microsoft 365", "smtp.office365.com, port 587. Microsoft wants OAuth2."),
)
SECURITY = (
    ("starttls", "STARTTLS (mostly port 587)"),
    ("tls", "TLS from the first byte (mostly port 465)"),
    ("none", "None (only without a sign-in)"),
)
IMAP_SECURITY = (("tls", "TLS from the first byte (mostly port 993)"), ("starttls", "STARTTLS (mostly port 143)"))
AUTHENTICATION = (
    ("password", "User name and password", None),
    ("oauth2", "OAuth2", "A token instead of a password, renewed by itself."),
    ("none", "No sign-in", "For a server that knows this machine."),
)
WARMUP = (
    ("off", "No warm-up", "The daily limit holds from the first day."),
    ("active", "Warm up", "A few messages on the first day, a little more each day."),
    ("pending", "Wait", "Sends nothing until the warm-up is begun."),
    ("done", "Warmed up", "The daily limit holds; the plot keeps the curve."),
)
SPF = {"gmail": "include:_spf.google.com", "outlook": "include:spf.protection.outlook.com"}
KINDS = {
    "spf": ("SPF", "Names the servers that may send mail for this domain."),
    "dkim": ("DKIM", "Holds the key with which receivers check that a message is yours and was not changed."),
    "dmarc": ("DMARC", "Tells receivers what to do with mail that fails the other two, and where to send reports."),
}
ADVICE = (
    (
        ("certificate", "tls"),
        "The name of the server must be the one in its certificate, and the security must fit the port: 465 TLS, 587 STARTTLS.",
    ),
    (("xoauth2", "token"), "Sign in with the provider again and give the new refresh token; the client must be allowed to send mail."),
    (("535", "534", "does not let"), "User name or password do not fit. Gmail wants an app password, Microsoft wants OAuth2."),
    (("530",), "The server wants a sign-in: choose a user name and password, or OAuth2."),
    (("private address",), "The operator of this installation decides about servers on its own network."),
    (("not known",), "Look at the spelling of the server's name."),
    (("refuses the sender",), "The server lets you in, but not with this address: it must belong to the account."),
    (("does not answer", "did not answer", "refused", "timed out"), "Look at the server's name and port. Many networks block port 25."),
)


def happening(one: Happening) -> Badge:
    """Return what became of a message as a badge shows it; what a machine did has no tone."""
    known = HAPPENINGS.get(one.type, Badge(ui.sentence(one.type.replace("_", " ")).rstrip("."), "accent", "zap"))
    return known if one.verdict == "human" else Badge(known.text, "neutral", known.icon)


def advice(answer: str) -> str | None:
    """Return what to do about a server's answer, None when we know nothing better than the answer itself."""
    folded = answer.lower()
    return next((told for marks, told in ADVICE if any(mark in folded for mark in marks)), None)


def health_word(score: int) -> Badge:
    """Return a health as a badge: good from 80, to be watched from 50."""
    if score >= 80:
        return Badge(str(score), "good", "trending-up")
    return Badge(str(score), "watch" if score >= 50 else "bad", "triangle-alert")


BOUNCES: Mapping[str, Badge] = {
    "warning": Badge("Bounces over 5 %", "watch", "triangle-alert"),
    "critical": Badge("Bounces over 10 %", "bad", "triangle-alert"),
}
"""{level of a mailbox's bounces: its badge}; none where all is well."""


def warmup_words(mailbox: Mailbox) -> str:
    """Return where a mailbox stands on its way up."""
    if mailbox.warmup_status == "pending":
        return "Waits to begin"
    if mailbox.warmup_day is None:
        return "Warmed up" if mailbox.warmup_status == "done" else "None"
    if mailbox.warmup_day > mailbox.warmup_days:
        return "Warmed up"
    return f"Day {max(mailbox.warmup_day, 0)} of {mailbox.warmup_days}"
