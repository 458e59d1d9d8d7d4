"""/audit: what was done to data, by whom and when, newest first."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from outrider.kit import pages as ui
from outrider.kit.errors import InvalidInput
from outrider.kit.http import Cursor, Text

from ..audit import ACTIONS, AuditEntry, AuditFilters, list_audit_in, possible_actors
from .frame import Reader

router = APIRouter(include_in_schema=False)
PAGE = 50
ICONS = {
    "contact_ingested": "inbox",
    "contact_promoted": "user-plus",
    "contact_updated": "pencil",
    "contact_deleted": "trash-2",
    "batch_processed": "layers",
}
COUNTS = ("pending", "duplicate", "promoted", "updated", "failed")
"""The counts of a batch's details, in the order in which they are told."""

Word = Annotated[Text, Query(max_length=254)]


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as the page shows it. person, load and import_ are the addresses of their pages, None where there is none."""

    entry: AuditEntry
    what: str
    icon: str
    told: str
    by: str
    person: str | None
    load: str | None
    import_: str | None


@router.get("/audit")
async def index(
    request: Request,
    visitor: Reader,
    action: Word = "",
    actor: Word = "",
    email: Word = "",
    since: Word = "",
    until: Word = "",
    cursor: Cursor = None,
) -> Response:
    """Return the log, as far as it was asked for; `since` and `until` are days of the viewer's zone, both included."""
    asked = {"action": action, "actor": actor, "email": email.strip(), "since": since, "until": until}
    errors: dict[str, str] = {}
    items, after, who = [], None, []
    async with visitor.transaction(readonly=True) as connection:
        who = await possible_actors(connection, visitor.organization_id)
        try:
            page = await list_audit_in(connection, visitor.organization_id, _filters(asked, visitor.time_zone), limit=PAGE, cursor=cursor)
            items, after = page.items, page.next_cursor
        except InvalidInput as error:
            errors[error.field or "action"] = error.message
    if actor and actor not in dict(who):
        who.append((actor, next((one.actor_name for one in items if one.actor == actor and one.actor_name), actor)))
    context: dict[str, Any] = {
        "rows": [_row(one) for one in items],
        "asked": asked,
        "actions": list(ACTIONS.items()),
        "who": who,
        "errors": errors,
        "next": ui.address("/audit", {**asked, "cursor": after}) if after else None,
        "first": ui.address("/audit", asked) if cursor else None,
    }
    status = 422 if errors else 200
    if ui.is_htmx(request):
        return ui.fragment(request, "intake/audit.html", "list", status, **context)
    return ui.page(request, "intake/audit.html", status, **context)


def _filters(asked: dict[str, str], time_zone: str) -> AuditFilters:
    until = _midnight(asked["until"], "until", time_zone, days=1)
    return AuditFilters(
        action=asked["action"] or None,
        actor=asked["actor"] or None,
        email=asked["email"] or None,
        since=_midnight(asked["since"], "since", time_zone),
        until=until,
    )


def _midnight(text: str, field: str, time_zone: str, days: int = 0) -> datetime | None:
    """The beginning of a day in the viewer's zone, or of one some days later; None for no day. Raises `InvalidInput`."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), ZoneInfo(time_zone))
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{text[:20]!r} is no day; write it as 2026-11-20", field=field) from error


def _row(entry: AuditEntry) -> Row:
    import_id = entry.import_id or entry.details.get("import_id")
    return Row(
        entry=entry,
        what=ACTIONS.get(entry.action, entry.action.replace("_", " ").capitalize()),
        icon=ICONS.get(entry.action, "history"),
        told=_told(entry),
        by=_capital(entry.actor_name or entry.actor or "nobody knows"),
        person=f"/people/{quote(entry.email, safe='')}" if entry.email and entry.is_contact else None,
        load=f"/loads/{entry.load_id}" if entry.load_id is not None else None,
        import_=f"/imports/{import_id}" if import_id else None,
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _told(entry: AuditEntry) -> str:
    """An entry's details in words: where a row stood, or what became of a batch."""
    if entry.file_name is not None:
        return f"Row {entry.row_number:,} of {entry.file_name}"
    if entry.source is not None:
        return f"From {entry.source}"
    details = entry.details
    if "reverted_loads" in details:
        return f"Import taken back: {ui.plural(details['reverted_loads'], 'row')}"
    said = [f"{details[name]:,} {name}" for name in COUNTS if isinstance(details.get(name), int) and details[name]]
    head = f"{ui.plural(details['rows'], 'row')} from {details.get('source')}" if isinstance(details.get("rows"), int) else "Promotion"
    return f"{head}: {', '.join(said) or 'nothing to do'}"
