"""The addresses in a message that come back to us: where it says so, engagement answers. Pure."""

import re
from dataclasses import dataclass
from functools import cached_property
from html import escape, unescape
from uuid import UUID

from outrider.kit.signing import Signer

LONGEST_URL = 2000
_ANCHOR = re.compile(r"""(<a\b[^<>]{0,2000}?\bhref\s{0,9}=\s{0,9})(["'])(https?://[^"'<>]{1,4000})\2""", re.IGNORECASE)
_END = re.compile(r"</body\s{0,9}>", re.IGNORECASE)


@dataclass(frozen=True)
class Links:
    """The links of one message. `base` is where they begin, such as https://links.example.org."""

    signer: Signer
    base: str
    organization_id: UUID
    message_id: UUID

    @cached_property
    def unsubscribe(self) -> str:
        """Where somebody says that they want no more."""
        return f"{self.base}/u/{self.signer.sign('unsubscribe', self.organization_id, self.message_id)}"

    @property
    def pixel(self) -> str:
        """The picture whose loading tells of an opening."""
        return f"{self.base}/t/o/{self.signer.sign('open', self.organization_id, self.message_id)}.gif"

    def click(self, url: str) -> str:
        """The way to a URL that tells of the click."""
        return f"{self.base}/t/c/{self.signer.sign('click', self.organization_id, self.message_id, url)}"

    def rewritten(self, html: str) -> str:
        """Return HTML whose links go by us; ours and those that are too long stay as they are."""

        own = f"{self.base}/"
        written: dict[str, str] = {}  # a text often leads to the same place several times

        def one(match: re.Match[str]) -> str:
            url = unescape(match[3])
            if url.startswith(own) or len(url) > LONGEST_URL:
                return match[0]
            if url not in written:
                written[url] = escape(self.click(url))
            return f"{match[1]}{match[2]}{written[url]}{match[2]}"

        return _ANCHOR.sub(one, html)

    def with_pixel(self, html: str) -> str:
        """Return HTML with the picture at its end."""
        return before_end(html, f'<img src="{escape(self.pixel)}" width="1" height="1" alt="">')


def before_end(html: str, addition: str) -> str:
    """Return HTML with something at the end of its body."""
    found = None
    for found in _END.finditer(html):  # noqa: B007  (the last one)
        pass
    return html + addition if found is None else html[: found.start()] + addition + html[found.start() :]
