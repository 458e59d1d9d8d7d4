"""Connections to hosts that a user named: the one place that decides where they may go.

Without OUTRIDER_ALLOW_PRIVATE_HOSTS only addresses of the public internet are connected to. The address that was checked is the one that
is connected to, so a name that answers differently the second time gains nothing.
"""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from .errors import InvalidInput

LONGEST_ANSWER = 65_536
NAT64, COMPATIBLE = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96")
"""Networks of IPv6 whose last four bytes are an address of IPv4 (RFC 6052; RFC 4291, 2.5.5.1, no longer in use)."""
RESERVED = (ipaddress.ip_network("64:ff9b:1::/48"), ipaddress.ip_network("192.0.0.0/24"))
"""Networks that are nobody's on the internet, and still lead somewhere: NAT64 of one's own (RFC 8215), IETF protocols (RFC 6890)."""
_allow_private = False
_allowed: set[tuple[str, int]] = set()


def configure(*, allow_private: bool) -> None:
    """Say whether private addresses (this machine, this network) may be connected to."""
    global _allow_private
    _allow_private = allow_private


def allow(host: str, port: int) -> None:
    """Say that one port of one private host may be connected to, whatever `configure` says of the others."""
    _allowed.add((host, port))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if found in NAT64:
        mapped = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    if found in COMPATIBLE or any(found in network for network in RESERVED):
        return False
    return found.is_global and not found.is_multicast and (mapped is None or is_public(str(mapped)))


async def resolve(host: str, port: int, *, field: str = "host") -> list[tuple[int, str]]:
    """Return the (family, address) pairs of a host that may be connected to, in the resolver's order.

    Raises `InvalidInput` naming `field` when the name is unknown or only has addresses that are not allowed, and `OSError` when no name
    server answers now.
    """
    try:
        answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
            raise
        raise InvalidInput(f"{host!r} is not known to the name server: check its spelling", field=field) from error
    found = [(int(family), str(address[0])) for family, _, _, _, address in answers]
    is_known = _allow_private or (host, port) in _allowed
    allowed = [(family, address) for family, address in found if is_known or is_public(address)]
    if not allowed:
        raise InvalidInput(
            f"{host!r} is a private address ({found[0][1]}): the operator allows these with OUTRIDER_ALLOW_PRIVATE_HOSTS=true", field=field
        )
    return allowed


async def connect(host: str, port: int, *, timeout: float, field: str = "host") -> socket.socket:
    """Return a connected, non-blocking socket to a host that may be connected to; the caller closes it.

    Tries its addresses in turn. Raises as `resolve` does, and `OSError` (also for a timeout, in seconds) when none answers.
    """
    loop = asyncio.get_running_loop()
    last: OSError = OSError(f"{host} has no address")
    for family, address in await resolve(host, port, field=field):
        opened = socket.socket(family, socket.SOCK_STREAM)
        opened.setblocking(False)
        try:
            await asyncio.wait_for(loop.sock_connect(opened, (address, port)), timeout)
        except TimeoutError:
            opened.close()
            last = TimeoutError(f"{host} did not answer within {timeout:.0f} s")
        except OSError as error:
            opened.close()
            last = error
        except BaseException:
            opened.close()
            raise
        else:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
    raise last


def check_url(url: str, *, field: str) -> tuple[SplitResult, int]:
    """Return an https address that a user named, in parts, and its port (http too where private addresses are allowed).

    Raises `InvalidInput` naming `field` for anything else.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    is_known = parts.scheme == "https" or (parts.scheme == "http" and _allow_private)
    if not is_known or not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidInput(f"{url[:200]!r} must be an address that begins with https://", field=field)
    return parts, port


async def post_form(url: str, form: Mapping[str, str], *, timeout: float = 20) -> tuple[int, Any]:
    """Send a form to an https address that a user named and return the status and the JSON that came (None: it was none).

    No redirect is followed. Raises `InvalidInput` for an address that may not be connected to, and `OSError` for one that does not answer.
    """
    import httpx2

    parts, port = check_url(url, field="token_url")
    host = str(parts.hostname)
    address = (await resolve(host, port, field="token_url"))[0][1]
    place = f"[{address}]" if ":" in address else address
    checked = urlunsplit((parts.scheme, f"{place}:{port}", parts.path, parts.query, ""))
    headers = {"Host": parts.netloc.rpartition("@")[2], "Accept-Encoding": "identity"}
    try:
        async with (
            asyncio.timeout(timeout),
            httpx2.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", checked, data=dict(form), headers=headers, extensions={"sni_hostname": host}) as answer,
        ):
            body = b""
            async for chunk in answer.aiter_raw():  # as it comes: nothing is unpacked
                body += chunk
                if len(body) > LONGEST_ANSWER:
                    raise InvalidInput(f"{host} answers more than {LONGEST_ANSWER:,} bytes", field="token_url")
    except TimeoutError as error:
        raise TimeoutError(f"{host} did not answer within {timeout:.0f} s") from error
    except httpx2.HTTPError as error:
        raise OSError(f"{host} does not answer: {str(error) or type(error).__name__}") from error
    try:
        return answer.status_code, json.loads(body)
    except ValueError:
        return answer.status_code, None
