"""Contacts, persons, companies, affiliations, their history; searching them.

Others use what is listed here. Golden records are made by the database's own functions; here they are found, read, edited, decided about.
"""

from .service import PeopleService
from .tasks import schedule
from .types import Company, CompanyFilters, CompanyRow, Contact, Fact, Filters, Origin, Person, PersonRow, Slot

__all__ = [
    "Company",
    "CompanyFilters",
    "CompanyRow",
    "Contact",
    "Fact",
    "Filters",
    "Origin",
    "PeopleService",
    "Person",
    "PersonRow",
    "Slot",
    "schedule",
]
