"""Lists and segments: who is on them, and nobody else's business."""

import pytest


async def make(client, what, **body):
    answer = await client.post(f"/api/{what}", json={"name": "Spring fair", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def emails(client, path):
    return [one["email"] for one in (await client.get(path)).json()["items"]]


async def test_people_are_put_on_a_list_by_id_and_taken_off_again(client, add_person):
    ana, bo = await add_person("ana@one.example"), await add_person("bo@two.example")
    made = await make(client, "lists")
    path = f"/api/lists/{made['id']}/people"
    assert (await client.post(path, json={"ids": [str(ana), str(bo)]})).json() == {"people": 2}
    assert (await client.post(path, json={"ids": [str(ana)]})).json() == {"people": 0}
    assert (await client.get(f"/api/lists/{made['id']}")).json()["people"] == 2
    assert await emails(client, path) == ["ana@one.example", "bo@two.example"]
    assert (await client.post(f"{path}/remove", json={"ids": [str(ana)]})).json() == {"people": 1}
    assert await emails(client, path) == ["bo@two.example"]


async def test_all_who_fit_filters_are_put_on_a_list(client, add_person, scene):
    await add_person("ana@one.example")
    await add_person("bo@two.example", first_name="Bo")
    path = f"/api/lists/{(await make(client, 'lists'))['id']}/people"
    assert (await client.post(path, json={"filters": {"email": "bo@two.example"}})).json() == {"people": 1}
    assert (await client.post(path, json={"filters": {}})).json() == {"people": 1}
    assert (await client.post(f"{path}/remove", json={"filters": {"email": "bo@two.example"}})).json() == {"people": 1}
    assert await emails(client, path) == ["ana@one.example"]
    assert await scene.value("SELECT count(*) FROM people.selections WHERE organization_id = kit.f_organization()") == 0


async def test_members_come_in_pages(client, add_person):
    made = await make(client, "lists")
    path = f"/api/lists/{made['id']}/people"
    ids = [str(await add_person(f"p{n}@one.example")) for n in range(5)]
    await client.post(path, json={"ids": ids})
    first = (await client.get(path, params={"limit": 3})).json()
    second = (await client.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in first["items"] + second["items"]] == ids
    assert second["next_cursor"] is None


async def test_a_segment_holds_whoever_fits_at_the_moment(client, add_person):
    await add_person("ana@one.example")
    made = await make(client, "segments", filters={"email": "bo@two.example"})
    path = f"/api/segments/{made['id']}"
    assert await emails(client, f"{path}/people") == []
    await add_person("bo@two.example")
    assert await emails(client, f"{path}/people") == ["bo@two.example"]
    assert (await client.post("/api/segments/count", json={"filters": made["filters"]})).json() == {"people": 1, "is_exact": True}
    changed = (await client.patch(path, json={"filters": {"email": "ana@one.example"}})).json()
    assert (changed["filters"], changed["name"]) == ({"email": "ana@one.example"}, "Spring fair")
    assert await emails(client, f"{path}/people") == ["ana@one.example"]


@pytest.mark.parametrize(("what", "body"), [("lists", {}), ("segments", {"filters": {}})])
async def test_names_are_taken_once_and_changed(client, what, body):
    made, other = await make(client, what, **body), await make(client, what, name="Other", **body)
    assert (await client.post(f"/api/{what}", json={"name": "SPRING  fair", **body})).status_code == 409
    assert (await client.patch(f"/api/{what}/{other['id']}", json={"name": "spring fair"})).status_code == 409
    assert (await client.patch(f"/api/{what}/{other['id']}", json={"name": "Third"})).json()["name"] == "Third"
    assert [one["name"] for one in (await client.get(f"/api/{what}")).json()["items"]] == ["Third", "Spring fair"]
    assert (await client.delete(f"/api/{what}/{made['id']}")).status_code == 204
    assert (await client.get(f"/api/{what}/{made['id']}")).status_code == 404


@pytest.mark.parametrize(("what", "field"), [("lists", "lists"), ("segments", "segments")])
async def test_what_a_campaign_is_for_is_not_deleted(client, what, field):
    made = await make(client, what, **({"filters": {}} if what == "segments" else {}))
    await client.post("/api/campaigns", json={"name": "Q4 push", field: [made["id"]]})
    refused = await client.delete(f"/api/{what}/{made['id']}")
    assert (refused.status_code, "Q4 push" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("lists", {"name": " "}, "name"),
        ("lists", {"name": "x" * 201}, "name"),
        ("segments", {"filters": {"color": "red"}}, "filters"),
        ("segments", {"filters": {"has_phone": "maybe"}}, "filters.has_phone"),
    ],
)
async def test_what_cannot_be_kept_is_refused_by_name(client, what, body, field):
    refused = await client.post(f"/api/{what}", json={"name": "x", **body})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize("body", [{}, {"ids": [], "filters": {}}, {"ids": []}, {"filters": {"color": "red"}}])
async def test_who_is_meant_has_to_be_said(client, body):
    made = await make(client, "lists")
    assert (await client.post(f"/api/lists/{made['id']}/people", json=body)).status_code == 422


async def test_another_organizations_people_cannot_be_put_on_a_list(client, stranger, add_person):
    ana = await add_person("ana@one.example")
    theirs = await make(stranger, "lists")
    assert (await stranger.post(f"/api/lists/{theirs['id']}/people", json={"ids": [str(ana)]})).json() == {"people": 0}
    ours = await make(client, "lists")
    assert (await stranger.get(f"/api/lists/{ours['id']}/people")).status_code == 404
    assert (await stranger.post(f"/api/lists/{ours['id']}/people", json={"filters": {}})).status_code == 404


async def test_who_reads_may_not_write(as_role):
    viewer = await as_role("viewer")
    for what in ("lists", "segments", "templates", "campaigns"):
        assert (await viewer.get(f"/api/{what}")).status_code == 200
        assert (await viewer.post(f"/api/{what}", json={"name": "x", "filters": {}})).status_code == 403


async def test_people_are_put_on_a_list_by_their_addresses_and_from_another_list(client, stranger, add_person):
    await add_person("ana@one.example", ("ana@home.example", {}))
    made, other = await make(client, "lists"), await make(client, "lists", name="Others")
    pasted = await client.post(f"/api/lists/{made['id']}/addresses", json={"emails": [" ANA@home.example", "no@one.example", ""]})
    assert pasted.json() == {"people": 1, "not_found": ["no@one.example"]}
    path = f"/api/lists/{other['id']}/lists"
    assert (await client.post(path, json={"list_id": made["id"]})).json() == {"people": 1}
    assert (await client.post(path, json={"list_id": made["id"]})).json() == {"people": 0}
    assert await emails(client, f"/api/lists/{other['id']}/people?q=ANA+one") == ["ana@one.example"]
    assert await emails(client, f"/api/lists/{other['id']}/people?q=bo") == []
    assert (await client.post(f"/api/lists/{made['id']}/addresses", json={"emails": []})).status_code == 422
    assert (await client.post(path, json={"list_id": "none"})).status_code == 422
    own = await make(stranger, "lists")
    assert (await stranger.post(f"/api/lists/{own['id']}/lists", json={"list_id": made["id"]})).status_code == 404
    assert (await stranger.post(f"/api/lists/{made['id']}/lists", json={"list_id": own["id"]})).status_code == 404
    theirs = await stranger.post(f"/api/lists/{own['id']}/addresses", json={"emails": ["ana@one.example"]})
    assert theirs.json() == {"people": 0, "not_found": ["ana@one.example"]}
