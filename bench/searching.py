"""People search and the first list page through the service, as the API calls it: p50 and p95, and how they grow with size."""

import time

from outrider import tenancy
from outrider.people import Filters, Lists

from .lab import Lab
from .report import percentiles, table

RUNS = 60
AIM_MS = 100.0
QUERIES = {
    "first list page, newest first": ("",),
    "a common word (an ending of every address)": ("example",),
    "a common name": ("smith", "garcia", "nguyen", "maria", "james"),
    "a rare word": ("ngozi macleod", "dagný ångström", "beyoncé šarić", "kwame von trapp"),
    "part of a company": ("foods 19", "logistics 3", "labs 27"),
    "two letters": ("ng", "zo", "qu"),
    "nothing found": ("qqzzxxj", "nobody-has-this"),
}


async def run(lab: Lab, rows: int, earlier: dict[str, float]) -> None:
    """Print the figures, and beside them the ratio to the size before."""
    await lab.admin.execute("VACUUM (ANALYZE) vault.contacts, people.master, company.master")
    lines = []
    for label, words in QUERIES.items():
        p50, p95 = percentiles([await once(lab, words[run % len(words)]) for run in range(RUNS)])
        growth = f"  {p50 / earlier[label]:.1f} times the size before" if label in earlier else ""
        late = "" if p95 < AIM_MS else f"  OVER the aim of {AIM_MS:.0f} ms"
        lines.append((f"people: {label}", f"p50 {p50:7.1f} ms  p95 {p95:7.1f} ms{growth}{late}"))
        earlier[label] = p50
    table(lines)


async def once(lab: Lab, q: str) -> float:
    """Seconds of one search."""
    started = time.perf_counter()
    async with tenancy.transaction(lab.organization, lab.actor, readonly=True) as connection:
        await Lists(connection, lab.organization).people(Filters(q=q or None), limit=50)
    return time.perf_counter() - started
