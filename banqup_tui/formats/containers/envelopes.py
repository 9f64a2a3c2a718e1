"""Opens XML that holds whole documents: envelopes, messages, and roots that only gather invoices.

* `StandardBusinessDocument` (UN/CEFACT SBDH 1.3, Peppol Business Message Envelope 2.0): each element beside the header;
  `BinaryContent` and `TextContent` are unpacked.
* `AttachedDocument` (UBL 2.1): `Attachment/EmbeddedDocumentBinaryObject` in base64, else the text of
  `ExternalReference/Description`, where a CDATA section has the document.
* `Envelope` (SOAP 1.1 and 1.2): each element of the body.
* Any other root: the documents of known vocabularies, wherever they stand.
* Several roots one after another in a file: each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.origin import EnvelopeOrigin
from banqup_tui.domain.text import clean
from banqup_tui.formats import xml
from banqup_tui.formats.container import MAX_DEPTH, ContainerKind
from banqup_tui.formats.containers.entries import ContainerEntry, FoundContainer
from banqup_tui.formats.containers.xml_elements import Cut, Element, cut_out, in_utf8, root_names, series
from banqup_tui.formats.plain import is_html
from banqup_tui.formats.refusals import refuse

_DOCUMENTS = frozenset({b"Invoice", b"CreditNote", b"CrossIndustryInvoice", b"CrossIndustryDocument", b"Document"})
"""Roots of documents that are read, and so hold no other; several of them may follow one another."""

_UBL = re.compile(r"urn:oasis:names:specification:ubl:schema:xsd:(\w+)-2(?:\.\d+)?")
_SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_ENVELOPE = "StandardBusinessDocument"
_HEADER = "StandardBusinessDocumentHeader"
_DATA_URL = re.compile(r"\s*data:[\w.+\-/;=]*?base64,", re.IGNORECASE)


def open_xml(data: bytes) -> FoundContainer | None:
    """Returns what the XML holds; `None` if it is a document itself, or no XML.

    Raises `UnreadableDocument` for a container that cannot be parsed or holds nothing.
    """
    if is_html(data) or not xml.looks_like_xml(data):
        return None
    prefix, name = root_names(data)
    if name in _DOCUMENTS:
        return _series(data, prefix, name)
    opened = _OPENERS.get(name, _batch)(xml.utf8_of(data))
    return opened or _series(data, prefix, name)


def _series(data: bytes, prefix: bytes, name: bytes) -> FoundContainer | None:
    end = b"</%s:%s>" % (prefix, name) if prefix else b"</%s>" % name
    if b"\x00" in data[:400]:
        data = xml.utf8_of(data)
    first = data.find(end)
    if first < 0 or b"<" not in data[first + len(end) :]:
        return None
    documents = series(xml.utf8_of(data))
    files = (ContainerEntry(suffix=".xml", data=in_utf8(document)) for document in documents)
    return FoundContainer(kind=ContainerKind.SERIES, files=files) if documents else None


def _envelope(utf8: bytes) -> FoundContainer | None:
    cuts = cut_out(utf8, lambda element: len(element.around) == 1 and element.around[0][1] == _ENVELOPE)
    header = next((cut for cut in cuts if cut.name == _HEADER), None)
    payloads = [cut for cut in cuts if cut.name != _HEADER]
    if not payloads:
        raise refuse("file.nothing-inside")
    return FoundContainer(
        kind=ContainerKind.ENVELOPE,
        files=map(_payload, payloads),
        envelope=_envelope_origin(header.data) if header else EnvelopeOrigin(),
    )


def _payload(cut: Cut) -> ContainerEntry:
    """Returns a payload. `BinaryContent` and `TextContent` (Peppol envelope, 4.2) hold what is no XML."""
    if cut.name not in ("BinaryContent", "TextContent"):
        return ContainerEntry(suffix=".xml", data=cut.data)
    text = xml.parse(cut.data).root.text or ""
    return ContainerEntry(data=text.encode()) if cut.name == "TextContent" else _decoded(text)


def _decoded(text: str, name: str = "") -> ContainerEntry:
    """Returns the file in a text: in base64, else as it stands, which is how CDATA sections have it."""
    stripped = text.strip()
    if stripped.startswith("<"):
        return ContainerEntry(name=name, suffix=".xml", data=in_utf8(stripped.encode()))
    payload = xml.decoded_payload(_DATA_URL.sub("", text, count=1))
    if payload is None:
        return ContainerEntry(name=name, refusal=refuse("file.damaged-attachment"))
    return ContainerEntry(name=name, data=payload)


def _envelope_origin(header: bytes) -> EnvelopeOrigin:
    root = xml.parse(header).root
    scopes = {
        xml.text(scope, "Type").upper(): xml.text(scope, "InstanceIdentifier")
        for scope in xml.find_all(root, "BusinessScope/Scope")
    }
    return EnvelopeOrigin(
        sender=xml.text(root, "Sender/Identifier"),
        receiver=xml.text(root, "Receiver/Identifier"),
        process_id=scopes.get("PROCESSID", ""),
        document_type_id=scopes.get("DOCUMENTID", "") or xml.text(root, "DocumentIdentification/Standard"),
        message_id=xml.text(root, "DocumentIdentification/InstanceIdentifier"),
        created_at=_moment(xml.text(root, "DocumentIdentification/CreationDateAndTime")),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _attached_document(utf8: bytes) -> FoundContainer | None:
    document = xml.parse(utf8)
    match = _UBL.fullmatch(document.namespaces.get(document.root, ""))
    if match is None or match[1] != document.root.tag:
        return None
    files: list[ContainerEntry] = []
    for attachment in xml.find_all(document.root, "Attachment"):
        binary = xml.find(attachment, "EmbeddedDocumentBinaryObject", "EmbeddedDocument")
        description = xml.find(attachment, "ExternalReference/Description")
        if binary is not None and (binary.text or "").strip():
            files.append(_decoded(binary.text or "", clean(binary.get("filename", ""))))
        elif description is not None and "<" in (description.text or ""):
            files.append(_decoded(description.text or "", xml.text(attachment, "ExternalReference/FileName")))
    if not files:
        raise refuse("file.nothing-inside")
    return FoundContainer(kind=ContainerKind.ATTACHED_DOCUMENT, files=iter(files))


def _soap(utf8: bytes) -> FoundContainer | None:
    def is_in_body(element: Element) -> bool:
        around = element.around
        return len(around) == 2 and around[0][0] in _SOAP and around[1][1] == "Body"

    cuts = cut_out(utf8, is_in_body)
    if not cuts:
        return _batch(utf8)
    return FoundContainer(kind=ContainerKind.SOAP, files=_payloads(cuts))


def _batch(utf8: bytes) -> FoundContainer | None:
    cuts = cut_out(utf8, lambda element: bool(element.around) and _is_document(element))
    return FoundContainer(kind=ContainerKind.BATCH, files=_payloads(cuts)) if cuts else None


def _payloads(cuts: list[Cut]) -> Iterator[ContainerEntry]:
    return (ContainerEntry(suffix=".xml", data=cut.data) for cut in cuts)


def _is_document(element: Element) -> bool:
    """Returns whether the element is the root of a document of a known vocabulary, also of one that is not read."""
    if element.around and _is_document(Element(*element.around[0], ())):
        return False  # an order may quote an invoice
    match = _UBL.fullmatch(element.namespace)
    if match:
        return match[1] == element.name
    if element.name in ("CrossIndustryInvoice", "CrossIndustryDocument"):
        return element.name in element.namespace
    if element.name == "Document":
        return element.namespace.startswith("urn:iso:std:iso:20022:tech:xsd:")
    return element.name == _ENVELOPE


_OPENERS = {_ENVELOPE.encode(): _envelope, b"AttachedDocument": _attached_document, b"Envelope": _soap}


def unwrapped(data: bytes) -> tuple[bytes, int]:
    """Returns the first document inside of an XML, and the number of those beside it and itself.

    It is for files that were kept in their envelope: a reader shows the first of them. Returns the XML itself, and 1,
    if it holds no other. Raises `UnreadableDocument`.
    """
    count = 1
    for _ in range(MAX_DEPTH):
        _, name = root_names(data)
        found = None if name in _DOCUMENTS else _OPENERS.get(name, _batch)(xml.utf8_of(data))
        if found is None:
            break
        files = list(found.files)
        if files[0].refusal is not None:
            raise UnreadableDocument(files[0].refusal.message)
        data, count = files[0].data, max(count, len(files))
    return data, count
