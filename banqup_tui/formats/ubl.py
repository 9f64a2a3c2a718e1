"""UBL 2 invoices and credit notes: OASIS UBL 2.0 to 2.4, the syntax binding of EN 16931-3-2, Peppol BIS 3,
e-fff.

UBL 2.0 and 2.1 share their namespaces; what the older one has elsewhere is looked for there too.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import msgspec

from banqup_tui.domain.invoice import DocumentReference, Invoice, InvoiceAttachment, PaymentMeans
from banqup_tui.domain.text import safe_file_name
from banqup_tui.formats.credit_notes import as_credited
from banqup_tui.formats.findings import Findings
from banqup_tui.formats.parties import account, check_presence, kind_of, without_doubles
from banqup_tui.formats.payload import decoded_payload
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.totals import VatTotal, check_totals, choose_vat_total
from banqup_tui.formats.ubl_lines import read_allowances, read_breakdown, read_lines
from banqup_tui.formats.ubl_party import read_party
from banqup_tui.formats.xml import attribute, find, find_all, text

NAMESPACES = {
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2": "Invoice",
    "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2": "CreditNote",
}
"""Namespace of the root -> its local name."""

_EMBEDDED = "Attachment/EmbeddedDocumentBinaryObject"
_TOTALS = (
    ("line_total", "LineExtensionAmount"),
    ("allowance_total", "AllowanceTotalAmount"),
    ("charge_total", "ChargeTotalAmount"),
    ("net", "TaxExclusiveAmount"),
    ("gross", "TaxInclusiveAmount"),
    ("prepaid", "PrepaidAmount"),
    ("rounding", "PayableRoundingAmount"),
    ("payable", "PayableAmount"),
)


def read_ubl(root: Element, findings: Findings) -> Invoice:
    """The invoice under a root `Invoice` or `CreditNote`; raises UnreadableDocument for one with nothing in
    it.
    """
    currency = text(root, "DocumentCurrencyCode").upper() or _currency_of_amounts(root)
    invoice = _with_dates(_skeleton(root, findings, currency), root, findings)
    invoice = _with_totals(invoice, root, findings)
    invoice = _with_references(invoice, root, findings)
    if not check_presence(invoice, findings, root.tag):
        raise refuse("file.empty-invoice")
    invoice = as_credited(invoice, findings, "LegalMonetaryTotal")
    check_totals(invoice, findings, "LegalMonetaryTotal")
    return msgspec.structs.replace(invoice, warnings=findings.warnings)


def attachment_payloads(root: Element) -> list[str]:
    """The base64 texts of the embedded attachments, in the order of `Invoice.attachments`."""
    return [payload.text or "" for payload in _embedded(root)]


def _skeleton(root: Element, findings: Findings, currency: str) -> Invoice:
    credit = root.tag == "CreditNote"
    type_code = text(root, "InvoiceTypeCode", "CreditNoteTypeCode")
    line_name = "CreditNoteLine" if credit else "InvoiceLine"
    payee = find(root, "PayeeParty")
    return Invoice(
        kind=kind_of(type_code, credit, findings, f"{root.tag}TypeCode"),
        type_code=type_code,
        number=text(root, "ID"),
        currency=currency,
        seller=read_party(find(root, "AccountingSupplierParty/Party")),
        buyer=read_party(find(root, "AccountingCustomerParty/Party")),
        payee=None if payee is None else read_party(payee),
        payment_means=without_doubles(_payment_means(root, findings)),
        payment_terms=" ".join(filter(None, map(text, find_all(root, "PaymentTerms/Note")))),
        notes=tuple(filter(None, map(text, find_all(root, "Note")))),
        lines=tuple(read_lines(root, line_name, currency, findings)),
        allowances=read_allowances(root, currency, findings, ""),
        syntax=_syntax(root),
        customization_id=text(root, "CustomizationID"),
        profile_id=text(root, "ProfileID"),
    )


def _syntax(root: Element) -> str:
    profile = text(root, "ProfileID")
    version = text(root, "UBLVersionID") or "2.1"
    name = "Invoice" if root.tag == "Invoice" else "Credit Note"
    return f"UBL {version[:8]} {name}" + (" (e-fff)" if "e-fff" in profile.lower() else "")


def _currency_of_amounts(root: Element) -> str:
    amounts = ("PayableAmount", "TaxInclusiveAmount", "TaxExclusiveAmount")
    codes = (attribute(find(root, f"LegalMonetaryTotal/{name}"), "currencyID") for name in amounts)
    return next((code.upper() for code in codes if code), "")


def _with_dates(invoice: Invoice, root: Element, findings: Findings) -> Invoice:
    """The due date stands at the top, or, in credit notes, under `PaymentMeans`; it is never computed."""
    paths = {
        "issue_date": ("IssueDate",),
        "due_date": ("DueDate", "PaymentMeans/PaymentDueDate"),
        "tax_point_date": ("TaxPointDate",),
        "delivery_date": ("Delivery/ActualDeliveryDate",),
        "period_start": ("InvoicePeriod/StartDate",),
        "period_end": ("InvoicePeriod/EndDate",),
    }
    days = {name: findings.day(text(root, *steps), steps[0]) for name, steps in paths.items()}
    return msgspec.structs.replace(invoice, **days)


def _with_totals(invoice: Invoice, root: Element, findings: Findings) -> Invoice:
    sums = find(root, "LegalMonetaryTotal")
    amounts: dict[str, int | None] = {}
    for name, element in _TOTALS:
        place = f"LegalMonetaryTotal/{element}"
        amounts[name] = findings.minor(text(sums, element), invoice.currency, place)
        own = attribute(find(sums, element), "currencyID").upper()
        if own and own != invoice.currency:
            findings.warn(place, "content.currency-differs", own=own, currency=invoice.currency)
    elements = find_all(root, "TaxTotal")
    totals = [_vat_total(element, findings) for element in elements]
    chosen = choose_vat_total(totals, invoice.currency, amounts["net"], amounts["gross"])
    if chosen is None:
        return msgspec.structs.replace(invoice, **amounts)
    return msgspec.structs.replace(
        invoice,
        **amounts,
        vat=findings.minor(text(elements[chosen], "TaxAmount"), invoice.currency, "TaxTotal/TaxAmount"),
        vat_breakdown=read_breakdown(_broken_down(elements, chosen, totals), invoice.currency, findings),
    )


def _vat_total(element: Element, findings: Findings) -> VatTotal:
    currency = attribute(find(element, "TaxAmount"), "currencyID").upper()
    amount = findings.minor(text(element, "TaxAmount"), currency, "TaxTotal/TaxAmount")
    return VatTotal(amount, currency, find(element, "TaxSubtotal") is not None)


def _broken_down(elements: list[Element], chosen: int, totals: list[VatTotal]) -> Element:
    """The element with the breakdown: the chosen one, else another of the same currency."""
    if totals[chosen].has_breakdown:
        return elements[chosen]
    same = (
        element
        for element, total in zip(elements, totals, strict=True)
        if total.has_breakdown and total.currency == totals[chosen].currency
    )
    return next(same, elements[chosen])


def _payment_means(root: Element, findings: Findings) -> Iterator[PaymentMeans]:
    for number, means in enumerate(find_all(root, "PaymentMeans"), 1):
        code = find(means, "PaymentMeansCode")
        payee = find(means, "PayeeFinancialAccount")
        identifier = find(payee, "ID")
        says_iban = attribute(identifier, "schemeID").upper() == "IBAN"
        place = f"PaymentMeans[{number}]/PayeeFinancialAccount/ID"
        number_text, iban = account(text(identifier), says_iban, findings, place)
        branch = "FinancialInstitutionBranch"
        yield PaymentMeans(
            code=text(code),
            name=attribute(code, "name"),
            account=number_text,
            account_is_iban=iban,
            account_name=text(payee, "Name"),
            bic=text(payee, f"{branch}/ID", f"{branch}/FinancialInstitution/ID"),
            reference=text(means, "PaymentID", "InstructionID", "InstructionNote"),
            mandate=text(means, "PaymentMandate/ID"),
            debited_account=text(means, "PaymentMandate/PayerFinancialAccount/ID", "PayerFinancialAccount/ID"),
            card_number=text(means, "CardAccount/PrimaryAccountNumberID"),
        )


def _with_references(invoice: Invoice, root: Element, findings: Findings) -> Invoice:
    preceding = (text(element) for element in find_all(root, "BillingReference/InvoiceDocumentReference/ID"))
    others = [element for element in find_all(root, "AdditionalDocumentReference") if _payload(element) is None]
    return msgspec.structs.replace(
        invoice,
        buyer_reference=text(root, "BuyerReference"),
        order_reference=text(root, "OrderReference/ID"),
        contract_reference=text(root, "ContractDocumentReference/ID"),
        project_reference=text(root, "ProjectReference/ID"),
        preceding_invoices=tuple(filter(None, preceding)),
        attachments=tuple(_attachments(root, findings)),
        references=tuple(_reference(other) for other in others),
    )


def _payload(reference: Element) -> Element | None:
    payload = find(reference, _EMBEDDED)
    return payload if payload is not None and (payload.text or "").strip() else None


def _embedded(root: Element) -> Iterator[Element]:
    for reference in find_all(root, "AdditionalDocumentReference"):
        payload = _payload(reference)
        if payload is not None:
            yield payload


def _attachments(root: Element, findings: Findings) -> Iterator[InvoiceAttachment]:
    for reference in find_all(root, "AdditionalDocumentReference"):
        payload = _payload(reference)
        if payload is None:
            continue
        identifier = text(reference, "ID")
        name = safe_file_name(attribute(payload, "filename") or identifier, "attachment")
        content = decoded_payload(payload.text or "")
        if content is None:
            findings.warn("AdditionalDocumentReference", "content.attachment-damaged", name=name)
        yield InvoiceAttachment(
            id=identifier,
            name=name,
            description=text(reference, "DocumentDescription", "DocumentType"),
            media_type=attribute(payload, "mimeCode").lower() or "application/octet-stream",
            size=len(content or b""),
        )


def _reference(reference: Element) -> DocumentReference:
    return DocumentReference(
        id=text(reference, "ID"),
        description=text(reference, "DocumentDescription", "DocumentType"),
        url=text(reference, "Attachment/ExternalReference/URI"),
    )
