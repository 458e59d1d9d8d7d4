"""How much and how often: sizes are counted as they come, rates by caller."""

import time

import httpx
import pytest

from outrider.kit.errors import TooManyRequests, Unavailable
from outrider.kit.http import RateLimiter

from .http_app import small_app


@pytest.fixture
async def client():
    app = small_app(limit=1000, upload_limit=5000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x.test") as opened:
        opened.app = app
        yield opened


async def chunks(total: int, size: int = 100):
    for _ in range(total // size):
        yield b"x" * size


async def test_a_body_that_says_it_is_too_large_is_not_read(client):
    answer = await client.post("/things/1", content=b"x" * 1001)
    assert (answer.status_code, answer.json()["limit"]) == (413, 1000)
    assert client.app.state.calls == 0


@pytest.mark.parametrize("path", ["/things/1", "/upload", "/answer/200"])
async def test_a_body_that_does_not_say_is_counted(client, path):
    answer = await client.post(path, content=chunks(6000), headers={"Content-Type": "application/json"})
    if path == "/answer/200":  # never reads it
        assert answer.status_code == 200
    else:
        assert answer.status_code == 413


async def test_a_false_length_changes_nothing(client):
    answer = await client.post("/things/1", content=chunks(6000), headers={"Content-Length": "10", "Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_an_upload_has_its_own_limit(client):
    assert (await client.post("/upload", content=chunks(4000))).json()["size"] == 4000


async def test_a_body_up_to_the_limit_is_taken(client):
    body = b'{"name": "' + b"x" * 988 + b'"}'
    assert len(body) == 1000
    assert (await client.post("/things/1", content=body, headers={"Content-Type": "application/json"})).status_code == 201


def test_one_too_many_is_refused_with_the_seconds_to_wait():
    limiter = RateLimiter("3/minute")
    assert [limiter.hit("a").remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(TooManyRequests) as refused:
        limiter.hit("a")
    assert 1 <= refused.value.extra["retry_after"] <= 60
    assert limiter.hit("b").headers() == {
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "2",
        "RateLimit-Reset": limiter.hit("c").headers()["RateLimit-Reset"],
    }


def test_a_caller_may_come_again_when_the_window_has_passed():
    limiter = RateLimiter("1/second")
    limiter.hit("a")
    end = time.monotonic() + 4
    while True:
        try:
            limiter.hit("a")
            break
        except TooManyRequests:
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.mark.parametrize("text", ["", "often", "600", "-1/minute", "1/fortnight"])
def test_a_limit_that_cannot_be_read_is_told_at_once(text):
    with pytest.raises(Unavailable, match="OUTRIDER_RATE_LIMIT"):
        RateLimiter(text)
