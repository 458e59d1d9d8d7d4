"""A campaign from nothing to its start, as a growth engineer does it: on a desk, on a phone, and without JavaScript."""

import re

import pytest
from playwright.async_api import Page, expect

from outrider import tenancy
from outrider.tenancy import OrganizationId

from . import axe
from .people import bring
from .site import ACTOR, Site
from .watch import Browse


async def prepare(served: Site, place: OrganizationId) -> None:
    """People, a segment of them, a mailbox and an address: what other pages make."""
    await bring(place)
    async with tenancy.transaction(place, ACTOR) as connection:
        await connection.execute("INSERT INTO marketing.segments (name, filters) VALUES ('Acme', '{\"q\": \"acme\"}')")
        await connection.execute("INSERT INTO sending.mailboxes (email, smtp_host) VALUES ('kim@sender.example', 'mail.example.org')")
    await served.as_admin("UPDATE tenancy.organizations SET physical_address = 'Calle 1, Madrid' WHERE id = $1", place)


async def start_later(page: Page) -> None:
    """Choose a time that no test sees."""
    await page.get_by_label("At a time").check()
    await page.get_by_label("Start at").fill("2099-01-01T08:00")
    await page.get_by_role("button", name="Start the campaign").click()


@pytest.mark.parametrize("phone", [False, True])
async def test_write_choose_people_check_and_start(browse: Browse, served: Site, place: OrganizationId, phone: bool):
    await prepare(served, place)
    page = await browse("owner", "/campaigns", organization=place, phone=phone)
    await page.get_by_role("link", name="New campaign").first.click()
    await page.get_by_role("textbox", name="Name").press_sequentially("Q4 push")
    await expect(page.locator("#routing")).to_contain_text("playmaker")
    await page.get_by_role("button", name="Create campaign").click()

    await page.get_by_label("Subject of step 1").fill("A question about ")
    await page.get_by_role("button", name="company", exact=True).click()
    await expect(page.get_by_label("Subject of step 1")).to_have_value("A question about {{ company }}")
    await page.get_by_label("Message of step 1").fill("Hi {{ first_name }},\n\nYour {{ dog }}?")
    await expect(page.locator("#preview")).to_contain_text("{{ dog }} has no value")
    await page.get_by_label("Message of step 1").fill("Hi {{ first_name }},\n\nworth a chat?")
    await page.get_by_label("For", exact=True).fill("ana@acme.example")
    await expect(page.locator("#preview")).to_contain_text("A question about Acme")
    await expect(page.frame_locator("#preview iframe").locator("body")).to_contain_text("Hi Ana,")

    await page.get_by_role("button", name="Add a step: Email").click()
    await page.get_by_label("Who gets step 2").select_option("no_reply")
    await page.get_by_label("Subject of step 2").fill("Again")
    await page.get_by_label("Message of step 2").fill("Any news?")
    await page.get_by_role("button", name="Add a step: Call").click()
    await page.get_by_role("button", name="Move step 3 up").click()
    await page.locator("#step-2").get_by_label("What to do").fill("Call {{ first_name }}")
    await expect(page.get_by_label("Subject of step 3")).to_have_value("Again")
    assert await axe.violations(page) == []
    await page.get_by_role("button", name="Save", exact=True).last.click()
    await expect(page.locator(".toast").filter(has_text="Saved")).to_be_visible()
    await expect(page.get_by_label("Subject of step 3")).to_have_value("Again")

    await page.get_by_role("link", name="Next: choose people").click()
    await page.get_by_label("Acme").check()
    await expect(page.locator("#counted")).to_contain_text("2 people")
    await page.get_by_role("button", name="Enroll these people").click()
    await expect(page.locator("#campaign-state")).to_contain_text("Ready")

    await page.get_by_role("link", name="Next: settings and mailboxes").click()
    await page.get_by_label("kim@sender.example").check()
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("link", name="Next: check and start").click()
    await expect(page.get_by_text("Nothing is missing")).to_be_visible()
    await expect(page.get_by_text("A question about Acme").first).to_be_visible()
    await start_later(page)
    await page.get_by_role("dialog").get_by_role("button", name="Start the campaign").click()
    await expect(page.locator("#campaign-state")).to_contain_text("Scheduled")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    await page.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog", name=re.compile("^Pause"))
    await dialog.get_by_label("Why").fill("New price list")
    await dialog.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("Paused: nothing is sent")).to_be_visible()
    await page.goto(f"{page.url}/recipients?q=ana")
    await page.get_by_role("button", name="Stop Ana Lima").click()
    await page.get_by_role("dialog").get_by_role("button").first.click()
    await expect(page.locator("#recipients")).to_contain_text("somebody here stopped them", ignore_case=True)


async def test_a_campaign_is_made_without_javascript(browse: Browse, served: Site, place: OrganizationId):
    await prepare(served, place)
    page = await browse("owner", "/campaigns/new", organization=place, javascript=False)
    await page.get_by_role("textbox", name="Name").fill("Q4 push")
    await page.get_by_role("button", name="Create campaign").click()
    await page.get_by_label("Subject of step 1").fill("A question about {{ company }}")
    await page.get_by_label("Message of step 1").fill("Hi {{ first_name }}")
    await page.get_by_label("For", exact=True).fill("ana@acme.example")
    await page.get_by_role("button", name="Preview of step 1").click()
    await expect(page.locator("#preview")).to_contain_text("A question about Acme")
    await page.get_by_role("button", name="Add a step: Call").click()
    await page.get_by_label("What to do").last.fill("Call them")
    await page.get_by_role("button", name="Save", exact=True).last.click()
    await page.get_by_role("link", name="Next: choose people").click()
    await page.get_by_label("Acme").check()
    await page.get_by_role("button", name="Count").click()
    await expect(page.locator("#counted")).to_contain_text("2 people")
    await page.get_by_role("button", name="Enroll these people").click()
    await page.get_by_role("link", name="Next: settings and mailboxes").click()
    await page.get_by_label("kim@sender.example").check()
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("link", name="Next: check and start").click()
    await start_later(page)
    await expect(page.locator("#campaign-state")).to_contain_text("Scheduled")
