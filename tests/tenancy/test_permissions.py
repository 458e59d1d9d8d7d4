"""docs/permissions.md says what the routes declare, and the routes do what they declare: each is asked as every role."""

import pytest
from httpx import AsyncClient, Response

from outrider import permissions_reference, tenancy
from outrider.permissions_reference import Rule
from outrider.tenancy.http import Door
from tests.api.fixtures import key_of, new_user, open_browser, open_client

NOTHING = "0193a512-0000-7000-8000-00000000dead"
SIGN_IN = "/sign-in"
SIGN_OUT = ("/sign-out", "/account/security/sign-out-everywhere")
"""Who is let in to these is at the sign-in after them."""


@pytest.fixture(scope="module")
def rules(api) -> list[Rule]:
    return permissions_reference.rules(api)


async def ask(client: AsyncClient, rule: Rule) -> Response:
    """Ask for nothing that there is, with nothing: who is let in hears that, who is not hears 401, 403 or the sign-in."""
    path = "/".join(NOTHING if part.startswith("{") else part for part in rule.path.split("/"))
    return await client.request(rule.method, path)


def is_sent_to_sign_in(answer: Response) -> bool:
    return answer.status_code == 303 and answer.headers["location"].partition("?")[0] == SIGN_IN


def test_the_page_in_the_docs_is_current(rules):
    said = "docs/permissions.md is out of date: run python -m outrider.permissions_reference"
    assert permissions_reference.TARGET.read_text() == permissions_reference.page(rules), said


def test_every_route_of_the_api_asks_for_a_key_except_health_and_the_document(rules):
    open_to_all = {rule.path for rule in rules if rule.scopes is None and not rule.is_page}
    assert open_to_all == {"/api/health", "/api/health/live", "/api/health/ready", "/api/openapi.json"}


def test_what_changes_something_does_not_ask_for_reading_alone(rules):
    """Where it does, it only looks: with a body, since it takes text that an address should not hold, or into a file."""
    unsafe = [rule for rule in rules if rule.method != "GET" and rule.scopes]
    assert {rule.path for rule in unsafe if all(scope.endswith(":read") for scope in rule.scopes)} == {
        "/api/namespaces/test-match",
        "/api/exports",
        "/exports",
        "/api/segments/count",
        "/api/templates/preview",
        "/templates/preview",
        "/api/campaigns/{id}/dry-run",
    }


@pytest.mark.parametrize("role", tenancy.ROLES)
async def test_the_api_lets_a_key_of_the_role_do_what_the_table_says(rules, app, organization, role):
    wrong = []
    async with open_client(app, await key_of(organization, role)) as client:
        for rule in rules:
            if not rule.is_page:
                status = (await ask(client, rule)).status_code
                if (status in (401, 403)) == rule.lets_in(role, organization):
                    wrong.append((rule, status))
    assert wrong == []


@pytest.mark.parametrize("role", tenancy.ROLES)
async def test_a_page_lets_a_visitor_with_the_role_do_what_the_table_says(rules, app, organization, role):
    wrong = []
    for rule in rules:
        if rule.is_page and rule.scopes is not None:
            async with await open_browser(app, organization, await new_user(organization, role)) as browser:
                answer = await ask(browser, rule)
            refused = answer.status_code in (401, 403) or (is_sent_to_sign_in(answer) and rule.path not in SIGN_OUT)
            if refused == rule.lets_in(role, organization):
                wrong.append((rule, answer.status_code))
    assert wrong == []


async def test_nobody_is_let_in_without_a_key_or_a_sign_in(rules, app, anonymous):
    app.state.door = Door("100000/minute", failures="100000/minute")
    wrong = []
    for rule in rules:
        if rule.scopes is not None:
            answer = await ask(anonymous, rule)
            refused = (
                answer.status_code == 401
                if not rule.is_page
                else is_sent_to_sign_in(answer) or (rule.method != "GET" and answer.status_code == 403)
            )
            if not refused:
                wrong.append((rule, answer.status_code))
    assert wrong == []


async def test_a_page_needs_a_sign_in_and_a_key_does_not_do(rules, app, client):
    for rule in rules:
        if rule.is_page and rule.scopes is not None and rule.method == "GET":
            assert is_sent_to_sign_in(await ask(client, rule)), rule


async def test_the_api_needs_a_key_and_a_sign_in_does_not_do(rules, signed_in):
    browser = await signed_in("owner")
    for rule in rules:
        if not rule.is_page and rule.scopes is not None:
            assert (await ask(browser, rule)).status_code == 401, rule
