"""Body of a webhook event: JSON with the document inside, or JSON and the document as two form parts."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec

from banqup_tui.connectors.common.hidden_file import chunks_of
from banqup_tui.connectors.common.path_template import fill
from banqup_tui.connectors.interface import DeliveryRequest
from banqup_tui.domain.folder import Folder

if TYPE_CHECKING:
    import httpx

SENT = "document.sent"
PING = "test.ping"

_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)


class EventClient(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The client, as the firm knows it."""

    reference: str
    name: str
    vat_number: str | None
    enterprise_number: str | None


class SentDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The document of an event.

    Attributes:
        copy_number: the generation: 1, then one more for each copy that a user asked for.
        content: bytes, in Base64 on the wire; left out where the file is a form part.
    """

    client: EventClient
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
    """The body that Standard Webhooks requires. `timestamp` is UTC."""

    type: str
    timestamp: datetime
    data: SentDocument | dict[str, str]


_encoder = msgspec.json.Encoder()


def ping(at: datetime) -> bytes:
    return _encoder.encode(Event(type=PING, timestamp=at, data={}))


def with_content(delivery_request: DeliveryRequest, at: datetime) -> bytes:
    """Returns the event as JSON with the document inside. Raises `Rejected` or `NotSent` if the file cannot be read."""
    return _encoder.encode(Event(type=SENT, timestamp=at, data=_sent(delivery_request, _content(delivery_request))))


async def with_file_beside(
    delivery_request: DeliveryRequest, at: datetime, client: httpx.AsyncClient, url: str
) -> tuple[bytes, str]:
    """Returns a form with the parts `event` and `file`, and its content type with the boundary."""
    event = _encoder.encode(Event(type=SENT, timestamp=at, data=_sent(delivery_request)))
    content = await asyncio.to_thread(_content, delivery_request)
    kind = (
        delivery_request.media_type
        if _MEDIA_TYPE.fullmatch(delivery_request.media_type)
        else "application/octet-stream"
    )
    parts = {"event": (None, event, "application/json"), "file": (file_name(delivery_request), content, kind)}
    request = client.build_request("POST", url, files=parts)
    return await request.aread(), request.headers["Content-Type"]


def file_name(delivery_request: DeliveryRequest) -> str:
    """Returns the original file name, made safe, with an extension that fits the media type."""
    return fill("", delivery_request, "[file_name]").name


def now() -> datetime:
    return datetime.now(UTC)


def _sent(delivery_request: DeliveryRequest, content: bytes | msgspec.UnsetType = msgspec.UNSET) -> SentDocument:
    return SentDocument(
        client=EventClient(
            reference=delivery_request.client_reference,
            name=delivery_request.client_name,
            vat_number=delivery_request.vat_number,
            enterprise_number=delivery_request.enterprise_number,
        ),
        folder=delivery_request.folder,
        number=delivery_request.number,
        issue_date=delivery_request.issue_date,
        file_name=file_name(delivery_request),
        media_type=delivery_request.media_type,
        size=delivery_request.size,
        sha256=delivery_request.sha256,
        copy_number=delivery_request.generation,
        content=content,
    )


def _content(delivery_request: DeliveryRequest) -> bytes:
    return b"".join(chunks_of(delivery_request))
