"""The page of the audit log: entries in words, found by what, who, address and day."""

from datetime import UTC, datetime, timedelta

import pytest

from outrider import intake
from tests.intake.conftest import csv_bytes
from tests.statements import counting

HTML = {"Accept": "text/html"}
ROWS = [["Ana", "ana@x.example"], ["Bo", "bo@x.example"], ["Cy", "nope"]]


@pytest.fixture
def looked(signed_in):
    """Opens the page as a role and returns its answer."""

    async def look(role: str = "viewer", htmx: bool = False, **query: str):
        browser = await signed_in(role)
        return await browser.get("/audit", params=query, headers={**HTML, **({"HX-Request": "true"} if htmx else {})})

    return look


async def test_each_entry_says_what_with_whom_and_where_it_is_from(take_in, looked):
    done = await take_in(csv_bytes(ROWS, ["Name", "Email"]))
    page = (await looked(action="contact_promoted")).text
    assert page.count("Contact made") == 3, "two entries and the filter"
    assert '<a href="/people/ana%40x.example">ana@x.example</a>' in page
    assert f'<a href="/imports/{done.id}">Row 1 of leads.csv</a>' in page
    assert "The import of leads.csv, for somebody who left" in page


async def test_batches_and_imports_taken_back_are_told_in_words(client, take_in, organization, actor, run_job, looked):
    rows = [{"email": "ana@x.example"}, {"email": "ana@x.example"}, {"email": "nope"}]
    await client.post("/api/ingest", json={"rows": rows, "source": "n8n", "batch_id": "b", "promote": True})
    page = (await looked(action="batch_processed")).text
    assert "3 rows from n8n: 1 pending, 1 duplicate, 1 failed" in page
    assert "Promotion: 1 promoted" in page
    done = await take_in(csv_bytes([["Di", "di@x.example"]], ["Name", "Email"]))
    await run_job((await intake.start_revert(organization, actor, done.id)).job_id)
    page = (await looked()).text
    assert f'<a href="/imports/{done.id}">Import taken back: 1 row</a>' in page
    assert '<a href="/people/di%40x.example">' not in page, "there is no such person any more"


async def test_it_is_narrowed_by_address_who_and_day_of_the_viewers_zone(take_in, looked):
    await take_in(csv_bytes(ROWS, ["Name", "Email"]))
    page = (await looked(email=" BO@x.example")).text
    assert "bo@x.example" in page
    assert "ana@x.example" not in page
    today, tomorrow = datetime.now(UTC).date(), datetime.now(UTC).date() + timedelta(days=1)
    assert "ana@x.example" in (await looked(since=str(today), until=str(today))).text
    assert "Nothing fits" in (await looked(since=str(tomorrow))).text
    assert "Nothing fits" in (await looked(actor="key:nobody")).text
    assert '<option value="key:nobody" selected>' in (await looked(actor="key:nobody")).text


async def test_an_empty_log_says_what_to_do(looked):
    assert "Nothing has been done yet" in (await looked()).text


async def test_pages_follow_each_other_and_keep_the_filter(take_in, looked, signed_in):
    await take_in(csv_bytes([[f"P{n}", f"p{n}@x.example"] for n in range(60)], ["Name", "Email"]))
    first = (await looked(action="contact_ingested")).text
    link = first.split('rel="next"')[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
    assert "action=contact_ingested" in link
    second = (await (await signed_in("viewer")).get(link, headers=HTML)).text
    assert "p9@x.example" not in first
    assert "p9@x.example" in second
    assert "First page" in second


@pytest.mark.parametrize("query", [{"action": "nope"}, {"since": "yesterday"}, {"until": "9999-12-31"}, {"cursor": "x"}])
async def test_what_cannot_be_asked_is_said_above_the_list(looked, query):
    answer = await looked(**query)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


async def test_htmx_gets_the_list_alone(looked):
    text = (await looked(htmx=True)).text
    assert text.lstrip().startswith('<div id="entries"')
    assert "<html" not in text


async def test_nobody_else_sees_it(take_in, visitor_of_other_organization, looked):
    await take_in(csv_bytes(ROWS, ["Name", "Email"]))
    answer = await visitor_of_other_organization.get("/audit", params={"email": "ana@x.example"}, headers=HTML)
    assert "Nothing fits" in answer.text
    assert (await looked("client")).status_code == 403


async def test_the_number_of_statements_does_not_grow_with_the_entries(take_in, urls, looked):
    await take_in(csv_bytes([[f"P{n}", f"p{n}@x.example"] for n in range(60)], ["Name", "Email"]))
    async with counting(urls) as made:
        await looked()
        asked = [statement for statement in made if "audit_log" in statement or "raw_loads" in statement or "members" in statement]
    assert len([statement for statement in made if "FROM intake.audit_log" in statement]) == 1
    assert len(asked) <= 6
