"""The head of a campaign's pages: its state in words and the tabs above each of them. Pure: other slices have pages among them too."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from .types import Campaign

STATES: Mapping[str, tuple[str, str, str]] = {
    "draft": ("Draft", "neutral", "circle-dashed"),
    "ready": ("Ready", "accent", "circle-check"),
    "scheduled": ("Scheduled", "info", "calendar"),
    "sending": ("Sending", "good", "send"),
    "paused": ("Paused", "watch", "circle-pause"),
    "completed": ("Completed", "good", "circle-check"),
    "cancelled": ("Cancelled", "neutral", "ban"),
}
"""{state of a campaign: (word, tone, icon)}."""

TABS = (
    ("Overview", ""),
    ("Write", "/steps"),
    ("People", "/people"),
    ("Settings", "/settings"),
    ("Check", "/check"),
    ("Recipients", "/recipients"),
    ("Report", "/report"),
)
CLIENTS_TABS = (("Overview", ""), ("Steps", "/steps"), ("Recipients", "/recipients"), ("Report", "/report"))


def campaign_tabs(id: UUID, *, is_client: bool) -> list[tuple[str, str]]:
    """Return (label, address) of the pages of a campaign; a client sees some of them."""
    return [(label, f"/campaigns/{id}{part}") for label, part in (CLIENTS_TABS if is_client else TABS)]


def campaign_head(campaign: Campaign, *, may_write: bool, is_client: bool) -> dict[str, Any]:
    """Return what marketing/campaigns/campaign.html, the template round a page of a campaign, needs."""
    return {
        "campaign": campaign,
        "base": f"/campaigns/{campaign.campaign_id}",
        "tabs": campaign_tabs(campaign.campaign_id, is_client=is_client),
        "words": {"STATES": STATES},
        "may_write": may_write,
    }
