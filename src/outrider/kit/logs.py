"""Structured logs: one JSON object a line, to stderr.

Never holds personal data, payloads or secrets: callers pass ids, counts and names of things, and an exception is
written as its type and the places it passed through, without its message, since messages of drivers quote the values
that were refused.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]
QUIET = ("uvicorn.access", "asyncio", "httpx", "httpcore", "httpx2", "httpcore2", "aiosmtplib")  # their lines hold raw paths and addresses
FRAMES_KEPT = 12


def describe(error: BaseException) -> dict[str, Any]:
    """Return what may be logged of an error: its type, and `file:line function` of its last frames, without its
    message."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_KEPT:]
    described: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    cause = error.__cause__ or error.__context__
    if cause is not None:
        described["cause"] = f"{type(cause).__module__}.{type(cause).__qualname__}"
    return described


def _describe_exception(_: Any, __: str, event: Event) -> Event:
    """Put `describe` in the place of an exception."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = describe(error)
    return event


_SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _describe_exception,
)


class _Stderr(logging.StreamHandler):
    """Writes to whatever standard error is at the time."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr


def configure(level: str = "INFO") -> None:
    """Send everything that is logged from `level` on, by us and by libraries, to stderr as JSON lines; may be called
    again."""
    handler = _Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=list(_SHARED),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=False),
            ],
            use_get_message=True,
        )
    )
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, _Stderr)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper() if level.upper() in logging.getLevelNamesMapping() else "INFO")
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; call it as `log.info("what_happened", key=value)`."""
    return structlog.stdlib.get_logger(name)


# Until somebody configures it, only warnings go anywhere, as with any library; structlog's own default prints to standard output.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=False,
)
