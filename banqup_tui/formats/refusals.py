"""Why a file is refused: one sentence and one remedy per reason."""

from __future__ import annotations

from banqup_tui.domain.errors import BanqupError, UnreadableDocument
from banqup_tui.domain.text import clean

MAX_BYTES = 64 * 2**20
"""Of a document that is read."""

_ASK_SENDER = "Ask the sender for the file again."
_PLACE_IT = "Ask the sender for another file, or place this one by hand as it is."

REASONS: dict[str, tuple[str, str]] = {
    "empty": ("The file is empty.", _ASK_SENDER),
    "too-large": ("The file is larger than {limit} MB.", "Split it, or ask the sender for a smaller one."),
    "has-dtd": (
        "The XML has a DTD, which can make a reader fetch or unfold things.",
        "Ask the sender for the file without a DTD.",
    ),
    "not-well-formed": ("The XML is not well formed at line {line}.", _ASK_SENDER),
    "too-deep": ("The XML is nested deeper than {limit} levels.", _ASK_SENDER),
    "too-many-elements": ("The XML has more than {limit} elements.", _ASK_SENDER),
    "tag-too-long": ("The XML has a tag or a comment of more than {limit} MB.", _ASK_SENDER),
    "encoding-unknown": ("The XML is in an encoding that is not known: {encoding}.", _ASK_SENDER),
    "other-document": ("This is {what}, not an invoice or a bank statement.", "Only those two can be read."),
    "other-format": ("This is {what}, a format that is not read.", "Ask the sender for UBL or CII."),
    "empty-invoice": ("The invoice has no number, date, seller or amount.", _ASK_SENDER),
    "empty-statement": ("The bank file holds no statement.", "Export it again from the bank."),
    "fragment": ("This is a fragment of {format}: {missing} is missing.", "Export the whole file again."),
    "unreadable-record": ("Line {line} of the {format} file cannot be read: {problem}.", _ASK_SENDER),
    "encrypted-pdf": ("The PDF is locked with a password.", "Save it without a password."),
    "damaged-pdf": ("The PDF is damaged.", _ASK_SENDER),
    "damaged-file": ("The {what} is damaged.", _ASK_SENDER),
    "program": ("The file is a program.", "Programs are not taken."),
    "unknown-kind": ("The file is of no known kind.", "Save it as a PDF."),
    "no-attachment": ("The document has no attachment number {number}.", ""),
    "too-much-content": ("The file holds more than {limit} MB of lines and texts.", _PLACE_IT),
    "too-many-entries": ("The file has more than {limit} lines or movements.", _PLACE_IT),
    "reader-out-of-time": ("Reading the file takes longer than {limit} seconds.", _PLACE_IT),
    "reader-starved": (
        "The computer was busy: reading the file was not done after {limit} seconds.",
        "Try again when it has less to do, or place this one by hand as it is.",
    ),
    "reader-out-of-memory": ("Reading the file takes more than {limit} MB of memory.", _PLACE_IT),
    "reader-ended": ("The program that reads files was brought down by this file.", _PLACE_IT),
    "reader-failed": ("The file could not be read: {problem}.", "Please report this as a defect."),
}
"""Slug -> (sentence, remedy), with places for the details; other languages translate these."""


ENDS_READER = frozenset({"reader-out-of-time", "reader-out-of-memory", "reader-ended"})
"""Reasons that cost a reader process: such a file is not read again."""

PASSING = "reader-starved"
"""The reason that says nothing about the file: it may be read another time."""


def refuse(reason: str, /, **details: object) -> UnreadableDocument:
    """The error for a reason, ready to be raised."""
    texts = {name: clean(str(value))[:200] for name, value in details.items()}
    sentence, remedy = REASONS[reason]
    return UnreadableDocument(reason, sentence.format(**texts), remedy, texts)


def check_size(size: int) -> None:
    """Raises UnreadableDocument where a file of so many bytes is not read: to be asked before it is loaded."""
    if size > MAX_BYTES:
        raise refuse("too-large", limit=MAX_BYTES // 2**20)


class ReaderNotAvailable(BanqupError):
    """Says nothing about the document: the reader process could not be started, or was ended from outside."""

    def __init__(self) -> None:
        super().__init__("The program that reads files could not be started.", "It is tried again by itself.")
