"""A webhook is made in the browser and tells of something; activity shows it by itself; a meeting is noted."""

from urllib.parse import urlsplit

import httpx
from playwright.async_api import expect

from outrider.tenancy import OrganizationId

from . import axe
from .people import bring
from .site import Site
from .watch import Browse

LONG = 30_000  # milliseconds that a delivery never takes


async def test_a_delivery_is_worked_on_and_shows_by_itself(browse: Browse, place: OrganizationId, served: Site):
    await bring(place)
    activity = await browse("owner", "/activity", organization=place)
    await expect(activity.get_by_text("Nothing happened yet")).to_be_visible()

    page = await browse("owner", "/webhooks", organization=place)
    await page.get_by_role("link", name="New webhook").first.click()
    await page.get_by_label("SendGrid").check()
    await page.get_by_label("Name").fill("Grid")
    await page.get_by_role("button", name="Make the webhook").click()
    address = await page.get_by_label("Address").input_value()
    assert await axe.violations(page) == []
    event = {"event": "click", "email": "ana@acme.example", "timestamp": 1795161600, "sg_event_id": "1", "url": "https://example.org/a"}
    async with httpx.AsyncClient(base_url=served.address) as provider:
        answer = await provider.post(urlsplit(address).path, json=[event])
    assert answer.status_code == 202

    await page.get_by_role("link", name="Done").click()
    await expect(page.get_by_role("region", name="Deliveries").get_by_text("1 event")).to_be_visible(timeout=LONG)
    await expect(activity.get_by_role("region", name="Activity").get_by_text("Clicked")).to_be_visible(timeout=LONG)

    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog", name="Delete Grid?").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No webhooks yet")).to_be_visible()


async def test_a_meeting_is_noted_and_taken_away(browse: Browse, place: OrganizationId):
    await bring(place)
    page = await browse("member", "/intents", organization=place)
    await page.get_by_role("button", name="Note interest").first.click()
    dialog = page.get_by_role("dialog", name="Note interest")
    await dialog.get_by_label("Who").fill("ana@acme.example")
    await dialog.get_by_label("Note").fill("Tuesday at ten")
    assert await axe.violations(page) == []
    await dialog.get_by_role("button", name="Note it").click()
    await expect(page.get_by_role("region", name="Interest").get_by_text("Meeting booked")).to_be_visible()
    await page.get_by_role("button", name="Take away").click()
    await page.get_by_role("dialog", name="Take this away?").get_by_role("button", name="Take away").click()
    await expect(page.get_by_text("Nobody showed interest yet")).to_be_visible()
