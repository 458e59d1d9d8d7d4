"""The bounds within which lead files are read, each with its reason.

Numbers only. Reading code takes them from LIMITS and never has a bound of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound; sizes in bytes, texts in characters, times in seconds."""

    max_columns: int = 1_000
    """Columns of a header or cells of a record. A lead export has under 300; 100,000 is an attack or a mistake."""
    max_record_chars: int = 1_000_000
    """Longest physical line, and longest record over several lines."""
    max_record_lines: int = 1_000
    """Lines one quoted record may span. With max_record_chars it bounds the work a stray quote can cause."""
    wasted_chars: int = 16 * MIB
    """Text read in vain after stray quotes. Beyond it a record may only span tight_lines lines."""
    tight_lines: int = 50
    block_chars: int = 128 * 1024
    """Bytes read and parsed at a time. Small enough for the processor's cache: larger blocks are slower."""
    sample_chars: int = 256 * 1024
    """Text that detection looks at."""
    encoding_scan: int = 32 * MIB
    """Bytes that detection checks for valid UTF-8: the first accent may come late in a file."""
    max_json_depth: int = 64
    """Objects and lists inside one another in a JSON record."""
    max_json_element: int = 16 * MIB
    """Characters of one element of a JSON array."""
    max_uncompressed_xlsx: int = 400 * 1_000_000
    """What the members of an XLSX file may hold together."""
    max_xlsx_ratio: int = 200
    """Uncompressed to compressed size of an XLSX file, looked at beyond xlsx_ratio_from. Real sheets stay under 100."""
    xlsx_ratio_from: int = 50 * 1_000_000
    max_xlsx_members: int = 10_000
    max_zip_directory: int = 16 * MIB
    max_expansion_ratio: int = 1_000
    """Uncompressed to compressed size of gzip, and text written to file size for Parquet, beyond expansion_from."""
    expansion_from: int = 100 * 1_000_000
    max_unpacked_file: int = 4_000 * 1_000_000
    """A gzipped XLSX or Parquet file is unpacked into a temporary file of at most this size."""
    child_memory: int = 1024 * MIB
    """Address space of the converting child process."""
    child_cpu_seconds: int = 1_800
    child_nice: int = 5
    max_child_line: int = 32 * MIB
    """Longest line accepted from the child process."""


LIMITS = Limits()
