"""Pictures of pages, for who makes them: `python -m tests.browser.look FOLDER /people /imports ...`.

Starts Outrider in a home of its own (FOLDER/home, with the samples), signs in, and writes FOLDER/<page>-{light,dark,phone}.png. It says
what the console said, what failed, and which page is wider than the window. With `--serve` it keeps serving instead, and prints the address
and the cookie; `--role viewer`, `--organization default` and `--wait 800` (milliseconds) do what they say.
"""

import argparse
import asyncio
import os
import re
from pathlib import Path

import uvicorn
from playwright.async_api import Browser, async_playwright

from . import chromium

KINDS = (("light", (1280, 860), "light"), ("dark", (1280, 860), "dark"), ("phone", (390, 844), "light"))


async def sign_in(role: str, organization: str) -> str:
    """Make a user of the organization, and of the default one, and return the secret of a session."""
    from outrider import runtime, tenancy
    from outrider.tenancy import sessions

    place, email = await tenancy.find_organization(organization), f"{role}@example.org"
    for each in (tenancy.DEFAULT_ORGANIZATION, place):
        async with tenancy.transaction(each, runtime.me()) as connection:
            bound = ["playmaker"] if role == "client" else []
            await connection.execute("SELECT FROM tenancy.f_add_member($1, 'Ana Lima', NULL, $2, $3)", email, role, bound)
            user = await connection.fetchval("SELECT user_id FROM tenancy.members WHERE email = $1", email)
    return await sessions.open_session(place, user, sessions.Client("look"))


async def look(browser: Browser, base: str, secret: str, paths: list[str], folder: Path, wait: int) -> None:
    """Write the pictures of every page in every kind."""
    from outrider.tenancy import cookies

    for kind, (width, height), scheme in KINDS:
        context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        await context.add_cookies([{"name": cookies.NAME, "value": secret, "url": base}])
        page = await context.new_page()
        page.on("console", lambda message: print("CONSOLE", message.type, message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: print("PAGE ERROR", error))
        page.on("response", lambda response: print("HTTP", response.status, response.url) if response.status >= 400 else None)
        for path in paths:
            await page.goto(base + path)
            await page.wait_for_timeout(wait)
            if (over := await page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
                print(f"WIDER than the window by {over} px: {path} ({kind})")
            file = folder / f"{re.sub(r'[^a-z0-9]+', '-', path.lower()).strip('-') or 'home'}-{kind}.png"
            await page.screenshot(path=file, full_page=True)
            print(file, "|", await page.title())


async def main(asked: argparse.Namespace) -> None:
    """Serve, and look."""
    from outrider import runtime, web
    from outrider.commands import demo
    from outrider.settings import settings
    from outrider.tenancy import cookies

    async with runtime.opened(announce=False):
        await demo.take_in_samples()
        secret = await sign_in(asked.role, asked.organization)
        listener = web.listen("127.0.0.1", 0)
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(web.create_app(settings(), manage_pool=False), log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        if asked.serve:
            print(base, f"{cookies.NAME}={secret}", flush=True)
            await serving
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
            await look(browser, base, secret, asked.paths, asked.folder, asked.wait)
            await browser.close()
        server.should_exit = True
        await serving


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--role", default="owner")
    parser.add_argument("--organization", default="demo")
    parser.add_argument("--wait", type=int, default=400)
    parser.add_argument("--serve", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    os.environ["OUTRIDER_HOME"] = str(given.folder.resolve() / "home")
    asyncio.run(main(given))
