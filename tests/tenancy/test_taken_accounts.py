"""Accounts taken in advance: a password that one organization's admins know opens no other one."""

import hashlib
from uuid import UUID

import pytest

from outrider import tenancy
from outrider.kit import database
from outrider.tenancy import members
from outrider.tenancy.store import sign_in_queries
from tests.tenancy import people
from tests.tenancy.test_users import add


@pytest.fixture
async def email(organization, admin):
    """An address that no other test has: users are not a tenant's."""
    await admin.execute("DELETE FROM tenancy.throttles")
    return f"u{organization.hex}@example.org"


async def name_of(client):
    return (await client.get("/api/organization")).json()["name"]


async def link_for(email):
    """What the mail to an address holds."""
    async with database.acquired() as connection:
        assert await sign_in_queries.ask_reset(connection, email=email, token_hash=hashlib.sha256(b"token").digest())
    return "/sign-in/reset?token=token"


async def test_an_account_made_in_advance_opens_no_other_organization(client, stranger, app, email):
    known = (await add(stranger, email))["password"]
    await add(client, email)
    ours, theirs = await name_of(client), await name_of(stranger)
    person = people.Person(UUID(int=0), email, known)
    async with people.browser(app) as taken, people.browser(app) as other:
        assert (await people.sign_in(taken, person)).status_code == 303
        home = await taken.get("/")
        assert theirs in home.text
        assert ours not in home.text
        place = (await client.get("/api/organization")).json()["id"]
        assert (await people.send(taken, "/account/security", "/organizations/switch", organization=place)).status_code == 404
        # A password that was chosen in such a session is no better.
        changed = await people.send(taken, "/account/security", "/account/security/password", current=known, password="nine brisk lapwings")
        assert changed.status_code == 303
        assert ours not in (await taken.get("/")).text
        assert (await people.sign_in(other, person, "nine brisk lapwings")).status_code == 303
        assert ours not in (await other.get("/")).text
    async with people.browser(app) as own:
        shown = await own.get(await link_for(email))
        await own.post("/sign-in/reset", data={"token": people.field_of(shown, "token"), "password": "six patient storks"})
        assert (await people.sign_in(own, person, "six patient storks")).status_code == 303
        home = await own.get("/")
        assert ours in home.text
        assert theirs in home.text


async def test_who_is_in_no_organization_that_made_their_password_has_none(client, stranger, app, email):
    user = await add(stranger, email)
    await add(client, email)
    await stranger.delete(f"/api/users/{user['id']}")
    async with people.browser(app) as browser:
        assert (await people.sign_in(browser, people.Person(UUID(int=0), email, user["password"]))).status_code == 422
        made = (await client.post(f"/api/users/{user['id']}/reset-password")).json()["password"]
        assert (await people.sign_in(browser, people.Person(UUID(int=0), email, made))).status_code == 303


async def test_what_the_operator_makes_opens_all(client, stranger, app, email, organization, actor):
    await add(stranger, email)
    await add(client, email)
    made = await tenancy.reset_password(organization, actor, email)
    await opens_both(app, client, stranger, email, made)


async def test_so_does_the_password_of_who_the_operator_lets_in(client, stranger, app, email, organization):
    operator = tenancy.Caller(organization, tenancy.Actor("cli", "root"), "owner", tenancy.scopes_of("owner", organization))
    made = (await members.add_user(operator, email)).password
    await add(stranger, email)
    await opens_both(app, client, stranger, email, made)


async def opens_both(app, client, stranger, email, made):
    async with people.browser(app) as browser:
        await people.sign_in(browser, people.Person(UUID(int=0), email, made))
        home = (await browser.get("/")).text
        assert await name_of(client) in home
        assert await name_of(stranger) in home
