"""Opens what Outlook makes of a mail: `.msg` files ([MS-OXMSG], in a compound file) and `winmail.dat` ([MS-OXTNEF]).

The bytes of properties are named by their tag: identifier and type, in eight hexadecimal digits.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import olefile

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.origin import MailOrigin
from banqup_tui.domain.text import clean
from banqup_tui.formats.container import MAX_DEPTH, MAX_PARTS, ContainerKind
from banqup_tui.formats.containers.entries import ContainerEntry, FoundContainer
from banqup_tui.formats.containers.mail import is_picture_of_letter, origin_of_head, shown_identifiers
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.text_encoding import CODECS

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROPERTY_STREAM = "__properties_version1.0"
_ATTACHMENT, _RECIPIENT = "__attach_version1.0_", "__recip_version1.0_"

_SUBJECT, _SENDER_NAME, _SENDER, _SENDER_SMTP = "0037", "0C1A", "0C1F", "5D01"
_HEAD, _MESSAGE_ID, _HTML = "007D", "1035", "1013"
_SENT_AT = 0x00390040
_RECIPIENT_SMTP, _RECIPIENT_ADDRESS = "39FE", "3003"
_LONG_NAME, _SHORT_NAME, _CONTENT_ID = "3707", "3704", "3712"
_DATA, _EMBEDDED = "37010102", "3701000D"

_TNEF = b"\x78\x9f\x3e\x22"
_TNEF_ATTACHMENT, _TNEF_NAME, _TNEF_DATA, _TNEF_CODE_PAGE = 0x00069002, 0x00018010, 0x0006800F, 0x00069007
_TNEF_PROPERTIES = 0x00069005
_TNEF_LONG_NAME = ((b"\x1f\x00\x07\x37", "utf-16-le"), (b"\x1e\x00\x07\x37", ""))
"""The tag of PidTagAttachLongFilename as it is written, for Unicode and for the code page."""

_Path = tuple[str, ...]


def open_outlook(data: bytes) -> FoundContainer | None:
    """Returns the message in a `.msg` file; `None` if the bytes are none, or another file of Office with one inside.

    Raises `UnreadableDocument` for a damaged one.
    """
    if not data.startswith(_OLE) or "__substg1.0_".encode("utf-16-le") not in data:
        return None
    try:
        ole = olefile.OleFileIO(io.BytesIO(data))
        if not ole.exists(_PROPERTY_STREAM):
            return None
        return _Message(ole, (), 1).found()
    except (MemoryError, UnreadableDocument):
        raise
    except Exception as error:  # olefile raises OSError, IndexError, struct.error, … on a damaged file
        raise refuse("file.damaged-mail") from error


class _Message:
    """A message in a storage of a compound file: the root, or that of an attachment which is a message itself."""

    def __init__(self, ole: olefile.OleFileIO[str], place: _Path, depth: int) -> None:
        self._ole, self._place, self._depth = ole, place, depth
        storages = {tuple(path[: len(place) + 1]) for path in ole.listdir() if tuple(path[: len(place)]) == place}
        self._children = sorted(path for path in storages if len(path) > len(place))

    def found(self) -> FoundContainer:
        return FoundContainer(kind=ContainerKind.OUTLOOK_MAIL, files=iter(self._documents()), mail=self._origin())

    def _documents(self) -> list[ContainerEntry]:
        shown = shown_identifiers(self._bytes((*self._place, f"__substg1.0_{_HTML}0102")))
        attachments = [child for child in self._children if child[-1].startswith(_ATTACHMENT)]
        if len(attachments) > MAX_PARTS:
            raise refuse("file.too-many-parts", limit=MAX_PARTS)
        found = [entry for attachment in attachments for entry in self._document(attachment, shown)]
        if not found and self._ole.parsing_issues:  # type: ignore[attr-defined]  # the stubs lack it
            raise refuse("file.damaged-mail")
        return found

    def _document(self, attachment: _Path, shown: set[str]) -> Iterator[ContainerEntry]:
        name = self._text(_LONG_NAME, attachment) or self._text(_SHORT_NAME, attachment)
        embedded = (*attachment, f"__substg1.0_{_EMBEDDED}")
        if self._ole.exists([*embedded, _PROPERTY_STREAM]):
            inside = _Message(self._ole, embedded, self._depth + 1) if self._depth <= MAX_DEPTH else None
            yield ContainerEntry(name=name or "mail.msg", inside=inside.found() if inside else None)
            return
        try:
            data = self._bytes((*attachment, f"__substg1.0_{_DATA}"))
        except OSError:
            yield ContainerEntry(name=name, refusal=refuse("file.damaged-attachment"))
            return
        if not is_picture_of_letter(data, self._text(_CONTENT_ID, attachment), shown):
            yield ContainerEntry(name=name, data=data)

    def _origin(self) -> MailOrigin:
        head = self._text(_HEAD)
        if head:
            return origin_of_head(head)
        name, address = self._text(_SENDER_NAME), self._text(_SENDER_SMTP) or self._text(_SENDER)
        recipients = [child for child in self._children if child[-1].startswith(_RECIPIENT)]
        addresses = [
            self._text(_RECIPIENT_SMTP, child) or self._text(_RECIPIENT_ADDRESS, child) for child in recipients[:100]
        ]
        return MailOrigin(
            sender=clean(f"{name} <{address}>" if name and "@" in address else name or address),
            recipients=tuple(dict.fromkeys(clean(address) for address in addresses if "@" in address)),
            subject=clean(self._text(_SUBJECT)),
            message_id=clean(self._text(_MESSAGE_ID)),
            sent_at=self._sent_at(),
        )

    def _text(self, identifier: str, place: _Path | None = None) -> str:
        """Returns a property that is a text: in Unicode (001F), or in the code page of the sender (001E)."""
        storage = self._place if place is None else place
        wide = self._bytes((*storage, f"__substg1.0_{identifier}001F"))
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\x00")
        return self._bytes((*storage, f"__substg1.0_{identifier}001E")).decode("cp1252", "replace").rstrip("\x00")

    def _bytes(self, path: _Path) -> bytes:
        """Returns a stream, empty if there is none. Raises `OSError` for one that is cut off."""
        if not self._ole.exists(list(path)):
            return b""
        stream: bytes = self._ole.openstream(list(path)).read()
        return stream

    def _sent_at(self) -> datetime | None:
        """Returns PidTagClientSubmitTime: hundreds of nanoseconds since 1601, in an entry of 16 bytes."""
        properties = self._bytes((*self._place, _PROPERTY_STREAM))[24 if self._place else 32 :]
        for start in range(0, len(properties) - 15, 16):
            tag, _, ticks = struct.unpack_from("<IIQ", properties, start)
            if tag == _SENT_AT and ticks < 2**62:
                return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
        return None


def open_tnef(data: bytes) -> FoundContainer | None:
    """Returns the attachments in a `winmail.dat`, `None` if the bytes are none."""
    if not data.startswith(_TNEF):
        return None
    return FoundContainer(kind=ContainerKind.OUTLOOK_MAIL, files=iter(_attachments(data)))


def _attachments(data: bytes) -> list[ContainerEntry]:
    """Returns the attachments. One that is a message itself is in a form of its own, and waits."""
    entries: list[ContainerEntry] = []
    name, codec, content, is_attachment = "", "cp1252", None, False
    for attribute, value in (*_attributes(data), (_TNEF_ATTACHMENT, b"")):
        if attribute == _TNEF_CODE_PAGE:
            page = f"cp{int.from_bytes(value[:4], 'little')}"
            codec = page if page in CODECS else codec
        elif attribute == _TNEF_NAME:
            name = name or _text_of(value, codec)
        elif attribute == _TNEF_PROPERTIES:
            name = _long_name(value, codec) or name
        elif attribute == _TNEF_DATA:
            content = value
        elif attribute == _TNEF_ATTACHMENT:
            if is_attachment:
                refusal = refuse("file.winmail") if content is None else None
                entries.append(ContainerEntry(name=name, data=content or b"", refusal=refusal))
            name, content, is_attachment = "", None, True
    return [entry for entry in entries if entry.refusal or not is_picture_of_letter(entry.data, "", set())]


def _long_name(properties: bytes, codec: str) -> str:
    """Returns the name of more than eight letters among the properties of an attachment, empty if there is none."""
    for tag, own_codec in _TNEF_LONG_NAME:
        start = properties.find(tag)
        if start >= 0 and start + 12 <= len(properties):
            count, size = struct.unpack_from("<II", properties, start + 4)
            if count == 1 and size < 1000:
                return _text_of(properties[start + 12 : start + 12 + size], own_codec or codec)
    return ""


def _text_of(value: bytes, codec: str) -> str:
    return value.decode(codec, "replace").partition("\x00")[0]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields identifier and value of each attribute. Raises `UnreadableDocument` where the file is cut off."""
    position = 6
    while position + 9 <= len(data):
        attribute, size = struct.unpack_from("<II", data, position + 1)
        start = position + 9
        if start + size > len(data):
            raise refuse("file.incomplete", format="winmail.dat")
        yield attribute, data[start : start + size]
        position = start + size + 2
