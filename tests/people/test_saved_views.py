"""Saved views: kept, shared, changed by who may, and nobody else's business."""

import pytest

VIEW = {
    "kind": "people", "name": "Finance", "filters": {"department": "Finance", "tag": ["vip"], "custom": ["set:Lead Owner"]}, "sort": "name",
    "direction": "desc", "columns": ["name", "custom:Lead Owner"],
}  # fmt: skip


async def save(client, **more):
    answer = await client.post("/api/views", json={**VIEW, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_view_is_kept_and_is_a_link(client):
    view = await save(client)
    assert {name: view[name] for name in VIEW} == VIEW
    assert view["query"] == (
        "department=Finance&tag=vip&custom=set%3ALead+Owner&sort=name&direction=desc&column=name&column=custom%3ALead+Owner"
    )
    assert view["may_change"] is True
    assert (await client.get(f"/api/views/{view['id']}")).json() == view
    assert (await client.get(f"/api/people?{view['query'].partition('&column')[0]}")).status_code == 200


async def test_own_views_are_ones_own_and_shared_ones_everybodys(client, as_role):
    other = await as_role("member")
    mine, shared = await save(client, name="Mine"), await save(client, name="Ours", is_shared=True)
    theirs = await save(other, name="Theirs")
    assert [one["name"] for one in (await client.get("/api/views")).json()["items"]] == ["Mine", "Ours"]
    assert [(one["name"], one["may_change"]) for one in (await other.get("/api/views")).json()["items"]] == [
        ("Ours", False),
        ("Theirs", True),
    ]
    assert (await other.get(f"/api/views/{mine['id']}")).status_code == 404
    assert (await other.patch(f"/api/views/{mine['id']}", json={"name": "x"})).status_code == 404
    assert (await other.patch(f"/api/views/{shared['id']}", json={"name": "x"})).status_code == 403
    assert (await other.delete(f"/api/views/{shared['id']}")).status_code == 403
    # Owners and admins see to what everybody sees, but not to what nobody else sees.
    assert (await client.get(f"/api/views/{theirs['id']}")).status_code == 404
    await other.patch(f"/api/views/{theirs['id']}", json={"is_shared": True})
    assert (await client.patch(f"/api/views/{theirs['id']}", json={"name": "Everybody's"})).status_code == 200
    assert (await client.delete(f"/api/views/{theirs['id']}")).status_code == 204
    assert (await other.get(f"/api/views/{theirs['id']}")).status_code == 404


async def test_a_view_is_changed_in_parts(client):
    view = await save(client)
    changed = (await client.patch(f"/api/views/{view['id']}", json={"filters": {}, "sort": "", "columns": []})).json()
    assert (changed["filters"], changed["sort"], changed["direction"], changed["columns"]) == ({}, None, None, [])
    assert changed["name"] == "Finance"
    assert (await client.patch(f"/api/views/{view['id']}", json={"filters": {"color": "red"}})).status_code == 422
    other = await save(client, name="Other")
    assert (await client.patch(f"/api/views/{other['id']}", json={"name": "Finance"})).status_code == 409


async def test_views_are_listed_by_kind(client):
    await save(client)
    await save(client, kind="companies", filters={"size_from": 10}, columns=[], sort=None, direction=None)
    assert [one["kind"] for one in (await client.get("/api/views", params={"kind": "companies"})).json()["items"]] == ["companies"]
    assert (await client.get("/api/views", params={"kind": "x"})).status_code == 422


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"kind": "dogs"}, 422, "kind"),
        ({"name": " "}, 422, "name"),
        ({"name": "x" * 61}, 422, "name"),
        ({"filters": {"color": "red"}}, 422, "filters"),
        ({"filters": {"has_phone": "maybe"}}, 422, "filters.has_phone"),
        ({"filters": {"custom": ["near:x=1"]}}, 422, "filters.custom"),
        ({"filters": {"tag": "vip"}}, 422, "filters.tag"),
        ({"sort": "shoe size"}, 422, "sort"),
        ({"direction": "up"}, 422, "direction"),
        ({"sort": None}, 422, "direction"),
        ({"columns": ["shoe size"]}, 422, "columns"),
        ({"columns": [f"custom:{n}" for n in range(61)]}, 422, "columns"),
        ({"name": "Taken"}, 409, "name"),
    ],
)
async def test_what_a_view_cannot_be_is_refused(client, more, status, field):
    await save(client, name="Taken")
    answer = await client.post("/api/views", json={**VIEW, **more})
    assert answer.status_code == status, answer.text
    told = answer.json().get("errors") or [{"field": answer.json().get("field")}]
    assert told[0]["field"] == field


async def test_another_organization_sees_no_view(client, stranger):
    view = await save(client, is_shared=True)
    assert (await stranger.get("/api/views")).json()["items"] == []
    for request in (stranger.get, stranger.delete):
        assert (await request(f"/api/views/{view['id']}")).status_code == 404
    assert (await stranger.patch(f"/api/views/{view['id']}", json={"name": "x"})).status_code == 404


async def test_viewers_see_shared_views_and_save_none(client, as_role):
    await save(client, is_shared=True)
    viewer = await as_role("viewer")
    assert [one["may_change"] for one in (await viewer.get("/api/views")).json()["items"]] == [False]
    assert (await viewer.post("/api/views", json=VIEW)).status_code == 403
