"""The page of rows that lack something."""

import html

from .conftest import ANA

BARE = {"email": "x@nowhere.example"}


async def test_rows_that_lack_something_are_listed_with_what_and_lead_to_the_person(signed_in, bring):
    await bring(ANA, BARE)
    browser = await signed_in("viewer")
    page = html.unescape((await browser.get("/incomplete")).text)
    assert "There is no name" in page
    assert 'href="/people/x%40nowhere.example"' in page
    assert ANA["email"].lower() not in page
    assert (await browser.get("/people/x%40nowhere.example", follow_redirects=True)).status_code == 200


async def test_an_organization_without_any_says_so_and_anothers_are_not_shown(visitor_of_other_organization, bring):
    await bring(BARE)
    page = (await visitor_of_other_organization.get("/incomplete")).text
    assert "Nothing is incomplete" in page
    assert BARE["email"] not in page


async def test_a_cursor_that_is_not_ours_is_refused_and_a_client_is_kept_out(signed_in):
    assert (await (await signed_in()).get("/incomplete?cursor=nonsense")).status_code == 422
    assert (await (await signed_in("client", ["playmaker"])).get("/incomplete")).status_code == 403
