"""The mail message that carries one document."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

import msgspec

from banqup_tui.connectors.common.hidden_file import chunks_of
from banqup_tui.connectors.common.path_template import fill, values_of
from banqup_tui.connectors.common.pdf_along import pdf_name, pdf_request
from banqup_tui.connectors.interface import DeliveryRequest, Rejected
from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.messages import message
from banqup_tui.domain.text import clean

Attachments = Literal["all", "pdf-and-images"]

_PLACEHOLDER = re.compile(r"\[([a-z_]+)\]")
_MOST_SUBJECT = 200
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")


class OutgoingMail(msgspec.Struct, frozen=True):
    """A message ready to be sent: envelope, text with CRLF line ends, and Message-ID without angle brackets.

    Attributes:
        pdf: Name of the PDF that is sent along.
    """

    sender: str
    address: str
    content: bytes
    message_id: str
    pdf: str | None = None


def outgoing_mail(
    delivery_request: DeliveryRequest,
    sender: str,
    address: str,
    subject: str,
    file_name: str,
    kinds: Attachments,
    pdf: DeliveryRequest | None = None,
) -> OutgoingMail:
    """Builds the message.

    Args:
        sender, address: addresses that were checked.
        subject, file_name: templates.
        kinds: which documents the mailbox accepts.
        pdf: the PDF that is sent along.

    Raises:
        Rejected, NotSent: the mailbox does not accept the document, or its file cannot be read.
    """
    attached = delivery_request
    content = b"".join(chunks_of(delivery_request))
    if kinds == "pdf-and-images":
        attached, content = _visible(delivery_request, content)
    name = fill("", attached, file_name).name
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = address
    message["Subject"] = subject_of(subject, delivery_request)
    message["Date"] = datetime.now(UTC)
    message_id = message_id_of(delivery_request, sender)
    message["Message-ID"] = f"<{message_id}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{name}\n{clean(delivery_request.client_name)} ({clean(delivery_request.client_reference)})\n")
    kind, _, subkind = media_type_of(attached).partition("/")
    message.add_attachment(content, maintype=kind, subtype=subkind, filename=name)
    if pdf is None:
        return OutgoingMail(sender, address, message.as_bytes(), message_id)
    beside = pdf_name(name)
    message.add_attachment(b"".join(chunks_of(pdf)), maintype="application", subtype="pdf", filename=beside)
    return OutgoingMail(sender, address, message.as_bytes(), message_id, beside)


def message_id_of(delivery_request: DeliveryRequest, sender: str) -> str:
    """Returns a Message-ID that is the same for every attempt at one generation and differs between generations."""
    return f"{delivery_request.key}@banqup.{sender.rpartition('@')[2].lower()}"


def subject_of(template: str, delivery_request: DeliveryRequest) -> str:
    """Returns the subject as one line. A missing value leaves nothing; a missing number is replaced by the file name.

    `=?` is broken up: `email` decodes encoded words in a value that is set, so line breaks in one would inject
    headers.
    """
    values = dict(values_of(delivery_request))
    values["number"] = values["number"] or values["file_name"]
    filled = clean(_PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), template))
    attached = filled[:_MOST_SUBJECT].strip(" -–:,/") or clean(values["file_name"])[:_MOST_SUBJECT]
    return attached.replace("=?", "= ?")


def media_type_of(delivery_request: DeliveryRequest) -> str:
    """Returns the media type for the attachment. Text is sent as bytes, so that no relay changes its line ends."""
    plain = delivery_request.media_type.partition(";")[0].strip().lower()
    if plain == "text/xml":
        return "application/xml"
    return plain if _MEDIA_TYPE.fullmatch(plain) and not plain.startswith(("multipart/", "message/")) else _UNKNOWN


_UNKNOWN = "application/octet-stream"
_MOST_ATTACHMENTS = 20


def _visible(delivery_request: DeliveryRequest, content: bytes) -> tuple[DeliveryRequest, bytes]:
    """Returns the document if it is a PDF or an image, or the only PDF inside an e-invoice, or that kept with it.

    Raises:
        Rejected: there is no such content.
    """
    kind = media_type_of(delivery_request)
    if kind == "application/pdf" or kind.startswith("image/"):
        return delivery_request, content
    pdf = _pdf_inside(content) if kind == "application/xml" else None
    if pdf is None and (along := pdf_request(delivery_request, True)) is not None:
        return along, b"".join(chunks_of(along))
    if pdf is None:
        raise Rejected(message("mail.no-pdf-inside", media_type=kind))
    return msgspec.structs.replace(delivery_request, media_type="application/pdf"), pdf


def _pdf_inside(content: bytes) -> bytes | None:
    """Returns the only PDF in an e-invoice; `None` if there are several, as none is marked as the invoice.

    Each attachment costs a parse of the document, so documents with many attachments are not searched.
    """
    from banqup_tui.formats import attachment_bytes, read

    try:
        invoice = read(content).invoice
    except UnreadableDocument:
        return None
    found: list[bytes] = []
    if invoice is None or len(invoice.attachments) > _MOST_ATTACHMENTS:
        return None
    for at in range(len(invoice.attachments)):
        try:
            inside = attachment_bytes(content, at)
        except UnreadableDocument:
            continue
        if inside.startswith(b"%PDF-"):
            found.append(inside)
    return found[0] if len(found) == 1 else None
