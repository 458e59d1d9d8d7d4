"""The pages of lists, segments and templates: one file a page. `router` has all of their routes, `NAVIGATION` what leads to them."""

from fastapi import APIRouter

from . import filling, lists, one_list, one_segment, picked, segments

NAVIGATION = (*lists.NAVIGATION, *segments.NAVIGATION)

router = APIRouter(include_in_schema=False)
# /lists/new and /lists/add come before /lists/{id}, which would take them for an id.
for page in (lists, picked, one_list, filling, segments, one_segment):
    router.include_router(page.router)
