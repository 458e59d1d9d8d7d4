"""The pages of the lists: tables, views, bulk edits with undo, exports, custom fields; what they cost and refuse."""

import html
import re
from contextlib import asynccontextmanager

import pytest

from outrider import ops
from outrider.kit import database, spool
from outrider.people import bulk
from outrider.people.tasks import TASKS

from .conftest import ANA, BO, CY, DIM
from .pages import HTML, text

HTMX = {"HX-Request": "true", "HX-Source": "form#search"}


@pytest.fixture
async def crowd(bring):
    return await bring({**ANA, "tags": "vip, warm", "Seats": "12"}, {**BO, "Seats": "a few"}, CY, DIM, source="apollo")


def names(answer):
    """Who the rows are about."""
    return [
        html.unescape(name).strip()
        for name in re.findall(r'class="cell-name"[^>]*>.*?<span class="truncate">(.*?)</span>', answer.text, re.S)
    ]


def chips(answer):
    return [html.unescape(one) for one in re.findall(r'class="chip-text"[^>]*>(.*?)</a>', answer.text)]


def heads(answer):
    return [html.unescape(re.sub(r"<[^>]+>", "", one)).strip() for one in re.findall(r"<th scope=\"col\".*?</th>", answer.text, re.S)]


def link(answer, words):
    """The address of the first link that says these words, or whose label does."""
    found = re.search(
        rf'<a [^>]*?href="([^"]*)"[^>]*?(?:aria-label="{re.escape(words)}"[^>]*>|>\s*(?:<[^>]+>)*\s*{re.escape(words)})', answer.text
    )
    return html.unescape(found[1])


async def test_everybody_is_listed_with_the_usual_columns(browser, crowd):
    page = await browser.get("/people")
    assert page.status_code == 200
    assert sorted(names(page)) == ["Ana López", "Bo Ångström", "Cy Smith", "Dim"]
    assert heads(page)[1:] == ["Name", "Email", "Title", "Company", "Tags", "Country", "Status", "Changed"]
    assert "Spain" in text(page)
    assert "4 people" in text(page)


async def test_the_address_is_the_list_and_every_filter_is_a_chip_that_can_go(browser, crowd):
    page = await browser.get("/people?title=cf&tag=vip&has_phone=true&custom=contains:Lead+Owner%3Dkim&created_after=2020-01-01")
    assert names(page) == ["Ana López"]
    assert chips(page) == ["Title has “cf”", "Has a phone number", "Added since 1 Jan 2020", "Tagged vip", "Lead Owner has “kim”"]
    without = await browser.get(link(page, "Remove the filter: Tagged vip"))
    assert len(chips(without)) == 4
    cleared = await browser.get(link(page, "Clear all"))
    assert (chips(cleared), len(names(cleared))) == ([], 4)


async def test_a_filter_is_added_by_a_form_that_works_without_scripts(browser, crowd):
    page = await browser.get("/people?q=acme&add=title")
    form = re.search(r'<form class="filter-form".*?</form>', page.text, re.S)[0]
    assert 'name="title"' in form
    assert '<input type="hidden" name="q" value="acme">' in form
    options = await browser.get("/people?add=source")
    assert '<option value="apollo"' in options.text
    tags = await browser.get("/people?tag=vip&add=tag")
    assert '<input type="hidden" name="tag" value="vip">' in tags.text
    for add, words in (
        ("country_code", "Spain"),
        ("seniority", "C suite"),
        ("namespace", "playmaker"),
        ("import_id", "leads.csv"),
        ("has_phone", "Yes"),
    ):
        assert words in (await browser.get(f"/people?add={add}")).text, add
    assert "filter-form" not in (await browser.get("/people?add=shoe_size")).text


async def test_a_filter_of_a_custom_field_is_put_together_from_its_form(browser, crowd):
    await browser.post("/settings/fields", data={"key": "Seats", "label": "Seats", "type": "number"})
    form = await browser.get("/people?add=custom:Seats")
    assert 'name="custom_from"' in form.text
    page = await browser.get("/people?custom_key=Seats&custom_op=contains&custom_from=10&custom_to=20")
    assert (names(page), chips(page)) == (["Ana López"], ["Seats from 10", "Seats up to 20"])
    page = await browser.get("/people?custom_key=Lead+Owner&custom_op=unset&custom_value=")
    assert chips(page) == ["Has no Lead Owner"]


async def test_htmx_gets_the_list_alone_and_the_address_follows(browser, crowd):
    answer = await browser.get("/people?q=ana&title=", headers=HTMX)
    assert answer.text.lstrip().startswith('<div id="list"')
    assert answer.headers["hx-replace-url"] == "/people?q=ana"
    assert names(answer) == ["Ana López"]
    sorted_ = await browser.get("/people?sort=name", headers={**HTMX, "HX-Source": "a"})
    assert sorted_.headers["hx-push-url"] == "/people?sort=name"


async def test_headers_order_the_list_and_turn_it_round(browser, crowd):
    page = await browser.get("/people?sort=name")
    assert names(page) == ["Ana López", "Bo Ångström", "Cy Smith", "Dim"]
    assert 'aria-sort="ascending"' in page.text
    turned = await browser.get(html.unescape(re.search(r'<th scope="col" aria-sort[^>]*><a href="([^"]*)"', page.text)[1]))
    assert names(turned) == ["Dim", "Cy Smith", "Bo Ångström", "Ana López"]
    assert 'aria-sort="descending"' in turned.text


async def test_columns_are_chosen_and_ordered_and_what_does_not_fit_is_marked(browser, crowd):
    await browser.post("/settings/fields", data={"key": "Seats", "label": "Number of seats", "type": "number"})
    page = await browser.get("/people?column=custom:Seats&column=email&column=custom:Lead+Owner&column=shoe_size&sort=name")
    assert heads(page)[1:] == ["Name", "Number of seats", "Email", "Lead Owner"]
    assert "Does not fit the type" in page.text
    assert "a few" in text(page)
    assert 'name="column" id="col-1" value="name" checked' in page.text.replace("\n", "")


async def test_pages_follow_one_another_by_links(browser, bring):
    await bring(*({"email": f"p{n:03}@c.example", "name": f"P {n:03}"} for n in range(120)))
    seen, page = [], await browser.get("/people?sort=name&q=c.example")
    for _ in range(3):
        seen += names(page)
        if "Next page" in page.text:
            page = await browser.get(link(page, "Next page"))
    assert seen == [f"P {n:03}" for n in range(120)]
    assert names(await browser.get(link(page, "First page")))[0] == "P 000"


async def test_counts_are_said_as_they_are_known(browser, crowd, bring):
    await bring(*({"email": f"p{n}@c.example"} for n in range(60)))
    assert "50 shown, there are more" in text(await browser.get("/people"))
    assert text(await browser.get("/lists/people/count")) == "64 people"
    assert text(await browser.get("/lists/companies/count?q=acme")) == "1 company"
    assert "1 person" in text(await browser.get("/people?tag=vip"))
    assert (await browser.get("/lists/dogs/count")).status_code == 404


async def test_nothing_yet_and_nothing_that_fits_say_what_to_do(browser, bring):
    empty = text(await browser.get("/people"))
    assert "No people yet" in empty
    assert "Import a file" in empty
    await bring(ANA)
    nothing = await browser.get("/people?q=nobody&title=cfo")
    assert "No person fits" in text(nothing)
    assert "“nobody”" in text(nothing)
    assert names(await browser.get(link(nothing, "Show all people"))) == ["Ana López"]


async def test_companies_and_addresses_have_their_lists(browser, crowd):
    companies = await browser.get("/companies?has_people=true")
    assert names(companies) == ["Acme", "Umbrella Inc"]
    assert chips(companies) == ["Has people"]
    addresses = await browser.get("/contacts?domain=acme.example&sort=email")
    assert names(addresses) == ["ana.lopez@acme.example", "cy@acme.example"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("created_after=yesterday", "created_after"),
        ("has_phone=maybe", "unable to interpret"),
        ("custom=near:x%3D1", "must begin with one of"),
        (f"q={'x' * 201}", "at most 200"),
        ("q=" + "+".join("abcdefghijklm"), "look for less"),
        ("import_id=7", "valid UUID"),
    ],
)
async def test_what_cannot_be_asked_is_said_and_the_rest_is_kept(browser, crowd, query, words):
    page = await browser.get(f"/people?title=cfo&{query}")
    assert page.status_code == 422
    assert chips(page) == ["Title has “cfo”"]
    assert 'role="alert"' in page.text


@pytest.mark.parametrize("query", ["sort=shoe_size", "direction=up", "cursor=nonsense"])
async def test_an_order_there_is_not_is_a_page_that_says_so(browser, crowd, query):
    assert (await browser.get(f"/people?{query}")).status_code == 422


@pytest.mark.parametrize(
    "path", ["/people", "/companies", "/contacts", "/people?q=acme&tag=vip", "/people?column=custom:Seats&sort=company"]
)
async def test_a_list_page_costs_a_few_statements_however_long_it_is(browser, bring, crowd, path, monkeypatch):
    asked, acquired = [], database.acquired

    @asynccontextmanager
    async def counting():
        async with acquired() as connection:
            with connection.query_logger(lambda record: asked.append(record.query)):
                yield connection

    monkeypatch.setattr(database, "acquired", counting)

    async def count():
        asked.clear()
        assert (await browser.get(path)).status_code == 200
        return len([query for query in asked if not query.startswith(("BEGIN", "COMMIT", "SET", "RESET", "SELECT set_config"))])

    few = await count()
    await bring(*({"email": f"p{n}@acme.example", "name": f"P {n}", "tags": "vip", "company": f"C {n}"} for n in range(60)))
    many = await count()
    # who looks, views, custom fields, the page's ids, its rows; where few fit, they are looked for twice
    assert many <= 5, asked
    assert few <= 6


async def test_a_view_is_saved_opened_changed_shared_renamed_and_deleted(browser, signed_in, crowd):
    saved = await browser.post("/views", data={"kind": "people", "name": "Chiefs", "query": "title=cf&sort=name&column=title"})
    assert saved.status_code == 303
    place = saved.headers["location"]
    page = await browser.get(place)
    assert (names(page), chips(page), heads(page)[1:]) == (["Ana López"], ["Title has “cf”"], ["Name", "Title"])
    assert "Save changes" not in text(page)
    changed = await browser.get(link(page, "Remove the filter: Title has “cf”"))
    assert (len(names(changed)), "Save changes" in text(changed)) == (4, True)
    id = place.partition("=")[2]
    await browser.post(f"/views/{id}", data={"query": "tag=vip"})
    assert chips(await browser.get(place)) == ["Tagged vip"]
    await browser.post(f"/views/{id}", data={"name": "VIPs"})
    other = await signed_in("member")
    assert "VIPs" not in (await other.get("/people")).text
    await browser.post(f"/views/{id}", data={"shared": "yes"})
    assert "VIPs" in (await other.get("/people")).text
    assert (await other.post(f"/views/{id}", data={"name": "x"}, headers=HTML)).status_code == 403
    assert (await browser.post(f"/views/{id}/delete")).headers["location"] == "/people?tag=vip"
    assert "Deleted the view" in text(await browser.get("/people"))
    assert "VIPs" not in (await browser.get("/people")).text


async def test_a_view_without_a_name_is_refused_where_it_was_made(browser, crowd):
    answer = await browser.post("/views", data={"kind": "people", "name": " ", "query": "title=cf"})
    assert answer.headers["location"] == "/people?title=cf"
    assert "Name must have 1 to 60 characters" in text(await browser.get(answer.headers["location"]))
    assert (await browser.post("/views", data={"kind": "dogs", "name": "x"}, headers=HTML)).status_code == 422


async def picked(browser, *emails):
    page = await browser.get("/people?limit=50")
    return [re.search(rf'id="row-([0-9a-f-]+)">(?:(?!</tr>).)*{re.escape(email)}', page.text, re.S)[1] for email in emails]


async def test_rows_that_were_picked_are_edited_together_and_put_back(browser, crowd):
    ids = await picked(browser, "ana.lopez@acme.example", "cy@acme.example")
    form = await browser.get("/lists/people/edit", params={"id": ids, "back": "/people?q=acme"})
    assert "Edit 2 people" in text(form)
    fields = {
        "id": ids,
        "back": "/people?q=acme",
        "add_tags": "one\ntwo",
        "remove_tags": "warm",
        "set-title": "Buyer",
        "set-seniority-clear": "on",
    }
    done = await browser.post("/lists/people/edit", data=fields)
    assert done.headers["location"] == "/people?q=acme"
    page = await browser.get(done.headers["location"])
    assert "Changed 2 people" in text(page)
    undo = re.search(r'action="(/bulk-edits/[^"]+/undo)"', page.text)[1]
    assert re.findall(r'title="(Buyer|CFO)"', page.text) == ["Buyer", "Buyer"]
    back = await browser.post(undo, headers={"Referer": "http://outrider.test/people?q=acme"})
    assert back.headers["location"] == "/people?q=acme"
    assert re.findall(r'title="(Buyer|CFO)"', (await browser.get("/people?q=acme")).text) == ["CFO"]
    edits = text(await browser.get("/bulk-edits"))
    assert "Added the tags one, two" in edits
    assert "Undone" in edits


async def test_all_that_fit_are_edited_and_everybody_is_said_to_be_everybody(browser, crowd):
    form = await browser.get("/lists/people/edit?all=1&tag=warm")
    assert "Edit 1 person" in text(form)
    assert "Tagged warm" in text(form)
    assert "This means everybody" in text(await browser.get("/lists/people/edit?all=1"))
    done = await browser.post("/lists/people/edit", data={"all": "1", "tag": "warm", "set-status": "inactive"})
    assert done.status_code == 303
    assert len(names(await browser.get("/people?status=inactive"))) == 1


async def test_an_edit_that_cannot_be_keeps_what_was_typed_beside_what_is_wrong(browser, crowd):
    await browser.post("/settings/fields", data={"key": "Seats", "label": "Seats", "type": "number"})
    for fields, wrong in (
        ({"add_tags": "x" * 61}, "must have 1 to 60 characters"),
        ({"set-title": "x" * 256}, "at most 255"),
        ({"custom-Seats": "many"}, "it must be a number"),
        ({}, "changes nothing"),
    ):
        answer = await browser.post("/lists/people/edit", data={"all": "1", "back": "//evil.example", **fields})
        assert answer.status_code == 422, fields
        assert wrong in text(answer)
        assert "evil.example" not in answer.text
    assert 'value="many"' in (await browser.post("/lists/people/edit", data={"all": "1", "custom-Seats": "many"})).text
    assert "No bulk edits yet" in text(await browser.get("/bulk-edits"))


async def test_many_are_edited_in_the_background_and_can_be_watched(browser, crowd, organization, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    done = await browser.post("/lists/contacts/edit", data={"all": "1", "add_tags": "x"})
    place = done.headers["location"]
    page = await browser.get(place)
    assert 'hx-trigger="every 1s"' in page.text
    job = (await ops.list_jobs(organization, (await _actor()), name=bulk.APPLY)).items[0]
    assert (job.title, job.link) == ("Edit 4 addresses", place)
    await ops.run_job_here(organization, job.id, TASKS)
    page = await browser.get(place)
    assert "4 changed" in text(page)
    assert "every 1s" not in page.text
    undo = await browser.post(f"{place}/undo")
    assert undo.headers["location"] == place


async def test_what_an_undo_left_is_named(browser, crowd):
    await browser.post("/lists/people/edit", data={"all": "1", "q": "acme", "set-title": "Buyer"})
    (ana,) = await picked(browser, "ana.lopez@acme.example")
    await browser.post(f"/people/{ana}/edit/title", data={"value": "Director", "seen": "Buyer"})
    place = link(await browser.get("/bulk-edits"), "Set Title to Buyer")
    undone = await browser.post(f"{place}/undo")
    assert undone.headers["location"] == place
    said = text(await browser.get(place))
    assert "ana.lopez@acme.example Title CFO Buyer Director" in said
    assert (await browser.post(f"{place}/undo")).headers["location"] == place


async def test_an_export_is_asked_for_watched_and_fetched(browser, crowd, organization, tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "_folder", tmp_path)
    form = await browser.get("/exports/new?kind=people&q=acme&column=email")
    assert "2 people fit" in text(form)
    fields = {"kind": "people", "q": "acme", "sort": "name", "format": "csv", "field": ["email", "title"]}
    assert (await browser.post("/exports", data=fields)).headers["location"] == "/exports"
    page = await browser.get("/exports")
    assert "Waiting for a worker" in text(page)
    assert 'hx-trigger="every 2s"' in page.text
    job = (await ops.list_jobs(organization, (await _actor()), name="people.export")).items[0]
    await ops.run_job_here(organization, job.id, TASKS)
    file = await browser.get(
        link(await browser.get("/exports"), re.search(r'aria-label="(Download [^"]+)"', (await browser.get("/exports")).text)[1])
    )
    assert file.text.splitlines() == ["email,title", "ana.lopez@acme.example,CFO", "cy@acme.example,"]
    ids = await picked(browser, "bo@umbrella.example")
    assert "1 person, as you picked" in text(await browser.get("/exports/new", params={"kind": "people", "id": ids}))
    assert (await browser.post("/exports", data={"kind": "people", "id": ids, "format": "pdf"})).headers["location"] == "/exports"
    assert "it must be one of csv" in text(await browser.get("/exports"))


async def test_custom_fields_are_found_typed_changed_and_archived(browser, crowd):
    page = await browser.get("/settings/fields")
    assert "Lead Owner" in text(page)
    await browser.post("/settings/fields", data={"key": "Lead Owner", "label": "Owner", "type": "select", "options": "Kim\nRobin"})
    page = await browser.get("/settings/fields")
    assert "One of some options Kim, Robin" in text(page)
    place = link(page, "Change Owner")
    assert (await browser.post(place, data={"label": "", "type": "text"})).status_code == 422
    await browser.post(place, data={"label": "Who owns it", "type": "text", "position": "3"})
    await browser.post(place, data={"archived": "yes"})
    page = text(await browser.get("/settings/fields"))
    assert "1 archived field" in page
    assert "Who owns it" in page
    wrong = await browser.post("/settings/fields", data={"label": "x", "type": "colour"})
    assert (wrong.status_code, "must be one of" in text(wrong)) == (422, True)
    assert (await browser.post("/settings/fields/count")).headers["location"] == "/settings/fields"


async def test_viewers_look_and_change_nothing(signed_in, browser, crowd):
    viewer = await signed_in("viewer")
    viewer.headers.update(HTML)
    page = await viewer.get("/people")
    assert len(names(page)) == 4
    assert "data-select" not in page.text
    await browser.post("/lists/people/edit", data={"all": "1", "add_tags": "x"})
    place = link(await browser.get("/bulk-edits"), "Added the tag x")
    assert "/undo" not in (await viewer.get("/bulk-edits")).text
    for path in ("/lists/people/edit?all=1",):
        assert (await viewer.get(path)).status_code == 403
    for path in ("/lists/people/edit", f"{place}/undo", "/views", "/settings/fields", "/settings/fields/count"):
        assert (await viewer.post(path, data={"all": "1", "add_tags": "x"})).status_code == 403, path


async def test_another_organization_sees_none_of_it(browser, visitor_of_other_organization, crowd, organization):
    stranger = visitor_of_other_organization
    stranger.headers.update(HTML)
    view = (
        (await browser.post("/views", data={"kind": "people", "name": "Ours", "query": "", "shared": "yes"}))
        .headers["location"]
        .partition("=")[2]
    )
    await browser.post("/lists/people/edit", data={"all": "1", "add_tags": "x"})
    edit = link(await browser.get("/bulk-edits"), "Added the tag x")
    await browser.post("/settings/fields", data={"label": "Ours", "type": "text"})
    field = link(await browser.get("/settings/fields"), "Change Ours")
    await browser.post("/exports", data={"kind": "people"})
    job = (await ops.list_jobs(organization, (await _actor()), name="people.export")).items[0]
    export = job.data["export_id"]
    for path in ("/people", "/companies", "/contacts", "/bulk-edits", "/exports", "/settings/fields", f"/people?view={view}"):
        page = await stranger.get(path)
        assert page.status_code == 200
        assert not [word for word in ("López", "Ours", "tag x", "acme.example", "people-2") if word in text(page)]
    for path in (edit, field, f"/exports/{export}/file"):
        assert (await stranger.get(path)).status_code == 404, path
    for path in (f"{edit}/undo", field, f"/views/{view}", f"/views/{view}/delete"):
        assert (await stranger.post(path, data={"label": "x", "name": "x"})).status_code == 404, path
    ids = await picked(browser, "ana.lopez@acme.example")
    answer = await stranger.post("/lists/people/edit", data={"id": ids, "add_tags": "theirs"})
    assert answer.status_code == 303
    assert "theirs" not in (await browser.get("/people")).text


@pytest.mark.parametrize(
    "path",
    [
        "/lists/dogs/edit",
        "/lists/people/edit?id=7",
        "/bulk-edits?cursor=x",
        "/exports?cursor=x",
        "/exports/new?kind=dogs",
        "/lists/people/edit?all=1&has_phone=maybe",
    ],
)
async def test_bad_addresses_are_refused(browser, crowd, path):
    answer = await browser.get(path)
    assert answer.status_code in (303, 422)


async def _actor():
    from outrider.tenancy import Actor

    return Actor("user", "test")
