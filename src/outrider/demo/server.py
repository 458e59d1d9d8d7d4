"""The demo's mail server: takes every mail on this machine, keeps it, and hands it to the crowd. Some addresses do not exist there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from outrider.settings import DEMO_MAIL_HOST as HOST

from .fates import Fate, fate_of
from .mails import Mail, Mails

MAILS_FOR_A_BOUNCE = 60
"""One in so many is refused at most: a mailbox of which 5 % bounce is paused, and the demo's two share what is sent."""


class _Handler:
    """What aiosmtpd asks of each mail."""

    def __init__(self, mails: Mails, on_mail: Callable[[Mail], None]) -> None:
        self._mails, self._on_mail = mails, on_mail
        self._taken = self._refused = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if self._refused < self._taken // MAILS_FOR_A_BOUNCE and fate_of(address) is Fate.BOUNCES:
            self._refused += 1
            return "550 5.1.1 there is nobody of that name here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        mail = await asyncio.to_thread(self._mails.keep, content if isinstance(content, bytes) else content.encode())
        self._taken += 1
        self._on_mail(mail)
        return "250 2.0.0 kept"


@asynccontextmanager
async def serving(mails: Mails, port: int, on_mail: Callable[[Mail], None] = lambda _: None) -> AsyncIterator[int]:
    """Serve on a port of this machine (0: any) for the time of the block, whose value is the port. Raises `OSError` when it is taken."""
    handler = _Handler(mails, on_mail)

    def talk() -> Any:
        return SMTP(handler, hostname="mail.demo.example", ident="Outrider demo")

    server = await asyncio.get_running_loop().create_server(talk, HOST, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
