"""A forgotten password: a link by mail from a real mail server, followed as a person follows it."""

import email
import email.policy
import re
from urllib.parse import urlsplit

import pytest

from outrider import web
from outrider.tenancy import resets, sessions
from tests.api.fixtures import test_settings
from tests.mail_peer import serving
from tests.tenancy import people

NEW = "seven loud herons"
PUBLIC = "http://outrider.test"


class Inbox:
    """What a mail server took in."""

    def __init__(self):
        self.mails = []
        self.refuses = False

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  (aiosmtpd's name)
        if self.refuses:
            return "451 try later"
        self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"

    def link(self):
        """The link in the last mail."""
        return re.search(r"http\S+", self.mails[-1][1].get_content())[0]


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def smtp(inbox):
    with serving(inbox) as port:
        yield f"smtp://127.0.0.1:{port}"


@pytest.fixture
def app(pool, smtp):
    settings = test_settings(smtp_url=smtp, mail_from="Outrider <outrider@example.org>", public_url=PUBLIC)
    return web.create_app(settings, manage_pool=False)


@pytest.fixture
async def client(app):
    async with people.browser(app) as opened:
        yield opened


@pytest.fixture
async def person(organization, admin):
    await admin.execute("DELETE FROM tenancy.throttles")
    return await people.new_person(organization, admin)


async def ask(client, person):
    return await client.post("/sign-in/forgotten", data={"email": person.email})


def path_of(link):
    return link.removeprefix(PUBLIC)


async def test_the_link_that_comes_by_mail_sets_a_new_password(app, client, person, inbox, admin):
    async with people.browser(app) as elsewhere:
        await people.sign_in(elsewhere, person)
        assert (await ask(client, person)).status_code == 200
        recipients, mail = inbox.mails[0]
        assert (recipients, mail["To"], mail["From"]) == ([person.email], person.email, "Outrider <outrider@example.org>")
        shown = await client.get(path_of(inbox.link()))
        assert person.email in shown.text
        answer = await client.post("/sign-in/reset", data={"token": people.field_of(shown, "token"), "password": NEW})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert (await elsewhere.get("/account/security")).status_code == 303  # signed out
    assert (await people.sign_in(client, person)).status_code == 422
    assert (await people.sign_in(client, person, NEW)).status_code == 303
    assert await admin.fetchval("SELECT email_verified FROM tenancy.users WHERE id = $1", person.id)


async def test_a_link_works_once_and_takes_the_others_with_it(client, person, inbox):
    await ask(client, person)
    first = inbox.link()
    await ask(client, person)
    for link, status in ((inbox.link(), 303), (inbox.link(), 404), (first, 404)):
        token = urlsplit(link).query.removeprefix("token=")
        assert (await client.post("/sign-in/reset", data={"token": token, "password": NEW})).status_code == status
    assert (await client.get(path_of(first))).status_code == 404


async def test_a_link_is_over_after_an_hour(client, person, inbox, admin):
    await ask(client, person)
    await admin.execute("UPDATE tenancy.password_resets SET expires_at = now() - interval '1 second'")
    answer = await client.get(path_of(inbox.link()))
    assert (answer.status_code, "older than an hour" in answer.text) == (404, True)


async def test_only_the_hash_of_a_link_is_stored(client, person, inbox, admin):
    await ask(client, person)
    rows = await admin.fetch("SELECT * FROM tenancy.password_resets")
    assert rows
    assert urlsplit(inbox.link()).query.removeprefix("token=") not in str([dict(row) for row in rows])


async def test_an_address_that_nobody_has_gets_the_same_answer_and_no_mail(client, person, inbox):
    known = await ask(client, person)
    unknown = await client.post("/sign-in/forgotten", data={"email": "x" + person.email})
    assert unknown.status_code == known.status_code
    assert unknown.text.replace("x" + person.email, person.email) == known.text
    assert len(inbox.mails) == 1


async def test_who_is_in_no_organization_any_more_gets_no_mail(client, person, inbox, admin):
    await admin.execute("DELETE FROM tenancy.memberships WHERE user_id = $1", person.id)
    assert (await ask(client, person)).status_code == 200
    assert inbox.mails == []


async def test_an_unfit_password_does_not_use_the_link_up(client, person, inbox):
    await ask(client, person)
    token = urlsplit(inbox.link()).query.removeprefix("token=")
    for password in ("short", person.email, "password1234", "x" * 300):
        answer = await client.post("/sign-in/reset", data={"token": token, "password": password})
        assert answer.status_code == 422
    assert (await client.post("/sign-in/reset", data={"token": token, "password": NEW})).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "é", "%00", "x" * 900])
async def test_what_is_no_link_of_ours_opens_nothing(client, person, token):
    assert (await client.get("/sign-in/reset", params={"token": token})).status_code == 404
    assert (await client.post("/sign-in/reset", data={"token": token, "password": NEW})).status_code == 404


@pytest.mark.parametrize(
    "address", ["", "ana", "ana@", "a b@example.org", "ana@example.org\r\nBcc: eve@evil.example", "x" * 300 + "@example.org"]
)
async def test_what_is_no_address_is_told_so(client, person, inbox, address):
    answer = await client.post("/sign-in/forgotten", data={"email": address})
    assert answer.status_code == 422
    assert inbox.mails == []


async def test_links_begin_with_the_public_address_and_never_with_the_host_that_was_asked(client, person, inbox):
    await client.post("/sign-in/forgotten", data={"email": person.email}, headers={"Host": "evil.example"})
    assert inbox.link().startswith(f"{PUBLIC}/sign-in/reset?token=")


async def test_nobody_fills_somebodys_inbox(client, person, inbox, admin):
    for _ in range(resets.PER_ACCOUNT):
        assert (await ask(client, person)).status_code == 200
    await people.failed_before(admin, 12)
    assert (await ask(client, person)).status_code == 200
    answer = await ask(client, person)
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)
    assert len(inbox.mails) == resets.PER_ACCOUNT + 1


async def test_another_site_asks_for_no_link(client, person, inbox):
    answer = await client.post("/sign-in/forgotten", data={"email": person.email}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert inbox.mails == []


async def test_a_mail_server_that_refuses_is_logged_without_the_address(client, person, inbox, capsys):
    from outrider.kit import logs

    logs.configure("INFO")
    inbox.refuses = True
    assert (await ask(client, person)).status_code == 200
    said = "".join(line for line in capsys.readouterr().err.splitlines() if '"mail.log"' not in line)  # the peer's own
    assert "reset_mail_not_sent" in said
    assert person.email not in said
    assert "token=" not in said


async def test_without_a_mail_server_the_page_says_who_can_help(pool, person):
    async with people.browser(web.create_app(test_settings(), manage_pool=False)) as client:
        page = await client.get("/sign-in/forgotten")
        assert "outrider users reset" in page.text
        assert 'action="/sign-in/forgotten"' not in page.text
        assert (await client.post("/sign-in/forgotten", data={"email": person.email})).status_code == 404


async def test_a_reset_asks_for_the_second_factor_still(client, person, inbox, admin):
    await admin.execute("INSERT INTO tenancy.second_factors (user_id, secret, confirmed_at) VALUES ($1, 'x', now())", person.id)
    await ask(client, person)
    token = urlsplit(inbox.link()).query.removeprefix("token=")
    await client.post("/sign-in/reset", data={"token": token, "password": NEW})
    assert (await people.sign_in(client, person, NEW)).headers["location"] == "/sign-in/code"


async def test_a_reset_by_the_operator_ends_sessions_too(client, person, organization, actor):
    from outrider import tenancy

    secret = await sessions.open_session(organization, person.id, sessions.Client())
    password = await tenancy.reset_password(organization, actor, person.email)
    assert await sessions.find_visit(secret) is None
    assert (await people.sign_in(client, person, password)).status_code == 303


async def test_the_operator_takes_a_lost_second_factor_away(client, person, organization, actor, admin):
    from outrider.kit.errors import NotFound
    from outrider.tenancy import members

    await admin.execute("INSERT INTO tenancy.second_factors (user_id, secret, confirmed_at) VALUES ($1, 'x', now())", person.id)
    secret = await sessions.open_session(organization, person.id, sessions.Client(), second_factor=True)
    assert await members.reset_second_factor(organization, actor, person.email) is True
    assert await sessions.find_visit(secret) is None
    assert await members.reset_second_factor(organization, actor, person.email) is False
    assert (await people.sign_in(client, person)).headers["location"] == "/"
    with pytest.raises(NotFound):
        await members.reset_second_factor(organization, actor, "nobody@example.org")
