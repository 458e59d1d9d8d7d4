"""Plain mail to one person, such as a link that was asked for. Not for campaigns: those have the sending slice.

Never logs an address, a text or the server's password.
"""

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from .errors import Unavailable

TIMEOUT_SECONDS = 20
FAULTS = (aiosmtplib.SMTPException, OSError, ValueError)
STARTTLS: dict[str, bool | None] = {"auto": None, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Mailer:
    """A mail server and who mail comes from. `starttls` None: where the server offers it. The password is not shown."""

    host: str
    port: int
    username: str | None
    password: str | None
    is_tls: bool
    starttls: bool | None
    sender: str

    def __repr__(self) -> str:
        return f"Mailer({self.host}:{self.port})"

    @classmethod
    def of(cls, url: str, sender: str) -> Self:
        """Return the mailer that `smtp://user:password@host:port?starttls=auto|yes|no` or `smtps://…` describes.

        Raises `Unavailable`, without the password, for what is none.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _wrong_url() from None
        query = parse_qs(parts.query)
        starttls = query.pop("starttls", ["auto"])[-1]
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or starttls not in STARTTLS or query or parts.path.strip("/"):
            raise _wrong_url()
        address = parseaddr(sender)[1]
        if "@" not in address or any(ord(letter) < 32 for letter in sender):
            raise Unavailable("OUTRIDER_MAIL_FROM must be an address such as Outrider <outrider@example.org>.")
        is_tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=port or (465 if is_tls else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            is_tls=is_tls,
            starttls=False if is_tls else STARTTLS[starttls],
            sender=sender,
        )

    async def send(self, to: str, subject: str, text: str) -> None:
        """Hand one mail to the server. Raises `Unavailable` when it is not taken."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = make_msgid(domain=parseaddr(self.sender)[1].partition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            async with self._connection() as server:
                await server.send_message(message)
        except FAULTS as error:
            raise self._refused(error) from error

    async def check(self) -> None:
        """Connect and say who we are; sends nothing. Raises `Unavailable` when mail would not be taken."""
        try:
            async with self._connection() as server:
                await server.noop()
        except FAULTS as error:
            raise self._refused(error) from error

    def _connection(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            use_tls=self.is_tls,
            start_tls=self.starttls,
            timeout=TIMEOUT_SECONDS,
        )

    def _refused(self, error: Exception) -> Unavailable:
        return Unavailable(f"the mail server {self.host} did not take the mail ({type(error).__name__}): see OUTRIDER_SMTP_URL")


def _wrong_url() -> Unavailable:
    return Unavailable("OUTRIDER_SMTP_URL must look like smtp://user:password@mail.example.org:587 or smtps://mail.example.org.")
