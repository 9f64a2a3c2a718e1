"""Finds the encoding of texts from strangers, who often declare another one than they wrote, or none.

Bytes that are valid UTF-8 with letters beyond ASCII are UTF-8, whatever is declared, because a text in another encoding
is practically never that by accident. A single damaged byte does not change the encoding of the rest.
"""

from __future__ import annotations

import codecs
import encodings
import re
from collections.abc import Iterator
from encodings.aliases import aliases

import msgspec

from banqup_tui.domain.messages import message
from banqup_tui.domain.warnings import ReadWarning

CODECS = frozenset(
    {"ascii", "utf_8", "utf_8_sig", "utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be", "latin_1", "mac_roman"}
    | {f"iso8859_{number}" for number in range(2, 17) if number != 12}
    | {f"cp{number}" for number in (437, 850, 852, 858, *range(1250, 1259))}
)
"""The codecs that documents use. They take linear time, which some other codecs of Python do not."""

BOMS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32_le"),
    (codecs.BOM_UTF32_BE, "utf_32_be"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)
_WORDS = {"unicode": "utf_8", "ansi": "cp1252"}
"""What programs on Windows write in place of the name of an encoding."""

_NAMES = {"utf_8": "UTF-8", "cp1252": "windows-1252", "cp850": "code page 850"}
_REPLACED = "\ufffd"
_PIECE = 64 * 1024
_LOOKED_AT = 2**20

_LETTERS_OF_CP850 = re.compile(rb"(?<=[A-Za-z])[\x81-\x84\x86-\x8c](?![A-Z])")
"""The small letters ü é â ä å ç ê ë è ï î after a letter. In windows-1252 these bytes are signs such as ‚ and ‰, or
the capitals Š and Œ, which follow a capital; those that are its dashes, quotes and dots are left out."""

_LETTERS_OF_CP1252 = re.compile(rb"(?<=[A-Za-z])[\xc0-\xff]")


class TextEncoding(msgspec.Struct, frozen=True):
    """The encoding of a text.

    Attributes:
        codec: One of `CODECS`.
        differs: True if the text declares another encoding.
        inferred: True if the encoding is only likely by the letters of the text.
        unreadable: The number of bytes that are not in the encoding; each is read as the replacement character.
    """

    codec: str
    differs: bool = False
    inferred: bool = False
    unreadable: int = 0

    def warnings(self, place: str) -> tuple[ReadWarning, ...]:
        """Returns what the reader of the document should know about its encoding."""
        name = _NAMES.get(self.codec, self.codec)
        messages = [
            *((message("content.encoding-guessed", encoding=name),) if self.differs else ()),
            *((message("content.encoding-inferred", encoding=name),) if self.inferred else ()),
            *((message("content.bytes-unreadable", count=self.unreadable),) if self.unreadable else ()),
        ]
        return tuple(ReadWarning(place=place, message=one) for one in messages)


def codec_named(declared: str) -> tuple[str | None, bool]:
    """Returns the codec of a declared name, `None` if it is not one of `CODECS`; and whether the name is a right one.

    It is found by name, because `codecs.lookup` would import a module of that name.
    """
    name = encodings.normalize_encoding(declared).lower()
    if name in _WORDS:
        return _WORDS[name], False
    codec = aliases.get(name, name)
    # The declaration was read as ASCII, so a declared UTF-16 is not meant.
    if codec.startswith(("utf_16", "utf_32")):
        return "utf_8", True
    return (codec, True) if codec in CODECS else (None, False)


def declared_encoding(data: bytes, codec: str) -> TextEncoding:
    """Returns the encoding of a text that declares one of `CODECS`, or means it by a byte order mark."""
    if codec.startswith(("utf_16", "utf_32")):
        return TextEncoding(codec, unreadable=_evidence(data, codec)[1])
    if is_in(data, "utf_8"):
        return TextEncoding("utf_8", differs=codec != "utf_8" and not data.isascii())
    letters, unreadable = _evidence(data, "utf_8")
    if codec not in ("ascii", "utf_8") and letters <= unreadable and is_in(data, codec):
        return TextEncoding(codec)
    if letters >= unreadable:
        return TextEncoding("utf_8", differs=codec != "utf_8", unreadable=unreadable)
    codec = _single_byte_codec(data)
    return TextEncoding(codec, differs=True, unreadable=_evidence(data, codec)[1])


def undeclared_encoding(data: bytes) -> TextEncoding:
    """Returns the encoding of a text that cannot declare any: UTF-8, else windows-1252 or code page 850, which older
    bank software writes.
    """
    for bom, codec in BOMS[1:]:
        if data.startswith(bom):
            return TextEncoding(codec, unreadable=_evidence(data, codec)[1])
    if is_in(data, "utf_8"):
        return TextEncoding("utf_8")
    letters, unreadable = _evidence(data, "utf_8")
    if letters >= unreadable:
        return TextEncoding("utf_8", unreadable=unreadable)
    codec = _single_byte_codec(data)
    return TextEncoding(codec, inferred=codec == "cp850", unreadable=_evidence(data, codec)[1])


def decoded_pieces(data: bytes, encoding: TextEncoding) -> Iterator[str]:
    """Yields the text without byte order mark.

    In pieces, because a text with one character beyond the basic plane takes four bytes for each character.
    """
    return _pieces(data, encoding.codec, "replace" if encoding.unreadable else "strict")


def _pieces(data: bytes, codec: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)(errors)
    is_first = True
    for start in range(0, len(data), _PIECE):
        piece = decoder.decode(data[start : start + _PIECE], final=start + _PIECE >= len(data))
        yield piece.lstrip("\ufeff") if is_first else piece
        is_first = False


def is_in(data: bytes, codec: str) -> bool:
    """Returns whether all bytes are in the encoding."""
    try:
        for _ in _pieces(data, codec, "strict"):
            pass
    except UnicodeError:
        return False
    return True


def _evidence(data: bytes, codec: str) -> tuple[int, int]:
    """Returns the numbers of letters beyond ASCII, and of places that are not in the encoding."""
    beyond = replaced = 0
    for piece in _pieces(data, codec, "replace"):
        beyond += len(piece) - len(piece.encode("ascii", "ignore"))
        replaced += piece.count(_REPLACED)
    genuine = data.count(_REPLACED.encode()) if codec == "utf_8" else 0  # written by the sender
    return beyond - replaced, replaced - genuine


def _single_byte_codec(data: bytes) -> str:
    head = data[:_LOOKED_AT]
    older = len(_LETTERS_OF_CP850.findall(head))
    return "cp850" if older > len(_LETTERS_OF_CP1252.findall(head)) else "cp1252"
