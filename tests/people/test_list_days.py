"""Days at the ends of the calendar, which some zones do not have: asked of a list, and kept in a view that others open."""

import pytest

HTML = {"Accept": "text/html"}
ENDS = ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "9999-12-31T00:00:00Z"]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
async def test_the_ends_of_the_calendar_are_answered(signed_in, admin, organization, zone):
    browser = await signed_in("viewer")
    query = "UPDATE tenancy.users SET time_zone = $2 WHERE $1 = ANY (organization_ids)"
    await admin.execute(query, organization, zone)
    for name in ("created_after", "created_before"):
        for day in ENDS:
            for path in ("/people", "/contacts", "/exports/new"):
                answer = await browser.get(path, params={"kind": "people", name: day}, headers=HTML)
                assert answer.status_code in (200, 422), (path, name, day)


async def test_a_shared_view_from_the_first_day_on_opens_in_every_zone(signed_in, admin, organization, client):
    view = {"kind": "people", "name": "All of time", "filters": {"created_before": "0001-01-01T00:00:00Z"}, "is_shared": True}
    made = await client.post("/api/views", json=view)
    assert made.status_code == 201, made.text
    browser = await signed_in("viewer")
    await admin.execute("UPDATE tenancy.users SET time_zone = 'America/New_York' WHERE $1 = ANY (organization_ids)", organization)
    answer = await browser.get("/people", params={"view": made.json()["id"]}, headers=HTML)
    assert answer.status_code == 200
    assert "Added before" in answer.text
