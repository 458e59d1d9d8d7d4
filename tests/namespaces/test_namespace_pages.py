"""The pages of namespaces: what they show, what their forms do, and that nobody sees another organization's."""

import re

import pytest
import pytest_asyncio

from outrider import ops, tenancy
from tests.statements import counting

HTML = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}


@pytest_asyncio.fixture
async def owner(signed_in):
    """The browser of an owner."""
    opened = await signed_in()
    opened.headers.update(HTML)
    return opened


async def make(browser, name="acme-corp", *keywords, description=""):
    form = {"name": name, "keywords": "\n".join(keywords or [name]), "description": description}
    answer = await browser.post("/namespaces/new", data=form)
    assert answer.status_code == 303, answer.text
    return answer


async def text(browser, path, status=200, **more):
    answer = await browser.get(path, **more)
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


@pytest.fixture
def add(organization, actor):
    """Write profiles into a namespace's table."""

    async def add(table, *emails, campaign=None):
        async with tenancy.transaction(organization, actor) as connection:
            meta = {"campaign": campaign} if campaign else {}
            await connection.executemany(
                f"INSERT INTO {table} (email, meta, platform) VALUES ($1, $2, 'lemlist')",  # noqa: S608
                [(email, meta) for email in emails],
            )

    return add


async def test_an_organization_without_clients_is_told_what_to_do_next(owner):
    found = await text(owner, "/namespaces")
    assert "No clients yet" in found
    assert "every campaign goes to playmaker" in found


async def test_the_list_shows_keywords_profiles_and_when_the_last_one_came(owner, add):
    await make(owner, "acme-corp", "ACME", "Acme Corp")
    await add("acme_corp_user_source", "a@x.example", "b@x.example")
    found = await text(owner, "/namespaces")
    assert "No clients yet" not in found
    assert re.search(r"acme-corp\s+ACME\s+Acme Corp\s+2\s+just now", found), found
    assert re.search(r"playmaker\s+default\s+playmaker\s+0\s+–", found), found


async def test_a_campaign_is_explained_with_the_keyword_marked(owner):
    await make(owner, "acme-corp", "ACME")
    await make(owner, "acme-labs", "acme labs")
    page = await owner.get("/namespaces", params={"campaign": "Q4 <b> ACME Labs push"})
    assert "Q4 &lt;b&gt; <mark>ACME Labs</mark> push" in page.text
    found = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
    assert "goes to acme-labs by the keyword acme labs" in found
    assert "Also in the name: ACME of acme-corp" in found
    assert "goes to playmaker default" in await text(owner, "/namespaces?campaign=nothing%20known")


async def test_htmx_gets_the_match_alone(owner):
    page = await owner.get("/namespaces", params={"campaign": "playmaker one"}, headers=HTMX)
    assert page.text.strip().startswith('<div id="match"')
    assert "<html" not in page.text


async def test_overlaps_are_said_in_words(owner):
    await make(owner, "acme-corp", "ACME")
    await make(owner, "acme-labs", "acme labs")
    await make(owner, "beta", "acme")
    found = await text(owner, "/namespaces")
    assert "acme labs of acme-labs holds ACME of acme-corp names with it go to acme-labs" in found
    assert "ACME of acme-corp is also a keyword of beta names with it go to acme-corp, the first by name" in found


async def test_a_namespace_is_made_and_its_page_opens(owner):
    answer = await make(owner, "acme-corp", "ACME", "", "Acme Corp", description="Q4 <script>")
    assert answer.headers["location"] == "/namespaces/acme-corp"
    page = await owner.get("/namespaces/acme-corp")
    assert "acme_corp_user_source" in page.text
    assert ">ACME\nAcme Corp</textarea>" in page.text
    assert "Q4 &lt;script&gt;" in page.text


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"name": "Acme", "keywords": "x"}, 422, "lower-case letter first"),
        ({"name": "acme", "keywords": ""}, 422, "Keywords has 0 entries"),
        ({"name": "acme", "keywords": "x" * 101}, 422, "at most 100 are taken"),
        ({"name": "new", "keywords": "x"}, 422, "word of our own addresses"),
        ({"name": "playmaker", "keywords": "x"}, 409, "there is a namespace"),
        ({}, 422, "lower-case letter first"),
        ({"name": "acme", "keywords": "x", "description": "d" * 1001}, 422, "description has 1001"),
    ],
)
async def test_what_is_wrong_in_the_form_stands_beside_its_field_and_stays_typed(owner, form, status, said):
    answer = await owner.post("/namespaces/new", data=form)
    assert answer.status_code == status
    assert said.lower() in answer.text.lower()
    assert 'aria-invalid="true"' in answer.text
    if form.get("name"):
        assert f'value="{form["name"]}"' in answer.text


async def test_keywords_are_changed_and_profiles_that_belong_elsewhere_are_offered(owner, add):
    await add("playmaker_user_source", "a@x.example", "b@x.example", campaign="Zeta push")
    await make(owner, "acme-corp", "ACME")
    form = {"name": "acme-corp", "keywords": "ACME\nzeta", "description": "", "is_active": "on"}
    looked = await owner.post("/namespaces/acme-corp/preview", data=form)
    assert "2 profiles would belong elsewhere" in looked.text
    assert ">ACME\nzeta</textarea>" in looked.text
    assert ">ACME</textarea>" in (await owner.get("/namespaces/acme-corp")).text  # nothing was changed
    part = await owner.post("/namespaces/acme-corp/preview", data=form, headers=HTMX)
    assert part.text.strip().startswith('<div id="preview"')
    assert "Nothing would move" in (await owner.post("/namespaces/acme-corp/preview", data={**form, "keywords": "ACME"})).text
    saved = await owner.post("/namespaces/acme-corp", data=form)
    assert (saved.status_code, saved.headers["location"]) == (303, "/namespaces/reroute")
    found = await text(owner, "/namespaces/reroute")
    assert re.search(r"playmaker\s+acme-corp\s+2\s+0", found), found


async def test_a_new_namespaces_keywords_offer_the_same(owner, add):
    await add("playmaker_user_source", "a@x.example", campaign="Zeta push")
    assert (await make(owner, "zeta-corp", "zeta")).headers["location"] == "/namespaces/reroute"


async def test_moving_them_is_a_job_with_a_name(owner, add, organization, actor):
    await add("playmaker_user_source", "a@x.example", campaign="Zeta push")
    await make(owner, "zeta-corp", "zeta")
    answer = await owner.post("/namespaces/reroute")
    assert answer.status_code == 303
    job = await ops.get_job(organization, actor, answer.headers["location"].removeprefix("/jobs/"))
    assert (job.label, job.link) == ("Re-route profiles", "/namespaces")
    assert job.requested_by.startswith("user:")


async def test_when_everything_is_in_its_place_the_page_says_so(owner):
    assert "Everything is in its place" in await text(owner, "/namespaces/reroute")


async def test_a_namespace_is_renamed_switched_off_and_on(owner):
    await make(owner, "acme-corp", "ACME")
    form = {"name": "acme", "keywords": "ACME", "description": ""}
    answer = await owner.post("/namespaces/acme-corp", data=form)
    assert answer.headers["location"] == "/namespaces/acme"
    assert "This namespace is switched off" in await text(owner, "/namespaces/acme")
    assert "switched off" in await text(owner, "/namespaces")
    await owner.post("/namespaces/acme", data={**form, "is_active": "on"})
    assert "switched off" not in (await owner.get("/namespaces/acme")).text.replace("Switched off it keeps", "")


async def test_the_default_namespace_is_explained_and_keeps_its_name(owner):
    found = await text(owner, "/namespaces/playmaker")
    assert "it takes every campaign that no keyword claims" in found
    assert "can be neither renamed, switched off nor archived" in found
    assert "Archive this namespace" not in found
    answer = await owner.post("/namespaces/playmaker", data={"name": "other", "keywords": "one\ntwo"})
    assert answer.headers["location"] == "/namespaces/playmaker"
    assert ">one\ntwo</textarea>" in (await owner.get("/namespaces/playmaker")).text
    assert (await owner.post("/namespaces/playmaker/archive", data={"confirm": "playmaker"})).status_code == 409


async def test_archiving_wants_the_name_typed_again(owner, add):
    await make(owner, "acme-corp", "ACME")
    await add("acme_corp_user_source", "a@x.example")
    refused = await owner.post("/namespaces/acme-corp/archive", data={"confirm": "acme"})
    assert refused.status_code == 422
    assert "Type the name again" in refused.text
    answer = await owner.post("/namespaces/acme-corp/archive", data={"confirm": " acme-corp "})
    assert (answer.status_code, answer.headers["location"]) == (303, "/namespaces")
    assert (await owner.get("/namespaces/acme-corp")).status_code == 404


async def test_what_it_holds_is_counted_when_asked(owner, add):
    await add("playmaker_user_source", "a@x.example", "b@x.example", campaign="One")
    part = await owner.get("/namespaces/playmaker/stats", headers=HTMX)
    found = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part.text))
    assert re.search(r"Profiles 2 counted just now", found), found
    assert re.search(r"By campaign One 2", found), found
    assert "By platform" not in await text(owner, "/namespaces/playmaker")
    assert "By platform" in await text(owner, "/namespaces/playmaker?stats=true")


async def test_a_viewer_reads_and_changes_nothing(owner, signed_in):
    await make(owner, "acme-corp", "ACME")
    viewer = await signed_in("viewer")
    page = (await viewer.get("/namespaces/acme-corp")).text
    assert "ACME" in page
    assert "<textarea" not in page
    assert "New namespace" not in (await viewer.get("/namespaces")).text
    for path in ("/namespaces/new", "/namespaces/acme-corp", "/namespaces/acme-corp/archive", "/namespaces/reroute"):
        assert (await viewer.post(path, data={"name": "x", "keywords": "x", "confirm": "acme-corp"})).status_code == 403


@pytest.mark.parametrize(
    "path", ["/namespaces/{}", "/namespaces/{}/stats", "/namespaces/nobody-has-this", "/namespaces/nobody-has-this/stats"]
)
async def test_another_organizations_namespace_is_not_found(owner, visitor_of_other_organization, path):
    await make(owner, "acme-corp", "ACME")
    answer = await visitor_of_other_organization.get(path.format("acme-corp"), headers=HTML)
    assert answer.status_code == 404
    assert "ACME" not in answer.text


@pytest.mark.parametrize("path", ["/namespaces/{}", "/namespaces/{}/preview", "/namespaces/{}/archive"])
async def test_another_organizations_namespace_cannot_be_changed(owner, visitor_of_other_organization, path):
    await make(owner, "acme-corp", "ACME")
    form = {"name": "acme-corp", "keywords": "mine", "confirm": "acme-corp", "is_active": "on"}
    assert (await visitor_of_other_organization.post(path.format("acme-corp"), data=form)).status_code == 404
    assert ">ACME</textarea>" in (await owner.get("/namespaces/acme-corp")).text


@pytest.mark.parametrize("query", ["cursor=xx", "campaign=" + "x" * 501, "campaign=%00"])
async def test_a_bad_query_is_answered_with_a_page_that_says_so(owner, query):
    answer = await owner.get(f"/namespaces?{query}")
    assert answer.status_code == 422
    assert "<h1>" in answer.text


async def test_a_form_without_the_token_does_nothing(owner):
    answer = await owner.post("/namespaces/new", data={"name": "acme", "keywords": "x"}, headers={"X-CSRF-Token": "wrong"})
    assert answer.status_code == 403
    assert (await owner.get("/namespaces/acme")).status_code == 404


async def test_a_page_asks_the_database_as_often_however_many_namespaces_there_are(owner, urls):
    await make(owner, "one", "one")
    async with counting(urls) as before:
        await owner.get("/namespaces", params={"campaign": "one"})
    for number in range(5):
        await make(owner, f"n{number}", f"kw{number}")
    async with counting(urls) as after:
        await owner.get("/namespaces", params={"campaign": "one"})
    assert len(before) == len(after) == 7
    async with counting(urls) as single:
        await owner.get("/namespaces/one")
    assert len(single) == 6
