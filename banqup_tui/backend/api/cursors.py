"""Cursors and page keys, opaque to the terminal. Cursors are signed, so a forged cursor is refused."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime

from banqup_tui.backend.db.tables import stamp
from banqup_tui.backend.problems import RequestFailure
from banqup_tui.domain.messages import message
from banqup_tui.domain.values import Value
from banqup_tui.protocol.problems import ProblemType

_SIGNATURE_BYTES = 16


class Cursor(Value, frozen=True, kw_only=True):
    """Everything up to `seq` of `epoch` is known, as visible under this version of the user's role."""

    epoch: str
    role_version: int
    seq: int


class PageKey(Value, frozen=True, kw_only=True):
    """The last document of a page; the next page starts below it."""

    created_at: datetime
    id: str


class Seen(Value, frozen=True, kw_only=True):
    """State of the copy when the user acted, written `epoch.seq`."""

    epoch: str
    seq: int


def written_cursor(cursor: Cursor, secret: bytes) -> str:
    content = f"{cursor.epoch}.{cursor.role_version}.{cursor.seq}".encode()
    return _to_text(_signature(content, secret) + content)


def read_cursor(text: str, secret: bytes) -> Cursor:
    """Raises `RequestFailure` (400) for a cursor that this service has not signed."""
    raw = _to_bytes(text, "cursor")
    signature, content = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(content, secret)):
        raise _unreadable("cursor")
    epoch, role_version, seq = content.decode().split(".")
    return Cursor(epoch=epoch, role_version=int(role_version), seq=int(seq))


def written_key(key: PageKey) -> str:
    return _to_text(f"{stamp(key.created_at)}|{key.id}".encode())


def read_key(text: str) -> PageKey:
    """Raises `RequestFailure` (400) for an invalid key."""
    try:
        created_at, _, document_id = _to_bytes(text, "before").decode().partition("|")
        return PageKey(created_at=datetime.fromisoformat(created_at).astimezone(UTC), id=document_id)
    except (ValueError, OverflowError):
        raise _unreadable("before") from None


def read_seen(text: str, field: str = "seen") -> Seen:
    """Raises `RequestFailure` (400) if the text is not `epoch.seq`."""
    epoch, dot, seq = text.rpartition(".")
    if not (epoch and dot and seq.isascii() and seq.isdigit() and len(seq) <= 18):
        raise _unreadable(field)
    return Seen(epoch=epoch, seq=int(seq))


def _signature(content: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, content, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _to_bytes(text: str, field: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _unreadable(field) from None
    if _to_text(raw) != text:
        raise _unreadable(field)
    return raw


def _unreadable(field: str) -> RequestFailure:
    return RequestFailure(ProblemType.BAD_REQUEST, message("request.value-foreign", field=field), field=field)
