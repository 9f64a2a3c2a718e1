"""One file with its metadata."""

from datetime import date, datetime
from enum import StrEnum

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.domain.values import Sha256, Value


class DocumentKind(StrEnum):
    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"
    STATEMENT = "STATEMENT"
    OTHER = "OTHER"


class Party(Value, frozen=True, kw_only=True):
    """Seller (BG-4) or buyer (BG-7): name BT-27/BT-44, VAT identifier BT-31/BT-48, registration BT-30/BT-47."""

    name: str | None = None
    vat_number: str | None = None
    enterprise_number: str | None = None


class Document(Value, frozen=True, kw_only=True):
    """Amounts are minor units of `currency`, `None` where the file has none, with the sign that
    `banqup_tui.domain.direction` gives them: a credit note's are negative.

    `approved`: the client has approved it (false: client action needed). `processed`: marked by hand.
    `counterparty` is the party that is not the client. `sha256` is lower-case hex and addresses the bytes.
    `attempted`: an attempt to send it was made to some integration (domain rule 5).
    `damaged`: the bytes that the service stores for it are missing, or are no longer those that came in.
    `same_as`: an earlier document with the same seller, number, date, kind and amount, but other bytes.
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
    approved: bool = True
    processed: bool = False
    attempted: bool = False
    damaged: bool = False
    accounting_status: AccountingStatus = AccountingStatus.READY_TO_PROCESS

    @property
    def sort_date(self) -> date:
        """The day under which it is filed in years and months: the date on it, else the day it came in."""
        return self.issue_date or self.created_at.date()
