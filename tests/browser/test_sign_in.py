"""Signing in as people do it: with the keyboard, without JavaScript, with a second factor, after forgetting the password."""

import hashlib
import re
import time
from uuid import uuid4

import pyotp
from playwright.async_api import Page, expect

from outrider.kit import database
from outrider.tenancy.store import sign_in_queries
from tests.tenancy import people
from tests.tenancy.people import PASSWORD, Person

from . import axe
from .watch import Browse, Watch

SECURITY = "/account/security"


async def enter(page: Page, person: Person, password: str = PASSWORD, next: str = SECURITY) -> None:
    """Fill the sign-in in and send it."""
    await page.goto(f"/sign-in?next={next}")
    await page.get_by_label("E-mail address").fill(person.email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def test_signing_in_with_the_keyboard_alone(browse: Browse, watch: Watch, place, admin):
    person = await people.new_person(place, admin)
    watch.allow(422)
    page = await browse(None, f"/sign-in?next={SECURITY}")
    await expect(page.get_by_label("E-mail address")).to_be_focused()
    await page.keyboard.type(person.email)
    for wanted in ("Forgotten?", "Password", "Show password"):
        await page.keyboard.press("Tab")
        focused = await page.evaluate("(e => e.labels?.[0]?.innerText || e.ariaLabel || e.innerText)(document.activeElement)")
        assert focused == wanted
    await page.keyboard.press("Enter")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.type("wrong password")
    assert await page.get_by_label("Password", exact=True).get_attribute("type") == "text"
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("not right")
    await expect(page.get_by_label("Password", exact=True)).to_be_focused()
    assert await axe.violations(page) == []
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{SECURITY}")


async def test_signing_in_and_out_without_javascript(browse: Browse, place, admin):
    person = await people.new_person(place, admin)
    page = await browse(None, javascript=False)
    await enter(page, person)
    await expect(page).to_have_url(re.compile(f"{SECURITY}$"))
    await expect(page.get_by_role("button", name="Show")).to_have_count(0)
    await page.locator(".user-menu summary").first.click()
    await page.get_by_role("button", name="Sign out", exact=True).first.click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.get_by_text("You are signed out.")).to_be_visible()


async def test_a_second_factor_from_the_first_scan_to_a_recovery_code(browse: Browse, place, admin):
    person = await people.new_person(place, admin)
    page = await browse(None, phone=True)
    await enter(page, person)
    await page.get_by_role("link", name="Set it up").click()
    await expect(page.locator("svg.qr")).to_be_visible()
    app = pyotp.TOTP(await page.locator(".copy-line span").inner_text())
    await page.get_by_label("Code").fill(app.now())
    await page.get_by_role("button", name="Turn it on").click()
    codes = await page.get_by_role("list", name="Recovery codes").get_by_role("listitem").all_inner_texts()
    assert len(codes) == 10
    assert await axe.violations(page) == []
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    assert await axe.violations(page) == []

    for code in (app.at(int(time.time()) + 30), codes[0]):
        other = await browse(None)
        await enter(other, person)
        await expect(other.get_by_label("Code")).to_be_focused()
        assert await axe.violations(other) == []
        await other.get_by_label("Code").fill(code)
        await other.keyboard.press("Enter")
        await other.wait_for_url(f"**{SECURITY}")

    await other.get_by_role("button", name="Turn off").click()
    dialog = other.get_by_role("dialog", name="Turn the second factor off?")
    assert await axe.violations(other) == []
    await dialog.get_by_label("Your password", exact=True).fill(PASSWORD)
    await dialog.get_by_role("button", name="Turn it off").click()
    await expect(other.get_by_text("Your second factor is off.")).to_be_visible()


async def test_a_new_password_with_a_link(browse: Browse, watch: Watch, place, admin):
    person = await people.new_person(place, admin)
    token = uuid4().hex
    async with database.acquired() as connection:
        assert await sign_in_queries.ask_reset(connection, email=person.email, token_hash=hashlib.sha256(token.encode()).digest())
    watch.allow(422, 404)
    page = await browse(None, f"/sign-in/reset?token={token}")
    await page.get_by_label("New password", exact=True).fill("password1234")
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_text("tried first")).to_be_visible()
    assert await axe.violations(page) == []
    await page.get_by_label("New password", exact=True).fill("seven loud herons")
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_text("Your password is changed.")).to_be_visible()
    await enter(page, person, "seven loud herons")
    await page.wait_for_url(f"**{SECURITY}")
    await page.goto(f"/sign-in/reset?token={token}")
    await expect(page.get_by_role("heading", name="This link is over")).to_be_visible()
    assert await axe.violations(page) == []


async def test_another_browser_is_signed_out_from_this_one(browse: Browse, place, admin):
    person = await people.new_person(place, admin)
    here, there = await browse(None), await browse(None)
    for page in (there, here):
        await enter(page, person)
        await page.wait_for_url(f"**{SECURITY}")
    await here.get_by_role("button", name="End the session of Chrome on Linux").click()
    await expect(here.get_by_text("That session is over.")).to_be_visible()
    await there.reload()
    await expect(there.get_by_role("heading", name="Sign in")).to_be_visible()
