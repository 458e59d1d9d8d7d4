"""What a name and keywords must be (BEHAVIOUR 1). Pure; knows no database."""

import re
from collections.abc import Iterable

from outrider.kit.errors import InvalidInput

NAME = re.compile(r"[a-z][a-z0-9_-]*")
LONGEST_NAME = 50
LONGEST_KEYWORD = 100
MOST_KEYWORDS = 100
LONGEST_DESCRIPTION = 1000
RULE = "a lower-case letter first, then lower-case letters, digits, _ and -, at most 50 characters"


def check_name(name: str) -> str:
    """Return the name. Raises `InvalidInput` with the rule."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise InvalidInput(f"name is {name[:60]!r}; it must have {RULE}, as in acme-corp", field="name")
    return name


def table_name(name: str) -> str:
    """Return the profile table of a namespace: every character outside [a-z0-9_] becomes _. Raises `InvalidInput` for a
    bad name."""
    return re.sub(r"[^a-z0-9_]", "_", check_name(name)) + "_user_source"


def check_keywords(keywords: Iterable[str]) -> list[str]:
    """Return the keywords, trimmed and without repetitions (case does not count). Raises `InvalidInput` naming the one
    at fault."""
    kept: dict[str, str] = {}
    for place, keyword in enumerate(keywords):
        text = keyword.strip()
        if not text:
            raise InvalidInput("a keyword is empty: it would match every campaign; take it out", field=f"keywords.{place}")
        if len(text) > LONGEST_KEYWORD:
            raise InvalidInput(f"a keyword has {len(text)} characters; at most {LONGEST_KEYWORD} are taken", field=f"keywords.{place}")
        if any(ord(character) < 32 or 0xD800 <= ord(character) <= 0xDFFF for character in text):
            raise InvalidInput("a keyword holds a control character: take it out", field=f"keywords.{place}")
        kept.setdefault(text.lower(), text)
    if not 1 <= len(kept) <= MOST_KEYWORDS:
        raise InvalidInput(f"keywords has {len(kept)} entries; it must have 1 to {MOST_KEYWORDS}", field="keywords")
    return list(kept.values())


def check_description(description: str | None) -> str | None:
    """Return the description, None for an empty one. Raises `InvalidInput` for one that is too long or cannot be
    stored."""
    if description is None or not description.strip():
        return None
    if len(description) > LONGEST_DESCRIPTION:
        raise InvalidInput(
            f"description has {len(description)} characters; at most {LONGEST_DESCRIPTION} are taken",
            field="description",
        )
    if "\x00" in description:
        raise InvalidInput("description holds a NUL character (\\u0000): take it out", field="description")
    return description
