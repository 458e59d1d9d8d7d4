"""The mails that the demo's mail server took: files in a folder, newest first. Knows no SMTP and no HTTP."""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

MOST = 2_000
ID_LENGTH = 28


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it came. `id` sorts by time."""

    id: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, read."""
        return BytesParser(policy=policy.default).parsebytes(self.raw)

    @property
    def received_at(self) -> datetime:
        """When it came, in UTC."""
        return datetime.fromtimestamp(int(self.id[:20]) / 1e9, UTC)

    def part(self, kind: str) -> str:
        """Return the text of its html or plain part; '' without one."""
        found = self.message.get_body((kind,))
        return str(found.get_content()) if found is not None else ""


class Mails:
    """A folder of mails, of which the newest 2,000 are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, raw: bytes) -> Mail:
        """Keep a mail, and forget the oldest beyond `MOST`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mail = Mail(f"{time.time_ns():020d}{secrets.token_hex(4)}", raw)
        (self._folder / f"{mail.id}.eml").write_bytes(raw)
        for name in self._names()[MOST:]:
            (self._folder / f"{name}.eml").unlink(missing_ok=True)
        return mail

    def newest(self, count: int, before: str | None = None) -> list[Mail]:
        """Return at most `count` mails, newest first; those older than the mail `before`."""
        names = [name for name in self._names() if before is None or name < before]
        return [mail for name in names[:count] if (mail := self.find(name)) is not None]

    def find(self, id: str) -> Mail | None:
        """Return a mail; None when there is none."""
        if len(id) != ID_LENGTH or not id.isalnum():
            return None
        try:
            return Mail(id, (self._folder / f"{id}.eml").read_bytes())
        except FileNotFoundError:
            return None

    def _names(self) -> list[str]:
        return sorted((path.stem for path in self._folder.glob("*.eml")), reverse=True)
