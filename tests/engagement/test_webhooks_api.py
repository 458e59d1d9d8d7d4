"""Webhook sources over the API: shown once, kept unreadable, nobody else's."""

import json
from uuid import UUID

import pytest

from outrider import ops
from outrider.engagement.tasks import TASKS

from .samples import GENERIC, as_json


async def test_others_see_and_change_none_of_it(hook, stranger):
    made = await hook("generic")
    await made.deliver(as_json(GENERIC))
    [delivery] = await made.deliveries()
    calls = [
        ("GET", f"/api/webhooks/{made.id}"),
        ("PATCH", f"/api/webhooks/{made.id}"),
        ("POST", f"/api/webhooks/{made.id}/rotate"),
        ("DELETE", f"/api/webhooks/{made.id}"),
        ("GET", f"/api/deliveries/{delivery['id']}"),
        ("POST", f"/api/deliveries/{delivery['id']}/retry"),
    ]
    for method, path in calls:
        assert (await stranger.request(method, path, json={} if method in ("PATCH", "POST") else None)).status_code == 404, path
    assert (await stranger.get("/api/webhooks")).json()["items"] == []
    assert (await stranger.get("/api/deliveries")).json()["items"] == []


async def test_what_is_done_is_dropped_after_thirty_days_and_what_failed_is_not(hook, client, scene):
    made = await hook("generic")
    await made.deliver(as_json(GENERIC))
    await made.work()
    for state, days in (("done", 31), ("failed", 31), ("done", 29)):
        await scene.run(
            "INSERT INTO engagement.deliveries (id, source_id, body_hash, body, state) "
            "VALUES (uuidv7(make_interval(days => $1)), $2, $3, 'x', $4)",
            -days,
            made.id,
            f"{state} {days}".encode(),
            state,
        )
    [job] = (await client.get("/api/jobs", params={"name": "engagement.purge_deliveries"})).json()["items"]
    done = await ops.run_job_here(made.organization, UUID(job["id"]), TASKS)
    assert done.output == {"dropped": 1}
    assert sorted(one["state"] for one in await made.deliveries()) == ["done", "done", "failed"]


async def test_address_and_secret_are_shown_once_and_not_kept_readable(client, scene):
    made = (await client.post("/api/webhooks", json={"kind": "generic", "name": "Once"}, headers={"Idempotency-Key": "once"})).json()
    again = (await client.post("/api/webhooks", json={"kind": "generic", "name": "Once"}, headers={"Idempotency-Key": "once"})).json()
    assert (again["id"], again["url"], again["secret"]) == (made["id"], None, None)
    token = made["url"].rpartition("/")[2]
    shown = json.dumps((await client.get(f"/api/webhooks/{made['id']}")).json())
    row = str(dict((await scene.run("SELECT * FROM engagement.webhook_sources WHERE id = $1", UUID(made["id"])))[0]))
    for text in (shown, row):
        assert token not in text
        assert made["secret"] not in text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "mailgun", "name": "x"}, "kind"),
        ({"kind": "generic", "name": ""}, "name"),
        ({"kind": "sendgrid", "name": "x", "secret": "no key"}, "secret"),
        ({"kind": "lemlist", "name": "x", "secret": "short"}, "secret"),
        ({"kind": "generic", "name": "x", "secret": "with spaces"}, "secret"),
    ],
)
async def test_a_webhook_that_cannot_be_is_refused_with_the_field(client, body, field):
    answer = await client.post("/api/webhooks", json=body)
    assert answer.status_code == 422
    assert field in answer.text


async def test_who_may_not_manage_may_look(as_role, hook):
    made = await hook("generic")
    member, viewer, client = [await as_role(role) for role in ("member", "viewer", "client")]
    assert (await member.post("/api/webhooks", json={"kind": "generic", "name": "x"})).status_code == 403
    assert (await viewer.get(f"/api/webhooks/{made.id}")).status_code == 200
    assert (await client.get("/api/webhooks")).status_code == 403
