"""Small documents of every format, written for these tests."""

from __future__ import annotations

import base64
import hashlib
import io

CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
UBL = "urn:oasis:names:specification:ubl:schema:xsd"
PDF_IN_XML = b"%PDF-1.4 a picture of the invoice"

SELLER = """
<cac:Party>
  <cbc:EndpointID schemeID="0208">0465123710</cbc:EndpointID>
  <cac:PartyName><cbc:Name>Bakkerij De Korst</cbc:Name></cac:PartyName>
  <cac:PostalAddress><cbc:StreetName>Molenstraat 3</cbc:StreetName><cbc:CityName>Gent</cbc:CityName>
    <cbc:PostalZone>9000</cbc:PostalZone>
    <cac:Country><cbc:IdentificationCode>BE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>
  <cac:PartyTaxScheme><cbc:CompanyID>12/345/67890</cbc:CompanyID>
    <cac:TaxScheme><cbc:ID>FC</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
  <cac:PartyTaxScheme><cbc:CompanyID>BE0465123710</cbc:CompanyID>
    <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>
  <cac:PartyLegalEntity><cbc:RegistrationName>De Korst BV</cbc:RegistrationName>
    <cbc:CompanyID schemeID="0208">0465123710</cbc:CompanyID></cac:PartyLegalEntity>
</cac:Party>"""
BUYER = """
<cac:Party>
  <cac:PartyName><cbc:Name>Hotel Zonnehof</cbc:Name></cac:PartyName>
</cac:Party>"""
TAX_TOTAL = """
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">21.00</cbc:TaxAmount>
  <cac:TaxSubtotal><cbc:TaxableAmount currencyID="EUR">100.00</cbc:TaxableAmount>
    <cbc:TaxAmount currencyID="EUR">21.00</cbc:TaxAmount>
    <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>
</cac:TaxTotal>"""
SUMS = """
<cac:LegalMonetaryTotal>
  <cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
  <cbc:TaxExclusiveAmount currencyID="EUR">100.00</cbc:TaxExclusiveAmount>
  <cbc:TaxInclusiveAmount currencyID="EUR">121.00</cbc:TaxInclusiveAmount>
  <cbc:PayableAmount currencyID="EUR">121.00</cbc:PayableAmount>
</cac:LegalMonetaryTotal>"""
LINE = """
<cac:{root}Line><cbc:ID>1</cbc:ID><cbc:{quantity} unitCode="C62">4</cbc:{quantity}>
  <cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
  <cac:Item><cbc:Name>Brood</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent>
  </cac:ClassifiedTaxCategory></cac:Item>
  <cac:Price><cbc:PriceAmount currencyID="EUR">25</cbc:PriceAmount></cac:Price>{inside}</cac:{root}Line>"""
PAYMENT = """
<cac:PaymentMeans><cbc:PaymentMeansCode name="transfer">30</cbc:PaymentMeansCode>{due}
  <cbc:PaymentID>+++123/4567/89002+++</cbc:PaymentID>
  <cac:PayeeFinancialAccount><cbc:ID>{account}</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>"""


def ubl(
    root: str = "Invoice",
    type_code: str = "380",
    *,
    head: str = "<cbc:IssueDate>2026-03-01</cbc:IssueDate>",
    currency: str = "EUR",
    seller: str = SELLER,
    buyer: str = BUYER,
    references: str = "",
    payment: str = PAYMENT.format(account="BE68 5390 0754 7034", due=""),
    tax: str = TAX_TOTAL,
    sums: str = SUMS,
    lines: str | None = None,
    declaration: str = '<?xml version="1.0" encoding="UTF-8"?>',
) -> str:
    quantity = "CreditedQuantity" if root == "CreditNote" else "InvoicedQuantity"
    lines = LINE.format(root=root, quantity=quantity, inside="") if lines is None else lines
    return (
        f'{declaration}<{root} xmlns="{UBL}:{root}-2" xmlns:cbc="{CBC}" xmlns:cac="{CAC}">'
        f"<cbc:ID>2026/17</cbc:ID>{head}<cbc:{root}TypeCode>{type_code}</cbc:{root}TypeCode>"
        f"<cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>{references}"
        f"<cac:AccountingSupplierParty>{seller}</cac:AccountingSupplierParty>"
        f"<cac:AccountingCustomerParty>{buyer}</cac:AccountingCustomerParty>"
        f"{payment}{tax}{sums}{lines}</{root}>"
    )


def embedded(name: str = "factuur.pdf", content: bytes = PDF_IN_XML) -> str:
    payload = base64.b64encode(content).decode()
    return (
        "<cac:AdditionalDocumentReference><cbc:ID>A1</cbc:ID><cac:Attachment>"
        f'<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="{name}">{payload}'
        "</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
    )


def cii(
    type_code: str = "380",
    *,
    registrations: str = '<r:ID schemeID="FC">201/113/40209</r:ID>',
    account: str = "<r:IBANID>DE21860000000086001055</r:IBANID>",
    taxes: str = '<r:TaxTotalAmount currencyID="EUR">19.00</r:TaxTotalAmount>',
    lines: str = "",
    guideline: str = "urn:cen.eu:en16931:2017",
) -> str:
    return f"""<?xml version="1.0"?>
<x:CrossIndustryInvoice xmlns:x="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns:r="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
  xmlns:u="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<x:ExchangedDocumentContext><r:GuidelineSpecifiedDocumentContextParameter><r:ID>{guideline}</r:ID>
</r:GuidelineSpecifiedDocumentContextParameter></x:ExchangedDocumentContext>
<x:ExchangedDocument><r:ID>RE-9</r:ID><r:TypeCode>{type_code}</r:TypeCode>
  <r:IssueDateTime><u:DateTimeString format="102">20260301</u:DateTimeString></r:IssueDateTime>
</x:ExchangedDocument>
<x:SupplyChainTradeTransaction>{lines}
<r:ApplicableHeaderTradeAgreement>
  <r:SellerTradeParty><r:Name>Werkstatt GmbH</r:Name>
    <r:SpecifiedTaxRegistration>{registrations}</r:SpecifiedTaxRegistration></r:SellerTradeParty>
  <r:BuyerTradeParty><r:Name>Kunde AG</r:Name></r:BuyerTradeParty>
</r:ApplicableHeaderTradeAgreement>
<r:ApplicableHeaderTradeDelivery/>
<r:ApplicableHeaderTradeSettlement><r:PaymentReference>RE-9/2026</r:PaymentReference>
  <r:InvoiceCurrencyCode>EUR</r:InvoiceCurrencyCode>
  <r:SpecifiedTradeSettlementPaymentMeans><r:TypeCode>58</r:TypeCode>
    <r:PayeePartyCreditorFinancialAccount>{account}</r:PayeePartyCreditorFinancialAccount>
  </r:SpecifiedTradeSettlementPaymentMeans>
  <r:SpecifiedTradePaymentTerms><r:DueDateDateTime><u:DateTimeString format="102">20260331</u:DateTimeString>
  </r:DueDateDateTime></r:SpecifiedTradePaymentTerms>
  <r:SpecifiedTradeSettlementHeaderMonetarySummation>
    <r:TaxBasisTotalAmount>100.00</r:TaxBasisTotalAmount>{taxes}
    <r:GrandTotalAmount>119.00</r:GrandTotalAmount><r:DuePayableAmount>119.00</r:DuePayableAmount>
  </r:SpecifiedTradeSettlementHeaderMonetarySummation>
</r:ApplicableHeaderTradeSettlement></x:SupplyChainTradeTransaction></x:CrossIndustryInvoice>"""


ZUGFERD_1 = """<?xml version="1.0"?>
<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12"
  xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15">
<rsm:HeaderExchangedDocument><ram:ID>ALT-1</ram:ID><ram:TypeCode>380</ram:TypeCode>
<ram:IssueDateTime><udt:DateTimeString format="102">20150301</udt:DateTimeString></ram:IssueDateTime>
</rsm:HeaderExchangedDocument>
<rsm:SpecifiedSupplyChainTradeTransaction>
<ram:ApplicableSupplyChainTradeAgreement>
<ram:SellerTradeParty><ram:Name>Alt GmbH</ram:Name></ram:SellerTradeParty>
<ram:BuyerTradeParty><ram:Name>Neu AG</ram:Name></ram:BuyerTradeParty>
</ram:ApplicableSupplyChainTradeAgreement>
<ram:ApplicableSupplyChainTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
<ram:SpecifiedTradeSettlementMonetarySummation>
<ram:LineTotalAmount currencyID="EUR">10.00</ram:LineTotalAmount>
<ram:TaxBasisTotalAmount currencyID="EUR">10.00</ram:TaxBasisTotalAmount>
<ram:TaxTotalAmount currencyID="EUR">1.90</ram:TaxTotalAmount>
<ram:GrandTotalAmount currencyID="EUR">11.90</ram:GrandTotalAmount>
<ram:DuePayableAmount currencyID="EUR">11.90</ram:DuePayableAmount>
</ram:SpecifiedTradeSettlementMonetarySummation></ram:ApplicableSupplyChainTradeSettlement>
<ram:IncludedSupplyChainTradeLineItem>
<ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID></ram:AssociatedDocumentLineDocument>
<ram:SpecifiedSupplyChainTradeSettlement><ram:SpecifiedTradeSettlementMonetarySummation>
<ram:LineTotalAmount currencyID="EUR">10.00</ram:LineTotalAmount>
</ram:SpecifiedTradeSettlementMonetarySummation>
</ram:SpecifiedSupplyChainTradeSettlement>
<ram:SpecifiedTradeProduct><ram:Name>Schraube</ram:Name></ram:SpecifiedTradeProduct>
</ram:IncludedSupplyChainTradeLineItem>
</rsm:SpecifiedSupplyChainTradeTransaction></rsm:CrossIndustryDocument>"""


def pdf(*files: tuple[str, bytes]) -> bytes:
    """A PDF of one empty page with files embedded in it."""
    import pypdfium2

    document = pypdfium2.PdfDocument.new()  # type: ignore[no-untyped-call]
    document.new_page(200, 200)
    for name, content in files:
        document.new_attachment(name).set_data(content)
    buffer = io.BytesIO()
    document.save(buffer)
    document.close()
    return buffer.getvalue()


def locked_pdf(password: bytes = b"secret") -> bytes:
    """A PDF that opens with a password only: security handler revision 2 of ISO 32000-1, clause 7.6.3."""
    padding = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
    padded, file_id = (password + padding)[:32], b"0123456789abcdef"
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    permissions = (-4).to_bytes(4, "little", signed=True)
    user = _rc4(hashlib.md5(padded + owner + permissions + file_id).digest()[:5], padding)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (owner.hex().encode(), user.hex().encode()),
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%sendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<%s><%s>]>>" % ((file_id.hex().encode(),) * 2)
    return body + b"xref\n0 5\n0000000000 65535 f \n%s%s\nstartxref\n%d\n%%%%EOF" % (
        table,
        trailer,
        len(body),
    )


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    output, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        output.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(output)


def record(**fields: object) -> str:
    """A CODA record; `at5="x"` puts a text at position 5, counted from 1."""
    line = [" "] * 128
    for name, value in fields.items():
        start = int(name.removeprefix("at")) - 1
        line[start : start + len(str(value))] = str(value)
    assert len(line) == 128
    return "".join(line)


def coda_header(**more: object) -> str:
    return record(
        at1="00000020326",
        at12="53905",
        at35="DE KORST BV",
        at61="TRIOBEBB",
        at72="00465123710",
        at128=2,
        **more,
    )


def coda_opening(account: str = "2BE68539007547034", sign: int = 0, amount: int = 1_000_000) -> str:
    head = f"1{account[0]}017{account[1:]}"
    return record(at1=head, at40="EUR", at43=sign, at44=f"{amount:015}", at59="010326", at65="DE KORST BV", at126="017")


def coda_movement(
    number: int,
    amount: int,
    *,
    sign: int = 0,
    kind: int = 0,
    detail: int = 0,
    structured: int = 0,
    text: str = "",
) -> str:
    return record(
        at1=f"21{number:04}{detail:04}REF{number}",
        at32=sign,
        at33=f"{amount:015}",
        at48="020326",
        at54=f"{kind}0150000{structured}",
        at63=text[:53],
        at116="020326",
    )


def coda_counterparty(number: int, name: str, account: str = "BE71096123456769", text: str = "") -> str:
    return record(at1=f"23{number:04}0000{account}", at45="EUR", at48=name, at83=text)


def coda_information(number: int, text: str, *, structured: int = 0) -> str:
    return record(at1=f"31{number:04}0001REF{number}", at40=structured, at41=text[:73])


def coda_closing(amount: int, sign: int = 0) -> str:
    return record(at1="8017BE68539007547034", at39="EUR", at42=sign, at43=f"{amount:015}", at58="020326")


def coda_trailer(debit: int, credit: int, last: int = 2) -> str:
    return record(at1="9", at17="000004", at23=f"{debit:015}", at38=f"{credit:015}", at128=last)


def coda(*records: str, opening: str | None = None, trailer: str | None = None) -> str:
    """A CODA file: header, opening balance, these records, and a trailer if there is one."""
    lines = [coda_header(), opening or coda_opening(), *records]
    return "\n".join([*lines, trailer] if trailer else lines) + "\n"


def camt(
    statement: str,
    *,
    message: str = "BkToCstmrStmt",
    name: str = "Stmt",
    namespace: str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08",
    account: str = "<IBAN>BE68539007547034</IBAN>",
) -> str:
    return (
        f'<Document xmlns="{namespace}"><{message}><GrpHdr/><{name}><Id>S-1</Id>'
        f"<Acct><Id>{account}</Id><Ccy>EUR</Ccy><Ownr><Nm>De Korst BV</Nm></Ownr></Acct>"
        f"{statement}</{name}></{message}></Document>"
    )


def camt_balance(code: str, amount: str, sign: str = "CRDT", day: str = "<Dt>2026-03-01</Dt>") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd><Dt>{day}</Dt></Bal>'
    )


def camt_entry(amount: str, sign: str = "CRDT", inside: str = "", details: str = "") -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{inside}<Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><DtTm>2026-03-02T23:30:00-05:00</DtTm></BookgDt>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )
