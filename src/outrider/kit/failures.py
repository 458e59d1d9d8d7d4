"""What a driver, the system or a setting says when the machine is not in a state to work, put into one sentence with
what to do.
"""

import errno

from .errors import InvalidInput, OutriderError, Unavailable


class Terminated(KeyboardInterrupt):
    """SIGTERM came: end as for Ctrl-C, with another exit code."""


def full_disk(where: object) -> Unavailable:
    """Return the error for a disk that is full, or nearly so; `where` is a folder, or words for one."""
    return Unavailable(f"The disk that holds {where} is full: free some space, or set OUTRIDER_HOME to a folder on another disk.")


def explain(error: BaseException) -> OutriderError | None:
    """Return the error as a person should read it, None for one that nobody but its author can act on."""
    if isinstance(error, OutriderError):
        return error
    if isinstance(error, ExceptionGroup):
        return next((known for part in error.exceptions if (known := explain(part))), None)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full_disk(error.filename or "OUTRIDER_HOME")
    if type(error).__module__.startswith("asyncpg"):
        return _explain_database(error)
    if type(error).__name__ == "ValidationError" and getattr(error, "title", "") == "Settings":
        return _explain_settings(error)
    if isinstance(error, ConnectionError):
        return Unavailable(f"The connection to the database was lost ({error}): run outrider doctor.")
    return None


def _explain_database(error: BaseException) -> OutriderError | None:
    import asyncpg

    if isinstance(error, asyncpg.DiskFullError):
        return full_disk("the database")
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return Unavailable(
            "The database has no connection left: stop some of its users, lower OUTRIDER_POOL_SIZE or raise max_connections."
        )
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return Unavailable(
            f"The database refused the account ({error}): run outrider migrate, or correct the connection strings in the settings."
        )
    if isinstance(error, asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError) and not isinstance(
        error, asyncpg.QueryCanceledError
    ):
        return Unavailable(f"The connection to the database was lost ({error}): run outrider doctor.")
    if isinstance(error, asyncpg.InterfaceError) and "clos" in str(error):
        return Unavailable(f"The connection to the database was lost ({error}): run outrider doctor.")
    if isinstance(error, asyncpg.LockNotAvailableError):
        return Unavailable("Something else holds a lock on the table for too long: try again when it is done.")
    return None


def _explain_settings(error: BaseException) -> OutriderError:
    first = error.errors()[0]  # type: ignore[attr-defined]
    name = "OUTRIDER_" + "_".join(str(part) for part in first["loc"]).upper()
    return InvalidInput(f"{name} is {first['input']!r}: {first['msg'][:1].lower()}{first['msg'][1:]}", field=name)
