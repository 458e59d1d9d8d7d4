"""What DNS says about a domain that mail comes from: SPF, DKIM, DMARC. Asks; changes nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.resolver

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One record: its `name`, what it should hold (`wanted`), what DNS has (`found`), and what to do (`problem` None: nothing)."""

    kind: str
    name: str
    wanted: str
    found: list[str]
    problem: str | None


class Resolver:
    """Asks name servers for TXT records; `nameservers` and `port` None: those of this machine."""

    def __init__(self, nameservers: Sequence[str] | None = None, port: int = 53) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=nameservers is None)
        if nameservers is not None:
            self._resolver.nameservers = list(nameservers)
            self._resolver.port = port
        self._resolver.lifetime = SECONDS

    async def texts(self, name: str) -> list[str] | None:
        """Return a name's TXT records; empty when it has none, None when nobody answers."""
        try:
            answer = await self._resolver.resolve(name, "TXT")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError):
            return None
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def records(domain: str, selector: str, public_key: str) -> dict[str, tuple[str, str]]:
    """Return {kind: (name, value)} of the records that a domain needs."""
    return {
        "spf": (domain, "v=spf1 include:YOUR_MAIL_SERVER ~all"),
        "dkim": (f"{selector}._domainkey.{domain}", f"v=DKIM1; k=rsa; p={public_key}"),
        "dmarc": (f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}"),
    }


async def check_domain(resolver: Resolver, domain: str, selector: str, public_key: str) -> dict[str, Any]:
    """Return the checks of a domain by kind, as they are kept."""
    wanted = records(domain, selector, public_key)
    found = dict(zip(wanted, await asyncio.gather(*(resolver.texts(name) for name, _ in wanted.values())), strict=True))
    judges = {"spf": _spf, "dkim": lambda texts: _dkim(texts, public_key), "dmarc": _dmarc}
    checks = {}
    for kind, (name, value) in wanted.items():
        texts = found[kind]
        problem = "no name server answers: try again later" if texts is None else judges[kind](texts)
        checks[kind] = asdict(Check(kind, name, value, texts or [], problem))
    return checks


def _spf(texts: list[str]) -> str | None:
    own = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if not own:
        return "there is no SPF record: add one that names the servers that send for you"
    if len(own) > 1:
        return "there are two SPF records, which counts as none: make one of them"
    if own[0].lower().rstrip().endswith("+all"):
        return "it allows every server (+all): end it with ~all or -all"
    return None


def _dkim(texts: list[str], public_key: str) -> str | None:
    own = [_tags(text) for text in texts if "p=" in text]
    if not own:
        return "there is no key at this name: add the record"
    if any(tags.get("p") == public_key for tags in own):
        return None
    return "DNS has another key: put this one in its place"


def _dmarc(texts: list[str]) -> str | None:
    own = [_tags(text) for text in texts if text.lower().startswith("v=dmarc1")]
    if not own:
        return "there is no DMARC record: add one, p=none is enough to begin with"
    if own[0].get("p") not in ("none", "quarantine", "reject"):
        return "it says no policy: p= must be none, quarantine or reject"
    return None


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs if name.strip()}
