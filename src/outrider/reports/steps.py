"""What to do next, in the order of what stands still without it. Pure: from facts to sentences, each with one link."""

from collections.abc import Iterator, Mapping
from typing import Any

from .types import Step
from .words import counted

MOST_SLOTS = 1_000
"""Slots are counted to here; more are told as more."""


def steps_for(facts: Mapping[str, Any], scopes: frozenset[str], has_second_factor: bool) -> tuple[Step, ...]:
    """Return the steps that somebody with these scopes can take; empty when there is nothing to do.

    `facts` is a row of the query `situation`.
    """
    return (*_steps(facts, scopes), *_own(scopes, has_second_factor))


def _steps(facts: Mapping[str, Any], scopes: frozenset[str]) -> Iterator[Step]:
    if not facts["workers"] and "jobs:read" in scopes:
        text = "No worker is running, so imports and other jobs wait. Start one with: outrider worker"
        yield Step("worker", "wrong", text, "See what waits", "/jobs")
    if facts["failed"] and "jobs:read" in scopes:
        yield Step("failed_jobs", "wrong", f"{counted(facts['failed'], 'job')} failed in the last 7 days.", "See why", "/jobs?state=failed")
    if "imports:write" in scopes:
        yield from _imports(facts)
    if "people:write" in scopes:
        yield from _slots(facts)
    if not facts["has_address"] and "organization:write" in scopes:
        text = "No physical address yet. The law asks for one in every mail you send to people who did not ask for it."
        yield Step("address", "todo", text, "Add the address", "/settings/organization")


def _own(scopes: frozenset[str], has_second_factor: bool) -> Iterator[Step]:
    if "organization:write" in scopes and not has_second_factor:
        text = "Your account can do everything here and is kept by a password alone."
        yield Step("second_factor", "todo", text, "Add a second factor", "/account/security")


def _imports(facts: Mapping[str, Any]) -> Iterator[Step]:
    if facts["uploaded"]:
        is_one = facts["uploaded"] == 1
        text = "One file is uploaded and was not started." if is_one else f"{facts['uploaded']:,} files are uploaded and were not started."
        yield Step("uploaded", "todo", text, "Check and start", f"/imports/{facts['uploaded_id']}" if is_one else "/imports?state=uploaded")
    if facts["rejects"]:
        is_one = facts["rejects_imports"] == 1
        text = f"{counted(facts['rejects'], 'row')} could not be used in the last 30 days."
        yield Step("rejects", "todo", text, "Correct and import again", f"/imports/{facts['rejects_id']}" if is_one else "/imports")


def _slots(facts: Mapping[str, Any]) -> Iterator[Step]:
    if facts["conflicts"]:
        waits = "waits" if facts["conflicts"] == 1 else "wait"
        yield Step("conflicts", "todo", f"{_slots_counted(facts['conflicts'], 'conflict')} {waits} for you.", "Decide", "/conflicts")
    if facts["incomplete"]:
        lacks = "lacks" if facts["incomplete"] == 1 else "lack"
        text = f"{_slots_counted(facts['incomplete'], 'row')} {lacks} something, such as a name or a company."
        yield Step("incomplete", "todo", text, "See what is missing", "/incomplete")


def _slots_counted(number: int, noun: str) -> str:
    return f"More than {MOST_SLOTS:,} {noun}s" if number > MOST_SLOTS else counted(number, noun)
