"""`outrider activity`, `webhooks` and `intents` as a script uses them."""

from .samples import GENERIC, as_json, signed


async def test_a_webhook_is_made_delivered_to_looked_at_and_deleted(outrider_json, anonymous):
    code, made = await outrider_json("webhooks", "create", "generic", "Product")
    assert (code, made["path"].startswith("/hooks/"), made["secret"].startswith("whsec_")) == (0, True, True)
    body = as_json(GENERIC)
    assert (await anonymous.post(made["path"], content=body, headers=signed(made["secret"], body))).status_code == 202
    listed = (await outrider_json("webhooks", "list"))[1]
    assert [(one["name"], one["has_secret"]) for one in listed] == [("Product", True)]
    [delivery] = (await outrider_json("webhooks", "deliveries", "--state", "pending"))[1]
    assert (await outrider_json("webhooks", "retry", delivery["id"]))[1]["state"] == "pending"
    assert (await outrider_json("webhooks", "retry", made["id"]))[0] == 3
    assert (await outrider_json("webhooks", "delete", made["id"]))[1]["name"] == "Product"
    assert (await outrider_json("webhooks", "list"))[1] == []
    assert (await outrider_json("webhooks", "delete", made["id"]))[0] == 3


async def test_what_happened_and_who_showed_interest_is_listed_and_noted(outrider_json, client, scene):
    campaign = await scene.campaign(await scene.mailbox(), name="Autumn")
    [enrollment] = await scene.enroll(campaign, 1)
    email = await scene.value("SELECT email FROM marketing.enrollments WHERE id = $1", enrollment)
    told = {"type": "call_done", "platform": "phone", "occurred_at": "2026-11-20T08:00:00Z", "email": email}
    await client.post("/api/events", json={"events": [told]})
    assert [one["type"] for one in (await outrider_json("activity", "list", "--platform", "phone"))[1]] == ["call_done"]
    assert (await outrider_json("activity", "list", "--type", "open"))[1] == []
    assert (await outrider_json("activity", "list", "--verdict", "robot"))[0] == 2
    code, noted = await outrider_json("intents", "note", email, "meeting_booked", "--campaign", str(campaign), "--note", "Tuesday")
    assert (code, noted["is_new"], noted["campaign"]) == (0, True, "Autumn")
    assert (await outrider_json("intents", "note", email, "meeting_booked", "--campaign", str(campaign)))[1]["is_new"] is False
    assert [one["note"] for one in (await outrider_json("intents", "list", "--type", "meeting_booked"))[1]] == ["Tuesday"]
    assert (await outrider_json("intents", "note", "nobody@example.org", "referral"))[0] == 3
    assert (await outrider_json("intents", "note", email, "reply"))[0] == 2
