"""POST /hooks/{token}: where providers deliver. The address is the right to come in, and names the tenant; a signature proves more.

No form, no session, no API key. The body is read with a limit of its own, unpacked when it comes packed, kept, and answered.
"""

import zlib
from typing import Annotated

import orjson
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit.errors import InvalidInput, NotFound, TooLarge
from outrider.kit.http import Guesses
from outrider.tenancy import network_of_request

from .deliveries import Receipt, check_address, receive

MOST_BYTES = 5 * 2**20
SMALL_BYTES = 64 * 1024  # what is read before it is known whose address it is
LONGEST_TOKEN = 200
GZIP = 16 + zlib.MAX_WBITS
router = APIRouter(include_in_schema=False)


@router.post("/hooks/{token}")
async def take(request: Request, token: Annotated[str, Path(max_length=LONGEST_TOKEN)]) -> Response:
    """Answer 202 for what is new, 200 for what came before; a problem document otherwise. Nothing is worked on here.

    Who tries addresses that are nobody's is held back by network: 429.
    """
    guesses: Guesses = request.app.state.webhook_guesses
    network = network_of_request(request)
    guesses.check(token, network)
    try:
        receipt = await _received(request, token)
    except NotFound:
        guesses.failed(token, network)
        raise
    guesses.held(token)
    kept = orjson.dumps({"delivery_id": str(receipt.delivery_id), "is_new": receipt.is_new})
    return Response(kept, 202 if receipt.is_new else 200, media_type="application/json")


async def _received(request: Request, token: str) -> Receipt:
    size = request.headers.get("content-length", "")
    if not size.isdigit() or int(size) > SMALL_BYTES:
        await check_address(token)
    return await receive(token, request.headers, await _body(request))


async def _body(request: Request) -> bytes:
    """Return the body, unpacked. Raises `TooLarge` as soon as it is over `MOST_BYTES`, `InvalidInput` for a packing that we do not know."""
    packing = request.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip"):
        raise InvalidInput(f"Content-Encoding is {packing[:40]!r}; gzip is taken, or nothing", field="Content-Encoding")
    unpacking = zlib.decompressobj(GZIP) if packing != "identity" else None
    body = bytearray()
    async for chunk in request.stream():
        body += _unpacked(unpacking, chunk, MOST_BYTES + 1 - len(body)) if unpacking else chunk
        if len(body) > MOST_BYTES:
            raise TooLarge(f"the body is larger than the {MOST_BYTES} bytes taken here: send it in parts", field="body", limit=MOST_BYTES)
    if unpacking is not None and not unpacking.eof:
        raise InvalidInput("the body ends before its gzip does", field="body")
    return bytes(body)


def _unpacked(unpacking: "zlib._Decompress", chunk: bytes, most: int) -> bytes:
    try:
        return unpacking.decompress(chunk, most)
    except zlib.error as error:
        raise InvalidInput(f"the body says that it is gzip and is not: {error}", field="body") from error
