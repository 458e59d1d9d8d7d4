"""The pages under `/settings/keys`: API keys, and who may use them for what."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Forbidden, InvalidInput, OutriderError
from outrider.kit.http import Cursor
from outrider.tenancy import keys
from outrider.tenancy.actors import actor_names
from outrider.tenancy.expiry import expiry
from outrider.tenancy.roles import SCOPES, outranks, scopes_of
from outrider.tenancy.sessions import Visitor
from outrider.tenancy.types import ApiKey
from outrider.tenancy.visitors import visiting

from .shown import choices, errors_of, latest, sentence, typed_namespaces

MOST = 50
PATH = "/settings/keys"
LASTS = (("30d", "30 days"), ("90d", "90 days"), ("365d", "A year"), ("date", "Until a date"), ("", "It does not end"))
router = APIRouter(include_in_schema=False)
Reader = Annotated[Visitor, Depends(visiting("keys:read"))]
Writer = Annotated[Visitor, Depends(visiting("keys:write"))]
REFUSED = (InvalidInput, Forbidden)
"""What a form says beside its fields."""


@router.get(PATH)
async def index(request: Request, visitor: Reader, cursor: Cursor = None) -> Response:
    """Return the keys, newest first, `MOST` a page."""
    page = await keys.page_of_keys(visitor.caller, limit=MOST, cursor=cursor)
    return ui.page(
        request,
        "tenancy/keys.html",
        keys=page.items,
        makers=await _makers(visitor, page.items),
        now=datetime.now(UTC),
        may={key.id: _may(visitor, key) for key in page.items},
        first=PATH if cursor else None,
        next=f"{PATH}?cursor={page.next_cursor}" if page.next_cursor else None,
    )


@router.get(f"{PATH}/new")
async def new(request: Request, visitor: Writer) -> Response:
    """Return the form for a new key."""
    typed = {"name": "", "role": "member", "namespaces": [], "extent": "all", "scopes": [], "lasts": "90d", "until": ""}
    return await _form(request, visitor, typed)


@router.post(PATH)
async def create(request: Request, visitor: Writer) -> Response:
    """Make a key, and show its secret this once."""
    form = await ui.form(request)
    typed: dict[str, Any] = {name: str(form.get(name, "")) for name in ("name", "role", "extent", "lasts", "until")}
    typed |= {"namespaces": typed_namespaces(form), "scopes": [str(scope) for scope in form.getlist("scopes")]}
    try:
        made = await keys.create_key(
            visitor.caller,
            typed["name"].strip(),
            role=typed["role"],
            scopes=_scopes(typed),
            namespaces=typed["namespaces"],
            expires_at=_expiry(visitor, typed),
        )
    except REFUSED as error:
        return await _form(request, visitor, typed, error)
    return ui.page(request, "tenancy/key_made.html", key=made.key, secret=made.secret, address=str(request.base_url).rstrip("/"))


@router.get(f"{PATH}/{{id}}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return one key, never its secret, and what was done with it."""
    key = await keys.find_key(visitor.caller, id)
    return ui.page(
        request,
        "tenancy/key.html",
        key=key,
        maker=(await _makers(visitor, [key]))[key.created_by],
        state=key.state(datetime.now(UTC)),
        scopes=[sentence(SCOPES[scope]) for scope in SCOPES if scope in key.scopes],
        may_revoke=visitor.may("keys:write") and not outranks(key.role, visitor.caller.role),
        entries=await latest(visitor, "key", id),
    )


@router.post(f"{PATH}/{{id}}/revoke")
async def revoke(request: Request, visitor: Writer, id: UUID) -> Response:
    """Make a key useless from now on."""
    key = await keys.find_key(visitor.caller, id)
    await keys.revoke_key(visitor.caller, id)
    return ui.redirect(request, PATH, toast=f"{key.name} is revoked")


async def _form(request: Request, visitor: Visitor, typed: dict[str, Any], error: OutriderError | None = None) -> Response:
    return ui.page(
        request,
        "tenancy/key_new.html",
        status_code=error.status if error else 200,
        errors=errors_of(error, "name", "role", "namespaces", "scopes", "lasts", "until"),
        typed=typed,
        scopes=[(scope, sentence(SCOPES[scope])) for scope in SCOPES if scope in visitor.caller.scopes],
        lasts=LASTS,
        **await choices(visitor),
    )


def _may(visitor: Visitor, key: ApiKey) -> str:
    """Return what a key may do, in a few words."""
    if frozenset(key.scopes) >= scopes_of(key.role, visitor.organization_id):
        return "all that the role may"
    first, *more = [SCOPES[scope] for scope in key.scopes] or ["nothing"]
    return f"{first}, and {ui.plural(len(more), 'thing')} more" if more else first


async def _makers(visitor: Visitor, found: list[ApiKey]) -> dict[str, str]:
    async with visitor.transaction(readonly=True) as connection:
        return await actor_names(connection, visitor.organization_id, (key.created_by for key in found))


def _scopes(typed: dict[str, Any]) -> list[str] | None:
    if typed["extent"] != "some" or typed["role"] == "client":
        return None
    if not typed["scopes"]:
        raise InvalidInput("choose at least one thing that the key may do", field="scopes")
    return list(typed["scopes"])


def _expiry(visitor: Visitor, typed: dict[str, Any]) -> datetime | None:
    lasts = typed["lasts"]
    if lasts not in dict(LASTS):
        raise InvalidInput("choose how long the key holds", field="lasts")
    if lasts != "date":
        return expiry(lasts or None, datetime.now(UTC))
    try:
        last_day = date.fromisoformat(typed["until"].strip())
        until = datetime.combine(last_day, time(23, 59, 59), ZoneInfo(visitor.time_zone))
    except (ValueError, OverflowError) as error:
        raise InvalidInput("say until which day the key holds, as in 2027-01-31", field="until") from error
    if until <= datetime.now(UTC):
        raise InvalidInput(f"{last_day} is past: choose a day that is still to come", field="until")
    return until
