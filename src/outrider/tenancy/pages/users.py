"""The pages under `/settings/users`: who may sign in, as what."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import Conflict, Forbidden, InvalidInput, OutriderError
from outrider.kit.http import Cursor
from outrider.tenancy import keys, members
from outrider.tenancy.roles import outranks
from outrider.tenancy.sessions import Visitor
from outrider.tenancy.types import Member
from outrider.tenancy.visitors import visiting

from .shown import choices, errors_of, latest, typed_namespaces

MOST = 50
PATH = "/settings/users"
router = APIRouter(include_in_schema=False)
Reader = Annotated[Visitor, Depends(visiting("users:read"))]
Writer = Annotated[Visitor, Depends(visiting("users:write"))]
REFUSED = (InvalidInput, Conflict, Forbidden)
"""What a form says beside its fields."""


@router.get(PATH)
async def index(request: Request, visitor: Reader, cursor: Cursor = None) -> Response:
    """Return the users by address, `MOST` a page."""
    page = await members.page_of_members(visitor.caller, limit=MOST, cursor=cursor)
    return ui.page(
        request,
        "tenancy/users.html",
        users=page.items,
        visitor=visitor,
        first=PATH if cursor else None,
        next=f"{PATH}?cursor={page.next_cursor}" if page.next_cursor else None,
    )


@router.get(f"{PATH}/new")
async def new(request: Request, visitor: Writer) -> Response:
    """Return the form for a new user."""
    return await _form(request, visitor, {"email": "", "name": "", "role": "member", "namespaces": []})


@router.post(PATH)
async def add(request: Request, visitor: Writer) -> Response:
    """Let a person in, and show their password this once."""
    form = await ui.form(request)
    typed = {name: str(form.get(name, "")) for name in ("email", "name", "role")}
    namespaces = typed_namespaces(form)
    try:
        added = await members.add_user(visitor.caller, typed["email"], role=typed["role"], name=typed["name"], namespaces=namespaces)
    except REFUSED as error:
        return await _form(request, visitor, {**typed, "namespaces": namespaces}, error)
    return _password(request, added.member, added.password, is_new=True)


@router.get(f"{PATH}/{{id}}")
async def show(request: Request, visitor: Reader, id: UUID) -> Response:
    """Return one user with what may be changed about them, and what was."""
    member = await members.find_member(visitor.caller, id)
    return await _user(request, visitor, member, {"name": member.name, "role": member.role, "namespaces": list(member.namespaces)})


@router.post(f"{PATH}/{{id}}")
async def change(request: Request, visitor: Writer, id: UUID) -> Response:
    """Keep name, role and namespaces."""
    form = await ui.form(request)
    member = await members.find_member(visitor.caller, id)
    name, role, namespaces = str(form.get("name", "")), str(form.get("role", "")), typed_namespaces(form)
    try:
        await members.change_user(
            visitor.caller, id, role=role, namespaces=namespaces, name=None if name.strip() == (member.name or "") else name
        )
    except REFUSED as error:
        return await _user(request, visitor, member, {"name": name, "role": role, "namespaces": namespaces}, error)
    return ui.redirect(request, PATH, toast=f"{member.email} is changed")


@router.post(f"{PATH}/{{id}}/reset-password")
async def reset(request: Request, visitor: Writer, id: UUID) -> Response:
    """Give a user a new password, and show it this once."""
    member = await members.find_member(visitor.caller, id)
    return _password(request, member, await members.reset_user(visitor.caller, id), is_new=False)


@router.post(f"{PATH}/{{id}}/reset-second-factor")
async def reset_second_factor(request: Request, visitor: Writer, id: UUID) -> Response:
    """Take a user's second factor away."""
    member = await members.find_member(visitor.caller, id)
    await members.reset_user_second_factor(visitor.caller, id)
    return ui.redirect(request, f"{PATH}/{id}", toast=f"{member.email} signs in with the password alone")


@router.post(f"{PATH}/{{id}}/remove")
async def remove(request: Request, visitor: Writer, id: UUID) -> Response:
    """Take a user out of the organization."""
    member = await members.find_member(visitor.caller, id)
    await members.remove_user(visitor.caller, id)
    return ui.redirect(request, PATH, toast=f"{member.email} is out of {visitor.organization_name}")


async def _form(request: Request, visitor: Visitor, typed: dict[str, Any], error: OutriderError | None = None) -> Response:
    return ui.page(
        request,
        "tenancy/user_new.html",
        status_code=error.status if error else 200,
        errors=errors_of(error, "email", "name", "role", "namespaces"),
        typed=typed,
        **await choices(visitor),
    )


async def _user(request: Request, visitor: Visitor, member: Member, typed: dict[str, Any], error: OutriderError | None = None) -> Response:
    return ui.page(
        request,
        "tenancy/user.html",
        status_code=error.status if error else 200,
        errors=errors_of(error, "email", "name", "role", "namespaces"),
        user=member,
        typed=typed,
        is_me=member.user_id == visitor.user_id,
        may_change=visitor.may("users:write") and not outranks(member.role, visitor.caller.role),
        has_second_factor=await members.has_second_factor(visitor.caller, member.user_id),
        keys=await keys.count_keys_of(visitor.caller, member.user_id),
        entries=await latest(visitor, "user", member.user_id),
        **await choices(visitor),
    )


def _password(request: Request, member: Member, password: str | None, *, is_new: bool) -> Response:
    address = f"{str(request.base_url).rstrip('/')}/sign-in"
    return ui.page(request, "tenancy/password.html", user=member, password=password, address=address, is_new=is_new)
