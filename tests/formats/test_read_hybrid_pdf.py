from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from banqup_tui.formats import ContentKind, attachment_bytes, embedded_invoice_xml, read
from tests.formats import format_documents as make


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml", "data.bin"])
def test_the_invoice_inside_a_pdf_is_found_whatever_its_name(name: str) -> None:
    content = read(make.pdf((name, make.cii().encode())))
    assert (content.kind, content.media_type, content.embedded_name) == (
        ContentKind.INVOICE,
        "application/pdf",
        name,
    )
    assert content.invoice is not None
    assert content.invoice.number == "RE-9"


def test_ubl_inside_a_pdf_is_read() -> None:
    content = read(make.pdf(("UBL-Invoice-2.1.xml", make.ubl().encode())))
    assert content.invoice is not None
    assert content.invoice.number == "2026/17"


def test_of_two_invoices_inside_the_newer_syntax_is_taken_and_the_doubt_is_said() -> None:
    content = read(make.pdf(("ZUGFeRD-invoice.xml", make.ZUGFERD_1.encode()), ("b.xml", make.cii().encode())))
    assert content.invoice is not None
    assert content.invoice.syntax == "UN/CEFACT CII"
    assert [warning.message.code for warning in content.invoice.warnings] == ["content.several-invoices"]


def test_a_pdf_with_other_xml_or_none_is_a_plain_pdf() -> None:
    assert read(make.pdf()).kind is ContentKind.PLAIN
    content = read(make.pdf(("order.xml", b"<recipe/>")))
    assert (content.kind, content.warnings) == (ContentKind.PLAIN, ())


def test_a_pdf_whose_xml_is_broken_is_shown_plain_with_a_warning() -> None:
    content = read(make.pdf(("factur-x.xml", b"<x:CrossIndustryInvoice>")))
    assert content.kind is ContentKind.PLAIN
    assert [warning.message.code for warning in content.warnings] == ["content.embedded-unreadable"]


def test_the_other_files_of_a_pdf_are_attachments_behind_those_of_the_xml() -> None:
    document = make.pdf(("time sheet.txt", b"eight hours"), ("i.xml", make.ubl(references=make.embedded()).encode()))
    invoice = read(document).invoice
    assert invoice is not None
    assert [(one.name, one.size) for one in invoice.attachments] == [
        ("factuur.pdf", len(make.PDF_IN_XML)),
        ("time sheet.txt", 11),
    ]
    assert attachment_bytes(document, 0) == make.PDF_IN_XML
    assert attachment_bytes(document, 1) == b"eight hours"


def test_the_xml_inside_a_pdf_can_be_taken_out_to_be_sent_on() -> None:
    xml = make.cii().encode()
    assert embedded_invoice_xml(make.pdf(("factur-x.xml", xml))) == ("factur-x.xml", xml)
    assert embedded_invoice_xml(make.pdf()) is None
    assert embedded_invoice_xml(xml) is None


def test_several_pdfs_can_be_read_at_the_same_time() -> None:
    documents = [make.pdf(("a.xml", make.cii().replace("RE-9", f"N{n}").encode())) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        invoices = [content.invoice for content in pool.map(read, documents)]
    assert [invoice.number if invoice else "" for invoice in invoices] == [f"N{n}" for n in range(40)]
