"""Which column of a lead file is which canonical field, and payloads built by that.

The rule (issue 2 section 3): mapped columns go under the field's name, others under their own header, values stay
untouched, and the original line can be rebuilt. Never changes a value and never gives one field to two columns.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .fields import ALIASES, AMBIGUOUS_NAMES, MEANINGS, normalise_header
from .files import Record

_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@.,;<>\"]{2,}")
_PERSON_PAGE = re.compile(r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(?:in|pub|sales/(?:lead|people))/\S+", re.I)
_COMPANY_PAGE = re.compile(r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(?:company|school|sales/company)/\S+", re.I)
_PHONE = re.compile(r"(?:\+|00)[1-9][\d\s().\-/]{6,22}|\(\d{2,5}\)[\d\s.\-/]{5,14}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", re.I)
_COLUMN_NAME = re.compile(r"Column (\d+)")
# E-mail addresses under such a header belong to somebody else than the lead.
_OTHER_PEOPLE = re.compile(r"owner|sender|manager|assigned|created|modified|account exec|sales ?rep|referr|besitzer", re.I)

_BY_VALUE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", _EMAIL),
    ("linkedin_url", _PERSON_PAGE),
    ("company_linkedin_url", _COMPANY_PAGE),
    ("phone", _PHONE),
    ("domain", _DOMAIN),
)
_SHARE = 0.8  # of the filled values that must look like the field
_SAMPLES = 3

Cells = list[str] | dict[str, Any]


class MappingError(ValueError):
    """A chosen mapping cannot be followed; the message names the header or field and the near ones."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column and where its values go.

    index: from 0. key: its name in the payload, unique. how: 'header', 'values', 'chosen', 'remembered' or 'none'
    (nothing known: the value goes under its own header). samples: up to 3 filled values, as text.
    """

    index: int
    header: str
    field: str | None
    key: str
    how: str
    samples: tuple[str, ...]


def detect_mapping(
    header: Sequence[str],
    sample: Sequence[Record],
    *,
    remembered: Mapping[str, str | None] | None = None,
    chosen: Mapping[str, str | None] | None = None,
) -> list[Column]:
    """A column for every header, in order. chosen beats remembered beats header beats values.

    Both mappings are header → field, or None for "leave it under its own header". A header may also be given by
    its place ('Column 3') or as the column's key. What is remembered and does not fit any more is passed over;
    what is chosen and does not exist raises MappingError, as do two columns chosen for one field.
    """
    values = [_values(header, index, sample) for index in range(len(header))]
    fields: list[str | None] = [None] * len(header)
    how = ["none"] * len(header)
    fixed: set[int] = set()

    for index, field in _chosen_columns(header, chosen or {}).items():
        if field is not None and field in fields:
            raise MappingError(f"{header[index]!r} and {header[fields.index(field)]!r} cannot both be {field!r}.")
        fields[index], how[index] = field, "chosen"
        fixed.add(index)
    for name, field in (remembered or {}).items():
        for index in _places(header, name)[:1]:
            if index not in fixed and (field is None or (field in MEANINGS and field not in fields)):
                fields[index], how[index] = field, "remembered"
                fixed.add(index)

    candidates = _by_header(header, values, fixed)
    for _, index, field in sorted(candidates):
        if fields[index] is None and field not in fields:
            fields[index], how[index] = field, "header"
    _settle_names(header, values, fields, how, fixed)
    for index in range(len(header)):
        if fields[index] is None and index not in fixed:
            field_by_value = _by_values(header[index], values[index], fields)
            if field_by_value:
                fields[index], how[index] = field_by_value, "values"

    columns = []
    for index, name in enumerate(header):
        samples = tuple(value for value in values[index] if value.strip())[:_SAMPLES]
        columns.append(Column(index, name, fields[index], fields[index] or "", how[index], samples))
    return _with_keys(columns)


def _values(header: Sequence[str], index: int, sample: Sequence[Record]) -> list[str]:
    """The column's values, one for each readable record, '' where it has none."""
    values = []
    for record in sample:
        if isinstance(record.cells, dict):
            values.append(_text(record.cells.get(header[index])))
        elif record.cells is not None:
            values.append(record.cells[index] if index < len(record.cells) else "")
    return values


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _places(header: Sequence[str], name: str) -> list[int]:
    """The columns that a header given by a person or a memory means; [] when there is none."""
    exact = [index for index, given in enumerate(header) if given == name]
    if exact:
        return exact
    if place := re.fullmatch(r"(?:.* \()?column (\d+)\)?", name.strip(), re.I | re.S):
        return [int(place.group(1)) - 1] if 0 < int(place.group(1)) <= len(header) else []
    wanted = normalise_header(name)
    return [index for index, given in enumerate(header) if wanted and normalise_header(given) == wanted]


def _chosen_columns(header: Sequence[str], chosen: Mapping[str, str | None]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for name, field in chosen.items():
        if field is not None and field not in MEANINGS:
            raise MappingError(f"There is no field {field!r}.{_near(field, list(MEANINGS))}")
        places = _places(header, name)
        if not places:
            raise MappingError(f"The file has no column {name!r}.{_near(name, list(header))}")
        if places[0] in found:
            raise MappingError(f"The column {header[places[0]]!r} was chosen twice.")
        found[places[0]] = field
    return found


def _near(name: str, known: list[str]) -> str:
    by_form = {normalise_header(item): item for item in known}
    near = difflib.get_close_matches(normalise_header(name), list(by_form), n=3, cutoff=0.5)
    names = [by_form[form] for form in near] or known[:30]
    return f" {'Near ones' if near else 'There are'}: {', '.join(map(repr, names))}."


def _by_header(header: Sequence[str], values: list[list[str]], fixed: set[int]) -> list[tuple[int, int, str]]:
    """(rank, index, field) of every column whose header is a known one."""
    found = []
    for index, name in enumerate(header):
        field, rank = ALIASES.get(normalise_header(name), (None, 0))
        if field is None or index in fixed:
            continue
        if field in ("linkedin_url", "website") and _share(values[index], _COMPANY_PAGE) >= _SHARE:
            field = "company_linkedin_url"  # a plain 'LinkedIn' or 'Company URL' column of company pages
        found.append((rank, index, field))
    return found


def _settle_names(header: Sequence[str], values: list[list[str]], fields: list[str | None], how: list[str], fixed: set[int]) -> None:
    """'Name', 'Nom', 'Nombre' …: the full name, or the half of it that no other column is (German Vorname, Name)."""
    for index, name in enumerate(header):
        form = normalise_header(name)
        if form not in AMBIGUOUS_NAMES or index in fixed:
            continue
        has_first, has_last = "first_name" in fields, "last_name" in fields
        if fields[index] == "name" and not (has_first or has_last):
            continue
        fields[index], how[index] = None, "none"
        halves = [values[fields.index(half)] for half in ("first_name", "last_name") if half in fields]
        field: str | None
        if not halves or any(_contained(half, values[index]) for half in halves):
            field = "name"
        elif has_first and has_last:
            field = None  # of something else than the person
        else:
            field = "last_name" if has_first else "first_name"
        if field is not None and field not in fields:
            fields[index], how[index] = field, "header"


def _contained(parts: list[str], wholes: list[str]) -> bool:
    """Whether most values of one column stand, as words, in the other column's value of the same record."""
    pairs = [(a.strip().casefold(), b.casefold()) for a, b in zip(parts, wholes, strict=True) if a.strip() and b.strip()]
    hits = sum(1 for part, whole in pairs if part in whole and part != whole.strip())
    return bool(pairs) and hits >= 0.5 * len(pairs)


def _share(values: list[str], pattern: re.Pattern[str]) -> float:
    filled = [value.strip() for value in values if value.strip()]
    return sum(1 for value in filled if pattern.fullmatch(value)) / len(filled) if filled else 0.0


def _by_values(name: str, values: list[str], fields: list[str | None]) -> str | None:
    if _OTHER_PEOPLE.search(name) or normalise_header(name) in ALIASES:
        return None
    filled = [value for value in values if value.strip()]
    if len(filled) >= 10 and len(set(filled)) < len(filled) / 2:
        return None  # the same few values again and again: an owner, a sender, a source
    for field, pattern in _BY_VALUE:
        if field not in fields and _share(values, pattern) >= _SHARE:
            return field
    return None


def _with_keys(columns: list[Column]) -> list[Column]:
    """Give every unmapped column a key of its own: its header, with its place where that is taken."""
    taken = set(MEANINGS) | {column.field for column in columns if column.field}
    named = []
    for column in columns:
        if column.field is not None:
            named.append(replace(column, key=column.field))
            continue
        place = f"Column {column.index + 1}"
        name = column.header.strip() or place
        key = name
        if key in taken or (_COLUMN_NAME.fullmatch(key) and key != place):
            key = f"{name} (column {column.index + 1})"
        while key in taken:
            key += "'"
        taken.add(key)
        named.append(replace(column, key=key))
    return named


def header_fingerprint(header: Sequence[str]) -> str:
    """32 hex digits that are the same for the same set of headers, in any order and spelling of case or spaces."""
    forms = sorted({normalise_header(name) for name in header})
    return hashlib.sha256("\n".join(forms).encode()).hexdigest()[:32]


def payload_builder(columns: Sequence[Column]) -> Callable[[Cells], dict[str, Any]]:
    """A function from a record's cells to its payload.

    Empty cells ('' and null) are left out, values are not touched. List cells beyond the header go under
    'Column N' (N from 1); JSON keys that the header does not have keep their name, with ' (extra)' where it is taken.
    """
    keys = [column.key for column in columns]
    width = len(keys)
    names = {column.header: column.key for column in reversed(columns)}
    taken = set(keys) | set(MEANINGS)

    def extra(name: str) -> str:
        key = name
        while key in taken:
            key += " (extra)"
        return key

    def build(cells: Cells) -> dict[str, Any]:
        if isinstance(cells, dict):
            payload = {}
            for name, value in cells.items():
                if value is not None and value != "":
                    payload[names[name] if name in names else extra(name)] = value
            return payload
        payload = {key: cell for key, cell in zip(keys, cells, strict=False) if cell}
        if len(cells) > width:
            payload |= {f"Column {n}": cell for n, cell in enumerate(cells[width:], width + 1) if cell}
        return payload

    return build


def rebuild(columns: Sequence[Column], payload: Mapping[str, Any]) -> list[str]:
    """The original cells of a payload, empty ones as ''; cells beyond the header at their place.

    JSON values that are not text come as JSON text; JSON keys beyond the header are not cells and do not come.
    """
    cells = [_text(payload.get(column.key)) for column in columns]
    keys = {column.key for column in columns}
    for key, value in payload.items():
        place = _COLUMN_NAME.fullmatch(key)
        if place and key not in keys and len(columns) < (number := int(place.group(1))) <= 10_000:
            cells += [""] * (number - len(cells))
            cells[number - 1] = _text(value)
    return cells
