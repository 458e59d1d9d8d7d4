"""What people come to do, from the first click to the last, in an organization of their own."""

import re

from playwright.async_api import expect

from outrider.tenancy import OrganizationId

from . import axe
from .keyboard import tab_to
from .people import ANA, bring, somebody
from .watch import Browse


async def test_edit_a_title_in_place_see_what_it_was_and_restore_it(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("owner", f"/people/{ANA['email']}", organization=place)
    await page.get_by_role("link", name="Edit Title").click()
    await page.get_by_label("Title").fill("Chief Financial Officer")
    await page.keyboard.press("Enter")
    title = page.locator("#fact-title")
    await expect(title).to_contain_text("Chief Financial Officer")

    await title.locator("summary").click()
    await expect(title).to_contain_text("written by Ana Lima")
    await expect(title).to_contain_text("Before")
    await title.get_by_role("button", name="Restore Title to CFO").click()
    await expect(page.get_by_role("link", name="Edit Title")).to_contain_text("CFO")
    await page.reload()
    await expect(page.get_by_role("link", name="Edit Title")).to_contain_text("CFO")


async def test_write_a_note_that_others_read(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("owner", f"/people/{ANA['email']}", organization=place)
    await page.get_by_label("New note").fill("Met at the fair in Madrid.")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.get_by_role("article", name=re.compile("Note by"))).to_contain_text("Met at the fair in Madrid.")
    other = await browse("viewer", f"/people/{ANA['email']}", organization=place)
    await expect(other.get_by_role("article", name=re.compile("Note by"))).to_contain_text("Met at the fair in Madrid.")
    await expect(other.get_by_label("New note")).to_have_count(0)


async def test_see_where_a_campaign_would_go_while_typing(browse: Browse, place: OrganizationId):
    page = await browse("owner", "/namespaces", organization=place)
    await page.get_by_role("link", name="New namespace").first.click()
    await page.get_by_label("Name").fill("acme-corp")
    await page.get_by_label(re.compile("Keyword")).fill("ACME")
    await page.get_by_role("button", name=re.compile("Make|Create|Add")).click()
    await page.goto("/namespaces")
    await page.get_by_label("A campaign's name").press_sequentially("Q4 acme push")
    await expect(page.locator("#match")).to_contain_text("acme-corp")
    await page.get_by_label("A campaign's name").fill("something else")
    await expect(page.locator("#match")).to_contain_text("playmaker")


async def test_work_without_a_mouse(browse: Browse, place: OrganizationId):
    await bring(place)
    email, password = await somebody(place)
    page = await browse(None, "/sign-in")
    await expect(page.get_by_label("E-mail address")).to_be_focused()
    await page.keyboard.type(email)
    await tab_to(page, "Password", "input")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()

    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Find people, companies, pages")).to_be_focused()
    await page.keyboard.type("Cy Smi")
    await expect(page.get_by_role("option", name=re.compile("Cy Smith"))).to_have_attribute("aria-selected", "true")
    assert await axe.violations(page) == []
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Cy Smith")

    await tab_to(page, "Edit Title")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Title")).to_be_focused()
    assert await axe.violations(page) == []
    await page.keyboard.press("Control+a")
    await page.keyboard.type("VP Growth")
    await page.keyboard.press("Enter")
    await expect(page.locator("#fact-title")).to_contain_text("VP Growth")
    await expect(page.get_by_role("link", name="Edit Title")).to_be_focused()  # they are where they were

    await page.keyboard.press("g")
    await page.keyboard.press("h")
    await expect(page).to_have_title(re.compile("^Home"))
    await tab_to(page, "Ana Journey", "summary")
    await page.keyboard.press("Enter")
    await tab_to(page, "Sign out")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_skip_to_the_content(browse: Browse):
    page = await browse("owner", "/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("#content$"))
    await tab_to(page, "Import a file")
