"""The pages of people and companies: one file a kind of page. `router` has all of their routes, `NAVIGATION` what leads to them."""

from fastapi import APIRouter

from . import (
    addresses,
    bulk,
    bulk_edits,
    company,
    conflicts,
    custom_fields,
    exports,
    incomplete,
    lists,
    loads,
    notes,
    person,
    picking,
    records,
    saved_views,
)

NAVIGATION = (
    *lists.NAVIGATION,
    *conflicts.NAVIGATION,
    *exports.NAVIGATION,
    *bulk_edits.NAVIGATION,
    *custom_fields.NAVIGATION,
)

router = APIRouter(include_in_schema=False)
# Addresses of lists, such as /people/export, come before /people/{id}, which would take them for an id.
for page in (
    lists,
    picking,
    saved_views,
    bulk,
    bulk_edits,
    exports,
    custom_fields,
    records,
    notes,
    addresses,
    company,
    person,
    loads,
    conflicts,
    incomplete,
):
    router.include_router(page.router)
