"""What the tests of the slice's pages share."""

import re
from html import unescape

from httpx import AsyncClient

HTML = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}
NOTHING = "0193a512-0000-7000-8000-00000000dead"


def words(html: str) -> str:
    """Return what a page says, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


async def said(browser: AsyncClient, path: str, status: int = 200) -> str:
    """Return what the page at a path says."""
    answer = await browser.get(path, headers=HTML)
    assert answer.status_code == status, answer.text
    return words(answer.text)


async def sent(browser: AsyncClient, path: str, status: int = 303, **form: str) -> str:
    """Send a form and return where it leads, or what the page says that comes instead."""
    answer = await browser.post(path, data=form, headers=HTML)
    assert answer.status_code == status, words(answer.text)
    return answer.headers["location"] if status == 303 else words(answer.text)
