"""Every operation of the API as its own document lists it, for tests that go through all of them.

`OWN` says how to make a thing that a path with parameters shows, in the organization of a client: other slices add
theirs.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx import AsyncClient

from outrider import ops, tenancy
from outrider.people.tasks import TASKS

METHODS = ("get", "put", "post", "patch", "delete")
PUBLIC = {"/api/health", "/api/health/live", "/api/health/ready"}
"""What needs no key."""


@dataclass(frozen=True)
class Operation:
    """One method of one path; `document` is its part of the OpenAPI document."""

    method: str
    path: str
    document: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"


def operations(app: FastAPI) -> Iterator[Operation]:
    """Every operation."""
    for path, methods in app.openapi()["paths"].items():
        for method, document in methods.items():
            if method in METHODS:
                yield Operation(method, path, document)


async def make_namespace(client: AsyncClient) -> dict[str, str]:
    """Make a namespace and return the parameters of its paths."""
    answer = await client.post("/api/namespaces", json={"name": "acme-corp", "keywords": ["ACME"]})
    assert answer.status_code == 201
    return {"name": "acme-corp"}


async def make_key(client: AsyncClient) -> dict[str, str]:
    """Make an API key and return the parameters of its paths."""
    answer = await client.post("/api/keys", json={"name": "ci"})
    assert answer.status_code == 201
    return {"id": answer.json()["id"]}


async def make_user(client: AsyncClient) -> dict[str, str]:
    """Add a user and return the parameters of their paths."""
    answer = await client.post("/api/users", json={"email": f"{uuid4().hex}@example.org"})
    assert answer.status_code == 201
    return {"id": answer.json()["id"]}


async def make_job(client: AsyncClient) -> dict[str, str]:
    """Make a job and return the parameters of its paths."""
    answer = await client.post("/api/namespaces/reroute")
    assert answer.status_code == 202
    return {"id": answer.json()["job_id"]}


async def make_import(client: AsyncClient) -> dict[str, str]:
    """Upload a file and return the parameters of its import's paths."""
    answer = await client.post("/api/imports", files={"file": ("leads.csv", b"email\nana@example.org\n", "text/csv")})
    assert answer.status_code == 201, answer.text
    return {"import_id": answer.json()["id"]}


async def make_load(client: AsyncClient) -> dict[str, str]:
    """Store a raw load and return the parameters of its paths."""
    body = {"rows": [{"email": "ana@example.org"}], "source": "test", "batch_id": uuid4().hex}
    answer = await client.post("/api/ingest", json=body)
    assert answer.status_code == 200, answer.text
    return {"load_id": str(answer.json()["rows"][0]["load_id"])}


async def make_person(client: AsyncClient) -> dict[str, str]:
    """Make a person with a conflict and return the parameters of their paths."""
    rows = [{"email": "ana@one.example", "name": "Ana Lima", "company": "Two", "domain": "two.example"}]
    body = {"rows": rows, "source": "test", "batch_id": uuid4().hex, "promote": True}
    answer = await client.post("/api/ingest", json=body)
    assert answer.status_code == 200, answer.text
    return {"id": "ana@one.example", "email": "ana@one.example"}


async def make_profile(client: AsyncClient) -> dict[str, str]:
    """Make a profile in the default namespace and return the parameters of its paths."""
    await make_person(client)
    answer = await client.get("/api/profiles")
    return {"id": answer.json()["items"][0]["id"]}


async def make_company(client: AsyncClient) -> dict[str, str]:
    """Make a company and return the parameters of its paths."""
    await make_person(client)
    return {"id": "two.example"}


async def make_slot(client: AsyncClient) -> dict[str, str]:
    """Make a slot that waits for a person and return the parameters of its paths."""
    await make_person(client)
    answer = await client.get("/api/slots", params={"issue": "conflict"})
    return {"id": answer.json()["items"][0]["id"]}


async def make_note(client: AsyncClient) -> dict[str, str]:
    """Write a note and return the parameters of its paths."""
    await make_person(client)
    answer = await client.post("/api/people/ana@one.example/notes", json={"body": "Hello"})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_view(client: AsyncClient) -> dict[str, str]:
    """Save a view and return the parameters of its paths."""
    answer = await client.post("/api/views", json={"kind": "people", "name": uuid4().hex})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_custom_field(client: AsyncClient) -> dict[str, str]:
    """Give a custom field a type and return the parameters of its paths."""
    answer = await client.post("/api/custom-fields", json={"label": uuid4().hex, "type": "text"})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_bulk_edit(client: AsyncClient) -> dict[str, str]:
    """Tag everyone and return the parameters of the bulk edit's paths."""
    await make_person(client)
    answer = await client.post("/api/people/bulk", json={"filters": {}, "changes": {"add_tags": [uuid4().hex]}})
    assert answer.status_code == 200, answer.text
    return {"id": answer.json()["edit"]["id"]}


async def make_export(client: AsyncClient) -> dict[str, str]:
    """Have an export written and return the parameters of its paths."""
    answer = await client.post("/api/exports", json={"kind": "people"})
    assert answer.status_code == 202, answer.text
    organization = tenancy.OrganizationId(UUID((await client.get("/api/organization")).json()["id"]))
    await ops.run_job_here(organization, UUID(answer.json()["job_id"]), TASKS)
    return {"id": answer.json()["id"]}


async def make_list(client: AsyncClient) -> dict[str, str]:
    """Make a list and return the parameters of its paths."""
    answer = await client.post("/api/lists", json={"name": uuid4().hex})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_segment(client: AsyncClient) -> dict[str, str]:
    """Make a segment and return the parameters of its paths."""
    answer = await client.post("/api/segments", json={"name": uuid4().hex, "filters": {}})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_template(client: AsyncClient) -> dict[str, str]:
    """Keep a template and return the parameters of its paths."""
    answer = await client.post("/api/templates", json={"name": uuid4().hex})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_campaign(client: AsyncClient) -> dict[str, str]:
    """Make a campaign and return the parameters of its paths."""
    answer = await client.post("/api/campaigns", json={"name": uuid4().hex})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["campaign_id"]}


async def make_mailbox(client: AsyncClient) -> dict[str, str]:
    """Add a mailbox and return the parameters of its paths."""
    answer = await client.post("/api/mailboxes", json={"email": f"m{uuid4().hex}@example.org", "smtp_host": "mail.example.org"})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_sending_domain(client: AsyncClient) -> dict[str, str]:
    """Add a domain that signs and return the parameters of its paths."""
    answer = await client.post("/api/sending-domains", json={"domain": f"d{uuid4().hex}.example"})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_verdict_rule(client: AsyncClient) -> dict[str, str]:
    """Make a rule about machines and return the parameters of its paths."""
    answer = await client.post("/api/verdict-rules", json={"kind": "user_agent", "pattern": f"robot-{uuid4().hex}"})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_suppression(client: AsyncClient) -> dict[str, str]:
    """Suppress an address and return the parameters of its paths."""
    answer = await client.post("/api/suppressions", json={"values": [f"s{uuid4().hex}@example.org"]})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["items"][0]["id"]}


async def make_message(client: AsyncClient) -> dict[str, str]:
    """Put a message into the queue and return the parameters of its paths."""
    organization = tenancy.OrganizationId(UUID((await client.get("/api/organization")).json()["id"]))
    mailbox = (await make_mailbox(client))["id"]
    await make_person(client)
    async with tenancy.transaction(organization, tenancy.Actor("user", "test")) as connection:
        id = await connection.fetchval(
            """
            WITH campaign AS (
                INSERT INTO marketing.campaigns (name, state, window_start, window_end, window_days)
                VALUES ('Autumn', 'sending', '00:00', '24:00', '{1,2,3,4,5,6,7}') RETURNING campaign_id
            ),
            step AS (INSERT INTO marketing.steps (campaign_id, position) SELECT campaign_id, 1 FROM campaign RETURNING id),
            variant AS (INSERT INTO marketing.variants (step_id, subject, body) SELECT id, 'Hello', 'Hello' FROM step),
            link AS (INSERT INTO sending.campaign_mailboxes (campaign_id, mailbox_id) SELECT campaign_id, $1 FROM campaign)
            INSERT INTO marketing.enrollments (campaign_id, person_id, contact_id, email, next_step, next_at)
            SELECT campaign.campaign_id, person_id, contact_id, email, 1, now() FROM campaign, vault.contacts
            WHERE organization_id = kit.f_organization() AND email = 'ana@one.example' RETURNING id
            """,
            UUID(mailbox),
        )
        assert await connection.fetchval("SELECT planned FROM sending.f_plan()")
        return {"id": str(await connection.fetchval("SELECT id FROM sending.messages WHERE enrollment_id = $1", id))}


async def make_sending_campaign(client: AsyncClient) -> dict[str, str]:
    """Make a campaign that sends and return the parameters of the paths about its mailboxes."""
    message = (await make_message(client))["id"]
    return {"campaign_id": (await client.get(f"/api/messages/{message}")).json()["campaign_id"]}


async def make_conversion(client: AsyncClient) -> dict[str, str]:
    """Record a conversion and return the parameters of its paths."""
    await make_person(client)
    body = {"person": "ana@one.example", "type": "demo", "converted_at": "2026-01-05T10:00:00Z"}
    answer = await client.post("/api/conversions", json=body)
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_throttle(client: AsyncClient) -> dict[str, str]:
    """Write down that a domain is slow and return the parameters of its paths."""
    organization = tenancy.OrganizationId(UUID((await client.get("/api/organization")).json()["id"]))
    async with tenancy.transaction(organization, tenancy.Actor("user", "test")) as connection:
        await connection.execute("INSERT INTO sending.throttles (recipient_domain, per_hour) VALUES ('slow.example', 20)")
    return {"domain": "slow.example"}


async def make_webhook(client: AsyncClient) -> dict[str, str]:
    """Make a webhook and return the parameters of its paths."""
    answer = await client.post("/api/webhooks", json={"kind": "generic", "name": uuid4().hex})
    assert answer.status_code == 201, answer.text
    return {"id": answer.json()["id"]}


async def make_delivery(client: AsyncClient) -> dict[str, str]:
    """Deliver to a webhook and return the parameters of the delivery's paths."""
    made = (await client.post("/api/webhooks", json={"kind": "sendgrid", "name": uuid4().hex})).json()
    answer = await client.post(made["url"], json=[])
    assert answer.status_code == 202, answer.text
    return {"id": answer.json()["delivery_id"]}


async def make_intent(client: AsyncClient) -> dict[str, str]:
    """Note an intent and return the parameters of its paths."""
    await make_person(client)
    answer = await client.post("/api/intents", json={"person": "ana@one.example", "type": "referral"})
    assert answer.status_code in (200, 201), answer.text
    return {"id": answer.json()["id"]}


async def make_enrollment(client: AsyncClient) -> dict[str, str]:
    """Enroll somebody in a campaign and return the parameters of the paths about them."""
    campaign = (await make_sending_campaign(client))["campaign_id"]
    found = (await client.get(f"/api/campaigns/{campaign}/enrollments")).json()["items"]
    return {"id": campaign, "enrollment_id": found[0]["id"]}


async def make_task(client: AsyncClient) -> dict[str, str]:
    """Have a phone step wait for a person and return the parameters of its paths."""
    organization = tenancy.OrganizationId(UUID((await client.get("/api/organization")).json()["id"]))
    await make_person(client)
    async with tenancy.transaction(organization, tenancy.Actor("user", "test")) as connection:
        id = await connection.fetchval(
            """
            WITH campaign AS (INSERT INTO marketing.campaigns (name, state) VALUES ('Calls', 'sending') RETURNING campaign_id),
            step AS (
                INSERT INTO marketing.steps (campaign_id, position, channel, instructions)
                SELECT campaign_id, 1, 'phone', 'Call {{ name }}' FROM campaign RETURNING id
            ),
            enrollment AS (
                INSERT INTO marketing.enrollments (campaign_id, person_id, contact_id, email)
                SELECT campaign.campaign_id, person_id, contact_id, email FROM campaign, vault.contacts
                WHERE organization_id = kit.f_organization() AND email = 'ana@one.example' RETURNING id
            )
            INSERT INTO marketing.tasks (enrollment_id, step_id, channel, instructions, due_at)
            SELECT enrollment.id, step.id, 'phone', 'Call {{ name }}', now() FROM enrollment, step RETURNING id
            """
        )
    return {"id": str(id)}


OWN: dict[str, Callable[[AsyncClient], Awaitable[dict[str, str]]]] = {
    "/api/namespaces/": make_namespace,
    "/api/profiles/": make_profile,
    "/api/keys/": make_key,
    "/api/users/": make_user,
    "/api/jobs/": make_job,
    "/api/imports/": make_import,
    "/api/loads/": make_load,
    "/api/people/": make_person,
    "/api/contacts/": make_person,
    "/api/companies/": make_company,
    "/api/slots/": make_slot,
    "/api/notes/": make_note,
    "/api/views/": make_view,
    "/api/custom-fields/": make_custom_field,
    "/api/bulk-edits/": make_bulk_edit,
    "/api/exports/": make_export,
    "/api/lists/": make_list,
    "/api/segments/": make_segment,
    "/api/templates/": make_template,
    "/api/tasks/": make_task,
    "/api/mailboxes/": make_mailbox,
    "/api/sending-domains/": make_sending_domain,
    "/api/suppressions/": make_suppression,
    "/api/verdict-rules/": make_verdict_rule,
    "/api/messages/": make_message,
    "/api/sending/throttles/": make_throttle,
    "/api/webhooks/": make_webhook,
    "/api/deliveries/": make_delivery,
    "/api/intents/": make_intent,
    "/api/campaigns/{campaign_id}/mailboxes": make_sending_campaign,
    "/api/campaigns/{id}/enrollments/": make_enrollment,
    "/api/campaigns/": make_campaign,
    "/api/conversions/": make_conversion,
}
"""{beginning of the paths: what makes one}. A path with parameters that nothing here covers fails the test that reads
this."""


def address_of_nothing(operation: Operation) -> str:
    """Return the operation's path with parameters of the right form that nothing has."""
    values = {}
    for parameter in operation.document["parameters"]:
        if parameter["in"] == "path":
            kind = (parameter["schema"].get("format"), parameter["schema"].get("type"))
            values[parameter["name"]] = {
                ("uuid", "string"): "0193a512-0000-7000-8000-00000000dead",
                (None, "integer"): "999999999999",
            }.get(kind, "nobody-has-this")
    return operation.path.format(**values)


async def address_of_own(path: str, client: AsyncClient) -> str:
    """Return `path` with the parameters of a thing just made by `client`."""
    maker = next(make for prefix, make in OWN.items() if path.startswith(prefix))
    return path.format(**await maker(client))
