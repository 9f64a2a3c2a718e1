"""Parses XML from strangers.

A DTD is refused, so there are no entities and nothing is fetched; size, depth, number of elements and length of a tag
are limited. Namespaces are removed from names, because the vocabularies read here never use a local name in two
meanings under one parent; those of the root and its children are kept, to tell documents apart.
"""

from __future__ import annotations

import binascii
import re
from functools import cache
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

import msgspec

from banqup_tui.domain.messages import message
from banqup_tui.domain.text import clean
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.text_encoding import BOMS, codec_named, declared_encoding, decoded_pieces, is_in

MAX_DEPTH = 100
MAX_ELEMENTS = 1_000_000
MAX_TEXT = 100_000
"""The most characters of a text; a longer one ends in `…` there. Attachments are not limited by it."""

MAX_TAG_BYTES = 2**20
"""The most bytes of a tag with its attributes, a comment or an instruction, which the parser holds whole."""

_WITHOUT_BOM = ((b"<\x00", "utf_16_le"), (b"\x00<", "utf_16_be"))
_END = b"\x00\x03\x04\x1a"
"""Characters with which programs and mainframes end or fill a file."""

_PIECE = 64 * 1024
_TAG = re.compile(rb"""<(?>[^>"']*)(?>"[^"]*"[^>"']*|'[^']*'[^>"']*)*+>""")
_DATA_URL = re.compile("^data:[^,]{0,200};base64,", re.IGNORECASE)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([^"'>]{1,60})["']""")


class XmlDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed document.

    `namespaces` has those of the root and its children, by element. `warnings` are about the bytes: the encoding, and
    what stands behind the end.
    """

    root: Element
    namespaces: dict[Element, str]
    warnings: tuple[ReadWarning, ...] = ()


def looks_like_xml(data: bytes) -> bool:
    """Returns whether the bytes begin, after a byte order mark and white space, with what only XML begins with."""
    head = data[:400]
    for bom, encoding in (*BOMS, *_WITHOUT_BOM):
        if head.startswith(bom):
            head = head[: len(head) // 4 * 4].decode(encoding, "ignore").encode()
            break
    return re.match(rb"[\s\x00\xef\xbb\xbf]*<(?:\?xml|!--|!DOCTYPE|[A-Za-z_][\w.\-]*[\s:/>])", head) is not None


def parse(data: bytes) -> XmlDocument:
    """Parses a document.

    Raises:
        UnreadableDocument: With the code file.has-dtd, not-well-formed (with the line), too-deep, too-many-elements,
            tag-too-long or encoding-unknown.
    """
    utf8, warnings = _utf8(data)
    _check_size(utf8)
    # The parser of the standard library, because defusedxml parses in Python and takes twice as long; without a DTD
    # there is nothing else to defuse.
    parser = XMLParser(target=_Builder(), encoding="utf-8")  # noqa: S314
    try:
        for start in range(0, len(utf8), _PIECE):
            parser.feed(utf8[start : start + _PIECE])
        root = parser.close()
    except ParseError as error:
        raise refuse("file.not-well-formed", line=error.position[0]) from error
    except (ValueError, AssertionError) as error:  # a stray surrogate or NUL; no element at all
        raise refuse("file.not-well-formed", line=1) from error
    return XmlDocument(root=root, namespaces=_without_namespaces(root), warnings=warnings)


def utf8_of(data: bytes) -> bytes:
    """Returns a document in UTF-8, of a size that can be parsed. Raises `UnreadableDocument` as `parse` does."""
    utf8, _ = _utf8(data)
    _check_size(utf8)
    return utf8


def find(element: Element | None, *paths: str) -> Element | None:
    """Returns the first element of the first path that leads to any."""
    if element is None:
        return None
    for path in paths:
        element_found = element.find(path) if "/" not in path else next(iter(_elements_at(element, path)), None)
        if element_found is not None:
            return element_found
    return None


def find_all(element: Element | None, path: str) -> list[Element]:
    return [] if element is None else _elements_at(element, path)


def text(element: Element | None, *paths: str) -> str:
    """Returns the clean text of the first path whose element has one; without a path, that of the element itself."""
    if element is None:
        return ""
    if not paths:
        return _clean(element)
    for path in paths:
        for candidate in _elements_at(element, path):
            if content := _clean(candidate):
                return content
    return ""


def _clean(element: Element) -> str:
    text = element.text
    if not text:
        return ""
    return clean(text) if len(text) <= MAX_TEXT else f"{clean(text[:MAX_TEXT])}…"


def _elements_at(element: Element, path: str) -> list[Element]:
    """Returns the elements of a path, step by step: `findall` of a single name runs in C, of a path in Python."""
    first, *further = _steps(path)
    elements = element.findall(first)
    for step in further:
        elements = [inner for outer in elements for inner in outer.findall(step)]
    return elements


@cache
def _steps(path: str) -> list[str]:
    return path.split("/")


def attribute(element: Element | None, name: str) -> str:
    return "" if element is None else clean(element.get(name, ""))


class _Builder(TreeBuilder):
    """Builds the tree in C, as its base class does; a document type ends it."""

    def doctype(self, name: str, public_id: str | None, system_id: str | None) -> None:
        raise refuse("file.has-dtd")


def _without_namespaces(root: Element) -> dict[Element, str]:
    """Removes the namespaces from all names; returns those of the root and its children, by element.

    Raises `UnreadableDocument` for a tree that is too deep.
    """
    namespaces = {element: element.tag[1:].rpartition("}")[0] for element in (root, *root)}
    names: dict[str, str] = {}
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise refuse("file.too-deep", limit=MAX_DEPTH)
        for element in level:
            tag = element.tag
            name = names.get(tag)
            if name is None:
                name = names[tag] = tag.rpartition("}")[2]
            element.tag = name
        level = [child for element in level for child in element]
    return namespaces


def _check_size(utf8: bytes) -> None:
    """Refuses what would fill the memory, before anything is built."""
    if utf8.count(b"<") - utf8.count(b"</") > MAX_ELEMENTS:
        raise refuse("file.too-many-elements", limit=MAX_ELEMENTS)
    # A tag has no `<` inside, so one that is too long contains at least a whole block without any; long texts do too,
    # hence the second look.
    block = MAX_TAG_BYTES // 2
    for start in range(0, len(utf8), block):
        if utf8.find(b"<", start, start + block) < 0:
            begin = utf8.rfind(b"<", 0, start)
            if begin >= 0 and _TAG.match(utf8, begin, begin + MAX_TAG_BYTES) is None:
                raise refuse("file.tag-too-long", limit=MAX_TAG_BYTES // 2**20)


def _utf8(data: bytes) -> tuple[bytes, tuple[ReadWarning, ...]]:
    """Returns the document in UTF-8 up to its end, and the warnings about its bytes."""
    codec, data, is_named = _declared(data)
    encoding = declared_encoding(data, codec)
    warnings = msgspec.structs.replace(encoding, differs=encoding.differs or not is_named).warnings("XML")
    if encoding.codec != "utf_8" or encoding.unreadable:
        data = b"".join(piece.encode() for piece in decoded_pieces(data, encoding))
    end = data.rstrip(_END + b" \t\r\n")
    if data[len(end) :].strip(b" \t\r\n"):
        warnings += (ReadWarning(place="XML", message=message("content.after-end")),)
    return end, warnings


def _declared(data: bytes) -> tuple[str, bytes, bool]:
    """Returns the codec that byte order mark or declaration mean, the bytes from the beginning of the text, and whether
    the declaration names an encoding.

    Raises `UnreadableDocument` for an encoding that is not known, unless the bytes show that it is UTF-8.
    """
    for bom, codec in (*BOMS[1:], *_WITHOUT_BOM):
        if data.startswith(bom):
            return codec, data, True
    has_bom = data.startswith(BOMS[0][0])
    data = data.removeprefix(BOMS[0][0]).lstrip()
    declaration = None if has_bom else _DECLARED.match(data[:400])
    if declaration is None:
        return "utf_8", data, True
    declared = declaration[1].decode("ascii", "replace")
    named, is_named = codec_named(declared)
    if named is None and (data.isascii() or not is_in(data, "utf_8")):
        raise refuse("file.encoding-unknown", encoding=declared)
    return named or "ascii", data, is_named


def decoded_payload(text: str) -> bytes | None:
    """Returns the bytes of a base64 text; `None` if damaged or empty.

    White space and lacking padding are allowed, and the beginning of a data URL (RFC 2397).
    """
    compact = _DATA_URL.sub("", "".join(text.split()), count=1)
    try:
        return binascii.a2b_base64(compact + "=" * (-len(compact) % 4), strict_mode=True) or None
    except (binascii.Error, ValueError):
        return None
