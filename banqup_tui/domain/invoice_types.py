"""Type codes of invoices and credit notes: the part of UNTDID 1001 that EN 16931 allows (BT-3, code lists version 14).

Any other code is read as that of an invoice.
"""

from enum import StrEnum
from typing import Final

import msgspec


class InvoiceKind(StrEnum):
    """The kind of a document by its type code (BT-3), not by the name of the root element."""

    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"


class InvoiceType(msgspec.Struct, frozen=True):
    """The meaning of a type code.

    `name` is that of the code list. `self_billed`: the buyer issued the document in the seller's name. `corrective`:
    it replaces an earlier document, and its amounts have their own sign.
    """

    name: str
    kind: InvoiceKind = InvoiceKind.INVOICE
    self_billed: bool = False
    corrective: bool = False


_CREDIT = InvoiceKind.CREDIT_NOTE

INVOICE_TYPES: Final[dict[str, InvoiceType]] = {
    "81": InvoiceType("Credit note related to goods or services", _CREDIT),
    "83": InvoiceType("Credit note related to financial adjustments", _CREDIT),
    "261": InvoiceType("Self billed credit note", _CREDIT, self_billed=True),
    "262": InvoiceType("Consolidated credit note - goods and services", _CREDIT),
    "296": InvoiceType("Credit note for price variation", _CREDIT),
    "308": InvoiceType("Delcredere credit note", _CREDIT),
    "380": InvoiceType("Commercial invoice"),
    "381": InvoiceType("Credit note", _CREDIT),
    "384": InvoiceType("Corrected invoice", corrective=True),
    "389": InvoiceType("Self-billed invoice", self_billed=True),
    "396": InvoiceType("Factored credit note", _CREDIT),
    "420": InvoiceType("Optical Character Reading (OCR) payment credit note", _CREDIT),
    "458": InvoiceType("Reversal of credit", _CREDIT),
    "471": InvoiceType("Self-billed corrective invoice", self_billed=True, corrective=True),
    "472": InvoiceType("Factored corrective invoice", corrective=True),
    "473": InvoiceType("Self billed factored corrective invoice", self_billed=True, corrective=True),
    "500": InvoiceType("Self billed prepayment invoice", self_billed=True),
    "501": InvoiceType("Self billed factored invoice", self_billed=True),
    "502": InvoiceType("Self billed factored credit note", _CREDIT, self_billed=True),
    "503": InvoiceType("Prepayment credit note", _CREDIT),
    "527": InvoiceType("Self billed debit note", self_billed=True),
    "532": InvoiceType("Forwarder's credit note", _CREDIT),
}

ANY_OTHER: Final = InvoiceType("")


def invoice_type(code: str) -> InvoiceType:
    return INVOICE_TYPES.get(code, ANY_OTHER)
