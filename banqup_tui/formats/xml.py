"""XML from strangers, parsed safely.

No DTD, hence no entities and nothing fetched; size, depth and number of elements are capped. Namespaces are
taken off the names: the vocabularies read here never use one local name in two meanings under one parent.
The namespace of the root and of its children is kept, to tell documents apart.
"""

from __future__ import annotations

import codecs
import re
from xml.etree.ElementTree import Element, TreeBuilder  # only builds; what parses is defusedxml

import msgspec
from defusedxml.common import DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from banqup_tui.domain.text import clean
from banqup_tui.formats.refusals import refuse

MAX_BYTES = 64 * 2**20
MAX_DEPTH = 100
MAX_ELEMENTS = 1_000_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
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
    return (
        re.match(rb"[\s\x00\xef\xbb\xbf]*<(?:\?xml|!--|!DOCTYPE|[A-Za-z_][\w.\-]*[\s:/>])", head) is not None
    )


def parse(data: bytes) -> XmlDocument:
    """The document in the bytes.

    Raises UnreadableDocument: too-large, has-dtd, not-well-formed (with the line), too-deep,
    too-many-elements, encoding-unknown.
    """
    if len(data) > MAX_BYTES:
        raise refuse("too-large", limit=MAX_BYTES // 2**20)
    text, guessed = _decoded(data)
    target = _Tree()
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    try:
        parser.feed(text)
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


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and the encoding where it had to be guessed. Given text, the parser ignores the
    declaration.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding).lstrip("\ufeff"), ""
            except UnicodeDecodeError:
                break
    data = data.removeprefix(codecs.BOM_UTF8).lstrip()
    declared = _DECLARED.match(data[:400])
    encoding = declared[1].decode("ascii", "replace") if declared else "utf-8"
    try:
        return data.decode(_text_codec(encoding)), ""
    except UnicodeError:
        return data.decode("cp1252", "replace"), "windows-1252"


def _text_codec(encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
        "".encode(info.name)  # refuses codecs that are none of text, such as zlib
    except (LookupError, ValueError, TypeError) as error:
        raise refuse("encoding-unknown", encoding=encoding) from error
    # The first bytes were read as ASCII, so a declared UTF-16 is not meant.
    return "utf-8" if info.name.startswith(("utf-16", "utf-32", "utf-7")) else info.name
