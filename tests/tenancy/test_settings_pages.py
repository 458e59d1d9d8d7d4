"""The pages of users, keys, the organization and one's own account."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest

from tests.api.fixtures import open_client

USERS, KEYS, ORGANIZATION, CHANGES = "/settings/users", "/settings/keys", "/settings/organization", "/settings/changes"
NOTHING = "0193a512-0000-7000-8000-00000000dead"


@pytest.fixture
async def owner(signed_in):
    return await signed_in("owner")


@pytest.fixture
def email(organization):
    return f"u{organization.hex}@example.org"


def shown_once(answer):
    return unescape(re.search(r'id="f-once"[^>]*value="([^"]+)"', answer.text)[1])


async def id_of(client, path, name):
    """The id that the list leads to by a name."""
    return re.search(rf'href="{path}/([0-9a-f-]{{36}})"(?:(?!</a>).)*{re.escape(name)}', (await client.get(path)).text, re.DOTALL)[1]


async def test_a_user_is_added_and_their_password_is_shown_once(owner, email):
    made = await owner.post(USERS, data={"email": email, "name": "Ben", "role": "member"})
    assert made.status_code == 200
    password = shown_once(made)
    assert f"Password: {password}" in made.text
    assert f"Address: {email}" in made.text
    listed = await owner.get(USERS)
    assert email in listed.text
    assert password not in listed.text
    again = await owner.post(USERS, data={"email": email, "role": "member"})
    assert again.status_code == 409
    assert "is in this organization already" in again.text


async def test_who_is_known_from_elsewhere_is_added_without_a_password(owner, visitor_of_other_organization, email):
    await visitor_of_other_organization.post(USERS, data={"email": email, "role": "member"})
    made = await owner.post(USERS, data={"email": email, "role": "member"})
    assert "the password that they have" in made.text
    assert "f-once" not in made.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": "ana", "role": "member"}, "it must be an address"),
        ({"email": "ana@example.org"}, "it must be one of"),
        ({"email": "ana@example.org", "role": "client"}, "needs at least one namespace"),
        ({"email": "ana@example.org", "role": "client", "namespaces": "nowhere"}, "which this organization does not have"),
        ({"email": "ana@example.org", "role": "member", "name": "x" * 201}, "at most 200"),
    ],
)
async def test_what_is_wrong_with_a_new_user_stands_in_the_form_with_what_was_typed(owner, typed, said):
    answer = await owner.post(USERS, data={**typed})
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert f'value="{typed["email"]}"' in answer.text


async def test_namespaces_count_for_a_client_only(owner, email):
    await owner.post(USERS, data={"email": email, "role": "viewer", "namespaces": "playmaker"})
    path = f"{USERS}/{await id_of(owner, USERS, email)}"
    assert (await owner.post(path, data={"role": "client", "namespaces": "playmaker", "name": ""})).status_code == 303
    shown = (await owner.get(path)).text
    assert "role viewer → client, namespaces none → playmaker" in shown
    assert (await owner.post(path, data={"role": "client"})).status_code == 422


async def test_a_password_is_reset_and_a_user_removed(owner, email):
    first = shown_once(await owner.post(USERS, data={"email": email, "role": "member"}))
    path = f"{USERS}/{await id_of(owner, USERS, email)}"
    second = shown_once(await owner.post(f"{path}/reset-password"))
    assert first != second
    removed = await owner.post(f"{path}/remove")
    assert (removed.status_code, removed.headers["location"]) == (303, USERS)
    assert (await owner.get(path)).status_code == 404
    assert f'href="{path}"' not in (await owner.get(USERS)).text
    assert email in (await owner.get(f"{CHANGES}?of=user")).text


async def test_a_lost_second_factor_is_taken_away(owner, admin, email):
    await owner.post(USERS, data={"email": email, "role": "member"})
    path = f"{USERS}/{await id_of(owner, USERS, email)}"
    assert "reset-second-factor" not in (await owner.get(path)).text
    await admin.execute("INSERT INTO tenancy.second_factors (user_id, secret, confirmed_at) VALUES ($1, '', now())", UUID(path[-36:]))
    assert "reset-second-factor" in (await owner.get(path)).text
    assert (await owner.post(f"{path}/reset-second-factor")).status_code == 303
    shown = (await owner.get(path)).text
    assert "reset-second-factor" not in shown
    assert "second factor on → off" in shown


async def test_the_last_owner_hears_why_they_stay(signed_in, email):
    owner = await signed_in("owner", email=email)
    path = f"{USERS}/{await id_of(owner, USERS, email)}"
    demoted = await owner.post(path, data={"role": "viewer", "name": "Ana Lima"})
    assert demoted.status_code == 409
    assert "is the only owner" in demoted.text
    assert (await owner.post(f"{path}/remove")).status_code == 409
    assert (await owner.get(path)).status_code == 200


async def test_an_admin_sees_an_owner_and_cannot_touch_them(signed_in, email):
    await signed_in("owner", email=email)
    admin = await signed_in("admin")
    path = f"{USERS}/{await id_of(admin, USERS, email)}"
    shown = (await admin.get(path)).text
    assert "Reset password" not in shown
    assert 'name="role"' not in shown
    assert 'value="owner"' not in (await admin.get(f"{USERS}/new")).text
    for what in ("", "/remove", "/reset-password", "/reset-second-factor"):
        assert (await admin.post(path + what, data={"role": "viewer"})).status_code == 403


async def test_who_is_removed_is_signed_out_at_once(owner, signed_in, email):
    member = await signed_in("member", email=email)
    assert (await member.get("/account")).status_code == 200
    await owner.post(f"{USERS}/{await id_of(owner, USERS, email)}/remove")
    assert (await member.get("/account")).status_code == 303


async def test_a_key_is_made_with_chosen_scopes_and_an_end_and_works(owner, app):
    until = (datetime.now(UTC) + timedelta(days=10)).date()
    typed = {"name": "ci", "role": "member", "extent": "some", "scopes": ["people:read"], "lasts": "date", "until": until.isoformat()}
    made = await owner.post(KEYS, data=typed)
    assert made.status_code == 200
    secret = shown_once(made)
    async with open_client(app, secret) as holder:
        assert (await holder.get("/api/people")).status_code == 200
        assert (await holder.get("/api/jobs")).status_code == 403
        shown = await owner.get(f"{KEYS}/{await id_of(owner, KEYS, 'ci')}")
        assert secret not in shown.text
        assert "See people, companies and contacts" in shown.text
        assert f"{until.day} {until:%b %Y}, 23:59" in shown.text
        assert "Ana Lima" in shown.text
        revoked = await owner.post(f"{KEYS}/{await id_of(owner, KEYS, 'ci')}/revoke")
        assert revoked.status_code == 303
        assert (await holder.get("/api/people")).status_code == 401
    assert "Revoked" in (await owner.get(KEYS)).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "1 to 100 characters"),
        ({"role": "king"}, "it must be one of"),
        ({"role": "client"}, "needs at least one namespace"),
        ({"extent": "some"}, "choose at least one"),
        ({"extent": "some", "scopes": "people:fly"}, "known are"),
        ({"role": "viewer", "extent": "some", "scopes": "people:write"}, "cannot have"),
        ({"lasts": "forever"}, "choose how long"),
        ({"lasts": "date"}, "which day"),
        ({"lasts": "date", "until": "9999-99-99"}, "which day"),
        ({"lasts": "date", "until": "2020-01-01"}, "is past"),
    ],
)
async def test_what_is_wrong_with_a_new_key_stands_in_the_form(owner, typed, said):
    answer = await owner.post(KEYS, data={"name": "ci", "role": "member", "extent": "all", "lasts": "90d", **typed})
    assert answer.status_code == 422
    assert said.lower() in unescape(answer.text).lower()
    assert "No keys yet" in (await owner.get(KEYS)).text


async def test_the_organization_is_changed_and_the_address_shown_as_it_will_be_printed(owner):
    typed = {"name": "Acme <Ltd>", "physical_address": "Street 1\r\n\r\n10115 Berlin", "time_zone": "Europe/Berlin"}
    assert (await owner.post(ORGANIZATION, data=typed)).status_code == 303
    shown = (await owner.get(ORGANIZATION)).text
    assert "<address>Street 1<br>10115 Berlin</address>" in shown
    assert "Acme &lt;Ltd&gt;" in shown
    assert "time zone UTC → Europe/Berlin" in shown


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"name": ""}, "1 to 255"), ({"time_zone": "Mars"}, "IANA"), ({"physical_address": "x" * 501}, "at most 500")],
)
async def test_what_is_wrong_with_a_setting_stands_in_the_form(owner, typed, said):
    answer = await owner.post(ORGANIZATION, data={"name": "Mine", "time_zone": "UTC", "physical_address": "", **typed})
    assert answer.status_code == 422
    assert said in answer.text


async def test_ones_own_name_and_time_zone_are_kept_and_times_shown_in_it(signed_in):
    viewer = await signed_in("viewer")
    assert (await viewer.post("/account", data={"name": "Zoe", "time_zone": "Asia/Tokyo"})).status_code == 303
    shown = (await viewer.get("/account")).text
    assert 'value="Zoe"' in shown
    assert "JST" in shown
    wrong = await viewer.post("/account", data={"name": "x" * 201, "time_zone": "Asia/Tokyo"})
    assert wrong.status_code == 422
    assert (await viewer.post("/account", data={"name": "", "time_zone": "Nowhere"})).status_code == 422


async def test_ones_own_account_changes_nobody_else(owner, signed_in):
    await (await signed_in("viewer")).post("/account", data={"name": "Zoe", "time_zone": "Asia/Tokyo"})
    shown = (await owner.get("/account")).text
    assert 'value="Ana Lima"' in shown
    assert 'value="UTC"' in shown


async def test_changes_come_in_pages_and_by_tab(owner):
    for number in range(51):
        await owner.post(ORGANIZATION, data={"name": f"Name {number}", "time_zone": "UTC"})
    first = (await owner.get(f"{CHANGES}?of=organization")).text
    following = unescape(re.search(r'href="([^"]+)" rel="next"', first)[1])
    assert "→ Name 50" in first
    assert "→ Name 0" in (await owner.get(following)).text
    assert "→ Name 0" not in first
    assert "→ Name 50" not in (await owner.get(f"{CHANGES}?of=key")).text


@pytest.mark.parametrize("path", [f"{USERS}/{NOTHING}", f"{KEYS}/{NOTHING}"])
async def test_what_is_not_there_is_not_found(owner, path):
    assert (await owner.get(path)).status_code == 404


@pytest.mark.parametrize("path", [f"{USERS}?cursor=x", f"{KEYS}?cursor=x", f"{CHANGES}?cursor=x", f"{CHANGES}?of=x"])
async def test_a_bad_address_is_refused(owner, path):
    assert (await owner.get(path)).status_code == 422


async def test_another_organizations_users_and_keys_are_not_found(owner, visitor_of_other_organization, email):
    stranger = visitor_of_other_organization
    await owner.post(USERS, data={"email": email, "role": "member"})
    await owner.post(KEYS, data={"name": "ci", "role": "member", "lasts": ""})
    user, key = f"{USERS}/{await id_of(owner, USERS, email)}", f"{KEYS}/{await id_of(owner, KEYS, 'ci')}"
    for path in (user, key):
        assert (await owner.get(path)).status_code == 200
        assert (await stranger.get(path)).status_code == 404
    for path in (user, f"{user}/remove", f"{user}/reset-password", f"{user}/reset-second-factor", f"{key}/revoke"):
        assert (await stranger.post(path, data={"role": "viewer"})).status_code == 404
    assert email not in (await stranger.get(USERS)).text + (await stranger.get(CHANGES)).text


async def test_navigation_shows_what_one_may_see(signed_in):
    assert USERS not in (await (await signed_in("member")).get("/account")).text
    assert USERS in (await (await signed_in("admin")).get("/account")).text


@pytest.mark.parametrize(("path", "most"), [(USERS, 1), (KEYS, 2), (CHANGES, 1), (ORGANIZATION, 2), ("/account", 0), (f"{USERS}/new", 1)])
async def test_a_page_asks_the_database_as_often_whatever_there_is(owner, pool, path, most):
    for number in range(12):
        await owner.post(KEYS, data={"name": f"k{number}", "role": "viewer", "lasts": ""})
    said: list[str] = []
    connections = [holder._con for holder in pool._holders if holder._con is not None]
    for connection in connections:
        connection.add_query_logger(lambda record: said.append(record.query))
    try:
        assert (await owner.get(path)).status_code == 200
    finally:
        for connection in connections:
            connection._query_loggers.clear()
    asked = [query for query in said if not re.match(r"BEGIN|COMMIT|RESET|SELECT set_config|SELECT pg_advisory|UNLISTEN", query.strip())]
    assert len([query for query in asked if "tenancy.sessions" not in query]) == most
