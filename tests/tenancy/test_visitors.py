"""`visiting`: who is let in to a page, who is sent to the sign-in, and what an unsafe request must show."""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request

from outrider.kit import http
from outrider.tenancy import Visitor, cookies, csrf, sessions, visiting, visitors
from outrider.tenancy.entrance import Entrance
from outrider.tenancy.http import Door
from tests.api.fixtures import BASE, new_user, open_browser

router = APIRouter()
Anybody = Annotated[Visitor, Depends(visiting(None))]
Writer = Annotated[Visitor, Depends(visiting("people:write"))]
Streaming = Annotated[Visitor, Depends(visiting("people:read", streams=True))]


@router.get("/here")
@router.post("/here")
async def here(request: Request, visitor: Anybody) -> dict:
    return {"user": str(visitor.user_id), "form": dict(await request.form())}


@router.get("/writers")
@router.post("/writers")
async def writers(visitor: Writer) -> dict:
    return {}


@router.post("/stream")
async def stream(request: Request, visitor: Streaming) -> dict:
    return {"body": len([chunk async for chunk in request.stream()])}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    made = FastAPI()
    http.install(made)
    visitors.install(made)
    made.state.entrance = Entrance(Path())
    made.state.door = Door("100000/minute")
    made.include_router(router)
    return made


@pytest.fixture
async def browser(app, organization):
    async with await open_browser(app, organization, await new_user(organization, "viewer")) as opened:
        yield opened


@pytest.fixture
async def nobody(app, pool):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as opened:
        yield opened


async def test_who_is_not_signed_in_goes_to_the_sign_in_and_comes_back(nobody):
    answer = await nobody.get("/here?q=a b&x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=" + quote("/here?q=a%20b&x=1", safe="/"))


async def test_a_part_of_a_page_is_answered_with_a_header_that_htmx_follows(nobody):
    answer = await nobody.get("/here", headers={"HX-Request": "true", "HX-Current-URL": f"{BASE}/people?page=2"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in?next=/people%3Fpage%3D2")


@pytest.mark.parametrize("secret", ["x", "0" * 32 + "." + "A" * 43, '"', "a=b; c", "%00", "é"])
async def test_a_cookie_that_does_not_hold_is_as_none(nobody, secret):
    answer = await nobody.get("/here", headers={"Cookie": f"{cookies.NAME}={secret}".encode()})
    assert answer.status_code == 303


async def test_a_cookie_of_http_is_not_read_over_https(app, organization):
    secret = await sessions.open_session(organization, await new_user(organization), sessions.Client())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://outrider.test") as secure:
        assert (await secure.get("/here", headers={"Cookie": f"{cookies.NAME}={secret}"})).status_code == 303
        assert (await secure.get("/here", headers={"Cookie": f"__Host-{cookies.NAME}={secret}"})).status_code == 200


async def test_the_role_decides(browser):
    assert (await browser.get("/here")).status_code == 200
    answer = await browser.get("/writers")
    assert (answer.status_code, answer.json()["scope"]) == (403, "people:write")


def test_a_scope_that_there_is_not_is_found_out_at_once():
    with pytest.raises(ValueError, match="fly"):
        visiting("people:fly")


async def test_a_form_of_a_page_of_ours_is_taken_and_can_be_read_again(browser):
    token = browser.headers.pop(csrf.HEADER)
    answer = await browser.post("/here", data={"csrf_token": token, "name": "Ana"})
    assert (answer.status_code, answer.json()["form"]["name"]) == (200, "Ana")
    assert (await browser.post("/here", headers={csrf.HEADER: token})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": BASE},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://outrider.test.evil.example"},
        {"Origin": "http://evil.example/outrider.test"},
        {},
    ],
)
async def test_what_another_site_sends_is_refused_even_with_the_token(browser, headers):
    del browser.headers["Sec-Fetch-Site"]
    assert (await browser.post("/here", headers=headers)).status_code == 403


@pytest.mark.parametrize("origin", ["http://outrider.test", "https://outrider.test"])
async def test_a_browser_that_says_only_its_origin_is_taken(browser, origin):
    del browser.headers["Sec-Fetch-Site"]
    assert (await browser.post("/here", headers={"Origin": origin})).status_code == 200


@pytest.mark.parametrize("token", [None, "", "x", "é", "0" * 64])
async def test_without_the_sessions_token_a_form_is_refused(browser, token):
    del browser.headers[csrf.HEADER]
    data = {} if token is None else {"csrf_token": token}
    assert (await browser.post("/here", data=data)).status_code == 403


async def test_the_token_of_another_session_is_refused(browser, app, organization):
    async with await open_browser(app, organization, await new_user(organization)) as other:
        assert (await browser.post("/here", headers={csrf.HEADER: other.headers[csrf.HEADER]})).status_code == 403


@pytest.mark.parametrize("body", [b"--x\r\n", b'{"csrf_token": "x"}', b"csrf_token=x" + b"&a=1" * 2000])
async def test_a_body_that_is_no_form_is_refused_and_breaks_nothing(browser, body):
    del browser.headers[csrf.HEADER]
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data", "application/json", "application/x-www-form-urlencoded"):
        answer = await browser.post("/here", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 403)


async def test_a_route_that_streams_gets_its_body_unread_but_from_our_pages_only(browser):
    assert (await browser.post("/stream", content=b"x")).json()["body"] > 0
    assert (await browser.post("/stream", content=b"x", headers={csrf.HEADER: "wrong"})).status_code == 403
    assert (await browser.post("/stream", content=b"x", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    del browser.headers[csrf.HEADER]
    assert (await browser.post("/stream", content=b"x")).status_code == 200


async def test_who_may_not_send_it_has_no_body_read(browser):
    del browser.headers[csrf.HEADER]

    async def endless():
        yield b"csrf_token=x&padding="
        raise AssertionError("the body was read")

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await browser.post("/writers", content=endless(), headers=form)).status_code == 403
    browser.cookies.clear()
    assert (await browser.post("/here", content=endless(), headers=form)).status_code == 303


async def test_a_visit_costs_one_transaction_of_one_statement(browser, pool, monkeypatch):
    said = []
    opened = visitors.find_visit

    async def counted(secret):
        async with pool.acquire() as connection:
            connection.add_query_logger(said.append)
            connections.append(connection._con)
        return await opened(secret)

    connections = []
    monkeypatch.setattr(visitors, "find_visit", counted)
    await browser.get("/here")
    connections[0].remove_query_logger(said.append)
    statements = [one.query for one in said if "RESET ALL" not in one.query]
    assert len(statements) == 4, statements  # BEGIN, the tenant, the session, COMMIT


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (None, "/"), ("", "/"), ("/people?page=2", "/people?page=2"), ("//evil.example", "/"), ("/\\evil.example", "/"),
        ("https://evil.example", "/"), ("javascript:alert(1)", "/"), ("/\t/evil.example", "/"), ("/a\r\nSet-Cookie: x", "/"),
        ("people", "/"), ("/a\\b", "/a%5Cb"), ("/é", "/%C3%A9"), ("/a%20b", "/a%20b"),
    ],
)  # fmt: skip
def test_where_a_sign_in_leads_is_on_this_site(given, path):
    assert visitors.local_path(given) == path


async def test_each_person_who_is_signed_in_has_a_rate_of_their_own(app, organization, monkeypatch):
    monkeypatch.setattr(app.state, "door", Door("3/minute"))
    one, two = await new_user(organization, "viewer"), await new_user(organization, "viewer")
    async with await open_browser(app, organization, one) as first, await open_browser(app, organization, one) as second:
        answers = [await first.get("/here"), await second.get("/here"), await first.get("/here"), await second.get("/here")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    assert answers[3].json()["detail"].startswith("more than 3 requests a minute: wait ")
    async with await open_browser(app, organization, two) as neighbour:
        assert (await neighbour.get("/here")).status_code == 200
