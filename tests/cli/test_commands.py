"""The command line: help, organizations, users, keys, exit codes, JSON."""

import json
import re
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from outrider import cli, cli_reference
from outrider.kit import terminal
from outrider.kit.errors import InvalidInput
from outrider.tenancy.commands import expiry

from .conftest import COMMAND, environment, runner

HEAVY = ("fastapi", "starlette", "uvicorn", "polars", "duckdb", "pycountry", "babel", "yoyo", "python_calamine")


def test_help_is_quick_and_names_every_command_and_exit_code(tmp_path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*COMMAND, "--help"], env=environment(tmp_path), capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # the processor's time and not the clock's, which is also everybody else's on a busy machine
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.6
    assert done.returncode == 0
    for word in (*cli.ENTRIES, *(str(code) for code in terminal.EXIT_CODES)):
        assert re.search(rf"\b{word}\b", done.stdout), word


@pytest.mark.parametrize("name", [name for name in cli.ENTRIES if cli.load(name) is not None])
def test_the_list_of_commands_says_what_each_command_says_of_itself(name):
    command = cli.load(name)
    assert command.help.splitlines()[0] == cli.ENTRIES[name].help


def test_the_reference_is_current():
    said = "docs/cli.md is out of date: run python -m outrider.cli_reference"
    assert cli_reference.TARGET.read_text() == cli_reference.page(), said


def test_a_command_brings_only_its_own_libraries(home, outrider):
    code = f"""
import sys
sys.argv = ["outrider", "users", "list"]
from outrider.cli import main
try:
    main()
finally:
    print("HEAVY", [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment(home), capture_output=True, text=True)
    assert "HEAVY []" in done.stdout, done.stdout + done.stderr


def test_a_first_command_makes_the_admin_and_tells_the_password_once(tmp_path):
    run = runner(tmp_path)
    first, second = run("users", "list", "--json"), run("users", "list", "--json")
    assert "Made the account admin@ophir.dev with the password" in first.stderr
    assert second.stderr == ""
    assert [user["email"] for user in json.loads(second.stdout)] == ["admin@ophir.dev"]


def test_setup_may_be_repeated(outrider):
    first, second = (outrider("setup", "--organization", "Acme Corp.", "--admin", "a@acme.example", "--json") for _ in "12")
    made, found = json.loads(first.stdout), json.loads(second.stdout)
    assert (made["slug"], made["made"], bool(made["password"])) == ("acme-corp", True, True)
    assert (found["id"], found["made"], found["password"]) == (made["id"], False, None)


def test_the_organization_may_be_named_before_after_and_by_the_environment(outrider):
    made = json.loads(outrider("setup", "--organization", "Beta", "--admin", "b@beta.example", "--json").stdout)
    for done in (
        outrider("--org", "beta", "users", "list", "--json"),
        outrider("users", "list", "--json", "--org", "BETA"),
        outrider("users", "list", "--json", OUTRIDER_ORG=made["id"]),
        outrider("--org", "default", "users", "list", "--json", "--org", "Beta"),
    ):
        assert [user["email"] for user in json.loads(done.stdout)] == ["b@beta.example"]


def test_who_is_known_elsewhere_keeps_their_password(outrider):
    outrider("setup", "--organization", "Gamma")
    first = json.loads(outrider("users", "add", "Cy@x.example", "--json").stdout)
    second = json.loads(outrider("users", "add", "cy@x.example", "--org", "gamma", "--json").stdout)
    assert (bool(first["password"]), second["password"]) == (True, None)
    assert outrider("users", "add", "cy@x.example", "--org", "gamma").returncode == 4


def test_a_key_stands_alone_on_standard_output_and_is_shown_once(outrider):
    made = outrider("keys", "create", "ci", "--expires", "90d", "--scope", "people:read")
    assert re.fullmatch(r"outrider_\w+_[\w-]+\n", made.stdout)
    listed = outrider("keys", "list", "--json").stdout
    assert made.stdout.strip() not in listed
    key = json.loads(listed)[0]
    assert (key["name"], key["scopes"], key["state"]) == ("ci", ["people:read"], "active")
    assert outrider("keys", "revoke", key["id"]).returncode == 0
    assert json.loads(outrider("keys", "list", "--json").stdout)[0]["state"] == "revoked"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("keys", "create", "x", "--role", "king"), 2, "owner, admin, member, viewer"),
        (("keyz",), 2, "Did you mean 'keys'"),
        (("keys", "revoke", "01a1f7b2-5fcd-7c34-9127-5bd5643a0631"), 3, "no key"),
        (("users", "list", "--org", "nix"), 3, "no organization"),
        (("users", "reset", "nobody@x.example"), 3, "nobody"),
    ],
)
def test_what_goes_wrong_is_one_sentence_with_its_code(outrider, arguments, code, words):
    plain = outrider(*arguments)
    assert (plain.returncode, plain.stdout) == (code, "")
    error = [line for line in plain.stderr.splitlines() if line.startswith("Error: ")]
    assert len(error) == 1
    assert words in error[0]
    assert "Traceback" not in plain.stderr


@pytest.mark.parametrize(("arguments", "code"), [(("keys", "create", "--json"), 2), (("users", "list", "--json", "--org", "nix"), 3)])
def test_with_json_an_error_is_a_problem(outrider, arguments, code):
    problem = json.loads(outrider(*arguments).stderr)
    assert problem["exit_code"] == code
    assert {"title", "status", "detail", "code", "field"} <= problem.keys()


def test_a_key_ends_after_a_time_or_at_the_end_of_a_day():
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert expiry(None, now) is None
    assert expiry("12h", now) == now + timedelta(hours=12)
    assert expiry("8w", now) == now + timedelta(weeks=8)
    assert expiry("2027-01-31", now) == datetime(2027, 2, 1, tzinfo=UTC)
    for text in ("soon", "2001-01-01", "0d", "-1d"):
        with pytest.raises(InvalidInput):
            expiry(text, now)


def test_the_plan_makes_nothing(tmp_path):
    target = tmp_path / "home"
    done = runner(target)("migrate", "--plan", "--json")
    assert json.loads(done.stdout)["pending"]
    assert not target.exists()


def test_completion_knows_commands(tmp_path):
    more = {"_OUTRIDER_COMPLETE": "complete_bash", "COMP_WORDS": "outrider ke", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-m", "outrider"], env=environment(tmp_path, **more), capture_output=True, text=True)
    assert done.stdout.split() == ["keys"]
