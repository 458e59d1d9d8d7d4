"""Files whose truth is known, row by row: none lost, each fault told as what it is, one contact an address and one person a contact."""

import csv
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outrider import intake
from outrider.intake.mapping import rebuild

ROOT = Path(__file__).parent.parent.parent
LEADS = ROOT.parent / "shared" / "tools" / "make_leads.py"
ENCODING = {"semicolon": "latin-1", "hubspot": "utf-8-sig"}
REASON = {"no_email": "no_email", "bad_email": "bad_email", "noreply": "filtered_email"}
Rows = list[dict[str, Any]]


def read(file: Path, kind: str) -> tuple[list[str], Rows]:
    """A file's header and rows, read the plain way; JSON rows have no header."""
    with file.open(encoding=ENCODING.get(kind, "utf-8"), newline="") as text:
        if kind == "jsonl":
            return [], [json.loads(line) for line in text]
        rows = csv.reader(text, delimiter=";" if kind == "semicolon" else ",")
        header = next(rows)
        return header, [dict(zip(header, row, strict=True)) for row in rows]


def normalised(address: str) -> str:
    """An address as it identifies somebody."""
    return address.strip(" \t\u00a0").lower()


def own_name(row: dict[str, Any]) -> str | None:
    """The name that a row says, as the contact should have it; None where a row says none."""
    full = row.get("Name") or row.get("name")
    if full is None:
        return " ".join(filter(None, halves(row))) or None
    if "," in full:
        last, first = full.split(", ")
        full = f"{first} {last}"
    return full.removeprefix("Dr. ")


def halves(row: dict[str, Any]) -> tuple[str | None, str | None]:
    """The first and the last name that a row says; None where it says none."""
    for first, last in (("First Name", "Last Name"), ("firstName", "lastName"), ("first_name", "last_name")):
        if first in row or last in row:
            return row.get(first) or None, row.get(last) or None
    return None, None


async def check(done: intake.Import, tenant: Any, header: list[str], rows: Rows, faults: list[str]) -> None:
    """Compare what is stored with the file and its truth."""
    columns = intake.columns_of(done)
    email_column = next(column.header for column in columns if column.field == "email")
    loads = await tenant.fetch(
        """SELECT l.row_number, l.load_id, l.raw_data, l.status, l.reason, l.email, l.duplicate_of,
            o.email AS repeated, o.status AS repeated_status
        FROM intake.raw_loads AS l LEFT JOIN intake.raw_loads AS o ON o.organization_id = l.organization_id AND o.load_id = l.duplicate_of
        WHERE l.import_id = $1 ORDER BY l.row_number""",
        done.id,
    )
    assert [load["row_number"] for load in loads] == list(range(1, len(rows) + 1))
    first_of: dict[str, Any] = {}
    for load, row, fault in zip(loads, rows, faults, strict=True):
        told = (load["row_number"], fault, row)
        if header:
            assert rebuild(columns, load["raw_data"]) == list(row.values()), told
        else:
            names = {column.key: column.header for column in columns}
            assert {names[key]: value for key, value in load["raw_data"].items()} == row, told
        if fault in REASON:
            assert (load["status"], load["reason"], load["duplicate_of"]) == ("failed", REASON[fault], None), told
            continue
        assert load["email"] == normalised(row[email_column]), told
        first = first_of.setdefault(load["email"], load)
        if first is load:
            assert (load["status"], load["reason"], load["duplicate_of"]) == ("promoted", None, None), told
        else:
            assert (load["status"], load["duplicate_of"], load["repeated"]) == ("duplicate", first["load_id"], load["email"]), told
            assert load["repeated_status"] == "promoted"
    contacts = await tenant.fetch(
        """SELECT c.email, c.name, c.tags, c.person_id, c.load_id, m.email AS own, m.name AS own_name, m.first_name, m.last_name
        FROM vault.contacts AS c INNER JOIN people.master AS m ON m.organization_id = c.organization_id AND m.id = c.person_id"""
    )
    assert sorted(contact["email"] for contact in contacts) == sorted(first_of)
    assert (
        len({contact["person_id"] for contact in contacts}) == len(contacts) == await tenant.fetchval("SELECT count(*) FROM people.master")
    )
    told_role = {load["email"] for load, fault in zip(loads, faults, strict=True) if fault == "role"}
    said: dict[str, tuple[str | None, ...]] = {}
    for load, row in zip(loads, rows, strict=True):
        if load["email"] and (name := own_name(row)):
            said.setdefault(load["email"], (name, *halves(row)))
    for contact in contacts:
        assert contact["own"] == contact["email"]
        assert ("role" in contact["tags"]) == (contact["email"] in told_role), contact
        assert contact["load_id"] == first_of[contact["email"]]["load_id"]
        if contact["email"] in said:
            name, first, last = said[contact["email"]]
            assert contact["name"] == contact["own_name"] == name
            assert (first, last) in ((contact["first_name"], contact["last_name"]), (None, None))
    counts = {status: sum(load["status"] == status for load in loads) for status in ("promoted", "duplicate", "failed")}
    assert (done.rows_read, done.rows_promoted, done.rows_duplicate, done.rows_failed) == (len(rows), *counts.values())
    assert done.reasons == {
        reason: sum(load["reason"] == reason for load in loads) for reason in {load["reason"] for load in loads} - {None}
    }
    assert done.contacts_created == done.people_created == len(contacts)


@pytest.mark.skipif(not LEADS.exists(), reason=f"{LEADS} is not here: it lies in the shared folder beside the repository")
@pytest.mark.parametrize(
    ("kind", "seed"), [("apollo", 911), ("hubspot", 922), ("lemlist", 933), ("plain", 944), ("semicolon", 955), ("jsonl", 966)]
)
async def test_a_made_file_comes_in_as_its_truth_says(kind, seed, tmp_path, take_in, tenant):
    file, truth = tmp_path / f"{kind}.txt", tmp_path / "truth.csv"
    made = ["--rows", "2500", "--seed", str(seed), "--format", kind, "--out", str(file), "--truth", str(truth)]
    subprocess.run([sys.executable, str(LEADS), *made], check=True)
    header, rows = read(file, kind)
    with truth.open(newline="") as text:
        faults = [row["fault"] for row in csv.DictReader(text)]
    assert {"ok", "no_email", "bad_email", "role", "noreply"} == set(faults)
    done = await take_in(file.read_bytes(), file.name)
    assert done.state == "completed"
    await check(done, tenant, header, rows, faults)


def own_rows(count: int, seed: int) -> Iterator[tuple[dict[str, str], str]]:
    """Rows like those of make_leads with what is wrong with each: what this test knows needs no shared folder."""
    rng = random.Random(seed)
    names = ["Zoë", "Łukasz", "Søren", "Jürgen", "Þóra", "Ayşe", "Nguyễn", "José", "Ana", "GONÇALO", "renée"]
    families = ["Müller", "Dvořák", "van der Berg", "O'Brien", "García-Márquez", "d'Arc", "Öztürk", "Ångström", "de la Cruz"]
    for number in range(count):
        person = rng.randrange(number + 1) if rng.random() < 0.15 else number
        address, fault = f"p.x{person}@firm{person % 53}.example", "ok"
        address = rng.choice([address, address, address.upper(), f" {address} ", f"\u00a0{address.title()} "])
        dice = rng.random()
        if dice < 0.03:
            address, fault = "", "no_email"
        elif dice < 0.06:
            address, fault = (
                rng.choice(["n/a", "ana@", "@x.example", "ana at x.example", "a@@x.example", "a@b", "-", "a b@x.example"]),
                "bad_email",
            )
        elif dice < 0.09:
            address, fault = f"{rng.choice(['info', 'Sales', 'office', 'kontakt'])}@firm{person % 53}.example", "role"
        elif dice < 0.11:
            address, fault = f"{rng.choice(['noreply', 'No-Reply', 'postmaster'])}@firm{person % 53}.example", "noreply"
        note = rng.choice(["", 'said "call me", twice', "two\nlines", "=1+1", " spaced ", "x" * 3000, "Ünïcödé ☎"])
        row = {
            "First Name": rng.choice(names),
            "Last Name": rng.choice(families),
            "Email": address,
            "Company": f"Firm {person % 53}",
            "Note": note,
        }
        yield row, fault


async def test_a_file_of_our_own_comes_in_as_its_truth_says(tmp_path, take_in, tenant):
    rows, faults = map(list, zip(*own_rows(2500, 4242), strict=True))
    file = tmp_path / "own.csv"
    with file.open("w", newline="", encoding="utf-16") as text:
        writer = csv.DictWriter(text, list(rows[0]), delimiter="\t")
        writer.writeheader()
        writer.writerows(rows)
    await check(await take_in(file.read_bytes(), "own.txt"), tenant, list(rows[0]), rows, faults)
