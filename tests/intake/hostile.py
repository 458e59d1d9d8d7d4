"""How the tests of hostile and broken lead files make, read and measure them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import outrider
from outrider.intake.files import FileError, Record, detect, read

MEASURE = """
import resource, sys, json, collections
from pathlib import Path
from outrider.intake.files import FileError, detect, read
def peak():  # ru_maxrss survives exec: a child of a large test run would start with its peak
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) // 1024
start = peak()
counts, error = collections.Counter(), None
try:
    for record in read(Path(sys.argv[1]), detect(Path(sys.argv[1]))):
        counts[record.problem or "ok"] += 1
except FileError as caught:
    error = caught.code
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(json.dumps([dict(counts), error, peak() - start, used]))
"""


def write(tmp_path: Path, data: bytes | str, name: str = "leads") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def rows(path: Path, **options: Any) -> list[Record]:
    return list(read(path, detect(path, **options)))


def short(path: Path, **options: Any) -> list[tuple[int, Any, str | None]]:
    return [(record.line, record.cells, record.problem) for record in rows(path, **options)]


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(FileError) as error:
        rows(path, **options)
    assert len(str(error.value)) > 20
    return error.value.code


def measured(path: Path) -> tuple[dict[str, int], str | None, int, int]:
    """Counts by problem, error code, megabytes used on top of the start, megabytes of the largest child."""
    source = str(Path(outrider.__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        env={"PYTHONPATH": ":".join([source, *filter(None, sys.path)])},
        capture_output=True,
        check=True,
    )
    counts, error, megabytes, children = json.loads(run.stdout)
    return counts, error, megabytes, children
