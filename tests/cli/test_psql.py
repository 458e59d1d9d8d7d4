"""`outrider psql`: row security holds, seed 001's SET ROLE and RESET ROLE work as written, and scripts stop at their
first error."""

from uuid import UUID

import pytest

from outrider import runtime, tenancy
from outrider.commands import console
from outrider.kit.urls import Urls

USER_SOURCE = "CREATE TABLE user_source (id uuid PRIMARY KEY, email varchar UNIQUE)"


def values(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def ask(outrider, *statements, org="default"):
    return values(outrider("psql", "--org", org, "-Atq", *(part for text in statements for part in ("-c", text))))


def test_set_role_and_reset_role_of_seed_001_work_as_written(outrider):
    who = "SELECT current_user, session_user"
    found = ask(outrider, who, "SET ROLE postgres", who, "RESET ROLE", who)
    assert found == ["outrider_console|postgres", "postgres|postgres", "outrider_console|postgres"]


def test_row_security_holds_until_it_is_lifted(outrider):
    outrider("setup", "--organization", "Delta")
    count = "SELECT count(*) > 1 FROM tenancy.organizations"
    assert ask(outrider, count, "SET ROLE postgres", count, "RESET ROLE", count) == ["f", "t", "f"]
    assert ask(outrider, "SELECT slug FROM tenancy.organizations", org="delta") == ["delta"]


def test_the_actor_is_the_account_and_the_ledger_can_be_read(outrider):
    assert ask(outrider, "SELECT kit.f_actor()") == [f"cli:{runtime.account()}"]
    assert int(ask(outrider, "SELECT count(*) FROM migrations_log")[0]) > 5


@pytest.mark.parametrize("org", ["default", "epsilon"])
def test_people_make_tables_of_their_own(outrider, org):
    outrider("setup", "--organization", "Epsilon")
    schema = ask(outrider, USER_SOURCE, "SELECT schemaname FROM pg_tables WHERE tablename = 'user_source'", org=org)[0]
    assert (schema == "public") is (org == "default")
    ask(outrider, "DROP TABLE IF EXISTS user_source", "DROP TABLE IF EXISTS source_users", org=org)


def test_protected_tables_take_no_direct_changes(outrider):
    done = outrider("psql", "-c", "DELETE FROM intake.raw_loads")
    assert done.returncode == 1
    assert "permission denied" in done.stderr


def test_a_script_stops_at_its_first_error_and_the_exit_code_is_psqls(outrider, tmp_path):
    script = tmp_path / "a script.sql"
    script.write_text("SELECT 1;\nselec;\nSELECT 2;\n")
    for done in (outrider("psql", "-At", "-f", str(script)), outrider("psql", "-At", given=script.read_text())):
        assert (done.returncode, done.stdout) == (3, "1\n")
    assert outrider("psql", "-c", "selec").returncode == 1


def test_other_arguments_are_psqls(outrider):
    assert outrider("psql", "--csv", "-v", "x=7", given="SELECT :x AS n;").stdout == "n\n7\n"


def test_no_password_is_in_an_argument(tmp_path):
    place = runtime.Installation(tmp_path, Urls("postgresql://boss:s%20e@db:5433/x?options=-c%20jit%3Doff", "", ""), None)
    organization = tenancy.OrganizationId(UUID(int=7))
    actor = tenancy.Actor("cli", "an na\\")
    caller = tenancy.Caller(organization, actor, "owner", frozenset())
    target, secrets = console.connection(runtime.Session(organization, actor, False, place, caller))
    assert target == "postgresql://boss@db:5433/x"
    assert secrets["PGPASSWORD"] == "s e"
    assert secrets["PGOPTIONS"].startswith("-c jit=off -c role=outrider_console -c app.organization_id=")
    assert r"app.actor=cli:an\ na\\ " in secrets["PGOPTIONS"] + " "
