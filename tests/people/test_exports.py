"""Exports: a job writes the list to a file of the kind asked for, part by part; the file is kept for a week."""

import csv
import io
import os
from datetime import UTC, date, datetime
from uuid import UUID

import polars
import pytest
from openpyxl import load_workbook

from outrider import ops, tenancy
from outrider.kit import spool
from outrider.people import export_files, lists
from outrider.people.exports import Exports
from outrider.people.tasks import TASKS

from .conftest import ANA, BO, CY, DIM

COLUMNS = ["email", "name", "tags", "created_at", "addresses", "custom:Seats", "custom:Renewal", "custom:Active", "custom:Lead Owner"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A spool of the test's own."""
    monkeypatch.setattr(spool, "_folder", tmp_path)
    return tmp_path


@pytest.fixture
async def crowd(client, bring):
    await bring(
        {**ANA, "tags": "vip, warm", "Seats": "12", "Renewal": "2026-03-01", "Active": "yes"},
        {**BO, "Seats": "a few", "Renewal": "soon", "Active": "no", "Lead Owner": "=HYPERLINK(1)"},
        {**CY, "title": "=1+1"},
    )
    for key, type in (("Seats", "number"), ("Renewal", "date"), ("Active", "boolean"), ("Lead Owner", "text")):
        assert (await client.post("/api/custom-fields", json={"label": key, "type": type})).status_code == 201


async def export(client, organization, status="completed", **wanted):
    asked = await client.post("/api/exports", json={"kind": "people", "columns": COLUMNS, "sort": "email", **wanted})
    assert asked.status_code == 202, asked.text
    assert (asked.json()["state"], asked.json()["rows_expected"]) == ("queued", None)
    await ops.run_job_here(organization, UUID(asked.json()["job_id"]), TASKS)
    done = (await client.get(f"/api/exports/{asked.json()['id']}")).json()
    assert done["state"] == status, done["error"]
    return done


async def download(client, done):
    answer = await client.get(f"/api/exports/{done['id']}/file")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{done["file_name"]}"'
    return answer.content


async def test_csv_holds_the_columns_asked_for_in_the_lists_order(client, crowd, organization):
    done = await export(client, organization)
    assert (done["rows_expected"], done["rows_written"], done["file_name"]) == (3, 3, f"people-{datetime.now(UTC).date()}.csv")
    assert (datetime.fromisoformat(done["expires_at"]) - datetime.fromisoformat(done["finished_at"])).days == 7
    content = await download(client, done)
    assert len(content) == done["file_bytes"]
    rows = list(csv.reader(io.StringIO(content.decode())))
    assert rows[0] == ["email", "name", "tags", "created_at", "addresses", "Seats", "Renewal", "Active", "Lead Owner"]
    assert [row[0] for row in rows[1:]] == ["ana.lopez@acme.example", "bo@umbrella.example", "cy@acme.example"]
    assert rows[1][2] == "vip, warm"
    assert rows[1][5:] == ["12", "2026-03-01", "true", "Kim"]
    assert rows[2][5:] == ["a few", "soon", "false", "'=HYPERLINK(1)"]  # what does not fit is kept; what would run is text


async def test_xlsx_holds_values_with_their_types(client, crowd, organization):
    content = await download(client, await export(client, organization, format="xlsx"))
    sheet = load_workbook(io.BytesIO(content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert sheet.freeze_panes == "A2"
    assert rows[1][4:] == (1, 12, datetime(2026, 3, 1), True, "Kim")
    assert isinstance(rows[1][3], datetime)
    assert rows[2][5:] == ("a few", "soon", False, "'=HYPERLINK(1)")


async def test_parquet_has_typed_columns_and_keeps_what_does_not_fit_beside_them(client, crowd, organization):
    frame = polars.read_parquet(io.BytesIO(await download(client, await export(client, organization, format="parquet"))))
    assert frame.schema["Seats"] == polars.Float64
    assert frame.schema["created_at"] == polars.Datetime("us", "UTC")
    assert frame["tags"].to_list() == [["vip", "warm"], [], []]
    assert frame["Seats"].to_list() == [12, None, None]
    assert frame["Seats (as it came)"].to_list() == [None, "a few", None]
    assert frame["Renewal"].to_list() == [date(2026, 3, 1), None, None]
    assert "Active (as it came)" not in frame.columns
    assert frame["Lead Owner"].to_list() == ["Kim", "=HYPERLINK(1)", None]


@pytest.mark.parametrize("format", export_files.FORMATS)
async def test_an_empty_list_is_a_file_with_a_header(client, crowd, organization, format):
    done = await export(client, organization, format=format, filters={"q": "nobody"})
    content = await download(client, done)
    assert done["rows_written"] == 0
    if format == "csv":
        assert content.decode().count("\n") == 1
    elif format == "xlsx":
        assert load_workbook(io.BytesIO(content)).active.max_row == 1
    else:
        assert polars.read_parquet(io.BytesIO(content)).height == 0


@pytest.mark.parametrize("format", export_files.FORMATS)
@pytest.mark.parametrize("kind", ["people", "companies", "contacts"])
async def test_every_list_is_exported_in_parts_in_any_format(client, bring, organization, folder, monkeypatch, kind, format):
    monkeypatch.setattr(lists, "PART", 3)
    monkeypatch.setattr("outrider.people.export_task.PART", 3)
    await bring(*({"email": f"p{n}@c{n}.example", "name": f"P {n}", "company": f"C {n}", "website": f"c{n}.example"} for n in range(10)))
    done = await export(client, organization, kind=kind, format=format, columns=[], sort=None, filters={"q": "c"})
    content = await download(client, done)
    assert done["rows_written"] == 10
    read = {"csv": polars.read_csv, "xlsx": None, "parquet": polars.read_parquet}[format]
    height = read(io.BytesIO(content)).height if read else load_workbook(io.BytesIO(content)).active.max_row - 1
    assert height == 10
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.name for path in files] == [UUID(done["id"]).hex]  # nothing is left lying about
    assert oct(files[0].stat().st_mode)[-3:] == "600"


async def test_an_export_begins_anew_when_its_worker_was_unlucky(client, bring, organization, monkeypatch):
    monkeypatch.setattr(lists, "PART", 2)
    monkeypatch.setattr("outrider.people.export_task.PART", 2)
    await bring(*({"email": f"p{n}@c.example"} for n in range(5)))
    real, times = Exports.advance, []

    async def failing(self, id, rows):
        times.append(rows)
        if len(times) == 2:
            raise RuntimeError("the worker was unlucky")
        await real(self, id, rows)

    monkeypatch.setattr(Exports, "advance", failing)
    done = await export(client, organization)
    assert times == [2, 4, 2, 4, 5]
    assert (await download(client, done)).decode().count("\n") == 6


async def test_a_cancelled_export_leaves_nothing(client, bring, organization, folder, monkeypatch):
    monkeypatch.setattr(lists, "PART", 2)
    monkeypatch.setattr("outrider.people.export_task.PART", 2)
    await bring(*({"email": f"p{n}@c.example"} for n in range(5)))
    real = Exports.advance

    async def cancelling(self, id, rows):
        job = (await client.get(f"/api/exports/{id}")).json()["job_id"]
        await client.post(f"/api/jobs/{job}/cancel")
        await real(self, id, rows)

    monkeypatch.setattr(Exports, "advance", cancelling)
    done = await export(client, organization, "cancelled")
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert (await client.get(f"/api/exports/{done['id']}/file")).status_code == 409


async def test_more_rows_than_a_sheet_holds_are_told(client, crowd, organization, monkeypatch):
    monkeypatch.setattr("outrider.people.export_task.MOST_XLSX_ROWS", 2)
    done = await export(client, organization, "failed", format="xlsx")
    assert "3 rows do not fit an XLSX sheet, which holds 2: export CSV or Parquet, or filter" in done["error"]


async def test_a_file_is_there_when_it_is_written_and_gone_after_a_week(client, crowd, organization, admin, folder):
    asked = (await client.post("/api/exports", json={"kind": "people"})).json()
    answer = await client.get(f"/api/exports/{asked['id']}/file")
    assert (answer.status_code, "queued" in answer.json()["detail"]) == (409, True)
    await ops.run_job_here(organization, UUID(asked["job_id"]), TASKS)
    (removal,) = (await ops.list_jobs(organization, tenancy.Actor("user", "x"), name="people.expire_exports")).items
    await admin.execute("SELECT set_config('app.organization_id', $1, false)", str(organization))
    await admin.execute("UPDATE people.exports SET expires_at = now() WHERE organization_id = $1", organization)
    done = await ops.run_job_here(organization, removal.id, TASKS)
    assert done.output == {"removed": 1}
    assert (await client.get(f"/api/exports/{asked['id']}")).json()["state"] == "expired"
    assert (await client.get(f"/api/exports/{asked['id']}/file")).status_code == 409
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_who_was_meant_is_settled_when_it_begins(client, crowd, bring, organization, monkeypatch):
    real = Exports.start

    async def late(self, export):
        count = await real(self, export)
        await bring(DIM)
        return count

    monkeypatch.setattr(Exports, "start", late)
    assert (await export(client, organization))["rows_written"] == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "dogs"}, "kind"),
        ({"kind": "people", "format": "pdf"}, "format"),
        ({"kind": "people", "filters": {"color": "red"}}, "filters"),
        ({"kind": "people", "filters": {"q": "x" * 201}}, "filters.q"),
        ({"kind": "people", "sort": "size"}, "sort"),
        ({"kind": "people", "direction": "up"}, "direction"),
        ({"kind": "people", "columns": ["size"]}, "columns"),
        ({"kind": "companies", "columns": ["custom:x"]}, "columns"),
    ],
)
async def test_what_cannot_be_exported_is_refused(client, body, field):
    answer = await client.post("/api/exports", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_another_organization_sees_and_fetches_nothing(client, stranger, crowd, organization):
    done = await export(client, organization)
    assert (await stranger.get("/api/exports")).json()["items"] == []
    assert (await stranger.get(f"/api/exports/{done['id']}")).status_code == 404
    assert (await stranger.get(f"/api/exports/{done['id']}/file")).status_code == 404
    assert [one["id"] for one in (await client.get("/api/exports", params={"limit": 1})).json()["items"]] == [done["id"]]
    assert (await client.get("/api/exports", params={"cursor": "x"})).status_code == 422


def test_memory_does_not_grow_with_the_list(tmp_path):
    """Forty parts of a thousand rows: each writer holds one part at a time."""
    import psutil

    from outrider.people.columns import PEOPLE
    from outrider.people.rows import PersonRow

    row = PersonRow(
        UUID(int=1), "p@c.example", "P", None, None, "T", "C", None, "c.example", None, "ES", None, None, None, None, "active", "apollo",
        datetime.now(UTC), datetime.now(UTC), 1, ["vip"], {},
    )  # fmt: skip
    process = psutil.Process(os.getpid())
    for format in export_files.FORMATS:
        file = export_files.create(format, tmp_path / f"x.{format}", PEOPLE[:5])
        file.write([row] * 1000)
        before = process.memory_info().rss
        for _ in range(39):
            file.write([row] * 1000)
        file.close()
        assert process.memory_info().rss - before < 40 * 2**20, format


async def test_rows_that_were_named_are_exported_alone(client, crowd, organization):
    ids = [one["id"] for one in (await client.get("/api/people", params={"q": "acme"})).json()["items"]]
    done = await export(client, organization, ids=ids)
    assert (done["rows_written"], done["ids"]) == (2, ids)
    numbers = [one["contact_id"] for one in (await client.get("/api/contacts")).json()["items"]][:1]
    done = await export(client, organization, kind="contacts", columns=["email"], ids=numbers)
    assert done["rows_written"] == 1
    for ids in ([], ["x"], [7]):
        assert (await client.post("/api/exports", json={"kind": "people", "ids": ids})).status_code == 422
