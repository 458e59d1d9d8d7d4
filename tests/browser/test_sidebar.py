"""The sidebar in a browser: sections that fold, and stay as one left them."""

from playwright.async_api import expect

from .conftest import Browse


async def test_a_section_stays_as_one_left_it(browse: Browse):
    page = await browse("owner", "/people")
    sidebar = page.get_by_role("navigation", name="Main")
    mailboxes, campaigns = (sidebar.get_by_role("link", name=name) for name in ("Mailboxes", "Campaigns"))
    await expect(mailboxes).to_be_hidden()
    await sidebar.locator("summary", has_text="Sending").focus()
    await page.keyboard.press("Enter")
    await expect(mailboxes).to_be_visible()
    await sidebar.locator("summary", has_text="Outreach").click()
    await page.reload()
    await expect(mailboxes).to_be_visible()
    await expect(campaigns).to_be_hidden()
    await page.goto(page.url.replace("/people", "/campaigns"))
    await expect(campaigns).to_be_visible()
    await sidebar.locator("summary", has_text="Sending").click()
    await page.reload()
    await expect(mailboxes).to_be_hidden()


async def test_g_and_a_letter_go_to_what_stands_behind_the_settings(browse: Browse):
    page = await browse("owner", "/people")
    await page.keyboard.press("g")
    await page.keyboard.press("j")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    await expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Settings")).to_have_attribute("aria-current", "page")
