"""A real server in a process of its own: streaming, sizes, a taken port, a clean end."""

import asyncio
import json
import signal
import socket
import time

import httpx
import pytest

from outrider import web
from outrider.kit.errors import Unavailable
from tests.api.fixtures import key_of
from tests.api.server import free_port, start
from tests.tenancy import people


@pytest.fixture
async def real(server_address, organization):
    headers = {"Authorization": f"Bearer {await key_of(organization)}"}
    async with httpx.AsyncClient(base_url=server_address, headers=headers, timeout=20) as opened:
        yield opened


async def stream(total: int, size: int = 2**16):
    for _ in range(0, total, size):
        yield b"x" * size


async def test_it_serves_and_says_nothing_of_what_it_is_made_of(real):
    answer = await real.get("/api/organization")
    assert answer.status_code == 200
    assert "server" not in answer.headers


async def test_a_streamed_body_over_the_limit_is_refused_while_it_comes(real):
    answer = await real.post("/api/namespaces", content=stream(2_000_000), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["limit"]) == (413, 20000)
    answer = await real.post(
        "/api/namespaces", content=b"x" * 20001, headers={"Content-Type": "application/json", "Idempotency-Key": "big"}
    )
    assert answer.status_code == 413
    assert (await real.get("/api/health/live")).status_code == 200


async def test_what_is_no_http_is_answered_and_hurts_nobody(real, server_address):
    host, port = server_address.removeprefix("http://").split(":")
    for junk in (
        b"\x16\x03\x01\x00\xff\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(junk)
        await writer.drain()
        assert b" 5" not in (await asyncio.wait_for(reader.read(200), 5))[:13]
        writer.close()
    assert (await real.get("/api/health/live")).status_code == 200


async def test_a_client_that_goes_away_in_the_middle_leaves_its_key_free(real, server_address):
    host, port = server_address.removeprefix("http://").split(":")
    head = "POST /api/namespaces HTTP/1.1\r\nHost: x\r\nIdempotency-Key: gone\r\n"
    head += f"Authorization: {real.headers['authorization']}\r\n"
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    end = time.monotonic() + 30
    while True:
        answer = await real.post("/api/namespaces", json={"name": "acme", "keywords": ["x"]}, headers={"Idempotency-Key": "gone"})
        if answer.status_code != 409 or time.monotonic() > end:
            break
        await asyncio.sleep(0.1)
    assert answer.status_code == 201, answer.text


def test_a_taken_port_is_one_clear_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=f"^Port {port} is taken by another program: stop it or set OUTRIDER_PORT.$"):
            web.listen("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_one_clear_sentence():
    for host in ("203.0.113.7", "no such host"):
        with pytest.raises(Unavailable, match="OUTRIDER_HOST"):
            web.listen(host, 0)


def test_a_port_is_free_again_at_once():
    port = free_port()
    for _ in range(2):
        web.listen("127.0.0.1", port).close()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(urls, tmp_path, sent):
    process, _ = start(urls.app, tmp_path / "log")
    process.send_signal(sent)
    process.communicate(timeout=60)
    assert process.returncode != 0  # as the signal says; the command line gives it its exit code
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")]
    assert json.loads(lines[-1])["event"].startswith("Finished server process")


@pytest.mark.parametrize(("trusted", "address", "cookie"), [("127.0.0.1", "198.51.100.77", "__Host-"), (None, "127.0.0.1", "outrider_")])
async def test_what_a_proxy_says_counts_when_it_is_trusted(urls, organization, admin, tmp_path, monkeypatch, trusted, address, cookie):
    await admin.execute("DELETE FROM tenancy.throttles")
    person = await people.new_person(organization, admin)
    if trusted:
        monkeypatch.setenv("OUTRIDER_TRUSTED_PROXIES", trusted)
    process, base = await asyncio.to_thread(start, urls.app, tmp_path / "log")
    try:
        headers = {"X-Forwarded-For": "198.51.100.77", "X-Forwarded-Proto": "https", "Sec-Fetch-Site": "same-origin"}
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=20) as browser:
            answer = await people.sign_in(browser, person)
    finally:
        process.kill()
        process.communicate()
    assert answer.headers["set-cookie"].startswith(cookie)
    assert str(await admin.fetchval("SELECT address FROM tenancy.sessions WHERE user_id = $1", person.id)) == address
