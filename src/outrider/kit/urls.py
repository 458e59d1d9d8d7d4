"""Connection strings of PostgreSQL: checked, and rewritten for another account."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from .errors import InvalidInput

SHAPE = "postgresql://user:password@host:5432/database"
ONLY_LIBPQ = frozenset(
    [
        "channel_binding",
        "connect_timeout",
        "fallback_application_name",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "load_balance_hosts",
        "requiressl",
        "sslcompression",
        "sslsni",
        "tcp_user_timeout",
    ]
)
"""Parameters that libpq reads and asyncpg would send to the server as settings, which it refuses."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Connection strings: `admin` may create roles and migrates, `app` is the application's role, `worker` dispatches
    jobs.
    """

    admin: str
    app: str
    worker: str


def checked(url: str, setting: str) -> str:
    """Return a connection string as every driver of ours takes it (seed 001's has channel_binding, which asyncpg does
    not know).

    Raises `InvalidInput` naming the setting for what is not a PostgreSQL URL; the message never holds the string, which
    may hold a password.
    """
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("postgres", "postgresql") and parts.path.strip("/") != "" and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise InvalidInput(f"{setting} is not a connection string; it must look like {SHAPE}", field=setting)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in ONLY_LIBPQ]
    return urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(kept, safe="/", quote_via=quote), ""))


def with_user(url: str, user: str, password: str | None = None, database: str | None = None) -> str:
    """Return `url` for another account, and another database if one is given."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    account = quote(user, safe="") + (":" + quote(password, safe="") if password else "")
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query) if k not in ("user", "password")], safe="/", quote_via=quote)
    return urlunsplit(("postgresql", f"{account}@{host}", "/" + quote(database) if database else parts.path, query, ""))
