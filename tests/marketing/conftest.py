"""An organization with people, and what a campaign needs to start."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from outrider import tenancy
from tests.api.fixtures import *  # noqa: F403
from tests.sending.scene import Scene

Add = Callable[..., Awaitable[UUID]]


@pytest.fixture
def scene(admin: asyncpg.Connection, organization: tenancy.OrganizationId) -> Scene:
    """The test's organization, to look into past row security."""
    return Scene(admin, organization)


@pytest.fixture
def add_person(scene: Scene) -> Add:
    """Make a person with an address, or with several: each (address, {column: value})."""

    async def add(email: str, *others: tuple[str, dict[str, Any]], first_name: str | None = "Ana", **columns: Any) -> UUID:
        person: UUID = await scene.value(
            "INSERT INTO people.master (email, name, first_name) VALUES ($1, $2, $3) RETURNING id", email, f"{first_name} Lima", first_name
        )
        for address, values in ((email, columns), *others):
            row = {"source": "test", "email": address, "person_id": str(person), "status": "active", "custom_fields": {}, **values}
            await scene.run(
                "INSERT INTO vault.contacts (email, source, person_id, status, custom_fields, verification) "
                "SELECT email, source, person_id, status, custom_fields, verification FROM jsonb_populate_record(NULL::vault.contacts, $1)",
                row,
            )
        return person

    return add
