"""What a text becomes for a real person, beside where it is written: subject, message, plain text, what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.people import Filters, Lists, PersonRow, sample
from outrider.tenancy import Visitor

from ..paragraphs import to_html
from ..templates import Preview, UsedVariable, rendered, values_used
from ..variables import variables_of_person
from .visits import Reader

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Typed:
    """A template as it is being written; `body` as it was typed, plain paragraphs or HTML. `person` is whom it is previewed for."""

    name: str = ""
    category: str = ""
    subject: str = ""
    body: str = ""
    person: str = ""

    @property
    def html(self) -> str:
        """The body as it is kept."""
        return to_html(self.body)


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview: `person` None where nobody is meant by what was typed; `known` are the variables that they have a value for.

    `wrong` says why the text cannot be read.
    """

    person: PersonRow | None
    known: Sequence[str] = ()
    preview: Preview | None = None
    used: Sequence[UsedVariable] = ()
    wrong: str | None = None

    @property
    def missing(self) -> list[str]:
        """The variables that keep the message back."""
        return [one.name for one in self.used if one.is_missing]


def typed(form: FormData) -> Typed:
    """Return what the form brings; what was not sent is empty."""
    return Typed(**{name: str(form.get(name, "")) for name in ("name", "category", "subject", "body", "person")})


async def previewed(connection: asyncpg.Connection, visitor: Visitor, text: Typed) -> Shown:
    """Return what the text becomes for the person named by an address or a name, for one with most values where none is."""
    people = Lists(connection, visitor.organization_id)
    found = await (_meant(people, text.person.strip()) if text.person.strip() else sample(people))
    if found is None:
        return Shown(None)
    known = await variables_of_person(connection, visitor.organization_id, found.id)
    try:
        used = values_used(text.subject, text.html, known)
        preview = rendered(text.subject, text.html, known, seed=f"preview/{found.id}")
    except InvalidInput as error:
        return Shown(found, sorted(known), wrong=ui.sentence(error.message))
    return Shown(found, sorted(known), preview, used)


async def _meant(people: Lists, wanted: str) -> PersonRow | None:
    """Return the person with an address, else the newest that a search finds."""
    try:
        rows = (await people.people(Filters(email=wanted), limit=1)).items if "@" in wanted else []
        rows = rows or (await people.people(Filters(q=wanted), limit=1)).items
    except InvalidInput:
        return None
    return rows[0] if rows else None


@router.post("/templates/preview")
async def preview(request: Request, visitor: Reader) -> Response:
    """Return the preview of what is being written, as somebody types it."""
    text = typed(await ui.form(request))
    async with visitor.transaction(readonly=True) as connection:
        shown = await previewed(connection, visitor, text)
    return ui.fragment(request, "audiences/preview.html", "preview", shown=shown, typed=text)
