"""`outrider people` as a person and a script use it."""

import json

import pytest

from .conftest import ANA, BO, CONFLICT


@pytest.fixture
def outrider(command):
    """Run `outrider people`; returns (exit code, output, errors)."""

    async def run(*arguments: str, **more: str) -> tuple[int, str, str]:
        done = await command("people", *arguments, **more)
        return done.returncode, done.stdout, done.stderr

    return run


async def test_people_are_listed_searched_and_paged(outrider, bring):
    await bring(ANA, BO)
    code, out, _ = await outrider("list")
    assert code == 0
    assert out.splitlines()[0].split()[:3] == ["EMAIL", "NAME", "TITLE"]
    assert len(out.splitlines()) == 3
    code, out, _ = await outrider("list", "angstrom", "--company", "umbrella", "--json")
    assert (code, [one["email"] for one in json.loads(out)["items"]]) == (0, ["bo@umbrella.example"])
    _, out, _ = await outrider("list", "--limit", "1", "--json", "--sort", "email")
    page = json.loads(out)
    _, out, errors = await outrider("list", "--limit", "1", "--sort", "email", "--cursor", page["next_cursor"])
    assert "bo@umbrella.example" in out
    assert "--cursor" not in errors
    assert (await outrider("list", "nobodyatall"))[1] == "Nobody fits.\n"


async def test_a_person_is_shown_with_sources_edited_and_their_history_told(outrider, bring):
    await bring(ANA)
    code, out, _ = await outrider("edit", "ana.lopez@acme.example", "--set", "title=Chief Financial Officer", "--set", "phone=")
    assert code == 0
    assert "Chief Financial Officer" in out
    code, out, _ = await outrider("show", "ANA.lopez@acme.example")
    lines = out.splitlines()
    assert code == 0
    assert any(line.startswith("title ") and "(command line), since" in line for line in lines)
    assert any(line.strip().startswith("before: CFO  [apollo, leads.csv row 1, load ") for line in lines)
    assert any(line.startswith("phone ") and "(cleared)" in line for line in lines)
    assert "Lead Owner: Kim" in out
    assert any("CFO at Acme (acme.example)" in line for line in lines)
    code, out, _ = await outrider("history", "ana.lopez@acme.example")
    assert "  title: CFO → Chief Financial Officer" in out.splitlines()
    code, out, _ = await outrider("show", "ana.lopez@acme.example", "--json")
    assert json.loads(out)["row"]["title"] == "Chief Financial Officer"


async def test_notes_are_written_and_listed_and_the_timeline_tells_them(outrider, bring):
    await bring(ANA)
    assert await outrider("note", "ana.lopez@acme.example", "Call her\nin May.") == (0, "Noted on ana.lopez@acme.example.\n", "")
    assert (await outrider("note", "acme.example", "Buys in spring"))[0] == 0
    assert (await outrider("note", "nobody@x.example", "x"))[0] == 3
    assert (await outrider("note", "ana.lopez@acme.example", " "))[0] == 2
    _, out, _ = await outrider("notes", "ana.lopez@acme.example")
    assert out.splitlines()[0].endswith("(command line)")
    assert out.splitlines()[1:] == ["  Call her", "  in May."]
    _, out, _ = await outrider("notes", "acme.example", "--json")
    assert [note["body"] for note in json.loads(out)["items"]] == ["Buys in spring"]
    _, out, _ = await outrider("timeline", "ana.lopez@acme.example")
    assert "  note by " in out.splitlines()[0]
    assert "CFO at Acme [apollo, leads.csv row 1, load " in out
    assert "ana.lopez@acme.example was named: promoted [apollo" in out


async def test_companies_and_conflicts(outrider, bring):
    await bring(ANA, CONFLICT)
    assert "acme.example" in (await outrider("companies", "acm"))[1]
    code, out, _ = await outrider("company", "acme.example")
    assert code == 0
    assert "ana.lopez@acme.example" in out
    _, out, _ = await outrider("conflicts", "--json")
    slot = json.loads(out)["items"][0]
    assert (await outrider("resolve", slot["id"]))[0] == 2
    code, out, _ = await outrider("resolve", slot["id"], "--accept")
    assert (code, out) == (0, "eve@home.example works at acme.example.\n")
    assert (await outrider("resolve", slot["id"], "--reject"))[0] == 4
    assert (await outrider("conflicts"))[1] == "Nothing waits.\n"


async def test_people_are_exported_to_a_file_and_to_a_pipe(outrider, bring, tmp_path):
    await bring({**ANA, "title": "=1+1"}, BO)
    code, out, _ = await outrider("export", str(tmp_path / "people.csv"), "--json")
    assert (code, json.loads(out)["people"]) == (0, 2)
    assert "'=1+1" in (tmp_path / "people.csv").read_text()
    code, out, _ = await outrider("export", "-", "--query", "umbrella")
    assert (code, len(out.splitlines())) == (0, 2)
    code, _, errors = await outrider("export", str(tmp_path / "no" / "people.csv"))
    assert (code, "cannot be written" in errors) == (5, True)
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "nobody@x.example"), 3),
        (("show", "7"), 3),
        (("company", "none.example"), 3),
        (("edit", "nobody@x.example", "--set", "title=x"), 3),
        (("list", "--sort", "x"), 2),
        (("list", "--cursor", "x"), 2),
        (("list", "--import", "x"), 2),
        (("resolve", "x", "--accept"), 2),
    ],
)
async def test_what_cannot_be_is_one_sentence_and_an_exit_code(outrider, arguments, code):
    done = await outrider(*arguments)
    assert done[0] == code
    assert done[2].startswith("Error: ")
    assert "Traceback" not in done[2]


async def test_an_edit_names_the_field_there_is_not(outrider, bring):
    await bring(ANA)
    for assignment, code in (("shoe=42", 2), ("title", 2), ("email=x@y.example", 4)):
        assert (await outrider("edit", "ana.lopez@acme.example", "--set", assignment))[0] == code


async def test_org_names_whose_people(outrider, bring, other_organization):
    await bring(ANA)
    assert "Nobody yet" in (await outrider("list", "--org", str(other_organization)))[1]
