"""Rules that lists, segments, templates and campaigns share."""

from uuid import UUID

from outrider.kit.errors import Conflict, InvalidInput

LONGEST_NAME = 200
LONGEST_TITLE = 255
"""The name of a campaign or of a template (seed 004)."""


def name(text: str | None, longest: int = LONGEST_NAME) -> str:
    """Return a name as it is kept. Raises `InvalidInput` for one that is empty or too long."""
    kept = " ".join((text or "").split())
    if not 1 <= len(kept) <= longest:
        raise InvalidInput(f"name must have 1 to {longest} characters", field="name")
    return kept


def taken(what: str, kept: str) -> Conflict:
    """Return the error of a name that another one has."""
    return Conflict(f"there is a {what} named {kept!r} already: choose another name or change that one", field="name")


def description(text: str | None) -> str | None:
    """Return a description as it is kept, None for an empty one. Raises `InvalidInput`."""
    kept = (text or "").strip()
    if len(kept) > 2000:
        raise InvalidInput("description has more than 2000 characters", field="description")
    return kept or None


def one_of(value: str, allowed: tuple[str, ...], field: str) -> str:
    """Return the value. Raises `InvalidInput` for one that is not allowed."""
    if value not in allowed:
        raise InvalidInput(f"{field} is {value[:60]!r}; it must be one of {', '.join(allowed)}", field=field)
    return value


def as_id(text: str) -> UUID | None:
    """Return the id that a text is, None for one that is a name."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
