"""The HTTP server: collects what the slices offer and puts the common layers round it. Composition only: no rule lives
here."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from outrider import __version__, gallery, palette, runtime, settings_page
from outrider.engagement import routes as engagement
from outrider.intake import api as intake
from outrider.intake import imports_api as imports
from outrider.intake import pages as intake_pages
from outrider.kit import database, http, logs, pages, sql
from outrider.kit.errors import Unavailable
from outrider.marketing import routes as marketing
from outrider.namespaces import api as namespaces
from outrider.namespaces import pages as namespaces_pages
from outrider.namespaces import profiles_api as profiles
from outrider.ops import api as ops
from outrider.ops import pages as ops_pages
from outrider.people import api as people
from outrider.people import bulk_api, exports_api, fields_api, lists_api, views_api
from outrider.people import detail_api as people_details
from outrider.people import pages as people_pages
from outrider.reports import routes as reports
from outrider.sending import routes as sending
from outrider.settings import Settings
from outrider.tenancy import api as tenancy
from outrider.tenancy import pages as tenancy_pages
from outrider.tenancy import sign_in_pages, visitors
from outrider.tenancy.entrance import Entrance
from outrider.tenancy.http import FAILURES, Door, KeyFirst, holder_of

ROUTERS: tuple[APIRouter, ...] = (
    tenancy.router,
    namespaces.router,
    profiles.router,
    intake.router,
    imports.router,
    lists_api.router,  # before what shows one person: export.csv is nobody's id
    people.router,
    views_api.router,
    bulk_api.router,
    fields_api.router,
    exports_api.router,
    people_details.router,
    *sending.API,
    *marketing.API,
    ops.router,
    ops.events_router,
    *engagement.API,
    *reports.API,
)
"""The routers of the slices, in the order that the API's document lists them."""

PAGES: tuple[APIRouter, ...] = (
    pages.router,
    palette.router,
    gallery.router,
    settings_page.router,
    sign_in_pages.router,
    tenancy_pages.router,
    namespaces_pages.router,
    ops_pages.router,
    intake_pages.router,
    people_pages.router,
    *marketing.PAGES,
    *sending.PAGES,
    *engagement.PAGES,
    *reports.PAGES,
)
"""The pages of the slices."""

NAVIGATION: tuple[pages.NavItem, ...] = (
    *settings_page.NAVIGATION,
    *sign_in_pages.NAVIGATION,
    *tenancy_pages.NAVIGATION,
    *namespaces_pages.NAVIGATION,
    *ops_pages.NAVIGATION,
    *intake_pages.NAVIGATION,
    *people_pages.NAVIGATION,
    *marketing.NAVIGATION,
    *sending.NAVIGATION,
    *engagement.NAVIGATION,
    *reports.NAVIGATION,
)
"""What stands in the navigation; each entry says its section and its place there."""

LARGE_BODIES = {("POST", "/api/imports"): "imports:write", ("POST", "/api/ingest"): "imports:write"}
"""The scopes that these need are asked for before their bodies are read."""

UPLOADS = (("POST", "/api/imports"), ("POST", "/imports"))
"""Where bodies may be `max_upload_bytes` long; they are streamed."""

SMALL_FORMS = tuple(("POST", path) for path in ("/sign-in", "/sign-in/code", "/sign-in/forgotten", "/sign-in/reset", "/theme", "/u/"))
"""What strangers may send: short."""
MAX_SMALL_FORM_BYTES = 16 * 1024
MAX_HEADER_BYTES = 64 * 1024
MIGRATIONS = Path(__file__).parent / "database" / "migrations"
DESCRIPTION = """Raw leads in, golden records out.

Send your API key as `Authorization: Bearer KEY` (or `X-API-Key: KEY`). Errors are problem documents (RFC 9457). Lists
come in pages: pass `next_cursor` as `cursor`. Give every POST an `Idempotency-Key`, and it is done once however often
it is sent. Times are UTC."""
TAGS = [
    {"name": "intake", "description": "Rows in, their promotion, loads as they came, the audit log."},
    {"name": "imports", "description": "Lead files: upload, mapping, dry run, progress, rejects, revert."},
    {
        "name": "people",
        "description": "People, companies, addresses: search, where each value comes from, edits, notes, timelines, conflicts.",
    },
    {"name": "mailboxes", "description": "Mailboxes that send, the domains that sign, and who is never written to."},
    {"name": "sending", "description": "The send ledger: messages, what is in doubt, freezing and releasing."},
    {"name": "campaigns", "description": "Lists, segments, templates, campaigns, tasks: who is told what, and when."},
    {
        "name": "activity",
        "description": "What happened after sending: events, webhooks that bring them, who showed interest, rules about machines.",
    },
    {"name": "attribution", "description": "Conversions, and which campaigns led to them."},
    {"name": "jobs", "description": "Work in the background, and the event store."},
    {
        "name": "namespaces",
        "description": "A client's segment of the organization: routing by campaign keywords, profile tables.",
    },
    {"name": "profiles", "description": "People as a client sees them: the profile tables of the namespaces."},
    {"name": "keys", "description": "API keys: scoped, shown once, revocable."},
    {"name": "users", "description": "The organization and its people."},
    {"name": "overview", "description": "The organization at a glance, and how the database does."},
    {"name": "health", "description": "Whether the process lives and can work."},
]
queries = sql.load(Path(__file__).parent / "web.sql")


@dataclass(frozen=True, slots=True)
class Addition:
    """Pages that one program has beside those of the slices, and how they are reached."""

    router: APIRouter
    navigation: tuple[pages.NavItem, ...] = ()


def create_app(settings: Settings, *, app_url: str | None = None, manage_pool: bool = True, addition: Addition | None = None) -> FastAPI:
    """Return the ASGI application, with the pages of `addition` if there is one.

    With `manage_pool` its lifespan opens the pool on `app_url` (None: what the settings say); without, the caller has
    one open. Raises `Unavailable` for a rate limit that cannot be read.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if not manage_pool:
            yield
            return
        runtime.make_key(settings)
        runtime.prepare(settings.home_path, settings)
        async with database.connect(
            app_url or _app_url(settings),
            size=settings.pool_size,
            statement_cache=settings.statement_cache,
            name="outrider web",
            statement_timeout=settings.statement_timeout,
        ):
            yield

    app = FastAPI(
        title="Outrider",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        openapi_url="/api/openapi.json",
        docs_url=None,  # the pages behind these fetch scripts from other hosts
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        lifespan=lifespan,
        dependencies=[Depends(http.refuse_stray_body)],
        middleware=[
            Middleware(http.Frame),
            Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
            Middleware(
                http.SizeLimit,
                limit=settings.max_request_bytes,
                exceptions={**dict.fromkeys(UPLOADS, settings.max_upload_bytes), **dict.fromkeys(SMALL_FORMS, MAX_SMALL_FORM_BYTES)},
            ),
            Middleware(KeyFirst, needs=LARGE_BODIES),
            Middleware(http.Idempotency, identify=holder_of),
        ],
    )
    app.state.door = Door(settings.rate_limit)
    app.state.webhook_guesses = http.Guesses(FAILURES, "the limit for unknown webhooks")
    app.state.entrance = Entrance.of(**settings.entrance)
    app.state.navigation = (*NAVIGATION, *addition.navigation) if addition else NAVIGATION
    http.install(app, page=pages.problem_page)
    visitors.install(app)
    for router in (*ROUTERS, *PAGES):
        app.include_router(router)
    if addition:
        app.include_router(addition.router)
    app.include_router(http.health_router(__version__, {"database": _database_answers, "migrations": _migrations_are_current}))
    app.openapi = http.describe_api(app)  # type: ignore[method-assign]
    return app


async def serve(
    settings: Settings,
    *,
    app_url: str | None = None,
    manage_pool: bool = True,
    on_listening: Callable[[str], None] | None = None,
    addition: Addition | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, which is raised again when the last request is answered.

    `on_listening` is called with the address once requests are taken. Raises `Unavailable` when the port is taken or
    the host is not this machine's.
    """
    app = create_app(settings, app_url=app_url, manage_pool=manage_pool, addition=addition)
    with listen(settings.host, settings.port) as listener:
        logs.configure(settings.log_level)
        server = _Server(
            uvicorn.Config(
                app,
                loop="none",
                http=_BoundedHttp,
                proxy_headers=settings.trusted_proxies is not None,
                forwarded_allow_ips=settings.trusted_proxies or "",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=20,
            ),
            on_listening=lambda: on_listening(settings.own_address) if on_listening else None,
        )
        await server.serve(sockets=[listener])
        if server.should_exit:
            await asyncio.sleep(0.1)  # uvicorn raised the signal again when it was done: this is where the loop hears of it


class _BoundedHttp(HttpToolsProtocol):
    """Closes a connection whose request line and headers do not end within `MAX_HEADER_BYTES`."""

    _header_bytes = 0
    _in_headers = True

    def on_message_begin(self) -> None:
        self._in_headers, self._header_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES:
                self.transport.close()


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_listening()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` and `port`. Raises `Unavailable` with one sentence when it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise Unavailable(f"OUTRIDER_HOST is {host!r}, which is no address of this machine: use 127.0.0.1 or 0.0.0.0.") from error
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _explain(error, host, port) from error
    return listener


def _explain(error: OSError, host: str, port: int) -> Unavailable:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(f"Port {port} is taken by another program: stop it or set OUTRIDER_PORT.")
    if error.errno == errno.EACCES:
        return Unavailable(f"Port {port} needs more rights than this account has: set OUTRIDER_PORT to one above 1023.")
    if error.errno == errno.EADDRNOTAVAIL:
        return Unavailable(f"OUTRIDER_HOST is {host!r}, which is no address of this machine: use 127.0.0.1 or 0.0.0.0.")
    return Unavailable(f"Outrider cannot listen on {host}, port {port}: {error.strerror}.")


def _app_url(settings: Settings) -> str:
    return runtime.installation(settings).urls.app


def _operation_id(route: APIRoute) -> str:
    return route.name


async def _database_answers() -> str | None:
    try:
        async with database.pool().acquire(timeout=4) as connection:
            await queries.is_alive(connection)
    except Exception:
        return "the database does not answer: start it, or run outrider doctor"
    return None


async def _migrations_are_current() -> str | None:
    try:
        async with database.pool().acquire(timeout=4) as connection:
            has = {row["id"] async for row in queries.migrations(connection)}
    except Exception:
        return "the database does not say which migrations it has: run outrider migrate"
    pending = sorted({path.stem for path in MIGRATIONS.glob("*.sql")} - has)
    return f"{len(pending)} migrations are pending, from {pending[0]}: run outrider migrate" if pending else None
