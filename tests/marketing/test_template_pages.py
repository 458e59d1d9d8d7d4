"""The pages of templates: written beside what becomes of them for somebody, copied, deleted; and nobody else's business."""

import base64
import html
import json
import re

import pytest_asyncio

TEXT = {"name": "First touch", "category": "Cold", "subject": "About {{ company | 'you' }}", "body": "Hi {{ first_name }},\n\nHello & bye"}


@pytest_asyncio.fixture
async def browser(signed_in):
    """An owner of the test's organization."""
    opened = await signed_in("owner")
    opened.headers["Accept"] = "text/html"
    return opened


async def make(client, **body):
    answer = await client.post("/api/templates", json={"name": "First touch", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def text(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def mail(answer):
    """The message in its frame."""
    return html.unescape(re.search(r'srcdoc="([^"]*)"', answer.text)[1])


def toast(answer):
    kept = re.search(r'outrider_flash="?([^;"]*)', answer.headers["set-cookie"])
    return json.loads(base64.urlsafe_b64decode(kept[1].partition(".")[0]))["text"]


async def test_a_template_is_written_as_plain_paragraphs_and_kept_as_html(browser, client, add_person):
    await add_person("ana@one.example")
    made = await browser.post("/templates/new", data=TEXT)
    id = made.headers["location"].rpartition("/")[2]
    kept = (await client.get(f"/api/templates/{id}")).json()
    assert kept["body"] == "<p>Hi {{ first_name }},</p>\n<p>Hello &amp; bye</p>"
    page = await browser.get(f"/templates/{id}")
    assert "Hi {{ first_name }},\n\nHello & bye</textarea>" in html.unescape(page.text)
    assert mail(page).startswith("<p>Hi Ana,</p>")
    assert "Subject About you" in text(page)
    assert "style-src-attr 'unsafe-inline'" in page.headers["Content-Security-Policy"]
    listed = text(await browser.get("/templates"))
    assert "First touch" in listed
    assert "company first_name" in listed


async def test_what_somebody_types_is_shown_for_the_person_they_chose(browser, add_person, scene):
    await add_person("ana@one.example")
    await add_person("bo@two.example", first_name="Bo", custom_fields={"Lead Owner": "Kim"})
    asked = {**TEXT, "body": "<p>Hi {{ first_name }}, {{ lead_owner }} says <b>hi</b></p>"}
    shown = await browser.post("/templates/preview", data={**asked, "person": "bo@two.example"})
    assert mail(shown) == "<p>Hi Bo, Kim says <b>hi</b></p>"
    assert "Hi Bo, Kim says hi" in text(shown)
    other = await browser.post("/templates/preview", data={**asked, "person": "ana@one"})
    assert "Nothing for lead_owner" in text(other)
    assert "srcdoc" not in other.text
    assert "first_name Ana" in text(other)
    assert "Nobody is called “zoe”" in text(await browser.post("/templates/preview", data={**asked, "person": "zoe"}))
    page = await browser.get("/templates/new")
    assert 'data-insert="{{ lead_owner }}"' in page.text


async def test_every_variable_that_is_missing_is_named_and_one_that_something_stands_in_for_is_not(browser, add_person):
    await add_person("ana@one.example")
    asked = {"subject": "{{ budget }}", "body": '{{ seats }} {{ plan | default("x") }} {{ role | first_name }}'}
    assert "Nothing for budget, seats" in text(await browser.post("/templates/preview", data=asked))


async def test_the_preview_comes_with_its_button_too(browser, client, add_person):
    await add_person("ana@one.example")
    id = await make(client, subject="Old", body="<p>Old</p>")
    page = await browser.post(f"/templates/{id}", data={**TEXT, "do": "preview"})
    assert page.status_code == 200
    assert mail(page).startswith("<p>Hi Ana,</p>")
    assert "Hi {{ first_name }}," in page.text
    assert (await client.get(f"/api/templates/{id}")).json()["subject"] == "Old"


async def test_a_text_that_cannot_be_read_is_told_beside_its_field_and_kept_as_typed(browser, client):
    refused = await browser.post("/templates/new", data={**TEXT, "body": "Hi {{ first_name"})
    assert refused.status_code == 422
    assert 'id="f-body-error"' in refused.text
    assert "Hi {{ first_name</textarea>" in refused.text
    await make(client)
    taken = await browser.post("/templates/new", data=TEXT)
    assert (taken.status_code, 'id="f-name-error"' in taken.text) == (409, True)


async def test_a_template_is_changed_and_copied(browser, client):
    id = await make(client, subject="Old", body="<p>Old</p>")
    assert toast(await browser.post(f"/templates/{id}", data=TEXT)) == "Saved"
    assert (await client.get(f"/api/templates/{id}")).json()["category"] == "Cold"
    copies = [await browser.post(f"/templates/{id}/duplicate") for _ in range(2)]
    names = [(await client.get(f"/api{one.headers['location']}")).json()["name"] for one in copies]
    assert names == ["First touch (copy)", "First touch (copy 2)"]


async def test_a_template_that_a_campaign_uses_stays_and_the_campaign_is_named(browser, client, scene):
    id = await make(client, subject="Hi", body="<p>Hi</p>")
    campaign = await scene.campaign(state="draft", name="Autumn push", steps=1)
    await scene.run("UPDATE marketing.variants SET template_id = $1 WHERE organization_id = kit.f_organization()", id)
    assert "Autumn push" in toast(await browser.post(f"/templates/{id}/delete"))
    assert f'href="/campaigns/{campaign}"' in (await browser.get(f"/templates/{id}")).text
    assert "Autumn push" in text(await browser.get("/templates"))
    await scene.run("DELETE FROM marketing.campaigns WHERE campaign_id = $1", campaign)
    assert (await browser.post(f"/templates/{id}/delete")).headers["location"] == "/templates"
    assert (await client.get(f"/api/templates/{id}")).status_code == 404


async def test_people_to_preview_for_are_found_by_name_and_address(browser, add_person):
    await add_person("ana@one.example")
    await add_person("bo@two.example", first_name="Bo")
    assert re.findall(r'value="(.*?)"', (await browser.get("/people/options?person=two")).text) == ["bo@two.example"]


async def test_templates_of_others_are_not_there(visitor_of_other_organization, client, add_person):
    await add_person("ana@one.example")
    other, id = visitor_of_other_organization, await make(client)
    assert (await other.get(f"/templates/{id}")).status_code == 404
    for path in (f"/templates/{id}", f"/templates/{id}/duplicate", f"/templates/{id}/delete"):
        assert (await other.post(path, data=TEXT)).status_code == 404
    assert "ana@one.example" not in (await other.get("/people/options?person=ana")).text
    assert "Nobody is called" in text(await other.post("/templates/preview", data={**TEXT, "person": "ana@one.example"}))


async def test_a_page_of_the_list_that_is_none_is_refused(browser):
    assert (await browser.get("/templates?cursor=nonsense")).status_code == 422


async def test_who_may_only_read_changes_nothing(signed_in, client):
    viewer, id = await signed_in("viewer"), await make(client)
    page = (await viewer.get(f"/templates/{id}")).text
    assert f"/templates/{id}/delete" not in page
    assert "readonly" in page
    for path in (f"/templates/{id}", f"/templates/{id}/duplicate", f"/templates/{id}/delete", "/templates/new"):
        assert (await viewer.post(path, data=TEXT)).status_code == 403


async def test_a_text_is_shown_first_for_somebody_whose_name_came_whole(browser, client, add_person, signed_in):
    await add_person("ana@one.example")
    await add_person("lukasz@two.example", first_name="?ukasz")
    await add_person("bo@two.example", first_name="B\ufffd")
    shown = text(await browser.post("/templates/preview", data={"subject": "Hi {{ first_name }}", "body": "<p>Hi</p>"}))
    assert "Hi Ana" in shown
    campaign = (await client.post("/api/campaigns", json={"name": "Push"})).json()["campaign_id"]
    await client.put(f"/api/campaigns/{campaign}/steps", json={"steps": [{"variants": [{"subject": "Hi {{ first_name }}", "body": "Hi"}]}]})
    assert "as Ana Lima gets it" in text(await browser.get(f"/campaigns/{campaign}/preview"))
