"""Named queries: `.sql` files loaded with aiosql, run on asyncpg. Static SQL only; nothing here builds SQL."""

from pathlib import Path
from typing import Any

import aiosql


def load(path: Path) -> Any:
    """Return the queries of one file as an object with one coroutine function a query.

    Raises `aiosql.SQLLoadException` when the file is missing and `SQLParseException` when a query has no parameter list.
    """
    return aiosql.from_path(path, "asyncpg", mandatory_parameters=False)
