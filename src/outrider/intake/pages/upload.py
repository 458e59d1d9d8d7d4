"""Files in: one or many at once, by a form or dropped. Each becomes an import that waits for its mapping to be looked at."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput, OutriderError
from outrider.tenancy import Visitor, visiting

from ..imports import create_import
from ..types import Import, NewImport
from . import words
from .listing import page_of

router = APIRouter(include_in_schema=False)
MOST_FILES = 50
Uploader = Annotated[Visitor, Depends(visiting("imports:write", files=MOST_FILES))]


@router.post("/imports")
async def upload(request: Request, visitor: Uploader) -> Response:
    """Take the files in. One leads to its own page, several to the list; those that cannot be read are named, each with what to do."""
    async with request.form(max_files=MOST_FILES) as form:
        sent = [file for file in form.getlist("files") if isinstance(file, UploadFile) and file.filename]
        if not sent:
            return await _refused(request, visitor, [("", "choose at least one file")], [])
        made: list[Import] = []
        failed: list[tuple[str, str]] = []
        for file in sent:
            name = (file.filename or "file").replace("\x00", "")
            try:
                made.append(await create_import(visitor.organization_id, visitor.actor, file.file, NewImport(file_name=name)))
            except InvalidInput as error:
                failed.append((name, error.message))
            except OutriderError as error:
                failed.append((name, error.message))
                break  # the disk is full, or the file too large: the others would fare no better
    if failed:
        return await _refused(request, visitor, failed, made)
    if len(made) == 1:
        return ui.redirect(request, f"/imports/{made[0].id}")
    return ui.redirect(request, "/imports", toast=f"{len(made)} files are here. Look at how each is read, then start them.")


async def _refused(request: Request, visitor: Uploader, failed: list[tuple[str, str]], made: list[Import]) -> Response:
    context = {"failed": failed, "made": made, "words": words, "may_write": True}
    if ui.is_htmx(request):
        return ui.fragment(request, "intake/imports.html", "upload", 422, **context)
    return ui.page(request, "intake/imports.html", 422, **{**await page_of(visitor, None, None), **context})
