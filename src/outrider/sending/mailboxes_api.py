"""Mailboxes and the domains that sign, over HTTP. One request is one transaction, but for the connection test, which holds none."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from . import domains
from .credentials import Credentials
from .domains import Domain, DomainService
from .mailboxes import MailboxService
from .trials import read_for_trial, try_mailbox
from .views import (
    CampaignMailboxes,
    CampaignMailboxesView,
    Domains,
    DomainView,
    MailboxChange,
    MailboxFields,
    MailboxPage,
    MailboxView,
    NewDomain,
    NewMailbox,
    RecordView,
    StateReason,
    TrialView,
)

router = APIRouter(prefix="/api", tags=["mailboxes"])
Reader = Annotated[Caller, Depends(require("mailboxes:read"))]
Writer = Annotated[Caller, Depends(require("mailboxes:write"))]
CampaignReader = Annotated[Caller, Depends(require("campaigns:read"))]
CampaignWriter = Annotated[Caller, Depends(require("campaigns:write"))]


@router.get("/mailboxes", summary="List mailboxes")
async def list_mailboxes(
    caller: Reader,
    email: Annotated[Text | None, Query(description="Only the one with this address.", examples=["ana@a.example"], max_length=254)] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> MailboxPage:
    """The organization's mailboxes by address, with their limits, what they sent today and this hour, and their health."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        page = await MailboxService(connection, caller.organization_id).page(email=email, limit=limit, cursor=cursor)
    return MailboxPage(items=[MailboxView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/mailboxes", summary="Add a mailbox", status_code=201)
async def add_mailbox(body: NewMailbox, caller: Writer, response: Response) -> MailboxView:
    """Adds a mailbox to send from. Its credentials are encrypted and never shown again; try them with `/test`.

    For gmail and outlook the server is known. 409 when the address is there already; 422 names what cannot be.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        made = await MailboxService(connection, caller.organization_id).add(_values(body), _credentials(body))
    response.headers["Location"] = f"/api/mailboxes/{made.id}"
    return MailboxView.model_validate(made)


@router.get("/mailboxes/{id}", summary="Show a mailbox")
async def get_mailbox(id: UUID, caller: Reader) -> MailboxView:
    """One mailbox, with what it did."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return MailboxView.model_validate(await MailboxService(connection, caller.organization_id).get(id))


@router.patch("/mailboxes/{id}", summary="Change a mailbox")
async def change_mailbox(id: UUID, body: MailboxChange, caller: Writer) -> MailboxView:
    """Changes what the body names. Another server needs the credentials again: they are sent to no server that nobody gave them for."""
    if not body.model_fields_set:
        raise InvalidInput("the body changes nothing: give at least one field", field="body")
    async with transaction(caller.organization_id, caller.actor) as connection:
        changed = await MailboxService(connection, caller.organization_id).change(id, _values(body), _credentials(body))
    return MailboxView.model_validate(changed)


@router.delete("/mailboxes/{id}", summary="Remove a mailbox", status_code=204)
async def remove_mailbox(id: UUID, caller: Writer) -> None:
    """Removes a mailbox that never sent; 409 for one that the ledger or a campaign names: pause that one."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await MailboxService(connection, caller.organization_id).remove(id)


@router.post("/mailboxes/{id}/pause", summary="Pause a mailbox")
async def pause_mailbox(id: UUID, caller: Writer, body: StateReason | None = None) -> MailboxView:
    """Takes a mailbox out of use, within a second; what it has queued waits."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        service = MailboxService(connection, caller.organization_id)
        return MailboxView.model_validate(await service.set_state(id, "paused", body.reason if body else None))


@router.post("/mailboxes/{id}/resume", summary="Resume a mailbox")
async def resume_mailbox(id: UUID, caller: Writer) -> MailboxView:
    """Takes a mailbox into use again; its bounces are counted anew from now."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        return MailboxView.model_validate(await MailboxService(connection, caller.organization_id).set_state(id, "active"))


@router.post("/mailboxes/{id}/test", summary="Try a mailbox's connection")
async def try_connection(id: UUID, caller: Writer) -> TrialView:
    """Connects and signs in as the mailbox does, sends nothing, and tells the server's own answer."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        mailbox = await read_for_trial(connection, caller.organization_id, id)
    return TrialView.model_validate(await try_mailbox(caller.organization_id, mailbox), from_attributes=True)


@router.get("/campaigns/{campaign_id}/mailboxes", summary="List a campaign's mailboxes")
async def list_campaign_mailboxes(campaign_id: UUID, caller: CampaignReader) -> CampaignMailboxes:
    """Which mailboxes a campaign sends from."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        found = await MailboxService(connection, caller.organization_id).of_campaign(campaign_id)
    return CampaignMailboxes(mailbox_ids=found)


@router.put("/campaigns/{campaign_id}/mailboxes", summary="Choose a campaign's mailboxes")
async def set_campaign_mailboxes(campaign_id: UUID, body: CampaignMailboxes, caller: CampaignWriter) -> CampaignMailboxesView:
    """Says which mailboxes a campaign sends from. What is queued with one that is no longer among them goes over to the others."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        service = MailboxService(connection, caller.organization_id)
        moved = await service.set_for_campaign(campaign_id, body.mailbox_ids)
        return CampaignMailboxesView(mailbox_ids=await service.of_campaign(campaign_id), handed_over=moved)


@router.get("/sending-domains", summary="List the domains that sign")
async def list_domains(caller: Reader) -> Domains:
    """The domains with a DKIM key, the DNS records to set, and what DNS said last."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return Domains(items=[_domain(one) for one in await DomainService(connection, caller.organization_id).list()])


@router.post("/sending-domains", summary="Add a domain that signs", status_code=201)
async def add_domain(body: NewDomain, caller: Writer, response: Response) -> DomainView:
    """Makes a DKIM key for a domain; mail from its mailboxes is signed from then on. 409 when it has one."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        made = await DomainService(connection, caller.organization_id).add(body.domain, body.selector)
    response.headers["Location"] = f"/api/sending-domains/{made.id}"
    return _domain(made)


@router.get("/sending-domains/{id}", summary="Show a domain that signs")
async def get_domain(id: UUID, caller: Reader) -> DomainView:
    """One domain, the records to set, and what DNS said last."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return _domain(await DomainService(connection, caller.organization_id).get(id))


@router.post("/sending-domains/{id}/check", summary="Check a domain's DNS records")
async def check_domain(id: UUID, caller: Writer) -> DomainView:
    """Asks DNS for SPF, DKIM and DMARC and says what to do about each."""
    return _domain(await domains.check_domain(caller.organization_id, caller.actor, id))


@router.delete("/sending-domains/{id}", summary="Remove a domain that signs", status_code=204)
async def remove_domain(id: UUID, caller: Writer) -> None:
    """Removes a domain and its key; its mail goes unsigned from then on."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await DomainService(connection, caller.organization_id).remove(id)


def _values(body: MailboxFields) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude={"credentials"}, exclude_unset=True)


def _credentials(body: MailboxFields) -> Credentials | None:
    return Credentials(**body.credentials.model_dump()) if body.credentials is not None else None


def _domain(domain: Domain) -> DomainView:
    return DomainView(
        id=domain.id, domain=domain.domain, dkim_selector=domain.dkim_selector, dkim_public_key=domain.dkim_public_key,
        records={kind: RecordView(name=name, value=value) for kind, (name, value) in domain.records.items()},
        checks=domain.checks, checked_at=domain.checked_at, created_at=domain.created_at,
    )  # fmt: skip
