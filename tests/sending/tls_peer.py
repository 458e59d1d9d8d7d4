"""A mail server that speaks TLS, with a certificate made for the test: aiosmtpd in the test's own loop."""

import asyncio
import datetime
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CHALLENGE = b'{"status":"401","schemes":"Bearer"}'


def certificate(folder: Path, name: str = "localhost") -> Path:
    """Make a certificate for a name that only its own file vouches for; returns the file, with the key in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@dataclass
class Peer:
    """Lets in with `password` or `token`; `tokens` are those that were tried, `taken` the messages."""

    password: str = "right"
    token: str = "good"
    tokens: list[str] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message."""
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        return "250 2.0.0 taken"

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        """Look at a bearer token; a wrong one is told why first, as Google does, and an empty line is waited for."""
        said = b64decode(args[1]).decode()
        self.tokens.append(said.split("auth=Bearer ")[1].split("\x01")[0])
        if self.tokens[-1] == self.token:
            return AuthResult(success=True)
        await server.challenge_auth(CHALLENGE)
        await server.push("535 5.7.8 Username and Password not accepted. BadCredentials")
        return AuthResult(success=False, handled=True)

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Look at a password."""
        return AuthResult(success=getattr(data, "password", None) == self.password.encode(), handled=False)


@asynccontextmanager
async def tls_peer(file: Path, security: str, peer: Peer) -> AsyncIterator[int]:
    """Serve with TLS from the first byte (`tls`) or after STARTTLS, on 127.0.0.1; the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)

    def session() -> SMTP:
        return SMTP(
            peer,
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            authenticator=peer.authenticate,
            auth_require_tls=security == "starttls",
            auth_required=security == "starttls",
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=context if security == "tls" else None)
    async with server:
        yield server.sockets[0].getsockname()[1]
