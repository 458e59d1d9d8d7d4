"""Where keywords are in a campaign's name, for showing. Pure."""

from dataclasses import dataclass

from ..types import Routing


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a campaign's name; `is_hit`: the keyword that won."""

    text: str
    is_hit: bool


def parts(routing: Routing) -> list[Part]:
    """Return the campaign's name in parts, every place of the winning keyword marked; one plain part when the default took it."""
    name, keyword = routing.campaign_name, (routing.keyword or "").lower()
    folded = name.lower()
    if not keyword or len(folded) != len(name):  # a letter that is longer in lower case would shift the marks
        return [Part(name, False)]
    found, start = [], 0
    while (at := folded.find(keyword, start)) >= 0:
        found += [Part(name[start:at], False), Part(name[at : at + len(keyword)], True)]
        start = at + len(keyword)
    return [part for part in [*found, Part(name[start:], False)] if part.text]
