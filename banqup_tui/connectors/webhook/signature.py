"""Signatures of Standard Webhooks: HMAC-SHA256 over identifier, time and body, one for each secret.

The `standardwebhooks` library signs only text, and a body that contains a file is not text.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Allowed length of a secret in bytes."""


def secrets_of(text: str) -> list[bytes]:
    """Returns the secrets in the text, separated by spaces; two while a secret is being replaced.

    Raises:
        ValueError: a word is not a secret, or there is none.
    """
    found = [_secret(word) for word in text.split()]
    if not found:
        raise ValueError("no secret")
    return found


def signed_headers(secrets: Sequence[bytes], key: str, at: datetime, body: bytes) -> dict[str, str]:
    """Returns the three headers. `key` must not contain a full stop, which separates the signed parts."""
    seconds = str(int(at.timestamp()))
    signed = b".".join((key.encode(), seconds.encode(), body))
    return {
        "webhook-id": key,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: bytes, signed: bytes) -> str:
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()}"


def _secret(word: str) -> bytes:
    if not word.startswith(PREFIX):
        raise ValueError("no prefix")
    text = word.removeprefix(PREFIX)
    try:
        secret = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not Base64") from error
    if not SHORTEST <= len(secret) <= LONGEST:
        raise ValueError("wrong length")
    return secret
