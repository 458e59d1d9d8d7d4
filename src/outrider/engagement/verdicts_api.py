"""Rules about machines over HTTP. One request is one transaction."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Text
from outrider.tenancy import Caller, require, transaction

from .verdicts import VerdictRules

router = APIRouter(prefix="/api/verdict-rules", tags=["activity"])
Editor = Annotated[Caller, Depends(require("campaigns:write"))]

EXAMPLE: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c41", "kind": "network", "pattern": "192.0.2.0/24", "verdict": "automatic",
    "note": "our mail gateway",    "created_by": "user:0193a510-0000-7000-8000-000000000001", "created_at": "2026-11-20T08:00:00Z",
}  # fmt: skip


class RuleView(BaseModel):
    """A rule about machines that open and click by themselves."""

    model_config = ConfigDict(title="VerdictRule", json_schema_extra={"examples": [EXAMPLE]}, from_attributes=True)

    id: UUID
    kind: str
    pattern: str
    verdict: str
    note: str | None
    created_by: str
    created_at: datetime


class RuleList(BaseModel):
    """All rules of the organization; what is built in is not among them."""

    model_config = ConfigDict(title="VerdictRules", json_schema_extra={"examples": [{"items": [EXAMPLE]}]})

    items: list[RuleView]


class NewRule(BaseModel):
    """A rule to make."""

    model_config = ConfigDict(
        title="NewVerdictRule", extra="forbid", json_schema_extra={"examples": [{"kind": "network", "pattern": "192.0.2.0/24"}]}
    )

    kind: Text = Field(description="user_agent, network or seconds.")
    pattern: Text = Field(
        description="A part of a user agent, in any case; a network such as 192.0.2.0/24; "
        "or within how many seconds after sending nobody reads (built in: 5)."
    )
    verdict: Text = Field("automatic", description="automatic, or human to overrule what is built in.")
    note: Text | None = None


@router.get("", summary="List rules about machines")
async def list_rules(caller: Editor) -> RuleList:
    """By kind and pattern."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        found = await VerdictRules(connection, caller.organization_id).all()
    return RuleList(items=[RuleView.model_validate(one) for one in found])


@router.post("", status_code=201, summary="Make a rule about machines")
async def create_rule(caller: Editor, body: NewRule) -> RuleView:
    """All opens and clicks are judged anew with it, as a job; counters, intents and reports follow.

    409 when there is one for the pattern.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        rule = await VerdictRules(connection, caller.organization_id).add(body.kind, body.pattern, body.verdict, body.note)
    return RuleView.model_validate(rule)


@router.delete("/{id}", status_code=204, summary="Remove a rule about machines")
async def delete_rule(id: Annotated[UUID, Path(description="The rule's id.")], caller: Editor) -> Response:
    """All opens and clicks are judged anew without it."""
    async with transaction(caller.organization_id, caller.actor) as connection:
        await VerdictRules(connection, caller.organization_id).remove(id)
    return Response(status_code=204)
