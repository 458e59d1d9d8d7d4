"""What every page shares: escaping, messages for the next page, assets, error pages, how values look."""

import base64
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from markupsafe import Markup
from starlette.middleware import Middleware
from starlette.responses import Response

from outrider import web
from outrider.kit import http
from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput, NotFound
from outrider.kit.pages import assets, filters, flash, navigation, rendering
from outrider.kit.signing import Signer

HTML = {"Accept": "text/html"}
VIEWER = ui.Viewer(
    "Ana <Lima>", "ana@example.org", "Acme", "1", (("1", "Acme"),), "viewer", frozenset({"a:read"}), "token", "Europe/Madrid", False
)


def make_app() -> FastAPI:
    """An application with pages of nothing."""
    app = FastAPI(middleware=[Middleware(http.Frame)])
    app.state.navigation = ()
    http.install(app, page=ui.problem_page)
    app.include_router(ui.router)

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound("there is no person <script>")

    @app.get("/signed-in")
    async def signed_in(request: Request) -> None:
        ui.set_viewer(request.scope, VIEWER)
        raise InvalidInput("name is blank", field="name")

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret detail")

    @app.post("/done")
    async def done(request: Request) -> Response:
        return ui.redirect(request, "/missing", toast="Saved – größer", undo="/undo")

    @app.post("/form")
    async def form(request: Request) -> Response:
        return Response(str(dict(await ui.form(request))))

    @app.get("/live")
    async def live() -> Response:
        async def texts() -> AsyncIterator[str]:
            yield "<p>one</p>\n<p>two</p>"

        return ui.stream(texts())

    return app


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """A browser on that application."""
    transport = httpx.ASGITransport(app=make_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://outrider.test", headers=HTML) as opened:
        yield opened


async def test_an_error_is_a_page_with_a_strict_policy_and_nothing_unescaped(browser):
    answer = await browser.get("/missing")
    assert answer.status_code == 404
    assert "<h1>There is nothing here</h1>" in answer.text
    assert "There is no person &lt;script&gt;." in answer.text
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert " style=" not in answer.text
    assert "<script>" not in answer.text


async def test_a_fault_of_ours_shows_no_detail_but_the_request_to_name(browser):
    answer = await browser.get("/broken", headers={"X-Request-ID": "abcdefgh-1"})
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "abcdefgh-1" in answer.text


async def test_who_is_signed_in_sees_errors_inside_the_shell(browser):
    answer = await browser.get("/signed-in")
    assert answer.status_code == 422
    assert "Ana &lt;Lima&gt;" in answer.text
    assert 'class="sidebar"' in answer.text


async def test_programs_get_problem_documents_and_htmx_a_message(browser):
    plain = await browser.get("/missing", headers={"Accept": "*/*"})
    assert plain.headers["content-type"] == "application/problem+json"
    part = await browser.get("/missing", headers={"HX-Request": "true"})
    assert part.status_code == 404
    assert part.text == ""
    assert '"tone": "bad"' in part.headers["hx-trigger"]
    assert part.headers["hx-reswap"] == "none"


async def test_a_message_is_shown_on_the_next_page_once(browser):
    answer = await browser.post("/done")
    assert answer.status_code == 303
    shown = await browser.get("/missing")
    assert "Saved – größer" in shown.text
    assert 'action="/undo"' in shown.text
    assert "Saved" not in (await browser.get("/missing")).text


FORGED = base64.urlsafe_b64encode(b'{"text":"x","tone":"good","undo":"/people/1/delete","until":99999999999}').decode()


OTHER_KEY, OTHER_COOKIE = (
    Signer([bytes(31) + b"x"]).seal(flash.COOKIE, base64.b64decode(FORGED)),
    Signer([bytes(32)]).seal("another", base64.b64decode(FORGED)),
)


@pytest.mark.parametrize("cookie", ["nonsense", "e30=", "%.zz", FORGED, f"{FORGED}.{'00' * 16}", OTHER_KEY, OTHER_COOKIE])
async def test_a_message_that_we_did_not_write_is_not_shown(browser, cookie):
    browser.cookies.set(flash.COOKIE, cookie)
    answer = await browser.get("/missing")
    assert answer.status_code == 404
    assert 'class="toast ' not in answer.text


async def test_a_message_that_somebody_kept_is_not_shown_later(browser, monkeypatch):
    await browser.post("/done")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + flash.SECONDS)
    assert "Saved" not in (await browser.get("/missing")).text


async def test_htmx_is_sent_on_by_a_header(browser):
    answer = await browser.post("/done", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.headers["hx-redirect"] == "/missing"


async def test_a_stream_is_events_and_says_when_it_is_over(browser):
    answer = await browser.get("/live")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == "data: <p>one</p>\ndata: <p>two</p>\n\nevent: close\ndata:\n\n"


async def test_a_form_with_what_cannot_be_stored_names_the_field(browser):
    assert "'a': 'ä'" in (await browser.post("/form", data={"a": "ä"})).text
    refused = await browser.post("/form", content=b"a=x%00", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert refused.status_code == 422
    upload = await browser.post("/form", files={"a": ("x.txt", b"x")})
    assert upload.status_code in (400, 422)


async def test_assets_are_kept_for_a_year_under_a_name_that_changes_with_them(browser):
    sheet = await browser.get(assets.url("outrider.css"))
    assert sheet.headers["content-type"].startswith("text/css")
    assert sheet.headers["content-encoding"] == "gzip"
    assert "immutable" in sheet.headers["cache-control"]
    assert assets.url("inter.woff2") in sheet.text
    old = await browser.get("/assets/0000000000/outrider.css")
    assert old.text == sheet.text
    assert old.headers["cache-control"] == "no-cache"
    assert (await browser.get("/assets/0000000000/none.css")).status_code == 404


def test_the_first_page_is_light():
    needed = ("outrider.css", "outrider.js", "htmx.js", "hx-sse.js", "inter.woff2", "icons.svg", "favicon.svg")
    found = assets.assets()
    assert sum(len(found[name].packed or found[name].content) for name in needed) < 120_000


async def test_the_theme_is_remembered_and_leads_nowhere_else(browser):
    answer = await browser.post("/theme", data={"theme": "dark", "next": "//evil.example/x"})
    assert answer.headers["location"] == "/"
    assert 'data-theme="dark"' in (await browser.get("/missing")).text
    assert (await browser.post("/theme", data={"theme": "pink"})).status_code == 422


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "", "/a\nb"])
def test_only_paths_of_ours_are_local(target):
    assert not ui.is_local_path(target)


def test_times_are_shown_in_the_viewers_zone():
    with filters.showing("Europe/Madrid"):
        shown = filters.exact(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    assert ">2 Jul 2026, 00:30<" in shown
    with filters.showing("No/Where"):
        assert ">1 Jul 2026, 22:30<" in filters.exact(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("age", "said"),
    [(2, "just now"), (65, "1 minute ago"), (7200, "2 hours ago"), (3 * 86400, "3 days ago"), (-7200.5, "in 2 hours")],
)
def test_moments_are_said_as_people_say_them(age, said):
    assert f">{said}<" in filters.moment(datetime.now(UTC) - timedelta(seconds=age))


def test_numbers_look_like_numbers():
    assert filters.number(1234567) == "1,234,567"
    assert filters.number(12.5) == "12.50"
    assert filters.size(999) == "999 bytes"
    assert filters.size(34_512_345) == "34.5 MB"
    assert filters.duration(200) == "3 min 20 s"
    assert filters.duration(timedelta(hours=2, minutes=5)) == "2 h 5 min"
    assert filters.percent(1, 3) == "33%"
    assert filters.percent(3, 1000) == "0.3%"
    assert filters.plural(1, "row") == "1 row"
    assert filters.plural(12000, "company", "companies") == "12,000 companies"
    assert filters.initials("ana maria lópez") == "AL"
    assert filters.lines("a<b\nc") == Markup("a&lt;b<br>c")
    assert "–" in filters.number(None)


ITEMS = (
    ui.NavItem("A", "/a", "x", "a:read", "Work", order=20),
    ui.NavItem("B", "/b", "x", "b:read", "Work"),
    ui.NavItem("C", "/c", "x", None, "Work", order=10),
    ui.NavItem("D", "/d", "x", "a:read", "Data", order=30, takes_clients=True),
    ui.NavItem("Settings", "/settings", "x", None, "Settings"),
    ui.NavItem("Keys", "/keys", "x", None, "Organization", about="Keys"),
    ui.NavItem("Secret", "/secret", "x", "b:read", "Organization", about="Secret"),
)
MANY = (*ITEMS, *(ui.NavItem(f"P{n}", f"/p{n}", "x", None, "Audience") for n in range(9)))


def drawn(items, path="/", cookie="", viewer=VIEWER):
    """Return the sections of the sidebar by name."""
    headers = [(b"cookie", f"{navigation.COOKIE}={cookie}".encode())]
    request = Request({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers, "server": ("x", 80)})
    return {section.name: section for section in navigation.sections_for(viewer, items, request)}


def test_the_navigation_shows_what_the_viewer_may_see():
    shown = {name: [item.label for item in section.entries] for name, section in drawn(ITEMS).items()}
    assert shown == {"Work": ["C", "A"], "Data": ["D"], "Settings": ["Settings"]}
    client = drawn(ITEMS, viewer=replace(VIEWER, is_client=True))
    assert [item.label for section in client.values() for item in section.entries] == ["C", "D", "Settings"]
    assert ITEMS[0].is_current("/a/1")
    assert not ITEMS[0].is_current("/ab")


def test_sections_stay_as_one_left_them_and_the_one_of_the_page_is_open():
    assert {name: section.is_open for name, section in drawn(MANY).items() if section.folds} == {"Audience": True, "Data": False}
    left = drawn(MANY, cookie="Audience.Data")
    assert not left["Audience"].is_open
    assert left["Data"].is_open
    assert drawn(MANY, path="/d/1")["Data"].is_open
    assert drawn(MANY, path="/p3", cookie="Audience")["Audience"].is_open
    assert not drawn(MANY, cookie="nonsense..Work")["Work"].folds


def test_who_sees_little_sees_it_at_once():
    assert not any(section.folds for section in drawn(ITEMS).values())


def test_settings_are_on_their_own_page_and_in_the_palette():
    assert [(name, [item.label for item in entries]) for name, entries in navigation.settings_for(VIEWER, MANY)] == [
        ("Organization", ["Keys"])
    ]
    assert drawn(MANY, path="/keys/1")["Settings"].current == ITEMS[4]
    assert drawn(MANY)["Settings"].beyond == ("/keys",)
    assert "Keys" in [item.label for item in navigation.entries_for(VIEWER, MANY)]


def test_every_entry_has_its_place():
    for item in web.NAVIGATION:
        assert item.section in (*navigation.SECTIONS, *navigation.SETTINGS), item.label
        assert bool(item.about) == (item.section in navigation.SETTINGS), item.label
    assert len([item for item in web.NAVIGATION if item.section in navigation.SECTIONS and item.section not in navigation.FOLDED]) <= 13


def test_a_name_that_a_template_misspells_is_an_error():
    with pytest.raises(Exception, match="nothing"):
        rendering.environment().from_string("{{ nothing }}").render()


def test_no_two_components_have_the_same_name():
    macros = [
        name
        for path in sorted((Path(rendering.__file__).parent / "templates" / "components").glob("*.html"))
        for name in re.findall(r"{%-? macro (\w+)", path.read_text())
    ]
    assert sorted(macros) == sorted(set(macros))
