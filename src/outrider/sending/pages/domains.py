"""/sending-domains/{id}: the key of a domain that signs, the records to set, and what DNS says of them."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.tenancy import Visitor

from ..domains import DomainService, check_domain
from . import words
from .frame import Reader, Writer, freeze_of

router = APIRouter()


@router.get("/sending-domains/{id}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return the page."""
    return ui.page(request, "sending/domain.html", **await _context(visitor, id))


@router.post("/sending-domains/{id}/check")
async def check(request: Request, visitor: Writer, id: UUID) -> Response:
    """Ask DNS and show what it says."""
    found = await check_domain(visitor.organization_id, visitor.actor, id)
    wrong = [words.KINDS[kind][0] for kind, said in found.checks.items() if said["problem"]]
    told = f"{', '.join(wrong)}: something is left to do" if wrong else "All three records are as they should be"
    return ui.redirect(request, f"/sending-domains/{id}", toast=told, tone="info" if wrong else "good")


@router.post("/sending-domains/{id}/delete")
async def delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Remove a domain and its key, when it was said that mail may go unsigned."""
    if (await ui.form(request)).get("sure") != "yes":
        errors = {"sure": "Say that its mail may go unsigned."}
        return ui.page(request, "sending/domain.html", 422, **await _context(visitor, id), errors=errors)
    async with visitor.transaction() as connection:
        service = DomainService(connection, visitor.organization_id)
        found = await service.get(id)
        await service.remove(id)
    return ui.redirect(request, "/mailboxes", toast=f"{found.domain} has no key any more: its mail goes unsigned")


async def _context(visitor: Visitor, id: UUID) -> dict[str, Any]:
    async with visitor.transaction(readonly=True) as connection:
        service = DomainService(connection, visitor.organization_id)
        domain = await service.get(id)
        providers = await service.providers(domain.domain)
        freeze = await freeze_of(connection, visitor)
    senders = " ".join(words.SPF[provider] for provider in providers if provider in words.SPF)
    records = dict(domain.records)
    if senders:
        records["spf"] = (domain.domain, f"v=spf1 {senders} ~all")
    return {
        "domain": domain,
        "records": records,
        "knows_senders": bool(senders),
        "freeze": freeze,
        "words": words,
        "may_write": visitor.may("mailboxes:write"),
    }
