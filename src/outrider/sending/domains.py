"""The domains that we sign for: a DKIM key of our own making, the records to set, and what DNS says about them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.tenancy import Actor, OrganizationId, transaction

from . import dns
from .credentials import seal_key
from .dkim import make_key
from .mailboxes import HOST
from .store import mailbox_queries as queries

SELECTOR = "outrider"


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain with its public key. `checks` is what DNS said at `checked_at`, by kind: spf, dkim, dmarc; empty before the first time."""

    id: UUID
    domain: str
    dkim_selector: str
    dkim_public_key: str
    checks: dict[str, Any]
    checked_at: datetime | None
    created_at: datetime

    @property
    def records(self) -> dict[str, tuple[str, str]]:
        """{kind: (name, value)} of what has to stand in DNS."""
        return dns.records(self.domain, self.dkim_selector, self.dkim_public_key)


class DomainService:
    """The organization's domains, in the caller's transaction."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def list(self) -> Sequence[Domain]:
        """Return the domains by name; the first thousand."""
        return await self._domains()

    async def get(self, id: UUID) -> Domain:
        """Return one. Raises `NotFound`."""
        if found := await self._domains(id):
            return found[0]
        raise NotFound(f"there is no domain {id}", field="id")

    async def _domains(self, id: UUID | None = None) -> Sequence[Domain]:
        rows = queries.domains(self._connection, organization_id=self._organization, id=id)
        return [Domain(**dict(row)) async for row in rows]

    async def unsigned(self) -> Sequence[str]:
        """Return the domains of mailboxes that have no key yet, by name; the first twenty."""
        return [row["domain"] async for row in queries.unsigned_domains(self._connection, organization_id=self._organization)]

    async def providers(self, domain: str) -> Sequence[str]:
        """Return through whom the domain's mailboxes send: gmail, outlook, smtp."""
        rows = queries.providers_of_domain(self._connection, organization_id=self._organization, domain=domain)
        return [row["provider"] async for row in rows]

    async def add(self, domain: str, selector: str = SELECTOR) -> Domain:
        """Make a key for a domain. Raises `InvalidInput`, and `Conflict` when it has one."""
        domain, selector = domain.strip().lower(), selector.strip().lower()
        if not HOST.fullmatch(domain) or "." not in domain or ":" in domain:
            raise InvalidInput(f"domain is {domain!r}; it must be a name such as example.org", field="domain")
        if not HOST.fullmatch(selector) or len(selector) > 63 or "." in selector or ":" in selector:
            raise InvalidInput(f"selector is {selector!r}; it must be one word of letters, digits and hyphens", field="selector")
        pem, public = await asyncio.to_thread(make_key)
        made = await queries.add_domain(
            self._connection, organization_id=self._organization, domain=domain, selector=selector,
            private_key=seal_key(pem, self._organization, domain), public_key=public,
        )  # fmt: skip
        if made is None:
            raise Conflict(f"{domain} has a key already", field="domain")
        return await self.get(made)

    async def keep_checks(self, id: UUID, checks: dict[str, Any]) -> Domain:
        """Keep what DNS said, and return the domain. Raises `NotFound`."""
        await queries.keep_checks(self._connection, organization_id=self._organization, id=id, checks=checks)
        return await self.get(id)

    async def remove(self, id: UUID) -> None:
        """Remove a domain and its key; its mail goes unsigned from then on. Raises `NotFound`."""
        if await queries.delete_domain(self._connection, organization_id=self._organization, id=id) is None:
            raise NotFound(f"there is no domain {id}", field="id")


async def check_domain(organization: OrganizationId, actor: Actor, id: UUID, resolver: dns.Resolver | None = None) -> Domain:
    """Ask DNS, in no transaction since it may take seconds, keep what it says, and return the domain. Raises `NotFound`."""
    async with transaction(organization, actor, readonly=True) as connection:
        found = await DomainService(connection, organization).get(id)
    checks = await dns.check_domain(resolver or dns.Resolver(), found.domain, found.dkim_selector, found.dkim_public_key)
    async with transaction(organization, actor) as connection:
        return await DomainService(connection, organization).keep_checks(id, checks)
