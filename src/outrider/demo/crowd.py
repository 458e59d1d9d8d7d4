"""The people who get the demo's mails: some open, click, answer, are away, unsubscribe; scanners look before them.

All of it comes in as it does in real life: by requests to our own server's tracking links, its unsubscribe link, and a signed webhook.
"""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx2
import orjson

from outrider import engagement

from .fates import Fate, delay_of, fate_of
from .mails import Mail

log = logging.getLogger(__name__)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SCANNER = "Mozilla/5.0 (compatible; DemoMailScanner/1.0)"
SECONDS = 10.0
ANSWERS = (
    "Sounds good, can we talk on Thursday?",
    "Thanks, not now. Try me again in spring.",
    "Please send me the prices.",
    "Who else uses this?",
)
_PIXEL = re.compile(r'src="([^"]+/t/o/[^"]+)"')
_LINK = re.compile(r'href="([^"]+/t/c/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Hook:
    """Where answers are told: a webhook's address, and what signs for it."""

    url: str
    secret: str


class Crowd:
    """Does with each mail what its reader does, some time later."""

    def __init__(self, base: str, hook: Hook, *, patience: float = 1.0) -> None:
        """Requests go to `base`, wherever the mails' links say that we are; `patience` stretches the waiting."""
        self._base, self._hook, self._patience = base, hook, patience
        self._busy: set[asyncio.Task[None]] = set()

    def take(self, mail: Mail) -> None:
        """Have somebody find a mail in their inbox."""
        task = asyncio.get_running_loop().create_task(self._read(mail))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def close(self) -> None:
        """Have everybody leave."""
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)

    async def _read(self, mail: Mail) -> None:
        message = mail.message
        address = str(message["To"])
        fate = fate_of(address)
        try:
            async with httpx2.AsyncClient(timeout=SECONDS, trust_env=False) as client:
                if fate is Fate.IS_SCANNED:
                    await self._fetch(client, _PIXEL, mail, SCANNER)
                    await self._fetch(client, _LINK, mail, SCANNER)
                if fate in (Fate.IGNORES, Fate.BOUNCES):
                    return
                await asyncio.sleep(delay_of(address) * self._patience)
                if fate is not Fate.IS_AWAY:
                    await self._fetch(client, _PIXEL, mail, BROWSER)
                match fate:
                    case Fate.CLICKS:
                        await asyncio.sleep(2 * self._patience)
                        await self._fetch(client, _LINK, mail, BROWSER)
                    case Fate.UNSUBSCRIBES:
                        link = str(message["List-Unsubscribe"]).strip("<> ")
                        await client.post(self._ours(link), data={"List-Unsubscribe": "One-Click"})
                    case Fate.ANSWERS | Fate.IS_AWAY:
                        await self._answer(client, mail, address, is_away=fate is Fate.IS_AWAY)
        except httpx2.HTTPError as error:
            log.warning("a reader of the demo gave up: %s", type(error).__name__)

    async def _fetch(self, client: httpx2.AsyncClient, link: re.Pattern[str], mail: Mail, agent: str) -> None:
        found = link.search(mail.part("html"))
        if found:
            await client.get(self._ours(unescape(found[1])), headers={"User-Agent": agent}, follow_redirects=False)

    async def _answer(self, client: httpx2.AsyncClient, mail: Mail, address: str, *, is_away: bool) -> None:
        message_id = str(mail.message["Message-ID"])
        text = "I am out of the office until Monday." if is_away else ANSWERS[len(address) % len(ANSWERS)]
        headers = {"Auto-Submitted": "auto-replied"} if is_away else {}
        event = {
            "id": f"answer-{message_id}", "type": "reply", "platform": "demo", "occurred_at": datetime.now(UTC).isoformat(),
            "rfc_message_id": message_id, "email": address, "payload": {"text": text, "headers": headers},
        }  # fmt: skip
        body = orjson.dumps({"events": [event]})
        await client.post(self._hook.url, content=body, headers=_signed(self._hook.secret, body))

    def _ours(self, link: str) -> str:
        """Return a link of ours, at the address where we are now."""
        return self._base + httpx2.URL(link).raw_path.decode()


def _signed(secret: str, body: bytes) -> Mapping[str, Any]:
    """Return the headers of our own webhook shape."""
    timestamp = str(int(time.time()))
    return {
        "Content-Type": "application/json",
        "X-Outrider-Timestamp": timestamp,
        "X-Outrider-Signature": engagement.sign_webhook(secret, timestamp, body),
    }
