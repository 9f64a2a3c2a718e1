"""Texts in another encoding than their file declares, or in none that it could declare."""

from __future__ import annotations

import pytest

from banqup_tui.domain.invoice import Invoice
from banqup_tui.domain.statement import Statement
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats import read
from banqup_tui.formats.text_encoding import declared_encoding, undeclared_encoding
from banqup_tui.presentation.messages import sentence_of
from tests.formats import format_documents as make

SELLER = "Pâtisserie Noël & Frères à Liège"


def invoice_in(data: bytes) -> Invoice:
    invoice = read(data).invoice
    assert invoice is not None
    return invoice


def invoice_bytes(encoding: str, declared: str) -> bytes:
    document = make.ubl(declaration=f'<?xml version="1.0" encoding="{declared}"?>')
    return document.replace("De Korst BV", SELLER.replace("&", "&amp;")).encode(encoding)


def warned(warnings: tuple[ReadWarning, ...]) -> dict[str, str]:
    assert all(sentence_of(warning.message) for warning in warnings)
    return {warning.message.code: str(next(iter(warning.message.params.values()), "")) for warning in warnings}


@pytest.mark.parametrize("declared", ["US-ASCII", "ISO-8859-1", "windows-1252", "unicode", "klingon"])
def test_valid_utf_8_is_utf_8_whatever_the_file_declares(declared: str) -> None:
    invoice = invoice_in(invoice_bytes("utf-8", declared))
    assert invoice.seller.name == SELLER
    assert warned(invoice.warnings)["content.encoding-guessed"] == "UTF-8"


@pytest.mark.parametrize(
    ("declared", "encoding", "name"), [("unicode", "utf-8", "UTF-8"), ("ANSI", "cp1252", "windows-1252")]
)
def test_what_windows_calls_an_encoding_is_understood_with_a_warning(declared: str, encoding: str, name: str) -> None:
    invoice = invoice_in(invoice_bytes(encoding, declared))
    assert invoice.seller.name == SELLER
    assert warned(invoice.warnings) == {"content.encoding-guessed": name}


@pytest.mark.parametrize("damage", [b"\xe9", b"\xc3", b"\x80", b"\xff"])
def test_one_wrong_byte_in_an_xml_costs_one_letter(damage: bytes) -> None:
    invoice = invoice_in(invoice_bytes("utf-8", "UTF-8").replace(b"Brood", b"Br" + damage + b"od"))
    assert (invoice.seller.name, invoice.lines[0].description) == (SELLER, "Br\ufffdod")
    assert warned(invoice.warnings) == {"content.bytes-unreadable": "1"}


def test_letters_that_the_sender_lost_already_are_no_reason_for_a_warning() -> None:
    invoice = invoice_in(invoice_bytes("utf-8", "UTF-8").replace(b"Brood", "Br\ufffd\ufffdd".encode()))
    assert (invoice.lines[0].description, invoice.warnings) == ("Br\ufffd\ufffdd", ())


def test_an_accent_in_windows_1252_under_the_name_of_utf_8_is_read_as_what_it_is() -> None:
    invoice = invoice_in(invoice_bytes("cp1252", "UTF-8"))
    assert invoice.seller.name == SELLER
    assert warned(invoice.warnings) == {"content.encoding-guessed": "windows-1252"}


@pytest.mark.parametrize("end", [b"\x1a", b"\x00" * 300, b"\r\n\x1a\r\n", b"\x04"])
def test_the_characters_that_fill_a_file_behind_its_end_are_passed_over(end: bytes) -> None:
    invoice = invoice_in(invoice_bytes("utf-8", "UTF-8") + end)
    assert invoice.seller.name == SELLER
    assert warned(invoice.warnings) == {"content.after-end": ""}


def test_a_bank_message_has_the_warning_too_in_each_of_its_statements() -> None:
    message = make.camt(make.camt_balance("OPBD", "7.00")).replace("De Korst BV", "Pâtisserie Noël")
    data = f'<?xml version="1.0" encoding="us-ascii"?>{message}'.encode() + b"\x1a"
    (statement,) = read(data).statements
    assert statement.holder == "Pâtisserie Noël"
    assert set(warned(statement.warnings)) == {"content.encoding-guessed", "content.after-end"}


# --- bank files ------------------------------------------------------------------------------------


def coda_line(text: str = "Café crème à Liège", name: str = "Pâtisserie Noël") -> list[str]:
    return [
        make.coda_header(),
        make.coda_opening(),
        make.coda_movement(1, 1_000, text=text),
        make.coda_counterparty(1, name, text="SUITE"),
        make.coda_closing(1_001_000),
    ]


def statement_in(data: bytes) -> Statement:
    (statement,) = read(data).statements
    return statement


def texts(statement: Statement) -> tuple[str, str, str]:
    (movement,) = statement.movements
    return movement.free_communication, movement.counterparty_name, str(movement.booking_date)


def test_columns_of_bytes_are_known_by_lines_of_128_bytes() -> None:
    lines = [line.encode() for line in coda_line()]
    movement = make.coda_movement(1, 1_000).encode()
    counterparty = make.coda_counterparty(1, "", text="SUITE").encode()
    text, name = "Café crème à Liège".encode(), "Pâtisserie Noël et ses frères à Liège".encode()[:35]
    lines[2] = movement[:62] + text.ljust(53) + movement[115:]
    lines[3] = counterparty[:47] + name.ljust(35) + counterparty[82:]
    assert {len(line) for line in lines} == {128}
    for joined in (b"\r\n".join(lines), b"".join(lines)):
        statement = statement_in(joined)
        assert texts(statement) == ("Café crème à Liège SUITE", "Pâtisserie Noël et ses frères à", "2026-03-02")
        assert statement.warnings == ()


def test_a_letter_that_the_columns_of_bytes_cut_is_lost_alone() -> None:
    lines = [line.encode() for line in coda_line()]
    lines[2] = make.coda_movement(1, 1_000, text="Cafe creme a Liege").encode()
    counterparty = make.coda_counterparty(1, "", text="SUITE").encode()
    lines[3] = counterparty[:47] + "Pâtisserie Noël et des frères né".encode()[:35] + counterparty[82:]
    statement = statement_in(b"\n".join(lines))
    assert texts(statement) == ("Cafe creme a Liege SUITE", "Pâtisserie Noël et des frères n�", "2026-03-02")


def test_one_wrong_byte_in_a_coda_file_costs_one_letter_and_no_column() -> None:
    data = "\n".join(coda_line()).encode().replace("Noël".encode(), b"No\xc3l")
    statement = statement_in(data)
    assert texts(statement) == ("Café crème à Liège SUITE", "Pâtisserie No\ufffdl", "2026-03-02")
    assert warned(statement.warnings) == {"content.bytes-unreadable": "1"}


def test_a_text_that_was_padded_in_bytes_does_not_shift_what_stands_behind_it() -> None:
    lines = coda_line()
    lines[3] = f"{lines[3][:62]}{lines[3][64:125]}0 0"
    assert len(lines[3]) == 126
    statement = statement_in("\n".join(lines).encode())
    assert texts(statement)[:2] == ("Café crème à Liège SUITE", "Pâtisserie Noël")


@pytest.mark.parametrize(
    ("encoding", "warning"),
    [("utf-8", {}), ("utf-16", {}), ("cp1252", {}), ("cp850", {"content.encoding-inferred": "code page 850"})],
)
def test_bank_files_are_read_in_the_encodings_of_old_and_new_software(encoding: str, warning: dict[str, str]) -> None:
    statement = statement_in("\n".join(coda_line()).encode(encoding))
    assert texts(statement) == ("Café crème à Liège SUITE", "Pâtisserie Noël", "2026-03-02")
    assert warned(statement.warnings) == warning
    mt940 = ":20:A\r\n:25:BE68539007547034\r\n:60F:C260301EUR1,00\r\n:61:260302C1,00NTRF\r\n:86:Pâtisserie Noël née\r\n"
    mt940 += ":62F:C260302EUR2,00\r\n\x1a"
    statement = statement_in(mt940.encode(encoding))
    assert statement.movements[0].free_communication == "Pâtisserie Noël née"
    assert warned(statement.warnings) == warning


@pytest.mark.parametrize(
    "text", ["Marché de l’eau – suite…", "Œuvre “Les Cœurs” d’Anvers–Gand", "Škoda, Dušan Šimić 5 €"]
)
def test_the_signs_of_windows_1252_are_not_taken_for_letters_of_another_code_page(text: str) -> None:
    data = text.encode("cp1252", "replace")
    assert undeclared_encoding(data).codec == "cp1252"


def test_a_text_of_many_megabytes_is_looked_at_once_and_not_letter_by_letter() -> None:
    data = ("é" * 1000).encode() * 4_000 + b"\xe9"
    assert declared_encoding(data, "utf_8").unreadable == 1
