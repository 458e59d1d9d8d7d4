"""How deep the elements of an HTML text may lie in each other: what makes it into mail recurses, and would end the process. Pure."""

import re
from collections import Counter

from outrider.kit.errors import InvalidInput

DEEPEST = 200
LONGEST = 2_000_000
"""Characters of a message, once its variables are filled in."""
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
NOT_CLOSED = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "thead",
        "tbody",
        "tfoot",
        "dt",
        "dd",
        "option",
    ]
)
"""Elements that hold nothing, or end where the next one of their kind begins."""


def check_html(html: str) -> None:
    """Raise `InvalidInput` for HTML with more than `DEEPEST` elements open at once, or more than `LONGEST` characters.

    Counts tags as they stand, in comments too; one that closes nothing counts for nothing.
    """
    if len(html) > LONGEST:
        raise InvalidInput(f"the message would have {len(html):,} characters; at most {LONGEST:,} are sent", field="body")
    still: Counter[str] = Counter()
    count = 0
    for slash, written in _TAG.findall(html):
        name = written.lower()
        if name in NOT_CLOSED:
            continue
        if not slash:
            still[name] += 1
            count += 1
            if count > DEEPEST:
                raise InvalidInput(f"more than {DEEPEST} elements lie in each other: close what is opened, such as <b>", field="body")
        elif still[name]:
            still[name] -= 1
            count -= 1
