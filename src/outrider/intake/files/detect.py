"""What kind of file this is, by its content: packing, kind, encoding, delimiter and header.

Looks at the beginning (for the encoding at up to LIMITS.encoding_scan bytes) and never at the file's name for
more than words in a message. Decides once; read() never guesses again.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ..fields import ALIASES, normalise_header
from .converted import check_archive, converted_rows
from .delimited import Parser
from .json_document import read_json_document
from .json_rows import DECODER, read_json_lines
from .limits import LIMITS
from .streams import decoder, opened, physical_lines, text_blocks, unpacked
from .types import BAD_MARK, FileError, FileFormat, Record

DELIMITERS = (",", ";", "\t", "|")
_HEAD = 64 * 1024
_SAMPLE_RECORDS = 200
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FOREIGN = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"SQLite format 3", "a SQLite database"),
)
_MARKUP = re.compile(r"\s*<(?:!doctype|html|\?xml|head|body|svg|table)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_EMAIL = re.compile(r"\s*[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@.,;<>\"]{2,}\s*")
_ADDRESS = re.compile(r"\s*(?:https?://|www\.|(?:[a-z]+\.)?linkedin\.com/)\S+\s*", re.IGNORECASE)


def _empty(name: str) -> FileError:
    return FileError("empty_file", f"{name} is empty: there is nothing to import. Check that the export worked.")


def detect_format(path: Path, encoding: str | None, delimiter: str | None, sheet: str | None, name: str) -> FileFormat:
    """See outrider.intake.files.detect."""
    with opened(path, None) as stream:
        head = stream.read(_HEAD)
    compression = None
    if head.startswith(b"\x1f\x8b"):
        compression = "gzip"
        with opened(path, compression) as stream:
            head = stream.read(_HEAD)
        if head.startswith(b"\x1f\x8b"):
            raise FileError("unknown_format", f"{name} is packed twice with gzip. Unpack it once.")
    if not head:
        raise _empty(name)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n\0'):
        raise FileError("bad_delimiter", f"{delimiter!r} cannot part columns. Use one character, such as , or ;")
    kind = _binary_kind(path, head, compression, name)
    if kind is not None:
        return _table_format(path, kind, compression, sheet, name)
    if encoding is not None:
        decoder(encoding)
    else:
        encoding = _encoding(path, compression, head)
    return _text_format(path, compression, encoding, delimiter, name)


def _binary_kind(path: Path, head: bytes, compression: str | None, name: str) -> str | None:
    """'xlsx', 'parquet', or None for text. Raises FileError for what is neither."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        with unpacked(path, compression) as plain:
            return check_archive(plain)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        with unpacked(path, compression) as plain, plain.open("rb") as file:
            encrypted = "EncryptedPackage".encode("utf-16-le") in file.read(LIMITS.encoding_scan)
        if encrypted:
            raise FileError("encrypted", f"{name} is protected by a password. Save it without one.")
        raise FileError("unknown_format", f"{name} is an old Excel or Office file. Save it as XLSX or CSV.")
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise FileError("unknown_format", f"{name} is {what}, not a lead file. Save the leads as CSV or XLSX.")
    return None


def _table_format(path: Path, kind: str, compression: str | None, sheet: str | None, name: str) -> FileFormat:
    rows = converted_rows(path, kind, compression, sheet, most=_SAMPLE_RECORDS if kind == "xlsx" else 1)
    about = next(rows, None)
    first = next((row for row in rows if not isinstance(row, list) or any(map(str.strip, row))), None)
    rows.close()  # type: ignore[attr-defined]
    if about is None or first is None:
        raise _empty(name)
    if isinstance(first, dict):
        first = _header_or_error(Record(1, 1, first.get("cells"), first["problem"], first["raw"]), name)
    has_header = kind == "parquet" or not _is_data(first)
    return FileFormat(kind, compression, None, None, has_header, _header(first, has_header), about["sheet"])


def _encoding(path: Path, compression: str | None, head: bytes) -> str:
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 2 and max(even, odd) > 0.4 * half and min(even, odd) < 0.1 * half:
        return "utf-16-le" if odd > even else "utf-16-be"
    return _eight_bit(path, compression)


def _eight_bit(path: Path, compression: str | None) -> str:
    """'utf-8' when the text is, or nearly is; else 'cp1252', or 'latin-1' where cp1252 has gaps."""
    decode = codecs.getincrementaldecoder("utf-8")("outrider.mark").decode
    bad = good = scanned = 0
    gaps = False
    with opened(path, compression) as stream:
        while scanned < LIMITS.encoding_scan and (data := stream.read(LIMITS.block_chars)):
            scanned += len(data)
            if data.isascii():
                decode(data)
                continue
            text = decode(data)
            marks = text.count(BAD_MARK)
            bad += marks
            good += sum(1 for character in text if character > "\x7f") - marks
            gaps = gaps or any(byte in data for byte in b"\x81\x8d\x8f\x90\x9d")
            if bad > 1_000 or (scanned > LIMITS.sample_chars * 8 and good > 1_000):
                break
    if bad == 0 or good > 10 * bad:
        return "utf-8"
    return "latin-1" if gaps else "cp1252"


def _text_format(path: Path, compression: str | None, encoding: str, delimiter: str | None, name: str) -> FileFormat:
    start = _first_text(path, compression, encoding)
    if not start:
        raise _empty(name)
    if _MARKUP.match(start):
        raise FileError("unknown_format", f"{name} is a web page or XML, not a lead file. Was a login page saved?")
    if len(_CONTROL.findall(start)) > len(start) // 20:
        raise FileError("unknown_format", f"{name} holds no text that can be read. Save the leads as CSV or XLSX.")
    if delimiter is None and start[0] in "[{":
        kind = "json" if start[0] == "[" else _json_kind(start)
        if kind is not None:
            header = _json_header(path, kind, compression, encoding)
            return FileFormat(kind, compression, encoding, None, True, header)
    sample = list(_sample_lines(path, compression, encoding))
    if delimiter is None:
        delimiter = _sniff(sample)
    first = next(iter(_parse(sample, delimiter)), None)
    if first is None:
        raise _empty(name)
    cells = _header_or_error(first, name)
    has_header = not _is_data(cells)
    return FileFormat("csv", compression, encoding, delimiter, has_header, _header(cells, has_header))


def _first_text(path: Path, compression: str | None, encoding: str) -> str:
    """The first characters that are not white space, up to LIMITS.sample_chars; '' when there are none."""
    text = ""
    blocks = text_blocks(path, compression, encoding)
    for block in blocks:
        text = (text + block).lstrip(" \t\r\n\ufeff") if not text else text + block
        if len(text) > LIMITS.sample_chars:
            break
    blocks.close()  # type: ignore[attr-defined]
    return text[: LIMITS.sample_chars]


def _json_kind(start: str) -> str | None:
    """'jsonl' or 'json' for a text that begins with a brace; None when it does not look like JSON."""
    if not re.match(r'\{\s*("|\}|$)', start):
        return None
    line, _, rest = start.partition("\n")
    line = line.strip()
    try:
        value = DECODER.decode(line)
    except (ValueError, RecursionError):
        follows = rest.lstrip().startswith("{") and line.endswith("}")
        return "jsonl" if follows or sum(map(_is_object, rest.splitlines()[:20])) > 1 else "json"
    if rest.strip() or not isinstance(value, dict):
        return "jsonl"
    wraps = any(isinstance(item, list) and item and isinstance(item[0], dict) for item in value.values())
    return "json" if wraps else "jsonl"


def _is_object(line: str) -> bool:
    try:
        return isinstance(DECODER.decode(line.strip()), dict)
    except (ValueError, RecursionError):
        return False


def _json_header(path: Path, kind: str, compression: str | None, encoding: str) -> tuple[str, ...]:
    file_format = FileFormat(kind, compression, encoding, None, True, ())
    records = (read_json_lines if kind == "jsonl" else read_json_document)(path, file_format)
    names: dict[str, None] = {}
    try:
        for record in islice(records, _SAMPLE_RECORDS):
            if isinstance(record.cells, dict):
                names.update(dict.fromkeys(record.cells))
    except FileError as error:
        if not names or error.code not in ("bad_json", "ambiguous_json", "corrupt_gzip"):
            raise
    finally:
        records.close()  # type: ignore[attr-defined]
    return _checked_width(tuple(names))


def _sample_lines(path: Path, compression: str | None, encoding: str) -> Iterator[Any]:
    """Chunks of physical lines, about LIMITS.sample_chars of them, the last one marked as such."""
    chunks = physical_lines(text_blocks(path, compression, encoding))
    size = 0
    for chunk in chunks:
        size += sum(map(len, chunk.lines))
        yield chunk
        if size >= LIMITS.sample_chars:
            break
    chunks.close()  # type: ignore[attr-defined]


def _parse(sample: list[Any], delimiter: str) -> list[Record]:
    parser = Parser(delimiter, 0)
    records: list[Record] = []
    for chunk in sample:
        records += parser.feed(chunk._replace(lines=list(chunk.lines)))
        if len(records) >= _SAMPLE_RECORDS:
            break
    return records[:_SAMPLE_RECORDS]


def _sniff(sample: list[Any]) -> str:
    """The delimiter that gives the most records the width of the first one; ',' when none parts anything."""
    first = sample[0].lines[0] if sample and sample[0].lines else ""
    if hint := re.fullmatch(r'"?sep=([,;\t|])"?[\r\n]*', first, re.IGNORECASE):
        return hint.group(1)
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        widths = [len(record.cells) for record in _parse(sample, delimiter) if record.cells is not None]
        if not widths or widths[0] < 2:
            continue
        same = Counter(widths)[widths[0]] / len(widths)
        score = same * same * (1 - 1 / widths[0])  # agreement counts more than the number of columns
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _is_data(cells: list[str]) -> bool:
    """Whether a first row holds data, not names: an e-mail or web address in it, or nothing but numbers."""
    if any(_EMAIL.fullmatch(cell) or _ADDRESS.fullmatch(cell) for cell in cells):
        return True
    if any(normalise_header(cell) in ALIASES for cell in cells):
        return False
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and all(re.fullmatch(r"[\d\s.,+()/-]+", cell) for cell in filled)


def _header(cells: list[str], has_header: bool) -> tuple[str, ...]:
    names = tuple(cells) if has_header else tuple(f"Column {n}" for n in range(1, len(cells) + 1))
    return _checked_width(names)


def _checked_width(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > LIMITS.max_columns:
        raise _too_wide(f"{len(names):,} columns")
    return names


def _too_wide(what: str) -> FileError:
    return FileError(
        "too_many_columns",
        f"The file has {what}; at most {LIMITS.max_columns:,} are read. Check the delimiter, or leave out columns.",
    )


def _header_or_error(record: Record, name: str) -> list[str]:
    if record.problem == "too_many_cells":
        raise _too_wide(f"more than {LIMITS.max_columns:,} columns")
    if not isinstance(record.cells, list):
        raise FileError(
            "bad_header",
            f"The first line of {name} cannot be read as column names ({record.problem}): {(record.raw or '')[:80]!r}. "
            "Repair or remove that line.",
        )
    return record.cells
