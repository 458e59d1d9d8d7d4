"""The home page and the database page: who sees them, what stands on them, and what never does."""

from contextlib import suppress

import pytest
import pytest_asyncio

from outrider import ops, tenancy
from outrider.kit.errors import Conflict
from outrider.reports import overview
from tests.api.fixtures import new_user, open_browser

ANA = {"email": "ana@acme.example", "name": "Ana Lima", "company": "Acme", "domain": "acme.example"}
BO = {"email": "bo@umbrella.example", "name": "Bo Lee", "company": "Umbrella", "domain": "umbrella.example"}


@pytest_asyncio.fixture
async def operators_browser(app):
    """The browser of an owner of the default organization."""
    with suppress(Conflict):
        await tenancy.create_organization("Default", "default", tenancy.DEFAULT_ORGANIZATION)
    async with await open_browser(app, tenancy.DEFAULT_ORGANIZATION, await new_user(tenancy.DEFAULT_ORGANIZATION)) as opened:
        yield opened


async def test_an_empty_home_offers_to_bring_a_file(signed_in):
    page = (await (await signed_in()).get("/")).text
    assert "Bring in your first leads" in page
    assert 'type="file"' in page
    assert 'action="/imports"' in page
    assert "Rows that came in" not in page


async def test_home_shows_how_much_there_is_and_only_ones_own(signed_in, leads, visitor_of_other_organization):
    await leads(ANA, BO)
    page = (await (await signed_in()).get("/")).text
    assert "Bring in your first leads" not in page
    assert page.count('<span class="stat-value">2</span>') == 4
    assert "The last 30 days: 2 rows" in page
    theirs = (await visitor_of_other_organization.get("/")).text
    assert "Bring in your first leads" in theirs


async def test_home_says_that_nothing_moves_without_a_worker(signed_in):
    assert "No worker is running" in (await (await signed_in()).get("/")).text


async def test_home_asks_owners_and_not_viewers_to_do_something(signed_in):
    owners = (await (await signed_in("owner")).get("/")).text
    assert "Add a second factor" in owners
    assert "Add the address" in owners
    viewers = (await (await signed_in("viewer")).get("/")).text
    assert "Nothing waits for you" in viewers
    assert 'type="file"' not in viewers


async def test_a_client_is_sent_to_the_profiles_and_a_stranger_to_the_sign_in(signed_in, anonymous):
    answer = await (await signed_in("client", ["playmaker"])).get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/profiles")
    answer = await anonymous.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_what_runs_is_asked_for_more_often_while_something_does(signed_in, organization, actor):
    browser = await signed_in()
    quiet = (await browser.get("/home/running")).text
    assert "Nothing is running" in quiet
    assert "<html" not in quiet
    async with tenancy.transaction(organization, actor) as connection:
        job = await ops.enqueue(connection, "intake.import", {})
        await connection.execute("UPDATE ops.jobs SET state = 'active', progress_done = 40, progress_total = 100 WHERE id = $1", job)
    busy = (await browser.get("/home/running")).text
    assert "40 of 100" in busy
    assert 'hx-trigger="every 2s"' in busy
    assert 'hx-trigger="every 20s"' in quiet
    assert (await (await signed_in("client", ["playmaker"])).get("/home/running")).status_code == 403


async def test_visiting_home_has_a_large_organization_counted(signed_in, leads, monkeypatch, organization, actor):
    monkeypatch.setattr(overview, "LIVE", 1)
    await leads(ANA, BO)
    page = (await (await signed_in()).get("/")).text
    assert "is being counted" in page
    assert len((await ops.list_jobs(organization, actor, name=overview.COUNT)).items) == 1


async def test_the_operator_sees_how_the_database_does(operators_browser):
    page = (await operators_browser.get("/database")).text
    for words in ("PostgreSQL", "What is good", "vault.contacts", "Unused indexes", "Open transactions", "This web server uses"):
        assert words in page, words


@pytest.mark.parametrize("role", ["owner", "member", "viewer", "client"])
async def test_nobody_else_does(signed_in, role):
    assert (await (await signed_in(role)).get("/database")).status_code == 403


async def test_members_of_the_default_organization_do_not_either(app, operators_browser):
    member = await new_user(tenancy.DEFAULT_ORGANIZATION, "member")
    async with await open_browser(app, tenancy.DEFAULT_ORGANIZATION, member) as browser:
        assert (await browser.get("/database")).status_code == 403


async def test_a_page_of_the_database_says_what_it_could_not_read(operators_browser, admin):
    async with admin.transaction():
        await admin.execute("LOCK TABLE vault.contacts IN ACCESS EXCLUSIVE MODE")
        page = (await operators_browser.get("/database")).text
    assert "could not be read in time" in page
    assert "PostgreSQL" in page
