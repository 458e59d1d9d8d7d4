"""The links in our messages: they lead where the message said, nowhere else, and what machines do is told apart."""

from datetime import timedelta

import pytest

from outrider import tenancy
from outrider.engagement import follow, verdicts
from outrider.kit import keyring
from outrider.ops import run_job_here

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
URL = "https://shop.example/offer?a=1&b=ü#top"


@pytest.fixture
async def message(scene):
    """A message that was sent an hour ago."""
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    (made,) = await scene.queue(campaign, mailbox, 1)
    await scene.run(
        "UPDATE sending.messages SET status = 'sent', sent_at = now() - interval '1 hour', counted_at = now() WHERE id = $1", made
    )
    return made


def click(scene, message, url=URL):
    return f"/t/c/{keyring.signer().sign('click', scene.organization, message, url)}"


def pixel(scene, message):
    return f"/t/o/{keyring.signer().sign('open', scene.organization, message)}.gif"


async def events(scene):
    rows = await scene.run(
        "SELECT * FROM engagement.events WHERE organization_id = kit.f_organization() AND type IN ('open', 'click') ORDER BY id"
    )
    return [(row["type"], row["verdict_reason"]) for row in rows]


async def counts(scene, message):
    await follow(scene.organization)
    query = "SELECT open_count, click_count FROM marketing.campaigns INNER JOIN sending.messages AS m USING (campaign_id) WHERE m.id = $1"
    return tuple((await scene.run(query, message))[0])


async def test_a_click_leads_on_and_is_written_down(anonymous, scene, message):
    answer = await anonymous.get(click(scene, message), headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://shop.example/offer?a=1&b=%C3%BC#top")
    assert answer.headers["cache-control"].startswith("no-store")
    row = (await scene.run("SELECT * FROM engagement.events WHERE organization_id = kit.f_organization() AND type = 'click'"))[0]
    assert (row["url"], row["message_id"], str(row["address"]), row["user_agent"]) == (URL, message, "127.0.0.1", BROWSER["user-agent"])
    assert await counts(scene, message) == (0, 1)
    intents = await scene.run("SELECT type FROM marketing.prospect_intents WHERE organization_id = kit.f_organization()")
    assert [row["type"] for row in intents] == ["click_through"]


async def test_a_picture_that_is_fetched_is_an_open(anonymous, scene, message):
    answer = await anonymous.get(pixel(scene, message), headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"], answer.content[:6]) == (200, "image/gif", b"GIF89a")
    assert await events(scene) == [("open", None)]
    assert await counts(scene, message) == (1, 0)


async def test_no_link_that_we_did_not_sign_leads_anywhere(anonymous, scene, message):
    good = click(scene, message)
    other = keyring.signer().sign("open", scene.organization, message)
    for bad in (
        good[:-2],
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        f"/t/c/{other}",
        "/t/c/https://evil.example",
        click(scene, message, "javascript:alert(1)"),
    ):
        answer = await anonymous.get(bad, headers=BROWSER)
        assert answer.status_code == 404, bad
        assert "location" not in answer.headers
    assert (await anonymous.get(f"/t/o/{good.rpartition('/')[2]}.gif")).status_code == 404
    assert await events(scene) == []


@pytest.mark.parametrize(
    ("headers", "method", "reason"),
    [({"user-agent": "Mozilla/5.0 (compatible; SomeBot/2.1)"}, "GET", "scanner_user_agent"), (BROWSER, "HEAD", "head_request"),
     ({"user-agent": "Mozilla/5.0"}, "GET", "apple_mail_privacy"), ({"user-agent": ""}, "GET", "scanner_user_agent"),
     ({**BROWSER, "Sec-Purpose": "prefetch;prerender"}, "GET", "prefetch"), ({**BROWSER, "Purpose": "prefetch"}, "GET", "prefetch"),
     ({**BROWSER, "X-Moz": "prefetch"}, "GET", "prefetch"), ({**BROWSER, "X-Purpose": "preview"}, "GET", "prefetch"),
     ({**BROWSER, "Sec-Purpose": "other"}, "GET", None),
     ({"user-agent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"}, "GET", None)],
)  # fmt: skip
async def test_opens_by_machines_are_kept_with_the_reason_and_not_counted(anonymous, scene, message, headers, method, reason):
    await anonymous.request(method, pixel(scene, message), headers=headers)
    assert await events(scene) == [("open", reason)]
    assert await counts(scene, message) == (0 if reason else 1, 0)


async def test_who_opens_seconds_after_the_message_left_is_a_machine(anonymous, scene, message):
    await scene.run("UPDATE sending.messages SET sent_at = now() WHERE id = $1", message)
    await anonymous.get(click(scene, message), headers=BROWSER)
    assert await events(scene) == [("click", "too_soon")]


async def test_many_links_at_once_are_a_machines_the_first_too(anonymous, scene, message):
    for number in range(3):
        await anonymous.get(click(scene, message, f"https://shop.example/{number}"), headers=BROWSER)
    assert await events(scene) == [("click", "many_links_at_once")] * 3
    assert await counts(scene, message) == (0, 0)
    assert await scene.run("SELECT FROM marketing.prospect_intents WHERE organization_id = kit.f_organization()") == []
    assert await scene.value("SELECT max(last_activity_at) FROM vault.contacts WHERE organization_id = kit.f_organization()") is None


async def test_a_click_right_after_a_browser_looked_ahead_counts(anonymous, scene, message):
    await anonymous.get(click(scene, message), headers={**BROWSER, "Sec-Purpose": "prefetch"})
    await anonymous.get(click(scene, message), headers=BROWSER)
    assert await events(scene) == [("click", "prefetch"), ("click", None)]
    assert await counts(scene, message) == (0, 1)


async def test_the_same_fetch_twice_in_a_second_is_one(anonymous, scene, message, monkeypatch):
    from outrider.engagement import tracking

    now = tracking.datetime.now(tracking.UTC)

    class Still(tracking.datetime):
        @classmethod
        def now(cls, tz=None):
            return now

    monkeypatch.setattr(tracking, "datetime", Still)
    for _ in range(3):
        await anonymous.get(pixel(scene, message), headers=BROWSER)
    assert len(await events(scene)) == 1
    now += timedelta(seconds=1)
    await anonymous.get(pixel(scene, message), headers=BROWSER)
    assert len(await events(scene)) == 2


async def test_a_rule_of_ones_own_changes_the_verdicts_and_all_that_follows(anonymous, client, scene, message):
    await anonymous.get(click(scene, message), headers=BROWSER)
    assert await counts(scene, message) == (0, 1)
    made = await client.post("/api/verdict-rules", json={"kind": "network", "pattern": "127.0.0.0/8", "note": "our own scanner"})
    assert made.status_code == 201
    await judge(scene)
    assert await events(scene) == [("click", "own_rule")]
    assert await counts(scene, message) == (0, 0)
    assert await scene.run("SELECT FROM marketing.prospect_intents WHERE organization_id = kit.f_organization()") == []
    assert (await client.delete(f"/api/verdict-rules/{made.json()['id']}")).status_code == 204
    await judge(scene)
    assert await counts(scene, message) == (0, 1)
    assert len(await scene.run("SELECT FROM marketing.prospect_intents WHERE organization_id = kit.f_organization()")) == 1


async def test_a_rule_may_say_that_it_is_a_person(anonymous, client, scene, message):
    await anonymous.get(pixel(scene, message), headers={"user-agent": "Mozilla/5.0 (compatible; HouseBot/1)"})
    await client.post("/api/verdict-rules", json={"kind": "user_agent", "pattern": "housebot", "verdict": "human"})
    await judge(scene)
    assert await events(scene) == [("open", None)]


@pytest.mark.parametrize("rule", [{"kind": "network", "pattern": "127.0.0.0/8"}, {"kind": "user_agent", "pattern": "firefox"}])
async def test_such_a_rule_overrules_many_links_at_once_too(anonymous, client, scene, message, rule):
    await client.post("/api/verdict-rules", json={**rule, "verdict": "human"})
    for number in range(2):
        await anonymous.get(click(scene, message, f"https://shop.example/{number}"), headers=BROWSER)
    assert await events(scene) == [("click", None)] * 2
    await judge(scene)
    assert await events(scene) == [("click", None)] * 2
    assert await counts(scene, message) == (0, 1)


async def test_what_is_judged_anew_keeps_the_reason_that_fits(anonymous, client, scene, message):
    await anonymous.head(click(scene, message, "https://shop.example/1"), headers=BROWSER)
    await anonymous.get(click(scene, message, "https://shop.example/2"), headers={"user-agent": "python-requests/2.32"})
    before = [("click", "head_request"), ("click", "scanner_user_agent")]
    assert await events(scene) == before
    made = await client.post("/api/verdict-rules", json={"kind": "network", "pattern": "127.0.0.0/8", "verdict": "human"})
    await judge(scene)
    assert await events(scene) == [("click", None)] * 2
    await client.delete(f"/api/verdict-rules/{made.json()['id']}")
    await judge(scene)
    assert await events(scene) == before


async def judge(scene):
    (job,) = await scene.run(
        "SELECT id FROM ops.jobs WHERE organization_id = kit.f_organization() AND name = $1 AND state <> 'completed'", verdicts.JUDGE
    )
    await run_job_here(tenancy.OrganizationId(scene.organization), job["id"], {verdicts.JUDGE: verdicts.judge})


@pytest.mark.parametrize(
    ("body", "field"),
    [({"kind": "network", "pattern": "here"}, "pattern"), ({"kind": "seconds", "pattern": "-1"}, "pattern"),
     ({"kind": "moon", "pattern": "xyz"}, "kind"), ({"kind": "user_agent", "pattern": "ab"}, "pattern"),
     ({"kind": "network", "pattern": "10.0.0.0/8", "verdict": "maybe"}, "verdict")],
)  # fmt: skip
async def test_a_rule_that_means_nothing_is_refused(client, body, field):
    answer = await client.post("/api/verdict-rules", json=body)
    assert answer.status_code == 422
    assert field in answer.text


async def test_rules_are_the_organizations_own(client, stranger):
    made = (await client.post("/api/verdict-rules", json={"kind": "seconds", "pattern": "30"})).json()
    assert (await client.post("/api/verdict-rules", json={"kind": "seconds", "pattern": "30"})).status_code == 409
    assert (await stranger.get("/api/verdict-rules")).json()["items"] == []
    assert (await stranger.delete(f"/api/verdict-rules/{made['id']}")).status_code == 404
    assert [one["id"] for one in (await client.get("/api/verdict-rules")).json()["items"]] == [made["id"]]


async def test_a_flood_of_fetches_is_not_written_down(anonymous, scene, message):
    for number in range(80):
        assert (await anonymous.get(pixel(scene, message), headers={"user-agent": f"Mozilla/5.0 Firefox/{number}"})).status_code == 200
    assert len(await events(scene)) < 61


async def test_a_stranger_cannot_send_much_to_the_unsubscribe_page(anonymous):
    answer = await anonymous.post("/u/AAAA", content=b"&" * 100_000, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413
    assert (await anonymous.post("/u/AAAA", content=b"&" * 1000)).status_code == 404
