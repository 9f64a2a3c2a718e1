"""Reads invoices in UN/CEFACT Cross Industry Invoice D16B (EN 16931-3-3, Factur-X, XRechnung) and ZUGFeRD 1.0.

ZUGFeRD 1.0 (`CrossIndustryDocument`, 2014) has the same structure under older names, which are replaced first. Amounts
become minor units of the document's currency.
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

_NAMES_OF_1_0 = {
    "SpecifiedExchangedDocumentContext": "ExchangedDocumentContext",
    "HeaderExchangedDocument": "ExchangedDocument",
    "SpecifiedSupplyChainTradeTransaction": "SupplyChainTradeTransaction",
    "ApplicableSupplyChainTradeAgreement": "ApplicableHeaderTradeAgreement",
    "ApplicableSupplyChainTradeDelivery": "ApplicableHeaderTradeDelivery",
    "ApplicableSupplyChainTradeSettlement": "ApplicableHeaderTradeSettlement",
    "SpecifiedSupplyChainTradeAgreement": "SpecifiedLineTradeAgreement",
    "SpecifiedSupplyChainTradeDelivery": "SpecifiedLineTradeDelivery",
    "SpecifiedSupplyChainTradeSettlement": "SpecifiedLineTradeSettlement",
}
_SUMS_OF_1_0 = "SpecifiedTradeSettlementMonetarySummation"
_HEADER_SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation"
_LINE_SUMS = "SpecifiedTradeSettlementLineMonetarySummation"
_ID = ("IssuerAssignedID", "ID")
_TOTALS = (
    ("line_total", "LineTotalAmount"),
    ("allowance_total", "AllowanceTotalAmount"),
    ("charge_total", "ChargeTotalAmount"),
    ("net", "TaxBasisTotalAmount"),
    ("gross", "GrandTotalAmount"),
    ("prepaid", "TotalPrepaidAmount"),
    ("rounding", "RoundingAmount"),
    ("payable", "DuePayableAmount"),
)


class _Parts(msgspec.Struct, frozen=True):
    """The sections of the document, with what every function here needs."""

    document: Element | None
    transaction: Element | None
    agreement: Element | None
    delivery: Element | None
    settlement: Element | None
    currency: str
    findings: Findings


def read_cii(root: Element, findings: Findings) -> Invoice:
    """Returns the invoice of a `CrossIndustryInvoice` or `CrossIndustryDocument`.

    Contradictions within the document become warnings. Raises `UnreadableDocument` for a document with nothing in it.
    """
    syntax = "ZUGFeRD 1.0" if root.tag == "CrossIndustryDocument" else "UN/CEFACT CII"
    parts = _parts(root, findings)
    context = find(root, "ExchangedDocumentContext")
    invoice = msgspec.structs.replace(
        _skeleton(parts),
        syntax=syntax,
        customization_id=text(context, "GuidelineSpecifiedDocumentContextParameter/ID"),
        profile_id=text(context, "BusinessProcessSpecifiedDocumentContextParameter/ID"),
    )
    invoice = with_communication(_with_references(_with_totals(_with_dates(invoice, parts), parts), parts))
    if not check_presence(invoice, findings, "CrossIndustryInvoice"):
        raise refuse("file.empty-invoice")
    invoice = as_credited(invoice, findings, _HEADER_SUMS)
    check_totals(invoice, findings, _HEADER_SUMS)
    return msgspec.structs.replace(invoice, warnings=findings.warnings)


def attachment_payloads(root: Element) -> list[str]:
    """Returns the base64 texts of the embedded attachments, in the order of `Invoice.attachments`."""
    agreement = _parts(root, Findings()).agreement
    return [payload.text or "" for _, payload in _embedded(agreement)]


def _parts(root: Element, findings: Findings) -> _Parts:
    if root.tag == "CrossIndustryDocument":
        _rename(root)
    transaction = find(root, "SupplyChainTradeTransaction")
    settlement = find(transaction, "ApplicableHeaderTradeSettlement")
    return _Parts(
        find(root, "ExchangedDocument"),
        transaction,
        find(transaction, "ApplicableHeaderTradeAgreement"),
        find(transaction, "ApplicableHeaderTradeDelivery"),
        settlement,
        text(settlement, "InvoiceCurrencyCode").upper() or _currency_of_amounts(settlement),
        findings,
    )


def _rename(root: Element) -> None:
    for element in root.iter():
        element.tag = _NAMES_OF_1_0.get(element.tag, element.tag)
        for child in element:
            if child.tag == _SUMS_OF_1_0:
                in_line = element.tag == "SpecifiedLineTradeSettlement"
                child.tag = _LINE_SUMS if in_line else _HEADER_SUMS


def _currency_of_amounts(settlement: Element | None) -> str:
    amounts = ("DuePayableAmount", "GrandTotalAmount", "TaxTotalAmount", "TaxBasisTotalAmount")
    codes = (attribute(find(settlement, f"{_HEADER_SUMS}/{name}"), "currencyID") for name in amounts)
    return next((code.upper() for code in codes if code), "")


def _skeleton(parts: _Parts) -> Invoice:
    type_code = text(parts.document, "TypeCode")
    payee = find(parts.settlement, "PayeeTradeParty")
    notes = map(text, find_all(parts.document, "IncludedNote/Content"))
    terms = map(text, find_all(parts.settlement, "SpecifiedTradePaymentTerms/Description"))
    return Invoice(
        kind=kind_of(type_code, False, parts.findings, "ExchangedDocument/TypeCode"),
        type_code=type_code,
        number=text(parts.document, "ID"),
        currency=parts.currency,
        seller=read_party(find(parts.agreement, "SellerTradeParty")),
        buyer=read_party(find(parts.agreement, "BuyerTradeParty")),
        payee=None if payee is None else read_party(payee),
        payment_means=without_doubles(_payment_means(parts)),
        payment_terms=" ".join(filter(None, terms)),
        notes=tuple(filter(None, notes)),
        lines=read_lines(parts.transaction, parts.currency, parts.findings),
        allowances=read_allowances(parts.settlement, parts.currency, parts.findings, "SpecifiedTradeAllowanceCharge"),
        vat_breakdown=read_breakdown(parts.settlement, parts.currency, parts.findings),
    )


def _with_dates(invoice: Invoice, parts: _Parts) -> Invoice:
    """Returns the invoice with its dates, texts of format 102 of UNTDID 2379 (`YYYYMMDD`)."""
    sources = {
        "issue_date": (parts.document, "IssueDateTime"),
        "due_date": (parts.settlement, "SpecifiedTradePaymentTerms/DueDateDateTime"),
        "tax_point_date": (parts.settlement, "ApplicableTradeTax/TaxPointDate"),
        "delivery_date": (parts.delivery, "ActualDeliverySupplyChainEvent/OccurrenceDateTime"),
        "period_start": (parts.settlement, "BillingSpecifiedPeriod/StartDateTime"),
        "period_end": (parts.settlement, "BillingSpecifiedPeriod/EndDateTime"),
    }
    days = {
        name: parts.findings.day(
            text(section, f"{path}/DateTimeString", f"{path}/DateString", f"{path}/DateTime", path), path
        )
        for name, (section, path) in sources.items()
    }
    return msgspec.structs.replace(invoice, **days)


def _with_totals(invoice: Invoice, parts: _Parts) -> Invoice:
    sums = find(parts.settlement, _HEADER_SUMS)
    currency, findings = parts.currency, parts.findings
    amounts = {
        name: findings.minor(text(sums, element), currency, f"{_HEADER_SUMS}/{element}") for name, element in _TOTALS
    }
    elements = find_all(sums, "TaxTotalAmount")
    broken_down = sum(tax.vat or 0 for tax in invoice.vat_breakdown) if invoice.vat_breakdown else None
    totals = []
    for element in elements:
        own = attribute(element, "currencyID").upper()
        amount = findings.minor(text(element), own or currency, f"{_HEADER_SUMS}/TaxTotalAmount")
        totals.append(VatTotal(amount, own, amount == broken_down))
    counted = counted_vat_totals(totals, currency, amounts["net"], amounts["gross"])
    return msgspec.structs.replace(invoice, **amounts, vat=sum_of([totals[index].amount for index in counted]))


def _payment_means(parts: _Parts) -> Iterator[PaymentMeans]:
    """Yields the payment means; `IBANID` goes before `ProprietaryID`. Reference and mandate stand once, beside them."""
    settlement = parts.settlement
    reference = text(settlement, "PaymentReference")
    mandate = text(settlement, "SpecifiedTradePaymentTerms/DirectDebitMandateID")
    for number, means in enumerate(find_all(settlement, "SpecifiedTradeSettlementPaymentMeans"), 1):
        place = f"SpecifiedTradeSettlementPaymentMeans[{number}]"
        payee = find(means, "PayeePartyCreditorFinancialAccount")
        iban = text(payee, "IBANID")
        number_text, valid = account(iban or text(payee, "ProprietaryID"), bool(iban), parts.findings, place)
        yield PaymentMeans(
            code=text(means, "TypeCode"),
            name=text(means, "Information"),
            account=number_text,
            account_is_iban=valid,
            account_name=text(payee, "AccountName"),
            bic=text(means, "PayeeSpecifiedCreditorFinancialInstitution/BICID"),
            reference=reference,
            mandate=mandate,
            debited_account=text(
                means,
                "PayerPartyDebtorFinancialAccount/IBANID",
                "PayerPartyDebtorFinancialAccount/ProprietaryID",
            ),
            card_number=text(means, "ApplicableTradeSettlementFinancialCard/ID"),
        )


def _with_references(invoice: Invoice, parts: _Parts) -> Invoice:
    agreement = parts.agreement
    preceding = (text(element, *_ID) for element in find_all(parts.settlement, "InvoiceReferencedDocument"))
    means = invoice.payment_means
    reference = text(parts.settlement, "PaymentReference")
    if reference and not means:
        means = (PaymentMeans(reference=reference),)
    return msgspec.structs.replace(
        invoice,
        payment_means=means,
        buyer_reference=text(agreement, "BuyerReference"),
        order_reference=text(find(agreement, "BuyerOrderReferencedDocument"), *_ID),
        contract_reference=text(find(agreement, "ContractReferencedDocument"), *_ID),
        project_reference=text(agreement, "SpecifiedProcuringProject/ID"),
        preceding_invoices=tuple(filter(None, preceding)),
        attachments=tuple(_attachments(agreement, parts.findings)),
        references=tuple(_references(agreement)),
    )


def _embedded(agreement: Element | None) -> Iterator[tuple[Element, Element]]:
    """Yields each supporting document that has content, with the element of the content."""
    for reference in find_all(agreement, "AdditionalReferencedDocument"):
        payload = find(reference, "AttachmentBinaryObject")
        if payload is not None and (payload.text or "").strip():
            yield reference, payload


def _attachments(agreement: Element | None, findings: Findings) -> Iterator[InvoiceAttachment]:
    for reference, payload in _embedded(agreement):
        identifier = text(reference, *_ID)
        name = attachment_name(attribute(payload, "filename"), identifier)
        content = decoded_payload(payload.text or "")
        if content is None:
            findings.warn("AdditionalReferencedDocument", "content.attachment-damaged", name=name)
        yield InvoiceAttachment(
            id=identifier,
            name=name,
            description=text(reference, "Name"),
            media_type=attribute(payload, "mimeCode").lower() or "application/octet-stream",
            size=len(content or b""),
        )


def _references(agreement: Element | None) -> Iterator[DocumentReference]:
    embedded = {id(reference) for reference, _ in _embedded(agreement)}
    for reference in find_all(agreement, "AdditionalReferencedDocument"):
        if id(reference) not in embedded:
            yield DocumentReference(
                id=text(reference, *_ID), description=text(reference, "Name"), url=text(reference, "URIID")
            )


_MOST_LEVELS = 20
_SETTLEMENT = "SpecifiedLineTradeSettlement"
_RATES = ("RateApplicablePercent", "ApplicablePercent")


def read_lines(transaction: Element | None, currency: str, findings: Findings) -> tuple[InvoiceLine, ...]:
    """Returns the lines in order. The EXTENDED profile lists sub-lines flat with the id of their parent: hence the
    depth.
    """
    elements = find_all(transaction, "IncludedSupplyChainTradeLineItem")
    parents = {_line_id(line): text(line, "AssociatedDocumentLineDocument/ParentLineID") for line in elements}
    return tuple(
        _line(line, currency, findings, _depth(_line_id(line), parents), f"Line[{number}]")
        for number, line in enumerate(elements, 1)
    )


def read_allowances(
    parent: Element | None, currency: str, findings: Findings, place: str
) -> tuple[AllowanceCharge, ...]:
    """Returns the allowances and charges directly under an element."""
    return tuple(
        AllowanceCharge(
            charge=text(element, "ChargeIndicator/Indicator", "ChargeIndicator").lower() in ("true", "1"),
            amount=findings.minor(text(element, "ActualAmount"), currency, f"{place}/ActualAmount"),
            reason=text(element, "Reason", "ReasonCode"),
            percent=findings.decimal(text(element, "CalculationPercent"), f"{place}/CalculationPercent"),
            vat_category=text(element, "CategoryTradeTax/CategoryCode"),
            vat_rate=_rate(find(element, "CategoryTradeTax"), findings, place),
        )
        for element in find_all(parent, "SpecifiedTradeAllowanceCharge")
    )


def read_breakdown(settlement: Element | None, currency: str, findings: Findings) -> tuple[VatBreakdown, ...]:
    """Returns the `ApplicableTradeTax` groups of the header."""
    place = "ApplicableTradeTax"
    return tuple(
        VatBreakdown(
            taxable=findings.minor(text(tax, "BasisAmount"), currency, f"{place}/BasisAmount"),
            vat=findings.minor(text(tax, "CalculatedAmount"), currency, f"{place}/CalculatedAmount"),
            category=text(tax, "CategoryCode"),
            rate=_rate(tax, findings, place),
            exemption_reason=text(tax, "ExemptionReason", "ExemptionReasonCode"),
        )
        for tax in find_all(settlement, place)
    )


def _rate(tax: Element | None, findings: Findings, place: str) -> Decimal | None:
    return findings.decimal(text(tax, *_RATES), f"{place}/{_RATES[0]}")


def _line_id(line: Element) -> str:
    return text(line, "AssociatedDocumentLineDocument/LineID")


def _depth(line_id: str, parents: dict[str, str]) -> int:
    depth = 0
    parent = parents.get(line_id, "")
    while parent and parent in parents and depth < _MOST_LEVELS:  # parents may name each other in a circle
        depth += 1
        parent = parents[parent]
    return depth


def _line(line: Element, currency: str, findings: Findings, depth: int, place: str) -> InvoiceLine:
    quantity = find(line, "SpecifiedLineTradeDelivery/BilledQuantity")
    price = find(line, "SpecifiedLineTradeAgreement/NetPriceProductTradePrice")
    sums = find(line, f"{_SETTLEMENT}/SpecifiedTradeSettlementLineMonetarySummation")
    tax = find(line, f"{_SETTLEMENT}/ApplicableTradeTax")
    name = text(line, "SpecifiedTradeProduct/Name")
    description = text(line, "SpecifiedTradeProduct/Description")
    notes = map(text, find_all(line, "AssociatedDocumentLineDocument/IncludedNote/Content"))
    return InvoiceLine(
        id=_line_id(line),
        description=name or description,
        item_description=description if name and description != name else "",
        note=" ".join(filter(None, notes)),
        quantity=findings.decimal(text(quantity), f"{place}/BilledQuantity"),
        unit_code=attribute(quantity, "unitCode"),
        unit_price=findings.decimal(text(price, "ChargeAmount"), f"{place}/ChargeAmount"),
        price_base_quantity=findings.decimal(text(price, "BasisQuantity"), f"{place}/BasisQuantity"),
        net=findings.minor(text(sums, "LineTotalAmount"), currency, f"{place}/LineTotalAmount"),
        vat_rate=_rate(tax, findings, place),
        vat_category=text(tax, "CategoryCode"),
        seller_item_id=text(line, "SpecifiedTradeProduct/SellerAssignedID"),
        allowances=read_allowances(find(line, _SETTLEMENT), currency, findings, place),
        depth=depth,
    )


def read_party(party: Element | None) -> InvoiceParty:
    """Returns a party (`ram:TradePartyType`), an empty one for `None`. The VAT number has scheme VA."""
    organisation = find(party, "SpecifiedLegalOrganization")
    endpoint = find(party, "URIUniversalCommunication/URIID")
    address = find(party, "PostalTradeAddress")
    contact = find(party, "DefinedTradeContact")
    vat_number, tax_number = _tax_numbers(party)
    numbers = identifiers(_identifiers(party))
    trading_name = text(organisation, "TradingBusinessName")
    lines = (text(address, name) for name in ("LineOne", "LineTwo", "LineThree", "StreetName"))
    return InvoiceParty(
        name=text(party, "Name") or trading_name,
        trade_name=trading_name,
        vat_number=vat_number,
        tax_number=tax_number,
        enterprise_number=enterprise_number(text(organisation, "ID"), vat_number, numbers),
        electronic_address=text(endpoint),
        electronic_address_scheme=attribute(endpoint, "schemeID"),
        identifiers=numbers,
        address_lines=tuple(line for line in lines if line),
        city=text(address, "CityName"),
        postcode=text(address, "PostcodeCode"),
        country=text(address, "CountryID").upper()[:2],
        contact=text(contact, "PersonName", "DepartmentName"),
        phone=text(contact, "TelephoneUniversalCommunication/CompleteNumber"),
        email=text(contact, "EmailURIUniversalCommunication/URIID", "EmailURIUniversalCommunication/CompleteNumber"),
    )


def _tax_numbers(party: Element | None) -> tuple[str, str]:
    vat_number = tax_number = ""
    for number in find_all(party, "SpecifiedTaxRegistration/ID"):
        if is_vat_scheme(attribute(number, "schemeID")):
            vat_number = vat_number or text(number)
        else:
            tax_number = tax_number or text(number)
    return vat_number, tax_number


def _identifiers(party: Element | None) -> list[tuple[str, str]]:
    paths = (
        "URIUniversalCommunication/URIID",
        "GlobalID",
        "ID",
        "SpecifiedTaxRegistration/ID",
        "SpecifiedLegalOrganization/ID",
    )
    return [(attribute(element, "schemeID"), text(element)) for path in paths for element in find_all(party, path)]
