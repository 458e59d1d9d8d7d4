"""What a name and keywords must be (BEHAVIOUR 1). Pure; knows no database."""

import re
from collections import defaultdict
from collections.abc import Iterable

from outrider.kit.errors import InvalidInput

from .types import KeywordOverlap, Namespace

NAME = re.compile(r"[a-z][a-z0-9_-]*")
LONGEST_NAME = 50
LONGEST_KEYWORD = 100
MOST_KEYWORDS = 100
LONGEST_DESCRIPTION = 1000
RESERVED = frozenset({"new", "overlaps", "reroute", "test-match"})
"""Names that are parts of our own addresses: /namespaces/new, /api/namespaces/overlaps."""
MOST_OVERLAPS = 500
RULE = "a lower-case letter first, then lower-case letters, digits, _ and -, at most 50 characters"


def check_name(name: str) -> str:
    """Return the name. Raises `InvalidInput` with the rule."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise InvalidInput(f"name is {name[:60]!r}; it must have {RULE}, as in acme-corp", field="name")
    return name


def check_new_name(name: str) -> str:
    """Return a name to be given. Raises `InvalidInput` for one that cannot be a name, or that an address of ours ends in."""
    if check_name(name) in RESERVED:
        raise InvalidInput(f"name is {name!r}, which is a word of our own addresses; choose another, such as {name}-client", field="name")
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


def overlaps(namespaces: Iterable[Namespace]) -> list[KeywordOverlap]:
    """Return which keywords of active namespaces hold each other, in any case, with the one that wins; at most `MOST_OVERLAPS`.

    Looks each part of each keyword up, which takes time with the keywords' lengths and not with the square of their number.
    """
    known: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for namespace in namespaces:
        if namespace.is_active:
            for keyword in namespace.keywords:
                known[keyword.lower()].append((namespace.name, keyword))
    found = []
    for text, holders in sorted(known.items()):
        for part in sorted(_parts(text) & known.keys()):
            for winner, keyword in holders:
                for other, other_keyword in known[part]:
                    if winner != other and (part != text or winner < other):
                        found.append(_overlap(winner, keyword, other, other_keyword, is_same=part == text))
    return sorted(found, key=lambda one: (one.loser, one.winner, one.loser_keyword))[:MOST_OVERLAPS]


def _parts(text: str) -> set[str]:
    return {text[start:end] for start in range(len(text)) for end in range(start + 1, len(text) + 1)}


def _overlap(winner: str, keyword: str, loser: str, loser_keyword: str, *, is_same: bool) -> KeywordOverlap:
    told = (
        f"{winner} and {loser} both have {keyword!r}: a campaign with it in its name goes to {winner}, which is first by name"
        if is_same
        else f"{keyword!r} of {winner} holds {loser_keyword!r} of {loser}: a campaign with {keyword!r} in its name goes to {winner}"
    )
    return KeywordOverlap(winner, keyword, loser, loser_keyword, told)
