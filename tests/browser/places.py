"""Every page there is, and how to come to it: a page that is not listed here fails a test, as does one that is gone.

`PAGES` are what people look at, each with who looks and, where the address has parameters, what fills them in. `PIECES` are answers that a
page asks for or a browser downloads.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .site import Site

Parameters = Callable[[Site], Awaitable[dict[str, str]]]


@dataclass(frozen=True)
class Visit:
    """How to visit a page: as whom (None: somebody who has not signed in), with which parameters and query."""

    role: str | None = "owner"
    parameters: Parameters | None = None
    query: str = ""

    async def address(self, site: Site, path: str) -> str:
        """Return the page's address."""
        filled = path.format(**await self.parameters(site)) if self.parameters is not None else path
        return f"{filled}?{self.query}" if self.query else filled


PAGES: dict[str, Visit] = {
    "/": Visit(),
    "/components": Visit(),
    "/database": Visit("operator"),
}

PIECES: dict[str, str] = {
    "/assets/{digest}/{name}": "files",
    "/favicon.ico": "a file",
    "/palette": "lines of the palette",
    "/home/running": "what runs, on the home page",
}
