"""The slice's routes, for composition: its API, its pages, and what of it stands in the navigation."""

from . import api, mailboxes_api, pages, suppressions_api

API = (mailboxes_api.router, suppressions_api.router, api.router)
PAGES = (pages.router,)
NAVIGATION = pages.NAVIGATION
