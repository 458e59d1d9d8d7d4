"""What the pages of imports say: fields, modes, reasons and counts as a person would put them."""

from typing import Any

from ..fields import MEANINGS
from ..types import REASONS

FIELDS = [("", "Keep under its own name"), *((name, name.replace("_", " ").capitalize()) for name in MEANINGS)]
MODES = [
    ("fill", "Fill blanks", "What is known stays; what is missing is filled in."),
    ("overwrite", "Overwrite", "What the file says replaces what is known. The old values stay in the history."),
    ("create", "Only new people", "People who are known already are left as they are."),
]
HOW = {
    "header": ("By its name", "good"),
    "values": ("By its values", "watch"),
    "remembered": ("As last time", "good"),
    "chosen": ("Chosen", "accent"),
    "none": ("Custom field", "neutral"),
}
"""How a column was recognised, and the tone of its badge."""
KINDS = {
    "contact": ("address", "addresses"),
    "person": ("person", "people"),
    "company": ("company", "companies"),
    "affiliation": ("role", "roles"),
    "profile": ("profile", "profiles"),
    "slot": ("check", "checks"),
}
WORK = {
    "intake.import": "Importing",
    "intake.preview": "Trying it out",
    "intake.preview_revert": "Looking at what taking it back would do",
    "intake.revert": "Taking it back",
}
BRIEF = {
    "no_email": "No address",
    "bad_email": "Not an address",
    "filtered_email": "A machine's address",
    "bad_quoting": "Broken quotes",
    "bad_encoding": "Unreadable letters",
    "bad_json": "Not JSON",
}
FORMATS = "CSV and TSV, Excel (.xlsx), JSON, JSON lines, Parquet, and gzip of these"


def kind(name: str, count: int) -> str:
    """Return '1 person', '12 people'."""
    one, many = KINDS.get(name, (name, f"{name}s"))
    return f"{count:,} {one if count == 1 else many}"


def changes(preview: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the differences that a dry run found, one entry a field: kind, field, how many, the first ones with both values."""
    grouped: dict[tuple[str, str], dict[str, Any]] = {}
    for row in preview.get("changes", ()):
        entry = grouped.setdefault((row["kind"], row["field"]), {**row, "rows": []})
        entry["rows"].append(row)
    return list(grouped.values())


def shown(value: Any) -> str | None:
    """Return a value of a difference as text, None where there is none."""
    if value is None or value == "":
        return None
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def reason(name: str) -> str:
    """Return why a row could not be used, as a sentence begins."""
    said = REASONS.get(name, name)
    return said[:1].upper() + said[1:]


def brief_reason(name: str) -> str:
    """Return the same in a few words."""
    return BRIEF.get(name, name.replace("_", " ").capitalize())


def brief(payload: Any) -> str:
    """Return the beginning of a row as it came: its filled values, one after the other."""
    values = payload.values() if isinstance(payload, dict) else [payload]
    return " · ".join(str(value) for value in values if value not in (None, "", [], {}))[:160]
