"""Body of a webhook event: JSON with the document inside, or JSON and the document as two form parts."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec

from banqup_tui.connectors.common.hidden_file import chunks_of
from banqup_tui.connectors.common.path_template import fill
from banqup_tui.connectors.common.pdf_along import PDF_TYPE, pdf_name
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


class SentPdf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The PDF of an e-invoice. `content` as in `SentDocument`."""

    file_name: str
    media_type: str
    size: int
    sha256: str
    content: bytes | msgspec.UnsetType = msgspec.UNSET


class SentDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The document of an event.

    Attributes:
        copy_number: the generation: 1, then one more for each copy that a user asked for.
        content: bytes, in Base64 on the wire; left out where the file is a form part.
        pdf: sent along with an e-invoice.
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
    pdf: SentPdf | msgspec.UnsetType = msgspec.UNSET


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The body that Standard Webhooks requires. `timestamp` is UTC."""

    type: str
    timestamp: datetime
    data: SentDocument | dict[str, str]


_encoder = msgspec.json.Encoder()


def ping(at: datetime) -> bytes:
    return _encoder.encode(Event(type=PING, timestamp=at, data={}))


def with_content(delivery_request: DeliveryRequest, pdf: DeliveryRequest | None, at: datetime) -> bytes:
    """Returns the event as JSON with the document inside. Raises `Rejected` or `NotSent` if a file cannot be read."""
    sent = _sent(delivery_request, _content(delivery_request))
    if pdf is not None:
        sent = msgspec.structs.replace(sent, pdf=_sent_pdf(delivery_request, pdf, _content(pdf)))
    return _encoder.encode(Event(type=SENT, timestamp=at, data=sent))


async def with_file_beside(
    delivery_request: DeliveryRequest, pdf: DeliveryRequest | None, at: datetime, client: httpx.AsyncClient, url: str
) -> tuple[bytes, str]:
    """Returns a form with the parts `event`, `file` and perhaps `pdf`, and its content type with the boundary."""
    sent = _sent(delivery_request)
    if pdf is not None:
        sent = msgspec.structs.replace(sent, pdf=_sent_pdf(delivery_request, pdf))
    event = _encoder.encode(Event(type=SENT, timestamp=at, data=sent))
    content = await asyncio.to_thread(_content, delivery_request)
    kind = (
        delivery_request.media_type
        if _MEDIA_TYPE.fullmatch(delivery_request.media_type)
        else "application/octet-stream"
    )
    parts = {"event": (None, event, "application/json"), "file": (file_name(delivery_request), content, kind)}
    if pdf is not None:
        parts["pdf"] = (pdf_name(file_name(delivery_request)), await asyncio.to_thread(_content, pdf), PDF_TYPE)
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


def _sent_pdf(
    delivery_request: DeliveryRequest, pdf: DeliveryRequest, content: bytes | msgspec.UnsetType = msgspec.UNSET
) -> SentPdf:
    name = pdf_name(file_name(delivery_request))
    return SentPdf(file_name=name, media_type=PDF_TYPE, size=pdf.size, sha256=pdf.sha256, content=content)


def _content(delivery_request: DeliveryRequest) -> bytes:
    return b"".join(chunks_of(delivery_request))
