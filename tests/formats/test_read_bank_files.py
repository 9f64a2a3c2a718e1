from __future__ import annotations

from datetime import date

import pytest

from banqup_tui.domain.statement import Statement
from banqup_tui.formats import ContentKind, UnreadableDocument, read
from banqup_tui.presentation.messages import sentence_of
from tests.formats import format_documents as make


def statements_in(data: str | bytes) -> tuple[Statement, ...]:
    content = read(data.encode() if isinstance(data, str) else data)
    assert content.kind is ContentKind.STATEMENTS
    return content.statements


def warned(statement: Statement) -> set[str]:
    assert all(sentence_of(warning.message) for warning in statement.warnings)
    return {warning.message.code for warning in statement.warnings}


# --- CODA ------------------------------------------------------------------------------------------


def test_a_coda_statement_is_read_whole() -> None:
    (statement,) = statements_in(
        make.coda(
            make.coda_movement(1, 121_000, structured=1, text="101202600010067"),
            make.coda_counterparty(1, "HOTEL ZONNEHOF"),
            make.coda_movement(2, 21_500, sign=1, text="BLOEM EN GIST"),
            make.coda_closing(1_099_500),
            trailer=make.coda_trailer(21_500, 121_000),
        )
    )
    assert (statement.account, statement.account_is_iban) == ("BE68539007547034", True)
    assert (statement.currency, statement.holder, statement.bic) == ("EUR", "DE KORST BV", "TRIOBEBB")
    assert statement.enterprise_number == "0465123710"
    assert (statement.opening_balance, statement.closing_balance) == (100_000, 109_950)
    assert (statement.opening_date, statement.closing_date) == (date(2026, 3, 1), date(2026, 3, 2))
    incoming, outgoing = statement.movements
    assert (incoming.amount, incoming.structured_communication) == (12_100, "202600010067")
    assert (incoming.counterparty_name, incoming.counterparty_account) == (
        "HOTEL ZONNEHOF",
        "BE71096123456769",
    )
    assert (outgoing.amount, outgoing.free_communication) == (-2_150, "BLOEM EN GIST")
    assert statement.warnings == ()


def test_details_of_a_batch_are_not_counted_again() -> None:
    (statement,) = statements_in(
        make.coda(
            make.coda_movement(1, 30_000, kind=1),
            make.coda_movement(1, 10_000, kind=5, detail=1),
            make.coda_movement(1, 20_000, kind=5, detail=2),
            make.coda_closing(1_030_000),
        )
    )
    assert [movement.amount for movement in statement.movements] == [3_000]
    assert [part.amount for part in statement.movements[0].parts] == [1_000, 2_000]
    assert warned(statement) == set()


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_transaction_types_up_to_three_are_movements(kind: int) -> None:
    (statement,) = statements_in(make.coda(make.coda_movement(1, 1_000, kind=kind), make.coda_closing(1_001_000)))
    assert len(statement.movements) == 1


def test_a_statement_that_does_not_add_up_is_read_with_a_warning() -> None:
    (statement,) = statements_in(
        make.coda(make.coda_movement(1, 1_000), make.coda_closing(5), trailer=make.coda_trailer(9, 1_000))
    )
    assert warned(statement) == {"content.balance-differs", "content.turnover-differs", "content.amount-rounded"}


def test_a_coda_file_with_several_statements_gives_them_all() -> None:
    second = make.coda(make.coda_closing(7_000, sign=1), opening=make.coda_opening(sign=1, amount=7_000))
    both = statements_in(make.coda(make.coda_closing(1_000_000), trailer=make.coda_trailer(0, 0, 1)) + second)
    assert [statement.closing_balance for statement in both] == [100_000, -700]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_accents_do_not_shift_the_columns_of_a_coda_file(encoding: str) -> None:
    text = make.coda(make.coda_movement(1, 1_000, text="Café crème à Liège"), make.coda_closing(1_001_000))
    (statement,) = statements_in(text.encode(encoding))
    assert statement.movements[0].free_communication == "Café crème à Liège"
    assert statement.movements[0].booking_date == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("field", "account"),
    [
        ("0539007547034 EUR0BE", "BE68539007547034"),
        ("0138536152215 EUR0BE", "138536152215"),
        ("1NO9386011117947", "NO9386011117947"),
        ("2BE68539007547034", "BE68539007547034"),
        ("3DE89370400440532013000", "DE89370400440532013000"),
    ],
)
def test_all_four_account_structures_of_coda_are_understood(field: str, account: str) -> None:
    opening = make.coda_opening(field)
    if field[0] == "0":
        opening = opening[:39] + "   " + opening[42:]
    (statement,) = statements_in(make.coda(make.coda_closing(1_000_000), opening=opening))
    assert (statement.account, statement.currency) == (account, "EUR")


def test_a_coda_file_without_line_ends_is_read() -> None:
    text = make.coda(make.coda_movement(1, 1_000), make.coda_closing(1_001_000)).replace("\n", "")
    assert len(statements_in(text)[0].movements) == 1


def test_a_coda_file_that_is_cut_off_says_so() -> None:
    (statement,) = statements_in(make.coda(make.coda_movement(1, 1_000)))
    assert statement.closing_balance is None
    assert warned(statement) == {"content.statement-cut"}


def test_a_coda_file_without_a_header_is_refused_as_a_fragment() -> None:
    fragment = "\n".join([make.coda_movement(1, 1_000), make.coda_closing(1)])
    with pytest.raises(UnreadableDocument, match="fragment"):
        read(fragment.encode())


def test_a_direct_debit_in_coda_shows_its_mandate() -> None:
    zone = "127" + "020326" + "110" + "BE99ZZZ0123456789".ljust(35) + "MANDAAT-7".ljust(35) + "ELEKTRICITEIT MAART"
    second = make.record(at1="2200010000", at11=zone[53:106])
    records = (
        make.coda_movement(1, 1_000, sign=1, structured=1, text=zone),
        second,
        make.coda_closing(999_000),
    )
    movement = statements_in(make.coda(*records))[0].movements[0]
    assert (movement.mandate, movement.free_communication) == ("MANDAAT-7", "ELEKTRICITEIT MAART")


# --- CAMT ------------------------------------------------------------------------------------------

PARTIES = (
    "<TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><RltdPties><Dbtr><Nm>Hotel Zonnehof</Nm></Dbtr>"
    "<DbtrAcct><Id><IBAN>BE71096123456769</IBAN></Id></DbtrAcct><Cdtr><Pty><Nm>De Korst</Nm></Pty></Cdtr>"
    "</RltdPties><RmtInf><Ustrd>+++123/4567/89002+++</Ustrd></RmtInf></TxDtls>"
)


def test_a_camt_statement_is_read_with_its_signs() -> None:
    (statement,) = statements_in(
        make.camt(
            make.camt_balance("CLAV", "999.00")
            + make.camt_balance("OPBD", "10.00", "DBIT")
            + make.camt_balance("CLBD", "85.00", day="<DtTm>2026-03-02T23:00:00Z</DtTm>")
            + make.camt_entry("100.00", details=PARTIES)
            + make.camt_entry("5.00", "DBIT")
        )
    )
    assert (statement.syntax, statement.account, statement.holder) == (
        "CAMT.053",
        "BE68539007547034",
        "De Korst BV",
    )
    assert (statement.opening_balance, statement.closing_balance) == (-1_000, 8_500)
    assert statement.closing_date == date(2026, 3, 2)
    incoming, outgoing = statement.movements
    assert (incoming.amount, outgoing.amount) == (10_000, -500)
    assert (incoming.counterparty_name, incoming.counterparty_account) == (
        "Hotel Zonnehof",
        "BE71096123456769",
    )
    assert (incoming.structured_communication, incoming.free_communication) == ("123456789002", "")
    assert incoming.booking_date == date(2026, 3, 2)
    assert statement.warnings == ()


def test_the_opening_balance_may_be_the_previous_closing_one() -> None:
    (statement,) = statements_in(make.camt(make.camt_balance("PRCD", "7.00")))
    assert statement.opening_balance == 700


def test_a_day_report_without_balances_is_read() -> None:
    (statement,) = statements_in(
        make.camt(
            make.camt_entry("1.00"),
            message="BkToCstmrAcctRpt",
            name="Rpt",
            namespace="urn:iso:std:iso:20022:tech:xsd:camt.052.001.02",
        )
    )
    assert (statement.syntax, statement.opening_balance, len(statement.movements)) == ("CAMT.052", None, 1)


@pytest.mark.parametrize(
    "account",
    ["<Othr><Id>1234-5</Id></Othr>", "<PrtryAcct><Id>1234-5</Id></PrtryAcct>", "<BBAN>12345</BBAN>"],
)
def test_an_account_without_an_iban_is_kept(account: str) -> None:
    (statement,) = statements_in(make.camt(make.camt_balance("OPBD", "7.00"), account=account))
    assert (statement.account, statement.account_is_iban) == ("12345", False)


def test_a_batch_in_camt_counts_once_and_shows_its_payments() -> None:
    payments = "".join(f'<TxDtls><Amt Ccy="EUR">{amount}</Amt></TxDtls>' for amount in ("1.50", "2.50"))
    (statement,) = statements_in(make.camt(make.camt_entry("4.00", "DBIT", details=payments)))
    (movement,) = statement.movements
    assert movement.amount == -400
    assert [part.amount for part in movement.parts] == [-150, -250]


def test_a_reversal_names_the_party_of_the_payment_that_it_undoes() -> None:
    entry = make.camt_entry("9.00", "DBIT", "<RvslInd>true</RvslInd>", PARTIES)
    (movement,) = statements_in(make.camt(entry))[0].movements
    assert (movement.amount, movement.counterparty_name) == (-900, "Hotel Zonnehof")


def test_a_camt_file_without_a_statement_is_refused() -> None:
    empty = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt/></Document>'
    with pytest.raises(UnreadableDocument, match="empty-statement"):
        read(empty.encode())


# --- MT940 ------------------------------------------------------------------------------------------


def mt940(
    *movements: str,
    account: str = "BE68539007547034",
    opening: str = "60F:C260301EUR100,00",
    closing: str = "",
) -> str:
    return "\r\n".join([":20:STARTUMS", f":25:{account}", ":28C:7/1", f":{opening}", *movements, closing, "-", ""])


def test_an_mt940_statement_is_read_whole() -> None:
    (statement,) = statements_in(
        mt940(
            ":61:2603020303C50,00NTRFE2E-9//BANK1",
            ":86:166?00GUTSCHRIFT?20EREF+E2E-9?21SVWZ+Brot und Ku?22chen?30GENODEF1?31DE21860000000086001055",
            "?32Kunde?33 AG",
            ":61:260303D7,5NMSCNONREF",
            ":86:/TRTP/SEPA/IBAN/NL91ABNA0417164300/NAME/Molen BV/REMI/Meel",
            ":86: en gist",
            closing=":62F:C260303EUR142,50",
        )
    )
    assert (statement.account, statement.number, statement.currency) == ("BE68539007547034", "7/1", "EUR")
    assert (statement.opening_balance, statement.closing_balance) == (10_000, 14_250)
    incoming, outgoing = statement.movements
    assert (incoming.amount, incoming.value_date, incoming.booking_date) == (
        5_000,
        date(2026, 3, 2),
        date(2026, 3, 3),
    )
    assert (incoming.counterparty_name, incoming.free_communication) == ("Kunde AG", "Brot und Kuchen")
    assert (incoming.customer_reference, incoming.bank_reference) == ("E2E-9", "BANK1")
    assert (outgoing.amount, outgoing.counterparty_name, outgoing.customer_reference) == (
        -750,
        "Molen BV",
        "",
    )
    assert (outgoing.counterparty_account, outgoing.free_communication) == (
        "NL91ABNA0417164300",
        "Meel en gist",
    )
    assert statement.warnings == ()


@pytest.mark.parametrize(("mark", "amount"), [("C", 100), ("D", -100), ("RC", -100), ("RD", 100), ("CR", 100)])
def test_the_marks_of_mt940_give_the_sign(mark: str, amount: int) -> None:
    (statement,) = statements_in(mt940(f":61:260302{mark}1,00NTRF"))
    assert statement.movements[0].amount == amount


@pytest.mark.parametrize(
    ("tag", "account", "currency", "bic"),
    [
        ("NL91ABNA0417164300EUR", "NL91ABNA0417164300", "EUR", ""),
        ("UBRTHUHB/123456789150/HUF", "123456789150", "HUF", "UBRTHUHB"),
        ("12345678/1020304050", "12345678/1020304050", "", ""),
        ("BE68 5390 0754 7034", "BE68539007547034", "", ""),
    ],
)
def test_a_currency_or_bank_inside_the_account_tag_is_told_apart(
    tag: str, account: str, currency: str, bic: str
) -> None:
    (statement,) = statements_in(mt940(account=tag, opening="60F:C260301100,00", closing=":62F:C260301100,00"))
    assert (statement.account, statement.currency, statement.bic) == (account, currency, bic)
    assert ("content.currency-missing" in warned(statement)) is (currency == "")


def test_tag_25p_has_the_bank_below_the_account() -> None:
    text = mt940(":61:260302C1,00NTRF").replace(":25:BE68539007547034", ":25P:BE68539007547034\r\nTRIOBEBB")
    (statement,) = statements_in(text)
    assert (statement.account, statement.bic) == ("BE68539007547034", "TRIOBEBB")


def test_the_thirtieth_of_february_is_read_as_the_last_day() -> None:
    (statement,) = statements_in(mt940(":61:2602300230C1,00NTRF", closing=":62F:C260230EUR101,00"))
    assert statement.movements[0].value_date == date(2026, 2, 28)
    assert warned(statement) == {"content.date-adjusted"}


def test_a_statement_over_several_pages_and_several_statements_in_a_file_are_all_read() -> None:
    pages = mt940(opening="60F:C260301EUR1,00", closing=":62M:C260301EUR1,00") + mt940(
        opening="60M:C260301EUR1,00", closing=":62F:C260301EUR1,00"
    )
    assert [one.closing_balance for one in statements_in(pages * 3)] == [100] * 6


def test_a_wrapped_line_is_put_together_again() -> None:
    (statement,) = statements_in(mt940(":61:2603020302CR", "30,00N062NONREF", ":", "86:166?00TEST?20Brot"))
    movement = statement.movements[0]
    assert (movement.amount, movement.details, movement.free_communication) == (3_000, "TEST", "Brot")


def test_a_booking_date_beyond_new_year_gets_the_right_year() -> None:
    (statement,) = statements_in(mt940(":61:2601021231C1,00NTRF"))
    assert statement.movements[0].booking_date == date(2025, 12, 31)


def test_a_swift_envelope_is_passed_over() -> None:
    text = "{1:F01TRIOBEBBAXXX}{2:I940}{4:\r\n" + mt940(":61:260302C1,00NTRF").replace("\r\n-\r\n", "\r\n-}\r\n")
    assert len(statements_in(text)[0].movements) == 1


def test_a_day_report_in_mt942_is_read() -> None:
    text = ":20:R1\n:25:BE68539007547034\n:28C:1\n:34F:EURD0,\n:61:260302D2,NTRF\n:90D:1EUR2,\n"
    (statement,) = statements_in(text)
    assert (statement.syntax, statement.currency, statement.movements[0].amount) == ("MT942", "EUR", -200)
    assert warned(statement) == set()


@pytest.mark.parametrize(
    ("fragment", "missing"),
    [
        (":61:260302C1,00NTRF\n:86:x", "account"),
        (":60F:C260301EUR1,00\n:61:260302C1,00NTRF", "account"),
        (":20:A\n:25:BE68539007547034\n", "balance-or-movement"),
    ],
)
def test_a_fragment_of_mt940_says_what_is_missing(fragment: str, missing: str) -> None:
    with pytest.raises(UnreadableDocument, match="fragment") as caught:
        read(fragment.encode())
    assert caught.value.message.params["missing"] == missing


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("100,00", 10_000),
        ("100.00", 10_000),
        ("1.5", 150),
        (".5", 50),
        ("0.500", 50),
        ("1.234,56", 123_456),
        ("1,234.56", 123_456),
        ("1.234.567", 123_456_700),
        ("000000000150,00", 15_000),
    ],
)
def test_a_point_in_an_amount_of_mt940_stands_before_the_decimals(text: str, amount: int) -> None:
    (statement,) = statements_in(mt940(f":61:260302C{text}NTRF", opening=f"60F:C260301EUR{text}"))
    assert (statement.opening_balance, statement.movements[0].amount) == (amount, amount)
    assert warned(statement) == {"content.statement-cut"}


def test_a_point_before_three_digits_is_read_with_a_warning() -> None:
    (statement,) = statements_in(mt940(":61:260302C1.500NTRF"))
    assert statement.movements[0].amount == 150_000
    assert "content.point-ambiguous" in warned(statement)


@pytest.mark.parametrize("text", ["1..2", "1.2.3", "1,2,3"])
def test_an_amount_of_mt940_that_is_none_is_not_guessed(text: str) -> None:
    (statement,) = statements_in(mt940(f":61:260302C{text}NTRF"))
    assert statement.movements == ()
    assert {"content.amount-unreadable", "content.movement-unreadable"} <= warned(statement)


def test_ing_names_the_other_party_behind_cntp() -> None:
    (statement,) = statements_in(
        mt940(
            ":61:2603020302D1,56NTRFEREF//0001005",
            ":86:/EREF/KOSTEN-12//CNTP/NL91ABNA0417164300/ABNANL2A/MOLEN EN ZONEN B",
            "V/GENT//REMI/USTD//Meel/maart/",
            ":61:2603020302D2,00NTRFEREF//0001006",
            ":86:/CNTP/NL91ABNA0417164300/ABNANL2A/MOLEN BV///REMI/STRD/CUR/7000000012345678/",
        )
    )
    free, structured = statement.movements
    assert (free.counterparty_account, free.counterparty_bic) == ("NL91ABNA0417164300", "ABNANL2A")
    assert (free.counterparty_name, free.customer_reference) == ("MOLEN EN ZONEN BV", "KOSTEN-12")
    assert (free.structured_communication, free.free_communication) == ("", "Meel/maart")
    assert (structured.structured_communication, structured.free_communication) == ("7000000012345678", "")


def test_rabobank_writes_the_account_below_the_statement_line() -> None:
    (statement,) = statements_in(
        mt940(
            ":61:260302C000000000007,00N541NONREF//26643593505",
            "DE89370400440532013000",
            ":86:/TRCD/541/ORDP//NAME/Hotel Zonnehof/REMI/Brood maart/ISDT/2026-03-02",
            ":61:260302D000000000003,00N544EREF//26643593506",
            "NL91ABNA0417164300",
            ":86:/EREF/E-1/BENM//NAME/Molen BV/REMI//CDTRREFTP//CD/SCOR/ISSR/CUR/CDTRREF/7000000012345678/ISDT/20",
            "26-03-02",
        )
    )
    incoming, outgoing = statement.movements
    assert (incoming.counterparty_account, incoming.counterparty_name) == ("DE89370400440532013000", "Hotel Zonnehof")
    assert (incoming.free_communication, incoming.details) == ("Brood maart", "")
    assert (outgoing.counterparty_account, outgoing.customer_reference) == ("NL91ABNA0417164300", "E-1")
    assert (outgoing.structured_communication, outgoing.free_communication) == ("7000000012345678", "")


def test_abn_amro_labels_its_texts_or_writes_them_into_cells() -> None:
    (statement,) = statements_in(
        mt940(
            ":61:2603020302D9,00N526NONREF",
            ":86:SEPA OVERBOEKING                 IBAN: NL91ABNA0417164300",
            "BIC: ABNANL2A                    NAAM: MOLEN EN ZONEN",
            "OMSCHRIJVING: FACTUUR 17         KENMERK: E-17",
            ":61:2603020302D8,00N526NONREF",
            ":86:SEPA ACCEPTGIROBETALING          IBAN: NL91ABNA0417164300         ",
            "BIC: ABNANL2A                    NAAM: BELASTINGDIENST           ",
            "BETALINGSKENM.: 8107471771101210",
            ":61:2603020302D7,00N192NONREF",
            ":86:GIRO   428428 MOLEN EN ZONEN    FACTUUR 18",
            "VAN 1 MAART",
            ":61:2603020302D6,00N369NONREF",
            ":86:BEA   NR:A1B23C   02.03.26/09.15 KAASHANDEL BREM,PAS123",
        )
    )
    labelled, structured, giro, till = statement.movements
    assert (labelled.counterparty_name, labelled.counterparty_account) == ("MOLEN EN ZONEN", "NL91ABNA0417164300")
    assert (labelled.free_communication, labelled.customer_reference) == ("FACTUUR 17", "E-17")
    assert (labelled.counterparty_bic, labelled.details) == ("ABNANL2A", "SEPA OVERBOEKING")
    assert (structured.counterparty_name, structured.structured_communication) == (
        "BELASTINGDIENST",
        "8107471771101210",
    )
    assert (giro.counterparty_name, giro.counterparty_account) == ("MOLEN EN ZONEN", "428428")
    assert giro.free_communication == "FACTUUR 18 VAN 1 MAART"
    assert till.counterparty_name == "KAASHANDEL BREM"


# --- structured communications in every format -----------------------------------------------------

INSIDE = [
    ("BETALING 123/4567/89002 DANK U", "123456789002"),
    ("Klant NV +++123/4567/89002+++ maart", "123456789002"),
    ("zie RF18 5390 0754 7034 van maart", "RF18539007547034"),
]


@pytest.mark.parametrize(("text", "structured"), INSIDE)
def test_a_structured_communication_inside_a_text_is_offered_in_every_format(text: str, structured: str) -> None:
    unstructured = f"<TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    additional = f"<TxDtls><AddtlTxInf>{text}</AddtlTxInf></TxDtls>"
    for file in (
        make.coda(make.coda_movement(1, 1_000, text=text), make.coda_closing(1_001_000)),
        make.coda(make.coda_movement(1, 1_000), make.coda_information(1, text), make.coda_closing(1_001_000)),
        mt940(":61:260302C1,00NTRF", f":86:{text}"),
        mt940(":61:260302C1,00NTRF", f":86:/NAME/Klant/REMI/{text}"),
        make.camt(make.camt_entry("1.00", details=unstructured)),
        make.camt(make.camt_entry("1.00", details=additional)),
        make.camt(make.camt_entry("1.00", inside=f"<AddtlNtryInf>{text}</AddtlNtryInf>")),
    ):
        (statement,) = statements_in(file)
        assert statement.movements[0].structured_communication == structured, file
        assert text in (statement.movements[0].free_communication, statement.movements[0].details)


def test_in_mt940_it_may_stand_in_the_reference_alone() -> None:
    (statement,) = statements_in(mt940(":61:260302C1,00NTRF+++123/4567/89002+++//REF1", ":86:KLANT"))
    assert statement.movements[0].structured_communication == "123456789002"


def test_a_creditor_reference_of_coda_is_structured() -> None:
    movement = make.coda_movement(1, 1_000, structured=1, text="100RF18539007547034")
    (statement,) = statements_in(make.coda(movement, make.coda_closing(1_001_000)))
    found = statement.movements[0]
    assert (found.structured_communication, found.free_communication) == ("RF18539007547034", "")


def test_a_returned_payment_says_why_in_every_format() -> None:
    second = make.record(at1="2200010000", at113="2AC04")
    reason = "<TxDtls><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>"
    for file in (
        make.coda(make.coda_movement(1, 1_000), second, make.coda_closing(1_001_000)),
        make.camt(make.camt_entry("1.00", details=reason)),
        mt940(":61:260302C1,00NRTI", ":86:/TRTP/SEPA/RTRN/AC04/NAME/Molen BV"),
    ):
        (statement,) = statements_in(file)
        (explanation,) = statement.movements[0].explanations
        assert sentence_of(explanation) == "The payment was sent back: the account is closed (AC04)."
    refused = make.coda(make.coda_movement(1, 1_000), second.replace("2AC04", "1XY99"), make.coda_closing(1_001_000))
    (explanation,) = statements_in(refused)[0].movements[0].explanations
    assert sentence_of(explanation) == "The payment was rejected: XY99."


def test_the_header_of_coda_says_that_the_file_was_sent_before() -> None:
    first, again = make.coda(make.coda_closing(1_000_000)), make.coda(make.coda_closing(1_000_000))
    again = again.replace(make.coda_header(), make.coda_header(at17="D"))
    assert [one.is_duplicate for one in statements_in(first + again)] == [False, True]
