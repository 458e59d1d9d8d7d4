"""Editing on the pages of a person and a company: values, notes, tags and custom fields, in place, and taken back."""

import re

import pytest

from .conftest import ANA, BO
from .pages import HTML, HTMX, fact, fact_html, post, text


async def test_a_value_is_edited_by_a_form_and_the_edit_taken_back(browser, ana):
    answer = await browser.get(f"{ana}/edit/title")
    assert 'id="edit-title"' in answer.text
    assert 'name="seen" value="CFO"' in answer.text
    answer = await post(browser, f"{ana}/edit/title", value="Treasurer", seen="CFO")
    assert (answer.status_code, answer.headers["location"]) == (303, ana)
    shown = await browser.get(ana)
    assert "Title saved" in text(shown)
    assert "Treasurer at Acme" in text(shown)
    assert re.search(r"Before CFO .* from leads.csv", fact(shown, "title"))
    undo = re.search(rf'action="({ana}/undo/\d+)"', shown.text)[1]
    assert (await post(browser, undo)).status_code == 303
    assert "CFO at Acme" in text(await browser.get(ana))
    again = await post(browser, undo)
    assert again.status_code == 409
    assert "changed" in text(again)


async def test_an_earlier_value_is_put_back_with_one_click(browser, ana):
    await post(browser, f"{ana}/edit/title", value="Treasurer", seen="CFO")
    shown = await browser.get(ana)
    form = re.search(r'<form method="post" action="([^"]+)" class="inline-form" >.*?</form>', fact_html(shown, "title"), re.S)
    fields = dict(re.findall(r'name="(value|seen)" value="([^"]*)"', form[0]))
    assert fields == {"value": "CFO", "seen": "Treasurer"}
    assert (await post(browser, form[1], **fields)).status_code == 303
    assert "CFO at Acme" in text(await browser.get(ana))


async def test_htmx_is_given_the_facts_alone_and_the_head_anew(browser, ana):
    opened = await browser.get(f"{ana}/edit/name", headers=HTMX)
    assert "<html" not in opened.text
    assert 'id="edit-name"' in opened.text
    saved = await post(browser, f"{ana}/edit/name", HTMX, value="Ana Ruiz", seen="Ana López")
    assert saved.status_code == 200
    assert "Ruiz" in fact(saved, "last_name")
    assert re.search(r'<hx-partial hx-target="#record-head".*<h1>Ana Ruiz</h1>', saved.text, re.S)
    assert "Name saved" in saved.headers["hx-trigger"]
    given_up = await browser.get(f"{ana}/facts", headers=HTMX)
    assert "edit-name" not in given_up.text
    assert (await browser.get(f"{ana}/facts")).headers["location"] == ana


@pytest.mark.parametrize("headers", [(), HTMX])
async def test_a_value_that_cannot_be_is_told_beside_its_field_with_what_was_typed(browser, ana, headers):
    answer = await post(browser, f"{ana}/edit/country_code", headers, value="Spain", seen="ES")
    assert answer.status_code == 422
    assert "Country is 'Spain'; it must be two letters" in fact(answer, "country_code")
    assert 'value="Spain"' in answer.text
    assert "ES" in fact(await browser.get(ana), "country_code")


@pytest.mark.parametrize("headers", [(), HTMX])
async def test_what_somebody_changed_meanwhile_is_shown_and_only_overwritten_knowingly(browser, ana, headers):
    await post(browser, f"{ana}/edit/title", value="Boss", seen="CFO")
    answer = await post(browser, f"{ana}/edit/title", headers, value="Mine", seen="CFO")
    assert answer.status_code == 409
    assert "It is “Boss” now, and you wrote “Mine”" in fact(answer, "title")
    assert 'name="seen" value="Boss"' in answer.text
    assert "Boss at Acme" in text(await browser.get(ana))
    assert (await post(browser, f"{ana}/edit/title", value="Mine", seen="Boss")).status_code == 303
    assert "Mine at Acme" in text(await browser.get(ana))


async def test_a_person_is_given_a_company_by_domain_by_name_and_none(browser, ana, bring, ids):
    await bring(BO)
    acme, umbrella = await ids("acme.example"), await ids("umbrella.example")
    for value, seen, there in (("umbrella INC", acme, "Umbrella Inc"), ("acme.example", umbrella, "Acme"), ("", acme, "CFO")):
        answer = await post(browser, f"{ana}/edit/company_id", value=value, seen=str(seen))
        assert answer.status_code == 303, text(answer)
        assert there in text(await browser.get(ana))
    answer = await post(browser, f"{ana}/edit/company_id", value="Nobody Ltd", seen="")
    assert (answer.status_code, "no company has the domain" in text(answer)) == (422, True)
    offered = await browser.get("/companies/options", params={"value": "umbr"}, headers=HTMX)
    assert offered.text.strip() == '<option value="umbrella.example">Umbrella Inc</option>'


async def test_a_company_is_edited_in_place_too(browser, bring, ids):
    await bring({**ANA, "revenue": "1.5"})
    page = f"/companies/{await ids('acme.example')}"
    opened = await browser.get(f"{page}/edit/revenue")
    seen = re.search(r'name="seen" value="([^"]*)"', opened.text)[1]
    assert (await post(browser, f"{page}/edit/revenue", value="2000000", seen=seen)).status_code == 303
    shown = await browser.get(page)
    assert "2,000,000" in fact(shown, "revenue")
    assert (await post(browser, re.search(rf'action="({page}/undo/\d+)"', shown.text)[1])).status_code == 303
    assert "1.5" in fact(await browser.get(page), "revenue")
    assert (await post(browser, f"{page}/edit/revenue", value="many")).status_code == 422


@pytest.mark.parametrize("of", [ANA["email"], "acme.example"])
async def test_notes_are_written_edited_deleted_and_brought_back(browser, bring, ids, of):
    await bring(ANA)
    page = f"/{'people' if '@' in of else 'companies'}/{await ids(of)}"
    assert (await post(browser, f"{page}/notes", body="Call\nin May")).headers["location"] == f"{page}/notes"
    shown = await browser.get(f"{page}/notes")
    assert "Call<br>in May" in shown.text
    note = re.search(r"/notes/([0-9a-f-]{36})/edit", shown.text)[1]
    assert "Call" in (await browser.get(f"/notes/{note}/edit")).text
    assert (await post(browser, f"/notes/{note}/edit", body=" ")).status_code == 422
    assert (await post(browser, f"/notes/{note}/edit", body="Call in June")).status_code == 303
    assert "Call in June" in (await browser.get(page)).text
    assert (await post(browser, f"/notes/{note}/delete")).status_code == 303
    gone = await browser.get(f"{page}/notes")
    assert "Call in June" not in gone.text
    assert f"/notes/{note}/restore" in gone.text
    assert (await post(browser, f"/notes/{note}/restore")).status_code == 303
    assert "Call in June" in (await browser.get(f"{page}/notes")).text


async def test_a_note_that_cannot_be_stays_in_its_field(browser, ana):
    for headers in ((), HTMX):
        answer = await post(browser, f"{ana}/notes", headers, body="x" * 10_001)
        assert answer.status_code == 422
        assert "at most 10,000 are kept" in text(answer)
        assert "x" * 10_001 in answer.text
    latest = await post(browser, f"{ana}/notes", HTMX, body="Short", at="latest")
    assert ('id="latest"' in latest.text, "<html" in latest.text) == (True, False)


async def test_only_who_may_change_a_note_is_offered_to(browser, signed_in, ana):
    await post(browser, f"{ana}/notes", body="Mine")
    note = re.search(r"/notes/([0-9a-f-]{36})/edit", (await browser.get(f"{ana}/notes")).text)[1]
    other = await signed_in("member")
    assert f"/notes/{note}/" not in (await other.get(f"{ana}/notes", headers=HTML)).text
    assert (await other.get(f"/notes/{note}/edit", headers=HTML)).status_code == 403
    for what in ("edit", "delete", "restore"):
        assert (await post(other, f"/notes/{note}/{what}", HTML, body="x")).status_code == 403


async def test_tags_and_custom_fields_of_an_address_are_edited_and_taken_back(browser, ana):
    shown = await browser.get(f"{ana}/addresses")
    place = re.search(rf'action="({ana}/addresses/\d+)/tags"', shown.text)[1]
    answer = await post(browser, f"{place}/tags", HTMX, add="spring & fair")
    assert "spring &amp; fair" in answer.text
    undo = re.search(r'"undo": "([^"]+)"', answer.headers["hx-trigger"])[1]
    assert (await post(browser, undo)).status_code == 303
    assert (await post(browser, f"{place}/tags", remove="vip")).status_code == 303
    shown = await browser.get(f"{ana}/addresses")
    assert "No tags" not in shown.text
    assert 'name="remove"' not in shown.text
    assert (await post(browser, f"{place}/tags", add="a,b")).status_code == 422
    assert (await post(browser, f"{place}/fields", name="Lead Owner", value="Bo", seen="Kim")).status_code == 303
    answer = await post(browser, f"{place}/fields", HTMX, name="Lead Owner", value="Cy", seen="Kim")
    assert (answer.status_code, "It is “Bo” now, and you wrote “Cy”" in text(answer)) == (409, True)
    opened = await browser.get(f"{ana}/addresses", params={"contact": place.rpartition("/")[2], "field": "Lead Owner"})
    assert 'name="seen" value="Bo"' in opened.text
    assert (await post(browser, f"{place}/fields", name="Lead Owner", value="", seen="Bo")).status_code == 303
    assert re.search(r"Lead Owner – .* Before Kim|Lead Owner – .* Before Bo", text(await browser.get(f"{ana}/addresses")))


async def test_custom_fields_with_a_type_come_first_and_are_read_and_asked_for_by_it(browser, client, bring, ids):
    await bring(
        {**ANA, "Tier": "gold", "Signed": "2026-02-01", "Seats": "many", "Active": "yes", "Site": "https://ana.example/a", "Zone": "x"}
    )
    for label, type, options in (
        ("Zone", "text", []), ("Seats", "number", []), ("Tier", "select", ["gold", "lead"]), ("Signed", "date", []),
        ("Active", "boolean", []), ("Site", "url", []),
    ):  # fmt: skip
        answer = await client.post("/api/custom-fields", json={"label": label, "type": type, "options": options})
        assert answer.status_code == 201, answer.text
    page = f"/people/{await ids(ANA['email'])}/addresses"
    shown = await browser.get(page)
    places = [shown.text.index(f"<dt>{name}</dt>") for name in ("Zone", "Seats", "Tier", "Signed", "Active", "Site", "Lead Owner")]
    assert places == sorted(places)
    assert {"many", "not a number", "1 Feb 2026", "Yes", "ana.example/a"} <= set(re.split(r"\s{2,}", re.sub(r"<[^>]+>", "  ", shown.text)))
    place = re.search(rf'action="({page}/\d+)/tags"', shown.text)[1]
    contact = place.rpartition("/")[2]
    for field, asked in (
        ("Tier", "<option selected>gold</option>"),
        ("Signed", 'type="date"'),
        ("Active", '<option value="yes" selected>'),
    ):
        opened = await browser.get(page, params={"contact": contact, "field": field}, headers=HTMX)
        assert asked in opened.text, field
    refused = await post(browser, f"{place}/fields", name="Seats", value="some", seen="many")
    assert (refused.status_code, "must be a number" in text(refused)) == (422, True)
    assert (await post(browser, f"{place}/fields", name="Seats", value="1,200", seen="many")).status_code == 303
    assert (await client.get(f"/api/contacts/{ANA['email']}")).json()["custom_fields"]["Seats"] == 1200
    for field, values in (("Seats", ("7", "8")), ("Active", ("no", "yes", "no"))):
        for value in values:
            opened = await browser.get(page, params={"contact": contact, "field": field}, headers=HTMX)
            seen = re.search(rf'name="name" value="{field}"><input type="hidden" name="seen" value="([^"]*)"', opened.text)[1]
            assert (await post(browser, f"{place}/fields", name=field, value=value, seen=seen)).status_code == 303, (field, value, seen)
