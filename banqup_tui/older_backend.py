"""Finds a backend of version 0.4 or before, which speaks protocol 1 on a loopback port, and makes it retire.

Its endpoint file has a port and a token. It must prove that it knows the token: HMAC-SHA256(token, nonce).
"""

import hashlib
import hmac
import http.client
import secrets
from pathlib import Path

import msgspec

from banqup_tui.domain.values import Value
from banqup_tui.protocol import paths
from banqup_tui.protocol.local import ENDPOINT_FILE

_SECONDS = 2.0
_LARGEST_ANSWER = 64 * 1024


class _Endpoint(Value, frozen=True, kw_only=True):
    port: int
    token: str
    instance_id: str
    protocol: int


class _Instance(Value, frozen=True, kw_only=True):
    instance_id: str
    proof: str


def retire_older(runtime: Path, protocol: int) -> str | None:
    """Asks an older backend to end. Returns its instance id, or `None` if none runs."""
    try:
        endpoint = msgspec.json.decode((runtime / ENDPOINT_FILE).read_bytes(), type=_Endpoint)
    except (OSError, msgspec.DecodeError):
        return None
    if endpoint.protocol != 1 or not _is_it(endpoint):
        return None
    content = msgspec.json.encode({"protocol": protocol})
    _ask(endpoint.port, "POST", paths.RETIRE, content, {"Authorization": f"Bearer {endpoint.token}"})
    return endpoint.instance_id


def _is_it(endpoint: _Endpoint) -> bool:
    """Returns whether the backend has proved itself. Before that it is sent no token: another program may have its
    port.
    """
    nonce = secrets.token_hex(16)
    content = _ask(endpoint.port, "GET", f"{paths.INSTANCE}?nonce={nonce}")
    if content is None:
        return False
    try:
        instance = msgspec.json.decode(content, type=_Instance)
    except msgspec.DecodeError:
        return False
    proof = hmac.new(endpoint.token.encode(), nonce.encode(), hashlib.sha256).hexdigest()
    return instance.instance_id == endpoint.instance_id and hmac.compare_digest(instance.proof.encode(), proof.encode())


def _ask(
    port: int, method: str, path: str, content: bytes | None = None, headers: dict[str, str] | None = None
) -> bytes | None:
    """Returns the body of a 2xx answer, else `None`."""
    sent = {"Content-Type": "application/json", "Connection": "close", **(headers or {})}
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
        try:
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            return answer.read(_LARGEST_ANSWER) if 200 <= answer.status < 300 else None
        finally:
            connection.close()
    except (OSError, OverflowError, ValueError, http.client.HTTPException):
        return None
