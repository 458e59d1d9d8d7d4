"""The words of a search, and what each asks of a folded text with a trigram index."""

from outrider.kit.errors import InvalidInput

from .order import Parameters

LONGEST_QUERY = 200
MOST_WORDS = 10
SHORTEST_INDEXED = 3

# Each pattern is a subselect: worked out once and not for every row, and a plan that does not depend on the word.
ANYWHERE = "{0}.search_text LIKE (SELECT people.f_pattern({1}))"
AT_WORD_STARTS = (
    "({0}.search_text LIKE (SELECT people.f_pattern({1}, true)) OR {0}.search_text LIKE (SELECT people.f_pattern(' ' || {1})) "
    "OR {0}.search_text LIKE (SELECT people.f_pattern('.' || {1})) OR {0}.search_text LIKE (SELECT people.f_pattern('@' || {1})) "
    "OR {0}.search_text LIKE (SELECT people.f_pattern('-' || {1})))"
)
"""What a word of the query asks of a row's search_text. One too short for the index on any part of it has to begin a word there."""


def words_of(q: str | None) -> list[str]:
    """Return the words of a query, shortest last. Raises `InvalidInput` for one that is too long or has too many words."""
    words = (q or "").split()
    if len(q or "") > LONGEST_QUERY or len(words) > MOST_WORDS:
        raise InvalidInput(f"q may have {LONGEST_QUERY} characters and {MOST_WORDS} words: look for less", field="q")
    return sorted(dict.fromkeys(words), key=len, reverse=True)


def conditions(table: str, q: str | None, given: Parameters) -> list[str]:
    """Return what the words of `q` ask of a row of `table`."""
    return [(ANYWHERE if len(word) >= SHORTEST_INDEXED else AT_WORD_STARTS).format(table, given.add(word)) for word in words_of(q)]
