"""The style sheet, the scripts, the typeface and the icons: read once, named by what is in them, kept by browsers for a year.

Our own files of `styles/` and `scripts/` become one sheet and one script, in the order of their names. Nothing here is written to disk.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from outrider.kit.errors import NotFound, Unavailable

HERE = Path(__file__).parent
PREFIX = "/assets"
VENDOR = ("htmx.js", "hx-sse.js", "inter.woff2", "icons.svg")
KINDS = {".css": "text/css", ".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
FOR_A_YEAR = "public, max-age=31536000, immutable"
REFERENCE = re.compile(r"asset\(([\w.-]+)\)")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served; `packed` is its gzip, None where that gains nothing."""

    url: str
    kind: str
    content: bytes
    packed: bytes | None


@cache
def assets() -> dict[str, Asset]:
    """Return every asset by name. Raises `Unavailable` when the front-end packages were not collected."""
    found = {name: _asset(name, _vendor(name)) for name in VENDOR}
    found["favicon.svg"] = _asset("favicon.svg", (HERE / "favicon.svg").read_bytes())
    styles = "\n".join(path.read_text() for path in sorted((HERE / "styles").glob("*.css")))
    found["outrider.css"] = _asset("outrider.css", REFERENCE.sub(lambda match: f"url({found[match[1]].url})", styles).encode())
    scripts = "\n".join(path.read_text() for path in sorted((HERE / "scripts").glob("*.js")))
    found["outrider.js"] = _asset("outrider.js", scripts.encode())
    return found


def url(name: str) -> str:
    """Return the address of an asset. Raises `KeyError` for one that there is not."""
    return assets()[name].url


async def serve(request: Request) -> Response:
    """Answer `/assets/{digest}/{name}`; an old digest is answered with what there is now, not to be kept."""
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise NotFound("there is no such file")
    is_current = asset.url == request.url.path
    headers = {"Cache-Control": FOR_A_YEAR if is_current else "no-cache", "Vary": "Accept-Encoding"}
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.kind, headers={**headers, "Content-Encoding": "gzip"})
    return Response(asset.content, media_type=asset.kind, headers=headers)


def _vendor(name: str) -> bytes:
    try:
        return (HERE / "vendor" / name).read_bytes()
    except FileNotFoundError as error:
        raise Unavailable("the front-end packages were not collected: run make assets") from error


def _asset(name: str, content: bytes) -> Asset:
    kind = Path(name).suffix
    packed = gzip.compress(content, 9, mtime=0) if kind != ".woff2" else None
    return Asset(f"{PREFIX}/{hashlib.sha256(content).hexdigest()[:10]}/{name}", KINDS[kind], content, packed)
