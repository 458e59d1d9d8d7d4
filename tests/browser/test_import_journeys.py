"""A file's way in, as a person walks it: dropped, looked at, tried, run, corrected, taken back."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from outrider.tenancy import OrganizationId

from . import axe
from .watch import Browse, Watch

PEOPLE = 800
LONG = 60_000  # milliseconds that a job of this size never takes


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """A file of leads, one of them without a usable address."""
    rows = [f"p{n}@company{n % 40}.example,Pat{n},Doe,Engineer,Company {n % 40},company{n % 40}.example" for n in range(PEOPLE)]
    rows.insert(1, "ana at acme,Ana,Lima,CFO,Acme,acme.example")
    file = tmp_path / "fair.csv"
    file.write_text("\n".join(["Email,First Name,Last Name,Job Title,Company,Website", *rows]) + "\n")
    return file


async def figure(page: Page, label: str) -> str:
    """Return what a figure of the page says."""
    return (await page.locator(".stat").filter(has_text=label).locator(".stat-value").inner_text()).strip()


async def test_bring_a_file_in_correct_what_it_could_not_use_and_take_it_back(browse: Browse, place: OrganizationId, leads: Path):
    page = await browse("owner", "/imports", organization=place)
    streams: list[str] = []
    page.on("response", lambda answer: streams.append(answer.url) if "event-stream" in answer.headers.get("content-type", "") else None)

    await page.get_by_label(re.compile("Drop lead files here")).set_input_files(leads)
    await expect(page.get_by_role("heading", level=1)).to_have_text("fair.csv")
    await expect(page.get_by_label("What Email becomes")).to_have_value("email")
    await expect(page.get_by_label("What Job Title becomes")).to_have_value("title")
    await expect(page.get_by_role("row", name=re.compile("Email"))).to_contain_text("p0@company0.example")

    await page.get_by_role("button", name="Dry run").click()
    await expect(page.get_by_role("heading", name="What the dry run found")).to_be_visible(timeout=LONG)
    assert await figure(page, "New people") == str(PEOPLE)
    assert await axe.violations(page) == []

    await page.get_by_role("button", name=re.compile("^Import")).click()
    await expect(page.get_by_text("Rows that could not be used")).to_be_visible(timeout=LONG)
    assert any("/live" in url for url in streams)
    assert await figure(page, "New people") == str(PEOPLE)

    await page.get_by_role("link", name="Correct them here").click()
    await page.get_by_label("Email of row 2").fill("ana@acme.example")
    await page.get_by_role("button", name="Import the corrected rows").click()
    await expect(page.get_by_text("Every row could be used")).to_be_visible(timeout=LONG)
    await expect(page.get_by_text("Corrected rows of")).to_be_visible()

    await page.get_by_role("link", name="another import").click()
    await page.get_by_role("button", name="See what that would do").click()
    await expect(page.get_by_role("button", name="Take it back now")).to_be_visible(timeout=LONG)
    assert await axe.violations(page) == []
    await page.get_by_role("button", name="Take it back now").click()
    await page.get_by_role("dialog").get_by_role("button", name="Take it back now").click()
    await expect(page.get_by_role("heading", name="Taken back")).to_be_visible(timeout=LONG)

    await page.goto("/")
    assert await figure(page, "People") == "1"


async def test_the_first_file_can_be_dropped_on_the_empty_home(browse: Browse, place: OrganizationId, leads: Path):
    page = await browse("owner", "/", organization=place)
    await page.get_by_label(re.compile("lead files", re.IGNORECASE)).set_input_files(leads)
    await expect(page.get_by_role("heading", level=1)).to_have_text("fair.csv")


async def test_a_file_that_cannot_be_read_is_told_what_to_do(browse: Browse, place: OrganizationId, tmp_path: Path, watch: Watch):
    broken = tmp_path / "photo.csv"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    watch.allow(422)
    page = await browse("owner", "/imports", organization=place)
    await page.get_by_label(re.compile("Drop lead files here")).set_input_files(broken)
    await expect(page.get_by_role("alert")).to_contain_text("photo.csv cannot be read")
