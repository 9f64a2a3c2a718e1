from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from banqup_tui.domain.identifiers import party_keys
from banqup_tui.domain.invoice import Invoice
from banqup_tui.domain.invoice_types import InvoiceKind
from banqup_tui.formats import ContentKind, UnreadableDocument, attachment_bytes, read
from banqup_tui.presentation.messages import sentence_of
from tests.formats import format_documents as make


def invoice_in(document: str | bytes) -> Invoice:
    content = read(document.encode() if isinstance(document, str) else document)
    assert content.kind is ContentKind.INVOICE
    assert content.invoice is not None
    return content.invoice


def warned(invoice: Invoice) -> set[str]:
    assert all(sentence_of(warning.message) for warning in invoice.warnings)
    return {warning.message.code for warning in invoice.warnings}


def test_an_ordinary_invoice_is_read_whole() -> None:
    invoice = invoice_in(make.ubl())
    assert invoice.kind is InvoiceKind.INVOICE
    assert (invoice.number, invoice.issue_date, invoice.due_date) == ("2026/17", date(2026, 3, 1), None)
    assert (invoice.net, invoice.vat, invoice.gross, invoice.payable) == (10000, 2100, 12100, 12100)
    assert (invoice.lines[0].description, invoice.lines[0].quantity) == ("Brood", Decimal(4))
    assert (invoice.lines[0].net, invoice.lines[0].vat_rate) == (10000, Decimal(21))
    assert invoice.vat_breakdown[0].taxable == 10000
    assert invoice.payment_means[0].account == "BE68539007547034"
    assert invoice.payment_means[0].account_is_iban
    assert invoice.payment_means[0].reference == "+++123/4567/89002+++"
    assert invoice.warnings == ()


CREDIT_NOTE_CODES = ["381", "261", "262", "296", "308", "396", "420", "458", "502", "503", "532", "81", "83"]


@pytest.mark.parametrize("code", CREDIT_NOTE_CODES)
def test_a_credit_note_with_an_invoice_root_is_a_credit_note(code: str) -> None:
    assert invoice_in(make.ubl("Invoice", code)).kind is InvoiceKind.CREDIT_NOTE
    assert invoice_in(make.cii(code)).kind is InvoiceKind.CREDIT_NOTE


@pytest.mark.parametrize("code", ["380", "384", "389", "326", "575", "875", "876", "877"])
def test_other_type_codes_are_invoices(code: str) -> None:
    assert invoice_in(make.ubl("Invoice", code)).kind is InvoiceKind.INVOICE
    assert invoice_in(make.cii(code)).kind is InvoiceKind.INVOICE


def test_a_credit_note_root_with_the_code_of_an_invoice_is_a_credit_note_with_a_warning() -> None:
    invoice = invoice_in(make.ubl("CreditNote", "380"))
    assert invoice.kind is InvoiceKind.CREDIT_NOTE
    assert warned(invoice) == {"content.no-credit-note-code"}


def negative(text: str) -> str:
    return text.replace(">100.00<", ">-100.00<").replace(">21.00<", ">-21.00<").replace(">121.00<", ">-121.00<")


def credit_note_with_minus(line: str, tax: str = make.TAX_TOTAL) -> Invoice:
    return invoice_in(make.ubl("CreditNote", "381", tax=negative(tax), sums=negative(make.SUMS), lines=negative(line)))


@pytest.mark.parametrize(("quantity", "price"), [("4", "-25"), ("-4", "25"), ("-4", "-25")])
def test_a_credit_note_written_with_a_minus_credits_what_a_positive_one_does(quantity: str, price: str) -> None:
    line = make.LINE.format(root="CreditNote", quantity="CreditedQuantity", inside="")
    line = line.replace(">4<", f">{quantity}<").replace(">25<", f">{price}<")
    positive = invoice_in(make.ubl("CreditNote", "381"))
    found = credit_note_with_minus(line)
    assert (found.net, found.vat, found.gross, found.payable) == (10000, 2100, 12100, 12100)
    assert found.vat_breakdown == positive.vat_breakdown
    assert (found.lines[0].net, found.lines[0].quantity, found.lines[0].unit_price) == (10000, Decimal(4), Decimal(25))
    assert warned(found) == {"content.credit-note-negative"}


def test_a_positive_credit_note_that_takes_something_back_keeps_that_line() -> None:
    line = make.LINE.format(root="CreditNote", quantity="CreditedQuantity", inside="")
    back = line.replace(">100.00<", ">-20.00<").replace(">25<", ">-5<")
    found = invoice_in(make.ubl("CreditNote", "381", lines=line + back))
    assert [one.net for one in found.lines] == [10000, -2000]
    assert "content.credit-note-negative" not in warned(found)


def test_a_corrective_invoice_keeps_its_own_sign() -> None:
    lines = negative(make.LINE.format(root="Invoice", quantity="InvoicedQuantity", inside=""))
    found = invoice_in(make.ubl("Invoice", "384", tax=negative(make.TAX_TOTAL), sums=negative(make.SUMS), lines=lines))
    assert (found.kind, found.corrective, found.gross) == (InvoiceKind.INVOICE, True, -12100)
    assert "content.credit-note-negative" not in warned(found)


def test_the_due_date_of_a_credit_note_is_found_under_its_payment_means() -> None:
    payment = make.PAYMENT.format(account="x", due="<cbc:PaymentDueDate>2026-04-15</cbc:PaymentDueDate>")
    assert invoice_in(make.ubl("CreditNote", "381", payment=payment)).due_date == date(2026, 4, 15)


def test_a_date_with_a_time_zone_keeps_its_calendar_day() -> None:
    head = "<cbc:IssueDate>2026-03-01+14:00</cbc:IssueDate><cbc:DueDate>2026-03-31Z</cbc:DueDate>"
    invoice = invoice_in(make.ubl(head=head))
    assert (invoice.issue_date, invoice.due_date) == (date(2026, 3, 1), date(2026, 3, 31))


def test_a_date_that_is_none_is_left_out_with_a_warning() -> None:
    invoice = invoice_in(make.ubl(head="<cbc:IssueDate>2026-02-30</cbc:IssueDate>"))
    assert invoice.issue_date is None
    assert "content.date-unreadable" in warned(invoice)


def test_only_the_vat_scheme_gives_the_vat_number_and_the_legal_name_goes_first() -> None:
    seller = invoice_in(make.ubl()).seller
    assert (seller.name, seller.trade_name) == ("De Korst BV", "Bakkerij De Korst")
    assert (seller.vat_number, seller.tax_number) == ("BE0465123710", "12/345/67890")
    assert seller.enterprise_number == "0465123710"
    assert (seller.electronic_address_scheme, seller.electronic_address) == ("0208", "0465123710")
    assert (seller.postcode, seller.city, seller.country) == ("9000", "Gent", "BE")
    assert "be:0465123710" in party_keys((one.scheme, one.value) for one in seller.identifiers)


def test_a_party_with_a_trade_name_only_is_called_by_it() -> None:
    buyer = invoice_in(make.ubl()).buyer
    assert (buyer.name, buyer.vat_number) == ("Hotel Zonnehof", "")


def test_a_german_tax_number_is_not_taken_for_a_vat_number() -> None:
    seller = invoice_in(make.cii()).seller
    assert (seller.vat_number, seller.tax_number) == ("", "201/113/40209")


def test_an_e_fff_invoice_without_an_endpoint_is_read() -> None:
    seller = make.SELLER.replace('<cbc:EndpointID schemeID="0208">0465123710</cbc:EndpointID>', "").replace(
        "<cbc:CompanyID>BE0465123710", '<cbc:CompanyID schemeID="BE:VAT">BE0465123710'
    )
    head = (
        "<cbc:UBLVersionID>2.0</cbc:UBLVersionID><cbc:CustomizationID>1.0</cbc:CustomizationID>"
        "<cbc:ProfileID>e-fff</cbc:ProfileID><cbc:IssueDate>2026-03-01</cbc:IssueDate>"
    )
    invoice = invoice_in(make.ubl(head=head, seller=seller, references=make.embedded()))
    assert invoice.syntax == "UBL 2.0 Invoice (e-fff)"
    assert invoice.seller.vat_number == "BE0465123710"
    assert len(invoice.attachments) == 1


def test_of_two_vat_totals_in_one_currency_the_one_that_adds_up_counts() -> None:
    other = '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">99.00</cbc:TaxAmount></cac:TaxTotal>'
    assert invoice_in(make.ubl(tax=other + make.TAX_TOTAL)).vat == 2100
    assert (
        invoice_in(
            make.cii(
                taxes=(
                    '<r:TaxTotalAmount currencyID="EUR">7.00</r:TaxTotalAmount>'
                    '<r:TaxTotalAmount currencyID="EUR">19.00</r:TaxTotalAmount>'
                )
            )
        ).vat
        == 1900
    )


def test_a_vat_total_in_the_accounting_currency_is_passed_over() -> None:
    other = '<cac:TaxTotal><cbc:TaxAmount currencyID="SEK">230.00</cbc:TaxAmount></cac:TaxTotal>'
    invoice = invoice_in(make.ubl(tax=other + make.TAX_TOTAL))
    assert (invoice.vat, len(invoice.vat_breakdown)) == (2100, 1)
    assert invoice_in(make.ubl(tax=other)).vat is None


def test_where_neither_vat_total_adds_up_the_one_with_the_breakdown_counts() -> None:
    sums = make.SUMS.replace("121.00", "150.00")
    other = '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">30.00</cbc:TaxAmount></cac:TaxTotal>'
    invoice = invoice_in(make.ubl(tax=other + make.TAX_TOTAL, sums=sums))
    assert invoice.vat == 2100
    assert "content.totals-differ" in warned(invoice)


def test_payable_may_be_negative_and_differ_from_the_total_without_a_warning_where_it_is_explained() -> None:
    sums = make.SUMS.replace(
        '<cbc:PayableAmount currencyID="EUR">121.00',
        '<cbc:PrepaidAmount currencyID="EUR">150.01</cbc:PrepaidAmount>'
        '<cbc:PayableRoundingAmount currencyID="EUR">0.01</cbc:PayableRoundingAmount>'
        '<cbc:PayableAmount currencyID="EUR">-29.00',
    )
    invoice = invoice_in(make.ubl(sums=sums))
    assert (invoice.prepaid, invoice.rounding, invoice.payable) == (15001, 1, -2900)
    assert warned(invoice) == set()


def test_net_is_the_tax_exclusive_total_and_not_the_sum_of_the_lines() -> None:
    sums = make.SUMS.replace('TaxExclusiveAmount currencyID="EUR">100.00', 'TaxExclusiveAmount currencyID="EUR">90.00')
    assert invoice_in(make.ubl(sums=sums)).net == 9000


def test_an_amount_finer_than_the_currency_is_rounded_half_up_and_says_so() -> None:
    sums = make.SUMS.replace(
        '<cbc:PayableAmount currencyID="EUR">121.00', '<cbc:PayableAmount currencyID="EUR">120.995'
    )
    invoice = invoice_in(make.ubl(sums=sums))
    assert invoice.payable == 12100
    assert warned(invoice) == {"content.amount-rounded"}


def test_an_amount_in_yen_has_no_decimals() -> None:
    document = make.ubl(currency="JPY").replace('"EUR"', '"JPY"')
    assert invoice_in(document).payable == 121


def test_an_amount_that_is_none_is_left_out_with_a_warning() -> None:
    invoice = invoice_in(make.ubl(sums=make.SUMS.replace("121.00", "1.121,00")))
    assert invoice.payable is None
    assert warned(invoice) == {"content.amount-unreadable"}


def test_several_accounts_are_all_kept_and_an_invented_iban_is_noted() -> None:
    payment = make.PAYMENT.format(account="BE68539007547034", due="") + make.PAYMENT.format(
        account="BE00 1111 2222 3333", due=""
    )
    invoice = invoice_in(make.ubl(payment=payment))
    assert [means.account_is_iban for means in invoice.payment_means] == [True, False]
    assert warned(invoice) == {"content.iban-invalid"}


def test_a_bankgiro_account_is_no_reason_for_a_warning() -> None:
    invoice = invoice_in(make.ubl(payment=make.PAYMENT.format(account="5555-5555", due="")))
    assert invoice.payment_means[0].account == "55555555"
    assert warned(invoice) == set()


def test_an_iban_goes_before_a_proprietary_account() -> None:
    account = "<r:ProprietaryID>12345</r:ProprietaryID><r:IBANID>DE21860000000086001055</r:IBANID>"
    means = invoice_in(make.cii(account=account)).payment_means[0]
    assert (means.account, means.account_is_iban) == ("DE21860000000086001055", True)
    assert means.reference == "RE-9/2026"


def test_nested_lines_keep_their_depth_and_do_not_count_twice() -> None:
    sub = make.LINE.format(root="SubInvoice", quantity="InvoicedQuantity", inside="")
    lines = make.LINE.format(root="Invoice", quantity="InvoicedQuantity", inside=sub)
    invoice = invoice_in(make.ubl(lines=lines))
    assert [line.depth for line in invoice.lines] == [0, 1]
    assert warned(invoice) == set()


def cii_line(number: str, parent: str = "") -> str:
    above = f"<r:ParentLineID>{parent}</r:ParentLineID>" if parent else ""
    return (
        "<r:IncludedSupplyChainTradeLineItem><r:AssociatedDocumentLineDocument>"
        f"<r:LineID>{number}</r:LineID>{above}</r:AssociatedDocumentLineDocument>"
        "<r:SpecifiedTradeProduct><r:Name>Teil</r:Name></r:SpecifiedTradeProduct>"
        "</r:IncludedSupplyChainTradeLineItem>"
    )


def test_flat_sub_lines_get_the_depth_that_their_parents_give() -> None:
    lines = cii_line("1") + cii_line("1.1", "1") + cii_line("1.1.1", "1.1") + cii_line("2")
    assert [line.depth for line in invoice_in(make.cii(lines=lines)).lines] == [0, 1, 2, 0]


def test_lines_that_are_each_others_parent_do_not_hang_the_reader() -> None:
    assert len(invoice_in(make.cii(lines=cii_line("1", "2") + cii_line("2", "1"))).lines) == 2


def test_an_invoice_without_lines_is_lawful() -> None:
    assert invoice_in(make.ubl(lines="")).lines == ()


def test_a_reference_without_content_is_no_attachment() -> None:
    url = "<cac:Attachment><cac:ExternalReference><cbc:URI>https://a.be/x</cbc:URI></cac:ExternalReference></cac:Attachment>"
    reference = f"<cac:AdditionalDocumentReference><cbc:ID>R7</cbc:ID>{url}</cac:AdditionalDocumentReference>"
    invoice = invoice_in(make.ubl(references=reference + make.embedded()))
    assert [one.name for one in invoice.attachments] == ["factuur.pdf"]
    assert [(one.id, one.url) for one in invoice.references] == [("R7", "https://a.be/x")]


def test_an_attachment_can_be_taken_out_and_its_name_is_safe() -> None:
    document = make.ubl(references=make.embedded("../../etc/pass\u202ewd")).encode()
    attachment = invoice_in(document).attachments[0]
    assert attachment.name == "passwd"
    assert attachment.size == len(make.PDF_IN_XML)
    assert attachment_bytes(document, 0) == make.PDF_IN_XML
    with pytest.raises(UnreadableDocument, match="no-attachment"):
        attachment_bytes(document, 1)


def test_a_damaged_attachment_is_noted_and_refused_when_it_is_opened() -> None:
    document = make.ubl(references=make.embedded().replace("JVBER", "J?BER")).encode()
    assert "content.attachment-damaged" in warned(invoice_in(document))
    with pytest.raises(UnreadableDocument, match="damaged"):
        attachment_bytes(document, 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_or_a_wide_encoding_is_no_obstacle(encoding: str) -> None:
    document = make.ubl(declaration="").replace("Brood", "Crème brûlée").encode(encoding)
    assert invoice_in(document).lines[0].description == "Crème brûlée"


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252"])
def test_a_declared_encoding_is_followed(encoding: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
    document = make.ubl(declaration=declaration).replace("Brood", "Crème").encode(encoding)
    invoice = invoice_in(document)
    assert invoice.lines[0].description == "Crème"
    assert warned(invoice) == set()


def test_text_in_another_encoding_than_declared_is_read_with_a_warning() -> None:
    invoice = invoice_in(make.ubl().replace("Brood", "Crème").encode("cp1252"))
    assert invoice.lines[0].description == "Crème"
    assert "content.encoding-guessed" in warned(invoice)


def test_what_strangers_write_cannot_reach_the_terminal() -> None:
    document = make.ubl().replace("Hotel Zonnehof", "Hotel\u202e &#x9b;31mZonne\u200bhof\n AG&#x85;")
    assert invoice_in(document).buyer.name == "Hotel Zonnehof AG"


def test_zugferd_1_is_read() -> None:
    invoice = invoice_in(make.ZUGFERD_1)
    assert (invoice.syntax, invoice.number, invoice.seller.name) == ("ZUGFeRD 1.0", "ALT-1", "Alt GmbH")
    assert (invoice.net, invoice.vat, invoice.payable, invoice.line_total) == (1000, 190, 1190, 1000)
    assert (invoice.lines[0].description, invoice.lines[0].net) == ("Schraube", 1000)


def test_an_invoice_in_a_peppol_envelope_is_unwrapped() -> None:
    inside = make.ubl(declaration="")
    envelope = (
        '<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">'
        f"<StandardBusinessDocumentHeader/>{inside}</StandardBusinessDocument>"
    )
    assert invoice_in(envelope).number == "2026/17"


def test_a_self_billed_invoice_is_known_as_one() -> None:
    assert invoice_in(make.ubl(type_code="389")).self_billed
    assert not invoice_in(make.ubl()).self_billed


# --- totals, references, numbers and dates as real senders write them -------------------------------


def rated_total(rate: int, taxable: str, vat: str, currency: str = "EUR") -> str:
    return f"""<cac:TaxTotal><cbc:TaxAmount currencyID="{currency}">{vat}</cbc:TaxAmount>
      <cac:TaxSubtotal><cbc:TaxableAmount currencyID="{currency}">{taxable}</cbc:TaxableAmount>
      <cbc:TaxAmount currencyID="{currency}">{vat}</cbc:TaxAmount>
      <cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>{rate}</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal>
    </cac:TaxTotal>"""


def test_a_vat_total_for_each_rate_counts_with_the_others() -> None:
    sums = make.SUMS.replace(">121.00<", ">114.00<")
    tax = rated_total(6, "46.67", "2.80") + rated_total(21, "53.33", "11.20") + rated_total(21, "9.00", "99.00", "USD")
    invoice = invoice_in(make.ubl(tax=tax, sums=sums))
    assert invoice.vat == 1_400
    assert [(rate.rate, rate.vat) for rate in invoice.vat_breakdown] == [(Decimal(6), 280), (Decimal(21), 1_120)]
    assert warned(invoice) == set()


def test_a_rate_of_nothing_is_shown_beside_the_rate_that_makes_the_total() -> None:
    tax = rated_total(21, "100.00", "21.00") + rated_total(0, "0.00", "0.00")
    assert [rate.rate for rate in invoice_in(make.ubl(tax=tax)).vat_breakdown] == [21, 0]


def test_vat_totals_for_each_rate_count_together_in_cii_too() -> None:
    taxes = "".join(f'<r:TaxTotalAmount currencyID="EUR">{vat}</r:TaxTotalAmount>' for vat in ("7.00", "12.00"))
    assert invoice_in(make.cii(taxes=taxes)).vat == 1_900


@pytest.mark.parametrize(
    "place",
    [
        "<cac:PaymentTerms><cbc:Note>Mededeling: +++123/4567/89002+++ vermelden</cbc:Note></cac:PaymentTerms>",
        "<cbc:Note>Dank u</cbc:Note><cbc:Note>Communication 123/4567/89002</cbc:Note>",
    ],
)
def test_a_structured_communication_of_the_terms_or_notes_is_the_payment_reference(place: str) -> None:
    payment = make.PAYMENT.format(account="BE68539007547034", due="").replace("+++123/4567/89002+++", "")
    for one in (payment, ""):
        (means,) = invoice_in(make.ubl(references=place, payment=one)).payment_means
        assert means.reference == "+++123/4567/89002+++"
    assert not invoice_in(make.ubl("CreditNote", "381", references=place, payment="")).payment_means


def test_a_structured_communication_in_a_sentence_of_the_payment_is_the_reference() -> None:
    payment = make.PAYMENT.format(account="BE68539007547034", due="").replace("+++123/", "Gelieve +++123/")
    assert invoice_in(make.ubl(payment=payment)).payment_means[0].reference == "+++123/4567/89002+++"
    wrong = payment.replace("89002", "89003")
    assert invoice_in(make.ubl(payment=wrong)).payment_means[0].reference == "Gelieve +++123/4567/89003+++"


def test_a_structured_communication_in_the_terms_of_cii_is_the_payment_reference() -> None:
    terms = "<r:SpecifiedTradePaymentTerms><r:Description>RF18 5390 0754 7034</r:Description>"
    document = make.cii().replace("<r:PaymentReference>RE-9/2026</r:PaymentReference>", "")
    document = document.replace("<r:SpecifiedTradePaymentTerms>", terms)
    assert invoice_in(document).payment_means[0].reference == "RF18 5390 0754 7034"


@pytest.mark.parametrize("word", ["BTW", "TVA", "MwSt.", "btw-nummer", "IVA", "VAT"])
def test_vat_is_known_by_its_name_in_other_languages(word: str) -> None:
    seller = make.SELLER.replace("<cbc:ID>VAT</cbc:ID>", f"<cbc:ID>{word}</cbc:ID>")
    party = invoice_in(make.ubl(seller=seller)).seller
    assert (party.vat_number, party.tax_number) == ("BE0465123710", "12/345/67890")
    german = make.cii(registrations=f'<r:ID schemeID="{word}">DE136695976</r:ID>')
    assert invoice_in(german).seller.vat_number == "DE136695976"


@pytest.mark.parametrize("value", ["0208:0465123710", "9925:BE0465123710", "iso6523-actorid-upis::0208:0465123710"])
@pytest.mark.parametrize("scheme", [' schemeID="0208"', ' schemeID="iso6523-actorid-upis"', ""])
def test_an_address_that_repeats_its_scheme_is_the_company(value: str, scheme: str) -> None:
    buyer = f"""<cac:Party><cbc:EndpointID{scheme}>{value}</cbc:EndpointID>
      <cac:PartyName><cbc:Name>De Korst</cbc:Name></cac:PartyName></cac:Party>"""
    party = invoice_in(make.ubl(buyer=buyer)).buyer
    assert party_keys((one.scheme, one.value) for one in party.identifiers) == ("be:0465123710",)
    assert party.enterprise_number == "0465123710"


def test_an_attachment_may_be_a_data_url() -> None:
    document = make.ubl(references=make.embedded()).replace('.pdf">', '.pdf">data:application/pdf;base64,')
    (attachment,) = invoice_in(document).attachments
    assert attachment.size == len(make.PDF_IN_XML)
    assert attachment_bytes(document.encode(), 0) == make.PDF_IN_XML


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (r"C:\Facturen\2026\A-6.pdf", "A-6.pdf"),
        ("C:/Facturen/A-6.pdf", "A-6.pdf"),
        (r"\\server\deel\A-6.pdf", "A-6.pdf"),
        ("/home/me/A-6.pdf", "A-6.pdf"),
        ("file:///home/me/A-6.pdf", "A-6.pdf"),
        ("2026/17.pdf", "2026_17.pdf"),
        (r"C:\Facturen\\", "Facturen"),
        ("/", "A1"),
    ],
)
def test_of_a_path_on_the_senders_computer_the_name_of_the_file_is_kept(path: str, name: str) -> None:
    assert invoice_in(make.ubl(references=make.embedded(name=path))).attachments[0].name == name


@pytest.mark.parametrize(
    ("text", "day", "warning"),
    [
        ("2026-03-02Z", date(2026, 3, 2), None),
        ("2026-03-02T23:30:00-05:00", date(2026, 3, 2), None),
        ("20260302", date(2026, 3, 2), None),
        ("2026/3/2", date(2026, 3, 2), "content.date-not-iso"),
        ("02.03.2026", date(2026, 3, 2), "content.date-not-iso"),
        ("23/03/2026", date(2026, 3, 23), "content.date-not-iso"),
        ("03/23/2026", date(2026, 3, 23), "content.date-not-iso"),
        ("02/03/2026", None, "content.date-unreadable"),
        ("02-03-2026", None, "content.date-unreadable"),
        ("2026-03-021", None, "content.date-unreadable"),
        ("02032026", None, "content.date-unreadable"),
        ("26-03-02", None, "content.date-unreadable"),
        ("0001-01-01", None, "content.date-unreadable"),
        ("2 maart 2026", None, "content.date-unreadable"),
    ],
)
def test_a_date_never_becomes_another_one(text: str, day: date | None, warning: str | None) -> None:
    head = f"<cbc:IssueDate>2026-03-01</cbc:IssueDate><cbc:DueDate>{text}</cbc:DueDate>"
    invoice = invoice_in(make.ubl(head=head))
    assert invoice.due_date == day
    assert warned(invoice) == ({warning} if warning else set())
