"""Recognises the same document in other bytes: by its business key, and by the fields in which two documents differ."""

import hashlib
import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

import msgspec

from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.identifiers import normalise_account, party_keys


class DuplicateChoice(StrEnum):
    """The user's decision about a held document; `Duplicate` has the same names for what became of it."""

    ONE_DOCUMENT = "ONE_DOCUMENT"
    NEWER_VERSION = "NEWER_VERSION"
    TWO_DOCUMENTS = "TWO_DOCUMENTS"


def business_key(document: Document) -> str | None:
    """Returns a hash that is the same for one invoice, credit note or bank statement in different files.

    Spellings make no difference: of the seller's number, of the document's number, of the account. The due date, the
    customer, the lines and everything else that a corrected version may change are no part of it. `None` for a document
    that has too little to be recognised by.
    """
    parts = _of_statement(document) if document.kind is DocumentKind.STATEMENT else _of_invoice(document)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else None


def _of_invoice(document: Document) -> tuple[str, ...] | None:
    number = plain(document.number)
    seller = seller_key(document.supplier)
    if not number or not seller:
        return None
    # Some formats have only one of the two amounts; where both are there they differ by what is paid already.
    amount = document.payable_amount if document.payable_amount is not None else document.gross_amount
    kind = document.kind
    if kind is DocumentKind.OTHER:
        # A scan or PDF, whose values were entered by hand or read from its text.
        if amount is None or document.issue_date is None:
            return None
        kind = DocumentKind.CREDIT_NOTE if amount < 0 else DocumentKind.INVOICE
    return (kind, seller, number, str(document.issue_date), str(amount), plain(document.currency))


def _of_statement(document: Document) -> tuple[str, ...] | None:
    """Returns the parts of a bank statement's key. Its number is counted anew each year; a CAMT may have none."""
    account = normalise_account(document.account or "")
    # CODA fills the number with zeros, CAMT and MT940 do not.
    number = plain(document.statement_number).lstrip("0")
    if not account or (not number and document.closing_balance is None):
        return None
    day = document.issue_date
    period = str(day.year if day and number else day)
    numbers = (document.opening_balance, document.closing_balance)
    own = () if number else (str(document.movement_count),)
    return (document.kind, account, number, period, *map(str, numbers), plain(document.currency), *own)


def plain(text: str | None) -> str:
    """Returns the letters and digits of a text in lower case; zeros at its beginning stay."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text or "").casefold())


_SIGNS = re.compile(r"[\W_]+")


def seller_key(seller: Party | None) -> str:
    """Returns the best key of a seller: of its numbers, else of its name; empty if it has neither."""
    return "" if seller is None else company_key(seller) or plain(seller.name)


@lru_cache(maxsize=1_024)
def company_key(party: Party) -> str:
    """Returns the best key of a company's numbers; empty if it has none."""
    keys = party_keys([("VAT", party.vat_number or ""), ("0208", party.enterprise_number or "")])
    # A Belgian company may give its VAT number in one file and its enterprise number in the next: one key for both.
    return min(keys, key=lambda key: (not key.startswith("be:"), not key.startswith("fr:")), default="")


_COMPARED = (
    "kind", "number", "issue_date", "due_date", "counterparty", "gross_amount", "payable_amount", "net_amount",
    "vat_amount", "currency", "line_count", "iban", "payment_reference", "account", "statement_number",
    "opening_balance", "closing_balance", "movement_count", "folder", "file_name", "media_type", "size",
)  # fmt: skip
"""The fields of a document that are compared, in the order in which they are shown."""


class Compared(msgspec.Struct, frozen=True):
    """Two documents: the names of the fields in which both have the same value, and of those in which they differ."""

    same: tuple[str, ...]
    different: tuple[str, ...]


def compared(one: Document, other: Document) -> Compared:
    """Compares what a person would compare. Fields that both documents lack are left out."""
    same: list[str] = []
    different: list[str] = []
    for name in _COMPARED:
        first, second = getattr(one, name), getattr(other, name)
        if first is None and second is None:
            continue
        (same if first == second else different).append(name)
    return Compared(same=tuple(same), different=tuple(different))


def can_be_corrected(document: Document) -> bool:
    """Returns True if the values of the document may be entered by hand: its file has none that can be read as data."""
    return document.kind is DocumentKind.OTHER and not is_structured(document)


def is_structured(document: Document) -> bool:
    """Returns True if the file itself has the values of the document, as an e-invoice and a bank file have."""
    # A reader counts lines and movements; what was read from the text of a PDF or typed by hand has neither.
    return document.line_count is not None or document.movement_count is not None
