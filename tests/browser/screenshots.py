"""The pictures of docs/images: `python -m tests.browser.screenshots`.

Starts Outrider in a temporary home as anybody does (`outrider up`, with the demo data), and photographs its pages. The demo's rows are
spread over the month before, as those of a team at work are.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from . import chromium
from .chromium import PHONE
from .look import sign_in
from .site import SAMPLES

TARGET = Path(__file__).parents[2] / "docs" / "images"
WIDTH = 1280
MOST_BYTES = 2_000_000
SPREAD = """
    UPDATE intake.raw_loads SET created_at = created_at - interval '1 day' * (abs(hashint8(load_id / 60)) % 29)
    WHERE organization_id = $1
"""


READ = "SELECT count(DISTINCT message_id) FROM engagement.events WHERE organization_id = $1 AND type = 'open' AND verdict = 'human'"
ENOUGH = 70
"""How many messages of the demo's campaign people have opened when it is photographed: after about two minutes."""


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the page (with what `places` fills in), and how it is looked at."""

    name: str
    path: str
    scheme: str = "light"
    phone: bool = False
    organization: str | None = "demo"
    height: int = 800


SHOTS = (
    Shot("sign-in", "/sign-in", organization=None),
    Shot("home", "/", height=910),
    Shot("home-dark", "/", scheme="dark", height=910),
    Shot("imports", "/imports"),
    Shot("import-mapping", "/imports/{uploaded}"),
    Shot("import-report", "/imports/{imported}"),
    Shot("people", "/people"),
    Shot("people-phone", "/people", phone=True),
    Shot("person", "/people/{person}"),
    Shot("namespaces", "/namespaces"),
    Shot("campaign", "/campaigns/{campaign}", height=930),
    Shot("campaign-write", "/campaigns/{campaign}/steps", height=1000),
    Shot("campaign-report", "/campaigns/{campaign}/report", height=1000),
    Shot("activity", "/activity", height=860),
    Shot("database", "/database", organization="default"),
)


async def main(target: Path, port: int) -> None:
    """Start, prepare, photograph, and say how large it all is."""
    environment = {**os.environ, "OUTRIDER_PORT": str(port), "OUTRIDER_DEMO_MAIL_PORT": str(port + 1)}
    process = subprocess.Popen(  # noqa: ASYNC220  (there is nothing else to do meanwhile)
        [sys.executable, "-m", "outrider", "up"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        await asyncio.to_thread(_until_it_says, process, "Outrider is at")
        secrets, places = await prepare()
        target.mkdir(parents=True, exist_ok=True)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
            for shot in SHOTS:
                await photograph(browser, f"http://localhost:{port}", shot, secrets, places, target)
            await browser.close()
    finally:
        process.terminate()
        process.communicate()
    sizes = {path.name: path.stat().st_size for path in sorted(target.glob("*.png"))}
    print(*(f"{size:>9,}  {name}" for name, size in sizes.items()), f"{sum(sizes.values()):>9,}  in all", sep="\n")
    if sum(sizes.values()) > MOST_BYTES:
        sys.exit(f"the pictures are larger than {MOST_BYTES:,} bytes together")


def _until_it_says(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if words in line:
            return
    sys.exit("outrider up ended:\n" + "".join(said))


async def prepare() -> tuple[dict[str, str], dict[str, str]]:
    """Return a session for each organization, and the ids of what is photographed; leaves a file uploaded and not started."""
    import asyncpg

    from outrider import intake, runtime, tenancy

    async with runtime.opened(migrate=False) as place:
        demo = await tenancy.find_organization("demo")
        secrets = {name: await sign_in("owner", name) for name in ("default", "demo")}
        sample = SAMPLES / "apollo_export.csv"
        with sample.open("rb") as file:
            uploaded = await intake.create_import(demo, runtime.me(), file, intake.NewImport(file_name="new_leads.csv"))
        admin = await asyncpg.connect(place.urls.admin)
        await admin.execute(SPREAD, demo)
        person = await admin.fetchval(
            "SELECT m.id FROM people.master AS m WHERE m.organization_id = $1 AND m.title IS NOT NULL AND m.company_id IS NOT NULL "
            "ORDER BY (SELECT count(*) FROM people.history AS h WHERE h.organization_id = $1 AND h.person_id = m.id) DESC, m.id LIMIT 1",
            demo,
        )
        imported = await admin.fetchval(
            "SELECT id FROM intake.imports WHERE organization_id = $1 AND state = 'completed' ORDER BY rows_failed DESC LIMIT 1", demo
        )
        while await admin.fetchval(READ, demo) < ENOUGH:  # noqa: ASYNC110  (another process does it)
            await asyncio.sleep(1)
        campaign = await admin.fetchval("SELECT campaign_id FROM marketing.campaigns WHERE organization_id = $1", demo)
        await admin.close()
        places = {"person": person, "imported": imported, "uploaded": uploaded.id, "campaign": campaign}
        return secrets, {name: str(id) for name, id in places.items()}


async def photograph(browser: Browser, base: str, shot: Shot, secrets: dict[str, str], places: dict[str, str], target: Path) -> None:
    """Write one picture."""
    from outrider.tenancy import cookies

    viewport = PHONE if shot.phone else {"width": WIDTH, "height": shot.height}
    context = await browser.new_context(viewport=viewport, color_scheme=shot.scheme, reduced_motion="reduce")
    if shot.organization is not None:
        await context.add_cookies([{"name": cookies.NAME, "value": secrets[shot.organization], "url": base}])
    page = await context.new_page()
    answer = await page.goto(base + shot.path.format(**places), wait_until="networkidle")
    if answer is None or answer.status != 200:
        sys.exit(f"{shot.path} answered {answer.status if answer else 'nothing'}")
    await page.screenshot(path=target / f"{shot.name}.png")
    await context.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--port", type=int, default=8097)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="outrider-screenshots-") as home:
        os.environ["OUTRIDER_HOME"] = home
        asyncio.run(main(given.target, given.port))
