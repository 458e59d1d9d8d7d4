"""Idempotency-Key: done once, answered the same; something else with the same key is refused."""

import asyncio

import httpx
import pytest

from outrider.kit.http import idempotency

from .http_app import small_app

KEY = {"Idempotency-Key": "k1"}


@pytest.fixture
async def client():
    app = small_app(limit=100_000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x.test") as opened:
        opened.app = app
        yield opened


async def test_the_same_request_is_done_once_and_answered_the_same(client):
    first = await client.post("/things/1", json={"name": "a"}, headers=KEY)
    second = await client.post("/things/1", json={"name": "a"}, headers=KEY)
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (201, {"id": 1, "name": "a", "call": 1})
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "other",
    [
        {"url": "/things/1", "json": {"name": "b"}},
        {"url": "/things/2", "json": {"name": "a"}},
        {"url": "/things/1?x=1", "json": {"name": "a"}},
        {"url": "/things/1", "json": {"name": "a"}, "headers": {"x-caller": "two"}},
    ],
)
async def test_another_request_with_the_same_key_is_refused(client, other):
    await client.post("/things/1", json={"name": "a"}, headers=KEY)
    answer = await client.post(**{**other, "headers": {**other.get("headers", {}), **KEY}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert client.app.state.calls == 1


async def test_while_it_is_being_done_it_is_refused(client):
    answers = await asyncio.gather(*(client.post("/slow", headers=KEY) for _ in range(3)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409]
    assert (await client.post("/slow", headers=KEY)).json() == {"call": 1}


@pytest.mark.parametrize(
    ("status", "kept"),
    [(200, True), (404, True), (422, True), (401, False), (403, False), (429, False), (413, False), (500, False), (503, False)],
)
async def test_which_answers_are_kept(client, status, kept):
    for _ in range(2):
        await client.post(f"/answer/{status}", headers=KEY)
    assert client.app.state.calls == (1 if kept else 2)


async def test_a_fault_lets_go_of_the_key(client, monkeypatch):
    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(client.app.state.answers, "keep", broken)
    assert (await client.post("/slow", headers=KEY)).status_code == 500
    assert client.app.state.answers.kept == {}


async def test_a_body_nobody_read_still_counts(client):
    await client.post("/answer/200", content=b"a" * 5000, headers=KEY)
    assert (await client.post("/answer/200", content=b"a" * 5000, headers=KEY)).headers["idempotency-replayed"] == "true"
    assert (await client.post("/answer/200", content=b"b" * 5000, headers=KEY)).status_code == 422


async def test_an_upload_is_the_same_whatever_its_boundary(client):
    def parts(content: bytes) -> dict:
        return {"files": {"file": ("leads.csv", content)}, "headers": KEY}

    first = await client.post("/upload", **parts(b"email\na@b.example\n" * 1000))
    second = await client.post("/upload", **parts(b"email\na@b.example\n" * 1000))
    assert first.json() == second.json()
    assert (await client.post("/upload", **parts(b"email\nc@b.example\n" * 1000))).status_code == 422


def test_where_the_chunks_are_cut_does_not_matter():
    body = b"--XYZ\r\n" + b"ab--XY" * 50 + b"--XYZ--"
    scope = {"type": "http", "headers": [(b"content-type", b"multipart/form-data; boundary=XYZ")]}
    digests = set()
    for size in (1, 2, 3, 7, 1000):
        hashed = idempotency.BodyHash(scope, None)
        for start in range(0, len(body), size):
            hashed._add(body[start : start + size])
        digests.add(hashed.digest(b""))
    assert len(digests) == 1


async def test_an_answer_too_large_to_keep_is_given_once_and_not_done_again(client):
    first = await client.post("/large", headers=KEY)
    assert len(first.content) == 10 * 2**20
    again = await client.post("/large", headers=KEY)
    assert again.status_code == 409
    assert client.app.state.calls == 1


async def test_a_secret_is_not_kept(client):
    assert (await client.post("/secret", headers=KEY)).json() == {"secret": "s3cret"}
    assert (await client.post("/secret", headers=KEY)).json() == {"secret": None}


async def test_a_long_request_holds_on_to_its_key(client, monkeypatch):
    monkeypatch.setattr(idempotency, "RENEW_SECONDS", 0.02)
    await client.post("/slow", headers=KEY)
    assert client.app.state.answers.renewals >= 2


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256])
async def test_a_key_of_the_wrong_form_is_refused(client, key):
    answer = await client.post("/slow", headers={"Idempotency-Key": key.encode()})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert client.app.state.calls == 0


async def test_other_methods_and_posts_without_a_key_pass(client):
    assert (await client.get("/things/1", headers=KEY)).status_code == 200
    for _ in range(2):
        await client.post("/things/1", json={"name": "a"})
    assert client.app.state.calls == 2
