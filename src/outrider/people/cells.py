"""What a row of a list holds under a column, as a value of the column's type. Pure."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .columns import Column
from .custom_values import text_of

Value = str | int | float | Decimal | bool | date | datetime | list[str] | None


def cell(column: Column, row: Any) -> tuple[Value, bool]:
    """Return the value, None for none, and whether it fits the column's type; one that does not is the text that it came as."""
    raw = column.value(row)
    if column.key is not None:
        if column.field is None:
            return text_of(raw) or None, True
        found = column.field.shown(raw)
        return found.value, found.fits
    if column.holds == "tags":
        return [text_of(tag) for tag in raw or []], True
    return (raw if isinstance(raw, str | int | float | Decimal | date) or raw is None else str(raw)), True


def text(value: Value) -> str:
    """Return a value as a file of text says it: times as ISO 8601 in UTC, tags with a comma between."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)
