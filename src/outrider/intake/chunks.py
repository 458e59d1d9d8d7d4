"""A file's records as chunks that are ready for the database: JSON texts, row numbers, and what is wrong with each.

Bounded by rows and by bytes, so that memory does not depend on the file. Never touches the database.
"""

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from .files import Record

CHUNK_ROWS = 10_000
CHUNK_BYTES = 8 * 2**20
REPLACEMENT = "�"
Build = Callable[[Any], dict[str, Any]]


@dataclass(slots=True)
class Chunk:
    """Rows that are committed together; the three lists belong together by place."""

    rows: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    problems: list[str | None] = field(default_factory=list)
    size: int = 0

    def add(self, number: int, text: str, problem: str | None) -> None:
        self.rows.append(text)
        self.numbers.append(number)
        self.problems.append(problem)
        self.size += len(text)


def chunks(
    records: Iterator[Record], build: Callable[[Any], dict[str, Any]], *, rows: int = CHUNK_ROWS, most_bytes: int = CHUNK_BYTES
) -> Generator[Chunk]:
    """Yield the records as chunks of at most `rows` rows and about `most_bytes` bytes; nothing for no records."""
    chunk = Chunk()
    for record in records:
        chunk.add(record.number, *encode(record, build))
        if len(chunk.rows) >= rows or chunk.size >= most_bytes:
            yield chunk
            chunk = Chunk()
    if chunk.rows:
        yield chunk


def encode(record: Record, build: Build) -> tuple[str, str | None]:
    """Return a record's payload as JSON that jsonb can hold, and its problem if it has one.

    What cannot be read at all is kept as {"raw": the offending text}.
    """
    payload = {"raw": record.raw or ""} if record.cells is None else build(record.cells)
    try:
        text, had_nul = to_json(payload)
    except (TypeError, ValueError, RecursionError):
        return as_raw(str(record.raw or "")), record.problem or "bad_value"
    return text, record.problem or ("nul_byte" if had_nul else None)


def to_json(value: Any) -> tuple[str, bool]:
    """Return a value as JSON that jsonb can hold, and whether NUL bytes had to be replaced in it.

    Raises `TypeError`, `ValueError` or `RecursionError` for what JSON has no form for.
    """
    try:
        text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError, RecursionError):  # lone surrogates, integers over 64 bits
        text = json.dumps(storable(value), ensure_ascii=False, allow_nan=False)
    if "\\u0000" not in text:
        return text, False
    clean = storable(value)
    return json.dumps(clean, ensure_ascii=False), clean != value


def as_raw(text: str) -> str:
    """Return a text that is no JSON for the database as a payload that keeps its beginning."""
    return orjson.dumps({"raw": text[:2000]}).decode()


def storable(value: Any) -> Any:
    """Return a JSON value without NUL and lone surrogates (both become U+FFFD), which jsonb cannot hold."""
    if isinstance(value, str):
        return value.replace("\0", REPLACEMENT).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value
