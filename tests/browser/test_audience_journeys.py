"""Putting an audience together, writing to it, and doing what is left to a person."""

import re

import asyncpg
from playwright.async_api import expect

from outrider.kit import database
from outrider.tenancy import OrganizationId
from tests.sending.scene import Scene

from . import axe
from .people import bring
from .site import Site
from .watch import Browse


async def test_pick_people_into_a_list_and_find_them_there(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("owner", "/people?q=acme", organization=place)
    await page.get_by_label("Pick all on this page").check()
    await page.get_by_role("button", name=re.compile("^Add to list")).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Add 2 people to a list")
    await page.get_by_label("Name of a new list").fill("Spring fair")
    await page.get_by_role("button", name="Add to the list").click()
    await expect(page.locator(".toast")).to_contain_text("Put 2 people on Spring fair")

    await page.goto("/lists")
    await page.get_by_role("link", name="Spring fair").click()
    await expect(page.locator("tbody tr")).to_have_count(2)
    assert await axe.violations(page) == []
    await page.get_by_role("searchbox").press_sequentially("ana")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_label("Pick Ana Lima").check()
    await page.get_by_role("button", name="Take off the list").click()
    await expect(page.locator(".toast")).to_contain_text("Took 1 person off the list")

    await page.goto(page.url.partition("?")[0] + "/add/addresses")
    await page.get_by_label("Addresses").fill("Ana Lima <ana@acme.example>\nnobody@acme.example")
    await page.get_by_role("button", name="Put them on the list").click()
    await expect(page.get_by_role("listitem").filter(has_text="nobody@acme.example")).to_be_visible()
    assert await axe.violations(page) == []


async def test_compose_a_segment_that_counts_as_one_types(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("owner", "/segments/new", organization=place)
    await page.get_by_label("Name", exact=True).fill("Growth")
    await page.locator("summary").filter(has_text="Filter").click()
    await page.get_by_role("link", name="Title", exact=True).click()
    await page.get_by_role("textbox", name="Title").press_sequentially("growth")
    await expect(page.locator(".filter-count")).to_have_text("1 person")
    await page.get_by_role("button", name="Apply").click()
    await expect(page.locator(".audience-bar")).to_contain_text("1 person fits now")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Growth")
    await page.get_by_role("button", name="Save segment").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Growth")
    await expect(page.locator("tbody tr")).to_have_count(1)

    await page.get_by_role("link", name="Remove the filter: Title has “growth”").click()
    await expect(page.locator(".audience-bar")).to_contain_text("3 people fit now · these filters are not saved")
    assert await axe.violations(page) == []
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.locator(".audience-bar")).not_to_contain_text("not saved")
    await page.get_by_role("link", name="Open in people").click()
    await expect(page).to_have_url(re.compile("/people$"))


async def test_write_a_template_beside_what_somebody_gets(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("owner", "/templates/new", organization=place)
    await page.get_by_label("Name", exact=True).fill("First touch")
    await page.get_by_label("Subject").fill("A question")
    await page.get_by_label("For", exact=True).fill("bo")
    await page.get_by_label("Text", exact=True).press_sequentially("Hi ")
    await page.get_by_role("button", name="first_name", exact=True).click()
    await expect(page.get_by_label("Text", exact=True)).to_have_value("Hi {{ first_name }}")
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_text("Hi Bo")).to_be_visible()
    await page.get_by_label("Text", exact=True).press_sequentially(" {{ budget }}")
    await expect(page.locator("#preview")).to_contain_text("Nothing for budget")
    assert await axe.violations(page) == []
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("First touch")
    await page.get_by_role("button", name="Duplicate").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("First touch (copy)")


async def test_do_a_call_and_take_it_back(browse: Browse, place: OrganizationId, served: Site):
    connection = await asyncpg.connect(served.admin_url)
    try:
        await database.prepare_connection(connection)
        scene = Scene(connection, place)
        campaign = await scene.campaign(steps=0)
        step = await scene.step(campaign, 1, channel="phone")
        [enrollment] = await scene.enroll(campaign, 1)
        await scene.run(
            "INSERT INTO marketing.tasks (enrollment_id, step_id, channel, instructions, due_at) VALUES ($1, $2, 'phone', $3, now())",
            enrollment, step, "Call {{ first_name }} about the fair",
        )  # fmt: skip
    finally:
        await connection.close()
    page = await browse("owner", "/tasks", organization=place)
    await page.get_by_role("link", name="Look at everybody’s").click()
    await expect(page.get_by_text("Call Ana about the fair")).to_be_visible()
    await page.get_by_label("How it went with Ana Lima").select_option("no_answer")
    await page.get_by_label("Note about Ana Lima").fill("Try on Monday")
    assert await axe.violations(page) == []
    await page.get_by_role("button", name="Done: Ana Lima").click()
    await expect(page.locator(".toast")).to_contain_text("Ana Lima: no answer")
    await expect(page.get_by_text("Nothing to do")).to_be_visible()
    await page.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Call Ana about the fair")).to_be_visible()
