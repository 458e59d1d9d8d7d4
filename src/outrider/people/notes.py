"""Notes on people and companies: plain text with line breaks, by whom and when. A deleted one is hidden and can be brought back.

Who wrote a note may change and delete it, and so may owners and admins.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from outrider.intake import who_are
from outrider.kit import sql
from outrider.kit.errors import Forbidden, InvalidInput, NotFound
from outrider.kit.paging import Page, check_limit, decode_id_cursor, encode_cursor
from outrider.tenancy import Caller

from .types import Note

queries = sql.load(Path(__file__).parent / "notes.sql")

LONGEST = 10_000
SUBJECTS = {"person": (queries.notes_of_person, queries.person_exists), "company": (queries.notes_of_company, queries.company_exists)}


class NotesService:
    """The notes of one organization, inside the caller's `tenancy.transaction`; `caller` says whose notes they may change."""

    def __init__(self, connection: asyncpg.Connection, caller: Caller) -> None:
        self._connection = connection
        self._caller = caller
        self._organization = caller.organization_id

    async def page(self, subject: str, id: UUID, *, limit: int = 50, cursor: str | None = None) -> Page[Note]:
        """Return a page of the notes on a `person` or `company`, newest first. Raises `NotFound` and `InvalidInput`."""
        check_limit(limit)
        of_subject, _ = SUBJECTS[subject]
        arguments = {"organization_id": self._organization, "subject_id": id, "before": decode_id_cursor(cursor), "count": limit + 1}
        found = [row async for row in of_subject(self._connection, **arguments)]
        if not found:
            await self._check_subject(subject, id)
        items = await self._named(found[:limit])
        return Page(items, encode_cursor(items[-1].id) if len(found) > limit else None)

    async def add(self, subject: str, id: UUID, body: str) -> Note:
        """Write a note on a `person` or `company`. Raises `NotFound`, and `InvalidInput` for a text that is empty or too long."""
        text = _checked(body)
        await self._check_subject(subject, id)
        ids = {"person_id": id if subject == "person" else None, "company_id": id if subject == "company" else None}
        return await self._one(await queries.add_note(self._connection, organization_id=self._organization, **ids, body=text))

    async def find(self, id: UUID) -> Note:
        """Return a note. Raises `NotFound`, for a deleted one too."""
        row = await queries.note(self._connection, organization_id=self._organization, id=id)
        if row is None or row["deleted_at"] is not None:
            raise _no_note(id)
        return await self._one(row)

    async def edit(self, id: UUID, body: str) -> Note:
        """Give a note another text. Raises `NotFound`, `InvalidInput`, and `Forbidden` for another's note."""
        text = _checked(body)
        await self._check_right(id, is_deleted=False)
        return await self._one(await queries.edit_note(self._connection, organization_id=self._organization, id=id, body=text))

    async def delete(self, id: UUID) -> None:
        """Hide a note; `restore` brings it back. Raises `NotFound`, and `Forbidden` for another's note."""
        await self._check_right(id, is_deleted=False)
        await queries.delete_note(self._connection, organization_id=self._organization, id=id)

    async def restore(self, id: UUID) -> Note:
        """Bring a deleted note back; one that is there stays as it is. Raises `NotFound`, and `Forbidden` for another's note."""
        await self._check_right(id, is_deleted=True)
        return await self._one(await queries.restore_note(self._connection, organization_id=self._organization, id=id))

    def may_change(self, created_by: str) -> bool:
        """Whether the caller may change a note by this actor."""
        return self._caller.role in ("owner", "admin") or str(self._caller.actor) == created_by

    async def _check_right(self, id: UUID, *, is_deleted: bool) -> None:
        row = await queries.note(self._connection, organization_id=self._organization, id=id)
        if row is None or (row["deleted_at"] is not None and not is_deleted):
            raise _no_note(id)
        if not self.may_change(row["created_by"]):
            raise Forbidden("only who wrote a note, an admin or an owner may change it")

    async def _check_subject(self, subject: str, id: UUID) -> None:
        _, exists = SUBJECTS[subject]
        if not await exists(self._connection, organization_id=self._organization, id=id):
            raise NotFound(f"there is no {subject} {id}", field="id")

    async def _one(self, row: asyncpg.Record | None) -> Note:
        if row is None:  # deleted by somebody else at the same moment
            raise _no_note("")
        return (await self._named([row]))[0]

    async def _named(self, rows: Iterable[Any]) -> list[Note]:
        found = list(rows)
        by = {actor for row in found for actor in (row["created_by"], row["edited_by"])}
        names = await who_are(self._connection, self._organization, by)
        return [
            Note(
                **{
                    name: row[name]
                    for name in ("id", "person_id", "company_id", "body", "created_by", "created_at", "edited_by", "edited_at")
                },
                created_by_name=names[row["created_by"]].name,
                edited_by_name=names[row["edited_by"]].name if row["edited_by"] else None,
                may_change=self.may_change(row["created_by"]),
            )
            for row in found
        ]


def _checked(body: str) -> str:
    text = body.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise InvalidInput("the note is empty: write something", field="body")
    if len(text) > LONGEST:
        raise InvalidInput(f"the note has {len(text):,} characters; at most {LONGEST:,} are kept", field="body")
    if "\x00" in text:
        raise InvalidInput("the note holds a NUL character, which cannot be stored: take it out", field="body")
    return text


def _no_note(id: object) -> NotFound:
    return NotFound(f"there is no note {id}".rstrip(), field="id")
