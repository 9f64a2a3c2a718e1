"""Writes invoices and credit notes in UBL 2.1, as Peppol BIS Billing 3 has them."""

import base64
from datetime import date
from typing import Final
from xml.sax.saxutils import escape

import msgspec

from banqup_tui.demo.firm import Company

_NAMESPACE: Final = "urn:oasis:names:specification:ubl:schema:xsd"
_CUSTOMIZATION: Final = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_PROFILE: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"


class UblLine(msgspec.Struct, frozen=True):
    """A line. `price` and `net` are in cents; a rate of -1 is a reverse charge."""

    text: str
    quantity: int
    unit: str
    price: int
    rate: int

    @property
    def net(self) -> int:
        return self.quantity * self.price


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """The content of an invoice or credit note. A `pdf` is embedded."""

    credit: bool
    number: str
    issued: date
    due: date | None
    seller: Company
    buyer: Company
    lines: tuple[UblLine, ...]
    reference: str
    prepaid: int = 0
    credits: str = ""
    pdf: bytes = b""

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def by_rate(self) -> dict[int, tuple[int, int]]:
        """Taxable amount and VAT by rate."""
        taxable: dict[int, int] = {}
        for line in self.lines:
            taxable[line.rate] = taxable.get(line.rate, 0) + line.net
        return {rate: (net, (net * max(rate, 0) + 50) // 100) for rate, net in sorted(taxable.items())}

    @property
    def vat(self) -> int:
        return sum(vat for _, vat in self.by_rate.values())

    @property
    def gross(self) -> int:
        return self.net + self.vat


def ubl(bill: Bill) -> bytes:
    kind = "CreditNote" if bill.credit else "Invoice"
    currency = bill.seller.currency
    due = f"<cbc:DueDate>{bill.due}</cbc:DueDate>" if bill.due and not bill.credit else ""
    code = "381" if bill.credit else "380"
    parts = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="{_NAMESPACE}:{kind}-2"'
        f' xmlns:cac="{_NAMESPACE}:CommonAggregateComponents-2" xmlns:cbc="{_NAMESPACE}:CommonBasicComponents-2">',
        f"<cbc:CustomizationID>{_CUSTOMIZATION}</cbc:CustomizationID><cbc:ProfileID>{_PROFILE}</cbc:ProfileID>",
        f"<cbc:ID>{escape(bill.number)}</cbc:ID><cbc:IssueDate>{bill.issued}</cbc:IssueDate>{due}",
        f"<cbc:{kind}TypeCode>{code}</cbc:{kind}TypeCode><cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>",
        f"<cbc:BuyerReference>{escape(bill.buyer.city)}</cbc:BuyerReference>",
        _preceding(bill),
        _attachment(bill),
        _party("AccountingSupplierParty", bill.seller),
        _party("AccountingCustomerParty", bill.buyer),
        _payment(bill),
        _taxes(bill, currency),
        _totals(bill, currency),
        *(_line(at, line, bill, currency) for at, line in enumerate(bill.lines, 1)),
        f"</{kind}>\n",
    ]
    return "\n".join(part for part in parts if part).encode()


def _preceding(bill: Bill) -> str:
    if not bill.credits:
        return ""
    inner = f"<cac:InvoiceDocumentReference><cbc:ID>{escape(bill.credits)}</cbc:ID></cac:InvoiceDocumentReference>"
    return f"<cac:BillingReference>{inner}</cac:BillingReference>"


def _attachment(bill: Bill) -> str:
    if not bill.pdf:
        return ""
    name = "".join(letter if letter.isalnum() else "-" for letter in bill.number)
    content = base64.b64encode(bill.pdf).decode()
    return (
        f"<cac:AdditionalDocumentReference><cbc:ID>{escape(bill.number)}</cbc:ID><cac:Attachment>"
        f'<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="{name}.pdf">{content}'
        "</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
    )


def _party(role: str, company: Company) -> str:
    belgian = company.country == "BE"
    scheme = {"BE": "0208", "NL": "9944", "FR": "9957", "GB": "9932"}[company.country]
    legal = f'<cbc:CompanyID schemeID="0208">{company.number}</cbc:CompanyID>' if belgian else ""
    return (
        f'<cac:{role}><cac:Party><cbc:EndpointID schemeID="{scheme}">{company.number}</cbc:EndpointID>'
        f"<cac:PostalAddress><cbc:StreetName>{escape(company.street)}</cbc:StreetName>"
        f"<cbc:CityName>{escape(company.city)}</cbc:CityName><cbc:PostalZone>{company.postcode}</cbc:PostalZone>"
        f"<cac:Country><cbc:IdentificationCode>{company.country}</cbc:IdentificationCode></cac:Country>"
        f"</cac:PostalAddress><cac:PartyTaxScheme><cbc:CompanyID>{company.vat_number}</cbc:CompanyID>"
        "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity>"
        f"<cbc:RegistrationName>{escape(company.name)}</cbc:RegistrationName>{legal}</cac:PartyLegalEntity>"
        f"</cac:Party></cac:{role}>"
    )


def _payment(bill: Bill) -> str:
    due = f"<cbc:PaymentDueDate>{bill.due}</cbc:PaymentDueDate>" if bill.credit and bill.due else ""
    return (
        f"<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>{due}"
        f"<cbc:PaymentID>{escape(bill.reference)}</cbc:PaymentID><cac:PayeeFinancialAccount>"
        f"<cbc:ID>{bill.seller.iban}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>"
    )


def _taxes(bill: Bill, currency: str) -> str:
    subtotals = "".join(
        f"<cac:TaxSubtotal>{_amount('TaxableAmount', net, currency)}{_amount('TaxAmount', vat, currency)}"
        f"{_category('TaxCategory', rate, with_reason=True)}</cac:TaxSubtotal>"
        for rate, (net, vat) in bill.by_rate.items()
    )
    return f"<cac:TaxTotal>{_amount('TaxAmount', bill.vat, currency)}{subtotals}</cac:TaxTotal>"


def _category(tag: str, rate: int, *, with_reason: bool = False) -> str:
    code = "AE" if rate < 0 else "Z" if rate == 0 else "S"
    reason = "<cbc:TaxExemptionReason>Reverse charge</cbc:TaxExemptionReason>" if rate < 0 and with_reason else ""
    return (
        f"<cac:{tag}><cbc:ID>{code}</cbc:ID><cbc:Percent>{max(rate, 0)}</cbc:Percent>{reason}"
        f"<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:{tag}>"
    )


def _totals(bill: Bill, currency: str) -> str:
    prepaid = _amount("PrepaidAmount", bill.prepaid, currency) if bill.prepaid else ""
    return (
        f"<cac:LegalMonetaryTotal>{_amount('LineExtensionAmount', bill.net, currency)}"
        f"{_amount('TaxExclusiveAmount', bill.net, currency)}{_amount('TaxInclusiveAmount', bill.gross, currency)}"
        f"{prepaid}{_amount('PayableAmount', bill.gross - bill.prepaid, currency)}</cac:LegalMonetaryTotal>"
    )


def _line(at: int, line: UblLine, bill: Bill, currency: str) -> str:
    kind, quantity = ("CreditNoteLine", "CreditedQuantity") if bill.credit else ("InvoiceLine", "InvoicedQuantity")
    return (
        f'<cac:{kind}><cbc:ID>{at}</cbc:ID><cbc:{quantity} unitCode="{line.unit}">{line.quantity}</cbc:{quantity}>'
        f"{_amount('LineExtensionAmount', line.net, currency)}<cac:Item><cbc:Name>{escape(line.text)}</cbc:Name>"
        f"{_category('ClassifiedTaxCategory', line.rate)}</cac:Item>"
        f"<cac:Price>{_amount('PriceAmount', line.price, currency)}</cac:Price></cac:{kind}>"
    )


def _amount(tag: str, cents: int, currency: str) -> str:
    return f'<cbc:{tag} currencyID="{currency}">{euros(cents)}</cbc:{tag}>'


def euros(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
