"""Namespaces over HTTP (BEHAVIOUR 1). One request is one transaction."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from .service import UNCHANGED, NamespaceService
from .types import Changed, Move

NAMESPACE: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11",
    "name": "acme-corp",
    "keywords": ["ACME", "Acme Corp", "acme-corp"],
    "table_name": "acme_corp_user_source",
    "description": "Acme's outreach",
    "is_default": False,
    "is_active": True,
    "created_at": "2026-11-20T08:00:00Z",
    "updated_at": "2026-11-20T08:00:00Z",
}
WARNING: dict[str, Any] = {
    "keyword": "ACME",
    "namespace": "acme-labs",
    "other_keyword": "acme labs",
    "message": "keyword 'ACME' overlaps 'acme labs' of the namespace acme-labs: a campaign that holds both goes to "
    "acme-labs, whose keyword is longer",
}
MOVE: dict[str, Any] = {"from_namespace": "playmaker", "to_namespace": "acme-corp", "profiles": 1204, "merged": 3}
OFFER: dict[str, Any] = {"profiles": 1204, "moves": [MOVE], "how": "POST /api/namespaces/reroute moves them as a job"}
CHANGED: dict[str, Any] = {**NAMESPACE, "warnings": [WARNING], "reroute": OFFER}


def _example(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)}, from_attributes=True)


class NamespaceView(BaseModel):
    """A client's segment of the organization. Times are UTC."""

    model_config = ConfigDict(title="Namespace", from_attributes=True, json_schema_extra={"examples": [NAMESPACE]})

    id: UUID
    name: str
    keywords: list[str] = Field(description="A campaign whose name holds one of these, in any case, is routed here.")
    table_name: str = Field(description="The table with the profiles, in the organization's schema.")
    description: str | None
    is_default: bool = Field(description="Takes what no keyword claims.")
    is_active: bool = Field(description="An inactive one keeps its data and gets nothing new.")
    created_at: datetime
    updated_at: datetime


class Warning(BaseModel):
    """A keyword of another active namespace that some campaign names hold together with one of this."""

    model_config = _example(WARNING)

    keyword: str
    namespace: str = Field(description="The other namespace.")
    other_keyword: str
    message: str


class MoveView(BaseModel):
    """Profiles that leave one namespace for another."""

    model_config = ConfigDict(title="Move", from_attributes=True, json_schema_extra={"examples": [MOVE]})

    from_namespace: str
    to_namespace: str
    profiles: int
    merged: int = Field(description="How many of them go into a profile with the same address.")


class Offer(BaseModel):
    """Profiles that the new keywords would route elsewhere. Nothing was moved."""

    model_config = _example(OFFER)

    profiles: int
    moves: list[MoveView]
    how: str


class ChangedNamespace(NamespaceView):
    """A namespace after the change, and what it calls for."""

    model_config = _example(CHANGED)

    warnings: list[Warning] = Field(description="Overlaps with other namespaces' keywords, if the change was about routing.")
    reroute: Offer | None = Field(description="Profiles that would now be routed elsewhere; null when there are none.")


class NamespacePage(BaseModel):
    """A page of namespaces by name."""

    model_config = _example({"items": [NAMESPACE], "next_cursor": None})

    items: list[NamespaceView]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class NewNamespace(BaseModel):
    """The namespace to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "acme-corp", "keywords": ["ACME", "Acme Corp", "acme-corp"]}]},
    )

    name: Text = Field(description="A lower-case letter first, then lower-case letters, digits, _ and -; at most 50 characters.")
    keywords: list[Text] = Field(max_length=1000, description="1 to 100; a campaign whose name holds one, in any case, is routed here.")
    description: Text | None = Field(None, description="At most 1000 characters.")


class NamespaceChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"keywords": ["ACME", "Acme Inc"]},
                {"name": "acme", "description": None},
                {"is_active": False},
            ]
        },
    )

    name: Text | None = Field(None, description="A new name; the table is renamed with it.")
    keywords: list[Text] | None = Field(None, max_length=1000, description="All keywords from now on.")
    description: Text | None = Field(None, description="null takes it away.")
    is_active: bool | None = Field(None, description="false: keep the data, route nothing here.")


class Confirmation(BaseModel):
    """The name typed again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"confirm": "acme-corp"}]})

    confirm: Text


class Archived(BaseModel):
    """Where the profiles of a deleted namespace are."""

    model_config = _example({"name": "acme-corp", "archived_table": "acme_corp_user_source_archived_20261120080000000000"})

    name: str
    archived_table: str = Field(description="Keeps the profiles, for reading.")


class Stats(BaseModel):
    """What a namespace holds, counted now."""

    model_config = _example(
        {
            "profiles": 1204,
            "with_company": 1100,
            "by_platform": {"lemlist": 1000, "smartlead": 204},
            "routed_campaigns": 2,
            "campaigns": {"ACME Q4": 1000, "Acme Corp nurture": 204},
            "last_added_at": "2026-11-20T08:00:00Z",
        }
    )

    profiles: int
    with_company: int
    by_platform: dict[str, int] = Field(description="Profiles by platform; those without one under the empty name.")
    routed_campaigns: int
    campaigns: dict[str, int] = Field(description="Profiles by campaign, the fifty largest.")
    last_added_at: datetime | None


class Match(BaseModel):
    """The campaign to route."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"campaign_name": "ACME Labs Q4 outbound"}]})

    campaign_name: Text = Field(min_length=1, max_length=500)


class HitView(BaseModel):
    """A keyword that is in the campaign's name."""

    model_config = ConfigDict(
        title="Hit",
        from_attributes=True,
        json_schema_extra={"examples": [{"namespace": "acme-corp", "keyword": "ACME"}]},
    )

    namespace: str
    keyword: str


class RoutingView(BaseModel):
    """Where a campaign goes, and why."""

    model_config = ConfigDict(
        title="Routing",
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "campaign_name": "ACME Labs Q4 outbound",
                    "namespace": "acme-labs",
                    "table_name": "acme_labs_user_source",
                    "keyword": "acme labs",
                    "also_matched": [{"namespace": "acme-corp", "keyword": "ACME"}],
                    "explanation": "'acme labs' of acme-labs is the longest keyword in the name; 'ACME' of acme-corp is shorter",
                }
            ]
        },
    )

    campaign_name: str
    namespace: str
    table_name: str
    keyword: str | None = Field(description="The keyword that won; null when the default took it.")
    also_matched: list[HitView] = Field(description="What else is in the name, in the order it would have won.")
    explanation: str


class RerouteRequest(BaseModel):
    """Whether only to look."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"dry_run": True}]})

    dry_run: bool = Field(False, description="true: count what would move, and move nothing.")


class Reroute(BaseModel):
    """What would move, and the job that moves it."""

    model_config = _example(
        {"dry_run": False, "profiles": 1204, "moves": [MOVE], "job_id": "0193a512-8a11-7c3e-a0b2-0c9d8e7f6a55"},
        {"dry_run": True, "profiles": 0, "moves": [], "job_id": None},
    )

    dry_run: bool
    profiles: int
    moves: list[MoveView]
    job_id: UUID | None = Field(description="The job, at /api/jobs/{id}; null for a dry run.")


router = APIRouter(prefix="/api/namespaces", tags=["namespaces"])
Reader = Annotated[Caller, Depends(require("namespaces:read"))]
Writer = Annotated[Caller, Depends(require("namespaces:write"))]
Name = Annotated[str, Path(description="The namespace's name.", examples=["acme-corp"], max_length=200)]


@router.post("", summary="Make a namespace", status_code=201)
async def create_namespace(body: NewNamespace, caller: Writer, response: Response) -> ChangedNamespace:
    """Registers a namespace and makes its profile table in the same transaction (seed 000).

    409 when the name, or the table it makes, is taken; 422 with the rule for a name that cannot be one. Keywords that
    overlap another namespace's are accepted, with a warning that names it.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        changed = await NamespaceService(connection, caller.organization_id).create(body.name, body.keywords, body.description)
    response.headers["Location"] = f"/api/namespaces/{changed.namespace.name}"
    return _changed(changed)


@router.get("", summary="List namespaces")
async def list_namespaces(caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> NamespacePage:
    """The organization's namespaces by name, the default and the inactive ones too."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        page = await NamespaceService(connection, caller.organization_id).page(limit=limit, cursor=cursor)
    return NamespacePage(items=[NamespaceView.model_validate(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("/test-match", summary="Explain where a campaign goes")
async def test_match(body: Match, caller: Reader) -> RoutingView:
    """Says which namespace a campaign's name is routed to, by which keyword, and what else matched; routes nothing.

    The longest keyword in the name wins, in any case; of equally long ones that of the namespace first by name; none:
    the default.
    """
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return RoutingView.model_validate(await NamespaceService(connection, caller.organization_id).route(body.campaign_name))


@router.post(
    "/reroute",
    summary="Re-route profiles by today's keywords",
    responses={202: {"model": Reroute, "description": "A job moves them."}},
)
async def reroute_profiles(caller: Writer, response: Response, body: Annotated[RerouteRequest | None, Body()] = None) -> Reroute:
    """Moves every profile whose campaign (`meta.campaign`) belongs to another namespace now, as a job; with `dry_run`
    only counts.

    A profile whose address is in the other namespace already fills blanks there and is removed here; its history keeps
    it whole. An inactive namespace keeps what it has. 202 with the job, 200 for a dry run.
    """
    dry_run = body.dry_run if body else False
    async with transaction(caller.organization_id, caller.actor) as connection:
        service = NamespaceService(connection, caller.organization_id)
        moves = await service.preview_reroute()
        job = None if dry_run else await service.ask_for_reroute()
    response.status_code = 200 if dry_run else 202
    return Reroute(dry_run=dry_run, profiles=sum(move.profiles for move in moves), moves=_moves(moves), job_id=job)


@router.get("/{name}", summary="Show a namespace")
async def get_namespace(name: Name, caller: Reader) -> NamespaceView:
    """One namespace by name."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return NamespaceView.model_validate(await NamespaceService(connection, caller.organization_id).find(name))


@router.put("/{name}", summary="Change a namespace")
async def update_namespace(name: Name, body: NamespaceChange, caller: Writer) -> ChangedNamespace:
    """Renames it (and its table), or changes keywords, description or whether it is active; what is left out stays.

    Changed routing answers with an offer: how many profiles would now be elsewhere, and how to move them. The default
    namespace can be neither renamed nor switched off (409).
    """
    given = body.model_fields_set
    if not given:
        raise InvalidInput("the body changes nothing: give name, keywords, description or is_active", field="body")
    for field in ("name", "keywords", "is_active"):
        if field in given and getattr(body, field) is None:
            raise InvalidInput(f"{field} is null: leave it out to keep it as it is", field=field)
    async with transaction(caller.organization_id, caller.actor) as connection:
        changed = await NamespaceService(connection, caller.organization_id).change(
            name,
            new_name=body.name,
            keywords=body.keywords,
            description=body.description if "description" in given else UNCHANGED,
            is_active=body.is_active,
        )
    return _changed(changed)


@router.delete("/{name}", summary="Delete a namespace")
async def delete_namespace(
    name: Name,
    caller: Writer,
    body: Annotated[Confirmation | None, Body()] = None,
    confirm: Annotated[Text | None, Query(description="The name typed again, here or in the body.", examples=["acme-corp"])] = None,
) -> Archived:
    """Takes a namespace out of service, if its name is typed again as `confirm`. Its profiles are kept in a table for
    reading.

    409 for the default one, which cannot be deleted.
    """
    async with transaction(caller.organization_id, caller.actor) as connection:
        archived = await NamespaceService(connection, caller.organization_id).archive(name, body.confirm if body else confirm)
    return Archived(name=name, archived_table=archived)


@router.get("/{name}/stats", summary="Count what a namespace holds")
async def get_namespace_stats(name: Name, caller: Reader) -> Stats:
    """Profiles, those with a company, by platform and by campaign, and when the last one came; counted now."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        return Stats(**asdict(await NamespaceService(connection, caller.organization_id).stats(name)))


def _moves(moves: list[Move]) -> list[MoveView]:
    return [MoveView.model_validate(move) for move in moves]


def _changed(changed: Changed) -> ChangedNamespace:
    profiles = sum(move.profiles for move in changed.moves)
    return ChangedNamespace(
        **asdict(changed.namespace),
        warnings=[Warning(**asdict(overlap)) for overlap in changed.overlaps],
        reroute=Offer(profiles=profiles, moves=_moves(changed.moves), how=OFFER["how"]) if profiles else None,
    )
