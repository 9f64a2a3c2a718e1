from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banqup_tui.formats import Content, ContentKind, UnreadableDocument, read
from banqup_tui.formats.refusals import REASONS
from banqup_tui.presentation.messages import sentence_of
from tests.formats import format_documents as make


def refusal(data: bytes | str) -> UnreadableDocument:
    with pytest.raises(UnreadableDocument) as caught:
        read(data.encode() if isinstance(data, str) else data)
    assert caught.value.message.code in REASONS
    return caught.value


def ubl_document(name: str) -> str:
    return f'<{name} xmlns="{make.UBL}:{name}-2"><ID>1</ID></{name}>'


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (ubl_document("Order"), "This is an order (UBL Order), not an invoice or a bank statement."),
        (ubl_document("ApplicationResponse"), "a status message (UBL ApplicationResponse)"),
        (ubl_document("Waybill"), "a document (UBL Waybill)"),
        (
            '<p:FatturaElettronica xmlns:p="http://ivaservizi/v1.2"/>',
            "an Italian FatturaPA invoice, a format",
        ),
        ("UNA:+.? 'UNB+UNOC:3'", "an EDIFACT message"),
        (f'<Invoice xmlns="{make.UBL}:Invoice-1.0"/>', "a UBL 1.0 document (Invoice)"),
        (
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"/>',
            "a payment file (ISO 20022 pain.001)",
        ),
        ("<recipe/>", "XML of another kind (root recipe)"),
    ],
)
def test_another_document_is_refused_by_the_name_of_what_it_is(document: str, sentence: str) -> None:
    assert sentence in sentence_of(refusal(document).message)


def test_an_xml_with_a_dtd_is_refused_before_anything_is_unfolded() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
    assert refusal(bomb).message.code == "file.has-dtd"
    assert refusal('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>').message.code == "file.has-dtd"


def test_broken_xml_is_refused_with_its_line() -> None:
    assert sentence_of(refusal("<a>\n<b>\n</a>").message) == "The XML is not well formed at line 3."


def test_xml_nested_beyond_reason_is_refused() -> None:
    assert refusal("<a>" * 5000 + "</a>" * 5000).message.code == "file.too-deep"


def test_xml_in_an_unknown_encoding_is_refused() -> None:
    assert refusal('<?xml version="1.0" encoding="klingon"?><a/>').message.code == "file.encoding-unknown"
    assert refusal('<?xml version="1.0" encoding="zlib"?><a/>').message.code == "file.encoding-unknown"


def test_an_invoice_with_nothing_in_it_is_refused() -> None:
    assert refusal(f'<Invoice xmlns="{make.UBL}:Invoice-2"/>').message.code == "file.empty-invoice"


@pytest.mark.parametrize("data", [b"", b"  \r\n", b"\xef\xbb\xbf", b"\x00\x00"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert refusal(data).message.code == "file.empty"


def test_a_file_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banqup_tui.formats.refusals.MAX_BYTES", 2**20)
    assert sentence_of(refusal(b"a" * (2**20 + 1)).message) == "The file is larger than 1 MB."


def test_a_locked_pdf_is_refused_as_locked() -> None:
    assert refusal(make.locked_pdf()).message.code == "file.encrypted-pdf"


def test_a_pdf_that_asks_for_no_password_is_read_though_it_is_encrypted() -> None:
    assert read(make.locked_pdf(b"")).media_type == "application/pdf"


def test_a_damaged_pdf_is_refused() -> None:
    assert refusal(b"%PDF-1.7\nand then nothing").message.code == "file.damaged-pdf"


@pytest.mark.parametrize("data", [b"MZ\x90\x00", b"\x7fELF\x02", b"#!/bin/sh\nrm -r /"])
def test_a_program_is_refused(data: bytes) -> None:
    assert refusal(data).message.code == "file.program"


def test_bytes_of_no_known_kind_are_refused() -> None:
    assert refusal(bytes(range(256))).message.code == "file.unknown-kind"


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(zipfile.ZipInfo(name), "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        (b"II*\x00....", "image/tiff"),
        (b"A receipt: 12,50 euro \xe2\x82\xac", "text/plain"),
        ("Reçu payé".encode("cp1252"), "text/plain"),
        (b"From: a@b.be\r\nSubject: factuur\r\n\r\n", "message/rfc822"),
        (b"<!DOCTYPE html><html></html>", "text/html"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "spreadsheetml.sheet"),
        (archive("[Content_Types].xml", "word/document.xml"), "wordprocessingml.document"),
        (archive("factuur.pdf"), "application/zip"),
    ],
)
def test_a_picture_a_letter_or_a_sheet_is_a_plain_file_whatever_its_name(data: bytes, media_type: str) -> None:
    content = read(data, "invoice.xml")
    assert content.kind is ContentKind.PLAIN
    assert content.media_type.endswith(media_type)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=600) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_whatever_bring_the_reader_down(data: bytes) -> None:
    assert_read_or_refused(data)


SEEDS = [
    make.ubl(references=make.embedded()).encode(),
    make.cii().encode(),
    make.ZUGFERD_1.encode(),
    make.camt(make.camt_balance("OPBD", "1.00") + make.camt_entry("1.00")).encode(),
    b":20:A\n:25:BE68539007547034\n:60F:C260301EUR1,00\n:61:260302C1,00NTRF\n:86:x\n:62F:C260302EUR2,00\n",
    "\n".join([make.coda_header(), make.coda_opening(), make.coda_movement(1, 1000), make.coda_closing(1)]).encode(),
    make.pdf(("factur-x.xml", make.cii().encode())),
    "\n".join(
        [
            make.coda_header(at17="D"),
            make.coda_opening(),
            make.coda_movement(1, 1000, structured=1, text="1136703009204917907100000012919826032621547CAFÉ BREM"),
            make.record(at1="2200010000", at11="LIÈGE", at113="2AC04"),
            make.coda_information(1, "Pâtisserie 123/4567/89002"),
            make.coda_closing(1),
        ]
    ).encode(),
    b":20:A\n:25:NL91ABNA0417164300EUR\n:60F:C260301EUR1.00\n:61:260302C1.00N541NONREF//1\nNL91ABNA0417164300\n"
    b":86:/CNTP/NL91ABNA0417164300/ABNANL2A/MOLEN/GENT//REMI/STRD/CUR/RF18539007547034/RTRN/AC04\n"
    b":61:260302C1,00NTRF\n:86:SEPA OVERBOEKING                 IBAN: NL91ABNA0417164300\nNAAM: MOLEN\n"
    b":62F:C260302EUR3,00\n",
]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_damage_to_a_good_file_brings_the_reader_down(data: st.DataObject) -> None:
    seed = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(seed)))
        end = min(len(seed), start + data.draw(st.integers(0, 60)))
        seed[start:end] = data.draw(st.binary(max_size=12) | st.sampled_from([b"9" * 40, b"-", b"", b"&#0;"]))
    assert_read_or_refused(bytes(seed))


def assert_read_or_refused(data: bytes) -> None:
    try:
        assert isinstance(read(data), Content)
    except UnreadableDocument as error:
        if error.message.code == "file.reader-failed":
            raise


def test_reading_an_xml_does_not_load_the_pdf_library() -> None:
    program = (
        "import sys; from banqup_tui.formats import read\n"
        "heavy = {'pypdfium2', 'defusedxml', 'banqup_tui.formats.ubl'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "read(sys.stdin.buffer.read())\n"
        "assert 'pypdfium2' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], input=make.ubl().encode(), check=True, timeout=60)
