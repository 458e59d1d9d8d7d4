"""When a key ends, as a person says it."""

import re
from datetime import UTC, datetime, timedelta

from outrider.kit.errors import InvalidInput

UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def expiry(text: str | None, now: datetime) -> datetime | None:
    """Return when a key ends: `12h`, `90d`, `8w` from now, or the end of a date (UTC).

    Raises `InvalidInput` for anything else, and for the past.
    """
    if text is None:
        return None
    until: datetime | None = None
    if found := re.fullmatch(r"(\d{1,5})([hdw])", text.strip().lower()):
        until = now + timedelta(**{UNITS[found[2]]: int(found[1])})
    else:
        try:
            until = datetime.fromisoformat(text.strip())
        except ValueError:
            raise InvalidInput(f"--expires is {text!r}; it must be like 12h, 90d, 8w or 2027-01-31", field="expires") from None
        if len(text.strip()) == 10:
            until += timedelta(days=1)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
    if until <= now:
        raise InvalidInput(f"--expires is {text!r}, which is in the past", field="expires")
    return until
