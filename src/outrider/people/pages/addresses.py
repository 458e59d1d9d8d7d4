"""The addresses of a person: what each says, its tags and custom fields, edited in place."""

from collections.abc import Iterable, Mapping
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.http import BigInt, Text
from outrider.tenancy import Visitor

from .. import contacts
from ..contacts import ContactEdit
from ..custom_fields import CustomField, CustomFields
from ..custom_values import text_of
from ..types import Contact, Fact
from .frame import Reader, Writer, base_of, framed, or_missing
from .records import Editing

router = APIRouter(include_in_schema=False)
FieldName = Annotated[Text | None, Query(max_length=contacts.LONGEST_NAME)]


@router.get("/people/{id}/addresses")
@or_missing
async def show(request: Request, visitor: Reader, id: UUID, contact: BigInt | None = None, field: FieldName = None) -> Response:
    """Return every address with where its values are from; one custom field of one address is open for editing if asked for."""
    return await _page(request, visitor, id, contact, field=field)


@router.post("/people/{id}/addresses/{contact}/tags")
@or_missing
async def change_tags(
    request: Request,
    visitor: Writer,
    id: UUID,
    contact: BigInt,
    add: Annotated[Text | None, Query(max_length=200)] = None,
    remove: Annotated[Text | None, Query(max_length=200)] = None,
) -> Response:
    """Add a tag or take one off: the form's, or for an undo the address's own."""
    form = await ui.form(request)
    adds, removes = form.get("add", add), form.get("remove", remove)
    wanted = ContactEdit((str(adds),) if adds is not None else (), (str(removes),) if removes is not None else ())
    back = {"add": removes} if removes is not None else {"remove": " ".join(str(adds).split())}
    undo = f"{base_of('person', id)}/addresses/{contact}/tags?{urlencode(back)}"
    return await _edit(request, visitor, id, contact, wanted, "Tag taken off" if removes is not None else "Tag added", undo=undo)


@router.post("/people/{id}/addresses/{contact}/fields")
@or_missing
async def change_field(request: Request, visitor: Writer, id: UUID, contact: BigInt) -> Response:
    """Set a custom field; empty takes it away."""
    form = await ui.form(request)
    name, value, seen = (str(form.get(part, "")) for part in ("name", "value", "seen"))
    if "seen" not in form:  # a new field, typed by a person
        name = " ".join(name.split())
    wanted = ContactEdit(custom_fields={name: value}, seen={name: seen} if "seen" in form else {})
    said = f"{name} {'saved' if value else 'taken away'}"
    return await _edit(request, visitor, id, contact, wanted, said, editing=Editing(name, value, seen))


async def _edit(
    request: Request,
    visitor: Visitor,
    id: UUID,
    contact: int,
    wanted: ContactEdit,
    said: str,
    *,
    undo: str | None = None,
    editing: Editing | None = None,
) -> Response:
    try:
        async with visitor.transaction() as connection:
            address = await contacts.address_of(connection, visitor.organization_id, id, contact)
            await contacts.edit(connection, visitor.organization_id, address, wanted)
    except (InvalidInput, Conflict) as error:
        return await _page(request, visitor, id, contact, editing=_after(error, editing), error=error)
    if ui.is_htmx(request):
        return ui.toast(await _page(request, visitor, id, contact), said, undo=undo)
    return ui.redirect(request, f"{base_of('person', id)}/addresses", toast=said, undo=undo)


async def _page(
    request: Request,
    visitor: Visitor,
    id: UUID,
    contact: int | None,
    *,
    field: str | None = None,
    editing: Editing | None = None,
    error: InvalidInput | Conflict | None = None,
) -> Response:
    async with visitor.transaction(readonly=True) as connection:
        context = await framed(connection, visitor, "person", id, ["contacts"])
        typed = await CustomFields(connection, visitor.organization_id).known()
    chosen = next((one for one in context["found"].contacts if one.contact_id == contact), None)
    if contact is not None and chosen is None:
        raise NotFound("there is no such address of this person", field="contact")
    if chosen and field:
        editing = _opened(chosen, field)
    context |= {"chosen": contact, "editing": editing, "error": error.message if error else None, "typed": typed, "in_order": _in_order}
    status = error.status if error else 200
    if ui.is_htmx(request) and chosen:
        return ui.fragment(request, "people/address.html", "card", status, **context, contact=chosen)
    return ui.page(request, "people/addresses.html", status, **context)


def _in_order(facts: Iterable[Fact], typed: Mapping[str, CustomField]) -> list[Fact]:
    """Return the custom fields that have or had a value: those with a type first, in the order that was given them."""
    places = {key: place for place, key in enumerate(typed)}
    there = (fact for fact in facts if fact.value is not None or fact.earlier)
    return sorted(there, key=lambda fact: places.get(fact.field, len(places)))


def _opened(contact: Contact, field: str) -> Editing:
    value = text_of(contact.custom_fields.get(field))
    return Editing(field, value, value)


def _after(error: InvalidInput | Conflict, editing: Editing | None) -> Editing | None:
    if editing is None or "current" not in error.extra:
        return editing
    current = text_of(error.extra["current"])
    return Editing(editing.field, editing.value, current, error.message, current)
