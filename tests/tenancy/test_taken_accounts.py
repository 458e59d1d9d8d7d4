"""Accounts taken in advance: a password that one organization's admins know opens no other one."""

import hashlib
from uuid import UUID

import pytest

from outrider import tenancy
from outrider.database import migrate
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


async def test_passwords_from_before_are_taken_for_the_making_of_the_one_organization(admin, organization, other_organization):
    """But for those of who proved the address, is in several, or is in the operator's."""
    made = {
        "one": [organization], "proved": [organization], "several": [organization, other_organization],
        "operators": [tenancy.DEFAULT_ORGANIZATION], "without": [organization],
    }  # fmt: skip
    text = (migrate.FOLDER / "20261120122100_passwords_of_organizations.sql").read_text()
    statement = text[text.index("UPDATE tenancy.users SET password_from") :].partition(";")[0]
    transaction = admin.transaction()
    await transaction.start()
    try:
        for name, places in made.items():
            await admin.execute(
                "INSERT INTO tenancy.users (email, password_hash, email_verified, organization_ids) VALUES ($1, $2, $3, $4)",
                f"{name}@{organization.hex}.example", None if name == "without" else "x", name == "proved", places,
            )  # fmt: skip
        await admin.execute(statement)
        rows = await admin.fetch("SELECT email, password_from FROM tenancy.users WHERE email LIKE $1", f"%@{organization.hex}.example")
    finally:
        await transaction.rollback()
    assert {row["email"].partition("@")[0]: row["password_from"] for row in rows} == dict.fromkeys(made) | {"one": organization}
