"""Where uploaded files wait for the job that reads them, and exports for who fetches them: one folder an organization, one
file each, only ours to read.

On several hosts the folder has to be shared. Composition says where it is; nothing here knows what a file holds.
"""

import os
import shutil
import time
import uuid
from pathlib import Path
from typing import IO, BinaryIO

from .errors import TooLarge, Unavailable

_folder: Path | None = None
BLOCK = 1 << 20
KEEP_DAYS = 30
LEAST_FREE_BYTES = 256 * 2**20


def configure(folder: Path) -> None:
    """Say where the process's files are; made when something is written."""
    global _folder
    _folder = folder


def path(organization: uuid.UUID, name: uuid.UUID) -> Path:
    """Return where a file is, whether it is there or not. Raises `RuntimeError` before `configure`."""
    if _folder is None:
        raise RuntimeError("no folder for files: kit.spool.configure was not called")
    return _folder / organization.hex / name.hex


def place(organization: uuid.UUID, name: uuid.UUID) -> Path:
    """Return where a file may be written, with its folder made. Raises `Unavailable` when the disk does not take it, or is nearly full."""
    if free_bytes() < LEAST_FREE_BYTES:
        raise Unavailable(f"the disk that keeps files has less than {LEAST_FREE_BYTES // 2**20} MB left: free some space")
    target = path(organization, name)
    try:
        for folder in (target.parent.parent, target.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _forget_old(target.parent)
    except OSError as error:
        raise Unavailable(f"files cannot be kept in {target.parent}: {error.strerror}; free some space or correct the rights") from error
    return target


def create(organization: uuid.UUID, name: uuid.UUID) -> IO[bytes]:
    """Open a new file for writing, mode 0600. Raises `Unavailable` when the disk does not take it."""
    target = place(organization, name)
    try:
        return os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise Unavailable(f"the file cannot be kept in {target.parent}: {error.strerror}; free some space or correct the rights") from error


def _forget_old(folder: Path) -> None:
    """Delete what nobody came back for: files of imports that were never started, or that failed, after KEEP_DAYS."""
    oldest = time.time() - KEEP_DAYS * 86_400
    for file in folder.iterdir():
        if file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)


def keep(organization: uuid.UUID, name: uuid.UUID, source: BinaryIO, most_bytes: int) -> int:
    """Copy a stream into a new file and return its size in bytes. Raises `TooLarge` over `most_bytes`; nothing is left then."""
    size = 0
    with create(organization, name) as file:
        try:
            while block := source.read(BLOCK):
                size += len(block)
                if size > most_bytes:
                    raise TooLarge(f"the file is larger than {most_bytes} bytes; split it, or compress it with gzip", field="file")
                file.write(block)
        except BaseException:
            remove(organization, name)
            raise
    return size


def remove(organization: uuid.UUID, name: uuid.UUID) -> None:
    """Delete a file; fine when it is gone."""
    path(organization, name).unlink(missing_ok=True)


def free_bytes() -> int:
    """Return the bytes left on the disk of the folder."""
    folder = _folder or Path()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
