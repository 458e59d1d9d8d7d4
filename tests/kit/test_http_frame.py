"""What surrounds every request: ids, headers, HEAD, log lines that hold no personal data."""

import json

import httpx
import pytest

from outrider.kit import logs

from .http_app import small_app


@pytest.fixture
async def client():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=small_app()), base_url="http://x.test") as opened:
        yield opened


@pytest.fixture
def lines(capsys):
    logs.configure("INFO")

    def read() -> list[dict]:
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


async def test_a_sane_request_id_is_taken_over(client):
    answer = await client.get("/things/1", headers={"X-Request-ID": "abc-123.def_45"})
    assert answer.headers["x-request-id"] == "abc-123.def_45"


@pytest.mark.parametrize("given", ["", "short", "ana@example.org", "x" * 65, "a b c d e f", "a\tb\tc\td\te", "é" * 20])
async def test_any_other_request_id_is_replaced(client, given):
    answer = await client.get("/things/1", headers={"X-Request-ID": given.encode()})
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 32


async def test_security_headers_are_on_every_answer(client):
    for path in ("/things/1", "/nothing", "/raise/boom"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"


async def test_head_is_answered_as_get_without_the_body(client):
    answer = await client.head("/things/1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


async def test_a_request_is_one_line_with_the_route_and_not_the_address(client, lines):
    await client.get("/things/7?limit=3", headers={"X-Request-ID": "request-77"})
    (line,) = lines()
    assert (line["event"], line["method"], line["route"], line["status"], line["request_id"]) == (
        "request",
        "GET",
        "/things/{id}",
        200,
        "request-77",
    )
    assert line["ms"] >= 0
    assert "7?" not in json.dumps(line)


async def test_no_log_line_holds_what_a_client_sent(client, lines):
    address = "ana.lopez@example.org"
    for path in (
        f"/things/{address}",
        f"/things/1?limit={address}",
        f"/{address}",
        f"/raise/boom?who={address}",
        "/raise/unique",
        "/raise/file",
        "/raise/lost",
    ):
        await client.get(path, headers={"X-Request-ID": address, "User-Agent": address})
    for body in (json.dumps({"name": address}), json.dumps({"name": [address]}), address):
        await client.post("/things/1", content=body, headers={"Content-Type": "application/json"})
    await client.request(address.replace("@", "").replace(".", ""), "/things/1")
    found = lines()
    text = json.dumps(found)
    assert len(found) >= 10
    assert "ana" not in text
    boom = next(line for line in found if "RuntimeError" in json.dumps(line))
    assert boom["level"] == "error"
    assert any("http_app.py" in place for place in boom["exception"]["at"])


async def test_libraries_log_as_json_without_exception_messages(lines):
    import logging

    try:
        raise ValueError("ana@example.org")
    except ValueError:
        logging.getLogger("somelibrary").exception("it failed %s", "here")
    (line,) = lines()
    assert (line["event"], line["exception"]["type"]) == ("it failed here", "builtins.ValueError")
    assert "ana@" not in json.dumps(line)


async def test_debug_lines_appear_only_when_asked_for(capsys):
    logs.configure("WARNING")
    logs.logger("x").info("quiet")
    logs.logger("x").warning("loud", rows=3)
    logs.configure("INFO")
    (line,) = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["rows"]) == ("loud", 3)
