"""`python -m bench`: import to golden, search, server time of pages, ingest over HTTP, sending, webhooks, reports. Needs no network and no server: it starts its own in a temporary folder."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from outrider import runtime

from . import importing, ingesting, pages, reports, searching, sending, webhooks
from .lab import Lab
from .report import heading, say

PARTS = ("import", "search", "pages", "ingest", "sending", "webhooks", "reports")


def main() -> None:
    """Run the parts asked for at each size and print what was measured."""
    arguments = argparse.ArgumentParser(prog="make bench", description=__doc__)
    arguments.add_argument("--rows", type=int, nargs="+", default=[100_000], help="sizes, e.g. 100000 1000000")
    arguments.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    arguments.add_argument("--seed", type=int, default=77)
    arguments.add_argument("--messages", type=int, default=10_000, help="messages that are sent")
    arguments.add_argument("--queued", type=int, default=1_000_000, help="messages in the queue for the claim")
    arguments.add_argument("--events", type=int, default=30_000, help="events that come through a webhook")
    arguments.add_argument("--report-messages", type=int, default=100_000, help="messages of the campaign that is reported on")
    chosen = arguments.parse_args()
    earlier: dict[str, float] = {}
    if "sending" in chosen.parts:
        with tempfile.TemporaryDirectory(prefix="outrider-bench-") as folder:
            runtime.run(measure_sending(Path(folder), chosen.messages, chosen.queued))  # on the event loop that workers have
        chosen.parts.remove("sending")
    if "webhooks" in chosen.parts:
        with tempfile.TemporaryDirectory(prefix="outrider-bench-") as folder:
            asyncio.run(measure_webhooks(Path(folder), chosen.events))
        chosen.parts.remove("webhooks")
    if "reports" in chosen.parts:
        with tempfile.TemporaryDirectory(prefix="outrider-bench-") as folder:
            asyncio.run(measure_reports(Path(folder), chosen.report_messages))
        chosen.parts.remove("reports")
    for rows in chosen.rows if chosen.parts else ():
        with tempfile.TemporaryDirectory(prefix="outrider-bench-") as folder:
            asyncio.run(measure(Path(folder), rows, chosen.seed, chosen.parts, earlier))


async def measure(folder: Path, rows: int, seed: int, parts: list[str], earlier: dict[str, float]) -> None:
    """Run the parts on one fresh installation with `rows` rows; `earlier` holds the figures of the size before, for growth."""
    heading(f"{rows:,} rows of make_leads.py (apollo, seed {seed})")
    async with Lab(folder) as lab:
        file = lab.leads(rows, seed)
        if file is None:
            sys.exit("make_leads.py is not there: the bench needs ../shared/tools beside the repository")
        imported = await importing.run(lab, file, rows)
        if "search" in parts:
            await searching.run(lab, rows, earlier)
        if "pages" in parts:
            await pages.run(lab)
        if "ingest" in parts:
            await ingesting.run(lab)
        if "import" in parts:
            await importing.baselines(lab, file, rows, imported)
    say()


async def measure_webhooks(folder: Path, events: int) -> None:
    """Measure webhooks on an installation of its own."""
    async with Lab(folder) as lab:
        await webhooks.run(lab, events)
    say()


async def measure_reports(folder: Path, messages: int) -> None:
    """Measure reports on an installation of its own."""
    async with Lab(folder) as lab:
        await reports.run(lab, messages)
    say()


async def measure_sending(folder: Path, messages: int, queued: int) -> None:
    """Measure sending on an installation of its own."""
    async with Lab(folder) as lab:
        await sending.run(lab, messages, queued)
    say()


if __name__ == "__main__":
    main()
