"""Templates: kept, previewed against real people, and with what they lack named."""

import pytest

TEXTS = {"subject": "About {{ company }}", "body": '<p>Hi {{ first_name | default("there") }}, {{ Lead Owner }}</p>'}


async def keep(client, **more):
    answer = await client.post("/api/templates", json={"name": "First touch", **TEXTS, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_template_says_which_variables_it_uses(client):
    made = await keep(client)
    assert made["variables"] == [
        {"name": "company", "has_fallback": False},
        {"name": "first_name", "has_fallback": True},
        {"name": "lead_owner", "has_fallback": False},
    ]
    changed = (await client.patch(f"/api/templates/{made['id']}", json={"subject": "Hello"})).json()
    assert (changed["subject"], changed["body"], len(changed["variables"])) == ("Hello", TEXTS["body"], 2)
    assert (await client.delete(f"/api/templates/{made['id']}")).status_code == 204
    assert (await client.get("/api/templates")).json()["items"] == []


async def test_a_preview_is_the_message_or_names_what_is_missing(client, add_person):
    ana = await add_person("ana@one.example", custom_fields={"Lead Owner": "Kim"})
    made = await keep(client)
    missing = (await client.post("/api/templates/preview", json={"person_id": str(ana), "template_id": made["id"]})).json()
    assert missing == {"message": None, "missing": "company"}
    there = (await client.post("/api/templates/preview", json={"person_id": str(ana), "subject": "Hi", "body": TEXTS["body"]})).json()
    assert there["message"] == {"subject": "Hi", "html": "<p>Hi Ana, Kim</p>", "text": "Hi Ana, Kim\n"}


@pytest.mark.parametrize(
    ("body", "field"), [({"subject": "{{ a b"}, "subject"), ({"body": "{{ 1 + 1 }}"}, "body"), ({"subject": "x" * 999}, "subject")]
)
async def test_a_text_that_cannot_be_read_is_refused_by_name(client, body, field):
    refused = await client.post("/api/templates", json={"name": "x", **body})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_a_preview_wants_a_person_of_ours_and_one_text(client, stranger, add_person):
    ana = str(await add_person("ana@one.example"))
    theirs = await keep(stranger)
    assert (await stranger.post("/api/templates/preview", json={"person_id": ana, "body": "x"})).status_code == 404
    assert (await client.post("/api/templates/preview", json={"person_id": ana, "template_id": theirs["id"]})).status_code == 404
    mine = await keep(client)
    both = await client.post("/api/templates/preview", json={"person_id": ana, "template_id": mine["id"], "body": "x"})
    assert (both.status_code, both.json()["errors"][0]["field"]) == (422, "template_id")


async def test_a_template_that_a_campaign_uses_is_not_deleted(client):
    made = await keep(client)
    campaign = (await client.post("/api/campaigns", json={"name": "Q4 push"})).json()
    steps = [{"variants": [{"template_id": made["id"]}]}]
    assert (await client.put(f"/api/campaigns/{campaign['campaign_id']}/steps", json={"steps": steps})).status_code == 200
    refused = await client.delete(f"/api/templates/{made['id']}")
    assert (refused.status_code, "Q4 push" in refused.json()["detail"]) == (409, True)
