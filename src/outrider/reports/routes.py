"""The slice's routes, for composition: its API, its pages, and what of it stands in the navigation."""

from . import api, pages
from .outreach import conversions_api, report_api
from .outreach import pages as outreach_pages

API = (report_api.router, conversions_api.router, api.router)
PAGES = (pages.router, outreach_pages.router)
NAVIGATION = (*pages.NAVIGATION, *outreach_pages.NAVIGATION)
