"""Contacts, persons, companies, affiliations, their history; searching, listing and editing them.

Others use what is listed here. Golden records are made by the database's own functions; here they are found, read, edited, decided about.
"""

from .asked import filters_of
from .asked import to_json as filters_to_json
from .filters import CompanyFilters, ContactFilters, Filters
from .lists import Lists
from .rows import CompanyRow, ContactRow, PersonRow
from .service import PeopleService
from .tasks import schedule
from .types import Company, Contact, Fact, Origin, Person, Slot

__all__ = [
    "Company",
    "CompanyFilters",
    "CompanyRow",
    "Contact",
    "ContactFilters",
    "ContactRow",
    "Fact",
    "Filters",
    "Lists",
    "Origin",
    "PeopleService",
    "Person",
    "PersonRow",
    "Slot",
    "filters_of",
    "filters_to_json",
    "schedule",
]
