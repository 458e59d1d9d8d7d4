"""/templates/{id}: a text, what becomes of it for somebody, the variables there are; copying and deleting it."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput
from outrider.tenancy import Visitor

from ..choices import Choices
from ..paragraphs import to_typed
from ..templates import Templates
from .previews import Typed, previewed, typed
from .visits import Reader, Writer, problems, refused, templates_of

router = APIRouter()


@router.get("/templates/{id}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return the text to read, and to change where one may."""
    return await page(request, visitor, id)


@router.post("/templates/{id}")
async def change(request: Request, visitor: Writer, id: UUID) -> Response:
    """Save it, or say what is wrong; the button for a preview only shows that."""
    form = await ui.form(request)
    text = typed(form)
    if form.get("do") == "preview":
        return await page(request, visitor, id, text)
    try:
        async with templates_of(visitor) as templates:
            await templates.change(id, name=text.name, subject=text.subject, body=text.html, category=text.category)
    except (InvalidInput, Conflict) as error:
        return await page(request, visitor, id, text, errors=problems(error), status=error.status)
    return ui.redirect(request, f"/templates/{id}", toast="Saved")


@router.post("/templates/{id}/duplicate")
async def duplicate(request: Request, visitor: Writer, id: UUID) -> Response:
    """Make a copy and go there."""
    async with templates_of(visitor) as templates:
        made = await templates.duplicate(id)
    return ui.redirect(request, f"/templates/{made.id}", toast=f"This is {made.name}")


@router.post("/templates/{id}/delete")
async def delete(request: Request, visitor: Writer, id: UUID) -> Response:
    """Delete it, unless a campaign uses it."""
    try:
        async with templates_of(visitor) as templates:
            found = await templates.find(id)
            await templates.delete(id)
    except Conflict as error:
        return refused(request, f"/templates/{id}", error)
    return ui.redirect(request, "/templates", toast=f"Deleted {found.name}")


async def page(
    request: Request,
    visitor: Visitor,
    id: UUID | None,
    text: Typed | None = None,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Return the page of a template, or of a new one, with what was typed; None: as it is kept."""
    async with visitor.transaction(readonly=True) as connection:
        templates = Templates(connection, visitor.organization_id)
        found = await templates.find(id) if id else None
        campaigns = (await templates.campaigns([id])).get(id, []) if id else []
        if text is None:
            assert found is not None
            text = Typed(found.name, found.category or "", found.subject, to_typed(found.body))
        variables = await Choices(connection, visitor.organization_id).variables()
        shown = await previewed(connection, visitor, text)
    answer = ui.page(
        request,
        "audiences/template.html",
        status,
        kept=found,
        typed=text,
        campaigns=campaigns,
        variables=list(dict.fromkeys([*variables, *shown.known])),
        shown=shown,
        errors=errors or {},
        action=f"/templates/{id or 'new'}",
        may_write=visitor.may("campaigns:write"),
    )
    return ui.showing_mail(answer)
