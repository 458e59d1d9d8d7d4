"""How imports look on a terminal. Only prints; decides nothing."""

from typing import Any

from outrider.kit import terminal

from .types import REASONS, Import

SUMMARY = ["id", "file_name", "source", "state", "rows_read", "rows_promoted", "rows_duplicate", "rows_failed", "created_at"]
FOUND_BY = {"header": "its header", "values": "its values", "chosen": "you", "remembered": "you, before", "none": ""}


def mapping_rows(found: Import) -> list[dict[str, Any]]:
    """Return the mapping as rows for a table; a column that becomes a custom field says so."""
    return [
        {
            "column": column["header"],
            "field": column["field"] or f"(custom field {column['key']})",
            "found_by": FOUND_BY[column["how"]],
            "samples": " · ".join(sample[:30] for sample in column["samples"][:2]),
        }
        for column in found.mapping
    ]


def show_import(found: Import) -> None:
    """Print what came of an import."""
    seconds = (found.finished_at - found.started_at).total_seconds() if found.finished_at and found.started_at else None
    terminal.say(f"Import {found.id}: {found.state}" + (f" in {terminal.duration(seconds)}" if seconds is not None else ""))
    if found.error:
        terminal.warn(found.error)
    rows = [
        {"what": "rows read", "count": found.rows_read},
        {"what": "  new addresses", "count": found.rows_promoted},
        {"what": "  stored, not promoted", "count": found.rows_pending},
        {"what": "  duplicates (address loaded in the last 30 days)", "count": found.rows_duplicate},
        {"what": "  failed", "count": found.rows_failed},
        *_reasons(found.reasons),
        {"what": "contacts new", "count": found.contacts_created},
        {"what": "contacts changed", "count": found.contacts_updated},
        {"what": "people new", "count": found.people_created},
        {"what": "people changed", "count": found.people_updated},
        {"what": "companies new", "count": found.companies_created},
        {"what": "companies changed", "count": found.companies_updated},
        {"what": "affiliations new", "count": found.affiliations_created},
    ]
    hidden = {"  stored, not promoted"} if not found.rows_pending else set()
    terminal.show_table([row for row in rows if row["what"] not in hidden], ["what", "count"], json=False, empty="")
    if found.rows_failed:
        terminal.say(f"\nThe failed rows: outrider imports rejects {found.id} --out rejects.csv")


def _reasons(counts: dict[str, int]) -> list[dict[str, Any]]:
    commonest = sorted(counts.items(), key=lambda item: -item[1])
    return [{"what": f"    {REASONS.get(reason, reason)}", "count": count} for reason, count in commonest]


def show_preview(found: Import) -> None:
    """Print what a dry run found: counts, failures, changes field by field."""
    preview = found.preview or {}
    complete = "" if preview.get("is_complete", True) else f" (of the first {preview['rows']:,} rows)"
    terminal.say(f"Dry run{complete}: nothing was changed.")
    rows = [
        {"what": "rows read", "count": preview.get("rows", 0)},
        {"what": "  new addresses", "count": preview.get("promoted", 0) + preview.get("pending", 0)},
        {"what": "  duplicates (address loaded in the last 30 days)", "count": preview.get("duplicate", 0)},
        {"what": "  would fail", "count": preview.get("failed", 0)},
        *_reasons(preview.get("reasons", {})),
        {"what": "people new", "count": preview.get("people_created", 0)},
        {"what": "people changed", "count": preview.get("people_updated", 0)},
        {"what": "companies new", "count": preview.get("companies_created", 0)},
        {"what": "companies changed", "count": preview.get("companies_updated", 0)},
    ]
    terminal.show_table(rows, ["what", "count"], json=False, empty="")
    changes = preview.get("changes", [])
    if changes:
        terminal.say("\nChanges, field by field (the first ones of each):")
        terminal.show_table(changes, ["kind", "field", "changes", "name", "old", "new"], json=False, empty="")
    failed = preview.get("failed_rows", [])
    if failed:
        terminal.say("\nRows that would fail (the first ones):")
        shown = [{"row": r["row_number"], "why": REASONS.get(r["reason"], r["reason"]), "payload": r["raw_data"]} for r in failed[:5]]
        terminal.show_table(shown, ["row", "why", "payload"], json=False, empty="")


def _kinds(kind: str, count: int) -> str:
    """A kind of record as it is counted: 1 person, 2 people."""
    return kind if count == 1 else {"person": "people", "company": "companies"}.get(kind, f"{kind}s")


def show_revert(report: dict[str, Any], *, dry_run: bool) -> None:
    """Print what taking an import back did, or would do."""
    words = ("Would be deleted", "Would be put back") if dry_run else ("Deleted", "Put back")
    for word, part in zip(words, ("deleted", "restored"), strict=True):
        counts = ", ".join(f"{count:,} {_kinds(kind, count)}" for kind, count in sorted(report.get(part, {}).items())) or "nothing"
        terminal.say(f"{word}: {counts}")
    if report.get("kept_count"):
        terminal.say(f"\nKept as it is, {report['kept_count']:,} in all:")
        rows = [{"kind": kind, **item} for kind, items in report["kept"].items() for item in items[:20]]
        terminal.show_table(rows, ["kind", "name", "reason"], json=False, empty="")
