"""Working with many people: found, filtered, kept as a view, tagged together and undone, taken out as a file."""

import re

from playwright.async_api import Page, expect

from outrider.tenancy import OrganizationId

from . import axe
from .people import ANA, BO, CY, bring
from .watch import Browse

LONG = 30_000  # milliseconds that a job of a few rows never takes


async def names(page: Page) -> list[str]:
    """Return whom the list shows, in its order."""
    return [name.strip() for name in await page.locator("[data-picks] tbody .cell-name > span.truncate").all_inner_texts()]


async def wait_for(page: Page, *wanted: str) -> None:
    """Wait until the list shows exactly these."""
    await expect(page.locator("[data-picks] tbody tr")).to_have_count(len(wanted))
    assert sorted(await names(page)) == sorted(wanted)


async def test_search_filter_and_keep_a_view_that_others_open(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("owner", "/people", organization=place)
    await wait_for(page, "Ana Lima", "Bo Lee", "Cy Smith")

    await page.get_by_role("searchbox").press_sequentially("acme")
    await wait_for(page, "Ana Lima", "Cy Smith")
    await expect(page).to_have_url(re.compile("q=acme"))

    await page.locator("summary").filter(has_text="Filter").click()
    await page.get_by_role("link", name="Title", exact=True).click()
    await page.get_by_role("textbox", name="Title").fill("growth")
    await page.get_by_role("button", name="Apply").click()
    await wait_for(page, "Cy Smith")
    assert await axe.violations(page) == []

    await page.get_by_role("button", name="Save view").click()
    dialog = page.get_by_role("dialog", name="Save this view")
    await dialog.get_by_label("Name").fill("Growth at Acme")
    await dialog.get_by_label(re.compile("Share with everyone")).check()
    assert await axe.violations(page) == []
    await dialog.get_by_role("button", name="Save view").click()
    await expect(page.get_by_role("link", name="Growth at Acme")).to_have_attribute("aria-current", "page")
    await wait_for(page, "Cy Smith")

    other = await browse("viewer", "/people", organization=place)
    await other.get_by_role("link", name="Growth at Acme").click()
    await wait_for(other, "Cy Smith")

    await page.get_by_role("link", name="All people").click()
    await wait_for(page, "Ana Lima", "Bo Lee", "Cy Smith")
    await page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    await expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    assert await names(page) == ["Ana Lima", "Bo Lee", "Cy Smith"]


async def test_tag_many_at_once_and_undo_it(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("owner", "/people?q=acme", organization=place)
    await page.get_by_label("Pick all on this page").check()
    await expect(page.get_by_text("2 picked")).to_be_visible()
    assert await axe.violations(page) == []
    await page.get_by_role("button", name=re.compile("^Tag")).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Edit")
    await page.get_by_label("Add", exact=True).fill("fair-2026")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name=re.compile("^Change")).click()
    await expect(page.get_by_role("row", name=re.compile("Ana Lima"))).to_contain_text("fair-2026")
    await expect(page.get_by_role("row", name=re.compile("Cy Smith"))).to_contain_text("fair-2026")

    await page.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(page.locator(".toast")).to_contain_text("Undone")
    await page.goto("/people")
    await wait_for(page, "Ana Lima", "Bo Lee", "Cy Smith")
    await expect(page.get_by_text("fair-2026")).to_have_count(0)
    await page.goto("/bulk-edits")
    await expect(page.get_by_role("row", name=re.compile("fair-2026"))).to_contain_text("Undone")


async def test_take_a_list_out_as_a_file(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("owner", "/people?q=acme", organization=place)
    await page.get_by_role("link", name="Export", exact=True).click()
    await expect(page.get_by_text("2 people")).to_be_visible()
    await page.get_by_label("CSV").check()
    await page.get_by_role("button", name="Write the file").click()
    ready = page.get_by_role("link", name=re.compile("^Download"))
    await expect(ready).to_be_visible(timeout=LONG)
    async with page.expect_download() as waiting:
        await ready.click()
    file = await (await waiting.value).path()
    lines = file.read_text().splitlines()
    assert len(lines) == 3
    assert ANA["email"] in file.read_text()
    assert CY["email"] in file.read_text()
    assert BO["email"] not in file.read_text()


async def test_people_on_a_phone(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("owner", "/", organization=place, phone=True)
    await page.locator("summary[aria-label=Menu]").click()
    await page.get_by_role("navigation", name="Menu").get_by_role("link", name="People").click()
    await wait_for(page, "Ana Lima", "Bo Lee", "Cy Smith")
    await page.get_by_role("searchbox").fill("umbrella")
    await wait_for(page, "Bo Lee")
    await page.get_by_role("link", name="Bo Lee").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Bo Lee")
    await page.get_by_role("link", name="Edit Title").click()
    await page.get_by_label("Title").fill("Principal Engineer")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#fact-title")).to_contain_text("Principal Engineer")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
