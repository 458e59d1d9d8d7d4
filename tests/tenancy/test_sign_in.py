"""Signing in with address and password, switching, signing out: over HTTP, as browsers do it."""

import asyncio
import re
from datetime import timedelta

import pytest

from outrider import web
from outrider.tenancy import passwords, sessions, sign_in, throttle
from tests.api.fixtures import new_user, test_settings
from tests.tenancy import people
from tests.tenancy.people import PASSWORD


@pytest.fixture
async def person(organization, admin):
    return await people.new_person(organization, admin)


@pytest.fixture
async def client(app):
    async with people.browser(app) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def nobody_failed_yet(admin):
    await admin.execute("DELETE FROM tenancy.throttles")


async def session_count(admin, person):
    return await admin.fetchval("SELECT count(*) FROM tenancy.sessions WHERE user_id = $1", person.id)


async def is_in(client):
    return (await client.get("/account/security")).status_code == 200


async def test_the_sign_in_is_a_page_that_password_managers_understand(client):
    answer = await client.get("/sign-in")
    assert answer.status_code == 200
    assert 'autocomplete="username"' in answer.text
    assert 'autocomplete="current-password"' in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"  # with no-referrer, browsers send Origin: null with the form
    assert " style=" not in answer.text


async def test_who_knows_the_password_gets_in_and_where_they_wanted_to_go(client, person):
    answer = await people.sign_in(client, person, next="/account/security?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/security?x=1")
    cookie = answer.headers["set-cookie"]
    assert re.match(r"outrider_session=[0-9a-f]{32}\.[\w-]{43}; ", cookie)
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert await is_in(client)
    assert (await client.get("/sign-in?next=/people")).headers["location"] == "/people"


async def test_over_https_the_cookie_is_bound_to_it(app, person):
    async with people.browser(app, base="https://outrider.test") as client:
        cookie = (await people.sign_in(client, person)).headers["set-cookie"]
        assert cookie.startswith("__Host-outrider_session=")
        assert {"Secure", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert await is_in(client)


async def test_behind_a_proxy_that_speaks_https_the_public_address_decides(pool, person):
    app = web.create_app(test_settings(public_url="https://outrider.test"), manage_pool=False)
    async with people.browser(app) as client:
        assert (await people.sign_in(client, person)).headers["set-cookie"].startswith("__Host-outrider_session=")
    async with people.browser(app, base="http://localhost:8080") as client:
        assert (await people.sign_in(client, person)).headers["set-cookie"].startswith("outrider_session=")


@pytest.mark.parametrize("given", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_a_sign_in_leads_nowhere_else(client, person, given):
    assert (await client.get("/sign-in", params={"next": given})).text.count("evil") == 0
    assert (await people.sign_in(client, person, next=given)).headers["location"] == "/"


async def test_the_address_may_be_typed_as_people_do(client, person):
    answer = await client.post("/sign-in", data={"email": f"  {person.email.upper()} ", "password": PASSWORD})
    assert answer.status_code == 303


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper(), "x" * 10_000, "\u0000"])
async def test_a_wrong_password_is_told_and_the_address_stays_typed(client, person, password):
    answer = await client.post("/sign-in", data={"email": person.email, "password": password})
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers
    if password != "\u0000":
        assert sign_in.WRONG in answer.text
        assert f'value="{person.email}"' in answer.text


async def test_an_address_that_nobody_has_gets_the_same_answer(client, person, organization):
    wrong = await people.sign_in(client, person, "wrong password")
    unknown = await client.post("/sign-in", data={"email": f"x{person.email}", "password": "wrong password"})
    assert unknown.status_code == wrong.status_code
    assert unknown.text.replace(f"x{person.email}", person.email) == wrong.text


async def test_an_address_that_nobody_has_costs_a_check_of_a_password_too(client, monkeypatch):
    asked = []
    check = passwords._check
    monkeypatch.setattr(passwords, "_check", lambda password, hashed: asked.append(hashed) or check(password, hashed))
    await client.post("/sign-in", data={"email": "nobody@example.org", "password": PASSWORD})
    assert asked == [None]
    parameters = [text.rsplit("$", 2)[0] for text in (passwords._nobodys_hash(), await people.hash_of(PASSWORD))]
    assert parameters[0] == parameters[1]  # so it takes the same time


async def test_who_has_no_password_or_no_organization_cannot_sign_in(client, organization, admin, person):
    await admin.execute("DELETE FROM tenancy.memberships WHERE user_id = $1", person.id)
    assert (await people.sign_in(client, person)).status_code == 422
    email = f"x{person.email}"
    await new_user(organization, "member", email)
    assert (await client.post("/sign-in", data={"email": email, "password": ""})).status_code == 422


@pytest.mark.parametrize("body", [b"", b"email", b"%ff=%ff", b"email=a&email=b&password=c", b"\x00\xff", b"email=a%00b&password=c"])
async def test_a_form_that_is_none_is_refused(client, body):
    answer = await client.post("/sign-in", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 422


async def test_a_huge_form_is_not_read(client):
    answer = await client.post("/sign-in", content=b"x" * 100_000, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "", "Origin": "null"}]
)
async def test_no_other_site_signs_anybody_in(client, person, headers):
    data = {"email": person.email, "password": PASSWORD}
    assert (await client.post("/sign-in", data=data, headers=headers)).status_code == 403


async def test_each_sign_in_makes_a_new_session_and_the_browsers_old_one_ends(client, person, admin):
    await people.sign_in(client, person)
    first = client.cookies["outrider_session"]
    await people.sign_in(client, person)
    assert client.cookies["outrider_session"] != first
    assert await sessions.find_visit(first) is None
    assert await session_count(admin, person) == 1


async def test_a_cookie_that_was_planted_does_not_become_a_session(app, client, person):
    planted = "0" * 32 + "." + "A" * 43
    client.cookies.set("outrider_session", planted)
    await people.sign_in(client, person)
    assert planted not in [cookie.value for cookie in client.cookies.jar if cookie.domain == "outrider.test"]
    assert await sessions.find_visit(planted) is None


async def test_signing_out_ends_the_session_and_not_only_the_cookie(client, person):
    await people.sign_in(client, person)
    secret = client.cookies["outrider_session"]
    assert (await client.post("/sign-out")).status_code == 403
    answer = await people.send(client, "/account/security", "/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert await sessions.find_visit(secret) is None
    assert "outrider_session" not in client.cookies
    assert (await client.get("/account/security")).status_code == 303


async def test_who_is_removed_is_out_at_the_next_page(client, person, admin):
    await people.sign_in(client, person)
    await admin.execute("DELETE FROM tenancy.memberships WHERE user_id = $1", person.id)
    answer = await client.get("/account/security")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/account/security")


async def test_who_is_in_two_organizations_switches_between_them(client, person, organization, other_organization, admin):
    await new_user(other_organization, "viewer", person.email)
    await people.sign_in(client, person)
    first = client.cookies["outrider_session"]
    answer = await people.send(client, "/account/security", "/organizations/switch", organization=str(other_organization))
    assert answer.status_code == 303
    visit = await sessions.find_visit(client.cookies["outrider_session"])
    assert (visit.visitor.organization_id, visit.visitor.caller.role) == (other_organization, "viewer")
    assert await sessions.find_visit(first) is None
    await people.send(client, "/account/security", "/sign-out")
    await people.sign_in(client, person)
    visit = await sessions.find_visit(client.cookies["outrider_session"])
    assert visit.visitor.organization_id == other_organization  # where they were last


async def test_nobody_switches_to_an_organization_they_are_not_in(client, person, organization, other_organization):
    await people.sign_in(client, person)
    for wanted, status in ((str(other_organization), 404), ("x", 422), ("", 422)):
        answer = await people.send(client, "/account/security", "/organizations/switch", organization=wanted)
        assert answer.status_code == status
    assert (await sessions.find_visit(client.cookies["outrider_session"])).visitor.organization_id == organization


async def test_a_page_without_a_session_of_this_organization_shows_nothing_of_it(visitor_of_other_organization, client, person):
    await people.sign_in(client, person)
    mine = (await client.get("/account/security")).text
    assert person.email not in (await visitor_of_other_organization.get("/account/security")).text
    assert person.email in mine


# Throttling


async def test_the_first_failures_are_free(client, person):
    for _ in range(throttle.ACCOUNT_FREE):
        assert (await people.sign_in(client, person, "wrong password")).status_code == 422
    assert (await people.sign_in(client, person)).status_code == 303


async def test_more_failures_make_the_next_attempt_wait_and_longer_each_time(client, person, admin):
    await people.sign_in(client, person, "wrong password")
    waits = []
    for failures in range(throttle.ACCOUNT_FREE + 4, throttle.ACCOUNT_FREE + 14):
        await people.failed_before(admin, failures)
        assert (await people.sign_in(client, person, "wrong password")).status_code == 422
        answer = await people.sign_in(client, person)
        assert (answer.status_code, "Try again in" in answer.text) == (429, True)
        waits.append(int(answer.headers["retry-after"]))
    growing, longest = waits[:6], waits[6:]
    assert growing == sorted(growing)
    assert 10 <= growing[0] <= 16
    assert all(880 <= wait <= 900 for wait in longest)


async def test_the_wait_holds_for_every_process(pool, person, admin):
    apps = [web.create_app(test_settings(), manage_pool=False) for _ in range(2)]
    async with people.browser(apps[0]) as one, people.browser(apps[1]) as other:
        await people.sign_in(one, person, "wrong password")
        await people.failed_before(admin, 12)
        await people.sign_in(one, person, "wrong password")
        assert (await people.sign_in(other, person)).status_code == 429


async def test_the_right_person_gets_in_from_elsewhere_meanwhile(app, client, person, admin):
    await people.sign_in(client, person, "wrong password")
    await people.failed_before(admin, 12)
    await people.sign_in(client, person, "wrong password")
    async with people.browser(app, address="198.51.100.3") as elsewhere:
        assert (await people.sign_in(elsewhere, person)).status_code == 303
    assert (await people.sign_in(client, person)).status_code == 429


async def test_a_hundred_at_once_do_not_all_pass(app, person, monkeypatch):
    async def check(password, hashed):
        await asyncio.sleep(0.05)
        return passwords.Check(False)

    monkeypatch.setattr(sign_in, "check_password", check)
    async with people.browser(app) as client:
        answers = await asyncio.gather(*(people.sign_in(client, person, f"guess {n}") for n in range(40)))
    assert sum(answer.status_code == 422 for answer in answers) <= throttle.ACCOUNT_FREE + 1


async def test_many_accounts_from_one_network_wait_too(client, person, admin):
    await client.post("/sign-in", data={"email": f"0{person.email}", "password": "x"})
    await people.failed_before(admin, throttle.NETWORK_FREE + 8)
    await client.post("/sign-in", data={"email": f"1{person.email}", "password": "x"})
    assert (await people.sign_in(client, person)).status_code == 429


async def test_a_sign_in_that_works_makes_earlier_failures_good(client, person, admin):
    await people.sign_in(client, person, "wrong password")
    await people.failed_before(admin, throttle.ACCOUNT_FREE)
    assert (await people.sign_in(client, person)).status_code == 303
    assert await admin.fetchval("SELECT max(failures) FROM tenancy.throttles") == throttle.ACCOUNT_FREE  # of the network; this one is not


async def test_a_busy_network_is_rid_of_its_typing_errors_after_an_hour(client, person, admin):
    await people.sign_in(client, person, "wrong password")
    await admin.execute("UPDATE tenancy.throttles SET forget_at = now() + interval '1 minute'")
    await client.post("/sign-in", data={"email": f"x{person.email}", "password": "x"})
    network = throttle._key("sign-in 203.0.113.9")
    left = await admin.fetchval("SELECT forget_at - now() FROM tenancy.throttles WHERE key = $1", network)
    assert left < timedelta(minutes=2)  # one more did not make it longer
    await people.failed_before(admin, throttle.NETWORK_FREE)
    await client.post("/sign-in", data={"email": f"x{person.email}", "password": "x"})
    left = await admin.fetchval("SELECT forget_at - now() FROM tenancy.throttles WHERE key = $1", network)
    assert left > timedelta(minutes=59)  # but who must wait is remembered


async def test_after_an_hour_failures_are_forgotten(client, person, admin):
    await people.sign_in(client, person, "wrong password")
    await people.failed_before(admin, 12)
    await people.sign_in(client, person, "wrong password")
    await admin.execute("UPDATE tenancy.throttles SET forget_at = now() - interval '1 second'")
    assert (await people.sign_in(client, person)).status_code == 303


def test_a_network_of_the_new_kind_counts_as_one_customer():
    assert throttle.network_of(sessions.client_address("2001:db8:1:2:3::4")) == "2001:db8:1:2::/64"
    assert throttle.network_of(sessions.client_address("203.0.113.9")) == "203.0.113.9"
    assert throttle.network_of(None) == "local"


def test_addresses_of_the_old_kind_that_come_over_the_new_one_are_no_network_of_their_own():
    assert throttle.network_of(sessions.client_address("::ffff:203.0.113.9")) == "203.0.113.9"
    assert throttle.network_of(sessions.client_address("fe80::1%eth0")) == "fe80::/64"


async def test_no_address_is_stored_with_what_failed(client, person, admin):
    await people.sign_in(client, person, "wrong password")
    assert {len(row["key"]) for row in await admin.fetch("SELECT key FROM tenancy.throttles")} == {32}


async def test_a_flood_is_refused_and_not_queued_without_end(monkeypatch):
    monkeypatch.setattr(passwords, "WAITING", 0)
    outcomes = await asyncio.gather(*(passwords.check_password("x", None) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(outcome, passwords.Check) for outcome in outcomes) == passwords.AT_ONCE
    assert {type(outcome).__name__ for outcome in outcomes} == {"Check", "Unavailable"}
