"""Looking into a mailbox's Sent folder over IMAP: whether messages are in it. Reads only; knows no ledger."""

import asyncio
import imaplib
import socket
import ssl
from collections.abc import Sequence

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError, LoginError  # type: ignore[import-untyped]
from imapclient.imapclient import SENT  # type: ignore[import-untyped]

from outrider.kit import outgoing

from .smtp import Unreachable
from .types import Account

CONNECT_SECONDS = 20.0
ANSWER_SECONDS = 30.0


class _Over(imaplib.IMAP4):
    """IMAP over a socket that is open already: its address was checked."""

    def __init__(self, opened: socket.socket, host: str) -> None:
        self._opened = opened
        super().__init__(host)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        return self._opened


class _Client(IMAPClient):
    """A client over a socket that is open already."""

    def __init__(self, opened: socket.socket, host: str) -> None:
        self._opened = opened
        super().__init__(host, ssl=False, use_uid=True, timeout=SocketTimeout(CONNECT_SECONDS, ANSWER_SECONDS))
        self._imap.debug = 0  # it would log what is said, the password too

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802
        return _Over(self._opened, self.host)


async def find_sent(account: Account, message_ids: Sequence[str]) -> set[str]:
    """Return those of the Message-IDs that are in the mailbox's Sent folder. Raises `Unreachable` with the server's own answer."""
    try:
        opened = await outgoing.connect(account.host, account.port, timeout=CONNECT_SECONDS, field="imap_host")
    except OSError as error:
        raise Unreachable(f"{account.host} does not answer on port {account.port}: {error}") from error
    return await asyncio.to_thread(_find, opened, account, message_ids)


def _find(opened: socket.socket, account: Account, message_ids: Sequence[str]) -> set[str]:
    opened.settimeout(ANSWER_SECONDS)
    try:
        if account.security == "tls":
            opened = ssl.create_default_context().wrap_socket(opened, server_hostname=account.host)
        with opened, _Client(opened, account.host) as client:
            if account.security == "starttls":
                client.starttls(ssl.create_default_context())
            _sign_in(client, account)
            client.select_folder(_sent_folder(client), readonly=True)
            return {one for one in message_ids if client.search(["HEADER", "Message-ID", one])}
    except LoginError as error:
        raise Unreachable(f"the server lets us not in: {error}", is_permanent=True) from error
    except (IMAPClientError, imaplib.IMAP4.error, OSError) as error:
        raise Unreachable(f"the Sent folder cannot be read: {error or type(error).__name__}") from error


def _sign_in(client: IMAPClient, account: Account) -> None:
    match account.authentication:
        case "oauth2":
            client.oauth2_login(account.username, account.secret)
        case "password":
            client.login(account.username, account.secret)
        case "none":
            raise LoginError("the mailbox has no password, and no server shows a folder without one")


def _sent_folder(client: IMAPClient) -> str:
    """Return the name of the folder that the server marks (RFC 6154), else of one with a usual name. Raises `IMAPClientError` for none."""
    found = client.find_special_folder(SENT)
    if found is None:
        raise IMAPClientError("there is no Sent folder")
    return str(found)
