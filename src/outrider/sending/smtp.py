"""One connection to a mail server, and what its answers mean. Knows no ledger."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable

import aiosmtplib

from outrider.kit import outgoing
from outrider.kit.errors import InvalidInput

from .types import Account, Told

CONNECT_SECONDS = 20.0
ANSWER_SECONDS = 30.0
DATA_SECONDS = 60.0  # less than a lease: who waits longer may find the message settled
LONGEST_ANSWER = 1000
ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
THROTTLES = frozenset({421, 450})
LOST = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError, asyncio.IncompleteReadError)


class Unreachable(Exception):  # noqa: N818  (a state of the world, no fault of ours)
    """The server cannot be talked to as this mailbox. `is_permanent`: a person has to do something first."""

    def __init__(self, answer: str, code: int | None = None, *, is_permanent: bool = False) -> None:
        super().__init__(answer)
        self.answer = _said(answer)
        self.code = code
        self.is_permanent = is_permanent


class Connection:
    """A connection that was opened, greeted and let in."""

    def __init__(self, client: aiosmtplib.SMTP, greeting: str) -> None:
        self._client = client
        self.greeting = greeting

    @property
    def is_open(self) -> bool:
        """Whether another message may be tried."""
        return self._client.is_connected

    async def send(self, sender: str, recipient: str, message: bytes, may_send: Callable[[], Awaitable[bool]]) -> Told | None:
        """Hand a message over and return what the server said. `message` is dot-stuffed, with its end.

        `may_send` is asked after the server took both addresses and before DATA; None: it said no. Only when the server had begun to get
        the message and its answer is missing the outcome is `unknown`.
        """
        began = False
        try:
            answer = await self._client.execute_command(b"MAIL", b"FROM:<" + sender.encode() + b">", timeout=ANSWER_SECONDS)
            if answer.code >= 400:
                return await self._refused_sender(answer)
            answer = await self._client.execute_command(b"RCPT", b"TO:<" + recipient.encode() + b">", timeout=ANSWER_SECONDS)
            if answer.code >= 400:
                return await self._refused(answer, at_recipient=True)
            if not await may_send():
                await self._reset()
                return None
            answer = await self._client.execute_command(b"DATA", timeout=ANSWER_SECONDS)
            if answer.code != 354:
                return await self._refused(answer, at_recipient=False)
            protocol = self._client.protocol
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("connection lost")
            began = True
            protocol.write(message)
            answer = await protocol.read_response(timeout=DATA_SECONDS)
            if answer.code >= 400 or answer.code < 200:
                return await self._refused(answer, at_recipient=False)
            return Told("sent", answer.code, _said(answer.message))
        except (*LOST, aiosmtplib.SMTPResponseException) as error:
            self._client.close()
            what = _words(error)
            if began:
                return Told("unknown", answer=f"the server had the message, its answer is missing: {what}")
            return Told("postponed", answer=f"the connection was lost before the message was sent: {what}")
        except BaseException:
            self._client.close()
            raise

    async def _refused_sender(self, answer: aiosmtplib.SMTPResponse) -> Told:
        """What is wrong with the sender is not the recipient's fault."""
        await self._reset(answer)
        if answer.code >= 500:
            raise Unreachable(f"the server refuses the sender: {_text(answer)}", answer.code, is_permanent=True)
        raise Unreachable(_text(answer), answer.code)

    async def _refused(self, answer: aiosmtplib.SMTPResponse, *, at_recipient: bool) -> Told:
        await self._reset(answer)
        if answer.code < 500:
            return Told("postponed", answer.code, _text(answer), is_throttled=answer.code in THROTTLES)
        return Told("refused", answer.code, _text(answer), "bounce" if is_bounce(answer.message, at_recipient=at_recipient) else "refused")

    async def _reset(self, answer: aiosmtplib.SMTPResponse | None = None) -> None:
        if answer is not None and answer.code == 421:
            self._client.close()
            return
        try:
            await self._client.rset(timeout=ANSWER_SECONDS)
        except (*LOST, aiosmtplib.SMTPException):
            self._client.close()

    async def close(self) -> None:
        """Say goodbye, or just leave when the server does not answer."""
        try:
            if self._client.is_connected:
                await self._client.quit(timeout=2)
        except (*LOST, aiosmtplib.SMTPException):
            pass
        finally:
            self._client.close()


async def connect(account: Account, *, local_hostname: str) -> Connection:
    """Open a connection. Raises `Unreachable` with the server's own words."""
    try:
        opened = await outgoing.connect(account.host, account.port, timeout=CONNECT_SECONDS, field="smtp_host")
    except InvalidInput as error:
        raise Unreachable(error.message, is_permanent=True) from error
    except OSError as error:
        raise Unreachable(f"{account.host}:{account.port} does not answer: {_words(error)}") from error
    client = aiosmtplib.SMTP(
        hostname=account.host, sock=opened, use_tls=account.security == "tls", start_tls=False, local_hostname=local_hostname,
        timeout=ANSWER_SECONDS,
    )  # fmt: skip
    try:
        greeting = await client.connect()
        if account.security == "starttls":
            await client.starttls()
        if account.authentication == "password":
            greeting = await client.login(account.username, account.secret or "")
        elif account.authentication == "oauth2":
            greeting = await client.auth_xoauth2(account.username, account.secret or "")
        elif client.is_ehlo_or_helo_needed:
            await client.ehlo()
    except aiosmtplib.SMTPAuthenticationError as error:
        client.close()
        raise Unreachable(
            f"the server does not let {account.username} in: {error.code} {error.message}", error.code, is_permanent=error.code >= 500
        ) from error
    except aiosmtplib.SMTPResponseException as error:
        client.close()
        raise Unreachable(f"{error.code} {error.message}", error.code, is_permanent=error.code >= 500) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        cause = error if isinstance(error, ssl.SSLError) else error.__cause__
        if isinstance(cause, ssl.SSLError):
            raise Unreachable(_tls_words(cause, account), is_permanent=True) from error
        is_mistake = isinstance(error, aiosmtplib.SMTPException) and not isinstance(error, (*LOST, aiosmtplib.SMTPConnectError))
        if isinstance(error, aiosmtplib.SMTPConnectError):
            raise Unreachable(f"{account.host}:{account.port} does not answer as a mail server does: {_words(cause or error)}") from error
        raise Unreachable(_words(error), is_permanent=is_mistake) from error
    except BaseException:
        client.close()
        raise
    return Connection(client, _text(greeting))


def is_bounce(answer: str, *, at_recipient: bool) -> bool:
    """Whether a 5xx answer says that the address is no good, rather than what was sent or who sent it."""
    found = ENHANCED.search(answer)
    if found is None:
        return at_recipient
    return found[2] in ("1", "2")


def _text(answer: aiosmtplib.SMTPResponse) -> str:
    return _said(f"{answer.code} {answer.message}")


def _said(words: str) -> str:
    """Return a server's words as the ledger can keep them, whatever bytes they were."""
    return words.encode(errors="replace").decode().replace("\0", "?")[:LONGEST_ANSWER]


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _tls_words(error: ssl.SSLError, account: Account) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate of {account.host} does not hold: {error.verify_message}"
    return f"{account.host}:{account.port} speaks no TLS that we do here: {error.reason or error}"
