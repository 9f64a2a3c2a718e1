"""Large documents take time in proportion to their length."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from banqup_tui.domain.text import clean
from banqup_tui.formats import Content, UnreadableDocument, detect, parsing, read
from tests.formats import format_documents as make

MT940 = ":20:X\n:25:10020030/1234567\n:28C:1/1\n:60F:C260101EUR1,00\n{movements}:62F:C260101EUR2,00\n-\n"
MT940_MOVEMENT = (
    ":61:2601020102C1,00NTRFNONREF\n"
    ":86:166?00Gutschrift?20SVWZ+Rechnung 12?21vom 1. Januar?3010020030?311234?32Kunde AG\n"
)
CII_LINE = """<r:IncludedSupplyChainTradeLineItem><r:AssociatedDocumentLineDocument><r:LineID>1</r:LineID>
</r:AssociatedDocumentLineDocument><r:SpecifiedTradeProduct><r:Name>Schraube</r:Name></r:SpecifiedTradeProduct>
<r:SpecifiedLineTradeAgreement><r:NetPriceProductTradePrice><r:ChargeAmount>1.00</r:ChargeAmount>
</r:NetPriceProductTradePrice></r:SpecifiedLineTradeAgreement><r:SpecifiedLineTradeDelivery>
<r:BilledQuantity unitCode="C62">1</r:BilledQuantity></r:SpecifiedLineTradeDelivery><r:SpecifiedLineTradeSettlement>
<r:SpecifiedTradeSettlementLineMonetarySummation><r:LineTotalAmount>1.00</r:LineTotalAmount>
</r:SpecifiedTradeSettlementLineMonetarySummation></r:SpecifiedLineTradeSettlement>
</r:IncludedSupplyChainTradeLineItem>"""
CII_MEANS = """<r:SpecifiedTradeSettlementPaymentMeans><r:TypeCode>58</r:TypeCode>
</r:SpecifiedTradeSettlementPaymentMeans>"""


def _ubl(count: int) -> str:
    line = make.LINE.format(root="Invoice", quantity="InvoicedQuantity", inside="")
    return make.ubl(lines=line * count)


def _cii(count: int) -> str:
    return make.cii(lines=CII_LINE * count)


def _cii_means(count: int) -> str:
    end = "<r:SpecifiedTradePaymentTerms>"
    return (
        make.cii()
        .replace("<r:PaymentReference>RE-9/2026</r:PaymentReference>", "")
        .replace(end, CII_MEANS * count + end)
    )


def _camt(count: int) -> str:
    return make.camt(make.camt_entry("1.00") * count)


def _coda(count: int) -> str:
    movement = [make.coda_movement(1, 100), make.coda_counterparty(1, "Kunde AG")]
    return "\n".join([make.coda_header(), make.coda_opening(), *movement * count, make.coda_closing(1_000_000)])


def _mt940(count: int) -> str:
    return MT940.format(movements=MT940_MOVEMENT * count)


def processor_seconds(document: str) -> float:
    """In this process, so that the time of no other program counts."""
    data = document.encode()
    began = time.process_time()
    assert isinstance(parsing.parsed(data), Content)
    return time.process_time() - began


@pytest.mark.campaign
@pytest.mark.parametrize("made", [_ubl, _cii, _cii_means, _camt, _coda, _mt940])
def test_twenty_thousand_lines_entries_or_movements_take_less_than_three_seconds(made: Callable[[int], str]) -> None:
    assert processor_seconds(made(20_000)) < 3


def test_payment_means_are_read_in_linear_time() -> None:
    assert processor_seconds(_cii_means(6_000)) < 1.5


def test_a_text_is_cleaned_by_the_letters_that_occur_in_it() -> None:
    began = time.process_time()
    assert len(clean("é\u200b" * 1_000_000)) == 1_000_000
    assert time.process_time() - began < 0.5


def test_a_document_of_more_lines_than_a_screen_is_laid_out_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "MAX_ENTRIES", 10)
    assert isinstance(parsing.parsed(_ubl(10).encode()), Content)
    with pytest.raises(UnreadableDocument) as caught:
        parsing.parsed(_ubl(11).encode())
    assert caught.value.message.code == "file.too-many-entries"


def test_a_text_without_end_is_cut_where_that_is_seen() -> None:
    found = read(
        make.ubl(head=f"<cbc:IssueDate>2026-03-01</cbc:IssueDate><cbc:Note>{'x' * 200_000}</cbc:Note>").encode()
    )
    assert found.invoice is not None
    (note,) = found.invoice.notes
    assert (len(note), note[-2:]) == (100_001, "x…")
