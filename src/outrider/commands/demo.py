"""The demo organization: the sample files that come with Outrider, taken in once.

What they hold is the importer's business.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from outrider import runtime, tenancy
from outrider.kit import sql
from outrider.kit.errors import Conflict
from outrider.namespaces import NamespaceService
from outrider.settings import settings

from .database import find_or_make

SAMPLES = Path(__file__).parent.parent / "samples"
NAME, SLUG = "Demo", "demo"
CLIENTS = {"northwind": ["northwind", "nw-"], "lumen": ["lumen"]}
"""The demo's namespaces, with their keywords."""
CAMPAIGNS = {"apollo_export.csv": "Northwind: finance leads Europe", "hubspot_contacts.csv": "Lumen spring outbound"}
"""Which sample is for which campaign; the others go to the default namespace."""
COLUMNS = ["file", "rows_read", "stored", "duplicate", "failed", "people", "companies", "seconds"]
IGNORED = (".md", ".txt~")
queries = sql.load(Path(__file__).parent / "queries.sql")


async def take_in_samples(on_file: Callable[[str], None] = lambda _: None) -> list[dict[str, Any]]:
    """Import the sample files that the demo organization does not have yet, and return a row for each: see `COLUMNS`.

    Empty when there is nothing to do. A file is remembered when it is in, so an interrupted start goes on where it was.
    """
    from outrider.intake import import_sample

    files = sorted(
        path for path in SAMPLES.glob("*") if path.is_file() and path.suffix not in IGNORED and not path.name.startswith((".", "_"))
    )
    if not files:
        return []
    organization, _ = await find_or_make(NAME, SLUG)
    await _furnish(organization)
    async with tenancy.transaction(organization, runtime.me(), readonly=True) as connection:
        taken = await queries.samples_taken_in(connection, organization_id=organization)
    rows = []
    for path in files:
        if path.name in taken:
            continue
        on_file(path.name)
        begun = time.monotonic()
        counts = await import_sample(organization, runtime.me(), path, CAMPAIGNS.get(path.name))
        async with tenancy.transaction(organization, runtime.me()) as connection:
            await queries.remember_sample(connection, organization_id=organization, name=path.name)
        rows.append(row_of(path.name, counts, time.monotonic() - begun))
    return rows


async def _furnish(organization: tenancy.OrganizationId) -> None:
    """Let the first admin in and make the clients' namespaces, where they are not there yet."""
    with suppress(Conflict):
        await tenancy.add_member(organization, runtime.me(), settings().admin_email, "owner", "Admin")
    for name, keywords in CLIENTS.items():
        with suppress(Conflict):
            async with tenancy.transaction(organization, runtime.me()) as connection:
                await NamespaceService(connection, organization).create(name, keywords)


def row_of(name: str, counts: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return a line of the table from what the importer counted; a failure count by reason becomes '3 (bad_email 2,
    no_email 1)'.
    """
    failed = counts.get("failed", 0)
    if isinstance(failed, dict):
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in sorted(failed.items(), key=lambda item: -item[1]))
        failed = f"{sum(failed.values()):,} ({reasons})" if reasons else 0
    return {
        **counts,
        "file": name,
        "rows_read": counts.get("rows_read", counts.get("read")),
        "failed": failed,
        "seconds": round(seconds, 1),
    }
