"""Browser tests: a real server and worker, a real Chromium, a fresh profile for each visitor, and nothing passed over in silence.

`browse(role, …)` opens a page of somebody with a role in the organization that holds the samples; `watch.allow(422)` says that an answer
is meant. At the end of a test everything that the pages complained of fails it.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from outrider.kit.server import Urls
from outrider.tenancy import OrganizationId, cookies
from tests.api.fixtures import api, app  # noqa: F401
from tests.conftest import HOME, new_organization

from . import chromium, site
from .chromium import PHONE, WIDE
from .site import Site
from .watch import Browse, Watch

PATIENCE = 30_000  # milliseconds; two cores are shared with the other half of the tests


@pytest_asyncio.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started once."""
    found = chromium.find()
    if found is None:
        pytest.fail(chromium.MISSING, pytrace=False)
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=found, args=list(chromium.FLAGS))
        yield opened
        await opened.close()


@pytest_asyncio.fixture(scope="package")  # its worker would take the jobs of the tests that come after
async def served(pool: object, urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Outrider with the samples in an organization of their own."""
    organization = await site.new_place("Demo", "demo")
    await site.new_place("Default", "default")
    await site.seed(organization)
    log = tmp_path_factory.mktemp("browser") / "log"
    process, address = await asyncio.to_thread(site.start, urls.app, urls.worker, HOME / f"files-{os.getpid()}", log)
    yield Site(address, urls.admin, organization, await site.new_place("Empty", "empty"))
    process.kill()
    process.communicate()


@pytest.fixture
def watch() -> Watch:
    """What the pages of this test complain of."""
    return Watch()


@pytest_asyncio.fixture
async def browse(browser: Browser, served: Site, watch: Watch) -> AsyncIterator[Browse]:
    """Opens pages; each is a browser of its own with nothing kept from others."""
    async with AsyncExitStack() as stack:

        async def open_page(
            role: str | None = "owner",
            path: str | None = None,
            *,
            organization: OrganizationId | None = None,
            phone: bool = False,
            scheme: str = "light",
            javascript: bool = True,
        ) -> Page:
            context = await browser.new_context(
                base_url=served.address,
                viewport=PHONE if phone else WIDE,
                color_scheme=scheme,
                java_script_enabled=javascript,
                has_touch=phone,
                reduced_motion="reduce",
            )
            stack.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE)
            if role is not None:
                secret = await served.session(role, organization)
                await context.add_cookies([{"name": cookies.NAME, "value": secret, "url": served.address}])
            page = await context.new_page()
            watch.follow(page)
            if path is not None:
                await page.goto(path)
            return page

        yield open_page
    assert watch.problems == []


@pytest_asyncio.fixture
async def place(pool: object) -> OrganizationId:
    """An organization of the test's own, with nothing in it, for what must not meet other tests."""
    return await new_organization()
