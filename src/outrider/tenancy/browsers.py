"""What a browser calls itself, in words that its owner knows it by. For recognition only: anybody can claim to be any."""

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_of(user_agent: str | None) -> str:
    """Return such as 'Firefox on Windows'; 'Another program' for what is no browser that we know."""
    text = user_agent or ""
    browser = next((name for part, name in BROWSERS if part in text), None)
    system = next((name for part, name in SYSTEMS if part in text), None)
    if browser is None:
        return "Another program"
    return f"{browser} on {system}" if system else browser


def is_phone(user_agent: str | None) -> bool:
    """Whether it is a phone or a tablet."""
    return any(part in (user_agent or "") for part in ("iPhone", "iPad", "Android"))
