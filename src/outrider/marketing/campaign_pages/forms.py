"""What the forms of campaigns bring: numbers, times of day, ids. Pure."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from outrider.kit.errors import InvalidInput


def text(form: FormData, name: str) -> str:
    """Return a field without the space around it; '' for one that was not sent."""
    return str(form.get(name, "")).strip()


def is_number(typed: str) -> bool:
    """Whether a text is a whole number of up to four digits."""
    return typed.isascii() and typed.isdecimal() and len(typed) <= 4


def whole_number(typed: str, field: str) -> int | None:
    """Return a number, None for nothing typed. Raises `InvalidInput`."""
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or len(typed) > 9:
        raise InvalidInput(f"{typed[:20]!r} is no whole number", field=field)
    return int(typed)


def local_time(typed: str, zone: ZoneInfo, field: str) -> datetime | None:
    """Return the moment that a date and time mean in a zone, None for nothing typed. Raises `InvalidInput`."""
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone)
    except ValueError as error:
        raise InvalidInput(f"{typed[:30]!r} is no date and time", field=field) from error


def local_input(at: datetime | None, zone: str) -> str:
    """Return a moment as the field for one holds it, in a zone; '' for None."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if at else ""


def ids(form: FormData, name: str) -> list[UUID]:
    """Return the ids that were ticked. Raises `InvalidInput` for what is none."""
    try:
        return [UUID(str(value)) for value in form.getlist(name)]
    except ValueError as error:
        raise InvalidInput(f"{name} holds what is no id", field=name) from error
