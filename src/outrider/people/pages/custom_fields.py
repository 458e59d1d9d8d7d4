"""/settings/fields: custom fields with their types, and keys that came in with imports and wait for one."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput

from ..custom_fields import CustomFields, FieldChange
from .frame import Reader, Writer

router = APIRouter(include_in_schema=False)
NAVIGATION = (
    ui.NavItem(
        "Custom fields",
        "/settings/fields",
        "list-plus",
        "people:read",
        "Organization",
        order=40,
        keywords="columns types attributes",
        about="What you keep of people and companies beside what Outrider knows",
    ),
)
TYPES = (
    ("text", "Text"),
    ("number", "Number"),
    ("date", "Date"),
    ("boolean", "Yes or no"),
    ("select", "One of some options"),
    ("url", "Web address"),
)


@router.get("/settings/fields")
async def index(request: Request, visitor: Reader) -> Response:
    """Return all fields."""
    return await _page(request, visitor)


async def _page(request: Request, visitor: Reader, errors: dict[str, str] | None = None, typed: dict[str, str] | None = None) -> Response:
    async with visitor.transaction(readonly=True) as connection:
        registry = await CustomFields(connection, visitor.organization_id).registry()
    return ui.page(
        request,
        "people/lists/fields.html",
        422 if errors else 200,
        fields=[field for field in registry.fields if not field.is_archived],
        archived=[field for field in registry.fields if field.is_archived],
        found=registry.found,
        counted_at=registry.counted_at,
        types=TYPES,
        type_words=dict(TYPES),
        may_write=visitor.may("people:write"),
        errors=errors or {},
        typed=typed or {},
    )


@router.post("/settings/fields")
async def add(request: Request, visitor: Writer) -> Response:
    """Give a key that came in, or a new one, a type."""
    typed = {name: str(value) for name, value in (await ui.form(request)).items()}
    try:
        async with visitor.transaction() as connection:
            field = await CustomFields(connection, visitor.organization_id).add(
                typed.get("label", ""), typed.get("type", ""), typed.get("options", "").splitlines(), typed.get("key") or None
            )
    except (InvalidInput, Conflict) as error:
        return await _page(request, visitor, {error.field or "label": ui.sentence(error.message)}, typed)
    return ui.redirect(request, "/settings/fields", toast=f"{field.label} has a type now")


@router.post("/settings/fields/count")
async def count(request: Request, visitor: Writer) -> Response:
    """Have it counted again who holds which field."""
    async with visitor.transaction() as connection:
        await CustomFields(connection, visitor.organization_id).ask_for_count()
    return ui.redirect(request, "/settings/fields", toast="Counting in the background: look again in a moment")


@router.get("/settings/fields/{id}")
async def edit(request: Request, visitor: Writer, id: UUID) -> Response:
    """Return the form of one field."""
    async with visitor.transaction(readonly=True) as connection:
        field = await CustomFields(connection, visitor.organization_id).find(id)
    typed = {"label": field.label, "type": field.type, "options": "\n".join(field.options), "position": str(field.position)}
    return ui.page(request, "people/lists/field.html", field=field, types=TYPES, typed=typed)


@router.post("/settings/fields/{id}")
async def change(request: Request, visitor: Writer, id: UUID) -> Response:
    """Change a field: its label, type, options or place; or archive it, or take it into use again. Values stay as they are."""
    typed = {name: str(value) for name, value in (await ui.form(request)).items()}
    async with visitor.transaction() as connection:
        fields = CustomFields(connection, visitor.organization_id)
        field = await fields.find(id)
        try:
            if "archived" in typed:
                field = await fields.change(id, FieldChange(is_archived=typed["archived"] == "yes"))
                told = f"{field.label} is {'archived: its values stay' if field.is_archived else 'in use again'}"
                return ui.redirect(request, "/settings/fields", toast=told)
            place = typed.get("position", "").strip()
            position = int(place) if place.isdecimal() and len(place) < 6 else None
            wanted = FieldChange(typed.get("label"), typed.get("type"), typed.get("options", "").splitlines(), position)
            field = await fields.change(id, wanted)
        except InvalidInput as error:
            errors = {error.field or "label": ui.sentence(error.message)}
            typed = {**dict.fromkeys(("label", "type", "options", "position"), ""), **typed}
            return ui.page(request, "people/lists/field.html", 422, field=field, types=TYPES, typed=typed, errors=errors)
    return ui.redirect(request, "/settings/fields", toast="Saved")
