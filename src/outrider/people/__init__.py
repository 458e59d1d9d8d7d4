"""Contacts, persons, companies, affiliations, their history; searching, listing and editing them.

Others use what is listed here. Golden records are made by the database's own functions; here they are found, read, edited, decided about.
"""

from typing import TYPE_CHECKING, Any

from .asked import filters_of
from .asked import to_json as filters_to_json
from .filters import CompanyFilters, ContactFilters, Filters
from .lists import Lists
from .picking import sample, whom
from .rows import CompanyRow, ContactRow, PersonRow
from .service import PeopleService
from .tasks import schedule
from .types import Company, Contact, Fact, Origin, Person, Slot

if TYPE_CHECKING:
    from .pages.bulk import Meant, meant_by
    from .pages.composer import Composer, compose_people, filters_to_words, people_asked


def __getattr__(name: str) -> Any:
    """Load what brings FastAPI when it is first asked for: the command line has no use for it."""
    if name in ("Composer", "compose_people", "filters_to_words", "people_asked"):
        from .pages import composer

        return getattr(composer, name)
    if name in ("Meant", "meant_by"):
        from .pages import bulk

        return getattr(bulk, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Company",
    "CompanyFilters",
    "CompanyRow",
    "Composer",
    "Contact",
    "ContactFilters",
    "ContactRow",
    "Fact",
    "Filters",
    "Lists",
    "Meant",
    "Origin",
    "PeopleService",
    "Person",
    "PersonRow",
    "Slot",
    "compose_people",
    "filters_of",
    "filters_to_json",
    "filters_to_words",
    "meant_by",
    "people_asked",
    "sample",
    "schedule",
    "whom",
]
