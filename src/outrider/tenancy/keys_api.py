"""API keys over HTTP. The secret of a key is in one answer, once."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Limit, Text, keep_for_replay

from . import keys
from .http import require
from .types import ApiKey, Caller

KEY_EXAMPLE: dict[str, Any] = {
    "id": "0193a512-7c14-7e0c-9b1d-2f6f5a1f3c11",
    "name": "nightly import",
    "prefix": "outrider_aaaaaaaaaaaaaaaaaaaaaaaaae_wJ4k",
    "role": "member",
    "scopes": ["imports:write", "people:read"],
    "namespaces": [],
    "created_by": "key:0193a510-0000-7000-8000-000000000001",
    "created_at": "2026-11-20T08:00:00Z",
    "last_used_at": None,
    "expires_at": "2027-11-20T08:00:00Z",
    "revoked_at": None,
}


def _example(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)}, from_attributes=True)


class Key(BaseModel):
    """An API key without its secret. Times are UTC."""

    model_config = _example(KEY_EXAMPLE)

    id: UUID
    name: str
    prefix: str = Field(description="The beginning of the secret, to tell keys apart.")
    role: str
    scopes: list[str]
    namespaces: list[str] = Field(description="The only ones that a client's key sees; empty for other roles, which see all.")
    created_by: str
    created_at: datetime
    last_used_at: datetime | None = Field(description="To the minute.")
    expires_at: datetime | None
    revoked_at: datetime | None


class MadeKey(Key):
    """An API key with its secret, which is not kept and cannot be shown again."""

    model_config = _example({**KEY_EXAMPLE, "secret": "outrider_aaaaaaaaaaaaaaaaaaaaaaaaae_wJ4k…"})

    secret: str | None = Field(description="Shown once: null when the answer is repeated for an Idempotency-Key.")


class KeyPage(BaseModel):
    """A page of keys, newest first."""

    model_config = _example({"items": [KEY_EXAMPLE], "next_cursor": None})

    items: list[Key]
    next_cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last one.")


class KeyRequest(BaseModel):
    """The key to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "nightly import", "role": "member", "scopes": ["imports:write", "people:read"]}]},
    )

    name: Text = Field(min_length=1, max_length=100, description="What it is for.")
    role: Text = Field("member", description="owner, admin, member, viewer or client; at most your own.")
    scopes: list[Text] | None = Field(None, max_length=100, description="What it may do; null: all that the role may.")
    namespaces: list[Text] = Field([], max_length=1000, description="The namespaces that a client's key sees, by name; for a client only.")
    expires_at: AwareDatetime | None = Field(None, description="When it stops working, with its zone; null: never, or with your own key.")


router = APIRouter(prefix="/api/keys", tags=["keys"])
Reader = Annotated[Caller, Depends(require("keys:read"))]
Writer = Annotated[Caller, Depends(require("keys:write"))]


@router.get("", summary="List API keys")
async def list_keys(caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> KeyPage:
    """The organization's keys, newest first, revoked and expired ones too; never a secret."""
    page = await keys.page_of_keys(caller, limit=limit, cursor=cursor)
    return KeyPage(items=[_key(key) for key in page.items], next_cursor=page.next_cursor)


@router.post("", summary="Make an API key", status_code=201)
async def create_key(body: KeyRequest, request: Request, caller: Writer) -> MadeKey:
    """Makes a key for your organization that may at most what yours may. Its `secret` is in this answer and nowhere
    else."""
    if body.expires_at is not None and body.expires_at <= datetime.now(UTC):
        raise InvalidInput(
            f"expires_at is {body.expires_at.isoformat()}, which is past; leave it out for a key that does not expire",
            field="expires_at",
        )
    made = await keys.create_key(
        caller, body.name, role=body.role, scopes=body.scopes, namespaces=body.namespaces, expires_at=body.expires_at
    )
    shown = _key(made.key).model_dump(mode="json")
    keep_for_replay(request.scope, orjson.dumps({**shown, "secret": None}))
    return MadeKey(**shown, secret=made.secret)


@router.delete("/{id}", summary="Revoke an API key", status_code=204, response_class=Response)
async def revoke_key(id: UUID, caller: Writer) -> None:
    """The key is refused from the next request on. Revoking it again is fine."""
    await keys.revoke_key(caller, id)


def _key(key: ApiKey) -> Key:
    return Key.model_validate(key)
