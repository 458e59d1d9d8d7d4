"""A webhook in tests: made over the API, delivered to at its address, worked on here."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from outrider import ops, tenancy
from outrider.engagement.tasks import TASKS

from .samples import signed


@dataclass
class Hook:
    """A webhook as its maker got it, and who delivers to it."""

    id: UUID
    path: str
    secret: str | None
    sender: httpx.AsyncClient
    maker: httpx.AsyncClient
    organization: tenancy.OrganizationId

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.sender.post(self.path, content=body, headers={"Content-Type": "application/json", **(headers or {})})

    async def deliver(self, body: bytes) -> httpx.Response:
        """Sign with our own secret, and send."""
        return await self.post(body, signed(self.secret or "", body))

    async def work(self) -> list[ops.Job]:
        """Run what waits."""
        jobs = (await ops.list_jobs(self.organization, tenancy.Actor("user", "test"), name="engagement.webhook")).items
        return [await ops.run_job_here(self.organization, job.id, TASKS) for job in jobs if not job.is_finished]

    async def deliveries(self) -> list[dict[str, Any]]:
        return (await self.maker.get("/api/deliveries", params={"source_id": str(self.id)})).json()["items"]
