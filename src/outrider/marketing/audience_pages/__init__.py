"""The pages of lists, segments and templates: one file a page. `router` has all of their routes, `NAVIGATION` what leads to them."""

from fastapi import APIRouter

from . import filling, lists, one_list, one_segment, one_template, picked, previews, segments, templates

NAVIGATION = (*lists.NAVIGATION, *segments.NAVIGATION, *templates.NAVIGATION)

router = APIRouter(include_in_schema=False)
# Addresses such as /lists/new come before /lists/{id}, which would take them for an id.
for page in (lists, picked, one_list, filling, segments, one_segment, templates, previews, one_template):
    router.include_router(page.router)
