"""/suppressions: who is never written to again: found, added one by one or by the list, lifted, taken out as a file."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Text
from outrider.tenancy import Visitor, actor_names, visiting

from .. import suppressions
from ..suppression_files import Outcome, suppress_listed
from ..suppressions_api import csv_answer
from . import words
from .frame import Reader, Word, Writer, freeze_of, problems

router = APIRouter()
PAGE = 50
LONGEST_NOTE = 1000
Uploader = Annotated[Visitor, Depends(visiting("mailboxes:write", files=1))]
Choice = Annotated[Text, Query(max_length=20)]


@router.get("/suppressions")
async def index(request: Request, visitor: Reader, q: Word = "", reason: Choice = "", kind: Choice = "", cursor: Cursor = None) -> Response:
    """Return the list; htmx gets it alone."""
    context = await _context(visitor, {"q": q.strip(), "reason": reason, "kind": kind}, cursor)
    if ui.is_htmx(request):
        return ui.fragment(request, "sending/suppressions.html", "list", **context)
    return ui.page(request, "sending/suppressions.html", **context)


@router.get("/suppressions/export.csv")
async def export(visitor: Reader) -> Response:
    """Return all of them as CSV."""
    return csv_answer(visitor.caller)


@router.get("/suppressions/new")
async def new(request: Request, visitor: Writer) -> Response:
    """Return the form: one or many, typed, pasted or as a file."""
    async with visitor.transaction(readonly=True) as connection:
        freeze = await freeze_of(connection, visitor)
    return ui.page(request, "sending/suppress.html", typed={"values": "", "note": ""}, outcome=None, freeze=freeze)


@router.post("/suppressions/new")
async def add(request: Request, visitor: Uploader) -> Response:
    """Suppress what was typed, pasted and uploaded; lines that are neither address nor domain are named, the rest is kept."""
    form = await request.form(max_files=1)
    typed = {name: str(form.get(name, "")) for name in ("values", "note")}
    try:
        given, is_list = await _given(form)
        if len(typed["note"]) > LONGEST_NOTE or "\x00" in typed["note"]:
            raise InvalidInput(f"write at most {LONGEST_NOTE:,} letters", field="note")
        async with visitor.transaction() as connection:
            note = typed["note"].strip() or None
            outcome = await suppress_listed(connection, visitor.organization_id, given, "import" if is_list else "manual", note=note)
    except InvalidInput as error:
        return ui.page(request, "sending/suppress.html", 422, typed=typed, outcome=None, freeze=None, errors=problems(error))
    if outcome.refused:
        return ui.page(request, "sending/suppress.html", typed={**typed, "values": ""}, outcome=outcome, freeze=None)
    return ui.redirect(request, "/suppressions", toast=_told(outcome))


@router.get("/suppressions/{id}/remove")
async def ask(request: Request, visitor: Writer, id: UUID) -> Response:
    """Ask whether somebody may be written to again, and say what that means."""
    return await _asked(request, visitor, id)


@router.post("/suppressions/{id}/remove")
async def remove(request: Request, visitor: Writer, id: UUID) -> Response:
    """Lift the suppression; who did it and why is kept."""
    why = str((await ui.form(request)).get("why", ""))
    try:
        if len(why) > 500:
            raise InvalidInput("it is longer than 500 letters: shorten it", field="why")
        async with visitor.transaction() as connection:
            gone = await suppressions.unsuppress(connection, visitor.organization_id, id, why)
    except InvalidInput as error:
        return await _asked(request, visitor, id, why, error)
    return ui.redirect(request, "/suppressions", toast=f"{gone.value or 'The erased address'} may be written to again")


async def _asked(request: Request, visitor: Visitor, id: UUID, why: str = "", error: InvalidInput | None = None) -> Response:
    async with visitor.transaction(readonly=True) as connection:
        found = await suppressions.find_suppression(connection, visitor.organization_id, id)
        names = await actor_names(connection, visitor.organization_id, [found.created_by])
        freeze = await freeze_of(connection, visitor)
    return ui.page(
        request,
        "sending/unsuppress.html",
        422 if error else 200,
        found=found,
        by=names[found.created_by],
        is_their_own=found.reason in suppressions.THEIR_OWN,
        why=why,
        freeze=freeze,
        words=words,
        errors=problems(error) if error else {},
    )


async def _context(visitor: Visitor, asked: dict[str, str], cursor: str | None) -> dict[str, Any]:
    asked = {
        **asked,
        "reason": asked["reason"] if asked["reason"] in suppressions.REASONS else "",
        "kind": asked["kind"] if asked["kind"] in suppressions.KINDS else "",
    }
    async with visitor.transaction(readonly=True) as connection:
        page = await suppressions.page_of_suppressions(
            connection,
            visitor.organization_id,
            q=asked["q"] or None,
            reason=asked["reason"] or None,
            kind=asked["kind"] or None,
            limit=PAGE,
            cursor=cursor,
        )
        names = await actor_names(connection, visitor.organization_id, [one.created_by for one in page.items])
        freeze = await freeze_of(connection, visitor)
    return {
        "found": page.items,
        "names": names,
        "asked": asked,
        "is_narrowed": any(asked.values()),
        "next": ui.address("/suppressions", {**asked, "cursor": page.next_cursor}) if page.next_cursor else None,
        "first": ui.address("/suppressions", asked) if cursor else None,
        "freeze": freeze,
        "words": words,
        "may_write": visitor.may("mailboxes:write"),
    }


async def _given(form: FormData) -> tuple[str, bool]:
    """Return the text that was given, and whether it is a list: a file, or more than one line. Raises `InvalidInput` for no text."""
    text = str(form.get("values", ""))
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        try:
            return (await file.read()).decode("utf-8-sig"), True
        except UnicodeDecodeError as error:
            raise InvalidInput("this is no CSV or text file in UTF-8: save it as CSV first", field="file") from error
    if not text.strip():
        raise InvalidInput("name an address or a domain, paste a list, or choose a file", field="values")
    return text, len(text.strip().splitlines()) > 1


def _told(outcome: Outcome) -> str:
    added = f"{ui.number(outcome.added)} suppressed"
    return f"{added}; {ui.number(outcome.already)} were already, or were named twice" if outcome.already else added
