"""`outrider import` and `outrider imports` as people run them: kinds of files, what is shown, exit codes, Ctrl-C, other tenants."""

import csv
import gzip
import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from outrider.kit.server import EmbeddedServer
from tests.intake.conftest import csv_bytes, lead_rows

from .conftest import COMMAND, environment

SAMPLE = b"""Kontaktadresse,Vorname,Nachname,Firma,Bemerkung
ana@x.example,Ana,Lima,X,=1+1
info@x.example,,,X,
ana@X.example,Ana,Lima,X,again
n/a,Bo,Li,Y,
"""
MANY = 15_000  # rows: more than a chunk
LONG = 80_000  # rows: time enough to stop it by hand


@pytest.fixture(scope="module")
def acme(outrider) -> str:
    """An organization of this module's own."""
    return json.loads(outrider("setup", "--organization", "Imports Acme", "--admin", "i@acme.example", "--json").stdout)["slug"]


@pytest.fixture
def look(home) -> Iterator[psycopg.Connection]:
    """A superuser's connection, to look from outside."""
    with psycopg.connect(EmbeddedServer(home).url("postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def sample(tmp_path) -> Path:
    """A small file whose address column has a header that nobody knows."""
    file = tmp_path / "sample.csv"
    file.write_bytes(SAMPLE)
    return file


def answer(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    """What a command said as JSON."""
    assert done.returncode == code, (done.args, done.stdout, done.stderr)
    return json.loads(done.stdout)


def test_an_import_from_first_look_to_revert(outrider, acme, sample, tmp_path):
    tried = outrider("import", str(sample), "--dry-run", "--map", "Kontaktadresse=email", "--map", "Vorname=", "--org", acme)
    assert tried.returncode == 0, tried.stderr
    for words in (
        "Dry run: nothing was changed.",
        r"rows read +4",
        r"new addresses +2",
        r"duplicates .* +1",
        r"would fail +1",
        "ana@x.example",
    ):
        assert re.search(words, tried.stdout), (words, tried.stdout)
    assert re.search(r"Vorname +\(custom field Vorname\) +you", tried.stdout)

    wanted = ["--map", "Kontaktadresse=email", "--map", "Vorname=first_name", "--map", "Bemerkung=", "--source", "fair", "--batch", "2026"]
    [done] = answer(outrider("import", str(sample), *wanted, "--mode", "overwrite", "--org", acme, "--json"))
    assert (done["state"], done["source"], done["batch_id"], done["mode"]) == ("completed", "fair", "2026", "overwrite")
    assert [done[name] for name in ("rows_read", "rows_promoted", "rows_duplicate", "rows_failed")] == [4, 2, 1, 1]
    assert done["reasons"] == {"bad_email": 1}
    assert [column["field"] for column in done["mapping"]] == ["email", "first_name", "last_name", "company", None]

    out = tmp_path / "rejects.csv"
    with ThreadPoolExecutor(2) as pool:
        shown, rejected, listed, planned = pool.map(
            lambda arguments: outrider("imports", *arguments, "--org", acme),
            (["show", done["id"]], ["rejects", done["id"], "--out", str(out)], ["list", "--json"], ["revert", done["id"], "--dry-run"]),
        )
    assert re.search(r"rows read +4", shown.stdout)
    assert re.search(r"what stands as e-mail address is not one +1", shown.stdout)
    assert rejected.stdout == f"Written to {out}\n"
    with out.open(newline="", encoding="utf-8") as file:
        header, row = csv.reader(file)
    assert header[1:] == ["Reason", "Text", "Kontaktadresse", "Vorname", "Nachname", "Firma", "Bemerkung"]
    assert row == ["4", "what stands as e-mail address is not one", "", "n/a", "Bo", "Li", "Y", ""]
    assert [item["state"] for item in answer(listed)][:2] == ["completed", "cancelled"]
    assert planned.stdout.startswith("Would be deleted: ")

    report = answer(outrider("imports", "revert", done["id"], "--org", acme, "--json"))
    assert (report["deleted"]["contact"], report["deleted"]["person"], report["loads"], report["kept_count"]) == (2, 2, 3, 0)
    again = outrider("imports", "revert", done["id"], "--org", acme)
    assert again.returncode == 4
    assert "reverted" in again.stderr


def test_several_files_gzip_standard_input_and_loads_that_wait(outrider, acme, sample, tmp_path):
    packed = tmp_path / "more.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"email": "cy@y.example", "name": "Cy Oz"}\n{"email": "", "name": "No One"}\n'))
    table = tmp_path / "table.csv"
    table.write_bytes(csv_bytes([["Dé", "Fé", "de@z.example", "Z", "", "", ""]]))
    first, second = answer(outrider("import", str(packed), str(table), "--org", acme, "--json"))
    assert (first["file_name"], first["rows_promoted"], first["reasons"]) == ("more.jsonl.gz", 1, {"no_email": 1})
    assert (second["file_name"], second["rows_promoted"], second["source"]) == ("table.csv", 1, "table")
    [piped] = answer(outrider("import", "-", "--no-promote", "--org", acme, "--json", given="E-Mail;Name\nwa@it.example;Wa It\n"))
    assert (piped["file_name"], piped["rows_pending"], piped["rows_promoted"], piped["contacts_created"]) == ("standard input", 1, 0, 0)


def test_what_cannot_be_imported_is_said_in_one_sentence(outrider, acme, tmp_path):
    nobody, empty, only = tmp_path / "nobody.csv", tmp_path / "empty.csv", tmp_path / "only_names.csv"
    nobody.write_text("Name,E-Mail\nAna,\nBo,-\n")
    empty.write_text("")
    only.write_text("Name,Town\nAna,Ulm\n")
    cases = {
        ("import", str(tmp_path / "none.csv")): (3, "No such file"),
        ("import", str(nobody), "--mode", "merge"): (2, "fill, overwrite, create"),
        ("import", str(nobody), "--map", "Nmae=email"): (2, "'Name'"),
        ("import", str(nobody), "--speed"): (2, "--speed"),
        ("import", str(empty)): (2, "is empty"),
        ("import", str(only)): (4, "--map HEADER=email"),
        ("imports", "show", "00000000-0000-7000-8000-000000000000"): (3, "no import"),
    }
    with ThreadPoolExecutor(2) as pool:
        dones = pool.map(lambda arguments: outrider(*arguments, "--org", acme), cases)
        for (arguments, (code, words)), done in zip(cases.items(), dones, strict=True):
            assert done.returncode == code, (arguments, done.stderr)
            assert words in done.stderr, (arguments, done.stderr)
            assert "Traceback" not in done.stderr
    listed = {item["file_name"]: item["state"] for item in answer(outrider("imports", "list", "--org", acme, "--json"))}
    assert listed["only_names.csv"] == "cancelled", "a file that could not start does not lie about"
    [read] = answer(outrider("import", str(nobody), "--org", acme, "--json"))
    assert (read["state"], read["rows_failed"], read["reasons"]) == ("completed", 2, {"no_email": 1, "bad_email": 1})


def wait_for_rows(look: psycopg.Connection, source: str, rows: int) -> str:
    """Wait until an import of that source has so many rows; its id."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = look.execute("SELECT id FROM intake.imports WHERE source = %s AND rows_read >= %s", (source, rows)).fetchone()
        if found:
            return str(found[0])
        time.sleep(0.02)
    raise AssertionError("no rows came in")


def test_ctrl_c_stops_an_import_that_resume_finishes_and_others_see_nothing_of_it(home, outrider, acme, look, tmp_path):
    rows = lead_rows(MANY, seed=77)
    file = tmp_path / "many.csv"
    file.write_bytes(csv_bytes(rows))
    process = subprocess.Popen(
        [*COMMAND, "import", str(file), "--source", "stopped", "--org", acme],
        env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    number = wait_for_rows(look, "stopped", 1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert f"Stopped. Go on with it: outrider imports resume {number}" in said
    assert "Traceback" not in said
    stopped = answer(outrider("imports", "show", number, "--org", acme, "--json"))
    assert stopped["state"] == "cancelled"
    assert 0 < stopped["rows_read"] < MANY

    resumed = outrider("imports", "resume", number, "--org", acme)
    assert resumed.returncode == 0, resumed.stderr
    assert re.search(rf"rows read +{MANY}", resumed.stdout)
    counts = look.execute(
        "SELECT count(*), count(DISTINCT row_number), max(row_number) FROM intake.raw_loads WHERE import_id = %s", (number,)
    ).fetchone()
    assert counts == (MANY, MANY, MANY)
    addresses = {row[2].strip().lower() for row in rows if ".x@" in row[2].lower()}
    assert look.execute("SELECT count(*) FROM vault.contacts WHERE source = 'stopped'").fetchone() == (len(addresses),)

    with ThreadPoolExecutor(2) as pool:
        for done in pool.map(lambda name: outrider("imports", name, number), ("show", "rejects", "revert")):
            assert (done.returncode, done.stdout) == (3, ""), (done.stdout, done.stderr)
            assert "no import" in done.stderr
    listed = answer(outrider("imports", "list", "--json"))
    assert number not in {item["id"] for item in listed}


def test_with_a_worker_alive_the_worker_does_it_and_cancel_stops_it(home, outrider, acme, look, tmp_path):
    file = tmp_path / "many.csv"
    file.write_bytes(csv_bytes(lead_rows(LONG, seed=78)))
    worker = subprocess.Popen([*COMMAND, "worker"], env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while look.execute("SELECT count(*) FROM queue.workers").fetchone() == (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process = subprocess.Popen(
            [*COMMAND, "import", str(file), "--source", "cancelled", "--org", acme, "--json"],
            env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        number = wait_for_rows(look, "cancelled", 1)
        process.kill()  # the terminal is gone; the import goes on
        process.communicate()
        stopping = outrider("imports", "cancel", number, "--org", acme)
        assert stopping.returncode == 0, stopping.stderr
        deadline = time.monotonic() + 60
        while look.execute("SELECT state FROM intake.imports WHERE id = %s", (number,)).fetchone() != ("cancelled",):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        small = tmp_path / "small.csv"
        small.write_bytes(csv_bytes(lead_rows(50, seed=79)))
        [done] = answer(outrider("import", str(small), "--org", acme, "--json"))
        assert (done["state"], done["rows_read"]) == ("completed", 50)
    finally:
        worker.terminate()
        worker.wait(30)
