"""AWS Signature Version 4 for S3, over method, address, headers and the hash of the content.

S3 libraries sign and send in one step and follow redirects. A document must go only to the address in the settings, so
requests are sent by `http_client` and only signed here. Tests compare the result with botocore's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from banqup_tui.domain.secret import Secret

_ALGORITHM = "AWS4-HMAC-SHA256"
_USUAL_PORTS = {"http": 80, "https": 443}


class Keys(msgspec.Struct, frozen=True):
    """Access keys and region of the signature."""

    access_key_id: str
    secret: Secret
    region: str


def encoded(text: str, *, safe: str = "/") -> str:
    """Percent-encodes all but letters, digits, `-._~` and `safe`, as the signature requires."""
    return quote(text, safe=f"{safe}-._~")


def signed(
    method: str, url: str, headers: Mapping[str, str], content: bytes, keys: Keys, at: datetime
) -> dict[str, str]:
    """Returns `headers` with those of the signature.

    Args:
        url: path and query encoded by `encoded`.
        at: the current time, in UTC; servers refuse a difference of 15 minutes.
    """
    parts = urlsplit(url)
    digest = hashlib.sha256(content).hexdigest()
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    signed_headers = {
        **{name.lower(): " ".join(value.split()) for name, value in headers.items()},
        "host": _host(parts.scheme, parts.hostname or "", parts.port),
        "x-amz-content-sha256": digest,
        "x-amz-date": moment,
    }
    names = ";".join(sorted(signed_headers))
    lines = "".join(f"{name}:{signed_headers[name]}\n" for name in sorted(signed_headers))
    canonical = "\n".join((method, parts.path or "/", _query(parts.query), lines, names, digest))
    scope = f"{moment[:8]}/{keys.region}/s3/aws4_request"
    string_to_sign = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.digest(_signing_key(keys, moment[:8]), string_to_sign.encode(), "sha256").hex()
    credential = f"Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**signed_headers, "authorization": f"{_ALGORITHM} {credential}"}


def _signing_key(keys: Keys, day: str) -> bytes:
    key = f"AWS4{keys.secret.reveal()}".encode()
    for part in (day, keys.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _query(query: str) -> str:
    pairs = sorted((encoded(name, safe=""), encoded(value, safe="")) for name, value in parse_qsl(query, True))
    return "&".join(f"{name}={value}" for name, value in pairs)


def _host(scheme: str, name: str, port: int | None) -> str:
    name = f"[{name}]" if ":" in name else name
    return name if port is None or port == _USUAL_PORTS.get(scheme) else f"{name}:{port}"
