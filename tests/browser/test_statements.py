"""How many SQL statements a page makes, so that none asks once for each row that it shows."""

import httpx
import pytest
from fastapi import FastAPI

from outrider.kit.server import Urls
from outrider.tenancy import cookies
from tests.api.fixtures import open_client
from tests.statements import counting

from .places import PAGES
from .site import Site

USUAL = 9
"""Two for who comes (the tenant, the session), the rest for the page."""

MORE = {
    "/campaigns/{id}": 12,
    "/campaigns/{id}#ready": 12,
    "/campaigns/{id}#running": 12,
    "/campaigns/{id}#client": 12,
    "/campaigns/{id}/check": 16,
    "/campaigns/{id}/check#draft": 13,
    "/campaigns/{id}/steps": 10,
    "/companies/{which}": 10,
    "/companies/{id}/edit/{field}": 10,
    "/database": 11,
    "/imports/{number}/rejects": 10,
    "/mailboxes/{id}": 10,
    "/messages/{id}": 10,
    "/profiles": 11,
    "/settings/users/{id}": 14,
}
"""Pages that need more, and how many; none of it grows with the rows shown."""


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_makes_few_statements_however_much_it_shows(api: FastAPI, served: Site, urls: Urls, path: str):
    visit = PAGES[path]
    address = await visit.address(served, path)
    async with counting(urls) as made, open_client(api) as browser:
        browser.headers["Accept"] = "text/html"
        if visit.role is not None:
            browser.cookies.set(cookies.NAME, await served.session(visit.role, served.empty if visit.is_empty else None))
            await served.as_admin("UPDATE tenancy.sessions SET last_seen_at = now()")  # or it is noted now and then
            made.clear()
        answer: httpx.Response = await browser.get(address)
    assert answer.status_code == 200
    assert len(made) <= MORE.get(path, USUAL), "\n".join(" ".join(statement.split())[:100] for statement in made)
