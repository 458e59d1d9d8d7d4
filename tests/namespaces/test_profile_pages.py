"""The pages of profiles: the whole of Outrider for a client."""

import csv
import io
import re

import pytest
import pytest_asyncio

from outrider import tenancy
from tests.statements import counting

from .test_profiles_api import ANA, BO, CY, add, make  # noqa: F401

HTML = {"Accept": "text/html"}
HTMX = {"HX-Request": "true"}


@pytest_asyncio.fixture
async def owner(signed_in):
    """The browser of an owner."""
    opened = await signed_in()
    opened.headers.update(HTML)
    return opened


@pytest_asyncio.fixture
async def client_of_acme(client, signed_in, add):  # noqa: F811
    """The browser of a client of acme-corp, which has Ana and Bo; playmaker has Cy."""
    await make(client)
    await add("acme_corp_user_source", ANA, BO)
    await add("playmaker_user_source", CY)
    opened = await signed_in("client", namespaces=["acme-corp"])
    opened.headers.update(HTML)
    return opened


async def text(browser, path, status=200, **more):
    answer = await browser.get(path, **more)
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def id_of(client, email):
    [found] = [one for one in (await client.get("/api/profiles")).json()["items"] if one["email"] == email]
    return found["id"]


async def test_a_client_finds_their_own_people_and_nobody_elses(client_of_acme):
    found = await text(client_of_acme, "/profiles")
    assert "<h1>acme-corp</h1>" in (await client_of_acme.get("/profiles")).text
    assert ANA["email"] in found
    assert BO["email"] in found
    assert CY["email"] not in found
    assert "playmaker" not in found
    assert "Profiles 2 Added in 7 days" in found


async def test_a_client_has_no_way_to_another_namespace(client, client_of_acme):
    for path in (
        "/profiles?namespace=playmaker",
        "/profiles/export.csv?namespace=playmaker",
        f"/profiles/{await id_of(client, CY['email'])}",
    ):
        assert (await client_of_acme.get(path)).status_code == 404, path


async def test_a_client_sees_only_profiles_in_the_navigation(client_of_acme):
    page = (await client_of_acme.get("/profiles")).text
    navigation = page[page.index('<nav class="nav"') : page.index("</nav>")]
    assert 'href="/profiles"' in navigation
    assert "/namespaces" not in navigation
    assert "/jobs" not in navigation
    for path in ("/namespaces", "/jobs", "/events", "/schedules"):
        assert (await client_of_acme.get(path)).status_code == 403


async def test_a_client_without_a_namespace_is_told_whom_to_ask(signed_in):
    browser = await signed_in("client")
    assert "Nothing is shared with you yet" in await text(browser, "/profiles", headers=HTML)


async def test_an_empty_namespace_says_how_people_get_in(owner):
    assert "No profiles yet" in await text(owner, "/profiles")


async def test_search_and_filters_narrow_the_list_and_stay_in_the_form(owner, add):  # noqa: F811
    await add("playmaker_user_source", ANA, BO, CY)
    page = await owner.get("/profiles", params={"q": "lopez", "platform": "lemlist", "score_from": "50", "sort": "lead_score"})
    assert ANA["email"] in page.text
    assert BO["email"] not in page.text
    assert 'value="lopez"' in page.text
    assert '<option value="lemlist" selected>' in page.text
    assert 'value="50"' in page.text
    assert '<option value="lead_score" selected>' in page.text
    assert "Nobody fits" in await text(owner, "/profiles?q=zzz")


async def test_htmx_gets_the_rows_and_the_link_to_the_same_people_as_a_file(owner, add):  # noqa: F811
    await add("playmaker_user_source", ANA, BO)
    part = await owner.get("/profiles", params={"q": "lopez", "platform": "", "sort": "newest"}, headers=HTMX)
    assert '<div id="rows"' in part.text
    assert "<html" not in part.text
    assert '<hx-partial hx-target="#download"' in part.text
    assert 'href="/profiles/export.csv?q=lopez"' in part.text
    assert part.headers["hx-replace-url"] == "/profiles?q=lopez"
    wrong = await owner.get("/profiles", params={"score_from": "x"}, headers=HTMX)
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (200, True)


async def test_the_next_page_keeps_what_was_asked(owner, add, monkeypatch):  # noqa: F811
    monkeypatch.setattr("outrider.namespaces.pages.profiles.PAGE", 2)
    await add("playmaker_user_source", *({"email": f"p{n}@x.example", "platform": "apollo"} for n in range(5)), {"email": "q@y.example"})
    page = (await owner.get("/profiles", params={"q": "x.example", "sort": "email"})).text
    seen = re.findall(r"<small[^>]*>([^<]*)</small>|>(p\d@x\.example)<", page)
    while following := re.search(r'href="(/profiles\?[^"]*cursor=[^"]*)" rel="next"', page):
        assert "q=x.example" in following[1]
        assert "sort=email" in following[1]
        page = (await owner.get(following[1].replace("&amp;", "&"))).text
        seen += re.findall(r"<small[^>]*>([^<]*)</small>|>(p\d@x\.example)<", page)
    assert len({one for pair in seen for one in pair if one.startswith("p")}) == 5


@pytest.mark.parametrize(
    "query", ["score_from=many", "score_from=-1", "score_from=9&score_to=1", "score_to=99999999999", f"q={'a%20' * 40}"]
)
async def test_a_filter_that_cannot_be_used_is_said_above_the_list(owner, query):
    answer = await owner.get(f"/profiles?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'id="filters"' in answer.text


@pytest.mark.parametrize("query", ["sort=name", "cursor=xx", "q=%00", "namespace=" + "x" * 300])
async def test_a_query_that_no_page_of_ours_makes_is_refused(owner, query):
    assert (await owner.get(f"/profiles?{query}")).status_code in (404, 422)


async def test_the_file_has_what_the_list_shows(client_of_acme):
    page = (await client_of_acme.get("/profiles?q=lopez")).text
    address = re.search(r'href="(/profiles/export\.csv[^"]*)"', page)[1].replace("&amp;", "&")
    answer = await client_of_acme.get(address)
    assert answer.headers["content-disposition"] == 'attachment; filename="profiles.csv"'
    assert [row["email"] for row in csv.DictReader(io.StringIO(answer.text))] == [ANA["email"]]


async def test_one_profile_is_shown_with_scores_and_enrichment_in_words(client, client_of_acme, organization, actor):
    id = await id_of(client, ANA["email"])
    enrichment = {
        "employee_count": 11502,
        "isHiring": True,
        "hq": {"city": "Madrid"},
        "tools": ["SAP", "<b>"],
        "site": "https://acme.example",
    }
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute("UPDATE acme_corp_user_source SET enrichment_data = $1 WHERE email = $2", enrichment, ANA["email"])
    page = await client_of_acme.get(f"/profiles/{id}")
    found = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
    assert "Lead score 62 of 100 · medium" in found
    assert "Fit 80 of 100 · high" in found
    assert "Behaviour – not scored yet" in found
    assert "Employee count 11,502" in found
    assert "Is hiring yes" in found
    assert re.search(r"Hq\s+City\s+Madrid", found)
    assert "SAP, &lt;b&gt;" in page.text
    assert 'href="https://acme.example" rel="noopener noreferrer"' in page.text
    assert "Campaign ACME Q4" in found
    assert "/people/" not in page.text


async def test_what_enrichment_brought_cannot_run(client, client_of_acme, organization, actor):
    id = await id_of(client, ANA["email"])
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute(
            "UPDATE acme_corp_user_source SET linkedin_profile = $1, enrichment_data = $2",
            "javascript:alert(1)",
            {"site": "javascript:alert(2)"},
        )
    page = (await client_of_acme.get(f"/profiles/{id}")).text
    assert 'href="javascript' not in page


async def test_another_organizations_profile_is_not_found(client, client_of_acme, visitor_of_other_organization):
    id = await id_of(client, ANA["email"])
    assert (await visitor_of_other_organization.get(f"/profiles/{id}", headers=HTML)).status_code == 404
    assert ANA["email"] not in (await visitor_of_other_organization.get("/profiles", headers=HTML)).text
    assert ANA["email"] not in (await visitor_of_other_organization.get("/profiles/export.csv")).text


@pytest.mark.parametrize("id", ["x", "%00", "0193a512-0000-7000-8000-00000000dead"])
async def test_an_id_of_nothing_is_answered_with_a_page(owner, id):
    answer = await owner.get(f"/profiles/{id}")
    assert answer.status_code in (404, 422)
    assert "<h1>" in answer.text


async def test_a_list_asks_the_database_as_often_however_many_there_are(owner, add, urls):  # noqa: F811
    await add("playmaker_user_source", ANA)
    async with counting(urls) as few:
        await owner.get("/profiles")
    await add("playmaker_user_source", *({"email": f"p{n}@x.example"} for n in range(30)))
    async with counting(urls) as many:
        await owner.get("/profiles")
    assert len(few) == len(many) == 11
