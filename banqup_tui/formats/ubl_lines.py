"""Lines, allowances and VAT breakdown of UBL 2 invoices and credit notes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from xml.etree.ElementTree import Element

from banqup_tui.domain.invoice import AllowanceCharge, InvoiceLine, VatBreakdown
from banqup_tui.formats.findings import Findings
from banqup_tui.formats.xml import attribute, find, find_all, text

_SUB_LINES = ("SubInvoiceLine", "SubCreditNoteLine")
_EXEMPTION = ("TaxCategory/TaxExemptionReason", "TaxCategory/TaxExemptionReasonCode")


def read_lines(
    root: Element, name: str, currency: str, findings: Findings, depth: int = 0, above: str = ""
) -> Iterator[InvoiceLine]:
    """The lines called `name` under an element, each followed by its nested sub-lines."""
    for number, line in enumerate(find_all(root, name), 1):
        place = f"{above}{name}[{number}]"
        yield _line(line, currency, findings, depth, place)
        for sub_name in _SUB_LINES:
            yield from read_lines(line, sub_name, currency, findings, depth + 1, f"{place}/")


def read_allowances(
    parent: Element | None, currency: str, findings: Findings, place: str
) -> tuple[AllowanceCharge, ...]:
    """Allowances and charges directly under an element."""
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
    """The subtotals of a `TaxTotal`. The rate of UBL 2.0 may stand beside its category."""
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
