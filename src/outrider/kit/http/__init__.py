"""What every HTTP endpoint shares: problem documents, request ids, limits, idempotency, health, the OpenAPI document.

Knows no domain and no route: composition says who may come in, where answers are kept and which paths take how much.
Not imported by the command line, since it brings FastAPI.
"""

from .downloads import csv_file
from .frame import Frame
from .guesses import Guesses
from .health import Check, health_router
from .idempotency import Answers, Claim, Idempotency, KeptAnswer
from .limits import SizeLimit
from .openapi import describe_api
from .problems import Problem, install, respond
from .rates import RateLimiter
from .state import add_response_header, asked_method, keep_for_replay, log_fields
from .stray import refuse_stray_body
from .types import BigInt, Cursor, Limit, Text
from .uploads import UploadRoute

__all__ = [
    "Answers",
    "BigInt",
    "Check",
    "Claim",
    "Cursor",
    "Frame",
    "Guesses",
    "Idempotency",
    "KeptAnswer",
    "Limit",
    "Problem",
    "RateLimiter",
    "SizeLimit",
    "Text",
    "UploadRoute",
    "add_response_header",
    "asked_method",
    "csv_file",
    "describe_api",
    "health_router",
    "install",
    "keep_for_replay",
    "log_fields",
    "refuse_stray_body",
    "respond",
]
