"""What tests of the campaigns' pages share: a browser, a campaign, and pages as text."""

import re
from typing import Any

from httpx import AsyncClient

HTML = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}
NOTHING = "0193a512-0000-7000-8000-00000000dead"
HELLO = {"s1.channel": "email", "s1.v1.label": "A", "s1.v1.weight": "1", "s1.v1.template": ""}


def words(html: str) -> str:
    """Return a page as text."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def text(browser: AsyncClient, path: str, status: int = 200, **more: Any) -> str:
    """Return a page as text."""
    answer = await browser.get(path, headers=HTML, **more)
    assert answer.status_code == status, answer.text
    return words(answer.text)


async def post(browser: AsyncClient, path: str, data: dict[str, Any] | None = None, status: int = 303) -> Any:
    """Send a form and return the answer."""
    answer = await browser.post(path, data=data or {}, headers=HTML)
    assert answer.status_code == status, words(answer.text)
    return answer


async def made(browser: AsyncClient, **form: str) -> str:
    """Make a campaign and return its address."""
    answer = await post(browser, "/campaigns/new", {"name": "Q4 push", **form})
    return str(answer.headers["location"]).removesuffix("/steps")


async def written(browser: AsyncClient, path: str, subject: str = "About {{ company }}", body: str = "Hi {{ first_name }}") -> None:
    """Write the first step."""
    await post(browser, f"{path}/steps", {**HELLO, "s1.v1.subject": subject, "s1.v1.body": body, "do": "save"})
