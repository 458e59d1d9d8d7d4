"""The slice's routes, for composition: its API, its pages, and what of it stands in the navigation."""

from . import (
    activity_api,
    activity_pages,
    hooks,
    intent_pages,
    intents_api,
    pages,
    tracking_routes,
    verdicts_api,
    webhook_pages,
    webhooks_api,
)

API = (
    activity_api.router,
    activity_api.activity_router,
    intents_api.router,
    verdicts_api.router,
    webhooks_api.router,
    webhooks_api.deliveries_router,
)
PAGES = (pages.router, tracking_routes.router, hooks.router, activity_pages.router, intent_pages.router, webhook_pages.router)
NAVIGATION = (*activity_pages.NAVIGATION, *intent_pages.NAVIGATION, *webhook_pages.NAVIGATION)
