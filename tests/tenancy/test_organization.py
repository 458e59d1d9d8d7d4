"""The organization's settings, and who changed what."""

import pytest

ADDRESS = "  Example   Street 1 \r\n\r\n10115 Berlin\nGermany  "


async def test_settings_change_alone_and_the_address_is_kept_as_it_will_be_printed(client):
    changed = (await client.patch("/api/organization", json={"physical_address": ADDRESS})).json()
    assert changed["physical_address"] == "Example Street 1\n10115 Berlin\nGermany"
    changed = (await client.patch("/api/organization", json={"name": " Acme  Ltd ", "time_zone": "Europe/Berlin"})).json()
    assert (changed["name"], changed["time_zone"], changed["physical_address"][:7]) == ("Acme Ltd", "Europe/Berlin", "Example")
    assert (await client.get("/api/organization")).json() == changed
    assert (await client.patch("/api/organization", json={"physical_address": ""})).json()["physical_address"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"physical_address": "x" * 501}, "physical_address"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"slug": "other"}, "slug"),
    ],
)
async def test_a_bad_setting_names_the_field_and_changes_nothing(client, body, field):
    before = (await client.get("/api/organization")).json()
    answer = await client.patch("/api/organization", json={"name": "New", **body})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert (await client.get("/api/organization")).json() == before


async def test_who_may_not_change_the_organization_does_not(client, as_role, stranger):
    before = (await client.get("/api/organization")).json()
    for one in (await as_role("member"), await as_role("admin", ["users:write"])):
        assert (await one.patch("/api/organization", json={"name": "Mine"})).status_code == 403
    await stranger.patch("/api/organization", json={"name": "Theirs"})
    assert (await client.get("/api/organization")).json() == before


async def test_every_change_is_written_down_with_who_and_what(client, organization):
    email = f"u{organization.hex}@example.org"
    user = (await client.post("/api/users", json={"email": email})).json()
    path = f"/api/users/{user['id']}"
    await client.patch(path, json={"role": "client", "namespaces": ["playmaker"], "name": "Ana"})
    await client.patch(path, json={"role": "client", "namespaces": ["playmaker"]})  # changes nothing
    await client.post(f"{path}/reset-password")
    await client.delete(path)
    key = (await client.post("/api/keys", json={"name": "ci", "scopes": ["people:read"]})).json()
    await client.delete(f"/api/keys/{key['id']}")
    await client.delete(f"/api/keys/{key['id']}")
    await client.patch("/api/organization", json={"time_zone": "Europe/Berlin"})

    found = (await client.get("/api/organization/changes")).json()["items"]
    key_values = {"role": "member", "scopes": ["people:read"], "namespaces": [], "expires_at": None}
    assert [(one["subject"], one["subject_name"], one["action"], one["old_values"], one["new_values"]) for one in found[:-1]] == [
        ("organization", found[0]["subject_name"], "changed", {"time_zone": "UTC"}, {"time_zone": "Europe/Berlin"}),
        ("key", "ci", "revoked", {}, {}),
        ("key", "ci", "added", {}, key_values),
        ("user", email, "removed", {"role": "client", "namespaces": ["playmaker"]}, {}),
        ("user", email, "password_reset", {}, {}),
        ("user", email, "changed", {"role": "member", "namespaces": []}, {"role": "client", "namespaces": ["playmaker"]}),
        ("user", email, "changed", {"name": None}, {"name": "Ana"}),
        ("user", email, "added", {}, {"role": "member", "namespaces": []}),
    ]
    assert {one["changed_by_name"] for one in found[:-1]} == {"test"}
    assert {one["changed_by"].partition(":")[0] for one in found[:-1]} == {"key"}


async def test_a_second_factor_can_be_asked_of_everybody_and_that_is_written_down(client, signed_in):
    assert (await client.get("/api/organization")).json()["require_second_factor"] is False
    await client.patch("/api/organization", json={"time_zone": "UTC", "require_second_factor": False})  # changes nothing
    for wanted in (True, False):
        assert (await client.patch("/api/organization", json={"require_second_factor": wanted})).json()["require_second_factor"] is wanted
        asked = await (await signed_in("viewer")).get("/components")
        assert (asked.status_code, "second-factor" in asked.headers.get("location", "")) == ((303, True) if wanted else (200, False))
    found = (await client.get("/api/organization/changes", params={"subject": "organization"})).json()["items"]
    assert [(one["old_values"], one["new_values"]) for one in found] == [
        ({"require_second_factor": True}, {"require_second_factor": False}),
        ({}, {"require_second_factor": True}),
    ]


async def test_using_a_key_is_no_change(client):
    for _ in range(3):
        await client.get("/api/organization")
    assert len((await client.get("/api/organization/changes")).json()["items"]) == 1


async def test_an_administrators_statement_outside_any_organization_is_written_down_too(client, organization, admin):
    await admin.execute("UPDATE tenancy.organizations SET name = 'Renamed' WHERE id = $1", organization)
    change = (await client.get("/api/organization/changes")).json()["items"][0]
    assert (change["new_values"], change["changed_by"]) == ({"name": "Renamed"}, "sql:postgres")


async def test_changes_come_in_pages_and_by_subject_and_only_ones_own(client, stranger):
    for number in range(3):
        await client.post("/api/keys", json={"name": f"k{number}"})
    await client.patch("/api/organization", json={"name": "New"})
    first = (await client.get("/api/organization/changes", params={"subject": "key", "limit": 3})).json()
    rest = (await client.get("/api/organization/changes", params={"subject": "key", "cursor": first["next_cursor"]})).json()
    assert [one["subject_name"] for one in first["items"] + rest["items"]] == ["k2", "k1", "k0", "test"]
    assert rest["next_cursor"] is None
    assert [one["subject_name"] for one in (await stranger.get("/api/organization/changes")).json()["items"]] == ["test"]


@pytest.mark.parametrize("query", ["subject=everything", "limit=0", "cursor=x"])
async def test_a_bad_question_about_changes_is_refused(client, query):
    answer = await client.get(f"/api/organization/changes?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])
