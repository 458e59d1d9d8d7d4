"""What the demo's mail server takes, what its people do, and who may see the mails."""

import asyncio
import smtplib
import socket
from collections import Counter

import pytest

from outrider import web
from outrider.demo import server
from outrider.demo.fates import SHARES, Fate, delay_of, fate_of
from outrider.demo.mails import MOST, Mails
from outrider.demo.running import addition_of, running
from tests.api.fixtures import *  # noqa: F403
from tests.api.fixtures import new_user, open_browser, test_settings

RAW = b'From: a@demo.example\r\nTo: b@example.org\r\nSubject: Hello\r\nContent-Type: text/html\r\n\r\n<p>Hi <a href="https://x.example/?a=1&amp;b=2">x</a></p>'


def test_the_newest_mails_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("outrider.demo.mails.MOST", 3)
    assert MOST == 2_000
    mails = Mails(tmp_path / "mails")
    assert mails.newest(5) == []
    kept = [mails.keep(RAW + str(number).encode()) for number in range(5)]
    assert [mail.id for mail in mails.newest(5)] == [mail.id for mail in reversed(kept[2:])]
    assert [mail.id for mail in mails.newest(5, before=kept[4].id)] == [kept[3].id, kept[2].id]
    assert mails.find(kept[0].id) is None
    for bad in ("../secret", "x" * 28, kept[4].id + "/", ""):
        assert mails.find(bad) is None


def test_everybody_does_the_same_every_time_in_the_shares_said():
    people = [f"p{number}@example.org" for number in range(5000)]
    drawn = Counter(fate_of(one) for one in people)
    assert drawn == Counter(fate_of(one.upper()) for one in people)
    for fate, share in SHARES.items():
        assert abs(drawn[fate] / 50 - share) < 2, fate
    assert all(6 <= delay_of(one) <= 45 for one in people)


async def test_mail_is_taken_and_later_some_addresses_do_not_exist(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "MAILS_FOR_A_BOUNCE", 1)
    gone = next(one for one in (f"p{number}@example.org" for number in range(1000)) if fate_of(one) is Fate.BOUNCES)
    mails, came = Mails(tmp_path), []

    def send(port):
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.sendmail("a@demo.example", [gone], RAW)
            with pytest.raises(smtplib.SMTPRecipientsRefused, match=r"5\.1\.1"):
                client.sendmail("a@demo.example", [gone], RAW)

    async with server.serving(mails, 0, came.append) as port:
        await asyncio.to_thread(send, port)
    assert [mail.id for mail in came] == [mail.id for mail in mails.newest(5)]
    assert came[0].part("html").startswith("<p>Hi")


@pytest.fixture
def demo_app(pool, organization, tmp_path):
    """The application as `up` makes it for this organization, with one mail."""
    mail = Mails(tmp_path / "demo-mails").keep(RAW)
    return web.create_app(test_settings(), manage_pool=False, addition=addition_of(organization, tmp_path)), mail


async def test_the_demos_people_read_its_mails_in_the_browser(demo_app, organization):
    app, mail = demo_app
    async with await open_browser(app, organization, await new_user(organization)) as browser:
        listed = await browser.get("/demo/mails")
        assert "Hello" in listed.text
        assert f"/demo/mails/{mail.id}" in listed.text
        assert "Demo mails" in listed.text
        shown = await browser.get(f"/demo/mails/{mail.id}")
        assert 'href="https://x.example/?a=1&amp;b=2"' in shown.text
        frame = await browser.get(f"/demo/mails/{mail.id}/html")
        assert "sandbox" in frame.headers["content-security-policy"]
        assert "<p>Hi" in frame.text
        assert (await browser.get("/demo/mails/nothing")).status_code == 404


async def test_nobody_else_sees_them(demo_app, other_organization):
    app, mail = demo_app
    async with await open_browser(app, other_organization, await new_user(other_organization)) as browser:
        assert "Hello" not in (await browser.get("/demo/mails")).text
        assert (await browser.get(f"/demo/mails/{mail.id}")).status_code == 404
        assert (await browser.get(f"/demo/mails/{mail.id}/html")).status_code == 404
    async with await open_browser(app, other_organization, await new_user(other_organization, "client")) as browser:
        assert (await browser.get("/demo/mails")).status_code in (403, 404)


async def test_a_port_that_is_taken_means_no_mail_and_a_fault_of_the_block_stays_its_own(pool, organization, tmp_path):
    said = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with running(organization, tmp_path, port, "http://out.test", said.append) as takes_mail:
            assert takes_mail is False
    assert f"port {port} is taken" in said[0]

    async def fail() -> None:
        async with running(organization, tmp_path, port, "http://out.test", said.append) as takes_mail:
            assert takes_mail is True
            raise OSError("of the block")

    with pytest.raises(OSError, match="of the block"):
        await fail()
