"""The errors that a person may see. Each carries what an RFC 9457 problem document needs; nothing here knows HTTP routes."""

from typing import Any


class OutriderError(Exception):
    """Something a person can act on.

    `message` names the field, the value and what to do. `status` is the HTTP status it is answered with, `code` a stable
    name for programs, `field` the input at fault (None: the request as a whole).
    """

    status = 400
    code = "bad_request"

    def __init__(self, message: str, *, field: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.extra = extra


class InvalidInput(OutriderError):  # noqa: N818  (names of errors are the domain's words)
    """A value that cannot be used."""

    status = 422
    code = "invalid_input"


class NotFound(OutriderError):  # noqa: N818
    """There is no such thing, or it belongs to somebody else."""

    status = 404
    code = "not_found"


class Conflict(OutriderError):  # noqa: N818
    """The request contradicts what is there."""

    status = 409
    code = "conflict"


class Unauthorized(OutriderError):  # noqa: N818
    """No key, or one that does not hold."""

    status = 401
    code = "unauthorized"


class Forbidden(OutriderError):  # noqa: N818
    """A key that holds, but not for this."""

    status = 403
    code = "forbidden"


class TooLarge(OutriderError):  # noqa: N818
    """More bytes or rows than one request may bring."""

    status = 413
    code = "too_large"


class TooManyRequests(OutriderError):  # noqa: N818
    """Over the rate limit; `retry_after` in `extra` is in seconds."""

    status = 429
    code = "too_many_requests"


class TimedOut(OutriderError):  # noqa: N818
    """The database was given so much time for this, and did not need less."""

    status = 504
    code = "timed_out"


class Unavailable(OutriderError):  # noqa: N818
    """The database or the machine is not in a state to work; the message says what to do."""

    status = 503
    code = "unavailable"
