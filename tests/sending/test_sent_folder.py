"""Messages in doubt against a real IMAP server: what is in the Sent folder was sent, what is not stays in doubt."""

import contextlib
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from imapclient import IMAPClient

from outrider.kit import outgoing
from outrider.sending import credentials, settle_by_sent_folders
from outrider.sending.sent_folder import find_sent
from outrider.sending.smtp import Unreachable
from outrider.sending.types import Account

from .tls_peer import certificate


@pytest.fixture(scope="module")
def imap_server(tmp_path_factory):
    """(port, certificate) of pymap with STARTTLS."""
    file = certificate(tmp_path_factory.mktemp("imap"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("pymap")),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--cert",
        str(file),
        "--key",
        str(file),
    ]
    process = subprocess.Popen([*command, "dict", "--demo-user", "ana@example.org", "--demo-password", "right"], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    yield port, file
    process.kill()
    process.wait()


@pytest.fixture
def imap(imap_server, monkeypatch):
    """The port of an IMAP server whose certificate this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(imap_server[1]))
    return imap_server[0]


@contextlib.contextmanager
def signed_in(port):
    """A client of the server."""
    with IMAPClient("localhost", port, ssl=False) as client:
        client.starttls(ssl.create_default_context())
        client.login("ana@example.org", "right")
        yield client


def put(port, *message_ids):
    """Put messages into the Sent folder, as a mail server does with what it sent."""
    with signed_in(port) as client:
        if not client.folder_exists("Sent"):
            client.create_folder("Sent")
        for one in message_ids:
            client.append("Sent", f"From: ana@example.org\r\nMessage-ID: {one}\r\nSubject: x\r\n\r\nHello\r\n".encode())


@pytest.fixture
async def doubtful(scene, imap):
    """(mailbox, [two messages in doubt for two minutes])."""
    mailbox = await scene.mailbox(
        email="ana@example.org", imap_host="localhost", imap_port=imap, imap_security="starttls", authentication="password",
        smtp_security="starttls",
    )  # fmt: skip
    sealed = credentials.Credentials(password="right").sealed(scene.organization, mailbox)
    await scene.run("UPDATE sending.mailboxes SET credentials_encrypted = $2 WHERE id = $1", mailbox, sealed)
    campaign = await scene.campaign(mailbox)
    messages = await scene.queue(campaign, mailbox, 2)
    await scene.run(
        "UPDATE sending.messages SET status = 'unknown', attempts = 1, counted_at = now(), last_attempt_at = now() - interval '2 minutes' "
        "WHERE id = ANY ($1::uuid[])",
        messages,
    )
    return mailbox, messages


async def message_ids(scene, messages):
    rows = await scene.run("SELECT id, message_id FROM sending.messages WHERE id = ANY ($1::uuid[])", messages)
    return {row["id"]: row["message_id"] for row in rows}


async def test_what_is_in_the_sent_folder_was_sent_and_the_rest_stays_in_doubt(scene, imap, doubtful):
    _, (one, other) = doubtful
    put(imap, (await message_ids(scene, [one]))[one])
    settled = await settle_by_sent_folders(scene.organization)
    assert (settled.looked_for, settled.sent) == (2, 1)
    rows = await scene.run("SELECT id, status FROM sending.messages WHERE id = ANY ($1::uuid[])", [one, other])
    assert {row["id"]: row["status"] for row in rows} == {one: "sent", other: "unknown"}
    assert await scene.value("SELECT count(*) FROM engagement.outcomes WHERE source_id = $1", one) == 1
    assert (await settle_by_sent_folders(scene.organization)).looked_for == 0  # not again within ten minutes
    await scene.run("UPDATE sending.messages SET looked_for_at = now() - interval '11 minutes' WHERE id = $1", other)
    put(imap, (await message_ids(scene, [other]))[other])
    assert (await settle_by_sent_folders(scene.organization)).sent == 1


async def test_a_folder_that_cannot_be_read_settles_nothing(scene, imap, doubtful):
    mailbox, messages = doubtful
    put(imap, *(await message_ids(scene, messages)).values())
    sealed = credentials.Credentials(password="wrong").sealed(scene.organization, mailbox)
    await scene.run("UPDATE sending.mailboxes SET credentials_encrypted = $2 WHERE id = $1", mailbox, sealed)
    settled = await settle_by_sent_folders(scene.organization)
    assert (settled.looked_for, settled.sent) == (2, 0)
    assert (await scene.states())["unknown"] == 2


async def test_a_mailbox_without_imap_waits_for_a_person(scene, imap, doubtful):
    await scene.run("UPDATE sending.mailboxes SET imap_host = NULL WHERE id = $1", doubtful[0])
    assert (await settle_by_sent_folders(scene.organization)).looked_for == 0


async def test_the_servers_own_words_come_back(imap):
    account = Account("localhost", imap, "starttls", "password", "ana@example.org", "wrong")
    with pytest.raises(Unreachable, match="lets us not in"):
        await find_sent(account, [])
    put(imap)
    with signed_in(imap) as client:
        client.delete_folder("Sent")
    with pytest.raises(Unreachable, match="no Sent folder"):
        await find_sent(Account("localhost", imap, "starttls", "password", "ana@example.org", "right"), [])


async def test_a_certificate_that_nobody_vouches_for_is_refused(imap, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unreachable, match="certificate"):
        await find_sent(Account("localhost", imap, "starttls", "password", "ana@example.org", "right"), [])


async def test_private_hosts_are_refused_unless_allowed(imap):
    outgoing.configure(allow_private=False)
    with pytest.raises(Exception, match="private address"):
        await find_sent(Account("localhost", imap, "starttls", "password", "ana@example.org", "right"), [])


async def test_a_password_does_not_go_to_another_imap_server(client):
    body = {
        "email": "bea@example.org",
        "smtp_host": "mail.example.org",
        "imap_host": "mail.example.org",
        "credentials": {"password": "secret"},
    }
    made = (await client.post("/api/mailboxes", json=body)).json()
    assert (made["imap_host"], made["imap_port"], made["imap_security"]) == ("mail.example.org", 993, "tls")
    moved = await client.patch(f"/api/mailboxes/{made['id']}", json={"imap_host": "evil.example"})
    assert moved.status_code == 422
    assert "give them again" in moved.text
    assert (await client.patch(f"/api/mailboxes/{made['id']}", json={"imap_security": "none"})).status_code == 422
