"""The pages of one person, one company and one load, and of conflicts: what they show, who sees them, and what they refuse."""

import html
import re
import uuid
from contextlib import asynccontextmanager

import pytest

from outrider import tenancy
from outrider.kit import database

from .conftest import ANA, CONFLICT, CY
from .pages import HTML, HTMX, fact, post, text

# ------------------------------------------------------------------------------------------------------------- reading


async def test_the_overview_shows_every_value_with_where_it_is_from(browser, ana):
    answer = await browser.get(ana)
    assert answer.status_code == 200
    assert "<title>Ana López · Outrider</title>" in answer.text
    assert "CFO at Acme" in text(answer)
    assert "ana.lopez@acme.example" in answer.text
    title = fact(answer, "title")
    assert "CFO" in title
    assert "from leads.csv , row 1 (apollo)" in title
    assert re.search(r'href="/loads/\d+"', answer.text)
    assert "style=" not in answer.text


@pytest.mark.parametrize("tab", ["", "/timeline", "/addresses", "/roles", "/profiles", "/loads", "/notes"])
async def test_every_tab_is_a_page_of_its_own(browser, ana, tab):
    answer = await browser.get(ana + tab)
    in_navigation = answer.text.count('href="/people" aria-current="page"')  # in the sidebar and in the drawer
    current = answer.text.count('aria-current="page"') - in_navigation
    assert (answer.status_code, answer.text.count("<h1>"), current) == (200, 1, 1)
    assert f'href="{ana}{tab}" aria-current="page"' in answer.text
    assert {"": "CFO", "/timeline": "Named in leads.csv", "/addresses": "Lead Owner", "/roles": "Current company", "/profiles": "playmaker",
            "/loads": "Promoted", "/notes": "No notes yet"}[tab] in text(answer)  # fmt: skip


async def test_an_address_and_a_domain_lead_to_the_page(browser, ana, ids):
    for path, target in ((f"/people/{ANA['email']}", ana), ("/companies/ACME.example", f"/companies/{await ids('acme.example')}")):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, target)


async def test_the_company_shows_facts_its_newest_people_and_the_way_to_all_of_them(browser, bring, ids):
    await bring(ANA, CY)
    answer = await browser.get(f"/companies/{await ids('acme.example')}")
    assert answer.status_code == 200
    assert "Retail" in fact(answer, "industry")
    assert text(answer).count("@acme.example") == 2
    assert 'href="/people?domain=acme.example"' in answer.text
    for tab in ("timeline", "notes"):
        assert (await browser.get(f"/companies/{await ids('acme.example')}/{tab}")).status_code == 200


async def test_what_a_source_says_is_never_markup_or_a_link_that_runs(browser, bring, ids):
    evil = "<script>alert(1)</script>"
    await bring(
        {
            **ANA, "title": evil, "company": evil, "tags": evil, "Lead <i>": evil, "linkedin_url": "javascript:alert(1)",
            "website": "https://acme.example",
        }
    )  # fmt: skip
    page = f"/people/{await ids(ANA['email'])}"
    await browser.patch(f"/api{page}", json={})
    await post(browser, f"{page}/notes", body=evil)
    await post(browser, f"{page}/edit/linkedin_url", value="javascript:alert(2)")
    for path in (page, *(f"{page}/{tab}" for tab in ("timeline", "addresses", "roles", "loads", "notes"))):
        answer = await browser.get(path)
        assert evil not in answer.text, path
        assert "<i>" not in answer.text
        assert not re.search(r'href="\s*javascript:', answer.text)


async def test_a_load_is_shown_as_it_came_with_what_became_of_it(browser, organization, actor, ana):
    async with tenancy.transaction(organization, actor) as connection:
        load = await connection.fetchval("SELECT load_id FROM intake.raw_loads WHERE email = $1", ANA["email"].lower())
    answer = await browser.get(f"/loads/{load}")
    assert "Ana.Lopez@acme.example" in text(answer)
    assert ana in answer.text
    assert "&#34;Lead Owner&#34;: &#34;Kim&#34;" in answer.text


@pytest.mark.parametrize(
    "payload", ['[1, {"a": null}]', '"text"', "7", "null", '{"email": null, "deep": {"a": [1]}, "n": 1.5, "b": true}', "{}"]
)
async def test_a_load_of_any_shape_is_shown(browser, organization, admin, payload):
    load = await admin.fetchval(
        "INSERT INTO intake.raw_loads (organization_id, batch_id, source, raw_data, status, reason) "
        "VALUES ($1, 'b', 's', $2::jsonb, 'failed', 'not_an_object') RETURNING load_id",
        organization, payload,
    )  # fmt: skip
    answer = await browser.get(f"/loads/{load}")
    assert answer.status_code == 200
    assert "The JSON is not an object with fields" in text(answer)


async def test_the_timeline_goes_on_where_it_ended(browser, bring, ana):
    for n in range(40):
        await bring({**ANA, "title": f"T{n}"}, mode="overwrite")
    first = await browser.get(f"{ana}/timeline")
    older = html.unescape(re.search(r'hx-get="([^"]*cursor=[^"]*)"', first.text)[1])
    page = await browser.get(older)
    part = await browser.get(older, headers=HTMX)
    assert "<html" in page.text
    assert "<html" not in part.text
    assert part.text.count('class="event"') == first.text.count('class="event"') == 30
    assert not set(re.findall(r"changed the person.*?T\d+", text(first))) & set(re.findall(r"changed the person.*?T\d+", text(part)))


# ----------------------------------------------------------------------------------------------------------- conflicts


async def test_conflicts_are_decided_one_after_the_other_and_taken_back(browser, bring, ids):
    assert "Nothing waits for you" in text(await browser.get("/conflicts"))
    await bring(ANA, CONFLICT, {**CONFLICT, "email": "fay@house.example", "name": "Fay Hill"})
    shown = await browser.get("/conflicts")
    assert "Does Eve Stone work at Acme?" in text(shown)
    assert "eve@ home.example" in text(shown)
    assert "2 conflicts wait" in text(shown)
    action = re.search(r'action="(/conflicts/[0-9a-f-]{36})"', shown.text)[1]
    following = await post(browser, action, HTMX, decision="accept")
    assert "Does Fay Hill work at Acme?" in text(following)
    assert "Eve Stone works at acme.example" in following.headers["hx-trigger"]
    eve = f"/people/{await ids('eve@home.example')}"
    linked = f'href="/companies/{await ids("acme.example")}"'
    assert linked in (await browser.get(eve)).text
    assert "decided: works at Acme" in text(await browser.get(f"{eve}/timeline"))
    assert (await post(browser, action, decision="accept")).status_code == 303  # somebody was quicker: on to the next one
    assert "decided already" in text(await browser.get("/conflicts"))
    assert (await post(browser, f"{action}/reopen")).status_code == 303
    assert "Does Eve Stone work at Acme?" in text(await browser.get("/conflicts"))
    assert linked not in (await browser.get(eve)).text


async def test_a_conflict_can_be_left_for_later(browser, bring):
    await bring(ANA, CONFLICT, {**CONFLICT, "email": "fay@house.example", "name": "Fay Hill"})
    skip = html.unescape(re.search(r'href="(/conflicts\?after=[^"]+)"', (await browser.get("/conflicts")).text)[1])
    shown = await browser.get(skip)
    assert "Does Fay Hill work at Acme?" in text(shown)
    action = html.unescape(re.search(r'action="(/conflicts/[^"]+)"', shown.text)[1])
    answer = await post(browser, action, decision="reject")
    assert answer.headers["location"] == skip
    assert "You skipped 1 conflict" in text(await browser.get(skip))


# ------------------------------------------------------------------------------------------------------- who may, and not


async def test_a_viewer_reads_everything_and_is_offered_no_edit(signed_in, browser, ana, bring, ids):
    await bring(CONFLICT)
    await post(browser, f"{ana}/notes", body="A note")
    viewer = await signed_in("viewer")
    for path in (ana, f"{ana}/addresses", f"{ana}/notes", f"{ana}/timeline", f"/companies/{await ids('acme.example')}", "/conflicts"):
        answer = await viewer.get(path, headers=HTML)
        assert answer.status_code == 200
        content = answer.text.partition("<main")[2]
        assert "<form" not in content, path
        assert "/edit" not in content
    assert (await viewer.get(f"{ana}/edit/title", headers=HTML)).status_code == 403
    for path in (f"{ana}/edit/title", f"{ana}/notes", f"{ana}/undo/1", f"{ana}/addresses/1/tags", f"/conflicts/{uuid.uuid4()}"):
        assert (await post(viewer, path, HTML, value="x", body="x")).status_code == 403, path


async def test_a_client_sees_no_person_and_nobody_is_sent_to_sign_in(signed_in, anonymous, ana):
    client = await signed_in("client", namespaces=["playmaker"])
    assert (await client.get(ana, headers=HTML)).status_code == 403
    answer = await anonymous.get(ana, headers=HTML)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


async def test_another_organization_finds_nobody_and_changes_nothing(browser, visitor_of_other_organization, ana, bring, ids):
    await bring(CONFLICT)
    await post(browser, f"{ana}/notes", body="Ours")
    note = re.search(r"/notes/([0-9a-f-]{36})/edit", (await browser.get(f"{ana}/notes")).text)[1]
    slot = re.search(r"/conflicts/([0-9a-f-]{36})", (await browser.get("/conflicts")).text)[1]
    load = re.search(r"/loads/(\d+)", (await browser.get(f"{ana}/loads")).text)[1]
    contact = re.search(r"/addresses/(\d+)/tags", (await browser.get(f"{ana}/addresses")).text)[1]
    company = f"/companies/{await ids('acme.example')}"
    other = visitor_of_other_organization
    other.headers.update(HTML)
    tabs = ("", "/timeline", "/addresses", "/roles", "/profiles", "/loads", "/notes", "/edit/title")
    for path in (*(ana + tab for tab in tabs), company, f"{company}/timeline", f"{company}/notes", f"/loads/{load}", f"/notes/{note}/edit"):
        answer = await other.get(path)
        assert answer.status_code == 404, path
        assert "Ana" not in answer.text.partition("<main")[2]
    for path, fields in (
        (f"{ana}/edit/title", {"value": "x"}),
        (f"{company}/edit/name", {"value": "x"}),
        (f"{ana}/notes", {"body": "x"}),
        (f"{ana}/undo/1", {}),
        (f"{ana}/addresses/{contact}/tags", {"add": "x"}),
        (f"{ana}/addresses/{contact}/fields", {"name": "a", "value": "x"}),
        (f"/notes/{note}/edit", {"body": "x"}),
        (f"/notes/{note}/delete", {}),
        (f"/notes/{note}/restore", {}),
        (f"/conflicts/{slot}", {"decision": "accept"}),
        (f"/conflicts/{slot}/reopen", {}),
    ):
        assert (await post(other, path, **fields)).status_code == 404, path
    assert "Nothing waits" in text(await other.get("/conflicts"))
    assert "CFO at Acme" in text(await browser.get(ana))


async def test_who_is_not_there_leads_to_the_search(browser, ana):
    for path, place in (
        (f"/people/{uuid.uuid4()}", "people"),
        ("/people/nobody@x.example", "people"),
        ("/companies/none.example", "companies"),
    ):
        answer = await browser.get(path)
        assert answer.status_code == 404
        assert f'action="/{place}"' in answer.text
    assert (await browser.get(f"/people/{uuid.uuid4()}", headers=HTMX)).status_code == 404


async def test_what_makes_no_sense_is_refused(browser, ana):
    for path, status in (
        (f"{ana}/edit/shoe_size", 404),
        (f"{ana}/edit/provenance", 404),
        ("/people/7/roles", 404),
        ("/people/%00", 422),
        (f"{ana}/timeline?cursor=bad", 422),
        (f"{ana}/loads?cursor=bad", 422),
        (f"{ana}/notes?cursor=bad", 422),
        (f"{ana}/addresses?contact={10**30}", 422),
        (f"{ana}/addresses?contact=999999999", 404),
        (f"/loads/{10**30}", 404),
        ("/loads/999999999", 404),
        ("/conflicts?after=x", 422),
    ):
        assert (await browser.get(path)).status_code == status, path
    for path, fields, status in (
        (f"{ana}/edit/organization_id", {"value": str(uuid.uuid4())}, 404),
        (f"{ana}/undo/{10**30}", {}, 404),
        (f"{ana}/undo/999999999", {}, 404),
        (f"{ana}/addresses/999999999/tags", {"add": "x"}, 404),
        (f"/conflicts/{uuid.uuid4()}", {"decision": "maybe"}, 422),
        (f"/conflicts/{uuid.uuid4()}", {"decision": "accept"}, 404),
    ):
        assert (await post(browser, path, **fields)).status_code == status, path
    without_token = await browser.post(f"{ana}/edit/title", data={"value": "x"}, headers={"X-CSRF-Token": "wrong"})
    assert without_token.status_code == 403


async def test_a_page_asks_the_database_a_few_times_however_much_there_is(browser, bring, ana, ids, monkeypatch):
    asked = []
    acquired = database.acquired

    @asynccontextmanager
    async def counting():
        async with acquired() as connection:
            with connection.query_logger(lambda record: asked.append(record.query)):
                yield connection

    monkeypatch.setattr(database, "acquired", counting)

    async def count(path):
        asked.clear()
        assert (await browser.get(path)).status_code == 200
        return len(asked)

    company = f"/companies/{await ids('acme.example')}"
    paths = [ana + tab for tab in ("", "/timeline", "/addresses", "/roles", "/profiles", "/loads", "/notes", "/edit/title")]
    paths += [company, f"{company}/timeline", f"{company}/notes", "/conflicts"]
    few = {path: await count(path) for path in paths}
    for n in range(12):
        await bring(
            {**ANA, "title": f"T{n}", "company": f"C{n}", "website": ""}, CONFLICT | {"email": f"e{n}@h{n}.example"}, CY, mode="overwrite"
        )
        await post(browser, f"{ana}/notes", body=f"n{n}")
        await post(browser, f"{company}/notes", body=f"n{n}")
        await post(browser, f"{ana}/edit/title", value=f"E{n}")
    many = {path: await count(path) for path in paths}
    assert {path: many[path] - few[path] for path in paths if many[path] - few[path] > 2} == {}  # who wrote them
    assert max(many.values()) <= 14  # four for the session, three for the transaction
