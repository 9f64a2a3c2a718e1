"""Rows of lists as the local copy gives them: documents, clients, folders, and totals."""

from datetime import date

from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.domain.values import Value


class Sent(Value, frozen=True, kw_only=True):
    """The delivery of a document to one integration. `needs_a_look`: failed or unknown, and not dismissed."""

    integration_id: str
    label: str
    state: DeliveryState
    needs_a_look: bool = False
    is_open: bool = False


class DocumentRow(Value, frozen=True, kw_only=True):
    """A row of a table of documents. `date` is `Document.sort_date`; it is shown if `has_issue_date`.

    `status` includes the effects of pending commands; if there are any, `pending` is True. `sent` has an entry for
    each delivery that is not cancelled, by the label of its integration. `undecided`, `replaced` and `withdrawn` as in
    `Document`, `over_peppol` and `to_ask_for` as in domain.e_invoicing.
    """

    id: str
    client_id: str
    folder: Folder
    date: date
    status: AccountingStatus
    number: str | None = None
    counterparty: str | None = None
    currency: str | None = None
    net_amount: int | None = None
    vat_amount: int | None = None
    gross_amount: int | None = None
    approved: bool = True
    processed: bool = False
    attempted: bool = False
    pending: bool = False
    is_credit_note: bool = False
    has_issue_date: bool = True
    undecided: bool = False
    replaced: bool = False
    withdrawn: bool = False
    over_peppol: bool = False
    to_ask_for: bool = False
    file_name: str = ""
    sent: tuple[Sent, ...] = ()

    @property
    def title(self) -> str:
        """The number of the document; the name of its file where it has none."""
        return self.number or self.file_name

    @property
    def delivered(self) -> int:
        return sum(entry.state is DeliveryState.DELIVERED for entry in self.sent)

    @property
    def wanted(self) -> int:
        return len(self.sent)

    @property
    def needs_a_look(self) -> bool:
        return any(entry.needs_a_look for entry in self.sent)


class Counts(Value, frozen=True, kw_only=True):
    """The number of documents of each accounting status."""

    client_action_needed: int = 0
    queued: int = 0
    ready: int = 0
    processed: int = 0
    error: int = 0

    @property
    def total(self) -> int:
        return self.client_action_needed + self.queued + self.ready + self.processed + self.error

    @property
    def to_do(self) -> int:
        """The number of documents that wait for the accountant."""
        return self.error + self.ready

    @property
    def has_work(self) -> bool:
        """True if a document is neither processed nor without a next step."""
        return self.total > self.processed

    def of(self, status: AccountingStatus) -> int:
        return int(getattr(self, COUNT_NAMES[status]))


COUNT_NAMES: dict[AccountingStatus, str] = {
    AccountingStatus.CLIENT_ACTION_NEEDED: "client_action_needed",
    AccountingStatus.QUEUED: "queued",
    AccountingStatus.READY_TO_PROCESS: "ready",
    AccountingStatus.PROCESSED: "processed",
    AccountingStatus.ERROR: "error",
}


class UnderWay(Value, frozen=True, kw_only=True):
    """The numbers of deliveries that are queued and that are being sent."""

    queued: int = 0
    sending: int = 0

    @property
    def total(self) -> int:
        return self.queued + self.sending


class ClientRow(Value, frozen=True, kw_only=True):
    """A row of the list of clients. `integrations` are the labels of those that are not removed, in order.

    `newest` is the date of the newest document.
    """

    client: Client
    counts: Counts
    newest: date | None = None
    integrations: tuple[str, ...] = ()


class MonthNode(Value, frozen=True, kw_only=True):
    month: int
    counts: Counts


class YearNode(Value, frozen=True, kw_only=True):
    """A year of a folder; the newest of `months` comes first."""

    year: int
    counts: Counts
    months: tuple[MonthNode, ...]


class FolderNode(Value, frozen=True, kw_only=True):
    """A folder of a client; the newest of `years` comes first."""

    folder: Folder
    counts: Counts
    years: tuple[YearNode, ...]


class Totals(Value, frozen=True, kw_only=True):
    """Totals of the documents of one currency, in its minor units.

    Credit notes are subtracted; a document without an amount counts as zero.
    """

    currency: str
    count: int
    net: int = 0
    vat: int = 0
    gross: int = 0
