"""The report of a campaign, worked out of the ledger and the events when it is asked for. Five statements at most."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import NotFound
from outrider.tenancy import OrganizationId

from .chance import two_best, verdict
from .store import FIGURES, reports, to_day, to_figures, to_part, to_variant
from .types import CampaignReport, Variant, Verdict

DOMAINS = 20
"""Recipient domains that are shown, those with most messages."""
LEAST = 5
"""Messages that a recipient domain has to have to be shown by itself."""
NOTHING: Mapping[str, Any] = dict.fromkeys(FIGURES, 0)


async def read_report(connection: asyncpg.Connection, organization: OrganizationId, campaign: UUID) -> CampaignReport:
    """Return what became of a campaign, in the caller's transaction. Raises `NotFound`."""
    head = await reports.campaign(connection, organization_id=organization, campaign_id=campaign)
    if head is None:
        raise NotFound(f"there is no campaign {campaign}", field="id")
    query = reports.parts(
        connection, organization_id=organization, campaign_id=campaign, time_zone=head["time_zone"], domains=DOMAINS, least=LEAST
    )
    rows = [row async for row in query]
    unknown = _unknown(head, next((row for row in rows if row["kind"] == "all"), NOTHING))
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["kind"], []).append({**row, **unknown})
    nothing = to_figures({**NOTHING, **unknown})
    figures = {row["key"]: to_figures(row) for row in found.get("variant", ())}
    variants = [
        to_variant(row, figures.get(str(row["id"]), nothing))
        async for row in reports.variants(connection, organization_id=organization, campaign_id=campaign)
    ]
    steps = sorted(map(to_part, found.get("step", ())), key=lambda part: int(part.key))
    return CampaignReport(
        **dict(head),
        total=to_figures(found["all"][0]) if "all" in found else nothing,
        days=tuple(map(to_day, found.get("day", ()))),
        steps=tuple(steps),
        variants=tuple(variants),
        verdicts=tuple(await _verdicts(connection, variants)),
        mailboxes=tuple(sorted(map(to_part, found.get("mailbox", ())), key=lambda part: part.label)),
        domains=tuple(sorted(map(to_part, found.get("domain", ())), key=lambda part: (not part.key, -part.figures.tried, part.key))),
        hours=tuple(sorted(map(to_part, found.get("hour", ())), key=lambda part: int(part.key))),
    )


def _unknown(head: Mapping[str, Any], total: Mapping[str, Any]) -> dict[str, None]:
    """Return {figure: None} of what the campaign does not track; what came in while it did, or otherwise, stays."""
    kinds = (("tracks_opens", ("opened", "machine_opened")), ("tracks_clicks", ("clicked", "machine_clicked")))
    return {name: None for tracks, names in kinds if not head[tracks] and not any(total[name] for name in names) for name in names}


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
