"""The pages of imports: a file in, its mapping, what came of it, rows corrected, all taken back."""

import asyncio
import uuid

import pytest

from outrider import intake, ops
from outrider.intake.tasks import TASKS
from outrider.kit.paging import encode_cursor
from outrider.tenancy import Actor, csrf

CSV = b"Name,Email,Company\nAna Lima,ana@acme.example,Acme\nNo One,,Acme\nBot,noreply@acme.example,Acme\n"
HTML = {"Accept": "text/html"}
ACTOR = Actor("user", "test")


@pytest.fixture
def work(organization):
    """Runs the job that an import waits for, here."""

    async def done(number, *, dry_run=False):
        found = await intake.get_import(organization, ACTOR, number)
        await ops.run_job_here(organization, found.dry_run_job_id if dry_run else found.job_id, TASKS)
        return await intake.get_import(organization, ACTOR, number)

    return done


async def upload(browser, *files):
    sent = [("files", (name, content, "text/csv")) for name, content in files]
    return await browser.post("/imports", files=sent, headers=HTML)


async def brought(browser, content=CSV):
    """The id of an import that was uploaded through the page."""
    answer = await upload(browser, ("leads.csv", content))
    assert answer.status_code == 303, answer.text
    return uuid.UUID(answer.headers["location"].rpartition("/")[2])


async def test_a_file_is_taken_in_and_its_mapping_shown_with_samples(signed_in):
    browser = await signed_in("member")
    number = await brought(browser)
    page = (await browser.get(f"/imports/{number}", headers=HTML)).text
    assert "ana@acme.example" in page
    assert '<option value="email" selected>' in page
    assert "Nothing has come in yet" in page


async def test_several_files_lead_to_the_list_and_start_together(signed_in, organization):
    browser = await signed_in("member")
    answer = await upload(browser, ("one.csv", CSV), ("two.csv", CSV.replace(b"ana@", b"eva@")))
    assert answer.headers["location"] == "/imports"
    page = (await browser.get("/imports", headers=HTML)).text
    assert "one.csv" in page
    assert "Start all" in page
    ids = [line.id for line in (await intake.list_imports(organization, ACTOR)).items]
    assert (await browser.post("/imports/start-all", data={"id": [str(id) for id in ids]})).status_code == 303
    assert {one.state for one in (await intake.list_imports(organization, ACTOR)).items} == {"queued"}


async def test_a_form_holds_no_more_files_than_are_taken_whether_its_token_is_a_header_or_a_field(signed_in, organization):
    browser = await signed_in("member")
    many = [("files", (f"{place}.csv", CSV, "text/csv")) for place in range(51)]
    assert (await browser.post("/imports", files=many, headers=HTML)).status_code == 400
    token = {csrf.FIELD: browser.headers.pop(csrf.HEADER)}
    assert (await browser.post("/imports", files=many, data=token, headers=HTML)).status_code == 400
    assert (await browser.post("/imports", files=many[:1], data=token, headers=HTML)).status_code == 303
    assert (await browser.post("/account", files=many[:1], data=token, headers=HTML)).status_code == 400
    assert len((await intake.list_imports(organization, ACTOR)).items) == 1


async def test_what_is_no_lead_file_is_named_and_the_others_are_kept(signed_in, organization):
    browser = await signed_in("member")
    answer = await upload(browser, ("leads.csv", CSV), ("broken.xlsx", b"PK\x03\x04nonsense"))
    assert answer.status_code == 422
    assert "broken.xlsx cannot be read" in answer.text
    assert [one.file_name for one in (await intake.list_imports(organization, ACTOR)).items] == ["leads.csv"]
    assert (await browser.post("/imports", files=[("other", ("x.csv", b"a"))], headers=HTML)).status_code == 422


async def test_the_mapping_is_corrected_and_a_dry_run_shows_what_would_change(signed_in, work):
    browser = await signed_in("member")
    number = await brought(browser, CSV.replace(b"Company", b"Wo"))
    saved = {"action": "dry-run", "column-2": "company", "mode": "overwrite", "promote": "on", "source": "fair", "goes": "namespace"}
    assert (await browser.post(f"/imports/{number}", data=saved)).status_code == 303
    found = await work(number, dry_run=True)
    assert (found.mode, found.source, found.mapping[2]["field"]) == ("overwrite", "fair", "company")
    page = (await browser.get(f"/imports/{number}", headers=HTML)).text
    assert "What the dry run found" in page
    assert "noreply@acme.example" in page


async def test_a_mapping_that_gives_one_field_to_two_columns_is_refused_beside_what_was_typed(signed_in):
    browser = await signed_in("member")
    number = await brought(browser)
    answer = await browser.post(f"/imports/{number}", data={"column-0": "email", "column-1": "email", "mode": "fill"}, headers=HTML)
    assert answer.status_code == 422
    assert "cannot both be" in answer.text
    bad = await browser.post(f"/imports/{number}", data={"mode": "fill", "namespace": "nowhere"}, headers=HTML)
    assert bad.status_code == 422


async def test_the_report_names_every_reason_and_rejects_are_corrected_where_they_stand(signed_in, work, organization):
    browser = await signed_in("member")
    number = await brought(browser)
    await browser.post(f"/imports/{number}", data={"action": "start", "mode": "fill", "promote": "on"})
    assert (await work(number)).rows_failed == 2
    report = (await browser.get(f"/imports/{number}", headers=HTML)).text
    assert "The row has no e-mail address" in report
    rejects = (await browser.get(f"/imports/{number}/rejects?reason=no_email", headers=HTML)).text
    assert 'name="cell-2-1"' in rejects
    assert 'name="cell-3-1"' not in rejects
    assert (await browser.post(f"/imports/{number}/rejects", data={"cell-2-1": "", "was-2-1": ""}, headers=HTML)).status_code == 422
    answer = await browser.post(f"/imports/{number}/rejects", data={"cell-2-1": "no.one@acme.example", "was-2-1": ""})
    made = uuid.UUID(answer.headers["location"].rpartition("/")[2])
    assert (await work(made)).contacts_created == 1
    assert "1 row came in since, corrected." in (await browser.get(f"/imports/{number}", headers=HTML)).text
    csv = await browser.get(f"/imports/{number}/rejects.csv")
    assert "noreply@acme.example" in csv.text
    assert "No One" not in csv.text


@pytest.mark.parametrize("name", ["cell-²-1", "cell-2-²", f"cell-{'9' * 5000}-1", "cell-2", "cell--1"])
async def test_a_cell_that_is_none_is_no_change(signed_in, work, name):
    browser = await signed_in("member")
    number = await brought(browser)
    await browser.post(f"/imports/{number}", data={"action": "start", "mode": "fill", "promote": "on"})
    await work(number)
    answer = await browser.post(f"/imports/{number}/rejects", data={name: "x"}, headers=HTML)
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.text or "nothing was changed" in answer.text


@pytest.mark.parametrize("row", ["²", "-1", "", "1.5"])
async def test_a_place_in_the_rejects_that_is_none_is_refused(signed_in, row):
    browser = await signed_in("member")
    number = await brought(browser)
    answer = await browser.get(f"/imports/{number}/rejects", params={"cursor": encode_cursor(row)}, headers=HTML)
    assert answer.status_code == 422


async def test_taking_it_back_is_shown_before_it_is_done(signed_in, work):
    browser = await signed_in("member")
    number = await brought(browser)
    await browser.post(f"/imports/{number}", data={"action": "start", "mode": "fill", "promote": "on"})
    await work(number)
    assert (await browser.post(f"/imports/{number}/preview-revert")).status_code == 303
    assert "Would be deleted" in (await browser.get(f"/imports/{number}", headers=HTML)).text
    assert (await browser.post(f"/imports/{number}/revert")).status_code == 303
    assert (await work(number)).state == "reverted"
    assert "Taken back" in (await browser.get(f"/imports/{number}", headers=HTML)).text


async def test_the_stream_says_how_far_it_is_and_brings_the_report_when_it_is_over(signed_in, work):
    browser = await signed_in("member")
    number = await brought(browser)
    await browser.post(f"/imports/{number}", data={"action": "start", "mode": "fill", "promote": "on"})
    await work(number)
    stream = await browser.get(f"/imports/{number}/live")
    assert f'hx-get="/imports/{number}"' in stream.text
    assert "event: close" in stream.text
    lines = await browser.get("/imports/live", params={"ids": [str(number)]})
    assert f'hx-target="#import-{number}"' in lines.text


@pytest.mark.parametrize("path", ["/imports/{}/live", "/imports/live?ids={}"])
async def test_who_is_removed_meanwhile_is_shown_no_more_of_a_stream(signed_in, organization, admin, path):
    browser = await signed_in("member")
    number = await brought(browser)
    await browser.post(f"/imports/{number}", data={"action": "start", "mode": "fill", "promote": "on"})
    looking = asyncio.create_task(browser.get(path.format(number)))
    await asyncio.sleep(0.3)
    await admin.execute("DELETE FROM tenancy.memberships WHERE organization_id = $1", organization)
    await admin.execute("UPDATE intake.imports SET rows_read = 4711 WHERE organization_id = $1", organization)
    answer = await asyncio.wait_for(looking, 10)
    assert "Waiting" in answer.text or "leads.csv" in answer.text
    assert "4,711" not in answer.text


async def test_another_organizations_import_is_not_there(signed_in, visitor_of_other_organization):
    number = await brought(await signed_in("member"))
    stranger = visitor_of_other_organization
    for path in ("", "/rejects", "/rejects.csv", "/live"):
        assert (await stranger.get(f"/imports/{number}{path}", headers=HTML)).status_code == 404, path
    for path in ("", "/start", "/cancel", "/cancel-dry-run", "/preview-revert", "/revert", "/rejects"):
        answer = await stranger.post(f"/imports/{number}{path}", data={"cell-1-1": "x"}, headers=HTML)
        assert answer.status_code == 404, path
    assert "leads.csv" not in (await stranger.get("/imports", headers=HTML)).text


async def test_a_viewer_sees_and_changes_nothing(signed_in):
    number = await brought(await signed_in("member"))
    viewer = await signed_in("viewer")
    page = (await viewer.get(f"/imports/{number}", headers=HTML)).text
    assert "Dry run" not in page
    assert (await viewer.post(f"/imports/{number}/start", headers=HTML)).status_code == 403
    assert (await upload(viewer, ("leads.csv", CSV))).status_code == 403


@pytest.mark.parametrize("path", ["/imports?state=nothing", "/imports?cursor=nothing", "/imports/live?ids=x"])
async def test_bad_addresses_are_refused(signed_in, path):
    assert (await (await signed_in("member")).get(path, headers=HTML)).status_code == 422


async def test_the_mapping_that_starts_is_the_one_that_the_form_shows(signed_in, organization, work):
    browser = await signed_in("member")
    content = b"Email,Secondary Email,Column 1\nana@acme.example,ana@home.example,x\n"
    number = await brought(browser, content)
    shown = await intake.get_import(organization, ACTOR, number)
    assert [column["field"] for column in shown.mapping] == ["email", None, None]
    said = {"column-0": "", "column-1": "", "column-2": "title", "mode": "fill", "promote": "on", "goes": "namespace", "action": "save"}
    assert (await browser.post(f"/imports/{number}", data=said)).status_code == 303
    kept = (await intake.get_import(organization, ACTOR, number)).mapping
    assert [(column["field"], column["how"]) for column in kept] == [(None, "chosen"), (None, "none"), ("title", "chosen")]
    assert (await browser.post(f"/imports/{number}", data=said | {"action": "start"}, headers=HTML)).status_code == 422


async def test_a_column_that_stays_as_it_was_is_not_said_to_be_chosen(signed_in, organization):
    browser = await signed_in("member")
    number = await brought(browser)
    said = {"column-0": "name", "column-1": "email", "column-2": "", "mode": "fill", "promote": "on", "goes": "namespace", "action": "save"}
    await browser.post(f"/imports/{number}", data=said)
    kept = (await intake.get_import(organization, ACTOR, number)).mapping
    assert [(column["field"], column["how"]) for column in kept] == [("name", "header"), ("email", "header"), (None, "chosen")]


async def test_a_line_that_could_not_be_parted_is_written_anew_in_the_browser(signed_in, organization, work):
    browser = await signed_in("member")
    number = await brought(browser, b'Name,Email\nAna,ana@acme.example\n"Bo,bo@acme.example\n')
    await browser.post(f"/imports/{number}/start")
    await work(number)
    page = (await browser.get(f"/imports/{number}/rejects", headers=HTML)).text
    assert "&#34;Bo,bo@acme.example" in page
    assert 'name="cell-2-1"' in page
    written = {"was-2-0": "", "cell-2-0": "Bo", "was-2-1": "", "cell-2-1": "bo@acme.example"}
    sent = await browser.post(f"/imports/{number}/rejects", data=written)
    made = uuid.UUID(sent.headers["location"].rpartition("/")[2])
    assert (await work(made)).people_created == 1
    assert (await intake.get_import(organization, ACTOR, number)).rows_corrected == 1


async def test_the_list_settles_what_its_jobs_gave_up_and_groups_states(signed_in, organization, admin):
    browser = await signed_in("member")
    numbers = [await brought(browser, CSV.replace(b"ana@", b"a%d@" % n)) for n in range(3)]
    for number in numbers[:2]:
        await browser.post(f"/imports/{number}/start")
    first = await intake.get_import(organization, ACTOR, numbers[0])
    await admin.execute("UPDATE ops.jobs SET state = 'failed', error = 'WorkerDied' WHERE id = $1", first.job_id)
    running = (await browser.get("/imports?state=running", headers=HTML)).text
    assert f"import-{numbers[0]}" not in running
    assert f"import-{numbers[1]}" in running
    assert f"import-{numbers[0]}" in (await browser.get("/imports?state=failed", headers=HTML)).text
    assert (await browser.get("/imports?state=asleep", headers=HTML)).status_code == 422
