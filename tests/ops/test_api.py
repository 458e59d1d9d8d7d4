"""Jobs and events over HTTP: what a key may see and do, and how bad input is answered."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest_asyncio
from fastapi import FastAPI

from outrider import ops, tenancy
from outrider.kit import http
from outrider.ops import api
from outrider.tenancy.http import Door

from .conftest import ACTOR, ask

LATER = datetime(2090, 1, 1, tzinfo=UTC)


async def headers(organization: tenancy.OrganizationId, role: str = "member") -> dict[str, str]:
    owner = tenancy.Caller(organization, ACTOR, "owner", tenancy.scopes_of("owner", organization))
    made = await tenancy.create_key(owner, "test", role=role)
    return {"Authorization": f"Bearer {made.secret}"}


@pytest_asyncio.fixture
async def client(pool) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.door = Door("1000/minute")
    http.install(app)
    app.include_router(api.router)
    app.include_router(api.events_router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as opened:
        yield opened


async def test_jobs_are_listed_shown_cancelled_and_retried(client, organization):
    mine = await headers(organization)
    ids = [str(await ask(organization, "count", {"n": n}, start_after=LATER)) for n in range(3)]
    first = (await client.get("/api/jobs", params={"limit": 2, "name": "count"}, headers=mine)).json()
    assert [job["id"] for job in first["items"]] == [ids[2], ids[1]]
    second = (await client.get("/api/jobs", params={"limit": 2, "cursor": first["next_cursor"]}, headers=mine)).json()
    assert ([job["id"] for job in second["items"]], second["next_cursor"]) == ([ids[0]], None)
    shown = (await client.get(f"/api/jobs/{ids[0]}", headers=mine)).json()
    assert (shown["state"], shown["data"], shown["expire_in"]) == ("created", {"n": 0}, 900)
    assert set(shown) == set(api.JOB_EXAMPLE)
    assert (await client.post(f"/api/jobs/{ids[0]}/cancel", headers=mine)).json()["state"] == "cancelled"
    assert len((await client.get("/api/jobs", params={"state": "cancelled"}, headers=mine)).json()["items"]) == 1
    assert (await client.post(f"/api/jobs/{ids[0]}/retry", headers=mine)).json()["state"] == "retry"
    assert (await client.post(f"/api/jobs/{ids[0]}/retry", headers=mine)).status_code == 409
    await ops.cancel_job(organization, ACTOR, shown["id"])


async def test_a_viewer_may_look_and_not_touch(client, organization):
    viewer = await headers(organization, "viewer")
    job = await ask(organization, "count", start_after=LATER)
    assert (await client.get(f"/api/jobs/{job}", headers=viewer)).status_code == 200
    assert (await client.post(f"/api/jobs/{job}/cancel", headers=viewer)).status_code == 403
    assert (await client.post(f"/api/jobs/{job}/retry", headers=viewer)).status_code == 403
    assert (await client.get("/api/jobs")).status_code == 401
    assert (await client.get("/api/events")).status_code == 401


async def test_another_organizations_jobs_and_events_are_not_there(client, organization, other_organization):
    theirs = await headers(other_organization)
    job = await ask(organization, "count", start_after=LATER)
    async with tenancy.transaction(organization, ACTOR) as connection:
        await ops.log_event(connection, "contact", uuid4(), "contact.created", {})
    for answer in (
        await client.get(f"/api/jobs/{job}", headers=theirs),
        await client.post(f"/api/jobs/{job}/cancel", headers=theirs),
        await client.post(f"/api/jobs/{job}/retry", headers=theirs),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert (await client.get("/api/jobs", headers=theirs)).json()["items"] == []
    assert (await client.get("/api/events", headers=theirs)).json()["items"] == []


async def test_events_are_listed_by_what_they_are_about(client, organization):
    mine = await headers(organization)
    entity = uuid4()
    async with tenancy.transaction(organization, ACTOR) as connection:
        await ops.log_event(connection, "contact", entity, "contact.created", {"n": 1})
        await ops.log_event(connection, "contact", uuid4(), "contact.created", {"n": 2})
    about = {"entity_type": "contact", "entity_id": str(entity), "event_type": "contact.created"}
    [event] = (await client.get("/api/events", params=about, headers=mine)).json()["items"]
    assert event["payload"] == {"n": 1}
    assert set(event) == set(api.EVENT_EXAMPLE)


async def test_bad_input_is_answered_with_a_problem(client, organization):
    mine = await headers(organization)
    for path in (
        "/api/jobs?limit=0",
        "/api/jobs?limit=501",
        "/api/jobs?limit=x",
        "/api/jobs?state=done",
        "/api/jobs?name=%00",
        "/api/jobs?cursor=x",
        "/api/jobs/7",
        "/api/events?entity_id=7",
        "/api/events?cursor=W10",
    ):
        answer = await client.get(path, headers=mine)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), path
        assert answer.json()["detail"]
    assert (await client.get(f"/api/jobs/{uuid4()}", headers=mine)).status_code == 404


def test_the_examples_are_what_the_models_hold():
    api.JobPage.model_validate({"items": [api.JOB_EXAMPLE], "next_cursor": None})
    api.EventPage.model_validate({"items": [api.EVENT_EXAMPLE], "next_cursor": None})
    assert timedelta(seconds=api.JOB_EXAMPLE["expire_in"]) == timedelta(minutes=15)
