"""The pages of imports: a file in, its mapping, what came of it, rows corrected, all taken back."""

import uuid

import pytest

from outrider import intake, ops
from outrider.intake.tasks import TASKS
from outrider.tenancy import Actor

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


@pytest.mark.parametrize("path", ["/imports?state=nothing", "/imports?cursor=nothing", "/imports/nothing", "/imports/live?ids=x"])
async def test_bad_addresses_are_refused(signed_in, path):
    assert (await (await signed_in("member")).get(path, headers=HTML)).status_code == 422
