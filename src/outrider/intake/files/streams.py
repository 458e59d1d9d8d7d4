"""Bytes of a file as they were before compression, and their text in blocks or physical lines.

Bounded memory: never holds a whole file or a whole line. Undecodable bytes become BAD_MARK so that only
their record suffers. Never judges what the text means.
"""

from __future__ import annotations

import codecs
import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from .limits import LIMITS
from .types import BAD_MARK, FileError

# Codecs that Python counts as text encodings but that would decode anything, run escapes, or never stop at a newline.
_REFUSED = {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "utf-7", "mbcs", "oem"}

_NO_LINE_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


def _mark_bad_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return BAD_MARK, error.end


codecs.register_error("outrider.mark", _mark_bad_bytes)


class Lines(NamedTuple):
    """Physical lines with their line ends.

    too_long: holds one line only, the beginning of an overlong one. dirty: a NUL or BAD_MARK is among them.
    last: the file ends here; `lines` may be empty then.
    """

    lines: list[str]
    too_long: bool
    dirty: bool
    last: bool


class _Unzipped:
    """Reads a gzip file and refuses one that grows beyond measure or is broken."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("rb")
        self._file = gzip.GzipFile(fileobj=self._raw)
        self._count = 0

    def read(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise FileError(
                "corrupt_gzip",
                f"The gzip file is damaged or cut off after {self._count:,} bytes ({error}). Fetch or pack it again.",
            ) from None
        self._count += len(data)
        if self._count > LIMITS.expansion_from and self._count > LIMITS.max_expansion_ratio * max(self._raw.tell(), 1):
            raise FileError(
                "gzip_bomb",
                f"The gzip file unpacks to more than {LIMITS.max_expansion_ratio:,} times its size, as no lead file "
                "does. Unpack it and look at what is inside.",
            )
        return data

    def close(self) -> None:
        self._file.close()
        self._raw.close()


@contextmanager
def opened(path: Path, compression: str | None) -> Iterator[_Unzipped | BinaryIO]:
    """The file's own bytes for reading, unpacked when `compression` is 'gzip'.

    Raises FileError (no_such_file, unreadable, corrupt_gzip, gzip_bomb), also from read().
    """
    try:
        stream: _Unzipped | BinaryIO = _Unzipped(path) if compression == "gzip" else path.open("rb")
    except FileNotFoundError:
        raise FileError("no_such_file", f"There is no file {path}.") from None
    except OSError as error:
        raise FileError("unreadable", f"The file {path} cannot be opened: {error.strerror}.") from None
    try:
        yield stream
    finally:
        stream.close()


@contextmanager
def unpacked(path: Path, compression: str | None) -> Iterator[Path]:
    """A path that can be opened at any position: the file itself, or a temporary copy of its unpacked bytes.

    Raises FileError too_large beyond LIMITS.max_unpacked_file, unreadable when the temporary folder is full.
    """
    if compression is None:
        yield path
        return
    folder = tempfile.mkdtemp(prefix="outrider-")
    try:
        target = Path(folder) / "unpacked"
        size = 0
        with opened(path, compression) as source:
            try:
                with target.open("wb") as copy:
                    while data := source.read(1024 * 1024):
                        size += len(data)
                        if size > LIMITS.max_unpacked_file:
                            raise FileError("too_large", "The file inside the gzip is too large. Split it, or use CSV.")
                        copy.write(data)
            except OSError as error:
                raise FileError("unreadable", f"The file cannot be unpacked into {folder}: {error.strerror}.") from None
        yield target
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def decoder(encoding: str) -> codecs.IncrementalDecoder:
    """A decoder that never fails and marks what it cannot read. Raises FileError unknown_encoding."""
    name = encoding.lower().replace("_", "-")
    try:
        if name in _REFUSED or codecs.lookup(name).name.replace("_", "-") in _REFUSED:
            raise LookupError
        b"a".decode(name, "replace")  # refuses codecs between bytes and bytes
        return codecs.getincrementaldecoder(name)("outrider.mark")
    except (LookupError, ValueError):
        raise FileError(
            "unknown_encoding", f"There is no text encoding {encoding!r}. Use for example utf-8, cp1252 or utf-16-le."
        ) from None


def text_blocks(path: Path, compression: str | None, encoding: str) -> Iterator[str]:
    """The decoded text in blocks of about LIMITS.block_chars, without a byte order mark."""
    decode = decoder(encoding).decode
    first = True
    with opened(path, compression) as stream:
        while data := stream.read(LIMITS.block_chars):
            text = decode(data)
            if first and text:
                first = False
                text = text.removeprefix("\ufeff")
            yield text
        yield decode(b"", final=True)


def physical_lines(blocks: Iterator[str]) -> Iterator[Lines]:
    """Cut blocks of text into physical lines that end in LF, CRLF or CR, with their ends.

    A line over LIMITS.max_record_chars is given as its first characters with too_long set; the rest of it is
    dropped as it comes.
    """
    tail: list[str] = []
    skipping = False
    for block in blocks:
        if not block:
            continue
        if tail and tail[-1].endswith("\r"):  # the other half of a CRLF may begin this block
            block = tail.pop() + block
        if skipping:
            cut = _first_end(block)
            if cut == 0:
                tail = ["\r"] if block.endswith("\r") else []
                continue
            block, skipping = block[cut:], False
        cut = _last_end(block)
        tail.append(block[:cut] if cut else block)
        if cut:
            text = "".join(tail)
            tail = [block[cut:]]
            lines = _split(text)
            if len(lines[0]) > LIMITS.max_record_chars:  # only the first can be: the others come from one block
                yield _overlong(lines.pop(0))
            yield Lines(lines, False, "\0" in text or BAD_MARK in text, False)
        elif sum(map(len, tail)) > LIMITS.max_record_chars:
            yield _overlong("".join(tail))
            tail, skipping = ["\r"] if block.endswith("\r") else [], True
    rest = "" if skipping else "".join(tail)
    yield Lines([rest] if rest else [], False, "\0" in rest or BAD_MARK in rest, True)


def _split(text: str) -> list[str]:
    """The lines with their ends; splitlines is ten times as fast but knows more line ends than a file has."""
    if any(character in text for character in _NO_LINE_ENDS):
        return io.StringIO(text, newline="").readlines()
    return text.splitlines(keepends=True)


def _overlong(text: str) -> Lines:
    return Lines([text[: LIMITS.block_chars]], True, False, False)


def _last_end(text: str) -> int:
    """Position after the last line end, 0 when there is none; a CR at the very end may be half of a CRLF."""
    newline = text.rfind("\n") + 1
    if "\r" not in text:
        return newline
    return max(newline, text.rfind("\r", 0, len(text) - 1) + 1)


def _first_end(text: str) -> int:
    """Position after the first line end, 0 when there is none that is sure to be whole."""
    newline, cr = text.find("\n"), text.find("\r")
    if cr == -1 or -1 < newline < cr:
        return newline + 1
    if cr == len(text) - 1:
        return 0
    return cr + (2 if text[cr + 1] == "\n" else 1)
