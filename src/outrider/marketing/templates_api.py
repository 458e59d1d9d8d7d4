"""Templates over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, transaction

from .access import Name, Part, Reader, Writer
from .examples import MADE, NEXT, PERSON_ID, TEMPLATE_ID, example, given
from .templates import Preview, Templates, variables_used
from .types import Template

router = APIRouter(prefix="/api/templates", tags=["campaigns"])
TemplateId = Annotated[UUID, Path(description="The template's id.")]
TEXTS: dict[str, Any] = {
    "subject": "{Quick question|A question} about {{ company }}",
    "body": '<p>Hi {{ first_name | default("there") }},</p>',
}
TEMPLATE: dict[str, Any] = {
    "id": TEMPLATE_ID,
    "name": "First touch",
    "category": "cold",
    **TEXTS,
    "variables": [{"name": "company", "has_fallback": False}, {"name": "first_name", "has_fallback": True}],
    **MADE,
}
MESSAGE = {"subject": "A question about Acme", "html": "<p>Hi Ana,</p>", "text": "Hi Ana,\n"}


class VariableView(BaseModel):
    """A variable that a text uses."""

    model_config = example(TEMPLATE["variables"][0], title="TemplateVariable")

    name: str
    has_fallback: bool = Field(description="false: who has no value for it gets no message.")


class TemplateView(BaseModel):
    """A template."""

    model_config = example(TEMPLATE, title="Template")

    id: UUID
    name: str
    category: str | None
    subject: str
    body: str = Field(description="HTML.")
    variables: list[VariableView]
    created_by: str
    created_at: datetime
    updated_at: datetime


class TemplatePage(BaseModel):
    """A page of templates."""

    model_config = example({"items": [TEMPLATE], "next_cursor": None}, title="Templates")

    items: list[TemplateView]
    next_cursor: str | None = Field(description=NEXT)


class NewTemplate(BaseModel):
    """A template to keep."""

    model_config = given({"name": "First touch", **TEXTS})

    name: Text = Field(description="1 to 255 characters, of no other template.")
    category: Text | None = None
    subject: Text = ""
    body: Text = Field("", description="HTML.")


class TemplateChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = given({"subject": TEXTS["subject"]})

    name: Text | None = None
    category: Text | None = Field(None, description='"" clears it.')
    subject: Text | None = None
    body: Text | None = None


class Previewed(BaseModel):
    """A text and the person it is for: `template_id`, or `subject` and `body`."""

    model_config = given({"person_id": PERSON_ID, **TEXTS}, title="NewPreview")

    person_id: UUID
    template_id: UUID | None = None
    subject: Text | None = None
    body: Text | None = None


class MessageView(BaseModel):
    """A message as it would be sent, without footer and tracking."""

    model_config = example(MESSAGE, title="RenderedMessage")

    subject: str
    html: str
    text: str


class PreviewView(BaseModel):
    """What a text becomes: a message, or the variable that has no value and no fallback."""

    model_config = example({"message": MESSAGE, "missing": None}, title="Preview")

    message: MessageView | None
    missing: str | None


@asynccontextmanager
async def _templates(caller: Caller, *, readonly: bool = False) -> AsyncIterator[Templates]:
    async with transaction(caller.organization_id, caller.actor, readonly=readonly) as connection:
        yield Templates(connection, caller.organization_id)


@router.get("", summary="List templates")
async def list_templates(caller: Reader, name: Name = None, q: Part = None, limit: Limit = 50, cursor: Cursor = None) -> TemplatePage:
    """Newest first."""
    async with _templates(caller, readonly=True) as templates:
        page = await templates.page(name=name, q=q, limit=limit, cursor=cursor)
    return TemplatePage(items=[_shown(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", status_code=201, summary="Keep a template")
async def create_template(caller: Writer, body: NewTemplate) -> TemplateView:
    """422 says where a text cannot be read, 409 that the name is taken."""
    async with _templates(caller) as templates:
        return _shown(await templates.add(body.name, body.subject, body.body, body.category))


@router.post("/preview", summary="Preview a text for a person")
async def preview_template(caller: Reader, body: Previewed) -> PreviewView:
    """Renders for a real person and sends nothing. What would keep the message back is named in `missing`."""
    async with _templates(caller, readonly=True) as templates:
        if body.template_id is not None:
            if body.subject is not None or body.body is not None:
                raise InvalidInput("give template_id, or subject and body, and not both", field="template_id")
            kept = await templates.find(body.template_id)
            return _previewed(await templates.preview(kept.subject, kept.body, body.person_id))
        return _previewed(await templates.preview(body.subject or "", body.body or "", body.person_id))


@router.get("/{id}", summary="Show a template")
async def get_template(id: TemplateId, caller: Reader) -> TemplateView:
    """With the variables that it uses, and whether something stands in for each."""
    async with _templates(caller, readonly=True) as templates:
        return _shown(await templates.find(id))


@router.patch("/{id}", summary="Change a template")
async def update_template(id: TemplateId, caller: Writer, body: TemplateChange) -> TemplateView:
    """Campaigns that use it say the new text from the next message on."""
    async with _templates(caller) as templates:
        changed = await templates.change(id, name=body.name, subject=body.subject, body=body.body, category=body.category)
        return _shown(changed)


@router.delete("/{id}", status_code=204, summary="Delete a template")
async def delete_template(id: TemplateId, caller: Writer) -> None:
    """409 while a campaign uses it."""
    async with _templates(caller) as templates:
        await templates.delete(id)


def _shown(template: Template) -> TemplateView:
    used = variables_used(template.subject, template.body)
    variables = [VariableView(name=name, has_fallback=is_covered) for name, is_covered in sorted(used.items())]
    return TemplateView(**asdict(template), variables=variables)


def _previewed(preview: Preview) -> PreviewView:
    message = MessageView(**asdict(preview.message)) if preview.message else None
    return PreviewView(message=message, missing=preview.missing)
