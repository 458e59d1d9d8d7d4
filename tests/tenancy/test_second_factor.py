"""The second factor: set up, asked for, used once, lost, required of everybody."""

import asyncio
import re

import pytest

from outrider import tenancy
from outrider.kit.encryption import Cipher
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import organizations, second_factor, sessions
from tests.api.fixtures import new_user
from tests.tenancy import people

PAGE = "/account/security"
SET_UP = f"{PAGE}/second-factor"
CIPHER = Cipher([bytes(32)])


@pytest.fixture(autouse=True)
async def nobody_failed_yet(admin):
    await admin.execute("DELETE FROM tenancy.throttles")


@pytest.fixture
async def person(organization, admin):
    return await people.new_person(organization, admin, "owner")


@pytest.fixture
async def client(app, person):
    async with people.browser(app) as opened:
        assert (await people.sign_in(opened, person)).status_code == 303
        yield opened


@pytest.fixture
async def fresh(app):
    """Another browser."""
    async with people.browser(app) as opened:
        yield opened


async def set_up(client):
    """Set a second factor up as a person does; returns their app and recovery codes."""
    shown = await client.get(SET_UP)
    app = people.app_of(shown)
    answer = await client.post(SET_UP, data={"csrf_token": people.field_of(shown, "csrf_token"), "code": people.code_at(app)})
    assert answer.status_code == 200, answer.text
    return app, re.findall(r"<li>([a-z0-9-]{19})</li>", answer.text)


async def test_it_is_set_up_with_a_picture_a_code_and_recovery_codes_shown_once(client, person, admin):
    shown = await client.get(SET_UP)
    assert "<svg" in shown.text
    assert " style=" not in shown.text
    app = people.app_of(shown)
    assert (app.name, app.issuer) == (person.email, "Outrider")
    assert people.app_of(await client.get(SET_UP)).secret == app.secret  # what was scanned still holds after a reload
    app, codes = await set_up(client)
    assert len(set(codes)) == 10
    page = (await client.get(PAGE)).text
    assert "10 recovery codes left" in page
    assert not any(code in page for code in codes)


async def test_an_open_browser_is_not_enough_to_set_one_up(client, person, admin, other_organization):
    """Whoever finds it could lock its owner out for good. Going to another organization is no new sign-in."""
    await new_user(other_organization, "viewer", person.email)
    await admin.execute("UPDATE tenancy.sessions SET signed_in_at = now() - interval '11 minutes' WHERE user_id = $1", person.id)
    await people.send(client, PAGE, "/organizations/switch", organization=str(other_organization))
    shown = await client.get(SET_UP)
    assert "Your password" in shown.text
    fields = {"csrf_token": people.field_of(shown, "csrf_token"), "code": people.code_at(people.app_of(shown))}
    for wrong in ({}, {"current": "wrong password"}):
        answer = await client.post(SET_UP, data={**fields, **wrong})
        assert (answer.status_code, "This is not your password" in answer.text) == (422, True)
    assert "recovery codes left" not in (await client.get(PAGE)).text
    assert (await client.post(SET_UP, data={**fields, "current": person.password})).status_code == 200
    assert "recovery codes left" in (await client.get(PAGE)).text


async def test_nothing_secret_can_be_read_by_sql(client, person, admin):
    app, codes = await set_up(client)
    factor = await admin.fetchval("SELECT secret FROM tenancy.second_factors WHERE user_id = $1", person.id)
    hashes = await admin.fetch("SELECT code_hash FROM tenancy.recovery_codes WHERE user_id = $1", person.id)
    assert app.secret.encode() not in factor
    assert not any(code.replace("-", "").encode() in row["code_hash"] for row in hashes for code in codes)


async def test_a_key_that_was_shown_before_the_password_changed_is_not_set_up_after(client, person, admin):
    shown = people.app_of(await client.get(SET_UP)).secret
    await admin.execute("UPDATE tenancy.users SET password_hash = $2 WHERE id = $1", person.id, await people.hash_of("another quiet otter"))
    assert people.app_of(await client.get(SET_UP)).secret != shown
    await set_up(client)
    await admin.execute("UPDATE tenancy.users SET password_hash = $2 WHERE id = $1", person.id, await people.hash_of(people.PASSWORD))
    assert await admin.fetchval("SELECT count(*) FROM tenancy.second_factors WHERE user_id = $1", person.id) == 1


async def test_a_wrong_code_sets_nothing_up(client, person):
    shown = await client.get(SET_UP)
    for code in ("", "000000", "abc", "1234567", "é", "x" * 5000):
        answer = await client.post(SET_UP, data={"csrf_token": people.field_of(shown, "csrf_token"), "code": code})
        assert answer.status_code in (422, 429)
    assert not (await second_factor.find(person.id)).is_in_force
    assert (await client.get(PAGE)).status_code == 200


async def test_from_then_on_the_password_alone_opens_nothing(client, fresh, person):
    app, _ = await set_up(client)
    answer = await people.sign_in(fresh, person, next=PAGE)
    assert answer.headers["location"] == f"/sign-in/code?next={PAGE}"
    half = fresh.cookies["outrider_session"]
    assert (await fresh.get(PAGE)).headers["location"] == f"/sign-in/code?next={PAGE}"
    assert (await fresh.get(SET_UP)).headers["location"].startswith("/sign-in/code")
    for path in (f"{PAGE}/sign-out-everywhere", f"{PAGE}/password", f"{PAGE}/recovery-codes", f"{PAGE}/second-factor/remove", SET_UP):
        token = people.field_of(await fresh.get("/sign-in/code"), "csrf_token")
        answer = await fresh.post(path, data={"csrf_token": token, "current": person.password})
        assert answer.headers["location"].startswith("/sign-in/code"), path
    answer = await people.send(fresh, "/sign-in/code", code=people.code_at(app, 1), next=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert (await fresh.get(PAGE)).status_code == 200
    assert fresh.cookies["outrider_session"] != half
    assert await sessions.find_visit(half) is None


async def test_the_name_of_the_organization_and_the_navigation_are_not_shown_before_the_code(client, fresh, person, admin, organization):
    await set_up(client)
    await people.sign_in(fresh, person)
    page = (await fresh.get("/sign-in/code")).text
    assert await admin.fetchval("SELECT name FROM tenancy.organizations WHERE id = $1", organization) not in page
    assert 'href="/account/security"' not in page


async def test_a_code_works_once(client, fresh, person):
    app, _ = await set_up(client)
    await people.sign_in(fresh, person)
    used = people.code_at(app)
    assert (await people.send(fresh, "/sign-in/code", code=used)).status_code == 422
    assert (await people.send(fresh, "/sign-in/code", code=people.code_at(app, 1))).status_code == 303


async def test_two_at_once_do_not_both_pass_with_one_code(client, person):
    app, codes = await set_up(client)
    for code in (people.code_at(app, 1), codes[0]):
        outcomes = await asyncio.gather(*(second_factor.check(person.id, code, CIPHER) for _ in range(5)), return_exceptions=True)
        assert [outcome for outcome in outcomes if outcome is None] == [None]


@pytest.mark.parametrize(("step", "status"), [(-3, 422), (3, 422), (1, 303)])
async def test_a_clock_that_is_a_little_off_is_forgiven(client, fresh, person, admin, step, status):
    app, _ = await set_up(client)
    await people.sign_in(fresh, person)
    assert (await people.send(fresh, "/sign-in/code", code=people.code_at(app, step))).status_code == status


async def test_a_recovery_code_lets_in_once_however_it_is_typed(client, fresh, person):
    _, codes = await set_up(client)
    for status in (303, 422):
        fresh.cookies.clear()
        await people.sign_in(fresh, person)
        answer = await people.send(fresh, "/sign-in/code", code=f" {codes[0].upper().replace('-', ' ')} ")
        assert answer.status_code == status
    assert (await second_factor.find(person.id)).codes_left == 9


async def test_somebody_elses_codes_open_nothing(client, fresh, person, organization, admin, app):
    _, codes = await set_up(client)
    other = await people.new_person(organization, admin)
    async with people.browser(app) as theirs:
        await people.sign_in(theirs, other)
        await set_up(theirs)
    await people.sign_in(fresh, other)
    assert (await people.send(fresh, "/sign-in/code", code=codes[0])).status_code == 422


async def test_guessing_codes_waits_wherever_it_comes_from(client, fresh, person, app, admin):
    authenticator, _ = await set_up(client)
    await people.sign_in(fresh, person)
    assert (await people.send(fresh, "/sign-in/code", code="000000")).status_code == 422
    await people.failed_before(admin, 12)
    assert (await people.send(fresh, "/sign-in/code", code="000000")).status_code == 422
    assert (await people.send(fresh, "/sign-in/code", code=people.code_at(authenticator, 1))).status_code == 429
    async with people.browser(app, address="198.51.100.3") as elsewhere:
        await people.sign_in(elsewhere, person)
        answer = await people.send(elsewhere, "/sign-in/code", code=people.code_at(authenticator, 1))
        assert answer.status_code == 429
        assert "retry-after" in answer.headers


async def test_a_session_without_its_code_is_over_soon(client, fresh, person, admin):
    await set_up(client)
    await people.sign_in(fresh, person)
    await admin.execute("UPDATE tenancy.sessions SET created_at = now() - interval '16 minutes' WHERE second_factor_at IS NULL")
    assert (await fresh.get("/sign-in/code")).headers["location"].startswith("/sign-in?")


async def test_who_is_asked_for_a_code_can_leave(client, fresh, person):
    await set_up(client)
    await people.sign_in(fresh, person)
    assert (await people.send(fresh, "/sign-in/code", "/sign-out")).headers["location"] == "/sign-in"


async def test_it_is_turned_off_with_the_password_only(client, fresh, person):
    await set_up(client)
    for form in ("second-factor/remove", "recovery-codes"):
        assert (await people.send(client, PAGE, f"{PAGE}/{form}", current="wrong password")).status_code == 422
        assert (await people.send(client, PAGE, f"{PAGE}/{form}")).status_code == 422
    assert (await second_factor.find(person.id)).is_in_force
    assert (await people.send(client, PAGE, f"{PAGE}/second-factor/remove", current=person.password)).status_code == 303
    assert await second_factor.find(person.id) is None
    assert (await people.sign_in(fresh, person, next=PAGE)).headers["location"] == PAGE


async def test_new_recovery_codes_make_the_old_ones_useless(client, person):
    _, old = await set_up(client)
    answer = await people.send(client, PAGE, f"{PAGE}/recovery-codes", current=person.password)
    new = re.findall(r"<li>([a-z0-9-]{19})</li>", answer.text)
    assert len(new) == 10
    with pytest.raises(InvalidInput):
        await second_factor.check(person.id, old[0], CIPHER)
    await second_factor.check(person.id, new[0], CIPHER)


async def test_one_in_force_is_not_written_over(client, person):
    await set_up(client)
    assert (await client.get(SET_UP)).status_code == 409
    with pytest.raises(Conflict):
        await second_factor.begin(person.id, person.email, CIPHER)


async def test_a_newer_key_takes_over_at_the_next_code(client, person, admin):
    app, _ = await set_up(client)
    newer = Cipher([b"\x01" * 32, bytes(32)])
    await second_factor.check(person.id, people.code_at(app, 1), newer)
    assert newer.is_current(await admin.fetchval("SELECT secret FROM tenancy.second_factors WHERE user_id = $1", person.id))


# Required of everybody


@pytest.fixture
async def required(organization, actor):
    """The test's organization asks everybody for one."""
    caller = tenancy.Caller(organization, actor, "owner", tenancy.scopes_of("owner", organization))
    await organizations.change_organization(caller, require_second_factor=True)


async def test_who_has_none_where_it_is_required_sets_it_up_before_anything_else(required, fresh, organization, admin):
    member = await people.new_person(organization, admin)
    answer = await people.sign_in(fresh, member, next="/people")
    assert answer.headers["location"] == f"{SET_UP}?next=/people"
    assert (await fresh.get(PAGE)).headers["location"] == f"{SET_UP}?next={PAGE}"
    assert (await fresh.get(PAGE, headers={"HX-Request": "true"})).status_code == 401
    await set_up(fresh)
    assert (await fresh.get(PAGE)).status_code == 200


async def test_sessions_from_before_it_was_required_are_held_up_too(client, organization, actor):
    assert (await client.get(PAGE)).status_code == 200
    caller = tenancy.Caller(organization, actor, "owner", tenancy.scopes_of("owner", organization))
    await organizations.change_organization(caller, require_second_factor=True)
    assert (await client.get(PAGE)).headers["location"].startswith(SET_UP)
    await organizations.change_organization(caller, require_second_factor=False)
    assert (await client.get(PAGE)).status_code == 200


async def test_what_one_organization_requires_another_does_not(required, visitor_of_other_organization):
    assert (await visitor_of_other_organization.get(PAGE)).status_code == 200


async def test_where_it_is_required_it_can_be_turned_off_only_to_set_up_another(required, fresh, organization, admin):
    member = await people.new_person(organization, admin)
    await people.sign_in(fresh, member)
    await set_up(fresh)
    await people.send(fresh, PAGE, f"{PAGE}/second-factor/remove", current=member.password)
    assert (await fresh.get(PAGE)).headers["location"].startswith(SET_UP)
    assert (await people.send(fresh, SET_UP, "/sign-out")).headers["location"] == "/sign-in"
