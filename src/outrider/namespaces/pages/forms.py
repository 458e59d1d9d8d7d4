"""What the slice's forms bring, what is said beside a field, and where one goes when it was saved."""

from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, InvalidInput

from ..types import Changed


@dataclass(frozen=True, slots=True)
class NamespaceForm:
    """A namespace as it was typed; `keywords_text` has one keyword a line."""

    name: str
    keywords_text: str
    description: str
    is_active: bool

    @property
    def keywords(self) -> list[str]:
        """The lines that are not empty."""
        return [line.strip() for line in self.keywords_text.splitlines() if line.strip()]


def typed(form: FormData) -> NamespaceForm:
    """Return the form's fields; what was not sent is empty."""
    return NamespaceForm(
        name=str(form.get("name", "")).strip(),
        keywords_text=str(form.get("keywords", "")),
        description=str(form.get("description", "")),
        is_active=form.get("is_active") == "on",
    )


def problems(error: InvalidInput | Conflict) -> dict[str, str]:
    """Return {field: message}: 'keywords.3' is said beside the keywords, what names no field at the head of the form."""
    field = (error.field or "form").partition(".")[0]
    message = error.message[:1].upper() + error.message[1:]
    return {field: message if message.endswith((".", "?", "!")) else f"{message}."}


def after_change(request: Request, changed: Changed, told: str) -> Response:
    """Go to the namespace, or to the profiles that would now be elsewhere if there are any."""
    elsewhere = sum(move.profiles for move in changed.moves)
    if not elsewhere:
        return ui.redirect(request, f"/namespaces/{changed.namespace.name}", toast=told)
    return ui.redirect(request, "/namespaces/reroute", toast=f"{told}. {ui.plural(elsewhere, 'profile')} would now be routed elsewhere")
