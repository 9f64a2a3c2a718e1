"""The codes for which a file is refused. Their sentences are in presentation/messages/readers.py."""

from __future__ import annotations

from collections.abc import Mapping

from banqup_tui.domain.errors import BanqupError, UnreadableDocument
from banqup_tui.domain.messages import Message, message

MAX_BYTES = 64 * 2**20
"""The most bytes of a document that is read."""

REASONS: Mapping[str, tuple[str, ...]] = {
    "file.empty": (),
    "file.too-large": ("limit",),
    "file.has-dtd": (),
    "file.not-well-formed": ("line",),
    "file.too-deep": ("limit",),
    "file.too-many-elements": ("limit",),
    "file.tag-too-long": ("limit",),
    "file.encoding-unknown": ("encoding",),
    "file.other-document": ("what",),
    "file.other-ubl-document": ("what", "name"),
    "file.other-bank-message": ("what", "name"),
    "file.other-xml": ("name",),
    "file.other-format": ("what",),
    "file.ubl-one": ("name",),
    "file.empty-invoice": (),
    "file.empty-statement": (),
    "file.fragment": ("format", "missing"),
    "file.encrypted-pdf": (),
    "file.damaged-pdf": (),
    "file.damaged-archive": (),
    "file.damaged-attachment": (),
    "file.damaged-mail": (),
    "file.incomplete": ("format",),
    "file.nothing-inside": (),
    "file.too-nested": ("limit",),
    "file.too-many-parts": ("limit",),
    "file.part-too-large": ("limit",),
    "file.parts-too-large": ("limit",),
    "file.compressed-too-much": ("limit",),
    "file.overlapping-archive": (),
    "file.encrypted-part": (),
    "file.unknown-compression": (),
    "file.secured-mail": (),
    "file.winmail": (),
    "file.not-separable": (),
    "file.program": (),
    "file.unknown-kind": (),
    "file.no-attachment": ("number",),
    "file.too-much-content": ("limit",),
    "file.too-many-entries": ("limit",),
    "file.reader-out-of-time": ("limit",),
    "file.reader-starved": ("limit",),
    "file.reader-out-of-memory": ("limit",),
    "file.reader-ended": (),
    "file.reader-failed": ("problem",),
}
"""For each code the names of its parameters."""

OTHER_DOCUMENT = frozenset(
    {
        "file.other-document",
        "file.other-ubl-document",
        "file.other-bank-message",
        "file.other-xml",
        "file.other-format",
        "file.ubl-one",
    }
)
"""Codes for a sound file that is no document read here."""

ENDS_READER = frozenset({"file.reader-out-of-time", "file.reader-out-of-memory", "file.reader-ended"})
"""Codes of files that cost a reader process; such a file is not read again."""

INCOMPLETE = "file.incomplete"
"""The code of a file whose end is missing: it may still be growing."""

PASSING = "file.reader-starved"
"""The code that says nothing about the file, which may be read at another time."""


def refuse(code: str, /, **params: object) -> UnreadableDocument:
    """Returns the error for a code. Parameters that the code does not have are left out."""
    return UnreadableDocument(message(code, "", **{name: params[name] for name in REASONS[code] if name in params}))


def refusal_of(reason: Message) -> UnreadableDocument | None:
    """Returns the error for a message from elsewhere; `None` if code and parameters are not those of `REASONS`."""
    if set(reason.params) != set(REASONS.get(reason.code, ("code",))):
        return None
    return refuse(reason.code, **reason.params)


def check_size(size: int) -> None:
    """Raises `UnreadableDocument` if a file of so many bytes is not read. Call it before loading the file."""
    if size > MAX_BYTES:
        raise refuse("file.too-large", limit=MAX_BYTES // 2**20)


class ReaderNotAvailable(BanqupError):
    """The reader process could not be started, or was ended from outside. It says nothing about the file."""

    def __init__(self) -> None:
        super().__init__(Message("file.reader-not-available"))
