"""Signing in at a provider of OpenID Connect: a real one on this machine, honest and lying."""

import time

import pytest
from joserfc.jwk import RSAKey

from outrider import web
from outrider.kit import logs
from outrider.kit.errors import Unavailable
from outrider.tenancy import oidc, sessions
from tests.api.fixtures import test_settings
from tests.tenancy import people, provider

PUBLIC = "http://outrider.test"


@pytest.fixture
def at():
    """The provider."""
    with provider.serving() as found:
        yield found


def settings(at, **changes):
    usual = {"oidc_issuer": at.issuer, "oidc_client_id": provider.CLIENT, "oidc_client_secret": provider.SECRET, "oidc_name": "Example ID"}
    return test_settings(**{**usual, "public_url": PUBLIC, **changes})


@pytest.fixture
def app(pool, at):
    return web.create_app(settings(at), manage_pool=False)


@pytest.fixture
async def person(organization, admin, at):
    await admin.execute("DELETE FROM tenancy.throttles")
    made = await people.new_person(organization, admin)
    at.email = made.email
    at.subject = made.email
    return made


@pytest.fixture
async def client(app):
    async with people.browser(app) as opened:
        yield opened


async def begin(client, next="/account/security"):
    """Where the browser is sent."""
    answer = await client.get("/sign-in/oidc", params={"next": next})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_back(client, at, next="/account/security"):
    """Sign in at the provider and come back; a browser comes from another site then."""
    location = at.authorize(await begin(client, next))
    return await client.get(location.removeprefix(PUBLIC), headers={"Sec-Fetch-Site": "cross-site"})


async def links(admin, at):
    return await admin.fetch("SELECT subject, user_id FROM tenancy.oidc_links WHERE issuer = $1", at.issuer)


async def test_a_member_signs_in_and_goes_where_they_wanted(client, at, person, admin):
    assert "Sign in with Example ID" in (await client.get("/sign-in")).text
    answer = await come_back(client, at)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/security")
    assert person.email in (await client.get("/account/security")).text
    assert "outrider_attempt" not in client.cookies
    assert [(row["subject"], row["user_id"]) for row in await links(admin, at)] == [(at.subject, person.id)]


async def test_the_link_holds_when_the_address_changes_at_the_provider(client, at, person):
    await come_back(client, at)
    at.email = f"new-{person.email}"
    assert (await come_back(client, at)).status_code == 303


async def test_the_second_factor_is_asked_for_here_too(client, at, person, admin):
    await admin.execute("INSERT INTO tenancy.second_factors (user_id, secret, confirmed_at) VALUES ($1, 'x', now())", person.id)
    answer = await come_back(client, at)
    assert answer.headers["location"] == "/sign-in/code?next=/account/security"


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example/"])
async def test_it_leads_nowhere_else(client, at, person, next):
    assert (await come_back(client, at, next)).headers["location"] == "/"


async def test_nobody_registers_themselves(client, at, person, admin):
    at.email = at.subject = f"stranger-{person.email}"
    answer = await come_back(client, at)
    assert (answer.status_code, "Nobody here has the address" in answer.text) == (403, True)
    assert not await admin.fetchval("SELECT EXISTS (SELECT FROM tenancy.users WHERE email = $1)", at.email)
    assert await links(admin, at) == []


async def test_who_is_no_member_any_more_does_not_get_in(client, at, person, admin):
    await come_back(client, at)
    await admin.execute("DELETE FROM tenancy.memberships WHERE user_id = $1", person.id)
    assert (await come_back(client, at)).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [{"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}, {"email_verified": 1}, {"email": None}, {"email": 7}],
)
async def test_an_address_that_is_not_verified_is_nobodys(client, at, person, admin, claims):
    at.claims = claims
    answer = await come_back(client, at)
    assert (answer.status_code, "has not verified your address" in answer.text) == (403, True)
    assert await links(admin, at) == []


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": ["outrider", "another-client"]},
        {"aud": ["outrider", "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"sub": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": None},
        {"iat": time.time() + 86_400},
        {"nbf": time.time() + 86_400},
    ],
)
async def test_a_token_that_does_not_hold_opens_nothing(client, at, person, admin, claims):
    at.claims = claims
    answer = await come_back(client, at)
    assert (answer.status_code, "did not confirm who you are" in answer.text) == (422, True)
    assert (await client.get("/account/security")).status_code == 303
    assert await links(admin, at) == []


async def test_several_audiences_are_fine_when_we_are_the_one_it_is_for(client, at, person):
    at.claims = {"aud": ["outrider", "another-client"], "azp": "outrider"}
    assert (await come_back(client, at)).status_code == 303


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_a_token_without_a_real_signature_opens_nothing(client, at, person, algorithm):
    at.algorithm = algorithm
    assert (await come_back(client, at)).status_code == 422


async def test_a_token_that_another_key_signed_opens_nothing(client, at, person):
    at.published = [RSAKey.generate_key(2048, {"kid": "one"})]
    assert (await come_back(client, at)).status_code == 422


async def test_a_key_that_is_new_at_the_provider_is_asked_for(client, at, person):
    await come_back(client, at)
    at.key = RSAKey.generate_key(2048, {"kid": "two"})
    assert (await come_back(client, at)).status_code == 303
    assert at.asked.count("/.well-known/openid-configuration") == 1


async def test_a_state_comes_back_once(client, at, person):
    location = at.authorize(await begin(client))
    cookie = client.cookies["outrider_attempt"]
    assert (await client.get(location.removeprefix(PUBLIC))).status_code == 303
    client.cookies.clear()
    client.cookies.set("outrider_attempt", cookie)
    at.codes = {location.split("code=")[1].split("&")[0]: {}}  # a provider that would take the code again
    answer = await client.get(location.removeprefix(PUBLIC))
    assert (answer.status_code, oidc.STALE in answer.text) == (422, True)
    assert at.codes  # it was not even asked


async def test_another_browser_cannot_finish_it(client, at, person, app):
    location = at.authorize(await begin(client))
    async with people.browser(app) as victim:
        assert oidc.STALE in (await victim.get(location.removeprefix(PUBLIC))).text
        await begin(victim)  # with an attempt of its own, which has another state
        assert oidc.STALE in (await victim.get(location.removeprefix(PUBLIC))).text
        assert (await victim.get("/account/security")).status_code == 303


async def test_it_takes_ten_minutes_at_most(client, at, person, monkeypatch):
    monkeypatch.setattr(oidc, "LASTS_SECONDS", 0)
    location = at.authorize(await begin(client))
    assert oidc.STALE in (await client.get(location.removeprefix(PUBLIC))).text


@pytest.mark.parametrize("query", ["", "state=x", "code=x", "state=x&code=y", "error=access_denied", "state=%F0%9F%98%80&code=%00x"])
async def test_an_answer_that_is_none_is_refused(client, person, query):
    await begin(client)
    assert (await client.get(f"/sign-in/oidc/callback?{query}")).status_code == 422


@pytest.mark.parametrize("cookie", ["", "x", "AQ==", "é", "A" * 3000])
async def test_a_cookie_that_is_none_of_ours_is_refused(client, at, person, cookie):
    location = at.authorize(await begin(client))
    client.cookies.clear()
    answer = await client.get(location.removeprefix(PUBLIC), headers={"Cookie": f"outrider_attempt={cookie}".encode()})
    assert answer.status_code == 422


async def test_somebody_who_cancels_there_is_told_so_here(client, at, person):
    state = at.authorize(await begin(client)).split("state=")[1].split("&")[0]
    answer = await client.get(f"/sign-in/oidc/callback?error=access_denied&error_description=<script>&state={state}")
    assert (answer.status_code, "was not finished" in answer.text) == (422, True)
    assert "&lt;script" not in answer.text


async def test_an_answer_in_another_providers_name_is_refused(client, at, person):
    location = at.authorize(await begin(client)).replace("iss=http", "iss=https")
    assert "does not come from Example ID" in (await client.get(location.removeprefix(PUBLIC))).text


async def test_a_provider_that_refuses_the_code_lets_nobody_in(client, at, person):
    location = at.authorize(await begin(client))
    at.codes.clear()
    assert (await client.get(location.removeprefix(PUBLIC))).status_code == 422


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_provider_that_describes_itself_as_something_else_is_not_used(client, at, person, metadata):
    at.metadata = metadata
    answer = await client.get("/sign-in/oidc")
    assert (answer.status_code, "OUTRIDER_OIDC_ISSUER" in answer.text) == (503, True)


async def test_a_provider_that_does_not_answer_leaves_the_password(pool, person):
    app = web.create_app(test_settings(oidc_issuer="http://127.0.0.1:9", oidc_client_id="x", public_url=PUBLIC), manage_pool=False)
    async with people.browser(app) as client:
        answer = await client.get("/sign-in/oidc")
        assert (answer.status_code, "does not answer" in answer.text) == (503, True)
        assert (await people.sign_in(client, person)).status_code == 303


async def test_what_came_back_is_bound_to_https_where_that_is_spoken(pool, at, person):
    app = web.create_app(settings(at, public_url="https://outrider.test"), manage_pool=False)
    async with people.browser(app, base="https://outrider.test") as client:
        location = at.authorize(await begin(client))
        assert "__Host-outrider_attempt" in client.cookies
        assert (await client.get(location)).status_code == 303
        assert "__Host-outrider_session" in client.cookies


async def test_no_code_token_or_secret_is_logged(client, at, person, capsys):
    logs.configure("DEBUG")
    at.claims = {"nonce": "another"}
    location = at.authorize(await begin(client))
    await client.get(location.removeprefix(PUBLIC))
    at.claims = {}
    await come_back(client, at)
    logs.configure("INFO")
    said = capsys.readouterr().err
    assert "provider_refused" in said
    for secret in (provider.SECRET, person.email, "code=", "state=", "eyJ", client.cookies["outrider_session"]):
        assert secret not in said


async def test_without_a_provider_there_is_no_such_way(pool):
    async with people.browser(web.create_app(test_settings(), manage_pool=False)) as client:
        assert "/sign-in/oidc" not in (await client.get("/sign-in")).text
        assert (await client.get("/sign-in/oidc")).status_code == 404
        assert (await client.get("/sign-in/oidc/callback?code=x&state=y")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"oidc_client_id": None}, "OUTRIDER_OIDC_CLIENT_ID"),
        ({"public_url": None}, "OUTRIDER_PUBLIC_URL"),
        ({"oidc_issuer": "http://login.example.org"}, "OUTRIDER_OIDC_ISSUER"),
        ({"oidc_issuer": "login.example.org"}, "OUTRIDER_OIDC_ISSUER"),
        ({"public_url": "outrider.example.org"}, "OUTRIDER_PUBLIC_URL"),
        ({"public_url": "https://outrider.example.org/app"}, "OUTRIDER_PUBLIC_URL"),
        ({"smtp_url": "smtp://mail.example.org"}, "OUTRIDER_MAIL_FROM"),
        ({"smtp_url": "mail.example.org", "mail_from": "a@b.example"}, "OUTRIDER_SMTP_URL"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(at, changes, named):
    with pytest.raises(Unavailable, match=named):
        web.create_app(settings(at, **changes))


async def test_a_session_of_the_provider_is_in_the_organization_of_the_member_only(client, at, person, organization):
    await come_back(client, at)
    visit = await sessions.find_visit(client.cookies["outrider_session"])
    assert (visit.visitor.organization_id, visit.visitor.user_id) == (organization, person.id)
