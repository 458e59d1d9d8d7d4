"""Whether a webhook comes from who it says: each provider's own way. Pure; knows no HTTP beyond the names of headers.

`generic` signs `timestamp.body` with HMAC-SHA256, SendGrid `timestamp + body` with ECDSA; Lemlist and Smartlead repeat a shared secret in
the body, and Smartlead may sign the body with it. A time in the signature that is older than `FRESH_SECONDS` is refused: a body that
somebody kept cannot be played back later.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from outrider.kit.errors import InvalidInput, Unauthorized

FRESH_SECONDS = 600
SENDGRID_SIGNATURE = "x-twilio-email-event-webhook-signature"
SENDGRID_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
GENERIC_SIGNATURE, GENERIC_TIMESTAMP = "x-outrider-signature", "x-outrider-timestamp"
SMARTLEAD_SIGNATURE = "x-smartlead-signature"
SHARED = re.compile(r"[A-Za-z0-9._~-]{8,200}")
"""A secret that stands in bodies: what JSON never writes in another way, so that it can be taken out of them."""
SIGNING = re.compile(r"[!-~]{8,200}")
Headers = Mapping[str, str]


def new_secret() -> str:
    """Return a secret that nobody can guess."""
    return f"whsec_{secrets.token_urlsafe(32)}"


def check_secret(kind: str, secret: str) -> str:
    """Return a secret as it is kept. Raises `InvalidInput` for a SendGrid key that is none, or a shared secret that cannot be used."""
    secret = secret.strip()
    if kind == "sendgrid":
        _public_key(secret)
    elif kind == "generic" and not SIGNING.fullmatch(secret):
        raise InvalidInput("the secret must have 8 to 200 characters of ASCII, without spaces", field="secret")
    elif kind != "generic" and not SHARED.fullmatch(secret):
        raise InvalidInput("the secret must have 8 to 200 letters, digits, or characters out of . _ ~ -", field="secret")
    return secret


def check(kind: str, secret_keys: Sequence[str], headers: Headers, body: bytes, said: Any) -> None:
    """Raise `Unauthorized` unless one of the secrets made this signature; `said` is the body's JSON. Without a secret all is taken.

    `headers` are asked by their names in lower case.
    """
    if secret_keys and not any(CHECKS[kind](secret, headers, body, said) for secret in secret_keys):
        raise Unauthorized(f"the signature is missing or does not fit: {WANTED[kind]}", field="signature")


def without_secrets(body: bytes, secret_keys: Sequence[str]) -> bytes:
    """Return a body without the shared secrets in it: nothing secret is readable by SQL."""
    for secret in secret_keys:
        body = body.replace(f'"{secret}"'.encode(), b'"[secret]"')
    return body


def _fresh(timestamp: str) -> bool:
    try:
        return abs(time.time() - int(timestamp)) <= FRESH_SECONDS
    except (ValueError, OverflowError):
        return False


def _sendgrid(secret: str, headers: Headers, body: bytes, said: Any) -> bool:
    timestamp = headers.get(SENDGRID_TIMESTAMP, "")
    if not _fresh(timestamp):
        return False
    try:
        signature = base64.b64decode(headers.get(SENDGRID_SIGNATURE, ""), validate=True)
        _public_key(secret).verify(signature, timestamp.encode() + body, ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    """Return the key in what SendGrid shows: base64 of DER, or PEM. Raises `InvalidInput`."""
    try:
        if "BEGIN" in text:
            key = load_pem_public_key(text.encode())
        else:
            key = load_der_public_key(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise InvalidInput("this is no verification key: copy it whole from SendGrid's page of the webhook", field="secret")
    return key


def _generic(secret: str, headers: Headers, body: bytes, said: Any) -> bool:
    timestamp = headers.get(GENERIC_TIMESTAMP, "")
    made = sign(secret, timestamp, body)
    return _fresh(timestamp) and _same(headers.get(GENERIC_SIGNATURE, ""), made)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of our own shape: `sha256=` and the hex of HMAC-SHA256 over `timestamp.body`."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _lemlist(secret: str, headers: Headers, body: bytes, said: Any) -> bool:
    return _repeats(said, "secret", secret)


def _smartlead(secret: str, headers: Headers, body: bytes, said: Any) -> bool:
    given = headers.get(SMARTLEAD_SIGNATURE)
    if given is not None:
        return _same(given, "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest())
    return _repeats(said, "secret_key", secret)


def _repeats(said: Any, name: str, secret: str) -> bool:
    """Whether every event of a body repeats the secret."""
    events = said if isinstance(said, list) else [said]
    return bool(events) and all(isinstance(one, dict) and _same(str(one.get(name, "")), secret) for one in events)


def _same(given: str, made: str) -> bool:
    return hmac.compare_digest(given.encode(), made.encode())


CHECKS: dict[str, Callable[[str, Headers, bytes, Any], bool]] = {
    "sendgrid": _sendgrid,
    "generic": _generic,
    "lemlist": _lemlist,
    "smartlead": _smartlead,
}
WANTED = {
    "sendgrid": "SendGrid signs with the key whose public half was given here, and the time must be of the last ten minutes",
    "generic": "X-Outrider-Signature is sha256= and the hex HMAC-SHA256 of timestamp.body, X-Outrider-Timestamp the time in "
    "seconds, of the last ten minutes",
    "lemlist": "Lemlist repeats the secret of its webhook in the body as secret",
    "smartlead": "Smartlead repeats the secret in the body as secret_key, or signs the body in X-Smartlead-Signature",
}
