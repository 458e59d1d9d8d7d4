"""Why a queued message does not go out: what the claim would stumble over, in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg

from outrider.tenancy import OrganizationId

from .store import message_queries as queries

Cause = Literal[
    "frozen", "campaign_paused", "campaign_over", "mailbox_paused", "mailbox_failing", "mailbox_removed", "person_paused",
    "organization_daily_limit", "mailbox_daily_limit", "mailbox_hourly_limit", "campaign_daily_limit", "window", "throttle",
    "domain_hourly_limit",
]  # fmt: skip
PUT_OFF = timedelta(minutes=5)
"""By how much the claim moves a message whose domain had its hour's share."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What holds a message back; `text` says it in words, without a full stop.

    `until` is when it ends, None when nobody knows, or `text` says it.
    """

    cause: Cause
    text: str
    until: datetime | None = None


async def find_holds(connection: asyncpg.Connection, organization: OrganizationId, ids: Sequence[UUID]) -> dict[UUID, Hold]:
    """Return {message: what holds it back} of those that are queued and held; one statement for all."""
    rows = queries.holds(connection, organization_id=organization, ids=list(ids))
    return {row["id"]: hold async for row in rows if (hold := _hold(row))}


def _hold(row: Mapping[str, Any]) -> Hold | None:
    """Return the first that the claim would find. Limits hold back what is due; what was planned for later waits for its time."""
    return _stop(row) or (_limit(row) if row["scheduled_at"] <= row["now"] else None) or _delay(row)


def _stop(row: Mapping[str, Any]) -> Hold | None:
    """Return what a person, a bounce rate or a server brought to a stop."""
    if row["is_frozen"]:
        return Hold("frozen", "All sending is stopped")
    if row["campaign_state"] == "paused":
        return Hold("campaign_paused", _because(f"The campaign {row['campaign']} is paused", row["paused_reason"]))
    if row["campaign_state"] != "sending":
        return Hold("campaign_over", f"The campaign {row['campaign']} is {row['campaign_state']}")
    if row["mailbox_state"] == "failing":
        return Hold("mailbox_failing", _because(f"The mail server does not let {row['mailbox']} in", row["state_reason"]))
    if row["mailbox_state"] != "active":
        return Hold("mailbox_paused", _because(f"The mailbox {row['mailbox']} is paused", row["state_reason"]))
    if not row["is_of_campaign"]:
        return Hold("mailbox_removed", f"The campaign no longer sends from {row['mailbox']}")
    if row["is_person_paused"]:
        return Hold("person_paused", "Its person is paused in the campaign")
    return None


def _limit(row: Mapping[str, Any]) -> Hold | None:
    """Return a limit that is used up."""
    limit, today = row["organization_limit"], row["organization_today"]
    if limit is not None and today >= limit:
        return Hold("organization_daily_limit", f"The organization has sent {today:,} of {limit:,} today; goes on tomorrow")
    limit, today = row["mailbox_limit"], row["mailbox_today"]
    if row["is_before_warmup"]:
        return Hold("mailbox_daily_limit", f"{row['mailbox']} sends nothing until its warm-up is begun")
    if limit == 0:
        return Hold("mailbox_daily_limit", f"{row['mailbox']} may send nothing: its daily limit is 0")
    if today >= limit:
        warming = " (warm-up)" if row["is_warming"] else ""
        return Hold("mailbox_daily_limit", f"{row['mailbox']} has sent {today:,} of {limit:,} today{warming}; goes on tomorrow")
    limit, hour = row["hourly_limit"], row["mailbox_hour"]
    if limit is not None and hour >= limit:
        return Hold("mailbox_hourly_limit", f"{row['mailbox']} has sent {hour:,} of {limit:,} in the last hour; goes on within the hour")
    limit, today = row["campaign_limit"], row["campaign_today"]
    if limit is not None and today >= limit:
        return Hold("campaign_daily_limit", f"The campaign {row['campaign']} has sent {today:,} of {limit:,} today; goes on tomorrow")
    return None


def _delay(row: Mapping[str, Any]) -> Hold | None:
    """Return what the claim puts a message off for, or put it off for already: then it was planned anew for the end of that."""
    at, now, opens_at, not_before = row["scheduled_at"], row["now"], row["opens_at"], row["not_before"]
    if now < opens_at and at <= opens_at:
        return Hold("window", "The campaign's sending hours are over for now", opens_at)
    if not_before and now < not_before and at <= not_before:
        return Hold("throttle", f"The servers of {row['recipient_domain']} asked for a slower pace", not_before)
    limit, hour = row["domain_limit"], row["domain_hour"]
    if limit is not None and hour >= limit and at <= now + PUT_OFF:
        return Hold("domain_hourly_limit", f"{row['recipient_domain']} got {hour:,} of {limit:,} in the last hour; goes on within the hour")
    return None


def _because(text: str, reason: str | None) -> str:
    return f"{text}: {reason.rstrip('.')}" if reason else text
