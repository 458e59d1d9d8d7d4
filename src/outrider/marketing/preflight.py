"""What stands between a campaign and its start, all of it at once; and what its messages would be. Changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from outrider.kit import database, public_address
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import OrganizationId

from .campaigns import OVER, Campaigns
from .rendering import MissingVariable, parse, render_text, without_fallback
from .store import campaigns as queries
from .store import enrollments, texts
from .templates import rendered
from .types import Step, Whole
from .variables import SENDER, variables_of

MOST_MESSAGES = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is missing. `blocks`: the campaign cannot start; else it costs `people` their message. `step` is its position."""

    code: str
    message: str
    blocks: bool = True
    step: int | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True)
class Preflight:
    """Everything that is missing, and whether the campaign can start all the same."""

    problems: Sequence[Problem]
    eligible: int

    @property
    def can_start(self) -> bool:
        """Whether nothing blocks."""
        return not any(problem.blocks for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Planned:
    """A message, or the text of a task, as one person would get it at `planned_at` at the earliest; limits may make it later.

    `time_zone` is the person's, whose hours the window is; None where it is not known, and the campaign's counts. `missing` is the variable
    that keeps it back; subject, html and text are None then.
    """

    enrollment_id: UUID
    email: str
    name: str | None
    step: int
    channel: str
    planned_at: datetime
    time_zone: str | None
    variant: str | None
    subject: str | None
    html: str | None
    text: str | None
    missing: str | None


async def check(connection: asyncpg.Connection, organization: OrganizationId, id: UUID) -> Preflight:
    """Return what is missing. Raises `NotFound`."""
    return await check_whole(connection, organization, await Campaigns(connection, organization).whole(id))


async def check_whole(
    connection: asyncpg.Connection, organization: OrganizationId, whole: Whole, *, counts_people: bool = True
) -> Preflight:
    """Return what is missing of a campaign that was read; without `counts_people` not how many lack a variable, which takes long."""
    if whole.campaign.state in OVER:
        return Preflight([Problem("over", f"the campaign is {whole.campaign.state}: it is over, and does not start again")], 0)
    eligible = sum(whole.enrollments.get(state, 0) for state in ("ready", "active", "paused"))
    wordings = await _wordings(connection, organization, whole.steps)
    problems = [*_of_campaign(whole, eligible), *_of_texts(whole.steps, wordings)]
    row = await queries.organization(connection, organization_id=organization)
    if not (row["physical_address"] or "").strip():
        problems.append(Problem("no_physical_address", "the organization has no physical address, which every email must show"))
    if counts_people:
        problems += await _of_people(connection, organization, whole.campaign.campaign_id, whole.steps, wordings)
    return Preflight(problems, eligible)


async def dry_run(connection: asyncpg.Connection, organization: OrganizationId, id: UUID, people: int = 3) -> list[Planned]:
    """Return what the next `people` (1 to 20) of a campaign would get, step by step; sends nothing. [] when nobody is enrolled.

    Raises `NotFound`, `InvalidInput`, and `Conflict` when it was not resolved yet.
    """
    if not 1 <= people <= MOST_MESSAGES:
        raise InvalidInput(f"people is {people}; it must be between 1 and {MOST_MESSAGES}", field="people")
    if (await Campaigns(connection, organization).find(id)).state == "draft":
        raise Conflict("nobody is enrolled yet: resolve the campaign first", field="id")
    rows = [row async for row in enrollments.plan(connection, organization_id=organization, id=id, count=people)]
    known = await variables_of(connection, organization, list({row["id"] for row in rows}))
    return [_planned(row, known.get(row["id"], {})) for row in rows]


def _planned(row: asyncpg.Record, known: dict[str, str]) -> Planned:
    seed = f"{row['id']}/{row['step_id']}"
    subject = html = text = missing = None
    if row["channel"] != "email":
        try:
            text = render_text(row["instructions"] or "", known, seed=seed)
        except MissingVariable as error:
            missing = error.name
    elif row["label"] is not None:
        preview = rendered(row["subject"], row["body"], known, seed=seed)
        missing = preview.missing
        if preview.message:
            subject, html, text = preview.message.subject, preview.message.html, preview.message.text
    return Planned(
        row["id"],
        row["email"],
        row["name"],
        row["position"],
        row["channel"],
        row["planned_at"],
        row["time_zone"],
        row["label"],
        subject,
        html,
        text,
        missing,
    )


def _of_campaign(whole: Whole, eligible: int) -> Iterator[Problem]:
    if not whole.steps:
        yield Problem("no_steps", "there are no steps: write one")
    if sum(step.channel == "email" for step in whole.steps) > 1:
        told = "Outrider does not read your inbox yet: replies count when your provider's webhook tells of them"
        yield Problem("replies_not_read", told, blocks=False)
    for position, step in enumerate(whole.steps, 1):
        for what, is_tracked in (("open", whole.campaign.tracks_opens), ("click", whole.campaign.tracks_clicks)):
            if step.condition == f"no_{what}" and not is_tracked:
                told = f"step {position} is for who did not {what}, and {what}s are not tracked: everybody gets it"
                yield Problem(f"{what}s_not_tracked", told, blocks=False, step=position)
    if not whole.lists and not whole.segments:
        yield Problem("no_audience", "nobody is chosen: add a list or a segment")
    elif whole.campaign.state == "draft":
        yield Problem("not_resolved", "nobody is enrolled yet: choose people and enroll them (resolve)")
    elif not eligible and whole.campaign.state in ("ready", "scheduled"):
        yield Problem("nobody_eligible", "nobody in the audience may be written to")
    if not any(step.channel == "email" for step in whole.steps):
        return
    if not whole.mailboxes:
        yield Problem("no_mailbox", "no mailbox is chosen to send from")
    elif all(mailbox.state != "active" for mailbox in whole.mailboxes):
        first = whole.mailboxes[0]
        yield Problem("no_working_mailbox", f"no mailbox works: {first.email} is {first.state}{_because(first.state_reason)}")
    else:
        for mailbox in whole.mailboxes:
            if mailbox.state != "active":
                told = f"the mailbox {mailbox.email} is {mailbox.state}{_because(mailbox.state_reason)}"
                yield Problem("mailbox_not_working", told, blocks=False)
    if unlinked := [mailbox.email for mailbox in whole.mailboxes if mailbox.links_begin is None]:
        whose = unlinked[0] if len(unlinked) == 1 else f"{unlinked[0]} and {len(unlinked) - 1:,} more"
        told = f"messages from {whose} would have no unsubscribe link that works: {public_address.MISSING}"
        yield Problem("no_unsubscribe_link", told)


def _of_texts(steps: Sequence[Step], wordings: dict[int, list[tuple[str, str, str]]]) -> Iterator[Problem]:
    for position, step in enumerate(steps, 1):
        if step.channel != "email":
            if not (step.instructions or "").strip():
                yield Problem("no_instructions", f"step {position} does not say what to do", step=position)
            continue
        if not wordings[position]:
            yield Problem("no_text", f"step {position} has no text", step=position)
        for label, subject, body in wordings[position]:
            for what, text in (("subject", subject), ("text", body)):
                if not text.strip():
                    yield Problem(f"no_{what}", f"step {position}, variant {label} has no {what}", step=position)


async def _of_people(
    connection: asyncpg.Connection,
    organization: OrganizationId,
    id: UUID,
    steps: Sequence[Step],
    wordings: dict[int, list[tuple[str, str, str]]],
) -> list[Problem]:
    """Return who would get no message for want of a variable, by variable and step."""
    uncovered: dict[tuple[str, ...], set[int]] = {}
    for position, step in enumerate(steps, 1):
        for text in [step.instructions or "", *(one for _, *both in wordings[position] for one in both)]:
            for names in without_fallback(parse(text)):
                if SENDER.keys() & set(names):  # of the mailbox, not of the person
                    continue
                uncovered.setdefault(names, set()).add(position)
    if not uncovered:
        return []
    wanted = list(uncovered)
    await database.allow_long(connection)
    rows = enrollments.lacking(connection, organization_id=organization, id=id, wanted=[list(names) for names in wanted])
    found = {wanted[row["number"] - 1]: row["people"] async for row in rows}
    return [
        Problem(
            "missing_variable",
            f"{_people(people)} no {' or '.join(names)}, and step {min(uncovered[names])} names nothing that stands in for it: "
            f"{_consequence(steps, uncovered[names])}",
            blocks=False,
            step=min(uncovered[names]),
            people=people,
        )
        for names, people in found.items()
    ]


def _consequence(steps: Sequence[Step], positions: set[int]) -> str:
    """Return what becomes of who lacks a variable that the steps at these positions name: emails wait, tasks are made all the same."""
    are_emails = {steps[position - 1].channel == "email" for position in positions}
    told = {True: "their messages will wait for a person", False: "their tasks will lack it"}
    return ", and ".join(told[is_email] for is_email in sorted(are_emails, reverse=True))


async def _wordings(
    connection: asyncpg.Connection, organization: OrganizationId, steps: Sequence[Step]
) -> dict[int, list[tuple[str, str, str]]]:
    """Return {position: [(label, subject, body)]} with the texts of templates put in."""
    ids = [variant.template_id for step in steps for variant in step.variants if variant.template_id]
    rows = texts.template_texts(connection, organization_id=organization, ids=ids)
    kept = {row["id"]: (row["subject"], row["body"]) async for row in rows}
    return {
        position: [(one.label, *(kept[one.template_id] if one.template_id else (one.subject, one.body))) for one in step.variants]
        for position, step in enumerate(steps, 1)
    }


def _people(count: int) -> str:
    return "1 person has" if count == 1 else f"{count:,} people have"


def _because(reason: str | None) -> str:
    return f" ({reason})" if reason else ""
