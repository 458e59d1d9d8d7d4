"""Users over HTTP. A password that was made is in one answer, once."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from outrider.kit.http import Cursor, Limit, Text, keep_for_replay

from . import members
from .http import require
from .types import Caller, Member

USER_EXAMPLE: dict[str, Any] = {
    "id": "0193a512-9d2b-7a53-8f0e-1d2c3b4a5968",
    "email": "ana@example.org",
    "name": "Ana Example",
    "role": "client",
    "namespaces": ["acme-corp"],
    "created_at": "2026-11-20T08:00:00Z",
}


def _example(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)}, from_attributes=True)


class User(BaseModel):
    """A person who may sign in to this organization."""

    model_config = _example(USER_EXAMPLE)

    id: UUID
    email: str
    name: str | None
    role: str
    namespaces: list[str] = Field(description="The only ones that a client sees; empty for other roles, which see all.")
    created_at: datetime = Field(description="When they joined, UTC.")


class AddedUser(User):
    """A user who just came in, with the password made for them, which cannot be shown again."""

    model_config = _example({**USER_EXAMPLE, "password": "3qTqkzJw9xYbN2Lf"})

    password: str | None = Field(
        description="Shown once: null when the answer is repeated for an Idempotency-Key, and for who is known from "
        "another organization. A password that was made for them there does not hold here: they choose one of their own by mail, "
        "with “Forgotten?” at the sign-in."
    )


class UserPage(BaseModel):
    """A page of users by address."""

    model_config = _example({"items": [USER_EXAMPLE], "next_cursor": None})

    items: list[User]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class NewUser(BaseModel):
    """The user to let in."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"email": "ana@example.org", "name": "Ana Example", "role": "member"},
                {"email": "ceo@acme.example", "role": "client", "namespaces": ["acme-corp"]},
            ]
        },
    )

    email: Text = Field(max_length=300, description="What they sign in with.")
    name: Text | None = Field(None, max_length=1000)
    role: Text = Field("member", description="owner, admin, member, viewer or client; at most your own.")
    namespaces: list[Text] = Field([], max_length=1000, description="The namespaces that a client sees, by name; for a client only.")


class UserChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"role": "client", "namespaces": ["acme-corp"]}, {"name": "Ana Lima"}]},
    )

    role: Text | None = Field(None, description="owner, admin, member, viewer or client; at most your own.")
    namespaces: list[Text] | None = Field(None, max_length=1000, description="All namespaces of a client from now on.")
    name: Text | None = Field(None, max_length=1000, description="An empty one takes it away.")


class NewPassword(BaseModel):
    """A password made for a user, which cannot be shown again."""

    model_config = _example({"password": "3qTqkzJw9xYbN2Lf"})

    password: str | None = Field(description="Shown once: null when the answer is repeated for an Idempotency-Key.")


router = APIRouter(prefix="/api/users", tags=["users"])
Reader = Annotated[Caller, Depends(require("users:read"))]
Writer = Annotated[Caller, Depends(require("users:write"))]


@router.get("", summary="List users")
async def list_users(caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> UserPage:
    """The people of your organization, by address."""
    page = await members.page_of_members(caller, limit=limit, cursor=cursor)
    return UserPage(items=[_user(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", summary="Add a user", status_code=201)
async def add_user(body: NewUser, request: Request, caller: Writer) -> AddedUser:
    """Lets a person in with a role that may at most what yours may. The `password` made for them is in this answer and
    nowhere else. 409 for who is in already."""
    added = await members.add_user(caller, body.email, role=body.role, name=body.name, namespaces=body.namespaces)
    shown = _user(added.member).model_dump(mode="json")
    keep_for_replay(request.scope, orjson.dumps({**shown, "password": None}))
    return AddedUser(**shown, password=added.password)


@router.patch("/{id}", summary="Change a user")
async def change_user(id: UUID, body: UserChange, caller: Writer) -> User:
    """Changes the role, a client's namespaces or the name. It holds from their next request on.

    403 for an owner, unless you are one; 409 for the last owner, and for the name of somebody who is in other
    organizations too.
    """
    return _user(await members.change_user(caller, id, role=body.role, namespaces=body.namespaces, name=body.name))


@router.delete("/{id}", summary="Remove a user", status_code=204, response_class=Response)
async def remove_user(id: UUID, caller: Writer) -> None:
    """Takes a person out of your organization and signs them out of it. API keys that they made stay: revoke those
    yourself.

    403 for an owner, unless you are one; 409 for the last owner.
    """
    await members.remove_user(caller, id)


@router.post("/{id}/reset-password", summary="Give a user a new password")
async def reset_user_password(id: UUID, request: Request, caller: Writer) -> NewPassword:
    """The old password holds no more, and the new one is in this answer and nowhere else.

    403 for an owner, unless you are one; 409 for somebody who is in other organizations too.
    """
    password = await members.reset_user(caller, id)
    keep_for_replay(request.scope, orjson.dumps({"password": None}))
    return NewPassword(password=password)


@router.post("/{id}/reset-second-factor", summary="Take a user's second factor away", status_code=204, response_class=Response)
async def reset_user_second_factor(id: UUID, caller: Writer) -> None:
    """For who lost the app and the recovery codes: the password alone lets them in again. Who has none: nothing is done.

    403 for an owner, unless you are one; 409 for somebody who is in other organizations too.
    """
    await members.reset_user_second_factor(caller, id)


def _user(member: Member) -> User:
    return User(
        id=member.user_id,
        email=member.email,
        name=member.name,
        role=member.role,
        namespaces=list(member.namespaces),
        created_at=member.created_at,
    )
