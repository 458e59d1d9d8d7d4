"""A running Outrider with something in it, for the browser tests: one for each test worker, shared by its tests."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from outrider import intake, tenancy
from outrider.kit.errors import Conflict
from outrider.tenancy import DEFAULT_ORGANIZATION, Actor, OrganizationId, sessions
from tests.api.fixtures import new_user
from tests.api.server import free_port

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "src" / "outrider" / "samples"
ACTOR = Actor("user", "test")


@dataclass
class Site:
    """Where it is, how a superuser reaches its database, the organization that holds the samples, and one that holds nothing."""

    address: str
    admin_url: str
    organization: OrganizationId
    empty: OrganizationId
    _secrets: dict[tuple[OrganizationId, str], str] = field(default_factory=dict)

    async def session(self, role: str, organization: OrganizationId | None = None) -> str:
        """Return the secret of a session of somebody with the role; the same person each time.

        `operator` is an owner of the default organization, a client is bound to the namespace playmaker, and `lacks code` is a
        member who has a second factor and did not give its code yet.
        """
        place = DEFAULT_ORGANIZATION if role == "operator" else organization or self.organization
        if (place, role) not in self._secrets:
            self._secrets[place, role] = await self._open(place, role)
        return self._secrets[place, role]

    async def value(self, query: str, *arguments: object) -> Any:
        """Return one value, as the application sees it in the organization."""
        async with tenancy.transaction(self.organization, ACTOR) as connection:
            found = await connection.fetchval(query, *arguments)
        assert found is not None, query
        return found

    async def as_admin(self, query: str, *arguments: object) -> Any:
        """Run a statement that the application may not, and return the first value of what it returns."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()

    async def _open(self, place: OrganizationId, role: str) -> str:
        email = f"{role.replace(' ', '-')}.{place.hex[-8:]}@browser.example"
        user = await new_user(place, {"operator": "owner", "lacks code": "member"}.get(role, role), email)
        if role == "client":
            await self.as_admin("UPDATE tenancy.memberships SET namespaces = '{playmaker}' WHERE user_id = $1", user)
        if role == "lacks code":
            await self.as_admin("INSERT INTO tenancy.second_factors (user_id, secret, confirmed_at) VALUES ($1, 'x', now())", user)
        return await sessions.open_session(place, user, sessions.Client("browser tests"))


async def seed(organization: OrganizationId) -> None:
    """Take the sample files in, as `outrider up` does."""
    for path in sorted(SAMPLES.glob("[a-z]*.*")):
        await intake.import_sample(organization, ACTOR, path)


def start(app_url: str, worker_url: str, files: Path, log: Path) -> tuple[subprocess.Popen[str], str]:
    """Start server and worker in a process of their own; return it and its address once it listens."""
    command = [sys.executable, "-m", "tests.browser.program", app_url, worker_url, str(files), str(free_port())]
    with log.open("w") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, log.read_text()
    return process, address


async def new_place(name: str, slug: str) -> OrganizationId:
    """Make an organization; one that is there already is the one that is meant."""
    try:
        return await tenancy.create_organization(name, slug, DEFAULT_ORGANIZATION if slug == "default" else uuid4())
    except Conflict:
        return await tenancy.find_organization(slug)
