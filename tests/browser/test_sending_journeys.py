"""Sending as people set it up and look after it: a mailbox added and tried, sending frozen and released, somebody suppressed."""

import base64
import re

from playwright.async_api import expect

from outrider.tenancy import OrganizationId
from tests.sending.sink import Sink, SinkThread

from . import axe, ledger
from .site import Site
from .watch import Browse, Watch


async def test_add_a_mailbox_test_its_connection_and_see_the_servers_answer(browse: Browse, place: OrganizationId, watch: Watch):
    watch.allow(422)
    page = await browse("owner", "/mailboxes", organization=place)
    await page.get_by_role("main").get_by_role("link", name="New mailbox").first.click()
    await page.get_by_label("Address").fill("ana@sender.example")
    await page.get_by_label(re.compile("^Name")).fill("Ana Lima")

    await page.get_by_label("Gmail or Google Workspace").check()
    await expect(page.get_by_label("Port", exact=True)).to_be_hidden()
    await page.get_by_label("Another mail server (SMTP)").check()
    await page.get_by_label("OAuth2").check()
    await expect(page.get_by_label("Refresh token")).to_be_visible()
    await expect(page.get_by_label("Password", exact=True)).to_be_hidden()
    assert await axe.violations(page) == []

    with SinkThread(Sink(passwords={"nobody": base64.b64encode(b"x").decode()})) as sink:
        await page.get_by_label("No sign-in").check()
        await page.get_by_label("Server", exact=True).fill("127.0.0.1")
        await page.get_by_label("Port", exact=True).fill("0")
        await page.get_by_label("Security", exact=True).select_option("none")
        await page.get_by_role("button", name="Add the mailbox").click()
        await expect(page.get_by_text("The port must be a whole number")).to_be_visible()
        await expect(page.get_by_label("Address")).to_have_value("ana@sender.example")
        await page.get_by_label("Port", exact=True).fill(str(sink.port))
        await page.get_by_role("button", name="Add the mailbox").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("ana@sender.example")
        await page.get_by_role("button", name="Test the connection").click()
        await expect(page.get_by_text("The server lets it in")).to_be_visible()
        await expect(page.locator("#trial code")).to_contain_text("220 sink ESMTP")
    assert "AUTH" not in sink.commands
    assert await axe.violations(page) == []
    await page.get_by_role("button", name="Test the connection").click()
    await expect(page.get_by_text("The server does not let it in")).to_be_visible()
    await expect(page.locator("#trial")).to_contain_text("does not answer")

    await page.get_by_role("button", name="Pause", exact=True).click()
    await expect(page.get_by_text("It is paused", exact=True)).to_be_visible()
    await page.goto("/mailboxes")
    await page.get_by_role("button", name="Resume ana@sender.example").click()
    await expect(page.get_by_text("Active", exact=True)).to_be_visible()


async def test_freeze_sending_see_it_everywhere_and_release_it(browse: Browse, place: OrganizationId):
    page = await browse("owner", "/sending", organization=place)
    await page.get_by_label("Why it is to stop").fill("a bounce that I want to look at")
    await page.get_by_role("button", name="Stop all sending").click()
    await page.get_by_role("dialog").get_by_role("button", name="Stop all sending").click()
    await expect(page.get_by_text("Sending is frozen")).to_be_visible()
    assert await axe.violations(page) == []
    await page.goto("/messages")
    await expect(page.get_by_text("A bounce that I want to look at.")).to_be_visible()
    await page.get_by_role("link", name="See what is due, and release it").click()
    await page.get_by_role("button", name="Release: send what is due").click()
    await expect(page.get_by_text("Sending goes on", exact=False)).to_be_visible()
    await expect(page.get_by_text("Sending is frozen")).to_have_count(0)


async def test_a_message_with_a_gap_is_read_in_its_frame_and_written_by_hand(browse: Browse, served: Site):
    message = (await ledger.a_message(served))["id"]
    page = await browse("owner", f"/messages/{message}")
    frame = page.frame_locator("iframe.sent-frame")
    await expect(frame.locator("body")).to_contain_text("Hello")
    await page.get_by_label("Subject").fill("Hello Ana")
    await page.get_by_label("Text, as HTML").fill("<p>I write to you by hand.</p>")
    await page.get_by_role("button", name="Send with this text").click()
    await expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    await expect(frame.locator("body")).to_contain_text("by hand")


async def test_suppress_a_pasted_list_find_one_and_lift_it(browse: Browse, place: OrganizationId):
    page = await browse("owner", "/suppressions", organization=place)
    await page.get_by_role("link", name="Add", exact=True).first.click()
    await page.get_by_label(re.compile("^Addresses and domains")).fill("ana@one.example\nnonsense\ntwo.example")
    await page.get_by_role("button", name="Suppress", exact=True).click()
    await expect(page.get_by_text("Line 2: nonsense")).to_be_visible()
    assert await axe.violations(page) == []
    await page.get_by_role("link", name="See all suppressions").click()
    await expect(page.get_by_role("row")).to_have_count(3)
    await page.get_by_role("searchbox").press_sequentially("one.ex")
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("link", name="Remove ana@one.example").click()
    await page.get_by_label(re.compile("^Why they may")).fill("a mistake of mine")
    await page.get_by_role("button", name="Remove it").click()
    await expect(page.get_by_text("may be written to again")).to_be_visible()
    await expect(page.get_by_role("row")).to_have_count(2)
