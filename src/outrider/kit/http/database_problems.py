"""What the database refuses, in words a client can act on. For what slips past the slices, which name their own
conflicts.

Never quotes the statement or the database's detail line: it may hold another row's values.
"""

import re
import traceback
from urllib.parse import parse_qsl

import asyncpg
from starlette.types import Scope

from outrider.kit.errors import Conflict, InvalidInput, OutriderError, TimedOut, Unavailable

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
BUSY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
NUL = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
UNREACHABLE = "the database cannot be reached: try again in a few seconds, or run outrider doctor on the server"


TOO_LONG = (
    "this took the database longer than OUTRIDER_STATEMENT_TIMEOUT allows, or the operator ended it: ask for less at once, "
    "narrow the search, or try again when the server has less to do"
)


def translate(error: BaseException, scope: Scope) -> OutriderError | None:
    """Return the problem that stands for a driver's error, None for one that is a fault of ours."""
    if isinstance(error, NUL):
        return InvalidInput("a text holds a NUL character (\\u0000) or another one that cannot be stored: take it out", field="body")
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput("a text holds half a surrogate pair (\\ud800 to \\udfff), which is no character", field="body")
    if isinstance(error, asyncpg.DataError):
        field, value = _argument(str(error), scope)
        what = f"{field} is {value}; it" if field else "a value"
        return InvalidInput(f"{what} is out of range or of the wrong form for where it is kept", field=field or "request")
    if isinstance(error, (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError)):
        return Conflict("there is one like this already", constraint=error.constraint_name)
    if isinstance(error, (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError)):
        return Conflict(
            "this belongs together with something that is not there, or is still in use",
            constraint=error.constraint_name,
        )
    if isinstance(error, (asyncpg.CheckViolationError, asyncpg.NotNullViolationError)):
        field = error.column_name or "request"
        return InvalidInput("a value breaks a rule of where it is kept", field=field, constraint=error.constraint_name)
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return Conflict("this cannot be changed")
    if isinstance(error, BUSY):
        return Unavailable("the database is busy with something that stands in the way: try again in a few seconds")
    if isinstance(error, asyncpg.QueryCanceledError):
        return TimedOut(TOO_LONG)
    if isinstance(error, LOST) or _lost(error):
        return Unavailable(UNREACHABLE)
    return None


def _lost(error: BaseException) -> bool:
    """Whether an error that is not the database's own comes from having no connection to it."""
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)  # "connection is closed", "pool is closing"
    if isinstance(error, OSError):  # TimeoutError and ConnectionError among them
        return any("asyncpg" in frame.filename for frame in traceback.extract_tb(error.__traceback__))
    return False


def _argument(message: str, scope: Scope) -> tuple[str | None, str]:
    """Find which parameter of the address holds the value that asyncpg names in 'invalid input for query argument $1: 5
    (…)'."""
    found = re.search(r"query argument \$\d+: '?(.{1,80}?)'? \(", message)
    if found is None:
        return None, ""
    value = found.group(1)
    given = [*scope.get("path_params", {}).items(), *parse_qsl(scope.get("query_string", b"").decode("latin-1"))]
    return next(((str(name), value) for name, one in given if str(one) == value), (None, ""))
