"""What tenancy offers over HTTP: keys, users, the organization."""

from fastapi import APIRouter

from . import keys_api, organization_api, users_api

router = APIRouter()
router.include_router(keys_api.router)
router.include_router(users_api.router)
router.include_router(organization_api.router)
