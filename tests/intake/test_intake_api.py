"""The intake over HTTP: seed 001's calls, uploads, what bad input is told."""

import pytest

from outrider import ops
from outrider.intake.tasks import TASKS
from tests.intake.conftest import csv_bytes, lead_rows


async def test_rows_are_ingested_and_promoted(client, tenant):
    answer = await client.post(
        "/api/ingest", json={"rows": [{"email": "John@Example.com", "name": "John Doe"}, {}], "source": "apollo", "batch_id": "b"}
    )
    assert answer.status_code == 200
    body = answer.json()
    assert [row["status"] for row in body["rows"]] == ["success", "error"]
    assert body["summary"] == "inserted 1, skipped 1 (0 duplicate, 1 failed)"
    load = body["rows"][0]["load_id"]
    promoted = await client.post("/api/promote", json={"load_ids": [load]})
    assert promoted.json()["promoted_count"] == 1
    assert (await client.get(f"/api/loads/{load}")).json()["status"] == "promoted"
    assert await tenant.fetchval("SELECT name FROM vault.contacts WHERE email = 'john@example.com'") == "John Doe"
    actions = [item["action"] for item in (await client.get("/api/audit-log")).json()["items"]]
    assert {"contact_ingested", "contact_promoted", "batch_processed"} <= set(actions)


async def test_ingest_can_promote_at_once(client):
    answer = await client.post("/api/ingest", json={"rows": [{"email": "a@x.example"}], "source": "s", "batch_id": "b", "promote": True})
    assert answer.json()["promotion"]["promoted_count"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rows": [], "source": "s", "batch_id": "b"}, "rows"),
        ({"rows": [{}], "source": " ", "batch_id": "b"}, "source"),
        ({"rows": [{}], "source": "s"}, "batch_id"),
        ({"rows": "x", "source": "s", "batch_id": "b"}, "rows"),
        ({"rows": [{}], "source": "s", "batch_id": "b", "namespace": "none-such"}, None),
        ({"rows": [{}] * 10_001, "source": "s", "batch_id": "b"}, "rows"),
        ({"rows": [{}], "source": "s\u0000", "batch_id": "b"}, "source"),
    ],
)
async def test_bad_ingest_calls_name_the_field(client, tenant, body, field):
    answer = await client.post("/api/ingest", json=body)
    assert answer.status_code in (404, 422), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert field is None or field in answer.text
    assert await tenant.fetchval("SELECT count(*) FROM intake.raw_loads") == 0


async def test_payloads_that_jsonb_cannot_hold_are_taken(client):
    rows = [{"email": "a@x.example", "note": "\u0000"}, {"email": "b@x.example", "n": 10**30}, [], None, 3, "x"]
    answer = await client.post("/api/ingest", json={"rows": rows, "source": "s", "batch_id": "b"})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["rows"]) == len(rows)


async def upload(client, data: bytes, name: str = "leads.csv", **fields: str):
    return await client.post("/api/imports", files={"file": (name, data)}, data=fields)


async def test_a_file_goes_from_upload_to_golden_records(client, organization):
    made = await upload(client, csv_bytes(lead_rows(120)), source="apollo")
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    assert {column["field"] for column in made.json()["mapping"]} >= {"email", "company", "first_name"}
    changed = await client.put(f"/api/imports/{number}/mapping", json={"mapping": {"Notes": "tags"}})
    assert next(c for c in changed.json()["mapping"] if c["header"] == "Notes")["field"] == "tags"
    tried = await client.post(f"/api/imports/{number}/dry-run")
    await ops.run_job_here(organization, tried.json()["job_id"], TASKS)
    assert (await client.get(f"/api/imports/{number}")).json()["preview"]["rows"] == 120
    started = await client.post(f"/api/imports/{number}/start")
    assert (started.status_code, started.json()["state"]) == (202, "queued")
    await ops.run_job_here(organization, started.json()["job_id"], TASKS)
    done = (await client.get(f"/api/imports/{number}")).json()
    assert (done["state"], done["rows_read"]) == ("completed", 120)
    rejects = await client.get(f"/api/imports/{number}/rejects")
    assert rejects.headers["content-type"].startswith("text/csv")
    assert len(rejects.text.splitlines()) == 1 + done["rows_failed"]
    assert (await client.put(f"/api/imports/{number}/mapping", json={"mapping": {"Notes": None}})).status_code == 409
    report = (await client.post(f"/api/imports/{number}/revert", json={"dry_run": True})).json()["report"]
    assert report["deleted"]["contact"] == done["contacts_created"]
    reverting = await client.post(f"/api/imports/{number}/revert", json={"dry_run": False})
    await ops.run_job_here(organization, reverting.json()["job_id"], TASKS)
    assert (await client.get(f"/api/imports/{number}")).json()["state"] == "reverted"


@pytest.mark.parametrize(
    ("data", "fields", "status", "word"),
    [
        (b"", {}, 422, "empty"),
        (csv_bytes(lead_rows(2)), {"mode": "wild"}, 422, "mode"),
        (csv_bytes(lead_rows(2)), {"mapping": "[1]"}, 422, "mapping"),
        (csv_bytes(lead_rows(2)), {"mapping": '{"Nope": "email"}'}, 422, "Nope"),
        (csv_bytes(lead_rows(2)), {"mapping": '{"Email": "e-mail address"}'}, 422, "e-mail address"),
        (csv_bytes(lead_rows(2)), {"namespace": "none-such"}, 404, "none-such"),
        (csv_bytes(lead_rows(2)), {"encoding": "klingon"}, 422, "klingon"),
        (csv_bytes(lead_rows(2)), {"namespace": "a", "campaign": "b"}, 422, "not both"),
    ],
)
async def test_bad_uploads_are_told_why(client, data, fields, status, word):
    answer = await upload(client, data, **fields)
    assert answer.status_code == status, answer.text
    assert word in answer.text
    assert (await client.get("/api/imports")).json()["items"] == []


async def test_imports_come_in_pages(client):
    for number in range(3):
        await upload(client, csv_bytes(lead_rows(2)), f"f{number}.csv")
    first = (await client.get("/api/imports", params={"limit": 2})).json()
    rest = (await client.get("/api/imports", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    names = [item["file_name"] for item in first["items"] + rest["items"]]
    assert sorted(names) == ["f0.csv", "f1.csv", "f2.csv"]
    assert rest["next_cursor"] is None
    for bad in ("x", "bnVsbA", "WyJ4Il0"):
        assert (await client.get("/api/imports", params={"cursor": bad})).status_code == 422


async def test_another_organization_gets_nothing(client, stranger):
    number = (await upload(client, csv_bytes(lead_rows(5)))).json()["id"]
    load = (await client.post("/api/ingest", json={"rows": [{"email": "q@x.example"}], "source": "s", "batch_id": "b"})).json()["rows"][0][
        "load_id"
    ]
    for method, path, body in [
        ("GET", f"/api/imports/{number}", None),
        ("GET", f"/api/imports/{number}/rejects", None),
        ("PUT", f"/api/imports/{number}/mapping", {"mapping": {"Notes": None}}),
        ("POST", f"/api/imports/{number}/start", None),
        ("POST", f"/api/imports/{number}/dry-run", None),
        ("POST", f"/api/imports/{number}/cancel", None),
        ("POST", f"/api/imports/{number}/revert", {"dry_run": True}),
        ("GET", f"/api/loads/{load}", None),
    ]:
        assert (await stranger.request(method, path, json=body)).status_code == 404, path
    assert (await stranger.post("/api/promote", json={"load_ids": [load]})).json()["failed_count"] == 1
    assert (await stranger.get("/api/audit-log", params={"action": "contact_ingested"})).json()["items"] == []


async def test_a_viewer_may_look_and_not_touch(as_role, client):
    number = (await upload(client, csv_bytes(lead_rows(5)))).json()["id"]
    viewer = await as_role("viewer")
    assert (await viewer.get(f"/api/imports/{number}")).status_code == 200
    assert (await viewer.post(f"/api/imports/{number}/start")).status_code == 403
    assert (await upload(viewer, b"x")).status_code == 403
    assert (await viewer.post("/api/ingest", json={"rows": [{}], "source": "s", "batch_id": "b"})).status_code == 403


MANY_FIELDS = [(f"field {place}", (None, "x" * 900)) for place in range(60)]
MANY_FILES = [("file", (f"{place}.csv", b"Email\nana@acme.example\n")) for place in range(60)]
LONG_FIELD = [("mapping", (None, "x" * 2**20 + "y"))]
LONG_HEADER = [("file", ("x" * 5000 + ".csv", b"Email\n"))]


@pytest.mark.parametrize(
    ("parts", "said"),
    [(MANY_FIELDS, "Too many fields"), (MANY_FILES, "Too many files"), (LONG_FIELD, "maximum size"), (LONG_HEADER, "cannot be read")],
)
async def test_a_form_holds_one_file_and_a_few_short_fields(client, signed_in, parts, said):
    """What is no file is held in memory, and an upload may be gigabytes long."""
    answer = await client.post("/api/imports", files=parts)
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.text
    browser = await signed_in("member")
    del browser.headers["x-csrf-token"]
    page = await browser.post("/imports", files=parts, headers={"Accept": "application/json"})
    assert (page.status_code, said in page.json()["detail"]) == (400, True), page.text
    assert (await client.get("/api/imports")).json()["items"] == []
