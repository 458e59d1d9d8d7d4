"""People for tests of signing in: users with passwords, browsers without a session, codes of an authenticator app."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from uuid import UUID, uuid4

import httpx
import pyotp
from fastapi import FastAPI

from outrider import tenancy
from outrider.tenancy import passwords
from tests.api.fixtures import new_user

PASSWORD = "three quiet otters"
_hashes: dict[str, str] = {}


@dataclass(frozen=True)
class Person:
    """A user who knows their password."""

    id: UUID
    email: str
    password: str = PASSWORD


async def hash_of(password: str) -> str:
    """The hash of a password, made once: it takes long."""
    if password not in _hashes:
        _hashes[password] = await passwords.hash_password(password)
    return _hashes[password]


async def new_person(organization: tenancy.OrganizationId, admin, role: str = "member", hashed: str | None = None) -> Person:
    """Make a user of the organization who chose `PASSWORD` themselves, or has the hash that is given."""
    email = f"u{uuid4().hex}@example.org"
    user = await new_user(organization, role, email)
    await admin.execute(
        "UPDATE tenancy.users SET password_hash = $2, password_from = NULL WHERE id = $1", user, hashed or await hash_of(PASSWORD)
    )
    return Person(user, email)


@asynccontextmanager
async def browser(app: FastAPI, address: str = "203.0.113.9", base: str = "http://outrider.test") -> AsyncIterator[httpx.AsyncClient]:
    """A browser that nobody signed in with, at a network address."""
    transport = httpx.ASGITransport(app=app, client=(address, 50000))
    headers = {
        "Sec-Fetch-Site": "same-origin",
        "Accept": "text/html",
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0",
    }
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as opened:
        yield opened


async def sign_in(client: httpx.AsyncClient, person: Person, password: str | None = None, **fields: str) -> httpx.Response:
    """Send the sign-in's form."""
    return await client.post("/sign-in", data={"email": person.email, "password": password or person.password, **fields})


def field_of(answer: httpx.Response, name: str) -> str:
    """The value of a hidden field in a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    assert found, answer.text
    return unescape(found[1])


def app_of(answer: httpx.Response) -> pyotp.TOTP:
    """The authenticator app that scanned the page of the set-up."""
    found = re.search(r'href="(otpauth://[^"]+)"', answer.text)
    assert found, answer.text
    totp = pyotp.parse_uri(unescape(found[1]))
    assert isinstance(totp, pyotp.TOTP)
    return totp


def code_at(app: pyotp.TOTP, step: int = 0) -> str:
    """What the app shows now, or `step` codes from now."""
    return app.at(int(time.time()) + 30 * step)


async def send(client: httpx.AsyncClient, page: str, path: str | None = None, **fields: str) -> httpx.Response:
    """Open a page and send a form of it, with its token."""
    shown = await client.get(page)
    assert shown.status_code == 200, shown.text
    return await client.post(path or page, data={"csrf_token": field_of(shown, "csrf_token"), **fields})


async def failed_before(admin, failures: int) -> None:
    """Let what was counted have failed so often, and not be blocked any more."""
    await admin.execute("UPDATE tenancy.throttles SET failures = $1, blocked_until = NULL WHERE failures > 0", failures)
