"""The parts of a campaign's pages, as the tabs above each of them name them. Pure: other slices have pages among them too."""

from uuid import UUID

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
