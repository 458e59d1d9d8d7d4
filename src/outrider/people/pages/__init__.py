"""The pages of people and companies: one file a kind of page. `router` has all of their routes, `NAVIGATION` what leads to them."""

from fastapi import APIRouter

from . import addresses, company, conflicts, incomplete, loads, notes, person, records

NAVIGATION = conflicts.NAVIGATION

router = APIRouter(include_in_schema=False)
# Addresses of lists, such as /people/export, come before /people/{id}, which would take them for an id.
for page in (records, notes, addresses, company, person, loads, conflicts, incomplete):
    router.include_router(page.router)
