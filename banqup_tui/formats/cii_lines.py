"""Lines, allowances and VAT breakdown of the UN/CEFACT Cross Industry Invoice."""

from __future__ import annotations

from decimal import Decimal
from xml.etree.ElementTree import Element

from banqup_tui.domain.invoice import AllowanceCharge, InvoiceLine, VatBreakdown
from banqup_tui.formats.findings import Findings
from banqup_tui.formats.xml import attribute, find, find_all, text

_MOST_LEVELS = 20
_SETTLEMENT = "SpecifiedLineTradeSettlement"
_RATES = ("RateApplicablePercent", "ApplicablePercent")


def read_lines(transaction: Element | None, currency: str, findings: Findings) -> tuple[InvoiceLine, ...]:
    """The lines in their order. EXTENDED lists sub-lines flat, each naming its parent: hence the depth."""
    elements = find_all(transaction, "IncludedSupplyChainTradeLineItem")
    parents = {_line_id(line): text(line, "AssociatedDocumentLineDocument/ParentLineID") for line in elements}
    return tuple(
        _line(line, currency, findings, _depth(_line_id(line), parents), f"Line[{number}]")
        for number, line in enumerate(elements, 1)
    )


def read_allowances(
    parent: Element | None, currency: str, findings: Findings, place: str
) -> tuple[AllowanceCharge, ...]:
    """Allowances and charges directly under an element."""
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
    """The `ApplicableTradeTax` groups of the header."""
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
    while parent and parent in parents and depth < _MOST_LEVELS:  # a circle of parents ends there
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
