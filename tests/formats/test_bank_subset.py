"""A bank file of several clients is divided at its statements: each part has its own bytes, and is read by itself."""

from __future__ import annotations

import pytest

from banqup_tui.formats import UnreadableDocument, bank_subset, read
from tests.formats import format_documents as make

OTHER = "BE62510007547061"


def coda_file(account: str, *, number: str = "00465123710", end: str = "\r\n", last: int = 2) -> bytes:
    records = [
        make.coda_header().replace("00465123710", number),
        make.coda_opening(f"2{account}"),
        make.coda_movement(1, 50_000, text="Société é"),
        make.coda_closing(1_050_000).replace("BE68539007547034", account),
        make.coda_trailer(0, 50_000, last),
    ]
    return "".join(f"{record}{end}" for record in records).encode()


def camt_of(*accounts: str) -> bytes:
    first, *others = accounts
    balances = make.camt_balance("OPBD", "0") + make.camt_balance("CLBD", "10") + make.camt_entry("10.00")
    text = make.camt(balances, account=f"<IBAN>{first}</IBAN>")
    start, end = text.index("<Stmt>"), text.index("</BkToCstmrStmt>")
    more = "\n  ".join(text[start:end].replace(first, account) for account in others)
    return f"<?xml version='1.0'?>\n{text[:end]}\n  {more}\n{text[end:]}".encode()


def mt940_of(account: str, *, head: str = "", end: str = "-\r\n") -> bytes:
    return (
        f"{head}:20:REF\r\n:25:{account}\r\n:28C:1/1\r\n:60F:C260301EUR10,00\r\n:61:260302C1,50NTRFREF\r\n"
        f":86:Société\r\nis paid\r\n:62F:C260302EUR11,50\r\n{end}"
    ).encode()


@pytest.mark.parametrize(
    "files",
    [
        [coda_file("BE68539007547034", last=1), coda_file(OTHER, number="00403227515")],
        [coda_file("BE68539007547034", end=""), coda_file(OTHER, end="")],
        [b"\xef\xbb\xbf" + coda_file("BE68539007547034"), coda_file(OTHER), coda_file("BE68539007547034")],
        [mt940_of("BE68539007547034"), mt940_of(OTHER)],
        [mt940_of("BE68539007547034", end=""), mt940_of(OTHER, end="")],
        [mt940_of(account, head="{1:F01X}{2:I940}{4:\r\n", end="-}\r\n") for account in ("BE68539007547034", OTHER)],
        [mt940_of(account, head="ABNANL2A\r\n940\r\nABNANL2A\r\n") for account in ("BE68539007547034", OTHER)],
    ],
)
def test_each_statement_of_a_text_has_its_own_bytes_and_together_they_are_the_file(files: list[bytes]) -> None:
    whole = b"".join(files)
    statements = read(whole).statements
    assert len(statements) == len(files)
    for index, (file, statement) in enumerate(zip(files, statements, strict=True)):
        part = bank_subset(whole, [index])
        assert part.removeprefix(b"\xef\xbb\xbf") == file.removeprefix(b"\xef\xbb\xbf")
        (found,) = read(part).statements
        assert (found.account, found.movements) == (statement.account, statement.movements)
    assert bank_subset(whole, range(len(files))) == whole


def test_the_accounts_of_a_client_stay_in_one_file() -> None:
    whole = coda_file("BE68539007547034") + coda_file(OTHER) + coda_file("BE71096123456769")
    assert bank_subset(whole, [2, 0]) == coda_file("BE68539007547034") + coda_file("BE71096123456769")


def test_statements_under_one_header_of_coda_each_get_header_and_trailer() -> None:
    lines = coda_file("BE68539007547034").splitlines(keepends=True)
    whole = b"".join((*lines[:4], *coda_file(OTHER).splitlines(keepends=True)[1:]))
    assert [statement.account for statement in read(whole).statements] == ["BE68539007547034", OTHER]
    part = bank_subset(whole, [1])
    assert [line[:1] for line in part.splitlines()] == [b"0", b"1", b"2", b"8", b"9"]
    assert [statement.account for statement in read(part).statements] == [OTHER]


def test_a_camt_of_two_owners_is_the_same_message_with_one_statement() -> None:
    whole = camt_of("BE68539007547034", OTHER)
    parts = [bank_subset(whole, [index]) for index in range(2)]
    assert [[found.account for found in read(part).statements] for part in parts] == [["BE68539007547034"], [OTHER]]
    for part in parts:
        assert part.startswith(whole[: whole.index(b"<Stmt>")])
        assert part.count(b"<Stmt>") == 1
        assert part.endswith(b"</BkToCstmrStmt></Document>")


def test_a_camt_in_another_encoding_says_that_its_part_is_in_utf8() -> None:
    text = (
        camt_of("BE68539007547034", OTHER).decode().replace("?>", " encoding='ISO-8859-1'?>").replace("Korst", "Körst")
    )
    part = bank_subset(text.encode("latin-1"), [1])
    assert b"encoding='UTF-8'" in part
    assert read(part).statements[0].holder == "De Körst BV"


def test_statements_that_are_not_there_are_refused() -> None:
    for data, indices in ((coda_file(OTHER), [1]), (coda_file(OTHER), []), (make.ubl().encode(), [0])):
        with pytest.raises(UnreadableDocument) as caught:
            bank_subset(data, indices)
        assert caught.value.message.code == "file.not-separable"
