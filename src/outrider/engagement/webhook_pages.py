"""/webhooks: where providers deliver events. An address is shown once, with what to do with it at the provider."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Text
from outrider.tenancy import Visitor, actor_names, visiting

from .addresses import public_address
from .deliveries import STATES, Deliveries
from .sources import KINDS, WebhookSources

NAVIGATION = (
    ui.NavItem(
        "Webhooks",
        "/webhooks",
        "zap",
        "campaigns:read",
        "Organization",
        order=50,
        keywords="sendgrid lemlist smartlead events deliveries",
        about="Where other services report opens, replies and bounces",
    ),
)
router = APIRouter(include_in_schema=False)
PAGE = 50
Reader = Annotated[Visitor, Depends(visiting("campaigns:read"))]
Writer = Annotated[Visitor, Depends(visiting("campaigns:write"))]
Manager = Annotated[Visitor, Depends(visiting("organization:write"))]
State = Annotated[Text, Query(max_length=20)]
STATE_WORDS = {"pending": "Waiting", "done": "Done", "failed": "Failed"}


@router.get("/webhooks")
async def index(request: Request, visitor: Reader, cursor: Cursor = None) -> Response:
    """Return the webhooks, newest first."""
    async with visitor.transaction(readonly=True) as connection:
        page = await WebhookSources(connection, visitor.organization_id).page(limit=PAGE, cursor=cursor)
    return ui.page(
        request,
        "engagement/webhooks.html",
        sources=page.items,
        kinds=KINDS,
        may_manage=visitor.may("organization:write"),
        first="/webhooks" if cursor else None,
        next=ui.address("/webhooks", {"cursor": page.next_cursor}) if page.next_cursor else None,
    )


@router.get("/webhooks/new")
async def new(request: Request, visitor: Manager) -> Response:
    """Return the form for a new webhook."""
    return _form(request, {"kind": "sendgrid", "name": "", "secret": ""})


@router.post("/webhooks")
async def create(request: Request, visitor: Manager) -> Response:
    """Make a webhook, and show its address and secret this once, with what to do at the provider."""
    form = await ui.form(request)
    typed = {name: str(form.get(name, "")).strip() for name in ("kind", "name", "secret")}
    try:
        async with visitor.transaction() as connection:
            name = typed["name"] or KINDS.get(typed["kind"], "")
            made = await WebhookSources(connection, visitor.organization_id).create(typed["kind"], name, typed["secret"] or None)
    except InvalidInput as error:
        return _form(request, typed, error)
    address = public_address(request) + made.path
    return ui.page(request, "engagement/webhook_made.html", source=made.source, address=address, secret=made.secret, kinds=KINDS)


@router.get("/webhooks/deliveries")
async def deliveries(request: Request, visitor: Reader, state: State = "", cursor: Cursor = None) -> Response:
    """Return what all of them brought, newest first."""
    context = await _deliveries(visitor, None, state, cursor, "/webhooks/deliveries")
    if ui.is_htmx(request):
        return ui.fragment(request, "engagement/deliveries.html", "list", **context)
    return ui.page(request, "engagement/deliveries.html", **context)


@router.get("/webhooks/deliveries/{id}")
async def delivery(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return one delivery: its body, what became of it, and what went wrong."""
    async with visitor.transaction(readonly=True) as connection:
        found = await Deliveries(connection, visitor.organization_id).get(id)
    return ui.page(
        request,
        "engagement/delivery.html",
        delivery=found.delivery,
        body=found.body.decode(errors="replace"),
        kinds=KINDS,
        may_write=visitor.may("campaigns:write"),
    )


@router.post("/webhooks/deliveries/{id}/retry")
async def retry(request: Request, visitor: Writer, id: UUID) -> Response:
    """Have a delivery that failed worked on again."""
    async with visitor.transaction() as connection:
        await Deliveries(connection, visitor.organization_id).retry(id)
    return ui.redirect(request, f"/webhooks/deliveries/{id}", toast="It is worked on again")


@router.get("/webhooks/{id}")
async def show(request: Request, visitor: Reader, id: UUID, state: State = "", cursor: Cursor = None) -> Response:
    """Return one webhook and what it brought."""
    async with visitor.transaction(readonly=True) as connection:
        source = await WebhookSources(connection, visitor.organization_id).get(id)
        names = await actor_names(connection, visitor.organization_id, [source.created_by])
    context = await _deliveries(visitor, id, state, cursor, f"/webhooks/{id}")
    if ui.is_htmx(request):
        return ui.fragment(request, "engagement/deliveries.html", "list", **context)
    may_manage = visitor.may("organization:write")
    return ui.page(
        request, "engagement/webhook.html", source=source, by=names[source.created_by], kinds=KINDS, may_manage=may_manage, **context
    )


@router.post("/webhooks/{id}/pause")
async def pause(request: Request, visitor: Manager, id: UUID) -> Response:
    """Refuse what comes, until it is resumed."""
    async with visitor.transaction() as connection:
        await WebhookSources(connection, visitor.organization_id).change(id, is_active=False)
    return ui.redirect(request, f"/webhooks/{id}", toast="Paused: what comes is refused")


@router.post("/webhooks/{id}/resume")
async def resume(request: Request, visitor: Manager, id: UUID) -> Response:
    """Take what comes again."""
    async with visitor.transaction() as connection:
        await WebhookSources(connection, visitor.organization_id).change(id, is_active=True)
    return ui.redirect(request, f"/webhooks/{id}", toast="It takes deliveries again")


@router.post("/webhooks/{id}/rotate")
async def rotate(request: Request, visitor: Manager, id: UUID) -> Response:
    """Put another secret in the place of the one before; one that was made here is shown this once."""
    given = str((await ui.form(request)).get("secret", "")).strip() or None
    async with visitor.transaction() as connection:
        service = WebhookSources(connection, visitor.organization_id)
        secret = await service.rotate(id, given)
        source = await service.get(id)
    if secret is None:
        return ui.redirect(request, f"/webhooks/{id}", toast="The new one holds; the one before is taken for 24 hours more")
    return ui.page(request, "engagement/webhook_made.html", source=source, address=None, secret=secret, kinds=KINDS)


@router.post("/webhooks/{id}/delete")
async def delete(request: Request, visitor: Manager, id: UUID) -> Response:
    """Take a webhook and what it brought away; the events stay."""
    async with visitor.transaction() as connection:
        name = await WebhookSources(connection, visitor.organization_id).delete(id)
    return ui.redirect(request, "/webhooks", toast=f"{name} is deleted")


def _form(request: Request, typed: dict[str, str], error: InvalidInput | None = None) -> Response:
    errors = {error.field or "form": error.message} if error else {}
    return ui.page(
        request, "engagement/webhook_new.html", status_code=error.status if error else 200, errors=errors, typed=typed, kinds=KINDS
    )


async def _deliveries(visitor: Visitor, source: UUID | None, state: str, cursor: str | None, here: str) -> dict[str, Any]:
    async with visitor.transaction(readonly=True) as connection:
        service = Deliveries(connection, visitor.organization_id)
        page = await service.page(source_id=source, state=state or None, limit=PAGE, cursor=cursor)
    return {
        "deliveries": page.items,
        "of_one": source is not None,
        "here": here,
        "at": ui.address(here, {"state": state}),
        "tabs": [("All", here), *((STATE_WORDS[one], f"{here}?state={one}") for one in STATES)],
        "state": state,
        "is_moving": cursor is None and any(one.state == "pending" for one in page.items),
        "first": ui.address(here, {"state": state}) if cursor else None,
        "next": ui.address(here, {"state": state, "cursor": page.next_cursor}) if page.next_cursor else None,
    }
