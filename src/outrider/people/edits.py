"""What an edit may say: which golden fields there are, and what each takes. Pure; '' and None clear a value."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from outrider.kit.errors import Conflict, InvalidInput

from .types import COMPANY_FIELDS, PERSON_FIELDS

LENGTHS = {
    "name": 200,
    "first_name": 100,
    "last_name": 150,
    "title": 255,
    "phone": 60,
    "linkedin_url": 500,
    "website": 500,
    "location": 300,
}
LONGEST = 200
PERSON_STATUSES = ("active", "inactive", "bounced")
COMPANY_STATUSES = ("active", "inactive", "archived")
CONTACT_STATUSES = ("active", "inactive", "bounced", "unsubscribed")


def person(changes: dict[str, Any], email: str) -> dict[str, Any]:
    """Return an edit of a person as it is stored. Raises `InvalidInput`; `Conflict` for another address, which never changes."""
    given = dict(changes)
    if "email" in given and (given.pop("email") or "").strip().lower() != email:
        raise Conflict("a person's primary address never changes: take the new one in as a lead, and merge the two", field="email")
    return _checked(given, PERSON_FIELDS, PERSON_STATUSES)


def company(changes: dict[str, Any], domain: str) -> dict[str, Any]:
    """Return an edit of a company as it is stored. Raises `InvalidInput`, and `Conflict` for another domain, which never changes."""
    given = dict(changes)
    if "domain" in given and (given.pop("domain") or "").strip().lower() != domain:
        raise Conflict("a company's domain never changes: it is what the company is known by", field="domain")
    return _checked(given, COMPANY_FIELDS, COMPANY_STATUSES)


def changed_meanwhile(seen: Mapping[str, Any], there: Mapping[str, Any]) -> str | None:
    """Return the first field that is not what its editor saw, None when all are. '' and None are the same, and so are 260 and '260'.

    Raises `InvalidInput` for a field there is not.
    """
    for field, value in seen.items():
        if field not in there:
            raise InvalidInput(f"there is no field {field[:60]!r} that could have been seen", field="seen")
        if not _same(value, there[field]):
            return field
    return None


def _same(one: Any, other: Any) -> bool:
    if isinstance(other, (int, float, Decimal)) and not isinstance(other, bool):
        try:
            return Decimal(str(one)) == Decimal(str(other))
        except InvalidOperation:
            return False
    return " ".join(_text(one).split()) == " ".join(_text(other).split())


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _checked(changes: dict[str, Any], fields: tuple[str, ...], statuses: tuple[str, ...]) -> dict[str, Any]:
    for field in changes:
        if field not in fields:
            raise InvalidInput(f"there is no field {field[:60]!r} to edit; there are {', '.join(fields)}", field=field[:60])
    return {field: _value(field, value, statuses) for field, value in changes.items()}


def _value(field: str, value: Any, statuses: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        value = " ".join(value.split())
        if "\x00" in value:
            raise InvalidInput(f"{field} holds a NUL character, which cannot be stored: take it out", field=field)
    if field == "status":
        if value not in statuses:
            raise InvalidInput(f"status is {str(value)[:60]!r}; it must be one of {', '.join(statuses)}", field="status")
        return value
    if value in (None, ""):
        return None
    if field in ("employee_count", "revenue"):
        return _number(field, value)
    if field == "company_id":
        return str(value if isinstance(value, UUID) else _id(value))
    text = str(value)
    if len(text) > LENGTHS.get(field, LONGEST):
        raise InvalidInput(f"{field} has {len(text)} characters; at most {LENGTHS.get(field, LONGEST)} are kept", field=field)
    if field == "country_code" and not re.fullmatch(r"[A-Za-z]{2}", text):
        raise InvalidInput(f"country_code is {text[:60]!r}; it must be two letters, such as DE", field=field)
    if field == "revenue_currency" and not re.fullmatch(r"[A-Za-z]{3}", text):
        raise InvalidInput(f"revenue_currency is {text[:60]!r}; it must be three letters, such as EUR", field=field)
    return text.upper() if field in ("country_code", "revenue_currency") else text


def _number(field: str, value: Any) -> Any:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or not 0 <= number < Decimal("1e15"):
        raise InvalidInput(f"{field} is {str(value)[:60]!r}; it must be a number from 0 up", field=field)
    if field == "revenue":
        return float(number) if number != number.to_integral_value() else int(number)
    if number != number.to_integral_value() or number > 2**31 - 1:
        raise InvalidInput(f"{field} is {str(value)[:60]!r}; it must be a whole number up to {2**31 - 1}", field=field)
    return int(number)


def _id(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise InvalidInput(f"company_id is {str(value)[:60]!r}; it must be a company's id", field="company_id") from None
