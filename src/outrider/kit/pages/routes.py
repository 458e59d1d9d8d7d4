"""The addresses that pages need whoever owns them: assets, the icon of the tab, the theme."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from outrider.kit.errors import InvalidInput

from . import answers, assets
from .flash import is_local_path
from .rendering import THEME_COOKIE, THEMES

YEAR = 365 * 24 * 3600
router = APIRouter(include_in_schema=False)
router.add_api_route("/assets/{digest}/{name}", assets.serve, methods=["GET"])


@router.get("/favicon.ico")
async def favicon() -> Response:
    """Browsers ask for it unasked."""
    return RedirectResponse(assets.url("favicon.svg"), 301)


@router.post("/theme")
async def set_theme(request: Request) -> Response:
    """Remember in the browser how pages are to look; needs no sign-in, and changes nothing but that."""
    form = await answers.form(request)
    wanted, back = str(form.get("theme", "")), str(form.get("next", "/"))
    if wanted not in THEMES:
        raise InvalidInput(f"theme is {wanted[:20]!r}; it must be one of {', '.join(THEMES)}", field="theme")
    answer = answers.redirect(request, back if is_local_path(back) else "/")
    answer.set_cookie(THEME_COOKIE, wanted, max_age=YEAR, samesite="lax", httponly=True)
    return answer
