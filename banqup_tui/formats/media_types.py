"""Finds the media type of a file, also of one that no reader can read."""

from __future__ import annotations

import re

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.formats.plain import is_html, is_pdf, media_type_of
from banqup_tui.formats.xml import looks_like_xml

_ACTIVE = re.compile(rb"<!DOCTYPE|<!ENTITY|<\?xml-stylesheet", re.IGNORECASE)
_NAMESPACE = re.compile(rb"""xmlns(?::[^\s=]*)?\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([^"']*)""")
_USUAL_ENCODINGS = re.compile(rb"utf-?8|us-ascii|iso-8859-\d+|windows-125\d", re.IGNORECASE)


def media_type(data: bytes) -> str:
    """Returns the media type; empty if it is not known. XML in which a browser would run something is `text/html`."""
    if is_pdf(data):
        return "application/pdf"
    if looks_like_xml(data) or is_html(data):
        return "application/xml" if _is_data_only(data) else "text/html"
    try:
        return media_type_of(data) or ""
    except UnreadableDocument:
        return ""


def _is_data_only(data: bytes) -> bool:
    """Returns whether a browser would show this XML as a tree and run nothing: no page, picture or style sheet."""
    if is_html(data) or b"\x00" in data[:400] or _ACTIVE.search(data):
        return False
    declared = _ENCODING.match(data[:400].lstrip(b"\xef\xbb\xbf \t\r\n"))
    if declared and not _USUAL_ENCODINGS.fullmatch(declared[1]):
        return False
    spaces = {first or second for first, second in _NAMESPACE.findall(data)}
    return not any(b"&" in space or b"w3.org/1999" in space or b"/svg" in space.lower() for space in spaces)
