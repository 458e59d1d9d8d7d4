"""Users, the organization and its changes on the command line."""

import json

import pytest


def test_a_client_is_let_in_changed_and_removed(outrider):
    added = json.loads(outrider("users", "add", "Ceo@acme.example", "--role", "client", "--namespace", "playmaker", "--json").stdout)
    assert (added["email"], added["role"], added["namespaces"], bool(added["password"])) == (
        "ceo@acme.example",
        "client",
        ["playmaker"],
        True,
    )
    assert "playmaker" in outrider("users", "list").stdout
    changed = json.loads(outrider("users", "change", "ceo@acme.example", "--role", "viewer", "--name", "Cleo", "--json").stdout)
    assert (changed["role"], changed["namespaces"], changed["name"]) == ("viewer", [], "Cleo")
    assert "ceo@acme.example is out" in outrider("users", "remove", "ceo@acme.example").stdout
    assert outrider("users", "remove", "ceo@acme.example").returncode == 3


def test_the_organization_is_changed_and_the_change_is_listed(outrider):
    changed = json.loads(
        outrider("organization", "change", "--address", "Street 1", "--address", "Berlin", "--time-zone", "Europe/Berlin", "--json").stdout
    )
    assert (changed["physical_address"], changed["time_zone"]) == ("Street 1\nBerlin", "Europe/Berlin")
    assert "Europe/Berlin" in outrider("organization", "show").stdout
    listed = outrider("organization", "changes", "--of", "organization").stdout
    assert "address none → Street 1, Berlin, time zone UTC → Europe/Berlin" in listed
    last = json.loads(outrider("organization", "changes", "--limit", "1", "--json").stdout)[0]
    assert (last["subject"], last["old_values"]["time_zone"]) == ("organization", "UTC")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("users", "add", "x@y.example", "--role", "client"), 2, "at least one namespace"),
        (("users", "add", "x@y.example", "--namespace", "playmaker"), 2, "Only a client"),
        (("users", "change", "nobody@x.example", "--role", "viewer"), 3, "nobody"),
        (("users", "change", "admin@ophir.dev", "--role", "viewer"), 4, "only owner"),
        (("users", "remove", "admin@ophir.dev"), 4, "only owner"),
        (("organization", "change", "--time-zone", "Mars"), 2, "IANA"),
        (("organization", "changes", "--of", "moons"), 2, "user, key, organization"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(outrider, arguments, code, words):
    done = outrider(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
