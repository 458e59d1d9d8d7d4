"""Records of a JSON document: an array of objects, an object holding one such array, or objects after one another.

Streams: holds one element and one block. A broken or oversized element becomes a problem record and reading goes
on behind it where that can be found. Never uses recursion and never keeps what stands around the array.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..fields import is_email_header
from .json_rows import DECODER, value_record
from .limits import LIMITS
from .streams import text_blocks
from .types import RAW_CHARS, FileError, FileFormat, Record, problem

_SPACE = re.compile(r"[ \t\r\n]*")
_OUTSIDE = re.compile(r'[\n"{}\[\],]')
_INSIDE = re.compile(r'[\n"\\]')


class _Buffer:
    """A window on the text that moves forward; `line` is the physical line of `at`."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self.text = ""
        self.at = 0
        self.line = 1
        self.dropped = 0  # characters that have left the window
        self.ended = False

    def more(self, wanted: int = 1) -> None:
        """Drop what is done and add at least `wanted` characters, or reach the end."""
        parts = [self.text[self.at :]]
        self.dropped += self.at
        added = 0
        while added < wanted and not self.ended:
            block = next(self._blocks, None)
            if block is None:
                self.ended = True
            else:
                parts.append(block)
                added += len(block)
        self.text, self.at = "".join(parts), 0

    def move(self, to: int) -> None:
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    @property
    def position(self) -> int:
        return self.dropped + self.at

    def peek(self) -> str:
        """The next character that is not white space; '' at the end."""
        while True:
            match = _SPACE.match(self.text, self.at)
            assert match is not None
            self.move(match.end())
            if self.at < len(self.text):
                return self.text[self.at]
            if self.ended:
                return ""
            self.more()

    def peek_second(self) -> str:
        """The character after the next one, white space apart; '' when it is out of sight."""
        while True:
            match = _SPACE.match(self.text, self.at + 1)
            end = match.end() if match else len(self.text)
            if end < len(self.text):
                return self.text[end]
            if self.ended or len(self.text) - self.at > LIMITS.max_record_chars:
                return ""
            self.more()

    def value(self) -> tuple[Any, str, str | None]:
        """The JSON value here, its text and None; or (None, its beginning, problem code) without moving."""
        while True:
            window = len(self.text) - self.at
            code = "bad_json"
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
                if end < len(self.text) or self.ended or self.text[end - 1] in '}]"':
                    text = self.text[self.at : end]
                    if len(text) > LIMITS.max_json_element:
                        return None, text[:RAW_CHARS], "line_too_long"
                    self.move(end)
                    return value, text, None
            except RecursionError:
                return None, self.text[self.at : self.at + RAW_CHARS], "too_deep"
            except json.JSONDecodeError as error:
                cut_off = error.pos >= len(self.text) - 16 or error.msg.startswith("Unterminated")
            except ValueError:  # NaN, a number beyond measure
                cut_off = False
            else:
                cut_off = True
            if cut_off and not self.ended:
                if window <= LIMITS.max_json_element:
                    self.more(max(window, LIMITS.block_chars))  # doubling: the work stays linear
                    continue
                code = "line_too_long"
            return None, self.text[self.at : self.at + RAW_CHARS], code

    def skip(self, indent: str | None) -> bool:
        """Move behind the broken value here; False when the text ends first.

        Stops before the comma or bracket that ends it, or before an object that begins a line with the same
        `indent` as the broken one: in laid-out JSON that is its neighbour.
        """
        depth, quoted = 0, False
        neighbour = None if indent is None else f"\n{indent}{{"
        while True:
            match = (_INSIDE if quoted else _OUTSIDE).search(self.text, self.at)
            if match is None or (len(self.text) - match.start() <= 512 and not self.ended):
                self.move(match.start() if match else len(self.text))
                if self.ended:
                    return False
                self.more()
                continue
            at, character = match.start(), match.group()
            if character == "\n":
                quoted = False  # no JSON string holds a line end: the quote was a stray one
                if neighbour and depth and self.text.startswith(neighbour, at):
                    self.move(at + 1)
                    return True
            elif character == "\\":
                at += 1
            elif character == '"':
                quoted = not quoted
            elif character in "{[":
                depth += 1
            elif depth == 0:
                self.move(at)
                return True
            elif character != ",":
                depth -= 1
            self.move(min(at + 1, len(self.text)))


class _Document:
    def __init__(self, blocks: Iterator[str]) -> None:
        self._buffer = _Buffer(blocks)
        self._number = 0

    def records(self) -> Iterator[Record]:
        buffer = self._buffer
        while character := buffer.peek():
            if character == "[":
                buffer.move(buffer.at + 1)
                yield from self._elements()
            elif character == "{":
                yield from self._object()
            elif character in "]},:":
                yield self._stray()
            else:
                yield from self._element()

    def _elements(self) -> Iterator[Record]:
        buffer = self._buffer
        while character := buffer.peek():
            if character == "]":
                buffer.move(buffer.at + 1)
                return
            if character == ",":
                buffer.move(buffer.at + 1)
            elif character in "}:":
                yield self._stray()
            else:
                yield from self._element()
        raise FileError(
            "bad_json",
            f"The JSON list ends without its closing bracket after record {self._number:,}: the file is cut off. "
            "The records before that are good; fetch the file again for the rest.",
        )

    def _stray(self) -> Record:
        buffer = self._buffer
        self._number += 1
        record = problem(self._number, buffer.line, "bad_json", buffer.text[buffer.at : buffer.at + 80])
        buffer.move(buffer.at + 1)
        return record

    def _element(self) -> Iterator[Record]:
        buffer = self._buffer
        line, at = buffer.line, buffer.at
        lead = buffer.text[buffer.text.rfind("\n", 0, at) + 1 : at]
        value, text, code = buffer.value()
        self._number += 1
        if code is None:
            yield value_record(self._number, line, value, text)
            return
        yield problem(self._number, line, code, text)
        if not buffer.skip(lead if not lead.strip() and "\n" in buffer.text[: buffer.at] else None):
            raise FileError(
                "bad_json",
                f"Record {self._number:,} (line {line:,}) is broken in a way that hides where the next one begins. "
                "The records before it are good; repair that one and import the rest again.",
            )

    def _object(self) -> Iterator[Record]:
        """One object: a record itself, or the wrapping of a list of records."""
        buffer = self._buffer
        line, start = buffer.line, buffer.position
        buffer.move(buffer.at + 1)
        parts: dict[str, Any] = {}
        list_name: str | None = None
        while character := buffer.peek():
            if character == "}":
                buffer.move(buffer.at + 1)
                if list_name is None:
                    self._number += 1
                    text = json.dumps(parts, ensure_ascii=False)
                    yield value_record(self._number, line, parts, text if _is_plain(text) else json.dumps(parts))
                return
            if character == ",":
                buffer.move(buffer.at + 1)
                continue
            name, text, code = buffer.value()
            if code is not None or type(name) is not str or buffer.peek() != ":":
                yield from self._broken_object(line, text)
                return
            buffer.move(buffer.at + 1)
            if buffer.peek() == "[" and buffer.peek_second() == "{" and not any(map(is_email_header, parts)):
                if list_name is not None:
                    raise FileError(
                        "ambiguous_json",
                        f"The JSON holds two lists, {list_name!r} and {name!r}. Save the one you want as a file.",
                    )
                list_name = name
                buffer.move(buffer.at + 1)
                yield from self._elements()
                continue
            value, text, code = buffer.value()
            if code is not None or (buffer.position - start > LIMITS.max_json_element and list_name is None):
                yield from self._broken_object(line, text)
                return
            if list_name is None:
                parts[name] = value
        yield from self._broken_object(line, "")

    def _broken_object(self, line: int, text: str) -> Iterator[Record]:
        self._number += 1
        yield problem(self._number, line, "bad_json", text)
        raise FileError(
            "bad_json",
            f"The JSON is broken or cut off in the object that begins on line {line:,}. The records before that "
            "are good; repair the file and import it again.",
        )


def _is_plain(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def read_json_document(path: Path, file_format: FileFormat) -> Iterator[Record]:
    """The records of a JSON document, streaming.

    Raises FileError bad_json where a break hides the next record (what came before has been given),
    ambiguous_json when an object holds two lists, and those of streams.
    """
    blocks = text_blocks(path, file_format.compression, file_format.encoding or "utf-8")
    return _Document(blocks).records()
