"""XML from strangers, parsed safely.

No DTD, hence no entities and nothing fetched; size, depth, number of elements and length of a tag are capped.
Namespaces are taken off the names: the vocabularies read here never use one local name in two meanings under
one parent. The namespace of the root and of its children is kept, to tell documents apart.
"""

from __future__ import annotations

import codecs
import encodings
import re
from collections.abc import Iterator
from encodings.aliases import aliases
from xml.etree.ElementTree import Element, TreeBuilder  # only builds; what parses is defusedxml

import msgspec
from defusedxml.common import DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from banqup_tui.domain.text import clean
from banqup_tui.formats.refusals import refuse

MAX_DEPTH = 100
MAX_ELEMENTS = 1_000_000
MAX_TAG_BYTES = 2**20
"""Of a tag with its attributes, a comment or an instruction: what the parser has to hold whole."""

CODECS = frozenset(
    {"ascii", "utf_8", "utf_8_sig", "utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be", "latin_1", "mac_roman"}
    | {f"iso8859_{number}" for number in range(2, 17) if number != 12}
    | {f"cp{number}" for number in (437, 850, 852, 858, *range(1250, 1259))}
)
"""The codecs that documents use. All take time in proportion to the text; some others that Python has do not."""

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
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([^"'>]{1,60})["']""")


class XmlDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed document: `namespaces` is that of the root and of each of its children, by element.

    `guessed_encoding` is set where the bytes were not in the encoding that they declare.
    """

    root: Element
    namespaces: dict[Element, str]
    guessed_encoding: str = ""


def looks_like_xml(data: bytes) -> bool:
    """Whether the bytes begin, after a BOM and white space, with what only XML begins with."""
    head = data[:400]
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            head = head[: len(head) // 4 * 4].decode(encoding, "ignore").encode()
            break
    return re.match(rb"[\s\x00\xef\xbb\xbf]*<(?:\?xml|!--|!DOCTYPE|[A-Za-z_][\w.\-]*[\s:/>])", head) is not None


def parse(data: bytes) -> XmlDocument:
    """The document in the bytes.

    Raises UnreadableDocument: has-dtd, not-well-formed (with the line), too-deep,
    too-many-elements, encoding-unknown.
    """
    codec, data, guessed = _encoding(data)
    target = _Tree()
    parser = DefusedXMLParser(target=target, encoding="utf-8", forbid_dtd=True)
    try:
        _feed(parser, _pieces(data, codec, "replace" if guessed else "strict"))
        root = parser.close()
    except (DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden) as error:
        raise refuse("has-dtd") from error
    except ParseError as error:
        raise refuse("not-well-formed", line=error.position[0]) from error
    except (ValueError, AssertionError) as error:  # a stray surrogate or NUL; no element at all
        raise refuse("not-well-formed", line=1) from error
    return XmlDocument(root=root, namespaces=target.namespaces, guessed_encoding=guessed)


def find(element: Element | None, *paths: str) -> Element | None:
    """The first element found by the first path that leads anywhere."""
    if element is None:
        return None
    for path in paths:
        found = element.find(path)
        if found is not None:
            return found
    return None


def find_all(element: Element | None, path: str) -> list[Element]:
    return [] if element is None else element.findall(path)


def text(element: Element | None, *paths: str) -> str:
    """The clean text of the first path whose element has one; of the element itself without a path."""
    if element is None:
        return ""
    if not paths:
        return clean(element.text or "")
    for path in paths:
        for found in element.iterfind(path):
            if content := clean(found.text or ""):
                return content
    return ""


def attribute(element: Element | None, name: str) -> str:
    return "" if element is None else clean(element.get(name, ""))


class _Tree:
    """Builds the tree, counts, and takes the namespaces off."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = 0
        self._count = 0
        self.namespaces: dict[Element, str] = {}
        self.data = self._builder.data
        self.close = self._builder.close

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH:
            raise refuse("too-deep", limit=MAX_DEPTH)
        if self._count > MAX_ELEMENTS:
            raise refuse("too-many-elements", limit=MAX_ELEMENTS)
        namespace, _, name = tag.rpartition("}")
        element = self._builder.start(name, attributes)
        if self._depth <= 2:
            self.namespaces[element] = namespace.removeprefix("{")

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._builder.end(tag.rpartition("}")[2])


def _feed(parser: DefusedXMLParser, pieces: Iterator[str]) -> None:
    """In pieces: the document is never in memory a second time as text, which may take four bytes a character."""
    fed = 0
    for piece in pieces:
        encoded = piece.encode()
        parser.feed(encoded)
        fed += len(encoded)
        # `parser.parser` is the expat parser; `CurrentByteIndex` stands where the tag under way begins.
        if fed - parser.parser.CurrentByteIndex > MAX_TAG_BYTES:
            raise refuse("tag-too-long", limit=MAX_TAG_BYTES // 2**20)


def _pieces(data: bytes, codec: str, errors: str) -> Iterator[str]:
    """The text, without marks of the byte order in front. Raises UnicodeError."""
    decoder = codecs.getincrementaldecoder(codec)(errors)
    is_first = True
    for start in range(0, len(data), _PIECE):
        piece = decoder.decode(data[start : start + _PIECE], final=start + _PIECE >= len(data))
        yield piece.lstrip("\ufeff") if is_first else piece
        is_first = False


def _encoding(data: bytes) -> tuple[str, bytes, str]:
    """The codec, the bytes from where the text begins, and the name of the encoding where it had to be guessed."""
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
    """Found by name alone: looking a codec up would import a module of that name."""
    name = encodings.normalize_encoding(declared).lower()
    codec = aliases.get(name, name)
    # The first bytes were read as ASCII, so a declared UTF-16 is not meant.
    if codec.startswith(("utf_16", "utf_32")):
        return "utf_8"
    if codec not in CODECS:
        raise refuse("encoding-unknown", encoding=declared)
    return codec
