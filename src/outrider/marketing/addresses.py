"""Addresses out of a text that somebody pasted. Pure."""

import re

SEPARATORS = re.compile(r"[\s,;<>\"'()\[\]]+")


def addresses_in(text: str) -> list[str]:
    """Return what looks like an address, in lower case, each once and in its order; of a line without one, the line itself.

    `Ana Lima <ana@acme.example>` is ana@acme.example; a line that says only "Ana Lima" is kept, so that it can be told as not found.
    """
    found: list[str] = []
    for line in text.splitlines():
        parts = [part.strip(".") for part in SEPARATORS.split(line) if "@" in part]
        found += [part.removeprefix("mailto:").lower() for part in parts] or [line.strip().lower()[:254]]
    return [one for one in dict.fromkeys(found) if one]
