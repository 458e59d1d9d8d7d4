"""The pages of lists and segments: made, filled, searched, changed, deleted; and nobody else's business."""

import base64
import html
import json
import re

import pytest
import pytest_asyncio

from outrider.marketing.addresses import addresses_in

HTMX = {"HX-Request": "true", "HX-Source": "form#search"}


@pytest_asyncio.fixture
async def browser(signed_in):
    """An owner of the test's organization."""
    opened = await signed_in("owner")
    opened.headers["Accept"] = "text/html"
    return opened


@pytest_asyncio.fixture
async def crowd(add_person, scene):
    """Ana, who is a financial director, and Bo, who is not."""
    ana, bo = await add_person("ana@one.example"), await add_person("bo@two.example", first_name="Bo")
    await scene.run("UPDATE people.master SET title = 'Financial director' WHERE id = $1", ana)
    return ana, bo


async def make(client, what, **body):
    answer = await client.post(f"/api/{what}", json={"name": "Spring fair", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def emails(client, id):
    return [one["email"] for one in (await client.get(f"/api/lists/{id}/people")).json()["items"]]


def text(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def toast(answer):
    assert answer.status_code == 303, answer.text
    kept = re.search(r'outrider_flash="?([^;"]*)', answer.headers["set-cookie"])
    return json.loads(base64.urlsafe_b64decode(kept[1].partition(".")[0]))["text"]


async def test_a_list_is_made_and_filled_by_filters(browser, client, crowd):
    made = await browser.post("/lists/new", data={"name": "Finance", "description": "For the call"})
    path = made.headers["location"]
    id = path.split("/")[2]
    assert path == f"/lists/{id}/add"
    fitting = await browser.get(f"{path}?title=director")
    assert "1 person fit" in text(fitting)
    assert "ana@one.example" in fitting.text
    assert "bo@two.example" not in fitting.text
    added = await browser.post(path, data={"query": "title=director"})
    assert added.headers["location"] == f"/lists/{id}"
    assert await emails(client, id) == ["ana@one.example"]
    shown = text(await browser.get(f"/lists/{id}"))
    assert "For the call" in shown
    assert "1 person" in shown
    assert "Finance" in text(await browser.get("/lists"))


async def test_addresses_of_nobody_are_told_by_name(browser, client, crowd):
    id = await make(client, "lists")
    pasted = "Ana Lima <ANA@one.example>, ana@one.example\nbo@two.example;nobody@there.example\nSomebody Else"
    answer = await browser.post(f"/lists/{id}/add/addresses", data={"addresses": pasted})
    assert answer.status_code == 200
    assert "2 addresses are nobody’s that you know" in text(answer)
    assert re.findall(r"<li>(.*?)</li>", answer.text.partition('class="not-found"')[2])[:2] == ["nobody@there.example", "somebody else"]
    assert await emails(client, id) == ["ana@one.example", "bo@two.example"]
    again = await browser.post(f"/lists/{id}/add/addresses", data={"addresses": "bo@two.example"})
    assert "on the list already" in toast(again)
    assert (await browser.post(f"/lists/{id}/add/addresses", data={"addresses": " \n"})).status_code == 422


def test_addresses_are_found_in_whatever_was_pasted():
    assert addresses_in('"Lima, Ana" <a@x.example>; mailto:B@x.example.\n(c@x.example)\n\n a@x.example') == [
        "a@x.example", "b@x.example", "c@x.example",
    ]  # fmt: skip
    assert addresses_in("Ana Lima\n") == ["ana lima"]


async def test_a_list_is_filled_from_another_one_and_from_a_segment(browser, client, crowd):
    ana, _ = crowd
    id, other = await make(client, "lists"), await make(client, "lists", name="Others")
    segment = await make(client, "segments", filters={"email": "bo@two.example"})
    await client.post(f"/api/lists/{other}/people", json={"ids": [str(ana)]})
    page = text(await browser.get(f"/lists/{id}/add/from"))
    assert "Others (1)" in page
    assert (await browser.post(f"/lists/{id}/add/from", data={"from": f"list:{other}"})).status_code == 303
    assert await emails(client, id) == ["ana@one.example"]
    assert (await browser.post(f"/lists/{id}/add/from", data={"from": f"segment:{segment}"})).status_code == 303
    assert await emails(client, id) == ["ana@one.example", "bo@two.example"]
    assert "hoose a list" in toast(await browser.post(f"/lists/{id}/add/from", data={"from": "list:none"}))


async def test_people_who_were_picked_go_to_a_list_that_is_there_or_a_new_one(browser, client, crowd):
    ana, _ = crowd
    id = await make(client, "lists")
    people = await browser.get("/people")
    assert 'formaction="/lists/add"' in people.text
    asked = await browser.get("/lists/add", params={"id": [str(ana)], "back": "/people?title=director"})
    assert "Add 1 person to a list" in text(asked)
    done = await browser.post("/lists/add", data={"id": [str(ana)], "list": id, "back": "/people?title=director"})
    assert done.headers["location"] == "/people?title=director"
    assert await emails(client, id) == ["ana@one.example"]
    fitting = await browser.post("/lists/add", data={"all": "1", "title": "director", "name": "Directors", "list": ""})
    assert "Directors" in toast(fitting)
    found = (await client.get("/api/lists")).json()["items"][0]
    assert (found["name"], found["people"]) == ("Directors", 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"list": "", "name": ""}, "choose a list, or name a new one"),
        ({"list": "nonsense", "name": ""}, "choose a list, or name a new one"),
        ({"name": "Spring fair"}, "there is a list named"),
    ],
)
async def test_putting_picked_people_nowhere_is_told(browser, client, crowd, data, words):
    await make(client, "lists")
    answer = await browser.post("/lists/add", data={"id": str(crowd[0]), **data})
    assert answer.status_code in (409, 422)
    assert words.lower() in text(answer).lower()


async def test_members_are_searched_and_taken_off(browser, client, crowd):
    ana, bo = crowd
    id = await make(client, "lists")
    await client.post(f"/api/lists/{id}/people", json={"ids": [str(ana), str(bo)]})
    piece = await browser.get(f"/lists/{id}?q=one.exam", headers=HTMX)
    assert piece.headers["HX-Replace-Url"] == f"/lists/{id}?q=one.exam"
    assert "<html" not in piece.text
    assert "ana@one.example" in piece.text
    assert "bo@two.example" not in piece.text
    assert "Nobody here is called that" in text(await browser.get(f"/lists/{id}?q=zacharias"))
    gone = await browser.post(f"/lists/{id}/remove", data={"id": [str(ana)], "back": f"/lists/{id}?q=one.exam"})
    assert gone.headers["location"] == f"/lists/{id}?q=one.exam"
    assert await emails(client, id) == ["bo@two.example"]
    assert (await browser.post(f"/lists/{id}/remove", data={"id": "nonsense"})).status_code == 422


async def test_people_on_a_list_are_a_filter_like_any_other(browser, client, stranger, crowd):
    ana, _ = crowd
    id = await make(client, "lists")
    await client.post(f"/api/lists/{id}/people", json={"ids": [str(ana)]})
    assert f'href="/people?list_id={id}"' in (await browser.get(f"/lists/{id}")).text
    page = await browser.get(f"/people?list_id={id}")
    assert "On the list Spring fair" in text(page)
    assert "ana@one.example" in page.text
    assert "bo@two.example" not in page.text
    assert f'href="/segments/new?list_id={id}"' in page.text
    segment = await browser.get(f"/segments/new?not_list_id={id}&add=list_id")
    assert "Not on the list Spring fair" in text(segment)
    assert f'<option value="{id}">Spring fair</option>' in segment.text
    for asked, found in (({"list_id": id}, ["ana@one.example"]), ({"not_list_id": id}, ["bo@two.example"])):
        for limit in (1, 50):
            answer = await client.get("/api/people", params={**asked, "limit": limit})
            assert [one["email"] for one in answer.json()["items"]] == found
    assert (await stranger.get("/api/people", params={"list_id": id})).json()["items"] == []
    assert (await client.get("/api/people", params={"list_id": "fair"})).status_code == 422
    await client.delete(f"/api/lists/{id}")
    assert "On the list that is gone" in text(await browser.get(f"/people?list_id={id}"))


async def test_a_list_that_a_campaign_is_for_stays_and_the_campaign_is_named(browser, client, scene):
    id = await make(client, "lists")
    campaign = await scene.campaign(state="draft", name="Autumn push")
    await scene.run("INSERT INTO marketing.campaign_audience (campaign_id, list_id) VALUES ($1, $2)", campaign, id)
    assert "Autumn push" in toast(await browser.post(f"/lists/{id}/delete"))
    assert "Autumn push" in text(await browser.get(f"/lists/{id}"))
    await scene.run("DELETE FROM marketing.campaign_audience WHERE list_id = $1", id)
    assert (await browser.post(f"/lists/{id}/delete")).headers["location"] == "/lists"
    assert (await client.get(f"/api/lists/{id}")).status_code == 404


async def test_a_list_is_renamed_unless_the_name_is_taken(browser, client):
    id = await make(client, "lists")
    await make(client, "lists", name="Taken")
    await browser.post(f"/lists/{id}", data={"name": "Autumn fair", "description": "At our stand"})
    kept = (await client.get(f"/api/lists/{id}")).json()
    assert (kept["name"], kept["description"]) == ("Autumn fair", "At our stand")
    assert "already" in toast(await browser.post(f"/lists/{id}", data={"name": "taken"}))
    refused = await browser.post("/lists/new", data={"name": "taken"})
    assert (refused.status_code, "already" in refused.text) == (409, True)


async def test_a_segment_is_composed_counted_and_saved(browser, client, crowd):
    page = await browser.get("/segments/new?title=director&add=country_code")
    assert "1 person fits now" in text(page)
    assert "Title has “director”" in text(page)
    assert 'name="country_code"' in page.text
    assert 'hx-get="/lists/people/count"' in page.text
    piece = await browser.get("/segments/new?title=director", headers=HTMX)
    assert '<hx-partial hx-target="#segment-query"' in piece.text
    assert piece.headers["HX-Replace-Url"] == "/segments/new?title=director"
    made = await browser.post("/segments/new", data={"name": "Directors", "query": "title=director"})
    id = made.headers["location"].rpartition("/")[2]
    assert (await client.get(f"/api/segments/{id}")).json()["filters"] == {"title": "director"}
    assert "Title has “director”" in text(await browser.get("/segments"))
    taken = await browser.post("/segments/new", data={"name": "directors", "query": "title=chief"})
    assert taken.status_code == 409
    assert "Title has “chief”" in text(taken)
    assert 'value="title=chief"' in taken.text


async def test_a_segment_shows_who_is_in_it_and_saves_other_filters(browser, client, crowd):
    id = await make(client, "segments", filters={"title": "director"})
    page = await browser.get(f"/segments/{id}")
    assert "ana@one.example" in page.text
    assert "bo@two.example" not in page.text
    assert 'href="/people?title=director"' in page.text
    assert '"title": "director"' in html.unescape(page.text)
    assert "not saved" not in text(page)
    other = await browser.get(f"/segments/{id}?edited=1&email=bo%40two.example")
    assert "these filters are not saved" in text(other)
    assert "bo@two.example" in other.text
    assert "ana@one.example" not in other.text
    nothing = await browser.get(f"/segments/{id}?edited=1")
    assert "2 people fit now" in text(nothing)
    await browser.post(f"/segments/{id}", data={"query": "email=bo%40two.example"})
    assert (await client.get(f"/api/segments/{id}")).json()["filters"] == {"email": "bo@two.example"}
    await browser.post(f"/segments/{id}", data={"name": "Bo", "description": ""})
    assert (await client.get(f"/api/segments/{id}")).json()["name"] == "Bo"


async def test_every_page_of_a_segment_carries_its_filters_on(browser, client, crowd):
    id = await make(client, "segments", filters={"title": "director"})
    page = await browser.get(f"/segments/{id}?add=status")
    assert f'action="/segments/{id}"' in page.text
    form = page.text.partition('id="filter-form"')[2].partition("</form>")[0]
    assert dict(re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', form)) == {"title": "director", "edited": "1"}
    assert f"/segments/{id}?edited=1" in html.unescape(page.text)


async def test_what_cannot_be_asked_of_a_segment_is_told(browser):
    page = await browser.get("/segments/new?country_code=Spain")
    assert page.status_code == 422
    saved = await browser.post("/segments/new", data={"name": "X", "query": "country_code=Spain"})
    assert saved.status_code == 422
    assert (await browser.get("/segments/new?cursor=nonsense")).status_code == 422


async def test_a_segment_is_deleted_unless_a_campaign_is_for_it(browser, client, scene):
    id = await make(client, "segments", filters={})
    campaign = await scene.campaign(state="draft", name="Autumn push")
    await scene.run("INSERT INTO marketing.campaign_audience (campaign_id, segment_id) VALUES ($1, $2)", campaign, id)
    assert "Autumn push" in toast(await browser.post(f"/segments/{id}/delete"))
    await scene.run("DELETE FROM marketing.campaign_audience WHERE segment_id = $1", id)
    assert (await browser.post(f"/segments/{id}/delete")).headers["location"] == "/segments"


async def test_lists_and_segments_of_others_are_not_there(visitor_of_other_organization, client, crowd):
    other = visitor_of_other_organization
    other.headers["Accept"] = "text/html"
    list_, segment = await make(client, "lists"), await make(client, "segments", filters={})
    for path in (
        f"/lists/{list_}",
        f"/lists/{list_}/add",
        f"/lists/{list_}/add/addresses",
        f"/lists/{list_}/add/from",
        f"/segments/{segment}",
    ):
        assert (await other.get(path)).status_code == 404, path
    for path, data in (
        (f"/lists/{list_}", {"name": "X"}),
        (f"/lists/{list_}/delete", {}),
        (f"/lists/{list_}/remove", {"id": str(crowd[0])}),
        (f"/lists/{list_}/add", {"query": ""}),
        (f"/lists/{list_}/add/addresses", {"addresses": "ana@one.example"}),
        (f"/lists/{list_}/add/from", {"from": f"segment:{segment}"}),
        ("/lists/add", {"list": list_, "id": str(crowd[0])}),
        (f"/segments/{segment}", {"name": "X"}),
        (f"/segments/{segment}/delete", {}),
    ):
        assert (await other.post(path, data=data)).status_code == 404, path
    own = await make_own(other)
    assert (await other.post(f"{own}/add/from", data={"from": f"list:{list_}"})).status_code == 404
    assert "nobody’s that you know" in text(await other.post(f"{own}/add/addresses", data={"addresses": "ana@one.example"}))
    await other.post("/lists/add", data={"list": own.rpartition("/")[2], "id": str(crowd[0])})
    assert "Nobody is on it yet" in text(await other.get(own))


async def make_own(browser):
    made = await browser.post("/lists/new", data={"name": "Mine"})
    return made.headers["location"].removesuffix("/add")


async def test_who_may_only_read_changes_nothing(signed_in, client):
    viewer = await signed_in("viewer")
    id = await make(client, "lists")
    assert f"/lists/{id}/add" not in (await viewer.get(f"/lists/{id}")).text
    for path in (f"/lists/{id}", f"/lists/{id}/delete", "/lists/new", "/segments/new"):
        assert (await viewer.post(path, data={"name": "X"})).status_code == 403
