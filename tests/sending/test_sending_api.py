"""Mailboxes, suppressions and the ledger over HTTP: what works, what is refused, and that strangers see nothing of it."""

from uuid import uuid4

import pytest

from .claiming import begin, claim
from .sink import Sink, SinkThread

NEW = {"email": "Ana@Example.org", "smtp_host": "mail.example.org", "credentials": {"password": "hunter2"}, "daily_limit": 40}


async def added(client, **more):
    answer = await client.post("/api/mailboxes", json={**NEW, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_mailbox_is_added_changed_paused_resumed_and_removed(client):
    made = await added(client)
    assert (made["email"], made["has_credentials"], made["limit_today"], made["sent_today"]) == ("ana@example.org", True, 40, 0)
    assert "hunter2" not in str(made)
    url = f"/api/mailboxes/{made['id']}"
    changed = (await client.patch(url, json={"daily_limit": 60, "warmup_status": "active"})).json()
    assert (changed["daily_limit"], changed["limit_today"], changed["smtp_host"]) == (60, 5, "mail.example.org")
    assert (await client.post(f"{url}/pause", json={"reason": "on holiday"})).json()["state_reason"] == "on holiday"
    assert (await client.post(f"{url}/resume")).json()["state"] == "active"
    assert [one["id"] for one in (await client.get("/api/mailboxes")).json()["items"]] == [made["id"]]
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404


async def test_credentials_are_encrypted_and_bound_to_their_mailbox(client, scene):
    made = await added(client)
    sealed = await scene.value("SELECT credentials_encrypted FROM sending.mailboxes WHERE id = $1::text::uuid", made["id"])
    assert "hunter2" not in sealed
    from outrider.sending import credentials

    assert credentials.opened(sealed, scene.organization, made["id"]).password == "hunter2"
    with pytest.raises(ValueError):
        credentials.opened(sealed, scene.organization, uuid4())


async def test_credentials_go_to_no_server_that_nobody_gave_them_for(client):
    made = await added(client)
    answer = await client.patch(f"/api/mailboxes/{made['id']}", json={"smtp_host": "evil.example"})
    assert answer.status_code == 422
    assert "credentials" in answer.text
    both = {"smtp_host": "other.example", "credentials": {"password": "x"}}
    assert (await client.patch(f"/api/mailboxes/{made['id']}", json=both)).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "ana@example.org\r\nBcc: x@y.example"}, "email"),
        ({"from_name": "Ana\r\nBcc: x"}, "from_name"),
        ({"smtp_host": None}, "smtp_host"),
        ({"smtp_host": "a b"}, "smtp_host"),
        ({"smtp_security": "none"}, "smtp_security"),
        ({"daily_limit": -1}, "daily_limit"),
        ({"warmup_days": 0}, "warmup_days"),
        ({"tracking_domain": "https://x.example/"}, "tracking_domain"),
        ({"tracking_domain": "javascript:alert"}, "tracking_domain"),
        ({"username": "ana\r\na1 LOGOUT"}, "username"),
        ({"credentials": {"refresh_token": "x"}}, "token_url"),
        ({"credentials": {"refresh_token": "x", "token_url": "file:///etc/passwd"}}, "token_url"),
        ({"credentials": {"refresh_token": "x", "token_url": "https://example.org\r\nX: y/"}}, "token_url"),
        ({"credentials": {"refresh_token": "x", "token_url": "https://example.org:x/"}}, "token_url"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_bad_mailboxes_are_refused_with_the_field(client, change, field):
    answer = await client.post("/api/mailboxes", json={**NEW, **change})
    assert answer.status_code == 422, answer.text
    assert field in answer.text
    assert (await client.get("/api/mailboxes")).json()["items"] == []


async def test_an_address_has_one_mailbox(client):
    await added(client)
    assert (await client.post("/api/mailboxes", json=NEW)).status_code == 409


@pytest.mark.parametrize(("password", "works"), [("right", True), ("wrong", False)])
async def test_the_connection_test_tells_the_servers_own_answer(client, scene, password, works):
    import base64

    plain = base64.b64encode(b"\0ana@example.org\0right").decode()
    with SinkThread(Sink(passwords={"ana": f"PLAIN {plain}"})) as sink:
        made = await added(client, smtp_host="127.0.0.1", smtp_port=sink.port, credentials={"password": password})
        await scene.run("UPDATE sending.mailboxes SET smtp_security = 'none' WHERE organization_id = kit.f_organization()")
        trial = (await client.post(f"/api/mailboxes/{made['id']}/test")).json()
    assert (trial["works"], trial["answer"][:3] if works else "535" in trial["answer"]) == (works, "235" if works else True)
    assert not sink.accepted


async def test_a_domain_gets_a_key_and_says_which_records_to_set(client):
    made = (await client.post("/api/sending-domains", json={"domain": "Example.org"})).json()
    assert made["records"]["dkim"]["name"] == "outrider._domainkey.example.org"
    assert made["records"]["dkim"]["value"] == f"v=DKIM1; k=rsa; p={made['dkim_public_key']}"
    assert (await client.post("/api/sending-domains", json={"domain": "example.org"})).status_code == 409
    assert (await client.post("/api/sending-domains", json={"domain": "no domain"})).status_code == 422
    assert [one["id"] for one in (await client.get("/api/sending-domains")).json()["items"]] == [made["id"]]
    assert (await client.delete(f"/api/sending-domains/{made['id']}")).status_code == 204


async def test_suppressions_are_added_found_and_lifted(client, scene):
    body = {"values": ["Ana@Example.org ", "example.net", "ana@example.org"], "note": "asked by telephone"}
    made = (await client.post("/api/suppressions", json=body)).json()
    assert (made["added"], made["already"]) == (2, 1)
    assert (await client.post("/api/suppressions", json=body)).json()["added"] == 0
    await scene.run("UPDATE sending.suppressions SET value = NULL WHERE organization_id = kit.f_organization()")  # as erasure leaves it
    (found,) = (await client.get("/api/suppressions", params={"value": "ANA@example.org"})).json()["items"]
    assert (found["kind"], found["value"], found["note"]) == ("address", None, "asked by telephone")
    assert (await client.delete(f"/api/suppressions/{found['id']}")).status_code == 200
    assert len((await client.get("/api/suppressions")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("told", "other", "unlike"),
    [("bücher.test", "xn--bcher-kva.test", "bucher.test"), ("xn--bcher-kva.test", "bücher.test", "xn--bcher-kvb.test"),
     ("ana@BÜCHER.test", "ana@xn--bcher-kva.TEST", "bo@bücher.test"), ("bu\u0308cher.test", "bücher.test", "bücher.example"),
     ("例え.テスト", "xn--r8jz45g.xn--zckzah", "xn--r8jz45g.test")],
)  # fmt: skip
async def test_an_international_domain_is_the_same_in_both_spellings(client, scene, told, other, unlike):
    async def add(*values):
        return (await client.post("/api/suppressions", json={"values": values})).json()["added"]

    assert [await add(told), await add(other), await add(unlike)] == [1, 0, 1]
    assert len((await client.get("/api/suppressions", params={"value": other})).json()["items"]) == 1
    address = other if "@" in other else f"ana@{other}"
    assert await scene.value("SELECT sending.f_suppressed($1, NULL)", address) == "manual"


async def test_domains_are_written_as_dns_has_them(scene):
    labels = [
        "bücher",
        "münchen-ost",
        "ä",
        "пример",
        "例え",
        "💡",
        "a" * 40 + "ü",
        "straße",
        "ελληνικά",
        "한국어도메인",
        "plain",
        "x-1",
        "ñandú9",
    ]
    made = await scene.run("SELECT l, kit.f_ascii_label(l) AS made FROM unnest($1::text[]) AS l", labels)
    assert {row["l"]: row["made"] for row in made} == {
        one: one if one.isascii() else "xn--" + one.encode("punycode").decode() for one in labels
    }


@pytest.mark.parametrize(
    "value", ["", "nonsense", "@example.org", "a b@example.org", "a@b", "x" * 300 + "@example.org", "http://example.org/"]
)
async def test_what_is_no_address_and_no_domain_is_refused_and_nothing_is_kept(client, value):
    answer = await client.post("/api/suppressions", json={"values": ["ana@example.org", value]})
    assert answer.status_code == 422
    assert (await client.get("/api/suppressions")).json()["items"] == []


async def test_a_doubtful_message_is_settled_by_evidence_and_only_once(client, scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, steps=2)
    sent, lost = await scene.queue(campaign, mailbox, 2)
    await begin(scene.organization, await claim(scene.organization))
    await scene.run("UPDATE sending.messages SET lease_until = now() - interval '1 s' WHERE organization_id = kit.f_organization()")
    await claim(scene.organization)
    listed = (await client.get("/api/messages", params={"status": "unknown"})).json()["items"]
    assert {one["id"] for one in listed} == {str(sent), str(lost)}
    settled = await client.post(f"/api/messages/{sent}/settle", json={"outcome": "sent", "evidence": "in the Sent folder"})
    assert (settled.json()["status"], settled.json()["history"][0]["answer"]) == ("sent", "in the Sent folder")
    again = await client.post(f"/api/messages/{sent}/settle", json={"outcome": "not_sent", "evidence": "x"})
    assert again.status_code == 409
    assert (await client.post(f"/api/messages/{lost}/settle", json={"outcome": "sent", "evidence": " "})).status_code == 422
    message_id = listed[0]["message_id"] if listed[0]["id"] == str(lost) else listed[1]["message_id"]
    settled = (await client.post(f"/api/messages/{lost}/settle", json={"outcome": "not_sent", "evidence": "the provider's log"})).json()
    assert (settled["status"], settled["message_id"]) == ("queued", message_id)
    steps = await scene.run(
        "SELECT m.id, e.next_step FROM sending.messages AS m INNER JOIN marketing.enrollments AS e ON e.id = m.enrollment_id WHERE m.campaign_id = $1",  # noqa: E501
        campaign,
    )  # fmt: skip
    assert {row["id"]: row["next_step"] for row in steps} == {sent: 2, lost: 1}


async def test_a_message_that_needs_a_review_is_written_by_hand_or_left_out(client, scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, steps=2)
    first, second = await scene.queue(campaign, mailbox, 2)
    await scene.run("UPDATE sending.messages SET status = 'needs_review', reason = 'x' WHERE campaign_id = $1", campaign)
    assert (await client.post(f"/api/messages/{first}/release", json={"subject": "Hi"})).status_code == 422
    released = (await client.post(f"/api/messages/{first}/release", json={"subject": "Hi", "body": "<p>By hand</p>"})).json()
    assert (released["status"], released["subject"], released["body"]) == ("queued", "Hi", "<p>By hand</p>")
    assert released["edited_by"].startswith("key:")
    assert (await client.post(f"/api/messages/{second}/skip")).json()["status"] == "skipped"
    assert (await client.post(f"/api/messages/{second}/skip")).status_code == 409
    assert (await client.post(f"/api/messages/{second}/release")).status_code == 409


async def test_freezing_stops_what_is_claimed_too_and_releasing_lets_it_go_on(client, scene):
    mailbox = await scene.mailbox()
    await scene.queue(await scene.campaign(mailbox), mailbox, 3)
    rows = await claim(scene.organization, 1)
    assert (await client.post("/api/sending/freeze", json={"reason": "looking"})).json()["is_frozen"]
    assert await begin(scene.organization, rows) == set()
    assert await claim(scene.organization) == []
    status = (await client.get("/api/sending")).json()
    assert (status["frozen_reason"], status["queued"], status["messages_due"]) == ("looking", 3, 3)
    assert (await client.post("/api/sending/release")).json()["status"]["is_frozen"] is False
    assert len(await claim(scene.organization)) == 3


async def test_a_restored_copy_comes_up_frozen_and_what_became_due_can_be_left_out(client, scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, steps=2)
    claimed, _, due = await scene.queue(campaign, mailbox, 3)
    unplanned = (await scene.enroll(campaign, 1))[0]
    rows = await claim(scene.organization, 2)
    await begin(scene.organization, rows[1:])
    await scene.run("UPDATE sending.control SET server_identity = 'another server' WHERE organization_id = kit.f_organization()")
    assert await claim(scene.organization) == []
    status = (await client.get("/api/sending")).json()
    assert (status["is_frozen"], status["queued"], status["unknown"], status["people_due"]) == (True, 2, 1, 1)
    assert "restored" in status["frozen_reason"]
    thawed = (await client.post("/api/sending/release", json={"skip_until": "2999-01-01T00:00:00Z"})).json()
    assert (thawed["skipped"], thawed["status"]["is_frozen"]) == (3, False)
    assert await scene.states() == {"skipped": 2, "unknown": 1}
    steps = {
        row["id"]: row["next_step"]
        for row in await scene.run("SELECT id, next_step FROM marketing.enrollments WHERE campaign_id = $1", campaign)
    }
    assert steps[unplanned] == 2
    assert await scene.value("SELECT count(*) FROM sending.messages WHERE id = ANY ($1) AND status = 'skipped'", [claimed, due]) == 2
    assert await claim(scene.organization) == []


async def test_a_campaigns_mailboxes_are_chosen_and_its_queue_goes_over(client, scene):
    one, two, three = [await scene.mailbox() for _ in range(3)]
    campaign = await scene.campaign(one)
    await scene.queue(campaign, one, 4)
    answer = (await client.put(f"/api/campaigns/{campaign}/mailboxes", json={"mailbox_ids": [str(two), str(three)]})).json()
    assert (set(answer["mailbox_ids"]), answer["handed_over"]) == ({str(two), str(three)}, 4)
    assert {row["mailbox_id"] for row in await claim(scene.organization)} == {two, three}
    assert (await client.put(f"/api/campaigns/{campaign}/mailboxes", json={"mailbox_ids": [str(uuid4())]})).status_code == 404


async def test_strangers_see_and_change_nothing(client, stranger, scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox)
    (message,) = await scene.queue(campaign, mailbox, 1)
    domain = (await client.post("/api/sending-domains", json={"domain": "example.org"})).json()["id"]
    suppression = (await client.post("/api/suppressions", json={"values": ["ana@example.org"]})).json()["items"][0]["id"]
    for url in ("/api/mailboxes", "/api/messages", "/api/suppressions", "/api/sending-domains"):
        assert (await stranger.get(url)).json()["items"] == []
    for method, url, body in [
        ("GET", f"/api/mailboxes/{mailbox}", None),
        ("PATCH", f"/api/mailboxes/{mailbox}", {"daily_limit": 1}),
        ("DELETE", f"/api/mailboxes/{mailbox}", None),
        ("POST", f"/api/mailboxes/{mailbox}/pause", None),
        ("POST", f"/api/mailboxes/{mailbox}/resume", None),
        ("POST", f"/api/mailboxes/{mailbox}/test", None),
        ("GET", f"/api/campaigns/{campaign}/mailboxes", None),
        ("PUT", f"/api/campaigns/{campaign}/mailboxes", {"mailbox_ids": []}),
        ("GET", f"/api/sending-domains/{domain}", None),
        ("POST", f"/api/sending-domains/{domain}/check", None),
        ("DELETE", f"/api/sending-domains/{domain}", None),
        ("GET", f"/api/messages/{message}", None),
        ("POST", f"/api/messages/{message}/settle", {"outcome": "sent", "evidence": "x"}),
        ("POST", f"/api/messages/{message}/release", None),
        ("POST", f"/api/messages/{message}/skip", None),
        ("DELETE", f"/api/suppressions/{suppression}", None),
    ]:
        assert (await stranger.request(method, url, json=body)).status_code == 404, (method, url)
    assert (await stranger.get("/api/sending")).json()["queued"] == 0
    assert (await client.get(f"/api/messages/{message}")).json()["status"] == "queued"


async def test_a_viewer_reads_and_does_not_decide(as_role, scene):
    viewer = await as_role("viewer")
    for url in ("/api/mailboxes", "/api/messages", "/api/suppressions", "/api/sending", "/api/sending-domains"):
        assert (await viewer.get(url)).status_code == 200
    assert (await viewer.post("/api/mailboxes", json=NEW)).status_code == 403
    assert (await viewer.post("/api/sending/freeze", json={"reason": "x"})).status_code == 403
    assert (await (await as_role("client")).get("/api/mailboxes")).status_code == 403
