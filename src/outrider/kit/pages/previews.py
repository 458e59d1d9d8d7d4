"""Mail shown as it was written, in a frame of a page: nothing in it runs, loads from elsewhere, or leads anywhere."""

import re

import lxml.html  # type: ignore[import-untyped]
from lxml import etree
from starlette.responses import HTMLResponse

POLICY = "; ".join(
    (
        "sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
HEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Preview</title>'
    '<meta name="color-scheme" content="light">'
    "<style>body{margin:16px;background:#fff;color:#161a19;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "img{max-width:100%}</style>"
)
WAYS_OUT = frozenset({"href", "action", "formaction", "ping", "target", "xlink:href"})
LOADS = frozenset({"src", "srcset", "poster", "background", "data"})
_URLS = re.compile(r"url\(\s{0,9}[\"']?(?!data:)", re.IGNORECASE)


def preview(html: str) -> HTMLResponse:
    """Return the document for `<iframe sandbox>`. Links are dead and pictures from elsewhere are left out: those of a sent message would
    tell of a click or an opening that nobody made.
    """
    return HTMLResponse(HEAD + _dead(html), headers={"Content-Security-Policy": POLICY, "X-Frame-Options": "SAMEORIGIN"})


def _dead(html: str) -> str:
    """Return the body of a mail without what loads or leads anywhere; what cannot be read at all is left out."""
    try:
        document = lxml.html.document_fromstring(html.replace("\0", "") or "<p></p>")
    except (etree.ParserError, ValueError):
        return ""
    for element in document.iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag == "style" and element.text:
            element.text = _URLS.sub("url(data:,", element.text)
        for name, value in list(element.attrib.items()):
            if name in WAYS_OUT or (name in LOADS and not value.strip().lower().startswith("data:")):
                del element.attrib[name]
            elif name == "style":
                element.attrib[name] = _URLS.sub("url(data:,", value)
    return str(lxml.html.tostring(document, encoding="unicode"))
