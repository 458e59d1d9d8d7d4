"""`outrider doctor`: says what is wrong and what to do, whatever state the machine is in."""

import json

import pytest

from .conftest import runner


def findings(done):
    return {each["check"]: each for each in json.loads(done.stdout)}


def test_a_healthy_installation_has_nothing_that_fails(outrider):
    found = findings(outrider("doctor", "--json"))
    assert {"versions", "settings", "home", "disk", "secret key", "server", "extensions", "migrations", "row security"} <= found.keys()
    assert {"leakproof", "memory", "durability", "connections", "organizations", "worker", "database"} <= found.keys()
    assert "vector" in found["extensions"]["found"]
    wrong = {check for check, each in found.items() if each["status"] == "fail"}
    assert wrong == {"durability"}  # the tests' own server runs without fsync
    assert found["worker"]["to_do"]


def test_pending_migrations_and_a_readable_key_are_told_with_what_to_do(outrider, home):
    outrider("psql", "-c", "SET ROLE postgres", "-c", "DELETE FROM migrations_log WHERE migration_id LIKE '%reference'")
    (home / "secret.key").chmod(0o644)
    try:
        done = outrider("doctor", "--json")
        found = findings(done)
    finally:
        (home / "secret.key").chmod(0o600)
        restore = "INSERT INTO migrations_log SELECT '', migration_id, now() FROM _yoyo_log WHERE migration_id LIKE '%reference'"
        plan = json.loads(outrider("migrate", "--plan", "--json").stdout)["pending"]
        import psycopg

        from outrider.kit.server import EmbeddedServer

        with psycopg.connect(EmbeddedServer(home).urls().admin, autocommit=True) as connection:
            connection.execute(restore)
    assert plan == ["20261120093500_reference"]
    assert done.returncode == 1
    assert (found["migrations"]["status"], found["migrations"]["to_do"]) == ("fail", "outrider migrate")
    assert (found["secret key"]["status"], "chmod 600" in found["secret key"]["to_do"]) == ("warn", True)


@pytest.mark.parametrize("url", [None, "postgresql://x:secret@127.0.0.1:1/x"])
def test_it_works_before_the_first_start_and_without_a_server(tmp_path, url):
    done = runner(tmp_path / "new")("doctor", **({"OUTRIDER_DATABASE_URL": url} if url else {}))
    assert done.returncode == (1 if url else 0)
    assert ("No PostgreSQL server answers" if url else "not made yet") in done.stdout
    assert "secret@" not in done.stdout
    assert done.stderr == ""


def test_settings_of_signing_in_that_cannot_work_are_told_without_a_secret(tmp_path):
    run = runner(tmp_path / "new")
    usual = {"OUTRIDER_PUBLIC_URL": "https://outrider.example.org", "OUTRIDER_MAIL_FROM": "outrider@example.org"}
    usual |= {"OUTRIDER_OIDC_CLIENT_ID": "outrider", "OUTRIDER_OIDC_CLIENT_SECRET": "hidden-1"}
    done = run("doctor", "--json", OUTRIDER_SMTP_URL="smtp://ana:hidden-2@127.0.0.1:9", OUTRIDER_OIDC_ISSUER="http://127.0.0.1:9", **usual)
    found = findings(done)
    assert (found["mail"]["status"], found["single sign-on"]["status"]) == ("fail", "fail")
    assert "hidden" not in done.stdout + done.stderr
    found = findings(run("doctor", "--json", OUTRIDER_SMTP_URL="smtp://mail.example.org"))
    assert "OUTRIDER_PUBLIC_URL" in found["sign-in"]["found"]
