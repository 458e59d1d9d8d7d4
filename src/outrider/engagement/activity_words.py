"""What the pages call events and the reasons of their verdicts."""

from outrider.ops import in_words

TYPES = {
    "sent": ("Sent", "send", "neutral"),
    "delivered": ("Delivered", "check", "good"),
    "open": ("Opened", "eye", "info"),
    "click": ("Clicked", "link", "accent"),
    "reply": ("Replied", "message-square", "good"),
    "bounce": ("Bounced", "circle-alert", "bad"),
    "dropped": ("Dropped", "circle-x", "bad"),
    "deferred": ("Delayed", "clock", "watch"),
    "spam_report": ("Reported as spam", "flag", "bad"),
    "unsubscribe": ("Unsubscribed", "ban", "watch"),
}
"""{type: (words, icon, tone)}; other types are called as they are."""

REASONS = {
    "head_request": "only asked for the head of the page, as programs do",
    "said_by_provider": "the provider says that a machine did it",
    "own_rule": "a rule of yours says so",
    "apple_mail_privacy": "Apple Mail fetches every picture by itself",
    "prefetch": "a browser or mail program looked ahead, before anybody went there",
    "scanner_user_agent": "the program calls itself a scanner, or does not say what it is",
    "scanner_network": "it came from the network of a mail scanner",
    "too_soon": "seconds after sending, nobody reads so fast",
    "many_links_at_once": "several links of one message within a second",
    "automatic_reply": "the reply says that nobody wrote it",
}
"""{reason of an automatic verdict: its sentence}."""


def type_in_words(type: str) -> str:
    """Return what people call a type: `linkedin_reply` is 'LinkedIn reply'."""
    if type in TYPES:
        return TYPES[type][0]
    return in_words(type.replace(".", "_")).replace("Linkedin", "LinkedIn")


def icon_of(type: str) -> str:
    """Return the icon of a type."""
    if type in TYPES:
        return TYPES[type][1]
    return "users" if type.startswith("linkedin") else "phone" if type.startswith("call") else "zap"


def tone_of(type: str) -> str:
    """Return the tone of a type."""
    return TYPES[type][2] if type in TYPES else "accent"


def reason_in_words(reason: str | None) -> str:
    """Return why an event counts as a machine's."""
    return REASONS.get(reason or "", in_words(reason) if reason else "")
