"""How values look on a page: times in the viewer's zone, numbers, sizes, names. Pure functions; the zone comes from `showing`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

_zone: ContextVar[str] = ContextVar("zone", default="UTC")
STEPS = ((60, "second", 1), (3600, "minute", 60), (86400, "hour", 3600), (7 * 86400, "day", 86400))
UNITS = ("bytes", "KB", "MB", "GB", "TB")
TONES = 8


@contextmanager
def showing(time_zone: str) -> Iterator[None]:
    """Show times in `time_zone` for the time of the block; one that is none counts as UTC."""
    token = _zone.set(time_zone)
    try:
        yield
    finally:
        _zone.reset(token)


@lru_cache(maxsize=256)
def _zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def local(value: datetime) -> datetime:
    """Return the time in the viewer's zone."""
    return value.astimezone(_zone_named(_zone.get()))


def moment(value: datetime | None) -> Markup:
    """Return a time as people say it ("4 minutes ago", "12 Nov, 14:05"), with the exact time on hover; a dash for None."""
    if value is None:
        return _dash()
    return _time(value, _said(value, datetime.now(UTC)))


def exact(value: datetime | None) -> Markup:
    """Return date and time to the minute; a dash for None."""
    return _dash() if value is None else _time(value, f"{local(value):%d %b %Y, %H:%M}".lstrip("0"))


def day(value: date | datetime | None) -> Markup:
    """Return the date alone; a dash for None."""
    if value is None:
        return _dash()
    shown = local(value) if isinstance(value, datetime) else value
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), f"{shown:%d %b %Y}".lstrip("0"))


def _time(value: datetime, said: str) -> Markup:
    full = f"{local(value):%A, %d %B %Y, %H:%M:%S %Z}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.astimezone(UTC).isoformat(), full, said)


def _said(value: datetime, now: datetime) -> str:
    seconds = (now - value).total_seconds()
    ahead, size = seconds < 0, abs(seconds)
    if size < 10:
        return "just now"
    for limit, unit, length in STEPS:
        if size < limit:
            count = int(size // length)
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"in {words}" if ahead else f"{words} ago"
    shown = local(value)
    return f"{shown:%d %b, %H:%M}".lstrip("0") if shown.year == local(now).year else f"{shown:%d %b %Y}".lstrip("0")


def number(value: float | None) -> Markup | str:
    """Return a number with its thousands marked; a dash for None."""
    if value is None:
        return _dash()
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def size(value: float | None) -> Markup | str:
    """Return bytes as 12 KB, 3.4 MB; a dash for None."""
    if value is None:
        return _dash()
    for unit in UNITS:
        if value < 1000 or unit == UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def duration(value: timedelta | float | None) -> Markup | str:
    """Return a span (seconds, or a timedelta) as 0.4 s, 12 s, 3 min 20 s, 2 h 5 min; a dash for None."""
    if value is None:
        return _dash()
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def percent(part: float | None, whole: float | None) -> Markup | str:
    """Return the share of `part` in `whole` as 12% or 0.4%; a dash when there is nothing to divide by."""
    if part is None or not whole:
        return _dash()
    share = 100 * part / whole
    return f"{share:.1f}%" if 0 < share < 10 and share != int(share) else f"{share:.0f}%"


def plural(count: float, one: str, many: str | None = None) -> str:
    """Return '1 row', '12,000 rows'."""
    return f"{count:,.0f} {one if count == 1 else many or one + 's'}"


def initials(name: str) -> str:
    """Return the letters of an avatar: of the first and last word, of an address its first letter."""
    words = [word for word in name.replace("@", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 and "@" not in name else "")).upper()


def tone(text: str) -> int:
    """Return a number below `TONES` that is always the same for a text: the colour of an avatar or a tag."""
    return sum(text.encode()) % TONES


def sentence(text: str) -> str:
    """Return a message as a sentence: a capital first, a full stop last."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def dash(value: Any) -> Any:
    """Return the value, or a dash where there is none."""
    return _dash() if value is None or value == "" else value


def lines(value: str) -> Markup:
    """Return text with its line breaks kept."""
    return Markup("<br>").join(escape(line) for line in value.splitlines())


def attributes(given: Mapping[str, Any]) -> Markup:
    """Return attributes as HTML, a space before each. True stands alone (`disabled`), None and False are left out."""
    wanted = {name: value for name, value in given.items() if value is not None and value is not False}
    return Markup("").join(
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value) for name, value in wanted.items()
    )


def _dash() -> Markup:
    return Markup('<span class="none" aria-label="none">–</span>')


FILTERS = {
    "dash": dash,
    "day": day,
    "duration": duration,
    "exact": exact,
    "initials": initials,
    "lines": lines,
    "moment": moment,
    "number": number,
    "percent": percent,
    "plural": plural,
    "sentence": sentence,
    "size": size,
    "tone": tone,
    "xmlattr": attributes,
}
