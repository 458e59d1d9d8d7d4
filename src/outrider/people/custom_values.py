"""Values of custom fields, as their type reads them. Pure. The same rules are in SQL (`people.f_fits` and what it calls): a test compares.

A value is kept as it came in; one that does not fit the field's type is shown as it is and said not to fit, never lost. What a person
writes has to fit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from outrider.kit.errors import InvalidInput

TYPES = ("text", "number", "date", "boolean", "select", "url")
LONGEST_VALUE = 10_000
TRUE, FALSE = ("true", "yes", "y", "on", "1"), ("false", "no", "n", "off", "0")
SPACE = " \t\n\r\f\v"

_NUMBER = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]{1,9})?")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3}){1,4}(\.[0-9]{1,9})?")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ][0-9:.,]{1,18}\s?(Z|[-+][0-9]{2}(:?[0-9]{2})?|UTC)?)?", re.ASCII)
_URL = re.compile(r"https?://[^\s]+\.[^\s]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A value to show: read as its type says, or as the text it is where it does not fit. None: there is none."""

    value: str | Decimal | date | bool | None
    fits: bool = True


def text_of(value: Any) -> str:
    """Return a value as SQL's `->>` gives it, '' for none."""
    return "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()


def shown(type: str, options: Sequence[str], value: Any) -> Shown:
    """Return what a raw value is to its type."""
    text = text_of(value).strip(SPACE)
    if not text:
        return Shown(None)
    read = _read(type, options, text)
    return Shown(text, fits=False) if read is None else Shown(read)


def checked(label: str, type: str, options: Sequence[str], value: Any) -> Any:
    """Return what a person wrote as it is kept: numbers and booleans as such, dates as 2026-01-31; None clears.

    Raises `InvalidInput` naming the field where it does not fit the type.
    """
    if kept(label, value) is None:
        return None
    text = text_of(value).strip(SPACE)
    read = _read(type, options, text)
    if read is None:
        raise InvalidInput(f"{label} is {text[:60]!r}; it must be {_wanted(type, options)}", field=label)
    if isinstance(read, Decimal):
        return int(read) if read == read.to_integral_value() else float(read)
    return read.isoformat() if isinstance(read, date) else read


def kept(label: str, value: Any) -> Any:
    """Return what a person wrote to a field without a type, None for nothing. Raises `InvalidInput` for what is too long to keep."""
    text = text_of(value).strip(SPACE)
    if "\x00" in text or len(text) > LONGEST_VALUE:
        raise InvalidInput(f"{label} has more than {LONGEST_VALUE:,} characters, or a NUL character", field=label)
    return (text if isinstance(value, str) else value) if text else None


def _read(type: str, options: Sequence[str], text: str) -> str | Decimal | date | bool | None:
    match type:
        case "number":
            return Decimal(text.replace(",", "")) if _NUMBER.fullmatch(text) or _GROUPED.fullmatch(text) else None
        case "date":
            return _date(text)
        case "boolean":
            return True if text.lower() in TRUE else False if text.lower() in FALSE else None
        case "select":
            return text if text in options else None
        case "url":
            return text if _URL.fullmatch(text) else None
    return text


def _date(text: str) -> date | None:
    found = _DATE.fullmatch(text)
    try:
        return date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        return None


def _wanted(type: str, options: Sequence[str]) -> str:
    if type == "select":
        return f"one of {', '.join(options[:20])}" if options else "one of its options, of which there are none yet"
    return {"number": "a number, such as 1200.50", "date": "a date, such as 2026-01-31", "boolean": "yes or no"}.get(
        type, "an address that begins with http:// or https://"
    )
