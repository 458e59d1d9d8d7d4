"""Links between pages lead somewhere: one of each kind on every page is followed."""

import html
import re

import httpx
import pytest
from fastapi import FastAPI

from outrider.tenancy import cookies
from tests.api.fixtures import open_client

from .places import PAGES, Visit
from .site import Site

LINK = re.compile(r'<a\b[^>]*\shref="(/[^"#]*)', re.IGNORECASE)
PART = re.compile(r"/([0-9a-f-]{36}|\d+|[^/]+@[^/]+|[a-z0-9.-]+\.[a-z]{2,})(?=/|$)")


async def as_visitor(browser: httpx.AsyncClient, served: Site, visit: Visit) -> None:
    """Come as whom the page is meant for."""
    if visit.role is not None:
        browser.cookies.set(cookies.NAME, await served.session(visit.role, served.empty if visit.is_empty else None))


@pytest.mark.parametrize("path", PAGES)
async def test_a_pages_links_lead_somewhere(app: FastAPI, served: Site, path: str):
    dead, kinds = [], set()
    async with open_client(app) as browser:
        browser.headers["Accept"] = "text/html"
        await as_visitor(browser, served, PAGES[path])
        page = await browser.get(await PAGES[path].address(served, path))
        text = page.text if path == "/" else page.text.partition("<main")[2]  # the navigation is the same everywhere
        for link in map(html.unescape, LINK.findall(text)):
            where, _, query = link.partition("?")
            kind = (PART.sub("/*", where), tuple(name.partition("=")[0] for name in query.split("&")))
            if kind in kinds:
                continue
            kinds.add(kind)
            answer = await browser.get(link)
            if answer.status_code >= 400:
                dead.append(f"{link} answers {answer.status_code}")
    assert dead == []
