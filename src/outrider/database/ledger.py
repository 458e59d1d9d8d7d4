"""yoyo, as this project runs it: `.sql` files in their order, each in one transaction together with its line in the
ledger.

Silent: what a SELECT in a migration returns never reaches standard output. Asks no name server for our name, as yoyo
would.
"""

import logging
import os
import pwd
import time
import uuid
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from outrider.kit.errors import Unavailable

FOLDER = Path(__file__).parent / "migrations"
NAME = "migrations_log"  # the name seed 000 gives it
LOCK_WAITS = (
    0.5,
    1.0,
    2.0,
    4.0,
    8.0,
)  # seconds between tries at a lock; each try waits 5 s more (SET LOCAL lock_timeout)


def ids() -> list[str]:
    """Return the ids of this version's migrations in their order: the files' names without `.sql`."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def apply(url: str, folder: Path = FOLDER) -> list[str]:
    """Run what the ledger does not hold yet, as the owner of the schema; returns the ids in order.

    The caller holds the migration lock.

    A migration that cannot get its locks is tried again with longer and longer waits. Raises `Unavailable` when it
    never gets them, and the driver's error for a migration that fails: nothing of that one stays.
    """
    import psycopg
    import yoyo
    from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
    from yoyo.connections import parse_uri

    class SilentCursor(psycopg.Cursor):
        description = None  # yoyo prints a result that has one

    class Backend(PostgresqlPsycopgBackend):
        def connect(self, dburi: Any) -> Any:
            # Everything is made as the owner, who is no superuser: row security and its functions bind it too.
            connection = psycopg.connect(url, autocommit=True, cursor_factory=SilentCursor)
            connection.execute("SELECT set_config('role', 'outrider_owner', false), set_config('search_path', 'public', false)")
            return connection

        def copy(self) -> Any:
            return type(self)(self.uri, self.migration_table)

        def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
            return {
                "id": str(uuid.uuid1()), "migration_id": migration.id, "migration_hash": migration.hash,
                "username": _account(),
                "hostname": os.uname().nodename,
                "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
                "operation": operation,
            }  # fmt: skip

        def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:
            self.ensure_internal_schema_updated()
            with self.transaction():
                migration.process_steps(self, "apply", force=force)
                self.log_migration(migration, "apply")
                self.mark_one(migration, log=False)

    logging.getLogger("yoyo").setLevel(logging.CRITICAL)
    applied: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Backend(parse_uri("postgresql+psycopg:///"), NAME) as backend:
            backend.create_lock_table()
            backend.break_lock()  # ours is the migration lock; what stands in yoyo's was left by a killed process
            for migration in backend.to_apply(yoyo.read_migrations(str(folder))):
                _with_patience(lambda one=migration: backend.apply_one(one), migration.id, psycopg.errors.LockNotAvailable)
                applied.append(migration.id)
    return applied


def _with_patience(step: Any, name: str, refused: type[Exception]) -> None:
    for wait in (*LOCK_WAITS, None):
        try:
            step()
            return
        except refused as error:
            if wait is None:
                raise Unavailable(
                    f"The migration {name} did not get its locks, because something else uses the tables without a "
                    "pause: find it in pg_stat_activity, let it finish or end it, then run outrider migrate again."
                ) from error
            time.sleep(wait)


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
