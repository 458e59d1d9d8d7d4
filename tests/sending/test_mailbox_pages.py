"""The pages of mailboxes and of the domains that sign: what they show, keep, refuse, and whom they let in."""

import base64
import re

import pytest
import pytest_asyncio

from .pages import HTML, HTMX, NOTHING, said, sent
from .sink import Sink, SinkThread
from .test_dns_and_tokens import name_server

FORM = {
    "email": "Ana@Example.org", "from_name": "Ana Lima", "provider": "smtp", "smtp_host": "mail.example.org", "smtp_port": "465",
    "smtp_security": "tls", "authentication": "password", "username": "", "password": "hunter2", "daily_limit": "40", "hourly_limit": "",
    "spacing_seconds": "", "warmup_status": "active", "warmup_from": "5", "warmup_days": "30", "priority": "5", "weight": "5",
}  # fmt: skip


@pytest_asyncio.fixture
async def owner(signed_in):
    """The browser of an owner."""
    return await signed_in()


async def added(owner, **changes) -> str:
    """Add a mailbox by the form and return the address of its page."""
    return await sent(owner, "/mailboxes/new", **{**FORM, **changes})


async def test_without_mailboxes_the_page_says_what_to_do(owner):
    assert "No mailboxes yet" in await said(owner, "/mailboxes")


async def test_a_mailbox_is_added_by_the_form_and_its_secret_is_never_shown(owner, scene):
    page = await added(owner)
    found = await said(owner, page)
    assert "ana@example.org" in found
    assert "mail.example.org:465" in found
    assert "Day 1 of 30" in found
    assert "0 of 5" in await said(owner, "/mailboxes")
    assert "It is warming up: 5 today." in await said(owner, f"{page}/edit")
    for path in (page, f"{page}/edit", "/mailboxes"):
        assert "hunter2" not in (await owner.get(path)).text
    assert await scene.value("SELECT credentials_encrypted IS NOT NULL FROM sending.mailboxes WHERE organization_id = kit.f_organization()")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"smtp_host": ""}, "smtp_host"),
        ({"smtp_host": "a b"}, "smtp_host"),
        ({"smtp_port": "0"}, "smtp_port"),
        ({"smtp_port": "many"}, "smtp_port"),
        ({"smtp_security": "rot13"}, "smtp_security"),
        ({"smtp_security": "none"}, "smtp_security"),
        ({"provider": "nobody"}, "provider"),
        ({"authentication": "magic"}, "authentication"),
        ({"daily_limit": "-1"}, "daily_limit"),
        ({"daily_limit": ""}, "daily_limit"),
        ({"hourly_limit": "0"}, "hourly_limit"),
        ({"warmup_days": "400"}, "warmup_days"),
        ({"weight": "11"}, "weight"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"reply_to": "r+{token}.{token}@in.example"}, "reply_to"),
        ({"reply_to": "r@{token}.example"}, "reply_to"),
        ({"reply_to": "added{token}@in.example"}, "reply_to"),
        ({"reply_to": "r+{tokn}@in.example"}, "reply_to"),
        ({"reply_to": "r" * 40 + "+{token}@in.example"}, "reply_to"),
        ({"from_name": "x" * 201}, "from_name"),
        ({"tracking_domain": "https://x.example/"}, "tracking_domain"),
        ({"authentication": "oauth2", "refresh_token": "x"}, "token_url"),
        ({"password": "x" * 10_001}, "password"),
    ],
)
async def test_a_form_that_cannot_be_says_why_beside_the_field_and_keeps_what_was_typed(owner, change, field):
    answer = await owner.post("/mailboxes/new", data={**FORM, **change}, headers=HTML)
    assert answer.status_code == 422
    wrong = re.findall(r'<p class="wrong"(?: id="f-(\w+)-error")?>', answer.text)
    assert wrong in ([field], [""])
    assert 'value="Ana Lima"' in answer.text or field == "from_name"
    assert "hunter2" not in answer.text
    assert "No mailboxes yet" in await said(owner, "/mailboxes")


async def test_an_address_has_one_mailbox(owner):
    await added(owner)
    assert "There is a mailbox ana@example.org already." in await sent(owner, "/mailboxes/new", 409, **FORM)


async def test_for_gmail_the_server_is_known(owner, scene):
    await added(owner, provider="gmail", smtp_host="typed.before.example", smtp_port="25")
    row = (
        await scene.run("SELECT smtp_host, smtp_port, smtp_security FROM sending.mailboxes WHERE organization_id = kit.f_organization()")
    )[0]
    assert tuple(row) == ("smtp.gmail.com", 587, "starttls")


async def test_oauth2_is_kept_and_is_not_shown(owner, scene):
    from outrider.sending import credentials

    page = await added(owner, provider="outlook", authentication="oauth2", refresh_token="again", client_id="me", client_secret="s3cret")
    row = (await scene.run("SELECT id, credentials_encrypted FROM sending.mailboxes WHERE organization_id = kit.f_organization()"))[0]
    kept = credentials.opened(row["credentials_encrypted"], scene.organization, row["id"])
    assert (kept.refresh_token, kept.client_id, kept.token_url) == ("again", "me", credentials.TOKEN_URLS["outlook"])
    assert "s3cret" not in (await owner.get(f"{page}/edit")).text


async def test_editing_keeps_the_secret_and_where_the_warm_up_is(owner, scene):
    page = await added(owner)
    await scene.run("UPDATE sending.mailboxes SET warmup_started_on = warmup_started_on - 9 WHERE organization_id = kit.f_organization()")
    sealed = await scene.value("SELECT credentials_encrypted FROM sending.mailboxes WHERE organization_id = kit.f_organization()")
    assert await sent(owner, f"{page}/edit", **{**FORM, "password": "", "daily_limit": "80"}) == page
    assert "Day 10 of 30" in await said(owner, page)
    assert sealed == await scene.value("SELECT credentials_encrypted FROM sending.mailboxes WHERE organization_id = kit.f_organization()")
    told = await sent(owner, f"{page}/edit", 422, **{**FORM, "password": "", "smtp_host": "evil.example"})
    assert "give them again" in told
    assert "A whole number" not in told
    assert "must be a whole number" in await sent(owner, f"{page}/edit", 422, **{**FORM, "daily_limit": "x"})


async def test_pausing_waits_and_resuming_goes_on(owner):
    page = await added(owner)
    assert await sent(owner, f"{page}/pause", reason="on holiday") == page
    assert "On holiday. What it has queued waits." in await said(owner, page)
    assert "On holiday" in await said(owner, "/mailboxes")
    assert await sent(owner, f"{page}/resume", back="list") == "/mailboxes"
    assert "It is paused" not in await said(owner, page)


@pytest.mark.parametrize(("password", "told"), [("right", "235 2.7.0 come in"), ("wrong", "535 5.7.8 bad username or password")])
@pytest.mark.parametrize("headers", [HTML, HTMX])
async def test_the_connection_test_shows_the_servers_answer_word_for_word(owner, scene, password, told, headers):
    plain = base64.b64encode(b"\0ana@example.org\0right").decode()
    with SinkThread(Sink(passwords={"ana": f"PLAIN {plain}"})) as sink:
        page = await added(owner, smtp_host="127.0.0.1", smtp_port=str(sink.port), password=password)
        await scene.run("UPDATE sending.mailboxes SET smtp_security = 'none' WHERE organization_id = kit.f_organization()")
        answer = await owner.post(f"{page}/test", headers=headers)
    assert answer.status_code == 200
    assert told in answer.text
    assert ("Gmail wants an app password" in answer.text) == (password == "wrong")
    assert ("<html" in answer.text) == (headers is HTML)


async def test_a_mailbox_that_a_campaign_uses_is_not_deleted_and_the_campaign_is_named(owner, scene):
    mailbox = await scene.mailbox()
    await scene.campaign(mailbox, name="Autumn fair")
    answer = await owner.post(f"/mailboxes/{mailbox}/delete", headers=HTML)
    assert answer.headers["location"] == f"/mailboxes/{mailbox}"
    assert "Autumn fair" in await said(owner, f"/mailboxes/{mailbox}")
    page = await added(owner)
    assert await sent(owner, f"{page}/delete") == "/mailboxes"
    await said(owner, page, 404)


async def test_the_page_says_what_the_health_is_made_of(owner, scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, state="paused")
    await scene.queue(campaign, mailbox, 40)
    await scene.run(
        "UPDATE sending.mailboxes SET created_at = now() - interval '60 days', resumed_at = now() - interval '60 days' WHERE id = $1",
        mailbox,
    )
    await scene.run("UPDATE sending.messages SET status = 'sent', counted_at = now(), sent_at = now() WHERE campaign_id = $1", campaign)
    await scene.run(
        """
        UPDATE sending.messages SET status = 'failed', reason = 'bounce', counted_at = NULL, sent_at = NULL, last_attempt_at = now()
        WHERE id IN (SELECT id FROM sending.messages WHERE campaign_id = $1 LIMIT 2)
        """,
        campaign,
    )
    found = await said(owner, f"/mailboxes/{mailbox}")
    assert "Why its health is 75" in found
    assert re.search(r"2 bounces of 40 sent −25", found), found
    assert re.search(r"\w{3} \d\d 40 2 0", found), found


@pytest.mark.parametrize(("bounced", "level"), [(1, "ok"), (2, "ok"), (3, "warning"), (4, "warning"), (5, "critical")])
async def test_bounces_over_five_percent_are_a_warning_and_over_ten_critical(owner, client, scene, bounced, level):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, state="paused")
    ids = await scene.queue(campaign, mailbox, 40)
    await scene.run("UPDATE sending.messages SET status = 'sent', counted_at = now(), sent_at = now() WHERE id = ANY ($1)", ids[bounced:])
    await scene.run(
        "UPDATE sending.messages SET status = 'failed', reason = 'bounce', last_attempt_at = now() WHERE id = ANY ($1)", ids[:bounced]
    )
    assert (await client.get(f"/api/mailboxes/{mailbox}")).json()["bounce_level"] == level
    share = {"ok": None, "warning": "5 %", "critical": "10 %"}[level]
    for page, words in ((f"/mailboxes/{mailbox}", f"Over {share} of its messages bounced"), ("/mailboxes", f"Bounces over {share}")):
        assert (words in await said(owner, page)) == (level != "ok"), page


async def test_the_parts_of_the_health_add_up_to_what_the_ledger_draws_by(scene):
    wrong = await scene.value(
        """
        SELECT count(*) FROM generate_series(0, 60, 7) AS s, generate_series(0, 9, 3) AS b, generate_series(0, 2) AS c,
            generate_series(0, 8, 4) AS r, unnest(ARRAY['1 day', '1 year']::interval[]) AS age
        CROSS JOIN LATERAL sending.f_health_parts(s, b, c, r, age) AS h
        WHERE greatest(0, least(h.most, 100 - h.bounces - h.complaints + h.replies)) <> sending.f_health(s, b, c, r, age)
        """
    )
    assert wrong == 0


async def test_the_plot_has_a_table_that_says_the_same(owner, scene):
    page = await added(owner, daily_limit="35", warmup_days="30")
    html = (await owner.get(page, headers=HTML)).text
    rows = re.findall(r'<tr><th scope="row">(\d\d \w{3})</th><td>(\d+)</td>', html)
    assert len(rows) == 31
    assert (rows[0][1], rows[1][1], rows[-1][1]) == ("5", "6", "35")
    assert 'class="ramp-line"' in html
    assert "style=" not in html


async def test_a_domain_gets_a_key_and_its_page_says_what_to_set(owner):
    await added(owner, provider="gmail")
    assert "Mail from example.org goes out unsigned" in await said(owner, "/mailboxes")
    page = await sent(owner, "/sending-domains", domain="Example.org")
    found = await said(owner, page)
    assert "v=spf1 include:_spf.google.com ~all" in found
    assert "outrider._domainkey.example.org" in found
    assert "v=DKIM1; k=rsa; p=" in found
    assert "has a key already" in await sent(owner, "/sending-domains", 409, domain="example.org")
    assert "must be a name such as" in await sent(owner, "/sending-domains", 422, domain="no domain")
    assert "Say that its mail may go unsigned." in await sent(owner, f"{page}/delete", 422)
    assert await sent(owner, f"{page}/delete", sure="yes") == "/mailboxes"
    await said(owner, page, 404)


async def test_checking_asks_dns_now(owner, monkeypatch):
    page = await sent(owner, "/sending-domains", domain="example.org")
    answers = {"example.org": ["v=spf1 include:mail.example ~all"], "_dmarc.example.org": ["v=DMARC1; p=reject"]}
    async with name_server(answers) as resolver:
        monkeypatch.setattr("outrider.sending.dns.Resolver", lambda: resolver)
        assert await sent(owner, f"{page}/check") == page
    found = await said(owner, page)
    assert "There is no key at this name: add the record." in found
    assert "v=DMARC1; p=reject" in found
    assert "Checked just now" in found


async def test_what_dns_said_is_told_in_plain_words(owner, scene):
    page = await sent(owner, "/sending-domains", domain="example.org")
    checks = {
        "spf": {
            "kind": "spf",
            "name": "example.org",
            "wanted": "",
            "found": ["v=spf1 +all"],
            "problem": "it allows every server (+all): end it with ~all",
        },
        "dkim": {"kind": "dkim", "name": "x", "wanted": "", "found": [], "problem": "there is no key at this name: add the record"},
        "dmarc": {"kind": "dmarc", "name": "y", "wanted": "", "found": ["v=DMARC1; p=none"], "problem": None},
    }
    await scene.run("UPDATE sending.domains SET checks = $1, checked_at = now() WHERE organization_id = kit.f_organization()", checks)
    found = await said(owner, page)
    assert "It allows every server (+all): end it with ~all." in found
    assert "Nothing at this name" in found
    assert "v=DMARC1; p=none" in found
    assert "To do" in await said(owner, "/mailboxes")


async def test_the_list_is_paged(owner, scene, monkeypatch):
    monkeypatch.setattr("outrider.sending.pages.mailboxes.PAGE", 2)
    for name in "abc":
        await scene.mailbox(email=f"{name}@sender.example")
    first = (await owner.get("/mailboxes", headers=HTML)).text
    assert "c@sender.example" not in first
    following = re.search(r'href="(/mailboxes\?cursor=[^"]+)"', first)
    assert "c@sender.example" in await said(owner, following[1])
    await said(owner, "/mailboxes?cursor=nonsense", 422)


async def test_others_see_and_change_nothing_of_it(owner, visitor_of_other_organization, scene):
    stranger = visitor_of_other_organization
    page = await added(owner)
    domain = await sent(owner, "/sending-domains", domain="example.org")
    assert "ana@example.org" not in await said(stranger, "/mailboxes")
    for path in (page, f"{page}/edit", domain):
        await said(stranger, path, 404)
    for path in (
        f"{page}/edit",
        f"{page}/pause",
        f"{page}/resume",
        f"{page}/test",
        f"{page}/delete",
        f"{domain}/check",
        f"{domain}/delete",
    ):
        await sent(stranger, path, 404, **FORM, sure="yes")
    assert "ana@example.org" in await said(owner, page)


async def test_what_is_not_there_is_not_there(owner):
    for path in (f"/mailboxes/{NOTHING}", f"/mailboxes/{NOTHING}/edit", f"/sending-domains/{NOTHING}"):
        await said(owner, path, 404)
    await said(owner, "/mailboxes/nonsense", 404)
    for path in ("edit", "pause", "resume", "test", "delete"):
        await sent(owner, f"/mailboxes/{NOTHING}/{path}", 404, **FORM)
    for path in ("check", "delete"):
        await sent(owner, f"/sending-domains/{NOTHING}/{path}", 404, sure="yes")


async def test_a_viewer_reads_and_changes_nothing(signed_in, owner):
    page = await added(owner)
    domain = await sent(owner, "/sending-domains", domain="example.org")
    viewer = await signed_in("viewer")
    for path in ("/mailboxes", page, domain):
        found = (await viewer.get(path, headers=HTML)).text
        assert "Pause" not in found
        assert "Check now" not in found
    for path in ("/mailboxes/new", f"{page}/edit"):
        await said(viewer, path, 403)
    for path in (
        "/mailboxes/new",
        "/sending-domains",
        f"{page}/edit",
        f"{page}/pause",
        f"{page}/resume",
        f"{page}/test",
        f"{page}/delete",
        f"{domain}/check",
    ):
        await sent(viewer, path, 403, **FORM)
