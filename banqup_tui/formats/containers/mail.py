"""Opens mails (RFC 5322 and MIME) with the standard library.

A document is found by its content, not by disposition or type, which senders set as they like: PDF files that are
`inline`, or `application/octet-stream`, are documents. Bodies, signatures and the pictures of a letterhead are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from typing import TypeAlias, TypeVar

from banqup_tui.domain.origin import MailOrigin
from banqup_tui.domain.text import clean
from banqup_tui.formats import bank_text, coda, mt940
from banqup_tui.formats.container import MOST_RECIPIENTS, ContainerKind
from banqup_tui.formats.containers.entries import ContainerEntry, FoundContainer
from banqup_tui.formats.plain import is_html
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.xml import decoded_payload, looks_like_xml

_Mail: TypeAlias = "Message[str, str]"
_T = TypeVar("_T")

_MOST_HEAD = 2**17
_NEXT_IN_MBOX = re.compile(rb"\n\r?\nFrom \S+ [^\n]*\d{4}\r?\n")
_FIELD = re.compile(rb"([!-9;-~]{1,60}):")
_TELLING = frozenset(
    {b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"received", b"return-path", b"delivered-to"}
)
SMALL_PICTURE = 100 * 2**10
"""Bytes. A logo or a banner in a signature is smaller; a photo or scan of a receipt is larger."""

TINY_PICTURE = 5 * 2**10
"""Bytes. Nothing that can be read is in a picture as small as this: an icon, or a pixel that tells who has read."""

_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM")
_NO_DOCUMENTS = frozenset(
    {
        "application/applefile",
        "application/ics",
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "message/delivery-status",
        "message/disposition-notification",
        "message/external-body",
        "message/feedback-report",
        "text/calendar",
        "text/rfc822-headers",
        "text/x-amp-html",
    }
)
_SECURED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"})
_REPLACED = "\ufffd"
_NAME = re.compile(r"""\b(?:file)?name\s*=\s*"?([^";\r\n]+)""", re.IGNORECASE)
_SERVERS_OWN = re.compile(r"ATT\d{5,}\.(?:txt|html?|c|dat)", re.IGNORECASE)
"""Names that Exchange gives to the bodies of a mail in several pieces."""


def is_mail(data: bytes) -> bool:
    """Returns whether the bytes begin with a header block in which two fields of a mail stand."""
    head = _from_first_field(data[:_MOST_HEAD])
    found: set[bytes] = set()
    if not _FIELD.match(head):
        return False
    for line in head.splitlines():
        if line[:1] in (b" ", b"\t"):
            continue
        field = _FIELD.match(line)
        if field is None:
            break
        found.add(field[1].lower())
    return len(found & _TELLING) >= 2


def _from_first_field(data: bytes) -> bytes:
    """Returns the bytes without what programs put before the first field: a byte order mark, the line of an mbox.

    A file of several mails (mbox) is left as it is, and so is none.
    """
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if data.startswith(b"From ") and not _NEXT_IN_MBOX.search(data):
        return data.partition(b"\n")[2]
    return data


def open_mail(data: bytes) -> FoundContainer | None:
    """Returns the mail with its documents; `None` if the bytes are no mail."""
    if not is_mail(data):
        return None
    return _found(_parsed(_from_first_field(data)))


def _found(mail: _Mail) -> FoundContainer:
    return FoundContainer(kind=ContainerKind.MAIL, files=iter(_documents(mail)), mail=_origin(mail))


def origin_of_head(head: str) -> MailOrigin:
    """Returns what the head of a mail says, given without its body."""
    return _origin(_parsed(f"{head.strip()}\r\n\r\n".encode("utf-8", "surrogateescape")))


def _parsed(data: bytes) -> _Mail:
    try:
        return BytesParser(policy=policy.default).parsebytes(data)
    except Exception:
        # The field parsers of `policy.default` have raised on broken fields in many ways (cpython issues 79885, 96019,
        # 105384, …); the old policy keeps fields as they are.
        return BytesParser(policy=policy.compat32).parsebytes(data)


def _documents(mail: _Mail) -> list[ContainerEntry]:
    """Returns the documents. Raises `UnreadableDocument` if the mail ends before the first of them."""
    pieces = list(_pieces(mail, in_related=False))
    shown = _shown_pictures(pieces)
    found = [file for piece in pieces for file in _document(piece, shown)]
    if not found and any(type(defect).__name__ == "CloseBoundaryNotFoundDefect" for defect in mail.defects):
        raise refuse("file.incomplete", format="mail")
    return found


class _Piece:
    """A leaf of the tree of a mail, with what is asked of it more than once."""

    def __init__(self, message: _Mail, in_related: bool) -> None:
        self.message = message
        self.in_related = in_related
        self.type = _safely(message.get_content_type, "application/octet-stream")
        self.name = _file_name(message)
        self.data = _payload(message)

    @property
    def is_attachment(self) -> bool:
        return bool(self.name) or _safely(self.message.get_content_disposition, None) == "attachment"


def _pieces(message: _Mail, *, in_related: bool) -> Iterator[_Piece]:
    if _safely(message.get_content_maintype, "") == "multipart" and message.is_multipart():
        is_related = _safely(message.get_content_subtype, "") == "related"
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _pieces(part, in_related=is_related)
    else:
        yield _Piece(message, in_related)


def _document(piece: _Piece, shown: set[str]) -> Iterator[ContainerEntry]:
    is_empty = not (piece.data or piece.is_attachment or piece.message.is_multipart())
    if is_empty or piece.type in _NO_DOCUMENTS or piece.name.lower().endswith((".ics", ".p7s", ".asc", ".sig")):
        return
    if piece.type in _SECURED or piece.name.lower().endswith(".p7m"):
        yield ContainerEntry(name=piece.name or "smime.p7m", refusal=refuse("file.secured-mail"))
    elif piece.type.startswith("message/") and piece.message.is_multipart():
        yield _attached_mail(piece)
    elif not _is_body(piece) and not _is_decoration(piece, shown):
        yield ContainerEntry(name=piece.name, data=piece.data)


def _attached_mail(piece: _Piece) -> ContainerEntry:
    attached = piece.message.get_payload(0)
    name = piece.name or "mail.eml"
    if not isinstance(attached, Message):
        return ContainerEntry(name=name, refusal=refuse("file.damaged-mail"))
    if not attached.keys():
        # Some servers write an attached mail in base64, which RFC 2046 (5.2.1) does not allow, so it was not decoded.
        decoded = decoded_payload(str(attached.get_payload()))
        if decoded is not None:
            return ContainerEntry(name=name, data=decoded)
    return ContainerEntry(name=name, inside=_found(attached))


def _is_body(piece: _Piece) -> bool:
    """Returns whether the piece is text to be read, not a file. A bank file or an XML is a file, however it is sent."""
    if not piece.type.startswith("text/"):
        return False
    if piece.is_attachment and not _SERVERS_OWN.fullmatch(piece.name):
        return False
    if looks_like_xml(piece.data) and not is_html(piece.data) and piece.type != "text/html":
        return False
    head, _ = bank_text.decoded(piece.data[:20_000])
    return not (coda.looks_like_coda(head) or mt940.looks_like_mt940(head))


def _is_decoration(piece: _Piece, shown: set[str]) -> bool:
    """Returns whether the piece is a picture of the letter, such as the logo in a signature."""
    identifier = "" if piece.in_related else _field(piece.message, "Content-ID")
    return is_picture_of_letter(piece.data, identifier, None if piece.in_related else shown)


def is_picture_of_letter(data: bytes, identifier: str, shown: set[str] | None) -> bool:
    """Returns whether an attachment is a small picture that the text shows, or too small a picture to be read.

    `identifier` is its Content-ID, `shown` those that the text shows; `None` if it belongs to the text anyway.
    """
    if not data.startswith(_PICTURES):
        return False
    is_shown = shown is None or identifier.strip("<> ").lower() in shown
    return len(data) < (SMALL_PICTURE if is_shown else TINY_PICTURE)


def _shown_pictures(pieces: list[_Piece]) -> set[str]:
    texts = (piece.data for piece in pieces if piece.type == "text/html")
    return {identifier for text in texts for identifier in shown_identifiers(text)}


def shown_identifiers(html: bytes) -> set[str]:
    """Returns the identifiers of the pictures that a text shows at their place (RFC 2392)."""
    return {name.decode("ascii", "replace").lower() for name in re.findall(rb"cid:([!-~]+?)[\"'\s>)]", html)}


def _payload(message: _Mail) -> bytes:
    if message.is_multipart():
        return b""
    payload: object = _safely(lambda: message.get_payload(decode=True), None)
    return payload if isinstance(payload, bytes) else b""


def _origin(mail: _Mail) -> MailOrigin:
    fields = ("Delivered-To", "X-Original-To", "To", "Cc")
    texts = [text for name in fields for text in _fields(mail, name)]
    pairs: list[tuple[str, str]] = _safely(lambda: getaddresses(texts[:200]), [])
    addresses = dict.fromkeys(clean(address) for _, address in pairs if "@" in address)
    return MailOrigin(
        sender=_field(mail, "From"),
        recipients=tuple(addresses)[:MOST_RECIPIENTS],
        subject=_field(mail, "Subject"),
        message_id=_field(mail, "Message-ID"),
        sent_at=sent_at(_field(mail, "Date")),
    )


def sent_at(text: str) -> datetime | None:
    """Returns the moment of a Date field in UTC; `None` if it is none. A time without a zone is taken as UTC."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _file_name(message: _Mail) -> str:
    """Returns the name of a file, also one in an encoded word (RFC 2047), which many senders write against RFC 2231."""
    name = _words(_safely(message.get_filename, None) or "")
    if _REPLACED in name:
        fields = _raw_fields(message, "Content-Disposition") + _raw_fields(message, "Content-Type")
        written = _NAME.search(" ".join(fields))
        name = written[1] if written else name
    return name


def _field(message: _Mail, name: str) -> str:
    return next(iter(_fields(message, name)), "")


def _fields(message: _Mail, name: str) -> list[str]:
    texts = _safely(lambda: [str(text) for text in message.get_all(name, [])], None)
    if texts is None or any(_REPLACED in text for text in texts):  # see `_parsed`
        texts = _raw_fields(message, name)
    return [clean(_words(text)) for text in texts]


def _raw_fields(message: _Mail, name: str) -> list[str]:
    """Returns the fields as they came. Letters beyond ASCII, against RFC 5322, are UTF-8 or windows-1252."""
    fields: list[str] = []
    for field, text in message.raw_items():
        if field.lower() == name.lower():
            raw = str(text).encode("utf-8", "surrogateescape")
            try:
                fields.append(raw.decode("utf-8"))
            except UnicodeDecodeError:
                fields.append(raw.decode("cp1252", "replace"))
    return fields


def _words(text: str) -> str:
    if "=?" not in text:
        return text
    return _safely(lambda: str(make_header(decode_header(text))), text)


def _safely(read: Callable[[], _T], otherwise: _T) -> _T:
    """Returns what a field says, `otherwise` if it is broken in a way that the library raises on (see `_parsed`)."""
    try:
        return read()
    except Exception:
        return otherwise
