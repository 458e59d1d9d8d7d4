"""Files that are written while they are sent."""

from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse


def csv_file(blocks: AsyncIterator[str], name: str) -> StreamingResponse:
    """Return the answer of a CSV file (UTF-8) called `name`. What `blocks` raises comes too late for an error document: check before."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(blocks, media_type="text/csv; charset=utf-8", headers=headers)
