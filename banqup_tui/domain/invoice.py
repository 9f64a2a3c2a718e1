"""An invoice or credit note by EN 16931; BT and BG are the standard's business terms and groups.

All amounts are whole minor units of `currency`; `None` means that the document has no value. Amounts of a credit note
are positive, as in EN 16931; lists and sums make them negative (`banqup_tui.domain.direction`).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from banqup_tui.domain.invoice_types import InvoiceKind, invoice_type
from banqup_tui.domain.warnings import ReadWarning


class PartyIdentifier(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A number of a party; `scheme` is a Peppol or ISO 6523 code, `VAT`, `FC`, `BE:VAT` … or empty."""

    scheme: str
    value: str


class InvoiceParty(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Seller (BG-4), buyer (BG-7) or payee (BG-10).

    `identifiers` are all numbers of the party in the document, in its order, each once, as `party_keys` takes them.
    """

    name: str = ""
    """BT-27, BT-44, BT-59: the legal name if there is one, else the trade name."""
    trade_name: str = ""
    """BT-28, BT-45"""
    vat_number: str = ""
    """BT-31, BT-48: with scheme VAT (UBL) or VA (CII) only, as in the document."""
    tax_number: str = ""
    """BT-32: any other tax registration."""
    enterprise_number: str = ""
    """BT-30, BT-47: of the legal entity, as in the document; without any other, the Belgian number of an address."""
    electronic_address: str = ""
    """BT-34, BT-49"""
    electronic_address_scheme: str = ""
    identifiers: tuple[PartyIdentifier, ...] = ()
    address_lines: tuple[str, ...] = ()
    city: str = ""
    postcode: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2 (BT-40, BT-55)"""
    contact: str = ""
    """BT-41, BT-56"""
    phone: str = ""
    email: str = ""


class PaymentMeans(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A means of payment (BG-16); each account of a document is one."""

    code: str = ""
    """BT-81, UNTDID 4461: 30 and 58 credit transfer, 59 direct debit, 48 card."""
    name: str = ""
    """BT-82"""
    account: str = ""
    """BT-84, without spaces: an IBAN if `account_is_iban`, else a local number."""
    account_is_iban: bool = False
    account_name: str = ""
    """BT-85"""
    bic: str = ""
    """BT-86"""
    reference: str = ""
    """BT-83: the reference for the payer to quote."""
    mandate: str = ""
    """BT-89"""
    debited_account: str = ""
    """BT-91"""
    card_number: str = ""
    """BT-87"""


class AllowanceCharge(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An allowance (BG-20, BG-27) or a charge (BG-21, BG-28); `amount` is positive in both."""

    charge: bool
    amount: int | None
    reason: str = ""
    percent: Decimal | None = None
    vat_category: str = ""
    vat_rate: Decimal | None = None


class VatBreakdown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """VAT of one category and rate (BG-23)."""

    taxable: int | None
    """BT-116"""
    vat: int | None
    """BT-117"""
    category: str = ""
    """BT-118, UNTDID 5305"""
    rate: Decimal | None = None
    """BT-119, per cent"""
    exemption_reason: str = ""
    """BT-120, or the code BT-121 where there is no text"""


class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A line (BG-25). Sub-lines follow their line, with a greater `depth`; the line's amount includes theirs."""

    id: str = ""
    """BT-126"""
    description: str = ""
    """BT-153, or BT-154 where the item has no name"""
    item_description: str = ""
    """BT-154 if it differs from the name"""
    note: str = ""
    """BT-127"""
    quantity: Decimal | None = None
    """BT-129"""
    unit_code: str = ""
    """BT-130, UN/ECE Recommendation 20"""
    unit_price: Decimal | None = None
    """BT-146, for `price_base_quantity` units"""
    price_base_quantity: Decimal | None = None
    """BT-149"""
    net: int | None = None
    """BT-131"""
    vat_rate: Decimal | None = None
    """BT-152"""
    vat_category: str = ""
    """BT-151"""
    seller_item_id: str = ""
    """BT-155"""
    allowances: tuple[AllowanceCharge, ...] = ()
    depth: int = 0


class InvoiceAttachment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file embedded in the document (BT-125); `banqup_tui.formats.attachment_bytes` returns its bytes.

    `name` is safe as a file name, `size` is in bytes; the media type is the sender's and not checked.
    """

    name: str
    media_type: str
    size: int
    id: str = ""
    """BT-122"""
    description: str = ""
    """BT-123"""


class DocumentReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A supporting document that is named but not embedded (BG-24), with its address, if any (BT-124)."""

    id: str = ""
    description: str = ""
    url: str = ""


class Invoice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A whole invoice or credit note. `warnings` has the parts that could not be read."""

    kind: InvoiceKind
    type_code: str = ""
    """BT-3, UNTDID 1001"""
    number: str = ""
    """BT-1"""
    issue_date: date | None = None
    """BT-2"""
    due_date: date | None = None
    """BT-9; never computed"""
    tax_point_date: date | None = None
    """BT-7"""
    delivery_date: date | None = None
    """BT-72"""
    period_start: date | None = None
    """BT-73"""
    period_end: date | None = None
    """BT-74"""
    currency: str = ""
    """BT-5"""
    seller: InvoiceParty = InvoiceParty()
    buyer: InvoiceParty = InvoiceParty()
    payee: InvoiceParty | None = None
    line_total: int | None = None
    """BT-106"""
    allowance_total: int | None = None
    """BT-107"""
    charge_total: int | None = None
    """BT-108"""
    net: int | None = None
    """BT-109: total without VAT; not the sum of the lines"""
    vat: int | None = None
    """BT-110"""
    gross: int | None = None
    """BT-112"""
    prepaid: int | None = None
    """BT-113"""
    rounding: int | None = None
    """BT-114"""
    payable: int | None = None
    """BT-115; negative and zero occur"""
    payment_means: tuple[PaymentMeans, ...] = ()
    payment_terms: str = ""
    """BT-20"""
    buyer_reference: str = ""
    """BT-10"""
    order_reference: str = ""
    """BT-13"""
    contract_reference: str = ""
    """BT-12"""
    project_reference: str = ""
    """BT-11"""
    preceding_invoices: tuple[str, ...] = ()
    """BT-25"""
    notes: tuple[str, ...] = ()
    """BT-22"""
    lines: tuple[InvoiceLine, ...] = ()
    """Empty is valid in the profiles MINIMUM and BASIC WL of Factur-X."""
    allowances: tuple[AllowanceCharge, ...] = ()
    vat_breakdown: tuple[VatBreakdown, ...] = ()
    attachments: tuple[InvoiceAttachment, ...] = ()
    references: tuple[DocumentReference, ...] = ()
    warnings: tuple[ReadWarning, ...] = ()
    syntax: str = ""
    """`UBL 2.1 Invoice`, `UBL 2.0 Invoice (e-fff)`, `UN/CEFACT CII`, `ZUGFeRD 1.0`"""
    customization_id: str = ""
    """BT-24"""
    profile_id: str = ""
    """BT-23"""

    @property
    def self_billed(self) -> bool:
        """True if the buyer issued the document in the seller's name."""
        return invoice_type(self.type_code).self_billed or "selfbilling" in self.customization_id.lower()

    @property
    def corrective(self) -> bool:
        """True if the document replaces an earlier one; its amounts have their own sign."""
        return invoice_type(self.type_code).corrective

    @property
    def asks_for_payment(self) -> bool:
        """False for a credit note, and for an invoice by which the seller owes."""
        total = self.payable if self.payable is not None else self.gross
        return self.kind is InvoiceKind.INVOICE and (total is None or total >= 0)
