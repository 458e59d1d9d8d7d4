"""A campaign that is changed while it runs: nobody gets a text twice, nobody misses one, and new times hold for who waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from outrider import marketing
from outrider.kit.errors import Conflict
from outrider.marketing import Step, Variant
from outrider.sending.ledger import Planned
from outrider.tenancy import Actor, OrganizationId, transaction
from tests.sending.test_planning import planned

ACTOR = Actor("user", "test")


def email(text: str, **more) -> Step:
    return Step(**{"delay": 0, "delay_unit": "minutes", **more}, variants=(Variant("A", subject=text, body="<p>x</p>"),))


@pytest.fixture
def campaigns(scene):
    """Call a method of `Campaigns` in a transaction of its own."""

    async def call(method: str, *arguments):
        organization = OrganizationId(scene.organization)
        async with transaction(organization, ACTOR) as connection:
            return await getattr(marketing.Campaigns(connection, organization), method)(*arguments)

    return call


async def sent(scene) -> None:
    """Plan what is due, and let it be sent."""
    await planned(scene)
    await scene.run(
        """
        WITH done AS (
            UPDATE sending.messages SET status = 'sent', counted_at = now(), sent_at = clock_timestamp()
            WHERE organization_id = kit.f_organization() AND status = 'queued' RETURNING enrollment_id, sequence_step
        ),
        every AS (SELECT array_agg(enrollment_id) AS ids, array_agg(sequence_step) AS steps FROM done)
        SELECT marketing.f_advance(ids, steps, clock_timestamp()) FROM every
        """
    )


async def texts(scene) -> dict[str, list[str]]:
    """{person: the subjects that were planned or sent, in their order}."""
    rows = await scene.run(
        """
        SELECT m.recipient, array_agg(v.subject ORDER BY m.id) AS texts FROM sending.messages AS m
        INNER JOIN marketing.variants AS v ON v.organization_id = m.organization_id AND v.id = m.variant_id
        WHERE m.organization_id = kit.f_organization() GROUP BY 1
        """
    )
    return {row["recipient"]: row["texts"] for row in rows}


@pytest.fixture
async def running(scene, campaigns):
    """A campaign of A, B and C, a long time before C, that two people are in."""
    campaign = await scene.campaign(await scene.mailbox(), steps=0, started_at=datetime.now(UTC))
    await campaigns("put_steps", campaign, [email("A"), email("B"), email("C", delay=300)])
    await scene.enroll(campaign, 2)
    return campaign


async def test_a_step_that_comes_between_is_not_what_people_had_already(scene, campaigns, running):
    await sent(scene)
    await sent(scene)
    steps = (await campaigns("whole", running)).steps
    await campaigns("put_steps", running, [steps[0], email("X"), steps[1], email("C", delay=0)])
    for _ in range(4):
        await sent(scene)
    assert list((await texts(scene)).values()) == [["A", "B", "C"]] * 2
    numbers = await scene.run("SELECT DISTINCT sequence_step FROM sending.messages WHERE organization_id = kit.f_organization() ORDER BY 1")
    assert [row[0] for row in numbers] == [1, 3, 4]


async def test_who_has_not_passed_its_place_gets_a_step_that_comes_between(scene, campaigns, running):
    await sent(scene)
    await campaigns("put_steps", running, [email("A"), email("X"), email("B"), email("C", delay=300)])
    for _ in range(3):
        await sent(scene)
    assert list((await texts(scene)).values()) == [["A", "X", "B"]] * 2


async def test_what_is_in_the_queue_goes_out_and_its_people_go_on_after_it(scene, campaigns, running):
    await sent(scene)
    await planned(scene)
    steps = (await campaigns("whole", running)).steps
    await campaigns("put_steps", running, [email("X"), steps[0], email("Y"), steps[1], email("C", delay=0)])
    for _ in range(3):
        await sent(scene)
    assert list((await texts(scene)).values()) == [["A", "B", "C"]] * 2


async def test_steps_that_change_places_come_once_each(scene, campaigns, running):
    await sent(scene)
    steps = (await campaigns("whole", running)).steps
    await campaigns("put_steps", running, [steps[0], replace(steps[2], delay=0), steps[1]])
    for _ in range(4):
        await sent(scene)
    assert list((await texts(scene)).values()) == [["A", "C", "B"]] * 2
    states = await scene.run("SELECT DISTINCT state FROM marketing.enrollments WHERE organization_id = kit.f_organization()")
    assert [row[0] for row in states] == ["finished"]


async def test_a_step_that_somebody_got_cannot_go_wherever_it_stands(campaigns, scene, running):
    await sent(scene)
    with pytest.raises(Conflict, match="keep it"):
        await campaigns("put_steps", running, [email("B"), email("C", delay=300)])


async def test_a_new_delay_holds_for_who_waits(scene, campaigns, running):
    await sent(scene)
    await sent(scene)
    assert await planned(scene) == Planned(0, 0, 0, 0, 0, 0)
    steps = (await campaigns("whole", running)).steps
    passed = await scene.value("SELECT max(passed_at) FROM marketing.enrollments WHERE organization_id = kit.f_organization()")
    await campaigns("put_steps", running, [*steps[:2], email("C", delay=7, id=steps[2].id)])
    due = await scene.value("SELECT max(next_at) FROM marketing.enrollments WHERE organization_id = kit.f_organization()")
    assert due == passed + timedelta(minutes=7)
    await campaigns("put_steps", running, [*steps[:2], email("C", delay=0, id=steps[2].id)])
    assert (await planned(scene)).planned == 2


async def test_a_new_window_holds_for_who_waits_and_for_what_is_queued(scene, campaigns):
    now = datetime.now(UTC)
    closed = {"window_days": [(now + timedelta(days=2)).isoweekday()], "window_start": "00:00", "window_end": "00:01"}
    campaign = await scene.campaign(await scene.mailbox(), started_at=now, **closed)
    await scene.enroll(campaign, 2)
    assert (await planned(scene)).deferred == 2
    await campaigns("change", campaign, {"window_start": "00:00", "window_end": "24:00", "window_days": [1, 2, 3, 4, 5, 6, 7]})
    assert (await planned(scene)).planned == 2


async def test_less_spacing_lets_what_waits_come_earlier(scene, client):
    mailbox = await scene.mailbox(spacing_seconds=600)
    campaign = await scene.campaign(mailbox)
    await scene.enroll(campaign, 5)
    await planned(scene)
    last = "SELECT max(scheduled_at) - now() FROM sending.messages WHERE organization_id = kit.f_organization()"
    assert await scene.value(last) > timedelta(minutes=30)
    path, times = f"/api/mailboxes/{mailbox}", "SELECT array_agg(scheduled_at ORDER BY id) FROM sending.messages WHERE mailbox_id = $1"
    before = await scene.value(times, mailbox)
    assert (await client.patch(path, json={"from_name": "Ana", "spacing_seconds": 600})).status_code == 200
    assert await scene.value(times, mailbox) == before
    assert (await client.patch(path, json={"spacing_seconds": 0})).status_code == 200
    assert await scene.value(last) < timedelta(seconds=5)
