"""Candidates for the values of a document, read from the text of its PDF (domain.invoice_text)."""

from enum import StrEnum

from banqup_tui.domain.values import Value


class TextField(StrEnum):
    """The values that are read from a text, by their names on the wire. `VAT_NUMBER` is the counterparty's."""

    NUMBER = "number"
    ISSUE_DATE = "issueDate"
    DUE_DATE = "dueDate"
    COUNTERPARTY = "counterparty"
    VAT_NUMBER = "vatNumber"
    CURRENCY = "currency"
    NET_AMOUNT = "netAmount"
    VAT_AMOUNT = "vatAmount"
    GROSS_AMOUNT = "grossAmount"
    IBAN = "iban"
    PAYMENT_REFERENCE = "paymentReference"


class ValueCandidates(Value, frozen=True, kw_only=True):
    """The candidates for a value that is not believed, as on the wire: dates as ISO 8601, amounts in minor units."""

    field: TextField
    candidates: tuple[str, ...]
