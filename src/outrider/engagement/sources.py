"""Where events come in from outside: a provider's webhook, with an address of its own and the secret that it signs with.

The address holds the organization, as API keys do, so that it is looked up inside that tenant; only its hash is kept, and the address is
shown once. Secrets are encrypted by the application and never shown again. Knows no HTTP and no terminal.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit import keyring
from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from .signatures import check_secret, new_secret
from .store import webhook_queries as queries

KINDS = {"sendgrid": "SendGrid", "lemlist": "Lemlist", "smartlead": "Smartlead", "generic": "Anything else"}
"""{kind: its name for people}."""
OVERLAP = timedelta(hours=24)
"""How long a secret that was replaced is still taken."""
TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Source:
    """A source. `has_secret`: what is not signed with it is refused. `failed`: deliveries that wait for somebody to look at them."""

    id: UUID
    kind: str
    name: str
    is_active: bool
    has_secret: bool
    old_secret_until: datetime | None
    created_by: str
    created_at: datetime
    last_received_at: datetime | None
    failed: int


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source just made: the path of its address, and the secret if it was made here; both are shown this once."""

    source: Source
    path: str
    secret: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """What an address is looked up by."""

    organization: OrganizationId
    token_hash: bytes


def read_token(token: str) -> Address:
    """Return what a token says. Raises `NotFound` for one that cannot be ours."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 16 + TOKEN_BYTES:
        raise unknown_address()
    return Address(OrganizationId(UUID(bytes=raw[:16])), _hash(token))


def unknown_address() -> NotFound:
    """Return the error for an address that is nobody's."""
    return NotFound("there is no webhook at this address: copy it whole from Outrider, or make a new one", field="token")


def unsealed(organization: UUID, token_hash: bytes, sealed: Sequence[str | None]) -> list[str]:
    """Return the secrets in ciphertexts; those that are None are left out."""
    cipher, context = keyring.cipher(), _context(organization, token_hash)
    return [cipher.decrypt(base64.b64decode(one), context).decode() for one in sealed if one is not None]


class WebhookSources:
    """The organization's sources, in the caller's transaction."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def page(self, *, limit: int = 50, cursor: str | None = None) -> Page[Source]:
        """Return a page, newest first. Raises `InvalidInput` for a bad limit or cursor."""
        check_limit(limit)
        rows = queries.sources(self._connection, organization_id=self._organization, before=decode_id_cursor(cursor), count=limit + 1)
        found = [Source(**dict(row)) async for row in rows]
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)

    async def get(self, id: UUID) -> Source:
        """Return one. Raises `NotFound`."""
        row = await queries.source(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise _unknown(id)
        return Source(**dict(row))

    async def named(self, name: str) -> Source:
        """Return the one with a name, in any case, or an id. Raises `NotFound`, and `Conflict` when several have the name."""
        try:
            return await self.get(UUID(name.strip()))
        except ValueError:
            rows = queries.source_ids(self._connection, organization_id=self._organization, name=name.strip())
            ids = [row["id"] async for row in rows]
        if not ids:
            raise NotFound(f"there is no webhook named {name[:60]!r}", field="name")
        if len(ids) > 1:
            raise Conflict(f"several webhooks are named {name[:60]!r}: give the id, one of {', '.join(map(str, ids))}", field="name")
        return await self.get(ids[0])

    async def create(self, kind: str, name: str, secret: str | None = None) -> NewSource:
        """Make a source. `secret` is SendGrid's verification key, or the secret that Lemlist or Smartlead sends along; None: SendGrid's
        deliveries are taken unsigned, as the address alone is secret, and for the others a secret is made.

        Raises `InvalidInput` naming the field.
        """
        if kind not in KINDS:
            raise InvalidInput(f"kind is {kind[:40]!r}; it must be one of {', '.join(KINDS)}", field="kind")
        made = new_secret() if secret is None and kind != "sendgrid" else None
        kept = check_secret(kind, secret) if secret is not None else made
        token = base64.urlsafe_b64encode(self._organization.bytes + secrets.token_bytes(TOKEN_BYTES)).decode().rstrip("=")
        id = await queries.insert_source(
            self._connection,
            organization_id=self._organization,
            kind=kind,
            name=_name(name),
            token_hash=_hash(token),
            secret_encrypted=_sealed(self._organization, _hash(token), kept) if kept else None,
        )
        return NewSource(await self.get(id), f"/hooks/{token}", made)

    async def change(self, id: UUID, *, name: str | None = None, is_active: bool | None = None) -> Source:
        """Rename, pause or resume a source; None leaves it. Raises `NotFound` and `InvalidInput`."""
        values: dict[str, Any] = {"name": _name(name) if name is not None else None, "is_active": is_active}
        if await queries.change_source(self._connection, organization_id=self._organization, id=id, **values) is None:
            raise _unknown(id)
        return await self.get(id)

    async def rotate(self, id: UUID, secret: str | None = None, *, overlap: timedelta = OVERLAP) -> str | None:
        """Put another secret in the place of a source's, and return it if it was made here; the one before holds for `overlap` more.

        Raises `NotFound`, and `InvalidInput` when SendGrid's new key is not given, or is none.
        """
        row = await queries.secrets_of(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise _unknown(id)
        if secret is None and row["kind"] == "sendgrid":
            raise InvalidInput("SendGrid makes its keys itself: give the new verification key", field="secret")
        kept = check_secret(row["kind"], secret) if secret is not None else new_secret()
        sealed = _sealed(self._organization, row["token_hash"], kept)
        await queries.rotate_secret(self._connection, organization_id=self._organization, id=id, secret_encrypted=sealed, overlap=overlap)
        return kept if secret is None else None

    async def delete(self, id: UUID) -> str:
        """Take a source and its deliveries away, and return its name; the events that came through it stay. Raises `NotFound`."""
        name = await queries.delete_source(self._connection, organization_id=self._organization, id=id)
        if name is None:
            raise _unknown(id)
        return str(name)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _context(organization: UUID, token_hash: bytes) -> str:
    return f"webhook {organization} {token_hash.hex()}"


def _sealed(organization: UUID, token_hash: bytes, secret: str) -> str:
    return base64.b64encode(keyring.cipher().encrypt(secret.encode(), _context(organization, token_hash))).decode()


def _name(name: str) -> str:
    if not 1 <= len(name.strip()) <= 100:
        raise InvalidInput("name must have 1 to 100 characters", field="name")
    return name.strip()


def _unknown(id: UUID) -> NotFound:
    return NotFound(f"there is no webhook {id}", field="id")
