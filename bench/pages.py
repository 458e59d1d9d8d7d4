"""Server time of the pages, as a browser asks for them: p50 and p95, and the ratio to a page that reads nothing."""

import asyncio
import subprocess
import time
import uuid

import httpx

from outrider import tenancy
from outrider.tenancy import cookies, sessions

from .ingesting import free_port, until_ready
from .lab import Lab
from .report import percentiles, table

RUNS = 40
AIM_MS = 100.0
BASELINE = "/sign-in"
LOOKUPS = {
    "person": "SELECT id FROM people.master ORDER BY id LIMIT 1 OFFSET 1000",
    "company": "SELECT id FROM company.master ORDER BY id LIMIT 1 OFFSET 1000",
    "imported": "SELECT id FROM intake.imports ORDER BY id LIMIT 1",
    "profile": "SELECT id FROM people.profiles ORDER BY id LIMIT 1 OFFSET 1000",
    "load": "SELECT load_id FROM intake.raw_loads ORDER BY load_id LIMIT 1 OFFSET 1000",
}
PAGES = (
    "/",
    "/people",
    "/people?q=garcia",
    "/people?q=foods+19",
    "/people?q=qqzzxxj",
    "/people/{person}",
    "/people/{person}/timeline",
    "/companies",
    "/companies?q=labs",
    "/companies/{company}",
    "/contacts",
    "/conflicts",
    "/imports",
    "/imports/{imported}",
    "/loads/{load}",
    "/namespaces",
    "/namespaces/playmaker",
    "/profiles",
    "/profiles?q=garcia",
    "/profiles/{profile}",
    "/jobs",
    "/audit",
    "/settings/users",
    "/database",
    "/palette?q=gar",
)
"""What is asked for; a page that answers anything but 200 stops the bench."""


async def run(lab: Lab) -> None:
    """Print the figures of every page. The home page is counted first, as a worker would have done."""
    from outrider.reports.overview import keep_count

    async with tenancy.transaction(lab.organization, lab.actor) as connection:
        await keep_count(connection, lab.organization)
    known = {name: str(await lab.tenant(query)) for name, query in LOOKUPS.items()}
    port = free_port()
    server = subprocess.Popen(
        lab.outrider("serve"),
        env={**lab.environment, "OUTRIDER_PORT": str(port), "OUTRIDER_RATE_LIMIT": "1000000/minute"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
        cookie = {cookies.NAME: await sign_in(lab)}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, cookies=cookie, timeout=60) as client:
            await until_ready(client)
            async with httpx.AsyncClient(base_url=client.base_url, headers=headers) as stranger:
                baseline, _ = percentiles(await timed(stranger, BASELINE))
            lines = [(f"baseline {BASELINE}", f"p50 {baseline:7.1f} ms")]
            for page in PAGES:
                p50, p95 = percentiles(await timed(client, page.format(**known)))
                late = "" if p95 < AIM_MS else f"  OVER the aim of {AIM_MS:.0f} ms"
                lines.append((f"page {page}", f"p50 {p50:7.1f} ms  p95 {p95:7.1f} ms  {p50 / baseline:6.1f} times the baseline{late}"))
            table(lines)
    finally:
        server.terminate()
        await asyncio.to_thread(server.wait)


async def sign_in(lab: Lab) -> str:
    """Make an owner and return the secret of their session."""
    email = f"{uuid.uuid4().hex}@bench.example"
    await tenancy.add_member(lab.organization, lab.actor, email, "owner", "Bench")
    members = await tenancy.list_members(lab.organization, lab.actor)
    user = next(member.user_id for member in members if member.email == email)
    return await sessions.open_session(lab.organization, user, sessions.Client("bench"))


async def timed(client: httpx.AsyncClient, path: str) -> list[float]:
    """Seconds of each request, after three that warm up."""
    taken = []
    for number in range(RUNS + 3):
        started = time.perf_counter()
        answer = await client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        if number >= 3:
            taken.append(time.perf_counter() - started)
    return taken
