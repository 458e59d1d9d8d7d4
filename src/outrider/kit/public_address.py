"""Where links in the mail we send begin: an address at which its readers find us. The one place that decides it.

An address of this machine is none: nobody could unsubscribe by it. Only mail to the demo's server, which stays here, may have it.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

MISSING = "set OUTRIDER_PUBLIC_URL to an address that others reach, or give the mailbox a tracking domain"


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo's mail server, and the address of ours that its readers use."""

    host: str
    port: int
    address: str


_public: str | None = None
_demo: Demo | None = None


def configure(public_url: str | None, demo: Demo | None = None) -> None:
    """Say where browsers find this Outrider, and where mail stays on this machine (None: nowhere)."""
    global _public, _demo
    _public = public_url.rstrip("/") if public_url and not is_local(public_url) else None
    _demo = demo


def is_local(url: str) -> bool:
    """Whether a URL leads to the machine of whoever opens it. True for one that cannot be read."""
    try:
        host = urlsplit(url).hostname or "localhost"
    except ValueError:
        return True
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified


def links_begin(tracking_domain: str | None, smtp_host: str | None, smtp_port: int | None) -> str | None:
    """Return what links in a mailbox's mail begin with, such as https://links.example.org; None when readers could not reach us.

    Its tracking domain first, then OUTRIDER_PUBLIC_URL.
    """
    if tracking_domain:
        return f"https://{tracking_domain}"
    if _demo is not None and (smtp_host, smtp_port) == (_demo.host, _demo.port):
        return _public or _demo.address
    return _public
