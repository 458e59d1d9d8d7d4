"""`outrider sending`, `mailboxes` and `suppressions` as a script uses them."""

import json

import pytest


@pytest.fixture
def outrider(command):
    """Run the command line; returns (exit code, what it wrote)."""

    async def run(*arguments: str, given: str = "") -> tuple[int, str]:
        done = await command(*arguments, given=given)
        return done.returncode, done.stdout or done.stderr

    return run


async def test_a_mailbox_with_oauth2_is_added_from_standard_input(outrider):
    credentials = json.dumps({"refresh_token": "again", "client_id": "me"})
    code, told = await outrider("mailboxes", "add", "ana@example.org", "--provider", "gmail", "--oauth-stdin", "--json", given=credentials)
    made = json.loads(told)
    assert (code, made["authentication"], made["has_credentials"], "again" in told) == (0, "oauth2", True, False)
    for wrong in ("nonsense", "[]", "{}", '{"password": "x"}', '{"refresh_token": 1}'):
        code, told = await outrider("mailboxes", "add", "bo@example.org", "--provider", "gmail", "--oauth-stdin", given=wrong)
        assert (code, "give JSON such as" in told) == (2, True)


async def test_messages_are_found_left_out_and_tried_again(outrider, scene):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, steps=2)
    one, two, three = await scene.queue(campaign, mailbox, 3)
    await scene.run("UPDATE sending.messages SET status = 'needs_review', reason = 'x' WHERE id = $1", two)
    await scene.run("UPDATE sending.messages SET status = 'failed', reason = 'gave_up', subject = 'Your stand' WHERE id = $1", three)
    await scene.run(
        """
        UPDATE marketing.enrollments SET state = 'stopped', reason = 'gave_up', next_step = NULL
        WHERE id = (SELECT enrollment_id FROM sending.messages WHERE id = $1)
        """,
        three,
    )
    await scene.run("UPDATE sending.mailboxes SET state = 'paused', state_reason = 'holiday' WHERE organization_id = kit.f_organization()")
    assert "is paused: holiday" in (await outrider("sending", "show", str(one)))[1]
    assert json.loads((await outrider("sending", "show", str(one), "--json"))[1])["waits_for"]["cause"] == "mailbox_paused"
    await scene.run("UPDATE sending.mailboxes SET state = 'active' WHERE organization_id = kit.f_organization()")
    found = json.loads((await outrider("sending", "messages", "--search", "stand", "--json"))[1])
    assert [row["id"] for row in found] == [str(three)]
    for what, message, status in (("skip", one, "skipped"), ("review", two, "queued"), ("retry", three, "queued")):
        code, told = await outrider("sending", what, str(message), "--json")
        assert (code, json.loads(told)["status"]) == (0, status)
    assert (await outrider("sending", "retry", str(three)))[0] == 4
    await scene.run("UPDATE sending.messages SET status = 'needs_review' WHERE id = $1", two)
    assert (await outrider("sending", "review"))[0] == 2
    assert (await outrider("sending", "review", "--all"))[1].strip() == "1 messages go on."


async def test_slow_domains_are_listed_and_forgotten(outrider, scene):
    await scene.run("INSERT INTO sending.throttles (recipient_domain, per_hour) VALUES ('slow.example', 20)")
    assert json.loads((await outrider("sending", "throttles", "--json"))[1])[0]["recipient_domain"] == "slow.example"
    assert json.loads((await outrider("sending", "throttles", "--forget", "slow.example", "--json"))[1]) == []


async def test_suppressions_are_searched_exported_and_lifted_with_a_reason(outrider, client):
    await client.post("/api/suppressions", json={"values": ["ana@example.org"], "reason": "unsubscribe"})
    await client.post("/api/suppressions", json={"values": ["example.net"]})
    (found,) = json.loads((await outrider("suppressions", "list", "--search", "example.o", "--kind", "address", "--json"))[1])
    assert found["value"] == "ana@example.org"
    assert len((await outrider("suppressions", "export"))[1].splitlines()) == 3
    code, told = await outrider("suppressions", "remove", found["id"])
    assert (code, "say why" in told) == (2, True)
    code, told = await outrider("suppressions", "remove", found["id"], "--why", "asked for it")
    assert (code, told.strip()) == (0, "ana@example.org may be written to again.")
