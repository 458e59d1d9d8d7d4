"""The pages of the ledger and of sending as a whole: what is shown, found, decided, and who may."""

import re

import pytest
import pytest_asyncio

from outrider.sending.pages.words import HOLDS

from .claiming import begin, claim
from .pages import HTML, HTMX, NOTHING, said, sent


@pytest_asyncio.fixture
async def owner(signed_in):
    """The browser of an owner."""
    return await signed_in()


@pytest_asyncio.fixture
async def mailbox(scene):
    """A mailbox that sends."""
    return await scene.mailbox(email="ana@sender.example")


@pytest_asyncio.fixture
async def campaign(scene, mailbox):
    """A campaign of two steps."""
    return await scene.campaign(mailbox, name="Autumn fair", steps=2)


async def become(scene, message, **columns):
    """Put a message into a state, as the ledger's functions would."""
    sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 2))
    await scene.run(f"UPDATE sending.messages SET {sets} WHERE id = $1", message, *columns.values())  # noqa: S608


async def wording(scene, subject, body):
    """Let every step say this."""
    query = "UPDATE marketing.variants SET subject = $1, body = $2 WHERE organization_id = kit.f_organization()"
    await scene.run(query, subject, body)


async def test_without_messages_the_page_says_how_one_comes_about(owner):
    assert "Start a campaign" in await said(owner, "/messages")


async def test_the_ledger_is_narrowed_by_state_campaign_mailbox_and_words(owner, scene, mailbox, campaign):
    one, two = await scene.queue(campaign, mailbox, 2)
    await become(scene, one, status="needs_review", reason="first_name has no value", subject="Your stand at the fair")
    other = await scene.mailbox(email="bo@sender.example")
    third = (await scene.queue(await scene.campaign(other, name="Winter"), other, 1, domain="elsewhere.example"))[0]
    addresses = {id: await scene.value("SELECT recipient FROM sending.messages WHERE id = $1", id) for id in (one, two, third)}

    async def shown(query: str) -> set:
        found = await said(owner, f"/messages?{query}")
        return {id for id, address in addresses.items() if address in found}

    assert await shown("") == {one, two, third}
    assert await shown("status=needs_review") == {one}
    assert await shown("status=nonsense") == {one, two, third}
    assert await shown(f"campaign={campaign}") == {one, two}
    assert await shown(f"mailbox={other}") == {third}
    assert await shown("q=STAND+at") == {one}
    assert await shown("q=elsewhere") == {third}
    assert await shown(f"q={addresses[two].upper()}") == {two}
    assert await shown(f"q={addresses[two]}&status=sent") == set()
    assert await shown("q=elsewhere&status=sent") == set()
    assert await shown("q=el") == {third}, "too short for an index"
    assert await shown("q=%25") == await shown("q=e_s") == set()
    assert "First_name has no value." in await said(owner, "/messages")
    part = await owner.get("/messages?q=elsewhere", headers=HTMX)
    assert part.text.strip().startswith('<div id="messages"')


async def test_rare_words_are_found_however_old_the_message_is(owner, scene, mailbox, campaign, monkeypatch):
    monkeypatch.setattr("outrider.sending.messages.SEARCHED", 2)
    oldest, older, *_ = await scene.queue(campaign, mailbox, 5)
    await become(scene, oldest, status="failed", reason="refused", subject="Your stand in Zürich")
    await scene.run(
        "UPDATE vault.contacts SET name = 'Zoë Quist' WHERE contact_id = (SELECT contact_id FROM sending.messages WHERE id = $1)", older
    )
    for query, id in (("stand+in+z", oldest), ("zoe+quist", older)):
        page = (await owner.get(f"/messages?q={query}", headers=HTML)).text
        assert re.findall(r'href="/messages/([0-9a-f-]{36})"', page) == [str(id)]


async def test_a_search_for_common_words_goes_on_in_older_messages(owner, scene, mailbox, campaign, monkeypatch):
    monkeypatch.setattr("outrider.sending.messages.SEARCHED", 2)
    monkeypatch.setattr("outrider.sending.messages.GATHERED", 1)
    await scene.queue(campaign, mailbox, 1, domain="oldest.example")
    await scene.queue(campaign, mailbox, 3)
    page = (await owner.get("/messages?q=oldest", headers=HTML)).text
    assert "oldest.example</" not in page
    assert "None among these" in page
    following = re.search(r'href="(/messages\?q=oldest&amp;cursor=[^"]+)"', page)
    assert "@oldest.example" in await said(owner, following[1].replace("&amp;", "&"))


@pytest.mark.parametrize("query", ["campaign=x", "mailbox=x", "cursor=x", "q=" + "x" * 300])
async def test_a_ledger_that_cannot_be_asked_for_is_refused(owner, query):
    await said(owner, f"/messages?{query}", 422)


async def test_a_message_shows_its_attempts_and_the_answers_word_for_word(owner, scene, mailbox, campaign):
    (message,) = await scene.queue(campaign, mailbox, 1)
    await become(
        scene,
        message,
        status="failed",
        reason="refused",
        error_message="554 5.7.1 looks like <spam>",
        attempts=1,
        body="<p>Hi</p>",
        body_text="Hi there",
    )
    await scene.run(
        "INSERT INTO sending.attempts (message_id, number, mailbox_id, worker, ended_at, outcome, code, answer) VALUES ($1, 1, $2, 'w', now(), 'refused', 554, '554 5.7.1 looks like <spam>')",  # noqa: E501
        message, mailbox,
    )  # fmt: skip
    found = await said(owner, f"/messages/{message}")
    assert found.count("554 5.7.1 looks like <spam>") == 2
    assert "Refused for good 554" in found
    assert "Hi there" in found
    page = (await owner.get(f"/messages/{message}", headers=HTML)).text
    person = await scene.value("SELECT person_id FROM sending.messages WHERE id = $1", message)
    for link in (f"/people/{person}", f"/campaigns/{campaign}", f"/mailboxes/{mailbox}"):
        assert f'href="{link}"' in page
    assert f'<iframe class="sent-frame" sandbox src="/messages/{message}/html"' in page


async def test_the_html_of_a_message_can_do_nothing_in_its_frame(owner, scene, mailbox, campaign):
    (message,) = await scene.queue(campaign, mailbox, 1)
    body = '<p>Hi</p><a class="x" href="https://links.example/t/c/1" target=_top>in</a><script>alert(1)</script><form action=/sign-out>'
    await become(scene, message, status="sent", counted_at=await scene.value("SELECT now()"), body=body)
    answer = await owner.get(f"/messages/{message}/html", headers=HTML)
    policy = answer.headers["content-security-policy"]
    assert policy.split("; ")[0] == "sandbox"
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert not re.search(r"\s(href|target|action)=", answer.text)
    assert "frame-src 'self'" in (await owner.get(f"/messages/{message}", headers=HTML)).headers["content-security-policy"]


async def test_what_waits_shows_what_it_would_say(owner, scene, mailbox, campaign):
    await wording(scene, "Hi {{ first_name }}", "<p>Dear {{ name }}</p>")
    (message,) = await scene.queue(campaign, mailbox, 1)
    assert "Hi Ana" in await said(owner, f"/messages/{message}")
    assert "Dear Ana Lima" in await said(owner, f"/messages/{message}/html")


async def test_a_message_with_a_gap_is_written_by_hand(owner, scene, mailbox, campaign):
    (message,) = await scene.queue(campaign, mailbox, 1)
    await wording(scene, "Hi {{ nickname }}", "<p>For {{ name }}</p>")
    await become(scene, message, status="needs_review", reason="nickname has no value for this person")
    found = await said(owner, f"/messages/{message}")
    assert "Nickname has no value for this person." in found
    assert "[nickname]" in found
    page = f"/messages/{message}"
    assert "[nickname] is still there" in await sent(owner, f"{page}/release", 422, subject="Hi [nickname]", body="<p>x</p>")
    assert "Write a subject." in await sent(owner, f"{page}/release", 422, subject=" ", body="<p>x</p>")
    assert "Write a text." in await sent(owner, f"{page}/release", 422, subject="Hi", body="")
    assert await sent(owner, f"{page}/release", subject="Hi Annie", body="<p>By hand</p>") == page
    row = (await scene.run("SELECT status, subject, body, edited_by FROM sending.messages WHERE id = $1", message))[0]
    assert tuple(row)[:3] == ("queued", "Hi Annie", "<p>By hand</p>")
    assert row["edited_by"].startswith("user:")


async def test_a_message_that_needs_a_look_is_written_anew_or_left_out(owner, scene, mailbox, campaign):
    one, two = await scene.queue(campaign, mailbox, 2)
    for message in (one, two):
        await become(scene, message, status="needs_review", reason="x")
    await sent(owner, f"/messages/{one}/release", how="anew")
    await sent(owner, f"/messages/{two}/skip")
    assert await scene.states() == {"queued": 1, "skipped": 1}
    again = await owner.post(f"/messages/{two}/release", data={"how": "anew"}, headers=HTML)
    assert again.headers["location"] == f"/messages/{two}"
    assert await scene.states() == {"queued": 1, "skipped": 1}


async def test_all_that_need_a_look_are_written_anew_or_those_of_a_campaign(owner, client, scene, mailbox, campaign):
    other = await scene.campaign(mailbox, name="Winter")
    messages = [*await scene.queue(campaign, mailbox, 2), *await scene.queue(other, mailbox, 1)]
    for message in messages:
        await become(scene, message, status="needs_review", reason="the organization has no physical address")
    assert "Write all of these anew" in await said(owner, "/messages?status=needs_review")
    assert "Write all of these anew" not in await said(owner, "/messages")
    back = await sent(owner, "/messages/release", campaign=str(other))
    assert back == f"/messages?status=needs_review&campaign={other}"
    assert await scene.states() == {"needs_review": 2, "queued": 1}
    await sent(owner, "/messages/release", 422, campaign="nonsense")
    assert (await client.post("/api/messages/release", json={"mailbox_id": str(await scene.mailbox())})).json() == {"released": 0}
    assert (await client.post("/api/messages/release")).json() == {"released": 2}
    assert await scene.states() == {"queued": 3}


async def test_a_doubtful_message_is_settled_with_what_was_found(owner, scene, mailbox, campaign):
    one, two = await scene.queue(campaign, mailbox, 2)
    await begin(scene.organization, await claim(scene.organization))
    await scene.run("UPDATE sending.messages SET lease_until = now() - interval '1 s' WHERE organization_id = kit.f_organization()")
    await claim(scene.organization)
    assert "Nobody knows whether it was sent" in await said(owner, f"/messages/{one}")
    assert "Evidence is missing" in await sent(owner, f"/messages/{one}/settle", 422, outcome="sent", evidence=" ")
    assert "Say whether it was sent" in await sent(owner, f"/messages/{one}/settle", 422, outcome="perhaps", evidence="x")
    assert "longer than 2,000" in await sent(owner, f"/messages/{one}/settle", 422, outcome="sent", evidence="x" * 2001)
    await sent(owner, f"/messages/{one}/settle", outcome="sent", evidence="in the Sent folder")
    assert "in the Sent folder" in await said(owner, f"/messages/{one}")
    await sent(owner, f"/messages/{two}/settle", outcome="not_sent", evidence="the provider's log")
    assert await scene.states() == {"sent": 1, "queued": 1}


@pytest.mark.parametrize(("reason", "is_queued"), [("gave_up", True), ("refused", True), ("bounce", False)])
async def test_what_the_server_refused_is_tried_again_but_not_a_bounce(owner, client, scene, mailbox, campaign, reason, is_queued):
    (message,) = await scene.queue(campaign, mailbox, 1)
    await become(scene, message, status="failed", reason=reason, attempts=8)
    await scene.run(
        "UPDATE marketing.enrollments SET state = 'stopped', reason = $2, stopped_at = now(), next_step = NULL WHERE campaign_id = $1",
        campaign, reason,
    )  # fmt: skip
    assert ("Try again" in await said(owner, f"/messages/{message}")) == is_queued
    answer = await client.post(f"/api/messages/{message}/retry")
    assert answer.status_code == (200 if is_queued else 409)
    await sent(owner, f"/messages/{message}/retry")
    row = (await scene.run("SELECT state, next_step, reason FROM marketing.enrollments WHERE campaign_id = $1", campaign))[0]
    assert tuple(row) == (("active", 1, None) if is_queued else ("stopped", None, "bounce"))
    assert [one["id"] for one in await claim(scene.organization)] == ([message] if is_queued else [])


async def test_a_campaign_that_has_ended_is_not_gone_on_with(client, scene, mailbox, campaign):
    (message,) = await scene.queue(campaign, mailbox, 1)
    await become(scene, message, status="failed", reason="refused")
    await scene.run(
        "UPDATE marketing.enrollments SET state = 'stopped', reason = 'refused', next_step = NULL WHERE campaign_id = $1", campaign
    )
    await scene.run("UPDATE marketing.campaigns SET state = 'cancelled' WHERE campaign_id = $1", campaign)
    assert (await client.post(f"/api/messages/{message}/retry")).status_code == 409


async def test_freezing_is_told_on_every_page_and_releasing_takes_it_away(owner, scene, mailbox, campaign):
    (message,) = await scene.queue(campaign, mailbox, 1)
    assert "Reason is missing" in await sent(owner, "/sending/freeze", 422, reason=" ")
    assert "longer than 500" in await sent(owner, "/sending/freeze", 422, reason="x" * 501)
    assert await sent(owner, "/sending/freeze", reason="looking at a bounce") == "/sending"
    pages = ("/sending", "/mailboxes", f"/mailboxes/{mailbox}", f"/mailboxes/{mailbox}/edit", "/mailboxes/new", "/messages",
             f"/messages/{message}", "/suppressions", "/suppressions/new")  # fmt: skip
    for path in pages:
        found = await said(owner, path)
        assert "Sending is frozen" in found, path
        assert "Looking at a bounce." in found, path
    assert "Messages due 1" in await said(owner, "/sending")
    assert await claim(scene.organization) == []
    await sent(owner, "/sending/release")
    for path in pages:
        assert "Sending is frozen" not in await said(owner, path), path
    assert len(await claim(scene.organization)) == 1


async def test_what_became_due_while_frozen_can_be_left_out(owner, scene, mailbox, campaign):
    await scene.queue(campaign, mailbox, 3)
    await sent(owner, "/sending/freeze", reason="restored")
    assert "left out for good" in await sent(owner, "/sending/release", 422, due="skip")
    assert await scene.states() == {"queued": 3}
    await sent(owner, "/sending/release", due="skip", sure="yes")
    assert await scene.states() == {"skipped": 3}


async def test_a_restored_copy_is_found_out_by_the_page(owner, scene, mailbox, campaign):
    await scene.queue(campaign, mailbox, 1)
    await claim(scene.organization)
    await scene.run("UPDATE sending.control SET server_identity = 'another server' WHERE organization_id = kit.f_organization()")
    assert "This database was restored or moved." in await said(owner, "/sending")


async def test_the_organizations_limits_are_set(owner, client):
    await sent(owner, "/sending/limits", daily_limit="2000", domain_hourly_limit="")
    status = (await client.get("/api/sending")).json()
    assert (status["daily_limit"], status["domain_hourly_limit"]) == (2000, None)
    for wrong in ("0", "-1", "many", "99999999999"):
        assert "at least 1" in await sent(owner, "/sending/limits", 422, daily_limit=wrong, domain_hourly_limit="")


async def test_slow_domains_say_what_they_learned_from_and_can_be_forgotten(owner, client, scene):
    await scene.run(
        "INSERT INTO sending.throttles (recipient_domain, per_hour, learned_from) VALUES ('slow.example', 20, '450 4.2.1 slow down')"
    )
    found = await said(owner, "/sending")
    assert "slow.example 20 450 4.2.1 slow down" in found
    (one,) = (await client.get("/api/sending/throttles")).json()["items"]
    assert (one["recipient_domain"], one["per_hour"]) == ("slow.example", 20)
    await sent(owner, "/sending/throttles/slow.example/forget")
    assert "full pace" in await said(owner, "/sending")
    await sent(owner, "/sending/throttles/slow.example/forget", 404)
    assert (await client.delete("/api/sending/throttles/slow.example")).status_code == 404


async def test_others_see_and_decide_nothing(owner, visitor_of_other_organization, stranger, scene, mailbox, campaign):
    other = visitor_of_other_organization
    (message,) = await scene.queue(campaign, mailbox, 1, domain="theirs.example")
    await become(scene, message, status="needs_review", reason="x")
    await scene.run("INSERT INTO sending.throttles (recipient_domain, per_hour) VALUES ('slow.example', 20)")
    assert "Autumn fair" not in await said(other, "/messages")
    assert "theirs.example" not in await said(other, "/messages?q=@theirs")
    assert "theirs.example" not in await said(other, f"/messages?campaign={campaign}")
    assert "slow.example" not in await said(other, "/sending")
    await said(other, f"/messages/{message}", 404)
    await said(other, f"/messages/{message}/html", 404)
    for what, form in (
        ("release", {"how": "anew"}),
        ("release", {"subject": "x", "body": "x"}),
        ("skip", {}),
        ("retry", {}),
        ("settle", {"outcome": "sent", "evidence": "x"}),
    ):
        await sent(other, f"/messages/{message}/{what}", 404, **form)
    await sent(other, "/sending/throttles/slow.example/forget", 404)
    await sent(other, "/sending/freeze", reason="x")
    await sent(other, "/messages/release", campaign=str(campaign))
    assert (await stranger.post("/api/messages/release")).json() == {"released": 0}
    assert (await stranger.post(f"/api/messages/{message}/retry")).status_code == 404
    assert (await stranger.get("/api/sending/throttles")).json()["items"] == []
    assert (await stranger.delete("/api/sending/throttles/slow.example")).status_code == 404
    assert "Sending is frozen" not in await said(owner, "/sending")
    assert await scene.states() == {"needs_review": 1}


async def test_what_is_not_there_is_not_there(owner):
    await said(owner, f"/messages/{NOTHING}", 404)
    await said(owner, f"/messages/{NOTHING}/html", 404)
    await said(owner, "/messages/nonsense", 404)
    for what, form in (("release", {"how": "anew"}), ("skip", {}), ("retry", {}), ("settle", {"outcome": "sent", "evidence": "x"})):
        await sent(owner, f"/messages/{NOTHING}/{what}", 404, **form)


async def test_a_viewer_reads_and_decides_nothing(signed_in, scene, mailbox, campaign):
    (message,) = await scene.queue(campaign, mailbox, 1)
    await become(scene, message, status="needs_review", reason="x")
    viewer = await signed_in("viewer")
    for path in ("/messages", f"/messages/{message}", f"/messages/{message}/html", "/sending"):
        found = (await viewer.get(path, headers=HTML)).text
        assert 'action="/messages/' not in found
        assert 'action="/sending/' not in found
    for path in ("/messages/release", f"/messages/{message}/release", f"/messages/{message}/skip", f"/messages/{message}/settle",
                 f"/messages/{message}/retry",
                 "/sending/freeze", "/sending/release", "/sending/limits", "/sending/throttles/x.example/forget"):  # fmt: skip
        await sent(viewer, path, 403, reason="x")


async def holding(scene, client, owner, message, cause, told):
    """Check that API, page and list say what holds a message back."""
    hold = (await client.get(f"/api/messages/{message}")).json()["waits_for"]
    assert hold["cause"] == cause
    assert told in await said(owner, f"/messages/{message}")
    assert HOLDS[cause] in await said(owner, "/messages")


@pytest.mark.parametrize(
    ("change", "cause", "told"),
    [
        ("UPDATE marketing.campaigns SET state = 'paused', paused_reason = 'ask Bo'", "campaign_paused", "Autumn fair is paused: ask Bo."),
        ("UPDATE marketing.campaigns SET state = 'cancelled'", "campaign_over", "Autumn fair is cancelled."),
        (
            "UPDATE sending.mailboxes SET state = 'paused', state_reason = 'holiday'",
            "mailbox_paused",
            "ana@sender.example is paused: holiday.",
        ),
        (
            "UPDATE sending.mailboxes SET state = 'failing', state_reason = '535 no'",
            "mailbox_failing",
            "let ana@sender.example in: 535 no.",
        ),
        ("DELETE FROM sending.campaign_mailboxes", "mailbox_removed", "no longer sends from ana@sender.example"),
        ("UPDATE marketing.enrollments SET state = 'paused'", "person_paused", "Its person is paused"),
        ("UPDATE sending.mailboxes SET daily_limit = 0", "mailbox_daily_limit", "its daily limit is 0"),
        ("UPDATE sending.mailboxes SET warmup_status = 'pending'", "mailbox_daily_limit", "until its warm-up is begun"),
        ("UPDATE sending.mailboxes SET daily_limit = 1", "mailbox_daily_limit", "has sent 1 of 1 today; goes on tomorrow"),
        (
            "UPDATE sending.mailboxes SET warmup_status = 'active', warmup_started_on = current_date, warmup_from = 1",
            "mailbox_daily_limit",
            "ana@sender.example has sent 1 of 1 today (warm-up); goes on tomorrow.",
        ),
        ("UPDATE sending.mailboxes SET hourly_limit = 1", "mailbox_hourly_limit", "1 of 1 in the last hour"),
        ("UPDATE marketing.campaigns SET daily_limit = 1", "campaign_daily_limit", "Autumn fair has sent 1 of 1 today"),
        ("INSERT INTO sending.control (daily_limit) VALUES (1)", "organization_daily_limit", "The organization has sent 1 of 1 today"),
        ("INSERT INTO sending.control (domain_hourly_limit) VALUES (1)", "domain_hourly_limit", "example.org got 1 of 1 in the last hour"),
        (
            "INSERT INTO sending.throttles (recipient_domain, per_hour, not_before) VALUES ('example.org', 20, now() + interval '1 hour')",
            "throttle",
            "example.org asked for a slower pace",
        ),
        (
            "UPDATE marketing.campaigns SET window_days = ARRAY[extract(ISODOW FROM now() + interval '3 days')::integer]",
            "window",
            "sending hours are over for now",
        ),
    ],
)
async def test_what_holds_a_due_message_back_is_said(owner, client, scene, mailbox, campaign, change, cause, told):
    done, message = await scene.queue(campaign, mailbox, 2)
    await become(scene, done, status="sent", counted_at=await scene.value("SELECT now()"))
    assert (await client.get(f"/api/messages/{message}")).json()["waits_for"] is None
    if change.startswith(("UPDATE", "DELETE")):
        change += " WHERE organization_id = kit.f_organization()"
    if change.startswith("INSERT INTO sending.control"):
        change += " ON CONFLICT (organization_id) DO UPDATE SET (daily_limit, domain_hourly_limit) = (excluded.daily_limit, excluded.domain_hourly_limit)"  # noqa: E501
    await scene.run(change)
    await holding(scene, client, owner, message, cause, told)
    assert await claim(scene.organization) == []


async def test_what_is_frozen_says_so_and_what_is_planned_for_later_waits_for_its_time(owner, client, scene, mailbox, campaign):
    (message,) = await scene.queue(campaign, mailbox, 1)
    await sent(owner, "/sending/freeze", reason="looking")
    assert (await client.get(f"/api/messages/{message}")).json()["waits_for"]["cause"] == "frozen"
    assert "All sending is stopped" in await said(owner, "/messages")
    await sent(owner, "/sending/release")
    later = await scene.value("SELECT now() + interval '2 hours'")
    await become(scene, message, scheduled_at=later)
    await scene.run("UPDATE sending.mailboxes SET daily_limit = 0 WHERE id = $1", mailbox)
    assert (await client.get(f"/api/messages/{message}")).json()["waits_for"] is None


async def test_a_message_shows_what_became_of_it_and_what_machines_did(owner, scene, mailbox, campaign):
    (message,) = await scene.queue(campaign, mailbox, 1)
    now = await scene.value("SELECT now()")
    await become(scene, message, status="sent", counted_at=now, sent_at=now)
    assert "Nothing is known yet" in await said(owner, f"/messages/{message}")
    for type, url, verdict, reason in (
        ("delivered", None, "human", None),
        ("open", None, "automatic", "too_soon"),
        ("click", "https://example.com/a?b=1", "human", None),
        ("own_kind", None, "human", None),
    ):
        await scene.run(
            "INSERT INTO engagement.events (occurred_at, event_key, type, platform, message_id, url, verdict, verdict_reason) "
            "VALUES (now(), $2, $2, 'outrider', $1, $3, $4, $5)",
            message, type, url, verdict, reason,
        )  # fmt: skip
    found = await said(owner, f"/messages/{message}")
    for told in ("Delivered", "Opened by a machine: too soon", "Clicked https://example.com/a?b=1", "Own kind"):
        assert told in found
