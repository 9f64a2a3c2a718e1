"""The event that a webhook sends: JSON with the document in it, or JSON with the document beside it."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec

from banqup_tui.connectors.hidden_file import chunks_of
from banqup_tui.connectors.interface import Parcel
from banqup_tui.connectors.path_template import fill
from banqup_tui.domain.folder import Folder

if TYPE_CHECKING:
    import httpx

SENT = "document.sent"
PING = "test.ping"

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)


class Whose(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The client, as the firm knows it."""

    reference: str
    name: str
    vat_number: str | None
    enterprise_number: str | None


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`copy_number` is 1, and more for each further copy that somebody asked for.

    `content` is written in Base64; it is left out where the file lies beside.
    """

    client: Whose
    folder: Folder
    number: str | None
    issue_date: date
    file_name: str
    media_type: str
    size: int
    sha256: str
    copy_number: int
    content: bytes | msgspec.UnsetType = msgspec.UNSET


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What Standard Webhooks asks of every body. `timestamp` is UTC."""

    type: str
    timestamp: datetime
    data: Sent | dict[str, str]


_encoder = msgspec.json.Encoder()


def ping(at: datetime) -> bytes:
    return _encoder.encode(Event(type=PING, timestamp=at, data={}))


def with_content(parcel: Parcel, at: datetime) -> bytes:
    """One JSON text. Raises `Rejected` or `NotSent` where the file kept here cannot be read."""
    return _encoder.encode(Event(type=SENT, timestamp=at, data=_sent(parcel, _content(parcel))))


async def with_file_beside(parcel: Parcel, at: datetime, client: httpx.AsyncClient, url: str) -> tuple[bytes, str]:
    """A form of two parts, `event` and `file`, and its content type with the boundary."""
    event = _encoder.encode(Event(type=SENT, timestamp=at, data=_sent(parcel)))
    content = await asyncio.to_thread(_content, parcel)
    kind = parcel.media_type if _MEDIA_TYPE.fullmatch(parcel.media_type) else "application/octet-stream"
    parts = {"event": (None, event, "application/json"), "file": (file_name(parcel), content, kind)}
    request = client.build_request("POST", url, files=parts)
    return await request.aread(), request.headers["Content-Type"]


def file_name(parcel: Parcel) -> str:
    """The name it came with, made safe, with an extension that fits."""
    return fill("", parcel, "[file_name]").name


def now() -> datetime:
    return datetime.now(UTC)


def _sent(parcel: Parcel, content: bytes | msgspec.UnsetType = msgspec.UNSET) -> Sent:
    return Sent(
        client=Whose(
            reference=parcel.client_reference,
            name=parcel.client_name,
            vat_number=parcel.vat_number,
            enterprise_number=parcel.enterprise_number,
        ),
        folder=parcel.folder,
        number=parcel.number,
        issue_date=parcel.issue_date,
        file_name=file_name(parcel),
        media_type=parcel.media_type,
        size=parcel.size,
        sha256=parcel.sha256,
        copy_number=parcel.generation,
        content=content,
    )


def _content(parcel: Parcel) -> bytes:
    return b"".join(chunks_of(parcel))
