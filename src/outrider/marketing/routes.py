"""The slice's routes, for composition: its API, its pages, and what of it stands in the navigation."""

from . import audience_pages, campaign_pages, campaigns_api, lists_api, outreach_tasks_api, segments_api, tasks_pages, templates_api

API = (lists_api.router, segments_api.router, templates_api.router, campaigns_api.router, outreach_tasks_api.router)
PAGES = (campaign_pages.router, audience_pages.router, tasks_pages.router)
NAVIGATION = (*campaign_pages.NAVIGATION, *audience_pages.NAVIGATION, *tasks_pages.NAVIGATION)
