"""The time zones that there are, by their IANA names."""

from functools import cache
from zoneinfo import available_timezones

from outrider.kit.errors import InvalidInput


@cache
def time_zones() -> tuple[str, ...]:
    """Return the names, UTC first and then by name; without old aliases such as EST5EDT, which say no place."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def check_time_zone(name: str) -> str:
    """Return the name if there is such a zone. Raises `InvalidInput`."""
    if name not in time_zones():
        raise InvalidInput(f"time_zone is {name[:60]!r}; it must be an IANA name such as Europe/Berlin or UTC", field="time_zone")
    return name
