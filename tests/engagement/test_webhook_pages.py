"""The pages of webhooks: an address shown once with what to do, deliveries with what went wrong, nothing of others."""

import re
from uuid import uuid4

import httpx
import pytest

from .samples import GENERIC, SendGridKey, as_json

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("sendgrid", "Signed Event Webhook"),
        ("lemlist", "api.lemlist.com/api/hooks"),
        ("smartlead", "Set the secret key"),
        ("generic", "openssl dgst -sha256 -hmac"),
    ],
)
async def test_making_one_shows_its_address_once_and_what_to_do(signed_in, anonymous, kind, words):
    browser = await signed_in("admin")
    assert "Where from" in (await browser.get("/webhooks/new", headers=HTML)).text
    made = await browser.post("/webhooks", data={"kind": kind, "name": "", "secret": ""}, headers=HTML)
    assert made.status_code == 200
    assert words in made.text
    [address] = set(re.findall(r"http://outrider\.test/hooks/[\w-]+", made.text))
    assert (await anonymous.post(httpx.URL(address).path, content=b"[]")).status_code == (202 if kind == "sendgrid" else 401)
    listed = (await browser.get("/webhooks", headers=HTML)).text
    assert "/hooks/" not in listed
    assert "whsec_" not in listed


async def test_what_is_wrong_stands_beside_its_field_and_the_rest_stays(signed_in):
    browser = await signed_in()
    answer = await browser.post("/webhooks", data={"kind": "sendgrid", "name": "My grid", "secret": "no key"}, headers=HTML)
    assert answer.status_code == 422
    assert "My grid" in answer.text
    assert "this is no verification key" in answer.text
    assert (await browser.post("/webhooks", data={"kind": "x", "name": "a"}, headers=HTML)).status_code == 422


async def test_a_webhook_is_paused_resumed_given_another_secret_and_deleted(signed_in, hook):
    made = await hook("generic")
    browser = await signed_in()
    here = f"/webhooks/{made.id}"
    await browser.post(f"{here}/pause", headers=HTML)
    assert (await made.deliver(as_json(GENERIC))).status_code == 409
    assert "Resume" in (await browser.get(here, headers=HTML)).text
    await browser.post(f"{here}/resume", headers=HTML)
    assert (await made.deliver(as_json(GENERIC))).status_code == 202
    shown = await browser.post(f"{here}/rotate", data={"secret": ""}, headers=HTML)
    assert "whsec_" in shown.text
    assert (await browser.post(f"{here}/rotate", data={"secret": "short"}, headers=HTML)).status_code == 422
    assert (await browser.post(f"{here}/delete", headers=HTML)).status_code == 303
    assert (await browser.get(here, headers=HTML)).status_code == 404


async def test_sendgrids_new_key_has_to_be_given(signed_in, hook):
    made = await hook("sendgrid", SendGridKey().public)
    browser = await signed_in()
    assert (await browser.post(f"/webhooks/{made.id}/rotate", data={"secret": ""}, headers=HTML)).status_code == 422
    assert (await browser.post(f"/webhooks/{made.id}/rotate", data={"secret": SendGridKey().public}, headers=HTML)).status_code == 303


async def test_a_delivery_that_failed_shows_its_body_and_why_and_is_worked_on_again(signed_in, hook):
    made = await hook("generic")
    await made.deliver(b'{"events": "<script>none"}')
    await made.work()
    [delivery] = await made.deliveries()
    browser = await signed_in("member")
    here = f"/webhooks/deliveries/{delivery['id']}"
    page = (await browser.get(here, headers=HTML)).text
    assert "Work on it again" in page
    assert "Send {" in page.replace("&#34;", '"')
    assert "&lt;script&gt;none" in page
    for list_page in ("/webhooks/deliveries?state=failed", f"/webhooks/{made.id}", f"/webhooks/{made.id}?state=failed"):
        assert here in (await browser.get(list_page, headers=HTML)).text, list_page
    assert here not in (await browser.get("/webhooks/deliveries?state=done", headers=HTML)).text
    assert (await browser.post(f"{here}/retry", headers=HTML)).status_code == 303
    assert "Work on it now" in (await browser.get(here, headers=HTML)).text
    assert "every 2s" in (await browser.get("/webhooks/deliveries", headers=HTML)).text


async def test_others_come_to_none_of_it(visitor_of_other_organization, hook):
    made = await hook("generic")
    await made.deliver(as_json(GENERIC))
    [delivery] = await made.deliveries()
    browser = visitor_of_other_organization
    for path in (f"/webhooks/{made.id}", f"/webhooks/deliveries/{delivery['id']}", f"/webhooks/{uuid4()}"):
        assert (await browser.get(path, headers=HTML)).status_code == 404, path
    for what in ("pause", "resume", "rotate", "delete"):
        assert (await browser.post(f"/webhooks/{made.id}/{what}", data={"secret": ""}, headers=HTML)).status_code == 404, what
    assert (await browser.post(f"/webhooks/deliveries/{delivery['id']}/retry", headers=HTML)).status_code == 404
    assert "No webhooks yet" in (await browser.get("/webhooks", headers=HTML)).text
    assert "Nothing came yet" in (await browser.get("/webhooks/deliveries", headers=HTML)).text


async def test_strange_addresses_are_answered_clearly(signed_in):
    browser = await signed_in()
    for path in ("/webhooks/x", "/webhooks/deliveries/x", "/webhooks/deliveries?state=odd", "/webhooks?cursor=x"):
        assert (await browser.get(path, headers=HTML)).status_code in (404, 422), path


async def test_a_member_looks_and_an_admin_manages(signed_in, hook):
    made = await hook("generic")
    member = await signed_in("member")
    assert "Delete" not in (await member.get(f"/webhooks/{made.id}", headers=HTML)).text
    assert (await member.get("/webhooks/new", headers=HTML)).status_code == 403
    for what in ("pause", "resume", "rotate", "delete"):
        assert (await member.post(f"/webhooks/{made.id}/{what}", headers=HTML)).status_code == 403
