"""The report of a campaign, worked out of the ledger and the events when it is asked for. Five statements at most."""

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

import asyncpg

from outrider.kit.errors import NotFound
from outrider.tenancy import OrganizationId

from .chance import two_best, verdict
from .store import reports, to_day, to_figures, to_part, to_variant
from .types import CampaignReport, Figures, Variant, Verdict

DOMAINS = 20
"""Recipient domains that are shown, those with most messages."""


async def read_report(connection: asyncpg.Connection, organization: OrganizationId, campaign: UUID) -> CampaignReport:
    """Return what became of a campaign, in the caller's transaction. Raises `NotFound`."""
    head = await reports.campaign(connection, organization_id=organization, campaign_id=campaign)
    if head is None:
        raise NotFound(f"there is no campaign {campaign}", field="id")
    zone = head["time_zone"]
    found: dict[str, list[asyncpg.Record]] = {}
    async for row in reports.parts(connection, organization_id=organization, campaign_id=campaign, time_zone=zone, domains=DOMAINS):
        found.setdefault(row["kind"], []).append(row)
    figures = {row["key"]: to_figures(row) for row in found.get("variant", ())}
    variants = [
        to_variant(row, figures.get(str(row["id"]), Figures()))
        async for row in reports.variants(connection, organization_id=organization, campaign_id=campaign)
    ]
    steps = sorted(map(to_part, found.get("step", ())), key=lambda part: int(part.key))
    return CampaignReport(
        **dict(head),
        total=to_figures(found["all"][0]) if "all" in found else Figures(),
        days=tuple(map(to_day, found.get("day", ()))),
        steps=tuple(steps),
        variants=tuple(variants),
        verdicts=tuple(await _verdicts(connection, variants)),
        mailboxes=tuple(sorted(map(to_part, found.get("mailbox", ())), key=lambda part: part.label)),
        domains=tuple(sorted(map(to_part, found.get("domain", ())), key=lambda part: (-part.figures.tried, part.key))),
        hours=tuple(sorted(map(to_part, found.get("hour", ())), key=lambda part: int(part.key))),
    )


async def _verdicts(connection: asyncpg.Connection, variants: Iterable[Variant]) -> list[Verdict]:
    """Return what is to be said of each step that has several variants."""
    rivals = [list(group) for _, group in groupby(variants, key=lambda one: one.step)]
    rivals = [group for group in rivals if len(group) > 1]
    if not rivals:
        return []
    best, second = zip(*(two_best(group) for group in rivals), strict=True)
    chances = reports.chances(
        connection,
        hits=[one.figures.replied for one in best],
        tries=[one.figures.sent for one in best],
        other_hits=[one.figures.replied for one in second],
        other_tries=[one.figures.sent for one in second],
    )
    found = [row["chance"] async for row in chances]
    return [verdict(group, chance) for group, chance in zip(rivals, found, strict=True)]
