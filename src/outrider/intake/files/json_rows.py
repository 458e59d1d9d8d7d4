"""One JSON text into one record, and JSON lines: a record a line.

Objects are made flat with dotted keys; numbers and strings stay as they are, lists stay lists. Never recurses
without a bound and never lets through what PostgreSQL's jsonb cannot hold (NUL, lone surrogates, NaN).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .limits import LIMITS
from .streams import physical_lines, text_blocks
from .types import BAD_MARK, FileFormat, Record, problem, storable


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large")
    return number


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)


class TooDeepError(Exception):
    """Nested beyond LIMITS.max_json_depth."""


def text_record(number: int, line: int, text: str) -> Record:
    """The record in one JSON text; a problem record when it is not one object."""
    try:
        value = DECODER.decode(text)
    except RecursionError:
        return problem(number, line, "too_deep", text)
    except ValueError:
        code = "nul_byte" if "\0" in text else "bad_encoding" if BAD_MARK in text else "bad_json"
        return problem(number, line, code, text)
    return value_record(number, line, value, text)


def value_record(number: int, line: int, value: Any, text: str) -> Record:
    """The record for a decoded value; `text` is what it was decoded from."""
    if type(value) is not dict:
        return problem(number, line, "not_an_object", text)
    if "[" in text or text.count("{") != 1:
        try:
            value = flatten(value)
        except TooDeepError:
            return problem(number, line, "too_deep", text)
    if len(value) > LIMITS.max_columns:
        return problem(number, line, "too_many_cells", text)
    if "\\u" in text or BAD_MARK in text:
        cleaned = _clean(value)
        if cleaned != value:
            code = "nul_byte" if "\\u0000" in text else "bad_encoding"
            return problem(number, line, code, text, cleaned)
    return Record(number, line, value, None, None)


def flatten(value: dict[str, Any]) -> dict[str, Any]:
    """The object with nested objects as dotted keys; lists and empty objects stay values.

    Two keys that become the same keep both values, the later one under `key (2)`. Raises TooDeepError.
    """
    flat: dict[str, Any] = {}
    _flatten_into(flat, "", value, 1)
    return flat


def _flatten_into(flat: dict[str, Any], prefix: str, value: dict[str, Any], depth: int) -> None:
    if depth > LIMITS.max_json_depth:
        raise TooDeepError
    for key, item in value.items():
        key = prefix + key
        if type(item) is dict and item:
            _flatten_into(flat, key + ".", item, depth + 1)
            continue
        if type(item) is list:
            _check_depth(item, depth + 1)
        if key in flat:
            key = next(name for n in range(2, len(flat) + 3) if (name := f"{key} ({n})") not in flat)
        flat[key] = item


def _check_depth(value: Any, depth: int) -> None:
    if type(value) not in (dict, list):
        return
    if depth > LIMITS.max_json_depth:
        raise TooDeepError
    for item in value.values() if type(value) is dict else value:
        _check_depth(item, depth + 1)


def _clean(value: Any) -> Any:
    if type(value) is str:
        return storable(value)
    if type(value) is list:
        return [_clean(item) for item in value]
    if type(value) is dict:
        return {storable(key): _clean(item) for key, item in value.items()}
    return value


def read_json_lines(path: Path, file_format: FileFormat) -> Iterator[Record]:
    """The records of a JSON lines file; blank lines are skipped. Raises FileError (see streams) while reading."""
    number = line = 0
    for chunk in physical_lines(text_blocks(path, file_format.compression, file_format.encoding or "utf-8")):
        for text in chunk.lines:
            line += 1
            text = text.strip(" \t\r\n")
            if not text:
                continue
            number += 1
            if chunk.too_long:
                yield problem(number, line, "line_too_long", text)
            else:
                yield text_record(number, line, text)
