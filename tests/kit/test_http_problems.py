"""Every error is a problem document that names the field and shows nothing of the inside."""

import httpx
import pytest

from .http_app import small_app


@pytest.fixture
async def client():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=small_app()), base_url="http://x.test") as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("conflict", 409, "conflict"),
        ("boom", 500, "internal_error"),
        ("unique", 409, "conflict"),
        ("foreign", 409, "conflict"),
        ("check", 422, "invalid_input"),
        ("nul", 422, "invalid_input"),
        ("range", 422, "invalid_input"),
        ("lost", 503, "unavailable"),
        ("closing", 503, "unavailable"),
        ("misuse", 500, "internal_error"),
        ("busy", 503, "unavailable"),
        ("slow", 504, "timed_out"),
        ("file", 500, "internal_error"),
    ],
)
async def test_what_is_raised_has_a_status_and_says_nothing_of_the_inside(client, name, status, code):
    answer = await client.get(f"/raise/{name}")
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:outrider:problem:{code}"
    assert problem["title"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "ana@" not in answer.text
    assert "Traceback" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


async def test_a_domain_error_names_its_field_and_keeps_its_own_members(client):
    problem = (await client.get("/raise/conflict")).json()
    assert problem["errors"] == [{"field": "name", "message": "name is 'x', which is taken; choose another"}]
    assert problem["other"] == 1


async def test_the_field_behind_a_number_that_the_database_refuses_is_named(client):
    answer = await client.get("/raise/range?big=99999999999999999999")
    assert answer.json()["errors"][0]["field"] == "big"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ('{"name": 1}', 422, "name"),
        ('{"name": "a", "size": "x"}', 422, "size"),
        ('{"name": "a", "size": 1e400}', 422, "size"),
        ('{"name": "a", "size": 9223372036854775808}', 422, "size"),
        ('{"name": "a\\u0000"}', 422, "name"),
        ('{"name": "\\ud800"}', 422, "name"),
        ('{"name": "a", "parts": [{"name": "b"}, {"nam": 1}]}', 422, "parts.1.name"),
        ("{}", 422, "name"),
        ("[]", 422, "body"),
        ("", 422, "body"),
        ('"x"', 422, "body"),
        ("null", 422, "body"),
        ('{"name": "a"', 400, "body"),
        ("[" * 9000, 400, "body"),
        ("{'name': 1}", 400, "body"),
        ('{"name": "a", "size": 1' + "0" * 5000 + "}", 400, "body"),
        (b'{"name": "\xff"}', 400, "body"),
    ],
)
async def test_a_bad_body_is_refused_with_the_name_of_the_field(client, body, status, field):
    answer = await client.post("/things/1", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field), answer.text


async def test_bad_json_says_where(client):
    answer = await client.post("/things/1", content='{"name":\n "a" x}', headers={"Content-Type": "application/json"})
    assert "line 2, column 6" in answer.json()["detail"]


async def test_json_under_another_name_is_told_so(client):
    answer = await client.post("/things/1", content='{"name": "a"}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/things/x", 404, None),
        ("/things/1?limit=x", 422, "limit"),
        ("/things/1?limit=%00", 422, "limit"),
        ("/things/1%00", 422, "path"),
        ("/nothing", 404, None),
        ("/things/1/", 404, None),
        ("/things/1?limit=%FF", 422, "limit"),
    ],
)
async def test_a_bad_address_is_refused_with_the_name_of_the_parameter(client, path, status, field):
    answer = await client.get(path)
    assert answer.status_code == status
    assert [e["field"] for e in answer.json().get("errors", [])] == ([field] if field else [])


async def test_a_wrong_method_says_which_one_works(client):
    answer = await client.delete("/things/1")
    assert answer.status_code == 405
    assert answer.headers["allow"] in answer.json()["detail"]
    assert (await client.request("BREW@COFFEE", "/things/1")).status_code == 405


async def test_an_error_list_is_bounded(client):
    answer = await client.post("/things/1", json={"name": "a", "parts": [{}] * 500})
    assert len(answer.json()["errors"]) == 100
    assert "497 more" in answer.json()["detail"]
