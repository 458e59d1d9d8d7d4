"""Every page, looked at as people do: wide and on a phone, light and dark, with a screen reader, without JavaScript."""

from collections.abc import Iterable, Iterator

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from lxml import html
from playwright.async_api import Page, Request

from outrider import web
from outrider.tenancy import cookies

from . import axe
from .chromium import PHONE, WIDE
from .places import PAGES, PIECES
from .site import Site
from .watch import Browse

TOO_WIDE = """() => {
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over <= 0) return null;
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5);
    return `${over} px: ` + wide.map((e) => e.tagName.toLowerCase() + "." + e.className).join(", ");
}"""
NEXT_FRAME = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
FIRST_PAGE_BYTES = 150_000


def read_paths(routers: Iterable[APIRouter]) -> Iterator[str]:
    """The addresses that can be read, of routers and of those in them."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield from [route.path] if "GET" in route.methods else []
            else:
                yield from read_paths([route.original_router])


def test_every_page_of_the_application_is_listed():
    listed = {path.partition("#")[0] for path in PAGES}
    assert set(read_paths(web.PAGES)) == listed | PIECES.keys()


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_fits_reads_well_and_stands_in_nobodys_way(browse: Browse, served: Site, path: str):
    visit = PAGES[path]
    page = await browse(visit.role, organization=served.empty if visit.is_empty else None)
    answer = await page.goto(await visit.address(served, path))
    assert answer is not None
    assert answer.status == 200
    await reads_as_a_page(page)
    for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
        await page.set_viewport_size(size)
        await page.emulate_media(color_scheme=scheme)
        await page.evaluate(NEXT_FRAME)
        assert await page.evaluate(TOO_WIDE) is None, f"wider than {size['width']} px"
        assert await axe.violations(page) == [], f"{size['width']} px, {scheme}"


@pytest.mark.parametrize("path", ["/", "/components"])
async def test_the_shell_and_the_components_read_well_in_the_dark_at_a_desk_too(browse: Browse, served: Site, path: str):
    page = await browse("owner", path, scheme="dark")
    assert await axe.violations(page, axe.COLOURS) == []


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_can_be_read_before_any_script_runs(served: Site, path: str):
    visit = PAGES[path]
    async with httpx.AsyncClient(base_url=served.address, headers={"Accept": "text/html"}, timeout=60) as visitor:
        if visit.role is not None:
            visitor.cookies.set(cookies.NAME, await served.session(visit.role, served.empty if visit.is_empty else None))
        answer = await visitor.get(await visit.address(served, path))
    assert answer.status_code == 200
    page = html.fromstring(answer.text)
    assert page.findtext("head/title") not in (None, "", "Outrider")
    assert [heading.text_content().strip() != "" for heading in page.iter("h1")] == [True]
    assert page.get("lang") == "en"
    [main] = page.iter("main")
    assert len(main.text_content().split()) > 2


@pytest.mark.parametrize("path", ["/", "/people", "/imports", "/campaigns/{id}", "/campaigns/{id}/steps", "/campaigns/{id}/report"])
async def test_a_browser_without_javascript_shows_a_page(browse: Browse, served: Site, path: str):
    visit = PAGES[path]
    page = await browse(visit.role, organization=served.empty if visit.is_empty else None, javascript=False)
    answer = await page.goto(await visit.address(served, path))
    assert answer is not None
    assert answer.status == 200
    await reads_as_a_page(page)


@pytest.mark.parametrize("path", ["/"])
async def test_the_first_page_is_light(browse: Browse, served: Site, path: str):
    page = await browse(PAGES[path].role)
    sent: list[int] = []

    async def weigh(request: Request) -> None:
        sent.append((await request.sizes())["responseBodySize"])

    page.on("requestfinished", weigh)
    await page.goto(path, wait_until="networkidle")
    assert len(sent) > 5
    assert sum(sent) < FIRST_PAGE_BYTES


async def reads_as_a_page(page: Page) -> None:
    """It has a title, one heading of the first order, a language and a place for its content."""
    assert await page.title() != "Outrider"
    assert await page.locator("h1").count() == 1
    assert (await page.locator("h1").inner_text()).strip() != ""
    assert await page.locator("html").get_attribute("lang") == "en"
    assert await page.locator("main").count() == 1
