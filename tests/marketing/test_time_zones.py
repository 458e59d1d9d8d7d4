"""The window is read in the recipient's time zone where it is known: from a field of theirs, else from their country."""

import pytest

from .pages import text
from .test_campaigns import do, everyone, make, ready


async def resolved(client, scene):
    """Where the one person is, after the campaign was resolved."""
    path = await make(client, segments=[await everyone(client)])
    await do(client, path, "resolve")
    return await scene.value("SELECT time_zone FROM marketing.enrollments WHERE organization_id = kit.f_organization()")


@pytest.mark.parametrize(
    ("fields", "country", "zone"),
    [
        ({"timezone": "Asia/Tokyo"}, None, "Asia/Tokyo"),
        ({"Time Zone": " america/new_york "}, "JP", "America/New_York"),
        ({"time_zone": "UTC+2"}, "JP", "Asia/Tokyo"),  # no IANA zone
        ({"timezone": "Nowhere/City", "zone": "Asia/Tokyo"}, None, None),
        ({}, "DE", "Europe/Berlin"),  # Busingen shows the same time
        ({}, "US", None),
        ({}, "ES", None),
        ({}, "XX", None),
        ({"timezone": 2}, None, None),
    ],
)
async def test_a_field_says_it_first_and_then_a_country_with_one_time(client, add_person, scene, fields, country, zone):
    person = await add_person("ana@one.example", custom_fields=fields)
    await scene.run("UPDATE people.master SET country_code = $2 WHERE id = $1", person, country)
    assert await resolved(client, scene) == zone


async def test_the_primary_address_says_it_before_others(client, add_person, scene):
    other = {"custom_fields": {"time_zone": "Asia/Tokyo"}}
    await add_person("ana@one.example", ("a@one.example", other), custom_fields={"timezone": "Europe/Lisbon"})
    assert await resolved(client, scene) == "Europe/Lisbon"


async def test_the_plan_keeps_to_the_recipients_hours_and_shows_them(client, add_person, scene, signed_in):
    await add_person("ana@one.example", custom_fields={"timezone": "Asia/Tokyo"})
    step = {"variants": [{"subject": "Hi", "body": "<p>Hi</p>"}]}
    path = await ready(client, scene, step, time_zone="America/New_York", window_start="09:00", window_end="09:05")
    (planned,) = (await do(client, path, "dry-run"))["items"]
    assert planned["time_zone"] == "Asia/Tokyo"
    assert planned["planned_at"].split("T")[1].startswith("00:0")  # nine in Tokyo
    assert (await client.get(f"{path}/enrollments")).json()["items"][0]["time_zone"] == "Asia/Tokyo"
    owner = await signed_in()
    page = path.removeprefix("/api")
    assert "09:00, Asia/Tokyo" in await text(owner, f"{page}/check")
    assert "In Asia/Tokyo" in await text(owner, f"{page}/recipients")
