"""The slice's routes, for composition."""

from . import api, mailboxes_api, suppressions_api

API = (mailboxes_api.router, suppressions_api.router, api.router)
