"""What people did with our messages stands on their timeline; what machines did does not."""

from datetime import UTC, datetime, timedelta

import pytest

from .outreach_scene import OutreachScene

NOW = datetime.now(UTC) + timedelta(minutes=1)


@pytest.fixture
def scene(admin, organization) -> OutreachScene:
    return OutreachScene(admin, organization)


async def test_a_persons_timeline_tells_of_outreach(scene, client, signed_in):
    mailbox = await scene.mailbox()
    campaign = await scene.campaign(mailbox, name="Autumn push")
    enrollment, other = await scene.enroll(campaign, 2)
    person = await scene.person_of(enrollment)
    [message] = await scene.sent([enrollment], mailbox, NOW)
    [theirs] = await scene.sent([other], mailbox, NOW)
    for minutes, type in enumerate(("sent", "delivered", "open", "reply")):
        await scene.happened(message, type, NOW + timedelta(minutes=minutes))
    await scene.happened(message, "click", NOW + timedelta(minutes=9), "automatic")
    await scene.happened(theirs, "unsubscribe", NOW)
    await scene.touched(person, campaign, "linkedin_reply", NOW + timedelta(minutes=5))
    told = (await client.get(f"/api/people/{person}/timeline")).json()["items"]
    outreach = [(one["text"], one["reason"], one["of"], one["subject_id"]) for one in told if one["kind"] == "outreach"]
    assert outreach == [
        ("linkedin_reply", "Autumn push", "linkedin", None),
        ("reply", "Autumn push", "outrider", str(message)),
        ("open", "Autumn push", "outrider", str(message)),
        ("sent", "Autumn push", "outrider", str(message)),
    ]
    first = (await client.get(f"/api/people/{person}/timeline", params={"limit": 2})).json()
    second = (await client.get(f"/api/people/{person}/timeline", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [one["text"] for one in (*first["items"], *second["items"])] == ["linkedin_reply", "reply", "open", "sent"]
    page = (await (await signed_in()).get(f"/people/{person}/timeline")).text
    assert f'<a href="/messages/{message}">They answered</a>' in page
    assert "LinkedIn reply" in page
    assert "They clicked" not in page
    assert "They unsubscribed" not in page
