"""What no page may do while a test looks at it: complain in the console, break the Content-Security-Policy, ask for what fails."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import ConsoleMessage, Page, Request, Response

HARMLESS = ("net::ERR_ABORTED",)
"""A download, a stream that is left, a search that the next letter overtakes: the browser itself gives these up."""


class Watch:
    """Collects what goes wrong on pages. `allow(status)` says that the test means to get such an answer."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._allowed: set[int] = set()

    def allow(self, *statuses: int) -> None:
        """Take answers of these statuses for what the test wants."""
        self._allowed |= set(statuses)

    def follow(self, page: Page) -> None:
        """Watch a page until it is closed."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"error in a script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        status = re.search(r"status of (\d{3})", message.text)
        if status is None or int(status[1]) not in self._allowed:
            self.problems.append(f"console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure not in HARMLESS:
            self.problems.append(f"{request.method} {request.url} failed: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 500 and response.status not in self._allowed:
            self.problems.append(f"{response.request.method} {response.url} answered {response.status}")


Browse = Callable[..., Awaitable[Page]]
Violation = dict[str, Any]
