"""An installation of its own in a temporary folder: embedded server, migrated database, pool; gone at the end."""

import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg

from outrider import runtime, tenancy
from outrider.kit import database
from outrider.settings import settings

MAKE_LEADS = Path(__file__).parent.parent.parent / "shared" / "tools" / "make_leads.py"


class Lab:
    """`async with Lab(folder) as lab`: `lab.admin` is a superuser's connection, the process's pool is the application's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "OUTRIDER_HOME": str(folder / "home")}
        self._stack = AsyncExitStack()
        self.organization = tenancy.DEFAULT_ORGANIZATION
        self.actor = tenancy.Actor("cli", "bench")

    async def __aenter__(self) -> "Lab":
        os.environ["OUTRIDER_HOME"] = self.environment["OUTRIDER_HOME"]
        settings.cache_clear()
        self.place = await self._stack.enter_async_context(runtime.opened(announce=False))
        self.admin: asyncpg.Connection = await asyncpg.connect(self.place.urls.admin)
        await database.prepare_connection(self.admin)
        self._stack.push_async_callback(self.admin.close)
        await self.admin.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        await self.admin.execute("ALTER SYSTEM SET pg_stat_statements.track = 'all'")
        await self.admin.execute("SELECT pg_reload_conf()")
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.__aexit__(*error)

    def leads(self, rows: int, seed: int) -> Path | None:
        """Write a lead file; None when make_leads.py is not there."""
        if not MAKE_LEADS.exists():
            return None
        path = self.folder / f"leads-{rows}.csv"
        command = [sys.executable, str(MAKE_LEADS), "--rows", str(rows), "--seed", str(seed), "--format", "apollo", "--out", str(path)]
        subprocess.run(command, check=True)
        return path

    def outrider(self, *arguments: str) -> list[str]:
        """The command line that runs `outrider` in this installation."""
        return [sys.executable, "-m", "outrider", *arguments]

    async def tenant(self, sql: str, *arguments: Any) -> Any:
        """Fetch one value inside the organization."""
        async with tenancy.transaction(self.organization, self.actor) as connection:
            return await connection.fetchval(sql, *arguments)
