"""Parses XML from strangers.

A DTD is refused, so there are no entities and nothing is fetched; size, depth, number of elements and length of a tag
are limited. Namespaces are removed from names, because the vocabularies read here never use a local name in two
meanings under one parent; those of the root and its children are kept, to tell documents apart.
"""

from __future__ import annotations

import binascii
import codecs
import encodings
import re
from collections.abc import Iterator
from encodings.aliases import aliases
from functools import cache
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

import msgspec

from banqup_tui.domain.text import clean
from banqup_tui.formats.refusals import refuse

MAX_DEPTH = 100
MAX_ELEMENTS = 1_000_000
MAX_TEXT = 100_000
"""The most characters of a text; a longer one ends in `…` there. Attachments are not limited by it."""

MAX_TAG_BYTES = 2**20
"""The most bytes of a tag with its attributes, a comment or an instruction, which the parser holds whole."""

CODECS = frozenset(
    {"ascii", "utf_8", "utf_8_sig", "utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be", "latin_1", "mac_roman"}
    | {f"iso8859_{number}" for number in range(2, 17) if number != 12}
    | {f"cp{number}" for number in (437, 850, 852, 858, *range(1250, 1259))}
)
"""The codecs that documents use. They take linear time, which some other codecs of Python do not."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_PIECE = 64 * 1024
_TAG = re.compile(rb"""<(?>[^>"']*)(?>"[^"]*"[^>"']*|'[^']*'[^>"']*)*+>""")
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([^"'>]{1,60})["']""")


class XmlDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed document.

    `namespaces` has those of the root and its children, by element. `guessed_encoding` is set if the bytes were not in
    the declared encoding.
    """

    root: Element
    namespaces: dict[Element, str]
    guessed_encoding: str = ""


def looks_like_xml(data: bytes) -> bool:
    """Returns whether the bytes begin, after a byte order mark and white space, with what only XML begins with."""
    head = data[:400]
    for bom, encoding in _BOMS:
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
    utf8, guessed = _utf8(data)
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
    return XmlDocument(root=root, namespaces=_without_namespaces(root), guessed_encoding=guessed)


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


def _utf8(data: bytes) -> tuple[bytes, str]:
    """Returns the document in UTF-8, and the name of the encoding if it had to be guessed."""
    codec, data, guessed = _encoding(data)
    if codec in ("ascii", "utf_8"):
        return data, ""
    return b"".join(piece.encode() for piece in _pieces(data, codec, "replace" if guessed else "strict")), guessed


def _pieces(data: bytes, codec: str, errors: str) -> Iterator[str]:
    """Yields the text without byte order marks. Raises `UnicodeError`.

    In pieces, because a text with one character beyond the basic plane takes four bytes for each character.
    """
    decoder = codecs.getincrementaldecoder(codec)(errors)
    is_first = True
    for start in range(0, len(data), _PIECE):
        piece = decoder.decode(data[start : start + _PIECE], final=start + _PIECE >= len(data))
        yield piece.lstrip("\ufeff") if is_first else piece
        is_first = False


def _encoding(data: bytes) -> tuple[str, bytes, str]:
    """Returns the codec, the bytes from the beginning of the text, and the encoding's name if it was guessed."""
    for bom, codec in _BOMS:
        if data.startswith(bom):
            if _is_in(data, codec):
                return codec, data, ""
            break
    data = data.removeprefix(codecs.BOM_UTF8).lstrip()
    declared = _DECLARED.match(data[:400])
    codec = _codec(declared[1].decode("ascii", "replace")) if declared else "utf_8"
    return (codec, data, "") if _is_in(data, codec) else ("cp1252", data, "windows-1252")


def _is_in(data: bytes, codec: str) -> bool:
    try:
        for _ in _pieces(data, codec, "strict"):
            pass
    except UnicodeError:
        return False
    return True


def _codec(declared: str) -> str:
    """Returns the codec of a declared encoding, found by name: `codecs.lookup` would import a module of that name."""
    name = encodings.normalize_encoding(declared).lower()
    codec = aliases.get(name, name)
    # The first bytes were read as ASCII, so a declared UTF-16 is not meant.
    if codec.startswith(("utf_16", "utf_32")):
        return "utf_8"
    if codec not in CODECS:
        raise refuse("file.encoding-unknown", encoding=declared)
    return codec


def decoded_payload(text: str) -> bytes | None:
    """Returns the bytes of a base64 text; `None` if damaged or empty. White space and lacking padding are allowed."""
    compact = "".join(text.split())
    try:
        return binascii.a2b_base64(compact + "=" * (-len(compact) % 4), strict_mode=True) or None
    except (binascii.Error, ValueError):
        return None
