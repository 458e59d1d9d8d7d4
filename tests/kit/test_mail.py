"""Mail: which settings describe a server, and that a server gets what was said."""

import pytest
from aiosmtpd.smtp import AuthResult

from outrider.kit.errors import Unavailable
from outrider.kit.mail import Mailer
from tests.mail_peer import serving

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
SENDER = "Outrider <outrider@example.org>"


class Handler:
    def __init__(self):
        self.content = b""
        self.login = None

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  (aiosmtpd's name)
        self.content = envelope.content
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data):
        self.login = data
        return AuthResult(success=data.password == b"p@ss:word", handled=False)


@pytest.fixture
def handler():
    return Handler()


@pytest.fixture
def port(handler):
    with serving(handler, authenticator=handler.authenticate, auth_required=True, auth_require_tls=False) as found:
        yield found


async def test_a_mail_is_handed_over_with_name_and_password(handler, port):
    mailer = Mailer.of(f"smtp://ana%40example.org:p%40ss%3Aword@127.0.0.1:{port}?starttls=no", SENDER)
    await mailer.send("leo@example.org", "Grüße", "Ein Löwe.\n")
    assert (handler.login.login, handler.login.password) == (b"ana@example.org", b"p@ss:word")
    assert b"To: leo@example.org" in handler.content
    assert b"Auto-Submitted: auto-generated" in handler.content
    assert b"Message-ID: <" in handler.content


async def test_a_server_that_refuses_is_named_and_the_password_is_not(port):
    mailer = Mailer.of(f"smtp://ana:wrong-secret@127.0.0.1:{port}?starttls=no", SENDER)
    with pytest.raises(Unavailable, match="did not take the mail") as refused:
        await mailer.send("leo@example.org", "Hello", "Hello")
    assert "wrong-secret" not in refused.value.message
    assert "wrong-secret" not in repr(mailer)


async def test_a_server_is_checked_without_a_mail(handler, port):
    await Mailer.of(f"smtp://ana:p%40ss%3Aword@127.0.0.1:{port}?starttls=no", SENDER).check()
    assert handler.content == b""
    with pytest.raises(Unavailable):
        await Mailer.of(f"smtp://ana:wrong@127.0.0.1:{port}?starttls=no", SENDER).check()


async def test_a_server_that_is_not_there_is_told():
    with pytest.raises(Unavailable, match="did not take the mail"):
        await Mailer.of("smtp://127.0.0.1:9", SENDER).send("leo@example.org", "Hello", "Hello")


async def test_a_subject_cannot_add_a_header(port):
    with pytest.raises((Unavailable, ValueError)):
        await Mailer.of(f"smtp://127.0.0.1:{port}", SENDER).send("leo@example.org\nBcc: eve@example.org", "Hello", "Hello")


@pytest.mark.parametrize(
    ("url", "port", "is_tls", "starttls"),
    [
        ("smtp://mail.example.org", 587, False, None),
        ("smtp://mail.example.org:25?starttls=no", 25, False, False),
        ("smtp://mail.example.org?starttls=yes", 587, False, True),
        ("smtps://mail.example.org", 465, True, False),
    ],
)
def test_the_setting_says_which_server_and_how_safely(url, port, is_tls, starttls):
    mailer = Mailer.of(url, SENDER)
    assert (mailer.host, mailer.port, mailer.is_tls, mailer.starttls) == ("mail.example.org", port, is_tls, starttls)


@pytest.mark.parametrize(
    "url",
    ["", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:port", "smtp://host:99999", "smtp://host?starttls=maybe",
     "smtp://host/path", "smtp://host?tls=1", "smtp://[::1"],
)  # fmt: skip
def test_what_is_no_server_is_refused_at_the_start(url):
    with pytest.raises(Unavailable, match="OUTRIDER_SMTP_URL"):
        Mailer.of(url, SENDER)


@pytest.mark.parametrize("sender", ["", "Outrider", "a@b.example\nBcc: x@y.example"])
def test_what_is_no_sender_is_refused_at_the_start(sender):
    with pytest.raises(Unavailable, match="OUTRIDER_MAIL_FROM"):
        Mailer.of("smtp://mail.example.org", sender)


async def test_a_server_that_must_encrypt_and_does_not_gets_nothing(handler, port):
    with pytest.raises(Unavailable):
        await Mailer.of(f"smtp://127.0.0.1:{port}?starttls=yes", SENDER).send("leo@example.org", "Hello", "Hello")
    assert handler.content == b""
