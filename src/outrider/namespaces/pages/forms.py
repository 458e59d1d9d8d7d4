"""What the slice's forms bring, and what is said beside a field."""

from dataclasses import dataclass

from starlette.datastructures import FormData

from outrider.kit.errors import Conflict, InvalidInput


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
