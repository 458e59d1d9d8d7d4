"""Every page there is, and how to come to it: a page that is not listed here fails a test, as does one that is gone.

`PAGES` are what people look at, each with who looks and, where the address has parameters, what fills them in; what stands behind a # tells
apart what one address can show. `PIECES` are answers that a page asks for or a browser downloads.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx

from outrider import intake, tenancy
from outrider.kit import database, keyring
from tests.api.catalogue import make_custom_field, make_list, make_segment, make_task, make_template
from tests.api.fixtures import key_of, new_user
from tests.reports.outreach_scene import OutreachScene
from tests.sending.scene import Scene

from . import ledger
from .site import ACTOR, SAMPLES, Site

Parameters = Callable[[Site], Awaitable[dict[str, str]]]


@dataclass(frozen=True)
class Visit:
    """How to visit a page: as whom (None: somebody who has not signed in), with which parameters and query.

    `is_empty`: in an organization that has nothing yet.
    """

    role: str | None = "owner"
    parameters: Parameters | None = None
    query: str = ""
    is_empty: bool = False

    async def address(self, site: Site, path: str) -> str:
        """Return the page's address."""
        bare = path.partition("#")[0]
        address = f"{bare}?{self.query}" if self.query else bare
        return address.format(**await self.parameters(site)) if self.parameters is not None else address


def found(name: str, query: str, **others: str) -> Parameters:
    """Return what fills in one parameter with a value of the samples' organization, and others as they are given."""

    async def look(site: Site) -> dict[str, str]:
        return {name: str(await site.value(query)), **others}

    return look


def given(**parameters: str) -> Parameters:
    """Return what fills in parameters as they are."""

    async def look(site: Site) -> dict[str, str]:
        return parameters

    return look


async def a_key(site: Site) -> dict[str, str]:
    """Make an API key."""
    owner = tenancy.Caller(site.organization, ACTOR, "owner", tenancy.scopes_of("owner", site.organization))
    return {"id": str((await tenancy.create_key(owner, "browser tests")).key.id)}


async def a_user(site: Site) -> dict[str, str]:
    """Make a member."""
    return {"id": str(await new_user(site.organization, "member"))}


async def a_link(site: Site) -> dict[str, str]:
    """Ask for a new password, and read the link in the mail."""
    email, token = f"forgets.{uuid4().hex}@browser.example", uuid4().hex
    await new_user(site.organization, "member", email)
    await site.value("SELECT tenancy.f_ask_reset($1, $2)", email, hashlib.sha256(token.encode()).digest())
    return {"token": token}


async def an_unsubscribe_link(site: Site) -> dict[str, str]:
    """Put a message into the queue of a paused campaign, and sign its link."""
    connection = await asyncpg.connect(site.admin_url)
    try:
        await database.prepare_connection(connection)
        scene = Scene(connection, site.organization)
        mailbox = await scene.mailbox()
        [message] = await scene.queue(await scene.campaign(mailbox, state="paused"), mailbox, 1)
    finally:
        await connection.close()
    return {"token": keyring.signer().sign("unsubscribe", site.organization, message)}


async def a_report(site: Site) -> dict[str, str]:
    """Let everything happen to the messages of a campaign, and work out what its days taught."""
    connection = await asyncpg.connect(site.admin_url)
    try:
        await database.prepare_connection(connection)
        scene = OutreachScene(connection, site.organization)
        campaign = await scene.random_campaign(1, datetime.now(UTC) - timedelta(hours=1), people=30, state="paused")
        await scene.run("SELECT marketing.f_write_feedback(ARRAY[$1::uuid])", campaign)
    finally:
        await connection.close()
    return {"id": str(campaign)}


async def a_conversion(site: Site) -> dict[str, str]:
    """Record that somebody who was written to bought something."""
    campaign = (await a_report(site))["id"]
    query = """
        INSERT INTO marketing.conversions (organization_id, person_id, type, converted_at, value, currency, created_by)
        SELECT organization_id, person_id, 'sale', now(), 1200.5, 'EUR', 'user:test' FROM marketing.enrollments WHERE campaign_id = $1
        LIMIT 1 RETURNING id
    """
    return {"id": str(await site.as_admin(query, campaign))}


async def some_activity(site: Site) -> dict[str, str]:
    """Tell of two events, and note an intent."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        email = str(await site.value("SELECT email FROM people.master ORDER BY id LIMIT 1"))
        told = {"platform": "product", "occurred_at": "2026-11-20T08:00:00Z", "email": email}
        events = [{**told, "type": "trial_started"}, {**told, "type": "linkedin_reply", "platform": "linkedin"}]
        assert (await client.post("/api/events", json={"events": events})).status_code == 200
        intent = {"person": email, "type": "meeting_booked", "note": "Tuesday at ten"}
        assert (await client.post("/api/intents", json=intent)).status_code in (200, 201)
    return {}


async def a_webhook(site: Site) -> dict[str, str]:
    """Make a webhook, and deliver to it."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        made = (await client.post("/api/webhooks", json={"kind": "sendgrid", "name": "SendGrid"})).json()
        path = httpx.URL(made["url"]).path
        delivery = (await client.post(path, json=[{"event": "delivered", "email": "ana@example.org", "timestamp": 1763625600}])).json()
    return {"id": made["id"], "delivery": delivery["delivery_id"]}


async def a_delivery(site: Site) -> dict[str, str]:
    """Deliver to a webhook."""
    return {"id": (await a_webhook(site))["delivery"]}


async def an_upload(site: Site) -> dict[str, str]:
    """Bring a file that waits for its mapping to be looked at."""
    with (SAMPLES / "trade_fair.csv").open("rb") as file:
        made = await intake.create_import(site.organization, ACTOR, file, intake.NewImport(file_name="trade_fair.csv"))
    return {"number": str(made.id)}


async def a_note(site: Site) -> dict[str, str]:
    """Write a note on a person, as the owner who then edits it."""
    query = """
        INSERT INTO people.notes (organization_id, person_id, body, created_by)
        SELECT organization_id, id, 'Met at the fair.', 'user:test' FROM people.master WHERE organization_id = $1 LIMIT 1 RETURNING id
    """
    return {"id": str(await site.as_admin(query, site.organization))}


async def a_bulk_edit(site: Site) -> dict[str, str]:
    """Tag one person."""
    body = {"ids": [str(await site.value(PERSON))], "changes": {"add_tags": [uuid4().hex[:8]]}}
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        answer = await client.post("/api/people/bulk", json=body)
    assert answer.status_code == 200, answer.text
    return {"id": answer.json()["edit"]["id"]}


async def a_custom_field(site: Site) -> dict[str, str]:
    """Give a custom field a type."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        return await make_custom_field(client)


async def a_campaign(site: Site) -> dict[str, str]:
    """Make a campaign with three steps for a few people, enrolled, from a mailbox."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        segment = (await client.post("/api/segments", json={"name": f"Garcia {uuid4().hex[:6]}", "filters": {"q": "garcia"}})).json()["id"]
        mailbox = {"email": f"m{uuid4().hex[:8]}@sender.example", "smtp_host": "mail.example.org"}
        chosen = {"segments": [segment], "mailboxes": [(await client.post("/api/mailboxes", json=mailbox)).json()["id"]]}
        path = f"/api/campaigns/{(await client.post('/api/campaigns', json={'name': 'Q4 push', **chosen})).json()['campaign_id']}"
        hello = {"subject": "Hello {{ first_name | 'there' }}", "body": "<p>Hello {{ company }}</p>"}
        again = {"delay": 3, "condition": "no_reply", "variants": [{"label": one, "subject": "Again", "body": "x"} for one in "AB"]}
        call = {"channel": "phone", "delay": 1, "instructions": "Call {{ name }}"}
        answer = await client.put(f"{path}/steps", json={"steps": [{"variants": [hello]}, again, call]})
        assert answer.status_code == 200, answer.text
        answer = await client.post(f"{path}/resolve")
        assert answer.status_code == 200, answer.text
    return {"id": path.rpartition("/")[2]}


async def a_running_campaign(site: Site) -> dict[str, str]:
    """Let such a campaign begin some day: one that sends would meet the worker."""
    made = await a_campaign(site)
    query = "UPDATE marketing.campaigns SET state = 'scheduled', starts_at = '2099-01-01' WHERE campaign_id = $1 RETURNING campaign_id"
    await site.value(query, UUID(made["id"]))
    return made


async def a_draft(site: Site) -> dict[str, str]:
    """Make a campaign of which nothing is written yet."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        return {"id": (await client.post("/api/campaigns", json={"name": "Q1 push"})).json()["campaign_id"]}


async def a_list(site: Site) -> dict[str, str]:
    """Make a list with everybody on it."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        made = await make_list(client)
        answer = await client.post(f"/api/lists/{made['id']}/people", json={"filters": {}})
    assert answer.status_code == 200, answer.text
    return made


async def an_empty_list(site: Site) -> dict[str, str]:
    """Make a list."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        return await make_list(client)


async def a_segment(site: Site) -> dict[str, str]:
    """Keep filters that everybody fits."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        return await make_segment(client)


async def a_template(site: Site) -> dict[str, str]:
    """Keep a text with a variable that somebody has no value for."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        made = await make_template(client)
        text = {"subject": "About {{ company | 'you' }}", "body": "<p>{Hello|Hi} {{ first_name | default('there') }}</p>"}
        answer = await client.patch(f"/api/templates/{made['id']}", json=text)
    assert answer.status_code == 200, answer.text
    return made


async def a_task(site: Site) -> dict[str, str]:
    """Have a call wait for somebody."""
    async with httpx.AsyncClient(base_url=site.address, headers=await bearer(site)) as client:
        return await make_task(client)


async def bearer(site: Site) -> dict[str, str]:
    """Return the header of an owner's key."""
    return {"Authorization": f"Bearer {await key_of(site.organization)}"}


PERSON, COMPANY = "SELECT id FROM people.master ORDER BY id LIMIT 1", "SELECT id FROM company.master ORDER BY id LIMIT 1"
PLAYMAKER = found("name", "SELECT 'playmaker'")

PAGES: dict[str, Visit] = {
    "/": Visit(),
    "/#empty": Visit(is_empty=True),
    "/account": Visit("viewer"),
    "/account/security": Visit("viewer"),
    "/account/security/second-factor": Visit("viewer"),
    "/attribution": Visit(parameters=a_conversion, query="model=linear"),
    "/attribution#empty": Visit(is_empty=True),
    "/audit": Visit(),
    "/audit#empty": Visit(is_empty=True),
    "/bulk-edits": Visit(),
    "/bulk-edits/{id}": Visit(parameters=a_bulk_edit),
    "/campaigns": Visit(parameters=a_running_campaign),
    "/campaigns#empty": Visit(is_empty=True),
    "/campaigns#client": Visit("client", a_campaign),
    "/campaigns/new": Visit(query="name=Q4+push"),
    "/campaigns/{id}": Visit(parameters=a_draft),
    "/campaigns/{id}#ready": Visit(parameters=a_campaign),
    "/campaigns/{id}#running": Visit(parameters=a_running_campaign),
    "/campaigns/{id}#client": Visit("client", a_campaign),
    "/campaigns/{id}/cancel": Visit(parameters=a_running_campaign),
    "/campaigns/{id}/check": Visit(parameters=a_campaign),
    "/campaigns/{id}/check#draft": Visit(parameters=a_draft),
    "/campaigns/{id}/delete": Visit(parameters=a_draft),
    "/campaigns/{id}/people": Visit(parameters=a_campaign),
    "/campaigns/{id}/people#draft": Visit(parameters=a_draft),
    "/campaigns/{id}/preview": Visit(parameters=a_campaign),
    "/campaigns/{id}/recipients": Visit(parameters=a_running_campaign),
    "/campaigns/{id}/recipients#empty": Visit(parameters=a_draft),
    "/campaigns/{id}/report": Visit(parameters=a_report),
    "/campaigns/{id}/report/rows": Visit(parameters=a_report, query="figure=opened&step=1"),
    "/campaigns/{id}/settings": Visit(parameters=a_running_campaign),
    "/campaigns/{id}/steps": Visit(parameters=a_campaign),
    "/campaigns/{id}/steps#draft": Visit(parameters=a_draft),
    "/campaigns/{id}/steps#viewer": Visit("viewer", a_campaign),
    "/companies": Visit(),
    "/companies/{id}/edit/{field}": Visit(parameters=found("id", COMPANY, field="industry")),
    "/companies/{id}/notes": Visit(parameters=found("id", COMPANY)),
    "/companies/{id}/timeline": Visit(parameters=found("id", COMPANY)),
    "/companies/{which}": Visit(parameters=found("which", COMPANY)),
    "/components": Visit(),
    "/conflicts": Visit(),
    "/conflicts#empty": Visit(is_empty=True),
    "/contacts": Visit(),
    "/conversions": Visit(parameters=a_conversion),
    "/conversions#empty": Visit(is_empty=True),
    "/conversions/new": Visit(),
    "/conversions/{id}": Visit(parameters=a_conversion),
    "/database": Visit("operator"),
    "/events": Visit(),
    "/exports": Visit(),
    "/exports/new": Visit(query="kind=people"),
    "/imports": Visit(),
    "/imports#empty": Visit(is_empty=True),
    "/imports/{number}": Visit(parameters=found("number", "SELECT id FROM intake.imports WHERE rows_failed > 0 ORDER BY id LIMIT 1")),
    "/imports/{number}#mapping": Visit(parameters=an_upload),
    "/imports/{number}/rejects": Visit(
        parameters=found("number", "SELECT id FROM intake.imports WHERE rows_failed > 0 ORDER BY id LIMIT 1")
    ),
    "/incomplete": Visit(),
    "/jobs": Visit(),
    "/jobs/{id}": Visit(parameters=found("id", "SELECT id FROM ops.jobs ORDER BY id LIMIT 1")),
    "/lists": Visit(parameters=a_list),
    "/lists#empty": Visit(is_empty=True),
    "/lists/add": Visit(parameters=found("id", PERSON), query="id={id}"),
    "/lists/add#fitting": Visit(parameters=a_list, query="all=1&title=manager"),
    "/lists/new": Visit(),
    "/lists/{id}": Visit(parameters=a_list),
    "/lists/{id}#empty": Visit(parameters=an_empty_list),
    "/lists/{id}/add": Visit(parameters=an_empty_list, query="title=manager&add=tag"),
    "/lists/{id}/add/addresses": Visit(parameters=an_empty_list),
    "/lists/{id}/add/from": Visit(parameters=a_list),
    "/lists/{kind}/edit": Visit(parameters=found("id", PERSON, kind="people"), query="id={id}"),
    "/loads/{load_id}": Visit(parameters=found("load_id", "SELECT load_id FROM intake.raw_loads ORDER BY load_id LIMIT 1")),
    "/mailboxes": Visit(parameters=ledger.a_mailbox),
    "/mailboxes#empty": Visit(is_empty=True),
    "/mailboxes/new": Visit(),
    "/mailboxes/{id}": Visit(parameters=ledger.a_mailbox),
    "/mailboxes/{id}/edit": Visit(parameters=ledger.a_mailbox),
    "/messages": Visit(parameters=ledger.a_message),
    "/messages#empty": Visit(is_empty=True),
    "/messages#search": Visit(query="q=example&status=failed"),
    "/messages/{id}": Visit(parameters=ledger.a_message),
    "/messages/{id}#doubtful": Visit(parameters=ledger.a_doubtful_message),
    "/messages/{id}#failed": Visit(parameters=ledger.a_failed_message),
    "/namespaces": Visit(),
    "/namespaces/new": Visit(),
    "/namespaces/reroute": Visit(),
    "/namespaces/{name}": Visit(parameters=PLAYMAKER),
    "/notes/{id}/edit": Visit(parameters=a_note),
    "/people": Visit(),
    "/people#empty": Visit(is_empty=True),
    "/people#filtered": Visit(query="q=a&title=manager&sort=name&add=country_code"),
    "/people#nobody": Visit(query="q=nobodyiscalledthis"),
    "/people/{id}/addresses": Visit(parameters=found("id", PERSON)),
    "/people/{id}/edit/{field}": Visit(parameters=found("id", PERSON, field="title")),
    "/people/{id}/loads": Visit(parameters=found("id", PERSON)),
    "/people/{id}/notes": Visit(parameters=found("id", PERSON)),
    "/people/{id}/profiles": Visit(parameters=found("id", PERSON)),
    "/people/{id}/roles": Visit(parameters=found("id", PERSON)),
    "/people/{id}/timeline": Visit(parameters=found("id", PERSON)),
    "/people/{who}": Visit(parameters=found("who", PERSON)),
    "/profiles": Visit("client"),
    "/profiles/{id}": Visit("client", found("id", "SELECT id FROM people.profiles LIMIT 1")),
    "/schedules": Visit(),
    "/segments": Visit(parameters=a_segment),
    "/segments#empty": Visit(is_empty=True),
    "/segments/new": Visit(query="title=manager&add=country_code"),
    "/segments/{id}": Visit(parameters=a_segment),
    "/segments/{id}#changed": Visit(parameters=a_segment, query="edited=1&title=manager"),
    "/sending": Visit(parameters=ledger.a_slow_domain),
    "/sending-domains/{id}": Visit(parameters=ledger.a_sending_domain),
    "/settings": Visit(),
    "/settings/changes": Visit(),
    "/settings/fields": Visit(),
    "/settings/fields/{id}": Visit(parameters=a_custom_field),
    "/settings/keys": Visit(),
    "/settings/keys/new": Visit(),
    "/settings/keys/{id}": Visit(parameters=a_key),
    "/settings/organization": Visit(),
    "/settings/users": Visit(),
    "/settings/users/new": Visit(),
    "/settings/users/{id}": Visit(parameters=a_user),
    "/sign-in": Visit(None),
    "/sign-in/code": Visit("lacks code"),
    "/sign-in/forgotten": Visit(None),
    "/sign-in/reset": Visit(None, a_link, "token={token}"),
    "/suppressions": Visit(parameters=ledger.a_suppression),
    "/suppressions#empty": Visit(is_empty=True),
    "/suppressions/new": Visit(),
    "/suppressions/{id}/remove": Visit(parameters=ledger.a_suppression),
    "/tasks": Visit(parameters=a_task, query="of=all"),
    "/tasks#empty": Visit(is_empty=True),
    "/tasks/{id}": Visit(parameters=a_task),
    "/templates": Visit(parameters=a_template),
    "/templates#empty": Visit(is_empty=True),
    "/templates/new": Visit(),
    "/templates/{id}": Visit(parameters=a_template),
    "/u/{token}": Visit(None, an_unsubscribe_link),
    "/activity": Visit(parameters=some_activity),
    "/activity#empty": Visit(is_empty=True),
    "/intents": Visit(parameters=some_activity),
    "/intents#empty": Visit(is_empty=True),
    "/webhooks": Visit(parameters=a_webhook),
    "/webhooks#empty": Visit(is_empty=True),
    "/webhooks/new": Visit(),
    "/webhooks/deliveries": Visit(parameters=a_webhook),
    "/webhooks/{id}": Visit(parameters=a_webhook),
    "/webhooks/deliveries/{id}": Visit(parameters=a_delivery),
}

PIECES: dict[str, str] = {
    "/assets/{digest}/{name}": "files",
    "/campaigns/{id}/recipients.csv": "a download",
    "/campaigns/{id}/report/rows.csv": "a download",
    "/companies/{id}/facts": "the facts of a company, on its page",
    "/companies/options": "names of companies for a field",
    "/exports/{id}/file": "a download",
    "/favicon.ico": "a file",
    "/home/running": "what runs, on the home page",
    "/imports/live": "what goes on, on the page of imports",
    "/imports/{number}/live": "what goes on, on an import's page",
    "/imports/{number}/rejects.csv": "a download",
    "/intents/export.csv": "a download",
    "/lists/{kind}/count": "how many fit, on a list's page",
    "/messages/{id}/html": "a message's own HTML, in a frame",
    "/namespaces/{name}/stats": "figures of a namespace, on its page",
    "/palette": "lines of the palette",
    "/people/{id}/facts": "the facts of a person, on their page",
    "/profiles/export.csv": "a download",
    "/people/options": "people whom a field may mean",
    "/sign-in/oidc": "leads to the provider",
    "/sign-in/oidc/callback": "where the provider sends people back to",
    "/t/c/{token}": "a link of a mail: leads on",
    "/t/o/{token}.gif": "the picture of a mail",
    "/suppressions/export.csv": "a download",
}
