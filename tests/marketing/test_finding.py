"""Finding campaigns and what belongs to them by name: in the palette, and for nobody else."""

import pytest

from outrider import marketing, tenancy
from tests.api.fixtures import *  # noqa: F403

HTMX = {"HX-Request": "true"}


async def test_the_palette_finds_what_belongs_to_campaigns(client, signed_in, visitor_of_other_organization):
    campaign = (await client.post("/api/campaigns", json={"name": "Northwind autumn push"})).json()
    made = (await client.post("/api/lists", json={"name": "Northwind fair"})).json()
    page = (await (await signed_in()).get("/palette", params={"q": "northwind"}, headers=HTMX)).text
    assert f'/campaigns/{campaign["campaign_id"]}"' in page
    assert f'/lists/{made["id"]}"' in page
    assert "Northwind" not in (await visitor_of_other_organization.get("/palette", params={"q": "northwind"}, headers=HTMX)).text
    assert "Northwind" not in (await (await signed_in("client")).get("/palette", params={"q": "northwind"}, headers=HTMX)).text


async def test_a_percent_sign_is_a_letter_like_others(client, organization):
    await client.post("/api/templates", json={"name": "50 % off", "subject": "x", "body": "y"})
    await client.post("/api/templates", json={"name": "Other", "subject": "x", "body": "y"})
    async with tenancy.transaction(organization, tenancy.Actor("user", "test"), readonly=True) as connection:
        found = await marketing.find_named(connection, organization, "% O", 5)
    assert [(one.kind, one.name) for one in found] == [("template", "50 % off")]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("lists", {}),
        ("segments", {"filters": {}}),
        ("templates", {"subject": "Hello", "body": "<p>Hello</p>"}),
        ("campaigns", {}),
    ],
)
async def test_lists_are_asked_for_one_by_its_name(client, path, body):
    for name in ("Spring fair", "Autumn fair"):
        assert (await client.post(f"/api/{path}", json={"name": name, **body})).status_code == 201
    assert [one["name"] for one in (await client.get(f"/api/{path}?name=spring FAIR ")).json()["items"]] == ["Spring fair"]
    assert (await client.get(f"/api/{path}?name=fair")).json()["items"] == []
    assert len((await client.get(f"/api/{path}?q=FAIR")).json()["items"]) == 2
    assert [one["name"] for one in (await client.get(f"/api/{path}?q=g f&limit=1")).json()["items"]] == ["Spring fair"]


@pytest.mark.parametrize(
    ("path", "body"),
    [("lists", {}), ("segments", {"filters": {}}), ("templates", {"subject": "Hello", "body": "<p>Hello</p>"}), ("campaigns", {})],
)
async def test_a_page_with_many_finds_them_by_name(client, signed_in, path, body):
    browser = await signed_in()
    for number in range(9):
        await client.post(f"/api/{path}", json={"name": f"Fair {number}", **body})
    assert 'role="search"' in (await browser.get(f"/{path}")).text
    found = (await browser.get(f"/{path}", params={"q": "air 7"})).text
    assert "Fair 7" in found
    assert "Fair 6" not in found
    assert "None is called that" in (await browser.get(f"/{path}", params={"q": "zzz"})).text


async def test_a_mailbox_is_asked_for_by_its_address(client):
    for email in ("ana@one.example", "bo@one.example"):
        assert (await client.post("/api/mailboxes", json={"email": email, "smtp_host": "mail.one.example"})).status_code == 201
    assert [one["email"] for one in (await client.get("/api/mailboxes?email=Ana@one.example")).json()["items"]] == ["ana@one.example"]
