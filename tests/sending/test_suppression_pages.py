"""The pages of suppressions, and what they share with API and command line: found, added by the list, lifted, taken out."""

import csv
import io

import pytest
import pytest_asyncio

from outrider.sending.suppression_files import read_list

from .pages import HTML, HTMX, NOTHING, said, sent


@pytest_asyncio.fixture
async def owner(signed_in):
    """The browser of an owner."""
    return await signed_in()


async def suppressed(client, *values: str, **more) -> list[str]:
    """Suppress these and return their ids."""
    answer = await client.post("/api/suppressions", json={"values": list(values), **more})
    assert answer.status_code == 201, answer.text
    return [one["id"] for one in answer.json()["items"]]


@pytest.mark.parametrize(
    ("text", "values", "refused"),
    [
        ("ana@example.org", ("ana@example.org",), ()),
        (" ana@example.org \n\nexample.net\n", ("ana@example.org", "example.net"), ()),
        ("ana@example.org, bo@example.org; example.net", ("ana@example.org", "bo@example.org", "example.net"), ()),
        ("Name;E-Mail\nAna;ana@example.org\nBo;nonsense\nCy;\n", ("ana@example.org",), ((3, "nonsense"),)),
        ("ana@example.org,Ana Lima,asked by telephone", ("ana@example.org",), ()),
        ("\ufeffDomain\r\nexample.net\r\n", ("example.net",), ()),
        ('"email","name"\n"ana@example.org","Lima, Ana"', ("ana@example.org",), ()),
        ("nonsense\nana@example.org\x00", (), ((1, "nonsense"), (2, "ana@example.org\x00"))),
    ],
)
def test_a_list_is_read_as_people_paste_it(text, values, refused):
    found = read_list(text)
    assert (found.values, found.refused) == (values, refused)


async def test_without_suppressions_the_page_says_what_to_do(owner):
    assert "Bring the list of those whom you must not write to" in await said(owner, "/suppressions")


async def test_one_is_added_and_found_by_address_domain_reason_and_kind(owner, client):
    assert await sent(owner, "/suppressions/new", values="Ana@Example.org", note="asked by telephone") == "/suppressions"
    await suppressed(client, "example.net")
    await suppressed(client, "bo@example.com", reason="bounce")

    async def shown(query: str) -> set[str]:
        found = await said(owner, f"/suppressions?{query}")
        return {value for value in ("ana@example.org", "example.net", "bo@example.com") if value in found}

    assert await shown("") == {"ana@example.org", "example.net", "bo@example.com"}
    assert await shown("q=ANA@example.org") == {"ana@example.org"}
    assert await shown("q=example.") == {"ana@example.org", "example.net", "bo@example.com"}
    assert await shown("reason=bounce") == {"bo@example.com"}
    assert await shown("kind=domain") == {"example.net"}
    assert await shown("kind=nonsense&reason=nonsense") == {"ana@example.org", "example.net", "bo@example.com"}
    assert "asked by telephone" in await said(owner, "/suppressions")
    assert (await owner.get("/suppressions?q=ana", headers=HTMX)).text.strip().startswith('<div id="suppressions"')
    found = (await client.get("/api/suppressions", params={"q": "example.o", "kind": "address"})).json()["items"]
    assert [one["value"] for one in found] == ["ana@example.org"]
    assert (await client.get("/api/suppressions", params={"kind": "planet"})).status_code == 422


async def test_a_list_is_pasted_and_what_cannot_be_used_is_named(owner, client):
    told = await sent(owner, "/suppressions/new", 200, values="ana@example.org\nnonsense here\nexample.net\nana@example.org", note="")
    assert "2 are suppressed, 1 line could not be used" in told
    assert "Line 2: nonsense here" in told
    found = (await client.get("/api/suppressions")).json()["items"]
    assert {(one["value"], one["reason"]) for one in found} == {("ana@example.org", "import"), ("example.net", "import")}


async def test_a_file_is_uploaded(owner, client):
    file = ("do-not-mail.csv", "Name,Email\nAna,ana@example.org\nBo,bo@example.org\n".encode("utf-8-sig"), "text/csv")
    answer = await owner.post("/suppressions/new", files={"file": file}, data={"values": "", "note": ""}, headers=HTML)
    assert answer.status_code == 303, answer.text
    assert len((await client.get("/api/suppressions", params={"reason": "import"})).json()["items"]) == 2
    photo = ("photo.csv", b"\x89PNG\xff\xfe", "text/csv")
    answer = await owner.post("/suppressions/new", files={"file": photo}, data={"values": ""}, headers=HTML)
    assert (answer.status_code, "no CSV or text file" in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"values": ""}, "Name an address or a domain"),
        ({"values": "nonsense"}, "“nonsense” is neither"),
        ({"values": "ana@example.org", "note": "x" * 1001}, "at most 1,000"),
    ],
)
async def test_what_cannot_be_suppressed_is_refused_and_nothing_is_kept(owner, client, form, told):
    assert told in await sent(owner, "/suppressions/new", 422, **form)
    assert (await client.get("/api/suppressions")).json()["items"] == []


async def test_lifting_asks_first_and_is_written_down(owner, client, scene):
    (id,) = await suppressed(client, "ana@example.org")
    assert "Write to ana@example.org again?" in await said(owner, f"/suppressions/{id}/remove")
    assert "longer than 500" in await sent(owner, f"/suppressions/{id}/remove", 422, why="x" * 501)
    assert await sent(owner, f"/suppressions/{id}/remove", why="") == "/suppressions"
    assert "Nobody is suppressed" in await said(owner, "/suppressions")
    assert await scene.value("SELECT count(*) FROM ops.events WHERE event_type = 'suppression.removed'") >= 1


@pytest.mark.parametrize(
    ("reason", "told"), [("unsubscribe", "They said that they want no more"), ("complaint", "They reported a message as spam")]
)
async def test_what_people_said_themselves_is_lifted_only_with_a_reason(owner, client, scene, reason, told):
    (id,) = await suppressed(client, "ana@example.org", reason=reason)
    assert told in await said(owner, f"/suppressions/{id}/remove")
    assert (await client.delete(f"/api/suppressions/{id}")).status_code == 422
    assert "Say why" not in await said(owner, f"/suppressions/{id}/remove")
    assert "say why they may be written to again" in await sent(owner, f"/suppressions/{id}/remove", 422, why=" ")
    assert len((await client.get("/api/suppressions")).json()["items"]) == 1
    await sent(owner, f"/suppressions/{id}/remove", why="asked for the newsletter")
    payload = await scene.value(
        "SELECT payload FROM ops.events WHERE organization_id = kit.f_organization() AND event_type = 'suppression.removed'"
    )
    assert (payload["reason"], payload["why"]) == (reason, "asked for the newsletter")
    assert (await client.get("/api/suppressions")).json()["items"] == []


async def test_an_erased_address_is_shown_as_erased_found_by_the_whole_of_it_and_exported_without_it(owner, client, scene):
    (id,) = await suppressed(client, "ana@example.org", reason="unsubscribe")
    await suppressed(client, "=cmd@example.net")
    await scene.run("UPDATE sending.suppressions SET value = NULL WHERE id = $1::text::uuid", id)
    assert "erased" in await said(owner, "/suppressions?q=ana@example.org")
    assert "None like that" in await said(owner, "/suppressions?q=ana")
    assert "Write to an erased address again?" in await said(owner, f"/suppressions/{id}/remove")
    for browser, path in ((owner, "/suppressions/export.csv"), (client, "/api/suppressions/export.csv")):
        answer = await browser.get(path)
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [(row["value"], row["reason"]) for row in rows] == [("'=cmd@example.net", "manual"), ("", "unsubscribe")]


async def test_the_file_holds_all_pages(client, monkeypatch):
    monkeypatch.setattr("outrider.sending.suppression_files.PAGE", 2)
    await suppressed(client, *(f"a{n}@example.org" for n in range(5)))
    assert len((await client.get("/api/suppressions/export.csv")).text.splitlines()) == 6


async def test_others_see_and_lift_nothing(owner, client, visitor_of_other_organization, stranger):
    other = visitor_of_other_organization
    (id,) = await suppressed(client, "ana@example.org")
    assert "ana@example.org" not in await said(other, "/suppressions")
    assert "ana@example.org" not in (await other.get("/suppressions/export.csv")).text
    await said(other, f"/suppressions/{id}/remove", 404)
    await sent(other, f"/suppressions/{id}/remove", 404, why="x")
    assert (await stranger.get(f"/api/suppressions/{id}")).status_code == 404
    assert len((await stranger.get("/api/suppressions/export.csv")).text.splitlines()) == 1
    assert (await client.get(f"/api/suppressions/{id}")).json()["value"] == "ana@example.org"


async def test_what_is_not_there_is_not_there(owner):
    await said(owner, f"/suppressions/{NOTHING}/remove", 404)
    await sent(owner, f"/suppressions/{NOTHING}/remove", 404, why="x")
    await said(owner, "/suppressions?cursor=nonsense", 422)
    await said(owner, "/suppressions/nonsense/remove", 404)


async def test_a_viewer_reads_and_changes_nothing(signed_in, client):
    (id,) = await suppressed(client, "ana@example.org")
    viewer = await signed_in("viewer")
    assert "Remove" not in await said(viewer, "/suppressions")
    await said(viewer, "/suppressions/new", 403)
    await said(viewer, f"/suppressions/{id}/remove", 403)
    await sent(viewer, "/suppressions/new", 403, values="x@example.org")
    await sent(viewer, f"/suppressions/{id}/remove", 403, why="x")
