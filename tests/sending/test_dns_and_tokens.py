"""Checks against a name server on this machine that speaks real DNS, and tokens renewed at a provider on this machine."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.message
import dns.rrset
import pytest

from outrider import tenancy
from outrider.kit import outgoing
from outrider.kit.errors import InvalidInput
from outrider.sending import credentials
from outrider.sending.dns import Resolver
from outrider.sending.domains import DomainService, check_domain

from .claiming import ACTOR


@asynccontextmanager
async def name_server(texts: dict[str, list[str]]) -> AsyncIterator[Resolver]:
    """Answer TXT questions from a table; a name that is not in it has nothing."""

    class Answering(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, address):
            asked = dns.message.from_wire(data)
            answer = dns.message.make_response(asked)
            name = asked.question[0].name
            for text in texts.get(str(name).rstrip("."), []):
                parts = " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", parts))
            self.transport.sendto(answer.to_wire(), address)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Answering, local_addr=("127.0.0.1", 0))
    try:
        yield Resolver(["127.0.0.1"], transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


async def test_dns_is_asked_and_each_record_that_is_wrong_is_named(scene):
    async with tenancy.transaction(scene.organization, ACTOR) as connection:
        made = await DomainService(connection, scene.organization).add("good.example")
    good = {name: [value] for name, value in made.records.values()} | {"good.example": ["other", "v=spf1 ip4:192.0.2.1 ~all"]}
    async with name_server(good) as resolver:
        checked = await check_domain(scene.organization, ACTOR, made.id, resolver)
    assert {kind: check["problem"] for kind, check in checked.checks.items()} == {"spf": None, "dkim": None, "dmarc": None}
    bad = {
        "good.example": ["v=spf1 +all"],
        "outrider._domainkey.good.example": ["v=DKIM1; k=rsa; p=AAAA"],
        "_dmarc.good.example": ["v=DMARC1; rua=mailto:x@good.example"],
    }
    async with name_server(bad) as resolver:
        checked = await check_domain(scene.organization, ACTOR, made.id, resolver)
    problems = {kind: check["problem"] for kind, check in checked.checks.items()}
    assert "+all" in problems["spf"]
    assert "another key" in problems["dkim"]
    assert "no policy" in problems["dmarc"]
    async with name_server({"good.example": ["v=spf1 -all", "v=spf1 ~all"]}) as resolver:
        checked = await check_domain(scene.organization, ACTOR, made.id, resolver)
    problems = {kind: check["problem"] for kind, check in checked.checks.items()}
    assert "two SPF" in problems["spf"]
    assert "no key" in problems["dkim"]
    assert "no DMARC" in problems["dmarc"]


@asynccontextmanager
async def provider(status: int, body: str) -> AsyncIterator[tuple[str, list[str]]]:
    """An HTTP server that answers every form alike and keeps what it got."""
    got: list[str] = []

    async def session(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(next(line.partition(":")[2] for line in head.splitlines() if line.lower().startswith("content-length")))
        got.append((await reader.readexactly(length)).decode())
        answer = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
        writer.write(answer.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/token", got


async def test_a_token_that_ends_soon_is_renewed(scene):
    async with provider(200, '{"access_token": "new", "expires_in": 3600}') as (url, got):
        old = credentials.Credentials(
            access_token="old", expires_at=time.time() + 30, refresh_token="again", token_url=url, client_id="me", client_secret="s"
        )
        assert old.is_stale
        new = await old.renewed()
    assert (new.access_token, new.refresh_token, new.is_stale) == ("new", "again", False)
    assert "grant_type=refresh_token" in got[0]
    assert "refresh_token=again" in got[0]


async def test_a_provider_that_says_no_is_quoted(scene):
    async with provider(400, '{"error": "invalid_grant", "error_description": "Token has been revoked"}') as (url, _):
        with pytest.raises(InvalidInput, match="Token has been revoked"):
            await credentials.Credentials(refresh_token="again", token_url=url, client_id="me").renewed()


async def test_tokens_are_asked_for_at_no_private_address_unless_the_operator_allows_it(scene):
    outgoing.configure(allow_private=False)
    try:
        for url in ("https://127.0.0.1/token", "http://example.org/token", "file:///etc/passwd"):
            with pytest.raises(InvalidInput):
                await outgoing.post_form(url, {})
    finally:
        outgoing.configure(allow_private=True)
