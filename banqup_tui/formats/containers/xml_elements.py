"""Cuts elements out of an XML as they stand there, byte for byte, so that a signature inside stays valid."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from xml.parsers.expat import ExpatError, ParserCreate, XMLParserType, errors
from xml.sax.saxutils import quoteattr

import msgspec

from banqup_tui.formats.container import MAX_PARTS
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.xml import MAX_DEPTH

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'

_CUT_OFF = frozenset(
    {
        errors.codes[errors.XML_ERROR_NO_ELEMENTS],
        errors.codes[errors.XML_ERROR_UNCLOSED_TOKEN],
        errors.codes[errors.XML_ERROR_PARTIAL_CHAR],
        errors.codes[errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
    }
)
"""Errors at the end of the bytes. Those before it are faults inside."""

_BEHIND = re.compile(rb"(?:[\s\x00\x1a]|\xef\xbb\xbf)*")
_DECLARED = re.compile(rb"""\A(<\?xml[^>]{0,200}?\bencoding\s*=\s*["'])[^"'>]{1,60}""")
_AFTER_NAME = re.compile(rb"<[^\s/>]+")
_ROOT = re.compile(
    rb"(?:[\s\x00]|\xef\xbb\xbf|\xff\xfe|\xfe\xff|<\?.*?\?>|<!--.*?-->)*<(?:([\w.\-]+):)?([\w.\-]+)", re.DOTALL
)


class Element(msgspec.Struct, frozen=True):
    """An element at the time of its start tag: namespace and local name, and those of the elements around it."""

    namespace: str
    name: str
    around: tuple[tuple[str, str], ...]


class Cut(msgspec.Struct, frozen=True):
    """An element that was cut out: a document of its own, in UTF-8, with the namespaces that held where it stood.

    `start` and `end` are its place in the UTF-8 text of the whole.
    """

    namespace: str
    name: str
    attributes: dict[str, str]
    data: bytes
    start: int
    end: int


def in_utf8(document: bytes) -> bytes:
    """Returns a document that was brought into UTF-8, with a declaration that says so."""
    return _DECLARED.sub(rb"\1UTF-8", document, count=1)


def root_names(data: bytes) -> tuple[bytes, bytes]:
    """Returns prefix and local name of the root without parsing; both empty where none is found at the beginning."""
    head = data[: 64 * 1024]
    if b"\x00" in head[:400]:
        head = head.replace(b"\x00", b"")  # UTF-16; the names that are looked for are ASCII
    found = _ROOT.match(head)
    return (found[1] or b"", found[2]) if found else (b"", b"")


def cut_out(utf8: bytes, is_wanted: Callable[[Element], bool]) -> list[Cut]:
    """Returns the outermost elements that are wanted, in order.

    Raises `UnreadableDocument` as `xml.parse` does.
    """
    return _Cutter(utf8, is_wanted).cuts()


def is_cut_off(utf8: bytes) -> bool:
    """Returns whether the text ends before its root does."""
    try:
        _parser().Parse(utf8, True)
    except ExpatError as error:
        return error.code in _CUT_OFF
    return False


def series(utf8: bytes) -> list[bytes]:
    """Returns the documents in a text of several, one after another; an empty list if it is one, or anything else.

    Raises `UnreadableDocument` if the last one is cut off.
    """
    documents: list[bytes] = []
    start = _behind(utf8, 0)
    while start < len(utf8):
        end = _end_of_document(memoryview(utf8)[start:])
        if end is None:
            if documents and root_names(utf8[start : start + 64 * 1024])[1] and is_cut_off(utf8[start:]):
                raise refuse("file.incomplete", format="XML")
            return []
        documents.append(utf8[start : start + end])
        if len(documents) > MAX_PARTS:
            raise refuse("file.too-many-parts", limit=MAX_PARTS)
        start = _behind(utf8, start + end)
    return documents if len(documents) > 1 else []


def _behind(utf8: bytes, start: int) -> int:
    found = _BEHIND.match(utf8, start)
    return found.end() if found else start


def _end_of_document(utf8: memoryview) -> int | None:
    """Returns where the first document of a text ends: behind its root; `None` if it is not well formed until there."""
    parser = _parser()
    end, depth = 0, 0

    def started(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1

    def ended(_name: str) -> None:
        nonlocal depth, end
        depth -= 1
        if depth == 0:
            index = parser.CurrentByteIndex
            end = index + _end_of_tag(bytes(utf8[index : index + 1000]), 0)

    parser.StartElementHandler, parser.EndElementHandler = started, ended
    with suppress(ExpatError):  # what follows the root is an error for the parser
        parser.Parse(utf8, True)
    return end or None


def _end_of_tag(utf8: bytes, index: int) -> int:
    """Returns the end of an end tag at `index`. Of `<a/>` the parser gives the place behind it."""
    return utf8.index(b">", index) + 1 if utf8.startswith(b"</", index) else index


def _parser() -> XMLParserType:
    """Returns a parser that refuses a DTD, as that of `xml.parse` does."""

    def doctype(*_: object) -> None:
        raise refuse("file.has-dtd")

    parser = ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = doctype
    return parser


class _Cutter:
    def __init__(self, utf8: bytes, is_wanted: Callable[[Element], bool]) -> None:
        self._utf8 = utf8
        self._is_wanted = is_wanted
        self._cuts: list[Cut] = []
        self._around: list[tuple[str, str]] = []
        self._spaces: list[dict[str, str]] = [{}]
        self._depth = 0
        self._inside = 0  # the depth at which the wanted element began, 0 outside of it
        self._begun: tuple[str, str, dict[str, str], int] = ("", "", {}, 0)
        self._parser = _parser()
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._started, self._ended

    def cuts(self) -> list[Cut]:
        try:
            self._parser.Parse(self._utf8, True)
        except ExpatError as error:
            raise refuse("file.not-well-formed", line=error.lineno) from error
        return self._cuts

    def _started(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refuse("file.too-deep", limit=MAX_DEPTH)
        if self._inside:
            return
        spaces = self._spaces[-1]
        own = {name[6:]: uri for name, uri in attributes.items() if name == "xmlns" or name.startswith("xmlns:")}
        if own:
            spaces = {**spaces, **own}
        prefix, _, name = tag.rpartition(":")
        namespace = spaces.get(prefix, "")
        if self._is_wanted(Element(namespace, name, tuple(self._around))):
            self._inside = self._depth
            self._begun = (namespace, name, attributes, self._parser.CurrentByteIndex)
        else:
            self._spaces.append(spaces)
            self._around.append((namespace, name))

    def _ended(self, _tag: str) -> None:
        if self._inside == self._depth:
            end = _end_of_tag(self._utf8, self._parser.CurrentByteIndex)
            namespace, name, attributes, start = self._begun
            data = self._with_namespaces(start, end, attributes)
            self._cuts.append(Cut(namespace, name, attributes, data, start, end))
            self._inside = 0
        elif not self._inside:
            self._spaces.pop()
            self._around.pop()
        self._depth -= 1

    def _with_namespaces(self, start: int, end: int, attributes: dict[str, str]) -> bytes:
        """Returns the element as a document, with the namespaces that it got from the elements around it."""
        outer = {f"xmlns:{prefix}" if prefix else "xmlns": uri for prefix, uri in self._spaces[-1].items()}
        inherited = [f" {name}={quoteattr(uri)}" for name, uri in outer.items() if name not in attributes and uri]
        name = _AFTER_NAME.match(self._utf8, start)
        inside = name.end() if name else start
        return b"".join((DECLARATION, self._utf8[start:inside], "".join(inherited).encode(), self._utf8[inside:end]))
