"""`outrider namespaces` in this process, on the test's organization."""

import asyncio
import json
import threading

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from outrider import cli, tenancy
from outrider.kit import database
from outrider.namespaces import commands


class Session:
    """What a command gets, without a server of its own."""

    def __init__(self, organization: tenancy.OrganizationId) -> None:
        self.organization_id = organization
        self.actor = tenancy.Actor("cli", "test")


@pytest.fixture
def run(urls, organization, monkeypatch):
    """Run `outrider namespaces ...` and return (exit code, standard output)."""

    def run_in(work, *, org=None, json=False):
        from outrider.kit import terminal

        async def opened() -> None:
            async with database.connect(urls.app):
                await work(Session(organization))

        problems: list[BaseException] = []

        def in_a_loop_of_its_own() -> None:
            try:
                asyncio.run(opened())
            except BaseException as error:
                problems.append(error)

        with terminal.reporting(json=json):
            thread = threading.Thread(target=in_a_loop_of_its_own)
            thread.start()
            thread.join()
            if problems:
                raise problems[0]

    monkeypatch.setattr(commands, "run_in", run_in)

    def invoke(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(commands.app, list(arguments))
        return result.exit_code, result.output

    return invoke


@pytest_asyncio.fixture
async def ana_and_bo(organization, actor):
    """Two profiles in the default namespace."""
    async with tenancy.transaction(organization, actor) as connection:
        await connection.execute("INSERT INTO playmaker_user_source (email) VALUES ('ana@acme.example'), ('bo@acme.example')")


def answer(result: tuple[int, str]) -> object:
    code, output = result
    assert code == 0, output
    return json.loads(output)


def test_a_namespace_from_making_to_deleting(run):
    made = answer(run("create", "acme-corp", "--keyword", "ACME", "--keyword", "Acme Corp", "--json"))
    assert (made["table_name"], made["keywords"], made["reroute"]) == ("acme_corp_user_source", ["ACME", "Acme Corp"], None)
    assert [one["name"] for one in answer(run("list", "--json"))] == ["acme-corp", "playmaker"]
    assert answer(run("test-match", "an acme corp deal", "--json"))["keyword"] == "Acme Corp"
    edited = answer(run("edit", "acme-corp", "--description", "Q4", "--inactive", "--json"))
    assert (edited["description"], edited["is_active"], edited["keywords"]) == ("Q4", False, ["ACME", "Acme Corp"])
    assert answer(run("edit", "acme-corp", "--description", "", "--json"))["description"] is None
    assert answer(run("rename", "acme-corp", "acme", "--json"))["table_name"] == "acme_user_source"
    assert answer(run("show", "acme", "--json"))["profiles"] == 0
    assert run("delete", "acme")[0] == 2
    assert answer(run("delete", "acme", "--confirm", "acme", "--json"))["archived_table"].startswith("acme_user_source_archived_")
    assert run("show", "acme")[0] == 3


def test_overlaps_are_told_beside_the_answer(run):
    run("create", "acme", "--keyword", "acme")
    code, output = run("create", "acme-labs", "--keyword", "acme labs")
    assert code == 0
    assert "overlaps 'acme' of the namespace acme" in output


def test_reroute_shows_what_would_move(run):
    looked = answer(run("reroute", "--dry-run", "--json"))
    assert looked == {"dry_run": True, "profiles": 0, "moves": [], "job_id": None}
    assert "Every profile is where its campaign belongs" in run("reroute", "--dry-run")[1]
    assert answer(run("reroute", "--json"))["job_id"]


def test_a_namespace_without_profiles_says_so(run):
    assert "playmaker has no profiles yet" in run("profiles", "playmaker")[1]


@pytest.mark.usefixtures("ana_and_bo")
def test_profiles_are_listed_as_their_client_sees_them(run):
    assert [one["email"] for one in answer(run("profiles", "playmaker", "--sort", "email", "--json"))["items"]] == [
        "ana@acme.example",
        "bo@acme.example",
    ]
    code, output = run("profiles", "playmaker", "--limit", "1", "--sort", "email")
    assert code == 0
    assert "ana@acme.example" in output
    assert "bo@acme.example" not in output
    cursor = output.split("--cursor ")[1].split()[0]
    assert "bo@acme.example" in run("profiles", "playmaker", "--limit", "1", "--sort", "email", "--cursor", cursor)[1]
    assert "Nobody fits" in run("profiles", "playmaker", "-q", "zed")[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["profiles", "nobody"], 3),
        (["profiles", "playmaker", "--sort", "name"], 2),
        (["create", "Acme", "--keyword", "x"], 2),
        (["create", "acme"], 2),
        (["edit", "playmaker"], 2),
        (["edit", "nobody", "--active"], 3),
        (["delete", "playmaker", "--confirm", "playmaker"], 4),
        (["create", "playmaker", "--keyword", "x"], 4),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(run, arguments, code):
    assert run(*arguments)[0] == code


def test_the_command_is_in_its_place():
    assert set(cli.load("namespaces").commands) == {
        "list", "create", "show", "edit", "rename", "delete", "test-match", "profiles", "reroute",
    }  # fmt: skip
