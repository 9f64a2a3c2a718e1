"""Finds the media type of files by their first bytes."""

from __future__ import annotations

import io
import re
import zipfile

from banqup_tui.formats.refusals import refuse

_OPEN_DOCUMENT = "application/vnd.openxmlformats-officedocument"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
)
_ISO_PICTURES = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_MOST_DIRECTORY = 2**20
"""The most bytes of an archive's directory that is read. Office files have some ten names; a million take minutes."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__substg1.0_", "application/vnd.ms-outlook"),
)
_OPEN_DOCUMENT_FOLDERS = (
    ("word/", f"{_OPEN_DOCUMENT}.wordprocessingml.document"),
    ("xl/", f"{_OPEN_DOCUMENT}.spreadsheetml.sheet"),
    ("ppt/", f"{_OPEN_DOCUMENT}.presentationml.presentation"),
)
_MAIL = re.compile(rb"(?:Return-Path|Received|From|Delivered-To|MIME-Version|Message-ID):[ \t]", re.IGNORECASE)
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_HIGH = bytes(range(0x80, 0x100))
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def is_pdf(data: bytes) -> bool:
    """Returns whether a PDF header stands in the first kilobyte, where PDF readers look for it."""
    return b"%PDF-" in data[:1024] and not data[:1024].lstrip().startswith((b"PK\x03\x04", _OLE, b"<"))


def media_type_of(data: bytes) -> str | None:
    """Returns the media type, `None` if it is not known.

    Raises `UnreadableDocument` for a program or a damaged archive.
    """
    if is_pdf(data):
        return "application/pdf"
    if data.startswith(_PROGRAMS):
        raise refuse("file.program")
    for signature, media_type in _SIGNATURES:
        if data.startswith(signature):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _ISO_PICTURES:
        return _ISO_PICTURES[data[8:12]]
    if data[:2] == b"BM" and len(data) > 26 and int.from_bytes(data[2:6], "little") == len(data):
        return "image/bmp"
    if data.startswith(b"PK\x03\x04"):
        return _archive(data)
    return _ole(data) if data.startswith(_OLE) else _text(data)


def is_html(data: bytes) -> bool:
    """Returns whether the file begins as a web page."""
    return _HTML.match(data[:400].removeprefix(b"\xef\xbb\xbf")) is not None


def _archive(data: bytes) -> str:
    names: list[str] = []
    try:
        if directory_bytes(data) <= _MOST_DIRECTORY:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeError) as error:
        raise refuse("file.damaged-archive") from error
    if "[Content_Types].xml" in names:
        for folder, media_type in _OPEN_DOCUMENT_FOLDERS:
            if any(name.startswith(folder) for name in names):
                return media_type
    document = re.match(rb"mimetypeapplication/vnd\.oasis\.opendocument\.[a-z]+", data[30:120])
    return document[0].decode().removeprefix("mimetype") if document else "application/zip"


def directory_bytes(data: bytes) -> int:
    """Returns the length of an archive's directory, as its end record states it (APPNOTE.TXT, 4.3.14 and 4.3.16)."""
    end = data.rfind(b"PK\x05\x06")
    size = int.from_bytes(data[end + 12 : end + 16], "little") if end >= 0 else 0
    if size == 0xFFFFFFFF:  # ZIP64
        end = data.rfind(b"PK\x06\x06", 0, end)
        size = int.from_bytes(data[end + 40 : end + 48], "little") if end >= 0 else 0
    return size


def _ole(data: bytes) -> str:
    for stream, media_type in _OLE_STREAMS:
        if stream.encode("utf-16-le") in data:
            return media_type
    return "application/x-ole-storage"


def _text(data: bytes) -> str | None:
    if is_html(data):
        return "text/html"
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        if re.search(r"[\x7f-\x9f]{3}", text) or (len(data) - len(data.translate(None, _HIGH))) * 3 > len(data):
            return None
    if _NOT_IN_TEXT.search(text) or not text.strip():
        return None
    return "message/rfc822" if _MAIL.match(data) else "text/plain"
