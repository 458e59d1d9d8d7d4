"""Namespaces over HTTP (BEHAVIOUR 1). One request is one transaction; what a change calls for is looked up in a second one, when the locks
of the first are gone."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query, Response

from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Limit, Text
from outrider.tenancy import Caller, require, transaction

from .service import UNCHANGED, NamespaceService
from .types import Move, Saved
from .views import (
    OFFER,
    Archived,
    ChangedNamespace,
    Confirmation,
    Match,
    MoveView,
    NamespaceChange,
    NamespacePage,
    NamespaceView,
    NewNamespace,
    Offer,
    Overlaps,
    OverlapView,
    Reroute,
    RerouteRequest,
    RoutingView,
    Stats,
    Warning,
)

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
        saved = await NamespaceService(connection, caller.organization_id).create(body.name, body.keywords, body.description)
    response.headers["Location"] = f"/api/namespaces/{saved.name}"
    return await _changed(caller, saved)


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


@router.get("/overlaps", summary="List overlapping keywords")
async def list_overlaps(caller: Reader) -> Overlaps:
    """Which keywords of the active namespaces hold each other, and which namespace a campaign with both goes to; the first 500."""
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        found = await NamespaceService(connection, caller.organization_id).overlaps()
    return Overlaps(items=[OverlapView.model_validate(one) for one in found])


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
        saved = await NamespaceService(connection, caller.organization_id).change(
            name,
            new_name=body.name,
            keywords=body.keywords,
            description=body.description if "description" in given else UNCHANGED,
            is_active=body.is_active,
        )
    return await _changed(caller, saved)


@router.delete("/{name}", summary="Delete a namespace")
async def delete_namespace(
    name: Name,
    caller: Writer,
    body: Annotated[Confirmation | None, Body()] = None,
    confirm: Annotated[Text | None, Query(description="The name typed again, here or in the body.", examples=["acme-corp"])] = None,
) -> Archived:
    """Takes a namespace out of service, if its name is typed again as `confirm`. Its profiles are kept in a table for
    reading.

    409 for the default one, which cannot be deleted, and while campaigns of it may still send: it names them.
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


async def _changed(caller: Caller, saved: Saved) -> ChangedNamespace:
    async with transaction(caller.organization_id, caller.actor, readonly=True) as connection:
        changed = await NamespaceService(connection, caller.organization_id).consequences(saved)
    profiles = sum(move.profiles for move in changed.moves)
    return ChangedNamespace(
        **asdict(changed.namespace),
        warnings=[Warning(**asdict(overlap)) for overlap in changed.overlaps],
        reroute=Offer(profiles=profiles, moves=_moves(changed.moves), how=OFFER["how"]) if profiles else None,
    )
