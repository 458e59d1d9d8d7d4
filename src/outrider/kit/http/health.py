"""Whether this process lives and can work, for load balancers and people. Shows no data and needs no key."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

Check = Callable[[], Awaitable[str | None]]
"""Answers None when all is well, else the reason in one sentence."""
CHECK_SECONDS = 5


class Health(BaseModel):
    """The state of this process."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ok", "version": "0.1.0", "checks": {"database": "ok", "migrations": "ok"}}]}
    )

    status: str = Field(description="`ok`, or `unavailable` when a check failed.")
    version: str = Field(description="Version of Outrider.")
    checks: dict[str, str] = Field(description="`ok` or the reason, for each check.")


def health_router(version: str, checks: Mapping[str, Check]) -> APIRouter:
    """Return the routes under /api/health; `checks` by name decide whether the process is ready."""
    router = APIRouter(prefix="/api/health", tags=["health"])
    unavailable = {
        503: {
            "model": Health,
            "description": "A check failed; `checks` says which and why.",
        }
    }

    @router.get("/live", summary="Is the process alive?")
    async def is_live() -> Health:
        """Answers 200 as long as the process serves requests, whatever the database does. For restarts."""
        return Health(status="ok", version=version, checks={})

    async def look(response: Response) -> Health:
        found = await asyncio.gather(*(_run(check) for check in checks.values()))
        results = {name: reason or "ok" for name, reason in zip(checks, found, strict=True)}
        well = all(result == "ok" for result in results.values())
        response.status_code = 200 if well else 503
        return Health(status="ok" if well else "unavailable", version=version, checks=results)

    @router.get("/ready", summary="Can the process work?", responses=unavailable)  # type: ignore[arg-type]
    async def is_ready(response: Response) -> Health:
        """Answers 200 when the database answers and its schema is this version's, else 503 with the reasons. For
        routing traffic."""
        return await look(response)

    @router.get("", summary="Health in one look", responses=unavailable)  # type: ignore[arg-type]
    async def get_health(response: Response) -> Health:
        """The same as `/api/health/ready`, at the address people try first."""
        return await look(response)

    return router


async def _run(check: Check) -> str | None:
    try:
        return await asyncio.wait_for(check(), CHECK_SECONDS)
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS} seconds"
    except Exception as error:
        return f"the check failed with {type(error).__name__}"
