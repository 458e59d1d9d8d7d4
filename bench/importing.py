"""Import to golden, from file to last committed row, against COPY of the finished rows, plain COPY of the file, and row by row."""

import asyncio
import csv
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil

from outrider import intake, tenancy
from outrider.intake import files
from outrider.intake.mapping import detect_mapping, payload_builder

from .lab import Lab
from .report import rate, say, table

FINISHED = (
    "intake.raw_loads", "company.master", "people.master", "vault.contacts", "people.affiliations", "people.profiles", "company.slot",
    "people.slot", "intake.audit_log", "company.history", "people.history", "vault.history", "people.affiliation_history",
    "people.profile_history",
)  # fmt: skip
ROW_BY_ROW = 2_000


@dataclass(frozen=True)
class Imported:
    """What the import took."""

    seconds: float
    peak_mb: float


async def run(lab: Lab, file: Path, rows: int) -> Imported:
    """Import the file with the command line in a process of its own, watching the memory of that process and its children."""
    await lab.admin.execute("SELECT pg_stat_statements_reset()")
    started = time.perf_counter()
    process = subprocess.Popen(
        lab.outrider("import", str(file), "--json"), env=lab.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    peak = Peak(process.pid)
    output, _ = await asyncio.to_thread(process.communicate)
    seconds = time.perf_counter() - started
    result = orjson.loads(output)[0]
    assert result["state"] == "completed", result["error"]
    assert result["rows_read"] == rows
    imported = Imported(seconds, peak.stop())
    table(
        [
            ("import: file to last golden row", rate(rows, seconds)),
            (
                "  contacts, people, companies",
                f"{result['contacts_created']:,}  {result['people_created']:,}  {result['companies_created']:,}",
            ),
            ("  peak memory of our processes", f"{imported.peak_mb:,.0f} MB"),
        ]
    )
    await where_time_goes(lab)
    return imported


async def where_time_goes(lab: Lab) -> None:
    """Print the statements of the import by their share of the database's time."""
    found = await lab.admin.fetch(
        """
        SELECT substring(regexp_replace(query, '\\s+', ' ', 'g') FOR 78) AS statement, total_exec_time AS ms,
            total_exec_time / sum(total_exec_time) OVER () AS share
        FROM pg_stat_statements WHERE NOT toplevel AND query ~* '^(insert|update|with|analyze|delete)' ORDER BY total_exec_time DESC LIMIT 14
        """
    )
    say("  where the database's time goes:")
    for row in found:
        say(f"    {row['share']:>5.0%}  {row['ms'] / 1000:>7.1f} s  {row['statement']}")


async def baselines(lab: Lab, file: Path, rows: int, imported: Imported) -> None:
    """Measure the baselines in the same database and print the ratios. Empties the tables."""
    one_by_one = await row_by_row(lab, file)
    copied, finished_rows = await copy_finished(lab)
    plain = await copy_file(lab, file)
    table(
        [
            ("COPY of the finished rows, same tables", f"{rate(rows, copied)}  {finished_rows:,} rows of {len(FINISHED)} tables"),
            ("plain COPY of the file, no index", rate(rows, plain)),
            ("the same promotion, row by row", f"{one_by_one:>10,.0f} rows/s"),
            ("ratio import / COPY of finished rows", f"{copied / imported.seconds:>10.2f}  (aim: at least 0.40)"),
            ("ratio import / plain COPY of the file", f"{plain / imported.seconds:>10.3f}"),
            ("ratio import / row by row", f"{rows / imported.seconds / one_by_one:>10.1f}"),
        ]
    )


async def row_by_row(lab: Lab, file: Path) -> float:
    """Ingest and promote the file's first rows one at a time in another organization; rows a second."""
    other = await tenancy.create_organization("Row by row", "row-by-row", uuid.uuid4())
    found = files.detect(file)
    records = files.sample(file, found, ROW_BY_ROW)
    build = payload_builder(detect_mapping(found.header, records))
    started = time.perf_counter()
    for record in records:
        stored = await intake.ingest(other, lab.actor, [build(record.cells)], "bench", "bench")
        await intake.promote(other, lab.actor, [stored[0].load_id])
    seconds = time.perf_counter() - started
    return len(records) / seconds


async def copy_finished(lab: Lab) -> tuple[float, int]:
    """COPY every finished row of the organization out, empty the tables, and COPY them in again with all indexes and constraints."""
    held = []
    for name in FINISHED:
        columns = [
            row["attname"]
            for row in await lab.admin.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
                name,
            )
        ]
        path = lab.folder / f"{name}.copy"
        listed = ", ".join(f'"{column}"' for column in columns)
        query = f"SELECT {listed} FROM {name} WHERE organization_id = '{lab.organization}'"
        await lab.admin.copy_from_query(query, output=str(path), format="binary")
        held.append((name, columns, path))
    await lab.admin.execute(f"TRUNCATE {', '.join(FINISHED)} CASCADE")
    await lab.admin.execute("CHECKPOINT")
    seconds, count = 0.0, 0
    for name, columns, path in held:
        schema, _, bare = name.partition(".")
        started = time.perf_counter()
        said = await lab.admin.copy_to_table(bare, schema_name=schema, source=str(path), columns=columns, format="binary")
        seconds += time.perf_counter() - started
        count += int(said.split()[-1])
        path.unlink()
    return seconds, count


async def copy_file(lab: Lab, file: Path) -> float:
    """COPY the file into a table of text columns without an index; seconds."""
    with file.open(newline="", encoding="utf-8") as opened:
        width = len(next(csv.reader(opened)))
    await lab.admin.execute(f"CREATE TABLE public.plain ({', '.join(f'c{n} text' for n in range(width))})")
    started = time.perf_counter()
    await lab.admin.copy_to_table("plain", schema_name="public", source=str(file), format="csv", header=True)
    return time.perf_counter() - started


class Peak:
    """The most memory (RSS) that a process and its children had together, sampled ten times a second; the server is not among them."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            try:
                family = [self._process, *self._process.children(recursive=True)]
                self._peak = max(self._peak, sum(p.memory_info().rss for p in family if not p.name().startswith("postgres")))
            except psutil.Error:
                continue

    def stop(self) -> float:
        """Return the peak in megabytes."""
        self._ended.set()
        self._thread.join()
        return self._peak / 2**20
