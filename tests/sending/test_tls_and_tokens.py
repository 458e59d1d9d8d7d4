"""Mailboxes against servers that speak real TLS: certificates, passwords and bearer tokens, and tokens that are renewed."""

import asyncio
import time
from uuid import UUID

import pytest

from outrider import tenancy
from outrider.kit import outgoing
from outrider.sending import credentials
from outrider.sending.renewal import renew
from outrider.sending.smtp import Unreachable
from outrider.sending.trials import read_for_trial

from .sink import Sink, SinkThread
from .test_dns_and_tokens import provider
from .test_sender import sender, sending, until  # noqa: F401
from .tls_peer import Peer, certificate, tls_peer


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A certificate for localhost that this machine trusts."""
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


async def tried(client, port: int, security: str, **more) -> dict:
    """Add a mailbox that reaches localhost so, and return what its connection test says."""
    body = {"email": "ana@example.org", "smtp_host": "localhost", "smtp_port": port, "smtp_security": security, **more}
    made = await client.post("/api/mailboxes", json=body)
    assert made.status_code == 201, made.text
    return (await client.post(f"/api/mailboxes/{made.json()['id']}/test")).json()


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_password_goes_over_tls_and_the_servers_answer_comes_back(client, trusted, security):
    async with tls_peer(trusted, security, Peer()) as port:
        told = await tried(client, port, security, credentials={"password": "right"})
    assert told == {"works": True, "answer": "235 2.7.0 Authentication successful"}


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_wrong_password_is_told_in_the_servers_words(client, trusted, security):
    async with tls_peer(trusted, security, Peer()) as port:
        told = await tried(client, port, security, credentials={"password": "wrong"})
    assert (told["works"], "535 5.7.8" in told["answer"]) == (False, True)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(client, tmp_path, security):
    peer = Peer()
    async with tls_peer(certificate(tmp_path), security, peer) as port:
        told = await tried(client, port, security, credentials={"password": "right"})
    assert told == {"works": False, "answer": "the certificate of localhost does not hold: self-signed certificate"}


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_of_another_name_is_refused(client, tmp_path, monkeypatch, security):
    file = certificate(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with tls_peer(file, security, Peer()) as port:
        told = await tried(client, port, security, credentials={"password": "right"})
    assert not told["works"]
    assert told["answer"].startswith("the certificate of localhost does not hold: Hostname mismatch")


async def test_a_server_without_tls_gets_no_password(client):
    with SinkThread(Sink()) as sink:
        told = await tried(client, sink.port, "starttls", credentials={"password": "right"})
        assert (told["works"], "STARTTLS" in told["answer"]) == (False, True)
        await client.delete(f"/api/mailboxes/{(await client.get('/api/mailboxes')).json()['items'][0]['id']}")
        told = await tried(client, sink.port, "tls", credentials={"password": "right"})
        assert (told["works"], "speaks no TLS" in told["answer"]) == (False, True)
    assert "AUTH" not in sink.commands


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(("token", "works"), [("good", True), ("stale", False)])
async def test_a_bearer_token_is_let_in_or_refused(client, trusted, security, token, works):
    peer = Peer()
    async with tls_peer(trusted, security, peer) as port:
        told = await tried(client, port, security, authentication="oauth2", credentials={"access_token": token})
    assert peer.tokens == [token]
    assert told["works"] == works
    assert ("235" if works else "535 5.7.8") in told["answer"]


async def kept(scene, mailbox) -> credentials.Credentials:
    """What the mailbox signs in with now."""
    sealed = await scene.value("SELECT credentials_encrypted FROM sending.mailboxes WHERE id = $1", mailbox)
    return credentials.opened(sealed, scene.organization, mailbox)


async def test_the_sender_renews_a_token_that_has_ended_and_keeps_it(sender, trusted):  # noqa: F811
    peer = Peer(token="new")
    answer = '{"access_token": "new", "expires_in": 3600, "refresh_token": "rotated"}'
    async with provider(200, answer) as (url, got), tls_peer(trusted, "starttls", peer) as port:
        mailbox = await sender.mailbox(smtp_host="localhost", smtp_port=port, smtp_security="starttls", authentication="oauth2")
        old = credentials.Credentials(access_token="old", expires_at=time.time() - 60, refresh_token="again", token_url=url, client_id="me")
        sealed = old.sealed(sender.organization, mailbox)
        await sender.run("UPDATE sending.mailboxes SET credentials_encrypted = $2 WHERE id = $1", mailbox, sealed)
        await sender.enroll(await sender.campaign(mailbox), 2)
        async with sending():
            await until(sender, sent=2)
    assert len(peer.taken) == 2
    assert set(peer.tokens) == {"new"}
    assert "refresh_token=again" in got[0]
    found = await kept(sender, mailbox)
    assert (found.access_token, found.refresh_token, found.is_stale) == ("new", "rotated", False)


@pytest.mark.parametrize(("status", "is_permanent"), [(400, True), (429, False), (503, False), (None, False)])
async def test_only_a_provider_that_says_no_takes_a_mailbox_out_of_use(scene, status, is_permanent):
    async with tenancy.transaction(scene.organization, tenancy.Actor("user", "test")) as connection:
        mailbox = await read_for_trial(connection, scene.organization, await scene.mailbox(authentication="oauth2"))
    async with provider(status or 200, '{"error": "invalid_grant"}') as (url, _):
        found = credentials.Credentials(refresh_token="again", token_url=url if status else "http://127.0.0.1:1/token")
        with pytest.raises(Unreachable) as trouble:
            await renew(scene.organization, mailbox, found)
    assert trouble.value.is_permanent is is_permanent


async def test_a_renewal_does_not_overwrite_what_somebody_gave_meanwhile(scene):
    mailbox = await scene.mailbox(authentication="oauth2", smtp_security="starttls")
    async with provider(200, '{"access_token": "new", "expires_in": 3600}') as (url, _):
        old = credentials.Credentials(refresh_token="again", token_url=url)
        await scene.run(
            "UPDATE sending.mailboxes SET credentials_encrypted = $2 WHERE id = $1", mailbox, old.sealed(scene.organization, mailbox)
        )
        async with tenancy.transaction(scene.organization, tenancy.Actor("user", "test"), readonly=True) as connection:
            read = await read_for_trial(connection, scene.organization, mailbox)
        given = credentials.Credentials(refresh_token="given meanwhile", token_url=url)
        await scene.run(
            "UPDATE sending.mailboxes SET credentials_encrypted = $2 WHERE id = $1", mailbox, given.sealed(scene.organization, mailbox)
        )
        assert (await renew(scene.organization, read, old)).access_token == "new"
    assert (await kept(scene, mailbox)).refresh_token == "given meanwhile"


async def test_the_connection_test_renews_and_keeps_the_token_too(client, scene, trusted):
    answer = '{"access_token": "good", "expires_in": 3600, "refresh_token": "rotated"}'
    async with provider(200, answer) as (url, _), tls_peer(trusted, "tls", Peer()) as port:
        given = {"refresh_token": "again", "token_url": url, "client_id": "me", "client_secret": "s"}
        assert (await tried(client, port, "tls", authentication="oauth2", credentials=given))["works"]
    (one,) = (await client.get("/api/mailboxes")).json()["items"]
    assert (await kept(scene, UUID(one["id"]))).refresh_token == "rotated"


async def test_a_refresh_token_that_was_revoked_is_told_in_the_providers_words(client, trusted):
    answer = '{"error": "invalid_grant", "error_description": "Token has been revoked"}'
    async with provider(400, answer) as (url, _), tls_peer(trusted, "tls", Peer()) as port:
        told = await tried(client, port, "tls", authentication="oauth2", credentials={"refresh_token": "again", "token_url": url})
    assert (told["works"], "Token has been revoked" in told["answer"]) == (False, True)


@pytest.mark.parametrize(("status", "state"), [(400, "failing"), (503, "active")])
async def test_a_provider_that_is_away_takes_no_mailbox_out_of_use_but_one_that_says_no_does(sender, trusted, status, state):  # noqa: F811
    async with provider(status, '{"error": "no"}') as (url, got), tls_peer(trusted, "tls", Peer()) as port:
        mailbox = await sender.mailbox(smtp_host="localhost", smtp_port=port, smtp_security="tls", authentication="oauth2")
        old = credentials.Credentials(refresh_token="again", token_url=url)
        await sender.run(
            "UPDATE sending.mailboxes SET credentials_encrypted = $2 WHERE id = $1", mailbox, old.sealed(sender.organization, mailbox)
        )
        await sender.queue(await sender.campaign(mailbox), mailbox, 1)
        async with sending():
            end = time.monotonic() + 60
            while not got or await sender.states() != {"queued": 1}:
                assert time.monotonic() < end
                await asyncio.sleep(0.05)
    assert await sender.value("SELECT state FROM sending.mailboxes WHERE id = $1", mailbox) == state


async def test_tokens_are_fetched_from_no_private_address_unless_the_operator_allows_it(client):
    outgoing.configure(allow_private=False)
    try:
        given = {"refresh_token": "again", "token_url": "https://127.0.0.1/token"}
        told = await tried(client, 465, "tls", authentication="oauth2", credentials=given)
    finally:
        outgoing.configure(allow_private=True)
    assert (told["works"], "is a private address" in told["answer"]) == (False, True)
