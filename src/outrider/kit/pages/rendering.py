"""Templates into answers. Every page goes through `page`, every piece of one through `fragment`.

The templates of a slice lie in its own `templates/` folder; those of the shell and the components here.
"""

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from . import assets, filters, flash, navigation
from .viewer import viewer_of

PACKAGE = Path(__file__).parents[2]
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
"""With `no-referrer`, as other answers have it, a browser says of a form only that it comes from `null` (`tenancy.csrf`)."""
MAIL_POLICY = f"{POLICY}; style-src-attr 'unsafe-inline'"
THEMES = ("system", "light", "dark")
THEME_COOKIE = "outrider_theme"


@cache
def environment() -> jinja2.Environment:
    """Return the templates of all slices. Values are escaped, and a name that is not there is an error."""
    folders = [Path(__file__).parent / "templates", *sorted(PACKAGE.glob("*/templates"))]
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    made.filters.update(filters.FILTERS)
    made.globals.update(asset=assets.url, csrf=_csrf, is_none=lambda value: value is None)
    made.globals["c"] = SimpleNamespace(**_components(made))
    return made


def _components(made: jinja2.Environment) -> dict[str, Any]:
    """Return every macro of `components/` by name: templates call them as `c.button(…)`. Two of one name are an error."""
    found: dict[str, Any] = {}
    for template in made.list_templates(filter_func=lambda name: name.startswith("components/")):
        macros = {
            name: macro for name, macro in vars(made.get_template(template).module).items() if isinstance(macro, jinja2.runtime.Macro)
        }
        if twice := found.keys() & macros.keys():
            raise ValueError(f"{template} has components that another file has too: {', '.join(sorted(twice))}")
        found |= macros
    return found


def page(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Return a whole page: `template`, which extends `shell.html` or `bare.html`, filled with `context`."""
    answer = HTMLResponse(render(request, template, **context), status_code=status_code, headers=HEADERS)
    flash.clear(request, answer)
    return answer


def showing_mail(answer: HTMLResponse) -> HTMLResponse:
    """Return the page that shows mails in frames (`srcdoc`, `sandbox=""`): these have its policy, and styles of mails work."""
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    return answer


def fragment(request: Request, template: str, block: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Return one `{% block %}` of a template, for htmx to put in its place."""
    return HTMLResponse(render_block(request, template, block, **context), status_code=status_code)


def render(request: Request, template: str, **context: Any) -> str:
    """Return a template's text as `page` sends it."""
    found = environment().get_template(template)
    with filters.showing(_zone(request)):
        return found.render(_complete(request, context))


def render_block(request: Request, template: str, block: str, **context: Any) -> str:
    """Return the text of one block, without anything round it."""
    found = environment().get_template(template)
    with filters.showing(_zone(request)):
        return "".join(found.blocks[block](found.new_context(_complete(request, context))))


def theme_of(request: Request) -> str:
    """Return the theme that the browser remembers: light, dark, or system."""
    wanted = request.cookies.get(THEME_COOKIE, "system")
    return wanted if wanted in THEMES else "system"


def _zone(request: Request) -> str:
    viewer = viewer_of(request.scope)
    return viewer.time_zone if viewer else "UTC"


def _complete(request: Request, context: dict[str, Any]) -> dict[str, Any]:
    viewer = viewer_of(request.scope)
    return {
        "request": request,
        "path": request.url.path,
        "viewer": viewer,
        "sections": navigation.sections_for(viewer, getattr(request.app.state, "navigation", ()), request) if viewer else [],
        "flash": flash.read(request),
        "theme": theme_of(request),
        "errors": {},
        **context,
    }


@jinja2.pass_context
def _csrf(context: jinja2.runtime.Context) -> Markup:
    """The hidden field that every form of a signed-in viewer holds."""
    viewer = context.get("viewer")
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(viewer.csrf) if viewer else Markup("")
