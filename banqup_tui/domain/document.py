"""A document: one file with its metadata."""

from datetime import date, datetime
from enum import StrEnum

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.origin import Origin, Picture
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.domain.suggestion import TextField, ValueCandidates
from banqup_tui.domain.values import Sha256, Value


class DocumentKind(StrEnum):
    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"
    STATEMENT = "STATEMENT"
    OTHER = "OTHER"


class Duplicate(StrEnum):
    """What became of a document that came with the business key of an earlier one (domain.duplicates).

    UNDECIDED: it is held: it waits for the user, and is not sent. The others are the user's decision. ONE_DOCUMENT:
    both are one document, of which one copy was withdrawn. NEWER_VERSION: it replaces the earlier one. TWO_DOCUMENTS:
    it is sent as any other.
    """

    UNDECIDED = "HELD"
    ONE_DOCUMENT = "ONE_DOCUMENT"
    NEWER_VERSION = "NEWER_VERSION"
    TWO_DOCUMENTS = "TWO_DOCUMENTS"


class HistoryEntry(Value, frozen=True, kw_only=True):
    """What a user did to a document; `by` is the user's id."""

    at: datetime
    by: str
    what: Message


class Party(Value, frozen=True, kw_only=True):
    """Seller (BG-4) or buyer (BG-7): name BT-27/BT-44, VAT identifier BT-31/BT-48, registration BT-30/BT-47."""

    name: str | None = None
    vat_number: str | None = None
    enterprise_number: str | None = None


class Document(Value, frozen=True, kw_only=True):
    """A document of a client.

    Amounts are minor units of `currency`, `None` if the file has none; those of a credit note are negative
    (domain.direction). `counterparty` is the party that is not the client. `sha256` is that of the file's bytes.
    `approved`: the client has approved it. `processed`: a user has marked it. `attempted`: there was an attempt to send
    it to an integration. `damaged`: the stored bytes are missing or do not have the hash. `same_as` is the id of an
    earlier document with the same business key, but other bytes; `duplicate` is what became of it, `None` for documents
    from before there was a question. `replaced_by` is the id of its newer version. A document with `withdrawn_at` is
    in no folder, count or search, and is forgotten 30 days later. `history` has the newest entry last. `origins` are
    its arrivals, the first one and the latest; `picture` is the PDF that came with an e-invoice. `from_text` names the
    values that were read from the text of a PDF, and `suggestions` has candidates that the text does not prove.
    `text_words` are words of the text of its PDF by which it is found (domain.search_words); the copy has them in its
    search index only.
    """

    id: str
    client_id: str
    folder: Folder
    kind: DocumentKind
    file_name: str
    media_type: str
    size: int
    sha256: Sha256
    created_at: datetime
    number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    counterparty: Party | None = None
    supplier: Party | None = None
    customer: Party | None = None
    currency: str | None = None
    net_amount: int | None = None
    vat_amount: int | None = None
    gross_amount: int | None = None
    payable_amount: int | None = None
    line_count: int | None = None
    attachment_count: int | None = None
    iban: str | None = None
    payment_reference: str | None = None
    account: str | None = None
    statement_number: str | None = None
    opening_balance: int | None = None
    closing_balance: int | None = None
    movement_count: int | None = None
    same_as: str | None = None
    duplicate: Duplicate | None = None
    replaced_by: str | None = None
    withdrawn_at: datetime | None = None
    history: tuple[HistoryEntry, ...] = ()
    origins: tuple[Origin, ...] = ()
    picture: Picture | None = None
    from_text: tuple[TextField, ...] = ()
    suggestions: tuple[ValueCandidates, ...] = ()
    text_words: str = ""
    approved: bool = True
    processed: bool = False
    attempted: bool = False
    damaged: bool = False
    accounting_status: AccountingStatus = AccountingStatus.READY_TO_PROCESS

    @property
    def is_undecided(self) -> bool:
        """True if the user has to decide whether it is the same as an earlier document."""
        return self.duplicate is Duplicate.UNDECIDED

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def sort_date(self) -> date:
        """The day by which lists and months have it: its own date, else the day on which it came in."""
        return self.issue_date or self.created_at.date()


class DocumentValues(Value, frozen=True, kw_only=True):
    """The values of a document that a user can correct. `counterparty` is a name, `vat_number` that party's."""

    number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    counterparty: str | None = None
    vat_number: str | None = None
    currency: str | None = None
    net_amount: int | None = None
    vat_amount: int | None = None
    gross_amount: int | None = None
    iban: str | None = None
    payment_reference: str | None = None


OF_DOCUMENT = tuple(name for name in DocumentValues.__struct_fields__ if name not in ("counterparty", "vat_number"))
"""The names of `DocumentValues` that are those of fields of a document, too."""


def values_of(document: Document) -> DocumentValues:
    """Returns the values of a document that a user can correct."""
    party = document.counterparty or Party()
    values = {name: getattr(document, name) for name in OF_DOCUMENT}
    return DocumentValues(counterparty=party.name, vat_number=party.vat_number, **values)
