"""A page's address with something in it that names nothing is a page that is not there, for every page there is."""

import re

import pytest
from fastapi.routing import iter_route_contexts

from outrider import web

PAGES = [route for router in web.PAGES for route in iter_route_contexts(router.routes)]
IDS = [route for route in PAGES if any(field.field_info.annotation is not str for field in route.dependant.path_params)]
HTML = {"Accept": "text/html"}


@pytest.mark.parametrize(("method", "path"), sorted({(method, route.path) for route in IDS for method in route.methods or ()}))
async def test_an_address_with_nonsense_for_an_id_is_not_found(signed_in, method, path):
    browser = await signed_in()
    answer = await browser.request(method, re.sub(r"\{[^}]*\}", "nonsense", path), headers=HTML)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "uuid" not in answer.text.lower()


async def test_the_api_says_which_part_of_an_address_is_no_id(client):
    answer = await client.get("/api/mailboxes/nonsense")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "id"


async def test_a_query_that_cannot_be_read_is_still_said_to_be_wrong(signed_in):
    assert (await (await signed_in()).get("/conflicts?after=nonsense", headers=HTML)).status_code == 422


async def test_who_is_not_signed_in_is_asked_to_first(anonymous):
    answer = await anonymous.get("/mailboxes/nonsense", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
