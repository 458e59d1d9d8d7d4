"""`outrider campaigns report`, `attribution` and `conversions` as a script uses them."""

from datetime import UTC, datetime, timedelta

from .outreach_scene import OutreachScene


async def test_reports_and_conversions_on_the_command_line(outrider_json, admin, organization):
    scene = OutreachScene(admin, organization)
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, name="Autumn")
    [enrollment] = await scene.enroll(campaign, 1)
    [message] = await scene.sent([enrollment], mailbox, datetime.now(UTC) - timedelta(days=1))
    await scene.happened(message, "reply", datetime.now(UTC) - timedelta(hours=1))
    code, report = await outrider_json("campaigns", "report", "autumn")
    assert (code, report["total"]["sent"], report["total"]["replied"]) == (0, 1, 1)
    person = str(await scene.person_of(enrollment))
    code, made = await outrider_json("conversions", "add", person, "sale", "--value", "10.50", "--currency", "EUR")
    assert (code, made["value"]) == (0, 10.5)
    code, [credit] = await outrider_json("attribution", "--model", "first")
    assert (credit["name"], credit["conversions"], credit["money"]) == ("Autumn", 1, {"EUR": 10.5})
    assert [one["id"] for one in (await outrider_json("conversions", "list"))[1]] == [made["id"]]
    assert (await outrider_json("conversions", "add", person, "sale", "--value", "much"))[0] == 2
    assert await outrider_json("conversions", "delete", made["id"]) == (0, {"deleted": made["id"]})
    assert await outrider_json("attribution") == (0, [])
    assert (await outrider_json("campaigns", "report", "nobody"))[0] == 3
