"""Rejects that somebody corrected come in as an import of their own, and the first one knows it."""

import io

import pytest

from outrider import intake
from outrider.kit import spool
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from tests.intake.conftest import csv_bytes

HEADER = ["Name", "Email", "Company", "Notes"]
BAD = [
    ["Ana Lima", "ana@x.example", "X", "good"],
    ["Bo Berg", "bo(at)x.example", "X", "=1+1"],
    ["Cy Moor", "", "X", "no address"],
    ["Di Nunn", "noreply@x.example", "X", ""],
]
EMAIL, NOTES = 1, 3


@pytest.fixture
def take_bad(take_in):
    """Imports four rows of which three fail: rows 2, 3 and 4."""

    async def work(**wanted):
        return await take_in(csv_bytes(BAD, HEADER), "fair.csv", **wanted)

    return work


async def test_a_corrected_row_becomes_a_person_and_the_first_report_says_so(take_bad, organization, actor, run_job, tenant):
    first = await take_bad(source="fair", mode="overwrite")
    made = await intake.correct_rejects(organization, actor, first.id, {2: {EMAIL: "bo@x.example"}, 3: {EMAIL: "cy@x.example"}})
    assert (made.state, made.parent_import_id, made.file_name) == ("queued", first.id, "fair.csv, 2 corrected rows")
    assert (made.source, made.batch_id, made.mode, made.namespace) == (first.source, first.batch_id, "overwrite", first.namespace)
    assert [c["field"] for c in made.mapping] == [c["field"] for c in first.mapping]
    await run_job(made.job_id)
    done = await intake.get_import(organization, actor, made.id)
    assert (done.state, done.rows_read, done.people_created) == ("completed", 2, 2)
    assert (await intake.get_import(organization, actor, first.id)).rows_corrected == 2
    load = await tenant.fetchrow("SELECT raw_data, row_number FROM intake.raw_loads WHERE email = 'bo@x.example'")
    assert load["raw_data"] == {"name": "Bo Berg", "email": "bo@x.example", "company": "X", "Notes": "=1+1"}
    assert load["row_number"] == 1


async def test_what_was_corrected_is_no_reject_any_more(take_bad, organization, actor, run_job):
    first = await take_bad()
    made = await intake.correct_rejects(organization, actor, first.id, {3: {EMAIL: "cy@x.example"}})
    everything = (await intake.list_rejects(organization, actor, first.id, is_open=False)).items
    assert [(row.row_number, row.state) for row in everything] == [(2, "open"), (3, "waiting"), (4, "open")]
    await run_job(made.job_id)
    everything = (await intake.list_rejects(organization, actor, first.id, is_open=False)).items
    assert [(row.row_number, row.state, row.correction_id) for row in everything][1] == (3, "corrected", made.id)
    assert [row.row_number for row in (await intake.list_rejects(organization, actor, first.id)).items] == [2, 4]
    text = "".join([block async for block in intake.reject_blocks(organization, actor, first.id)])
    assert [line.split(",")[0] for line in text.splitlines()] == ["Row", "2", "4"]


async def test_a_row_is_not_corrected_twice(take_bad, organization, actor, run_job):
    first = await take_bad()
    made = await intake.correct_rejects(organization, actor, first.id, {2: {EMAIL: "bo@x.example"}})
    for _ in ("while it waits", "when it is in"):
        with pytest.raises(Conflict, match="corrected already"):
            await intake.correct_rejects(organization, actor, first.id, {2: {EMAIL: "bo2@x.example"}})
        await run_job(made.job_id)


async def test_a_row_that_failed_again_comes_back_as_it_was_tried_last(take_bad, organization, actor, run_job):
    first = await take_bad()
    made = await intake.correct_rejects(organization, actor, first.id, {3: {EMAIL: "cy@", NOTES: "asked"}})
    await run_job(made.job_id)
    row = (await intake.list_rejects(organization, actor, first.id, reason="no_email")).items[0]
    assert (row.row_number, row.reason, row.state, row.cells) == (3, "bad_email", "open", ("Cy Moor", "cy@", "X", "asked"))
    again = await intake.correct_rejects(organization, actor, first.id, {3: {EMAIL: "cy@x.example"}})
    await run_job(again.job_id)
    assert (await intake.get_import(organization, actor, first.id)).rows_corrected == 1


async def test_a_row_that_is_corrected_in_the_correction_counts_for_the_first_import_too(take_bad, organization, actor, run_job):
    first = await take_bad()
    second = await intake.correct_rejects(organization, actor, first.id, {2: {EMAIL: "bo@"}, 3: {EMAIL: "cy@"}})
    await run_job(second.job_id)
    third = await intake.correct_rejects(organization, actor, second.id, {2: {EMAIL: "cy@x.example"}})
    await run_job(third.job_id)
    assert (await intake.get_import(organization, actor, second.id)).rows_corrected == 1
    assert (await intake.get_import(organization, actor, first.id)).rows_corrected == 1
    assert [row.row_number for row in (await intake.list_rejects(organization, actor, first.id)).items] == [2, 4]


async def test_a_correction_that_was_taken_back_opens_its_rows_again(take_bad, organization, actor, run_job):
    first = await take_bad()
    made = await intake.correct_rejects(organization, actor, first.id, {2: {EMAIL: "bo@x.example"}})
    await run_job(made.job_id)
    await run_job((await intake.start_revert(organization, actor, made.id)).job_id)
    row = (await intake.list_rejects(organization, actor, first.id)).items[0]
    assert (row.row_number, row.state, row.reason, row.cells[EMAIL]) == (2, "open", "bad_email", "bo(at)x.example")
    assert (await intake.get_import(organization, actor, first.id)).rows_corrected == 0


async def test_rejects_of_an_import_that_was_taken_back_are_those_it_had(take_bad, organization, actor, run_job):
    first = await take_bad()
    await run_job((await intake.start_revert(organization, actor, first.id)).job_id)
    assert [row.row_number for row in (await intake.list_rejects(organization, actor, first.id)).items] == [2, 3, 4]
    with pytest.raises(Conflict, match="reverted"):
        await intake.correct_rejects(organization, actor, first.id, {2: {EMAIL: "bo@x.example"}})


async def test_a_line_that_could_not_be_parted_is_filled_in_anew(take_in, organization, actor, run_job, tenant):
    data = b'Name,Email\nAna,ana@x.example\n"Bo,bo@x.example\n'
    first = await take_in(data)
    (row,) = (await intake.list_rejects(organization, actor, first.id)).items
    assert (row.cells, row.text) == (None, '"Bo,bo@x.example')
    made = await intake.correct_rejects(organization, actor, first.id, {row.row_number: {0: "Bo", 1: "bo@x.example"}})
    await run_job(made.job_id)
    assert await tenant.fetchval("SELECT name FROM vault.contacts WHERE email = 'bo@x.example'") == "Bo"


async def test_values_of_json_keep_their_types_where_nobody_touched_them(take_in, organization, actor, run_job, tenant):
    data = b'{"email": "ana", "age": 41, "langs": ["de", "pt"], "extra": {"a": true}}\n{"email": "bo@x.example"}\n'
    first = await take_in(data, "rows.jsonl")
    places = {c["header"]: c["index"] for c in first.mapping}
    made = await intake.correct_rejects(organization, actor, first.id, {1: {places["email"]: "ana@x.example", places["age"]: "41"}})
    await run_job(made.job_id)
    payload = await tenant.fetchval("SELECT raw_data FROM intake.raw_loads WHERE email = 'ana@x.example'")
    assert payload == {"email": "ana@x.example", "age": 41, "langs": ["de", "pt"], "extra.a": True}


async def test_cells_beyond_the_header_and_headers_that_come_twice_stay_where_they_were(take_in, organization, actor, run_job, tenant):
    data = b"Email,Note,Note\nana,one,two,three\n"
    first = await take_in(data)
    made = await intake.correct_rejects(organization, actor, first.id, {1: {0: "ana@x.example"}})
    await run_job(made.job_id)
    payload = await tenant.fetchval("SELECT raw_data FROM intake.raw_loads WHERE email = 'ana@x.example'")
    assert payload == {"email": "ana@x.example", "Note": "one", "Note (column 3)": "two", "Column 4": "three"}


@pytest.mark.parametrize(
    ("corrected", "error", "word"),
    [
        ({}, InvalidInput, "1 to 1,000"),
        ({n: {EMAIL: "x@x.example"} for n in range(1001)}, InvalidInput, "1 to 1,000"),
        ({1: {EMAIL: "x@x.example"}}, InvalidInput, "row 1 of this import"),
        ({99: {EMAIL: "x@x.example"}}, InvalidInput, "row 99"),
        ({2: {7: "x"}}, InvalidInput, "a column that the file does not have"),
        ({2: dict.fromkeys(range(4), " ")}, InvalidInput, "nothing in it"),
    ],
)
async def test_what_cannot_be_corrected_is_named_and_leaves_nothing_behind(take_bad, organization, actor, corrected, error, word):
    first = await take_bad()
    with pytest.raises(error, match=word):
        await intake.correct_rejects(organization, actor, first.id, corrected)
    assert len((await intake.list_imports(organization, actor)).items) == 1
    assert list(spool.path(organization, first.id).parent.iterdir()) == []


async def test_an_import_that_runs_cannot_be_corrected_yet(organization, actor):
    made = await intake.create_import(organization, actor, io.BytesIO(csv_bytes(BAD, HEADER)), intake.NewImport(file_name="a.csv"))
    await intake.start(organization, actor, made.id)
    with pytest.raises(Conflict, match="when it is done"):
        await intake.correct_rejects(organization, actor, made.id, {2: {EMAIL: "bo@x.example"}})


async def test_another_organization_has_no_rejects_to_correct(take_bad, other_organization, actor):
    first = await take_bad()
    with pytest.raises(NotFound):
        await intake.correct_rejects(other_organization, actor, first.id, {2: {EMAIL: "bo@x.example"}})
    with pytest.raises(NotFound):
        await intake.list_rejects(other_organization, actor, first.id)


async def test_rejects_come_in_pages_of_the_files_order_and_by_reason(take_in, organization, actor):
    rows = [[f"P{n}", "bad" if n % 3 else ""] for n in range(1, 31)]
    first = await take_in(csv_bytes([*rows, ["A", "a@x.example"]], ["Name", "Email"]))
    seen, cursor = [], None
    while True:
        page = await intake.list_rejects(organization, actor, first.id, limit=7, cursor=cursor)
        seen += [row.row_number for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == list(range(1, 31))
    of_one = await intake.list_rejects(organization, actor, first.id, reason="no_email", limit=50)
    assert [row.row_number for row in of_one.items] == list(range(3, 31, 3))
    for bad in ("x", "WyJ4Il0"):
        with pytest.raises(InvalidInput):
            await intake.list_rejects(organization, actor, first.id, cursor=bad)
    with pytest.raises(InvalidInput, match="reason"):
        await intake.list_rejects(organization, actor, first.id, reason="because")


async def test_over_http_rejects_are_listed_corrected_and_imported(client, stranger, as_role, run_job):
    answer = await client.post("/api/imports", files={"file": ("a.csv", csv_bytes(BAD, HEADER))}, data={"start": "true"})
    number = answer.json()["id"]
    await run_job(answer.json()["job_id"])
    listed = (await client.get(f"/api/imports/{number}/rejects.json")).json()
    assert [(row["row_number"], row["values"]["Email"]) for row in listed["items"]] == [
        (2, "bo(at)x.example"), (3, ""), (4, "noreply@x.example"),
    ]  # fmt: skip
    address, body = f"/api/imports/{number}/corrections", {"rows": [{"row_number": 2, "values": {"Email": "bo@x.example"}}]}
    assert (await stranger.get(f"/api/imports/{number}/rejects.json")).status_code == 404
    assert (await stranger.post(address, json=body)).status_code == 404
    assert (await (await as_role("viewer")).post(address, json=body)).status_code == 403
    made = await client.post(address, json=body)
    assert made.status_code == 202, made.text
    await run_job(made.json()["job_id"])
    assert (await client.get(f"/api/imports/{made.json()['import_id']}")).json()["parent_import_id"] == number
    assert (await client.get(f"/api/imports/{number}")).json()["rows_corrected"] == 1
    for wrong, word in [
        ({"rows": []}, "rows"),
        ({"rows": [{"row_number": 3, "values": {"Mail": "x"}}]}, "no column 'Mail'"),
        ({"rows": [{"row_number": 3, "values": {"Email": "a\u0000"}}]}, "NUL"),
        ({"rows": [{"row_number": 3, "values": {}}, {"row_number": 3, "values": {}}]}, "twice"),
    ]:
        refused = await client.post(address, json=wrong)
        assert refused.status_code == 422, refused.text
        assert word in refused.text
