"""What journeys start from: an organization of their own with a few people, and somebody with a password."""

from typing import Any

from outrider import intake, tenancy
from outrider.tenancy import OrganizationId

from .site import ACTOR

ANA = {"email": "ana@acme.example", "name": "Ana Lima", "title": "CFO", "company": "Acme", "domain": "acme.example", "country": "Spain"}
BO = {"email": "bo@umbrella.example", "name": "Bo Lee", "title": "Engineer", "company": "Umbrella", "domain": "umbrella.example"}
CY = {"email": "cy@acme.example", "name": "Cy Smith", "title": "Head of Growth", "company": "Acme", "domain": "acme.example"}


async def bring(place: OrganizationId, *rows: dict[str, Any]) -> None:
    """Make people of rows."""
    stored = await intake.ingest(place, ACTOR, list(rows or (ANA, BO, CY)), "apollo", "b1")
    await intake.promote(place, ACTOR, [row.load_id for row in stored])


async def somebody(place: OrganizationId, role: str = "owner") -> tuple[str, str]:
    """Make somebody who may sign in, and return their address and password."""
    email = f"{role}.{place.hex[-8:]}@journey.example"
    return email, str(await tenancy.add_member(place, ACTOR, email, role, "Ana Journey"))
