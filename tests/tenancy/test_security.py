"""One's own security: the password changed, sessions seen and ended."""

import pytest

from outrider.tenancy import browsers, sessions
from tests.api.fixtures import new_user
from tests.tenancy import people
from tests.tenancy.people import PASSWORD

PAGE = "/account/security"
NEW = "seven loud herons"


@pytest.fixture(autouse=True)
async def nobody_failed_yet(admin):
    await admin.execute("DELETE FROM tenancy.throttles")


@pytest.fixture
async def person(organization, admin):
    return await people.new_person(organization, admin)


@pytest.fixture
async def client(app, person):
    async with people.browser(app) as opened:
        assert (await people.sign_in(opened, person)).status_code == 303
        yield opened


@pytest.fixture
async def second(app, person):
    """The same person in another browser."""
    async with people.browser(app, address="2001:db8::7") as opened:
        assert (await people.sign_in(opened, person)).status_code == 303
        yield opened


async def test_a_new_password_renews_this_session_and_ends_the_others(client, second, person, other_organization):
    await new_user(other_organization, "member", person.email)
    third = await sessions.open_session(other_organization, person.id, sessions.Client())
    before = client.cookies["outrider_session"]
    answer = await people.send(client, PAGE, f"{PAGE}/password", current=PASSWORD, password=NEW)
    assert answer.status_code == 303
    assert client.cookies["outrider_session"] != before
    assert (await client.get(PAGE)).status_code == 200
    assert (await second.get(PAGE)).status_code == 303
    assert await sessions.find_visit(before) is None
    assert await sessions.find_visit(third) is None
    assert (await people.sign_in(second, person)).status_code == 422
    assert (await people.sign_in(second, person, NEW)).status_code == 303


@pytest.mark.parametrize(
    ("current", "password", "said"),
    [
        ("wrong password", NEW, "This is not your password."),
        ("", NEW, "This is not your password."),
        (PASSWORD, "too short", "at least 12 characters"),
        (PASSWORD, "x" * 300, "at most 256 characters"),
        (PASSWORD, "Password1234", "tried first"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", "tried first"),
        (PASSWORD, "EMAIL", "first thing that somebody would try"),
    ],
)
async def test_what_may_not_be_is_said_beside_its_field(client, second, person, current, password, said):
    answer = await people.send(client, PAGE, f"{PAGE}/password", current=current, password=password.replace("EMAIL", person.email))
    assert answer.status_code == 422
    assert said in answer.text
    assert (await second.get(PAGE)).status_code == 200
    assert (await people.sign_in(second, person)).status_code == 303


async def test_guessing_the_present_password_of_a_session_waits_too(client, person, admin):
    for _ in range(2):
        await people.send(client, PAGE, f"{PAGE}/password", current="wrong password", password=NEW)
        await people.failed_before(admin, 12)
    await people.send(client, PAGE, f"{PAGE}/password", current="wrong password", password=NEW)
    answer = await people.send(client, PAGE, f"{PAGE}/password", current=PASSWORD, password=NEW)
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)


async def test_who_signed_in_without_a_password_is_told_how_to_get_one(signed_in):
    client = await signed_in("member")
    answer = await people.send(client, PAGE, f"{PAGE}/password", current="x", password=NEW)
    assert (answer.status_code, "You have no password yet" in answer.text) == (422, True)


async def test_the_page_lists_ones_own_sessions_only(client, second, person, organization, admin):
    await sessions.open_session(organization, await new_user(organization), sessions.Client("Mozilla/5.0 (iPhone) Safari/604.1"))
    page = (await client.get(PAGE)).text
    assert page.count("Firefox on Linux</p>") + page.count("Firefox on Linux<span") == 2
    assert "2001:db8::7" in page
    assert "This browser" in page
    assert "iPhone" not in page


async def test_one_of_ones_own_sessions_is_ended(client, second, person):
    page = await client.get(PAGE)
    path = page.text.split('action="/account/security/sessions/')[1].split('"')[0]
    answer = await people.send(client, PAGE, f"{PAGE}/sessions/{path}")
    assert answer.status_code == 303
    assert (await second.get(PAGE)).status_code == 303
    assert (await client.get(PAGE)).status_code == 200
    assert (await people.send(client, PAGE, f"{PAGE}/sessions/{path}")).status_code == 404


async def test_nobody_ends_somebody_elses_session(client, organization, visitor_of_other_organization):
    secret = await sessions.open_session(organization, await new_user(organization), sessions.Client())
    id = (await sessions.find_visit(secret)).visitor.session_id
    assert (await people.send(client, PAGE, f"{PAGE}/sessions/{id}/end")).status_code == 404
    assert (await visitor_of_other_organization.post(f"{PAGE}/sessions/{id}/end")).status_code == 404
    assert (await people.send(client, PAGE, f"{PAGE}/sessions/x/end")).status_code == 404
    assert await sessions.find_visit(secret)


async def test_signing_out_everywhere_else_keeps_this_browser(client, second):
    assert (await people.send(client, PAGE, f"{PAGE}/sign-out-everywhere", keep="1")).headers["location"] == PAGE
    assert (await client.get(PAGE)).status_code == 200
    assert (await second.get(PAGE)).status_code == 303


async def test_signing_out_everywhere_means_here_too(client, second):
    assert (await people.send(client, PAGE, f"{PAGE}/sign-out-everywhere")).headers["location"] == "/sign-in"
    assert (await client.get(PAGE)).status_code == 303
    assert (await second.get(PAGE)).status_code == 303


@pytest.mark.parametrize("path", ["password", "sign-out-everywhere", "second-factor", "second-factor/remove", "recovery-codes"])
async def test_no_form_is_taken_without_its_token_from_another_site_or_from_nobody(client, app, path):
    assert (await client.post(f"{PAGE}/{path}", data={})).status_code == 403
    shown = await client.get(PAGE)
    data = {"csrf_token": people.field_of(shown, "csrf_token")}
    assert (await client.post(f"{PAGE}/{path}", data=data, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    async with people.browser(app) as nobody:
        assert (await nobody.post(f"{PAGE}/{path}", data=data)).headers["location"] == "/sign-in"


async def test_every_role_may_look_after_its_own_security(signed_in):
    for role in ("owner", "admin", "member", "viewer", "client"):
        assert (await (await signed_in(role)).get(PAGE)).status_code == 200


async def test_the_page_costs_a_fixed_number_of_statements(client, person, organization, pool):
    async def statements() -> int:
        said = []
        async with pool.acquire() as acquired:
            connection = acquired._con  # the one that is taken next
            connection.add_query_logger(said.append)
        await client.get(PAGE)
        connection.remove_query_logger(said.append)
        return len([each for each in said if "RESET ALL" not in each.query])

    few = await statements()
    for _ in range(20):
        await sessions.open_session(organization, person.id, sessions.Client())
    assert await statements() == few
    assert 4 < few <= 8  # the visit, and the list


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Chrome on Windows",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Mac"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.0", "Another program"),
        (None, "Another program"),
        ("<script>alert(1)</script>", "Another program"),
    ],
)
def test_a_browser_is_called_what_its_owner_calls_it(user_agent, name):
    assert browsers.browser_of(user_agent) == name
