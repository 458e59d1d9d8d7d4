"""What a host remembers of the databases it sends from, in OUTRIDER_HOME and so outside of them.

A mark knows where it was written: one that was copied, or put back from a backup, is not the one that was written here.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

NEAR_NS = 60 * 10**9
"""Between what a file says of its own time and what the file system does."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The line of life that a database lived when it was last sent from, and how far it had come.

    `is_original`: it lies where it was written.
    """

    token: UUID
    beat: int
    is_original: bool = True


class Marks:
    """The marks of one host, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Keep the host's other processes from the marks for the time of the block; waits for them. Raises `OSError`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("a") as mutex:
            while True:
                try:
                    fcntl.flock(mutex, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(0.05)
            yield

    def read(self, server: str) -> Mark | None:
        """Return the mark of a database; None when there is none, or none that can be read."""
        try:
            with self._path(server).open("rb") as file:
                found, written = os.fstat(file.fileno()), json.loads(file.read())
            is_original = written["inode"] == found.st_ino and abs(written["changed_ns"] - found.st_ctime_ns) < NEAR_NS
            return Mark(UUID(written["token"]), int(written["beat"]), is_original)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, server: str, mark: Mark) -> None:
        """Put a mark in the place of the last one, whole or not at all. Raises `OSError`."""
        path = self._path(server)
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with new.open("x") as file:
            place = os.fstat(file.fileno())
            document = {"token": str(mark.token), "beat": mark.beat, "inode": place.st_ino, "changed_ns": place.st_ctime_ns}
            file.write(json.dumps(document))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

    def _path(self, server: str) -> Path:
        return self._folder / f"{server}.json"
