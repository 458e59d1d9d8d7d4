"""One import, from its mapping to its report: one address, which follows the import's life."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.namespaces import NamespaceService
from outrider.tenancy import Visitor, still_visiting

from .. import imports, running
from ..mapping import Column
from ..progress import follow
from ..rejects import column_names, reject_examples
from . import words
from .frame import Reader, Writer, base, framed

router = APIRouter(include_in_schema=False)


@router.get("/imports/{number}")
async def show(request: Request, visitor: Reader, number: UUID) -> Response:
    """Return the page of an import as it stands."""
    return await _page(request, visitor, number)


async def _page(request: Request, visitor: Visitor, number: UUID, status: int = 200, **more: Any) -> Response:
    context = await framed(visitor, number)
    found = context["found"]
    async with visitor.transaction(readonly=True) as connection:
        if context["step"] == "map":
            context["namespaces"] = (await NamespaceService(connection, visitor.organization_id).page(limit=500)).items
        if context["step"] == "report" and found.rows_failed:
            reasons = [reason for reason in found.reasons if reason != "reverted"]
            columns = context["columns"]
            context["examples"] = await reject_examples(connection, visitor.organization_id, number, reasons, columns)
    return ui.page(request, "intake/import.html", status, **{"examples": {}, "namespaces": [], **context, **more})


@router.get("/imports/{number}/live")
async def live(request: Request, visitor: Reader, number: UUID) -> Response:
    """Stream how the work on an import goes; the last text brings the page that comes after."""
    await imports.get_import(visitor.organization_id, visitor.actor, number)

    async def texts() -> AsyncIterator[str]:
        async for lines in follow(visitor.organization_id, visitor.actor, [number]):
            if not await still_visiting(request, "imports:read"):
                return
            yield ui.render_block(request, "intake/import.html", "live", line=lines[0], words=words, may_write=visitor.may("imports:write"))

    return ui.stream(texts())


@router.post("/imports/{number}")
async def save(request: Request, visitor: Writer, number: UUID) -> Response:
    """Keep how the file is to be read, and with `action` try it out or start it."""
    form = await ui.form(request)
    organization, actor, action = visitor.organization_id, visitor.actor, form.get("action", "save")
    try:
        current = await imports.get_import(organization, actor, number)
        if current.state == "uploaded":
            await imports.change_import(organization, actor, number, _said(form))
            if chosen := _chosen(imports.columns_of(current), form):
                await imports.set_mapping(organization, actor, number, chosen)
        if action == "dry-run":
            await running.start_preview(organization, actor, number)
            return ui.redirect(request, f"{base(request)}#dry-run")
        if action == "start":
            await running.start(organization, actor, number)
            return ui.redirect(request, base(request))
    except NotFound as error:
        if error.field == "id":
            raise
        return await _page(request, visitor, number, 422, errors={error.field or "": error.message})
    except (InvalidInput, Conflict) as error:
        return await _page(request, visitor, number, 422, errors={error.field or "": error.message})
    return ui.redirect(request, base(request), toast="Saved. The next file with these columns is read the same way.")


def _said(form: FormData) -> dict[str, Any]:
    said: dict[str, Any] = {"source": str(form.get("source", "")).strip() or None, "mode": str(form.get("mode", "fill"))}
    said["promote"] = form.get("promote") == "on"
    if form.get("goes") == "campaign":
        said["campaign"] = str(form.get("campaign", "")).strip() or None
    else:
        said["namespace"] = str(form.get("namespace", "")) or None
    for name in ("encoding", "delimiter", "sheet"):
        if name in form and form.get(name) != form.get(f"{name}-was"):
            said[name] = str(form.get(name)) or None
    return said


def _chosen(columns: list[Column], form: FormData) -> dict[str, str | None]:
    """Return the field of every column as the form has it, {} when all stands so already.

    Of every one: a field that is taken from its column would go to the next that looks like it.

    Raises `InvalidInput` when two columns are to be the same field.
    """
    asked = {column.index: form.get(f"column-{column.index}") for column in columns}
    for column in columns:
        field = asked[column.index]
        twin = next((one for one in columns[: column.index] if field and asked[one.index] == field), None)
        if twin is not None:
            raise InvalidInput(
                f"{twin.header!r} and {column.header!r} cannot both be {field}: choose another for one of them", field="mapping"
            )
    fields = {column.index: column.field if asked[column.index] is None else str(asked[column.index]) or None for column in columns}
    if all(fields[column.index] == column.field for column in columns):
        return {}
    return {name: fields[column.index] for name, column in zip(column_names(columns), columns, strict=True)}


@router.post("/imports/{number}/start")
async def start(request: Request, visitor: Writer, number: UUID) -> Response:
    """Start an import, or go on with one that was stopped."""
    await running.start(visitor.organization_id, visitor.actor, number)
    return ui.redirect(request, base(request))


@router.post("/imports/{number}/cancel")
async def cancel(request: Request, visitor: Writer, number: UUID) -> Response:
    """Stop an import after the chunk it is at; one that has not started is dropped with its file."""
    stopped = await running.cancel(visitor.organization_id, visitor.actor, number)
    if stopped.state == "cancelled" and not stopped.rows_read:
        return ui.redirect(request, "/imports", toast=f"{stopped.file_name} was discarded. Nothing of it came in.")
    return ui.redirect(request, base(request), toast="It stops after the rows that it is at.", tone="info")


@router.post("/imports/{number}/cancel-dry-run")
async def cancel_dry_run(request: Request, visitor: Writer, number: UUID) -> Response:
    """Stop a dry run."""
    await running.cancel_dry_run(visitor.organization_id, visitor.actor, number)
    return ui.redirect(request, base(request), toast="The dry run stops.", tone="info")


@router.post("/imports/{number}/preview-revert")
async def preview_revert(request: Request, visitor: Writer, number: UUID) -> Response:
    """Find out what taking the import back would do."""
    await running.preview_revert(visitor.organization_id, visitor.actor, number)
    return ui.redirect(request, f"{base(request)}#take-back")


@router.post("/imports/{number}/revert")
async def revert(request: Request, visitor: Writer, number: UUID) -> Response:
    """Take the import back."""
    await running.start_revert(visitor.organization_id, visitor.actor, number)
    return ui.redirect(request, base(request))
