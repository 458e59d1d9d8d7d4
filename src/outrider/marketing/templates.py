"""Templates: texts that are used again, what variables they use, and what they become for a real person. Never commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import asyncpg

from outrider.kit.errors import Conflict, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import OrganizationId

from . import checks
from .rendering import MissingVariable, Rendered, parse, render_message, variables_in, without_fallback
from .store import texts as queries
from .types import Template, UsedBy
from .variables import variables_of_person

LONGEST_SUBJECT, LONGEST_BODY = 998, 500_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What a text becomes for one person: the message, or the variable that is missing."""

    message: Rendered | None
    missing: str | None


@dataclass(frozen=True, slots=True)
class UsedVariable:
    """A variable that a text uses: its value for a person, None for none; whether something stands in for it then."""

    name: str
    value: str | None
    is_covered: bool

    @property
    def is_missing(self) -> bool:
        """Whether it keeps the message back."""
        return self.value is None and not self.is_covered


class Templates:
    """The templates of one organization, inside the caller's `tenancy.transaction`."""

    def __init__(self, connection: asyncpg.Connection, organization: OrganizationId) -> None:
        self._connection = connection
        self._organization = organization

    async def page(self, *, name: str | None = None, q: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Template]:
        """Return a page of templates, newest first; with a name, in any case, with `q` in it, or all. Raises `InvalidInput`."""
        check_limit(limit)
        rows = queries.templates(
            self._connection,
            organization_id=self._organization,
            name=name and name.strip(),
            q=(q or "").strip() or None,
            after=decode_id_cursor(cursor),
            count=limit + 1,
        )
        found = [Template(**dict(row)) async for row in rows]
        return Page(found[:limit], encode_cursor(found[limit - 1].id) if len(found) > limit else None)

    async def find(self, id: UUID) -> Template:
        """Return a template. Raises `NotFound`."""
        row = await queries.template(self._connection, organization_id=self._organization, id=id)
        if row is None:
            raise NotFound(f"there is no template {id}", field="id")
        return Template(**dict(row))

    async def named(self, name: str) -> Template:
        """Return the template with a name, in any case, or an id. Raises `NotFound`."""
        if id := checks.as_id(name):
            return await self.find(id)
        found = await queries.template_id(self._connection, organization_id=self._organization, name=name.strip())
        if found is None:
            raise NotFound(f"there is no template named {name[:60]!r}", field="name")
        return await self.find(found)

    async def add(self, name: str, subject: str, body: str, category: str | None = None) -> Template:
        """Keep a template and return it. Raises `InvalidInput` for a text that cannot be read, `Conflict` for a taken name."""
        kept = checks.name(name, checks.LONGEST_TITLE)
        variables_used(subject, body)
        id = await queries.add_template(
            self._connection,
            organization_id=self._organization,
            name=kept,
            category=checks.description(category),
            subject=subject,
            body=body,
        )
        if id is None:
            raise checks.taken("template", kept)
        return await self.find(id)

    async def change(
        self, id: UUID, *, name: str | None = None, subject: str | None = None, body: str | None = None, category: str | None = None
    ) -> Template:
        """Change a template and return it; None leaves as it is. Raises `NotFound`, `InvalidInput`, `Conflict`."""
        there = await self.find(id)
        kept = there.name if name is None else checks.name(name, checks.LONGEST_TITLE)
        new_subject, new_body = there.subject if subject is None else subject, there.body if body is None else body
        variables_used(new_subject, new_body)
        try:
            async with self._connection.transaction():
                await queries.change_template(
                    self._connection,
                    organization_id=self._organization,
                    id=id,
                    name=kept,
                    category=there.category if category is None else checks.description(category),
                    subject=new_subject,
                    body=new_body,
                )
        except asyncpg.UniqueViolationError as error:
            raise checks.taken("template", kept) from error
        return await self.find(id)

    async def delete(self, id: UUID) -> None:
        """Delete a template. Raises `NotFound`, and `Conflict` while a campaign uses it."""
        there = await self.find(id)
        rows = queries.campaigns_with_template(self._connection, organization_id=self._organization, template_id=id)
        if used := [row["name"] async for row in rows]:
            raise Conflict(f"{there.name!r} is used by {', '.join(used)}: give these another text first", field="id")
        await queries.delete_template(self._connection, organization_id=self._organization, id=id)

    async def duplicate(self, id: UUID) -> Template:
        """Keep the same text under another name and return it. Raises `NotFound`."""
        there = await self.find(id)
        base = f"{there.name[: checks.LONGEST_TITLE - 20]} (copy"
        rows = queries.taken_names(self._connection, organization_id=self._organization, name=base)
        taken = {row["name"] async for row in rows}
        names = (f"{base}{f' {n}' if n > 1 else ''})" for n in count(1))
        return await self.add(next(name for name in names if name.lower() not in taken), there.subject, there.body, there.category)

    async def campaigns(self, ids: Sequence[UUID]) -> dict[UUID, list[UsedBy]]:
        """Return {template: the campaigns that use it, by name}; templates that none uses are left out."""
        found: dict[UUID, list[UsedBy]] = {}
        async for row in queries.campaigns_using(self._connection, organization_id=self._organization, ids=list(ids)):
            found.setdefault(row["template_id"], []).append(UsedBy(row["campaign_id"], row["name"], row["state"]))
        return found

    async def preview(self, subject: str, body: str, person_id: UUID) -> Preview:
        """Return what a text becomes for a person. Raises `NotFound`, and `InvalidInput` for a text that cannot be read."""
        variables_used(subject, body)
        known = await variables_of_person(self._connection, self._organization, person_id)
        return rendered(subject, body, known, seed=f"preview/{person_id}")


def rendered(subject: str, body: str, known: Mapping[str, str], *, seed: str) -> Preview:
    """Return the message, or what is missing."""
    try:
        return Preview(render_message(subject, body, known, seed=seed), None)
    except MissingVariable as missing:
        return Preview(None, missing.name)


def values_used(subject: str, body: str, known: Mapping[str, str]) -> list[UsedVariable]:
    """Return the variables of a text by name, with the values known of somebody. Raises `InvalidInput` as `variables_used` does."""
    used = variables_used(subject, body)
    wanted = [names for text in (subject, body) for names in without_fallback(parse(text))]
    lacking = {name for names in wanted if not any(known.get(one, "").strip() for one in names) for name in names}
    return [UsedVariable(name, known.get(name, "").strip() or None, name not in lacking) for name in sorted(used)]


def variables_used(subject: str, body: str) -> dict[str, bool]:
    """Return {name: whether something stands in for it}. Raises `InvalidInput` naming the text that cannot be read or is too long."""
    found: dict[str, bool] = {}
    for field, text, most in (("subject", subject, LONGEST_SUBJECT), ("body", body, LONGEST_BODY)):
        if len(text) > most:
            raise InvalidInput(f"{field} has {len(text):,} characters; at most {most:,} are kept", field=field)
        try:
            used = variables_in(parse(text))
        except InvalidInput as error:
            raise InvalidInput(f"{field}: {error.message}", field=field) from error
        for name, is_covered in used.items():
            found[name] = found.get(name, True) and is_covered
    return found
