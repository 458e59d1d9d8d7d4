"""Custom fields: keys that come in are found, a person gives them types, values are checked when written and never lost."""

from uuid import UUID

import pytest

from outrider import ops, tenancy
from outrider.people import custom_values
from outrider.people.custom_fields import CustomFields
from outrider.people.tasks import TASKS

from .conftest import ANA, BO, CY

TEXTS = [
    "", " ", "12", "-3.5", "+7", "1,200", "1,200.50", "12,00", "1.200,5", "1e5", " 12 ", "12x", "1234567890123456", "0.1234567890", "٣",
    "2026-01-31", "2026-02-30", "2026-1-3", "31/01/2026", "2026-01-31T10:00:00Z", "2026-01-31 10:00:00+01:00", "2026-01-31x", "0000-01-01",
    "yes", "NO", "y", "On", "true", "0", "maybe", "https://a.example/x", "http://localhost", "HTTPS://A.B", "ftp://a.b", "a", "A", "a b",
    "\t5\n", "2026-01-31 UTC", " 2026-01-31 ",
]  # fmt: skip


async def test_python_and_sql_agree_about_every_type(tenant):
    wrong = []
    for kind in custom_values.TYPES:
        for text in TEXTS:
            fits = await tenant.fetchval("SELECT people.f_fits($1, ARRAY['a', 'yes'], $2)", kind, text)
            if fits != custom_values.shown(kind, ["a", "yes"], text).fits:
                wrong.append((kind, text, fits))
    assert wrong == []


async def test_python_and_sql_read_the_same_values(tenant):
    for kind, function in (("number", "f_as_number"), ("date", "f_as_date"), ("boolean", "f_as_boolean")):
        for text in TEXTS:
            read = custom_values.shown(kind, (), text)
            assert await tenant.fetchval(f"SELECT people.{function}($1)", text) == (read.value if read.fits else None), (kind, text)


async def run_count(client, organization):
    answer = await client.post("/api/custom-fields/count")
    assert answer.status_code == 202
    done = await ops.run_job_here(organization, UUID(answer.json()["job_id"]), TASKS)
    assert done.state == "completed", done.error
    return done.output


async def test_keys_that_came_in_are_found_at_once_and_counted_by_a_job(client, bring, organization):
    await bring(*({"email": f"p{n}@c.example", "Seats": str(n), "Stage": "won" if n % 2 else "lost", "Notes": f"n {n}"} for n in range(12)))
    fresh = (await client.get("/api/custom-fields")).json()
    assert {one["key"]: (one["contacts"], one["proposed_type"]) for one in fresh["found"]} == {
        "Seats": (None, "number"), "Stage": (None, "select"), "Notes": (None, "text"),
    }  # fmt: skip
    assert fresh["counted_at"] is None
    await bring({"email": "x@c.example", "tags": "vip, cold"})
    assert await run_count(client, organization) == {"custom_fields": 3, "tags": 2}
    counted = (await client.get("/api/custom-fields")).json()
    assert {one["key"]: one["contacts"] for one in counted["found"]} == {"Seats": 12, "Stage": 12, "Notes": 12}
    assert counted["counted_at"] is not None


async def test_a_field_gets_a_type_and_what_does_not_fit_is_counted_and_kept(client, bring, organization):
    await bring({**ANA, "Seats": "12"}, {**BO, "Seats": "a few"})
    made = await client.post("/api/custom-fields", json={"key": "Seats", "label": " Number of  seats ", "type": "number"})
    assert made.status_code == 201
    assert made.json()["label"] == "Number of seats"
    await run_count(client, organization)
    field = (await client.get("/api/custom-fields")).json()["items"][0]
    assert (field["contacts"], field["misfits"]) == (2, 1)
    assert "Seats" not in [one["key"] for one in (await client.get("/api/custom-fields")).json()["found"]]
    assert (await client.get("/api/contacts/bo@umbrella.example")).json()["custom_fields"]["Seats"] == "a few"


@pytest.mark.parametrize(
    ("type", "options", "written", "kept"),
    [
        ("number", [], "1,200", 1200),
        ("number", [], 3.5, 3.5),
        ("date", [], "2026-01-31T10:00:00Z", "2026-01-31"),
        ("boolean", [], "Yes", True),
        ("select", ["won", "lost"], " won ", "won"),
        ("url", [], "https://a.example", "https://a.example"),
        ("text", [], 5, "5"),
    ],
)
async def test_what_is_written_fits_and_is_kept_as_its_type(client, bring, type, options, written, kept):
    await bring(ANA)
    assert (await client.post("/api/custom-fields", json={"label": "Field", "type": type, "options": options})).status_code == 201
    answer = await client.patch("/api/contacts/ana.lopez@acme.example", json={"custom_fields": {"Field": written}})
    assert answer.status_code == 200, answer.text
    assert answer.json()["custom_fields"]["Field"] == kept


@pytest.mark.parametrize(
    ("type", "written"), [("number", "many"), ("date", "31/01/2026"), ("boolean", "maybe"), ("select", "open"), ("url", "a.b")]
)
async def test_what_does_not_fit_is_refused_by_its_label(client, bring, type, written):
    await bring(ANA)
    await client.post("/api/custom-fields", json={"key": "F", "label": "My field", "type": type, "options": ["won"]})
    for request in (
        client.patch("/api/contacts/ana.lopez@acme.example", json={"custom_fields": {"F": written}}),
        client.post("/api/people/bulk", json={"filters": {}, "changes": {"custom_fields": {"F": written}}}),
    ):
        answer = await request
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "My field")
        assert written in answer.json()["detail"]


async def test_fields_are_changed_archived_and_ordered(client):
    ids = [(await client.post("/api/custom-fields", json={"label": name, "type": "text"})).json()["id"] for name in "abc"]
    await client.patch(f"/api/custom-fields/{ids[0]}", json={"position": 9})
    await client.patch(f"/api/custom-fields/{ids[1]}", json={"is_archived": True})
    changed = await client.patch(f"/api/custom-fields/{ids[2]}", json={"type": "select", "options": ["x", "x", " y "], "label": "C"})
    assert (changed.json()["options"], changed.json()["key"]) == (["x", "y"], "c")
    items = (await client.get("/api/custom-fields")).json()["items"]
    assert [(one["key"], one["is_archived"]) for one in items] == [("c", False), ("a", False), ("b", True)]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"label": "", "type": "text"}, 422, "label"),
        ({"label": "x" * 101, "type": "text"}, 422, "label"),
        ({"label": "x", "type": "colour"}, 422, "type"),
        ({"label": "x", "type": "select"}, 422, "options"),
        ({"label": "x", "type": "text", "key": " "}, 422, "key"),
        ({"label": "x"}, 422, "body.type"),
        ({"label": "there", "type": "text"}, 409, "key"),
    ],
)
async def test_what_a_field_cannot_be_is_refused(client, body, status, field):
    await client.post("/api/custom-fields", json={"label": "there", "type": "text"})
    answer = await client.post("/api/custom-fields", json=body)
    assert answer.status_code == status
    told = answer.json().get("errors") or [{"field": answer.json().get("field")}]
    assert told[0]["field"] in (field, field.removeprefix("body."))


async def test_another_organization_has_its_own_fields(client, stranger, bring):
    id = (await client.post("/api/custom-fields", json={"label": "Ours", "type": "text"})).json()["id"]
    await bring(ANA, CY)
    assert (await stranger.get("/api/custom-fields")).json() == {"items": [], "found": [], "counted_at": None}
    assert (await stranger.patch(f"/api/custom-fields/{id}", json={"label": "Theirs"})).status_code == 404
    assert (await stranger.post("/api/custom-fields", json={"label": "Ours", "type": "date"})).status_code == 201


async def test_reading_and_writing_fields_are_different_scopes(as_role):
    viewer = await as_role("viewer")
    assert (await viewer.get("/api/custom-fields")).status_code == 200
    assert (await viewer.post("/api/custom-fields", json={"label": "x", "type": "text"})).status_code == 403
    assert (await viewer.post("/api/custom-fields/count")).status_code == 403


async def test_tags_are_offered_the_most_used_first(client, bring, organization, actor):
    await bring({**ANA, "tags": "rare, common"}, {**BO, "tags": "common"})
    await run_count(client, organization)
    async with tenancy.transaction(organization, actor, readonly=True) as connection:
        fields = CustomFields(connection, organization)
        assert await fields.tags() == ["common", "rare"]
        assert await fields.tags("RAR") == ["rare"]
    await client.post("/api/people/bulk", json={"filters": {}, "changes": {"add_tags": ["new"]}})
    async with tenancy.transaction(organization, actor, readonly=True) as connection:
        assert "new" in await CustomFields(connection, organization).tags()
