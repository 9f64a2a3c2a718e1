"""Finds files that end before their format does: still being written, or cut off on the way."""

from __future__ import annotations

import re
import struct

from banqup_tui.formats import coda, xml
from banqup_tui.formats.containers import xml_elements
from banqup_tui.formats.plain import is_html, is_pdf
from banqup_tui.formats.refusals import refuse

_PDF_OBJECT = re.compile(rb"[\r\n]\s*\d+ \d+ obj\b")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NO_SECTOR = 0xFFFFFFFA
_PNG_END = b"IEND\xae\x42\x60\x82"
_JPEG_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA
_SHORTEST_TRAILER = 52
"""The characters of a CODA record 9 up to its last amount. Some programs take the blanks behind it away."""


def check_whole(data: bytes) -> None:
    """Raises `UnreadableDocument` (file.incomplete) if the end is missing. What follows an end is no fault.

    A ZIP archive and a gzip file are checked where they are opened.
    """
    name = _unfinished(data)
    if name:
        raise refuse("file.incomplete", format=name)


def _unfinished(data: bytes) -> str:
    """Returns the name of the format without its end; empty for a whole file, and for other formats."""
    if is_pdf(data):
        return "PDF" if _is_cut_pdf(data) else ""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG" if _is_cut_jpeg(data) else ""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG" if _PNG_END not in data else ""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP" if int.from_bytes(data[4:8], "little") + 8 > len(data) else ""
    if data.startswith(_OLE):
        return "Office" if _is_cut_compound_file(data) else ""
    if xml.looks_like_xml(data) and not is_html(data):
        return "XML" if _is_cut_xml(data) else ""
    return "CODA" if _is_cut_coda(data) else ""


def _is_cut_pdf(data: bytes) -> bool:
    """Returns whether no `%%EOF` closes the file (ISO 32000, 7.5.5).

    It stands after each change, and in the middle of a file made for the web, so objects behind the last one tell.
    """
    end = data.rfind(b"%%EOF")
    return end < 0 or _PDF_OBJECT.search(data, end) is not None


def _is_cut_jpeg(data: bytes) -> bool:
    """Returns whether the end marker is missing (ITU T.81, B.1.1). A preview inside has one of its own, so the
    segments are walked along by their lengths, unless the file ends with it: then it is whole, however it is built.
    """
    if data.rstrip(b"\0 \r\n\t").endswith(b"\xff\xd9"):
        return False
    position = 2
    while True:
        marker = _JPEG_MARKER.search(data, position)
        if marker is None:
            return True
        code = marker[1][0]
        if code == _JPEG_END:
            return False
        position = marker.end()
        if code > 0x01 and code != 0xD8:
            position += int.from_bytes(data[position : position + 2], "big")


def _is_cut_compound_file(data: bytes) -> bool:
    """Returns whether a sector of the tables or the directory lies behind the end ([MS-CFB] 2.2)."""
    if len(data) < 512:
        return True
    size = 1 << min(int.from_bytes(data[30:32], "little"), 16)
    sectors = struct.unpack_from("<109I", data, 76) + struct.unpack_from("<I", data, 48)
    return any(sector < _NO_SECTOR and (sector + 1) * size >= len(data) for sector in sectors)


def _is_cut_xml(data: bytes) -> bool:
    """Returns whether the root is not closed. Only a file without its end tag near the end is parsed for that."""
    prefix, name = xml_elements.root_names(data)
    tail = data[-64 * 1024 :].replace(b"\x00", b"")
    end = b"</%s:%s" % (prefix, name) if prefix else b"</%s" % name
    return not re.search(re.escape(end) + rb"\s*>", tail) and xml_elements.is_cut_off(xml.utf8_of(data))


def _is_cut_coda(data: bytes) -> bool:
    """Returns whether the last record is no trailer (9)."""
    if not coda.looks_like_coda(data[:400].decode("utf-8", "replace")):
        return False
    lines = [line for line in data.rstrip(b"\x1a\x00\r\n ").splitlines() if line.strip()]
    last = [lines[-1]]
    if len(lines) == 1 and len(last[0]) > coda.WIDTH:  # no line ends at all, and columns in bytes or in characters
        texts = (last[0], last[0].decode("utf-8", "replace").encode("latin-1", "replace"))
        last = [text[(len(text) - 1) // coda.WIDTH * coda.WIDTH :] for text in texts]
    return not any(line.startswith(b"9") and len(line.rstrip()) >= _SHORTEST_TRAILER for line in last)
