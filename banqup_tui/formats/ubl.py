"""Reads UBL 2 invoices and credit notes: OASIS UBL 2.0 to 2.4 (EN 16931-3-2, Peppol BIS 3, e-fff).

UBL 2.0 and 2.1 share their namespaces, so elements are also looked for where 2.0 has them. Amounts become minor units
of the document's currency.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from xml.etree.ElementTree import Element

import msgspec

from banqup_tui.domain.identifiers import is_vat_scheme
from banqup_tui.domain.invoice import (
    AllowanceCharge,
    DocumentReference,
    Invoice,
    InvoiceAttachment,
    InvoiceLine,
    InvoiceParty,
    PaymentMeans,
    VatBreakdown,
)
from banqup_tui.formats.credit_notes import as_credited
from banqup_tui.formats.findings import Findings
from banqup_tui.formats.parties import (
    account,
    attachment_name,
    check_presence,
    enterprise_number,
    identifiers,
    kind_of,
    with_communication,
    without_doubles,
)
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.totals import VatTotal, check_totals, counted_vat_totals, sum_of
from banqup_tui.formats.xml import attribute, decoded_payload, find, find_all, text

NAMESPACES = {
    "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2": "Invoice",
    "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2": "CreditNote",
}
"""For each namespace of a root its local name."""

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
    """Returns the invoice of a root `Invoice` or `CreditNote`.

    Contradictions within the document become warnings. Raises `UnreadableDocument` for a document with nothing in it.
    """
    currency = text(root, "DocumentCurrencyCode").upper() or _currency_of_amounts(root)
    invoice = _with_dates(_skeleton(root, findings, currency), root, findings)
    invoice = _with_totals(invoice, root, findings)
    invoice = with_communication(_with_references(invoice, root, findings))
    if not check_presence(invoice, findings, root.tag):
        raise refuse("file.empty-invoice")
    invoice = as_credited(invoice, findings, "LegalMonetaryTotal")
    check_totals(invoice, findings, "LegalMonetaryTotal")
    return msgspec.structs.replace(invoice, warnings=findings.warnings)


def attachment_payloads(root: Element) -> list[str]:
    """Returns the base64 texts of the embedded attachments, in the order of `Invoice.attachments`."""
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
    """Returns the invoice with its dates. The due date of credit notes is in `PaymentMeans`; it is never computed."""
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
    counted = counted_vat_totals(totals, invoice.currency, amounts["net"], amounts["gross"])
    if not counted:
        return msgspec.structs.replace(invoice, **amounts)
    place = "TaxTotal/TaxAmount"
    vat = [findings.minor(text(elements[index], "TaxAmount"), invoice.currency, place) for index in counted]
    return msgspec.structs.replace(
        invoice,
        **amounts,
        vat=sum_of(vat),
        vat_breakdown=tuple(
            rate
            for index in counted
            for rate in read_breakdown(
                _element_with_breakdown(elements, index, totals) if len(counted) == 1 else elements[index],
                invoice.currency,
                findings,
            )
        ),
    )


def _vat_total(element: Element, findings: Findings) -> VatTotal:
    currency = attribute(find(element, "TaxAmount"), "currencyID").upper()
    amount = findings.minor(text(element, "TaxAmount"), currency, "TaxTotal/TaxAmount")
    return VatTotal(amount, currency, find(element, "TaxSubtotal") is not None)


def _element_with_breakdown(elements: list[Element], chosen: int, totals: list[VatTotal]) -> Element:
    """Returns the element with the breakdown: the chosen one, else another of the same currency."""
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
        name = attachment_name(attribute(payload, "filename"), identifier)
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


_SUB_LINES = ("SubInvoiceLine", "SubCreditNoteLine")
_EXEMPTION = ("TaxCategory/TaxExemptionReason", "TaxCategory/TaxExemptionReasonCode")


def read_lines(
    root: Element, name: str, currency: str, findings: Findings, depth: int = 0, above: str = ""
) -> Iterator[InvoiceLine]:
    """Yields the lines called `name` under an element, each followed by its sub-lines."""
    for number, line in enumerate(find_all(root, name), 1):
        place = f"{above}{name}[{number}]"
        yield _line(line, currency, findings, depth, place)
        for sub_name in _SUB_LINES:
            yield from read_lines(line, sub_name, currency, findings, depth + 1, f"{place}/")


def read_allowances(
    parent: Element | None, currency: str, findings: Findings, place: str
) -> tuple[AllowanceCharge, ...]:
    """Returns the allowances and charges directly under an element."""
    return tuple(
        AllowanceCharge(
            charge=text(element, "ChargeIndicator").lower() in ("true", "1"),
            amount=findings.minor(text(element, "Amount"), currency, f"{place}AllowanceCharge/Amount"),
            reason=text(element, "AllowanceChargeReason", "AllowanceChargeReasonCode"),
            percent=_percent(element, findings, f"{place}AllowanceCharge"),
            vat_category=text(element, "TaxCategory/ID"),
            vat_rate=findings.decimal(text(element, "TaxCategory/Percent"), f"{place}AllowanceCharge/Percent"),
        )
        for element in find_all(parent, "AllowanceCharge")
    )


def read_breakdown(tax_total: Element | None, currency: str, findings: Findings) -> tuple[VatBreakdown, ...]:
    """Returns the subtotals of a `TaxTotal`. UBL 2.0 may have the rate beside its category."""
    place = "TaxTotal/TaxSubtotal"
    return tuple(
        VatBreakdown(
            taxable=findings.minor(text(element, "TaxableAmount"), currency, f"{place}/TaxableAmount"),
            vat=findings.minor(text(element, "TaxAmount"), currency, f"{place}/TaxAmount"),
            category=text(element, "TaxCategory/ID"),
            rate=findings.decimal(text(element, "TaxCategory/Percent", "Percent"), f"{place}/Percent"),
            exemption_reason=text(element, *_EXEMPTION),
        )
        for element in find_all(tax_total, "TaxSubtotal")
    )


def _percent(element: Element, findings: Findings, place: str) -> Decimal | None:
    return findings.decimal(text(element, "MultiplierFactorNumeric"), f"{place}/MultiplierFactorNumeric")


def _line(line: Element, currency: str, findings: Findings, depth: int, place: str) -> InvoiceLine:
    quantity = find(line, "InvoicedQuantity", "CreditedQuantity")
    base = text(line, "Price/BaseQuantity")
    name, description = text(line, "Item/Name"), text(line, "Item/Description")
    category = find(line, "Item/ClassifiedTaxCategory", "TaxTotal/TaxSubtotal/TaxCategory")
    return InvoiceLine(
        id=text(line, "ID"),
        description=name or description,
        item_description=description if name and description != name else "",
        note=text(line, "Note"),
        quantity=findings.decimal(text(quantity), f"{place}/Quantity"),
        unit_code=attribute(quantity, "unitCode"),
        unit_price=findings.decimal(text(line, "Price/PriceAmount"), f"{place}/Price/PriceAmount"),
        price_base_quantity=findings.decimal(base, f"{place}/Price/BaseQuantity"),
        net=findings.minor(text(line, "LineExtensionAmount"), currency, f"{place}/LineExtensionAmount"),
        vat_rate=findings.decimal(text(category, "Percent"), f"{place}/Percent"),
        vat_category=text(category, "ID"),
        seller_item_id=text(line, "Item/SellersItemIdentification/ID"),
        allowances=read_allowances(line, currency, findings, f"{place}/"),
        depth=depth,
    )


def read_party(party: Element | None) -> InvoiceParty:
    """Returns a party (`cac:Party`), an empty one for `None`. The VAT number is in a `PartyTaxScheme` of VAT."""
    legal_name = text(party, "PartyLegalEntity/RegistrationName")
    trade_name = text(party, "PartyName/Name")
    vat_number, tax_number = _tax_numbers(party)
    endpoint = find(party, "EndpointID")
    numbers = identifiers(_identifiers(party))
    address = find(party, "PostalAddress", "PartyLegalEntity/RegistrationAddress")
    return InvoiceParty(
        name=legal_name or trade_name or _person(party),
        trade_name=trade_name,
        vat_number=vat_number,
        tax_number=tax_number,
        enterprise_number=enterprise_number(text(party, "PartyLegalEntity/CompanyID"), vat_number, numbers),
        electronic_address=text(endpoint),
        electronic_address_scheme=attribute(endpoint, "schemeID"),
        identifiers=numbers,
        address_lines=_address_lines(address),
        city=text(address, "CityName"),
        postcode=text(address, "PostalZone"),
        country=text(address, "Country/IdentificationCode").upper()[:2],
        contact=text(party, "Contact/Name"),
        phone=text(party, "Contact/Telephone"),
        email=text(party, "Contact/ElectronicMail"),
    )


def _person(party: Element | None) -> str:
    names = (text(party, f"Person/{part}") for part in ("FirstName", "FamilyName"))
    return " ".join(name for name in names if name)


def _is_vat(tax_scheme: Element) -> bool:
    scheme = text(tax_scheme, "TaxScheme/ID", "TaxScheme/Name", "TaxScheme/TaxTypeCode")
    return scheme == "" or is_vat_scheme(scheme)


def _tax_numbers(party: Element | None) -> tuple[str, str]:
    vat_number = tax_number = ""
    for tax_scheme in find_all(party, "PartyTaxScheme"):
        number = text(tax_scheme, "CompanyID")
        if _is_vat(tax_scheme):
            vat_number = vat_number or number
        else:
            tax_number = tax_number or number
    return vat_number, tax_number


def _identifiers(party: Element | None) -> list[tuple[str, str]]:
    pairs = []
    for path in ("EndpointID", "PartyIdentification/ID"):
        pairs += [(attribute(element, "schemeID"), text(element)) for element in find_all(party, path)]
    for tax_scheme in find_all(party, "PartyTaxScheme"):
        own = attribute(find(tax_scheme, "CompanyID"), "schemeID")
        meant = text(tax_scheme, "TaxScheme/ID").upper() or "VAT"
        pairs.append((own or meant, text(tax_scheme, "CompanyID")))
    for identifier in find_all(party, "PartyLegalEntity/CompanyID"):
        pairs.append((attribute(identifier, "schemeID"), text(identifier)))
    return pairs


def _address_lines(address: Element | None) -> tuple[str, ...]:
    street = " ".join(filter(None, (text(address, "StreetName"), text(address, "BuildingNumber"))))
    further = [text(line) for line in find_all(address, "AddressLine/Line")]
    lines = (street, text(address, "AdditionalStreetName"), text(address, "Postbox"), *further)
    return tuple(line for line in lines if line)
