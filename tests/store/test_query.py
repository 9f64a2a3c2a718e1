"""The filter line: what it finds, and what it says where it can not be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banqup_tui.domain.search_words import folded
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.store.query import FIELD_LINES, IS_LINES, STATUS_LINES, Filter, FilterField, FilterProblem, parse


def only(line: str) -> tuple[FilterField, str, int | None, int | None]:
    found = parse(line)
    assert isinstance(found, Filter), found
    (term,) = found.terms
    return term.field, term.text, term.low, term.high


@pytest.mark.parametrize(
    ("line", "term"),
    [
        ("zavel", (FilterField.TEXT, "zavel", None, None)),
        ('"la meuse"', (FilterField.TEXT, "la meuse", None, None)),
        ('from:"la meuse"', (FilterField.FROM, "la meuse", None, None)),
        ("gross:>500", (FilterField.GROSS, ">500", 5_000_001, None)),
        ("gross:>=12,50", (FilterField.GROSS, ">=12,50", 125_000, None)),
        ("net:<0", (FilterField.NET, "<0", None, -1)),
        ("vat:1.5..2", (FilterField.VAT, "1.5..2", 15_000, 20_000)),
        ("date:2026", (FilterField.DATE, "2026", 20260101, 20261231)),
        ("date:2026-11", (FilterField.DATE, "2026-11", 20261101, 20261131)),
        ("date:24/11/26", (FilterField.DATE, "24/11/26", 20261124, 20261124)),
        ("date:>2026-10", (FilterField.DATE, ">2026-10", 20261032, None)),
        ("date:2025..2026-03", (FilterField.DATE, "2025..2026-03", 20250101, 20260331)),
        ("number:2026/11", (FilterField.NUMBER, "2026/11", None, None)),
        ("-121,00", (FilterField.TEXT, "-121,00", None, None)),
    ],
)
def test_one_term(line: str, term: tuple[FilterField, str, int | None, int | None]) -> None:
    assert only(line) == term


def test_statuses_may_be_shortened_and_listed() -> None:
    found = parse("status:err,proc -from:zavel")
    assert isinstance(found, Filter)
    assert found.terms[0].statuses == (AccountingStatus.ERROR, AccountingStatus.PROCESSED)
    assert found.terms[1].negated


@pytest.mark.parametrize(
    ("english", "others"),
    [
        ("from:zavel", ["fournisseur:zavel", "leverancier:zavel", "Lieferant:zavel", "klant:zavel"]),
        ("gross:>500", ["tvac:>500", "incl:>500", "brutto:>500"]),
        ("vat:21", ["TVA:21", "btw:21", "mwst:21"]),
        ("currency:usd", ["devise:usd", "munt:usd", "währung:usd", "wahrung:usd"]),
        ("status:error,queued", ["statut:erreur,file", "status:fout,wachtrij", "status:fehler,wartet"]),
        ("-status:ready", ["-statut:prêt", "-status:klaar", "-status:bereit"]),
        ("is:withdrawn", ["is:retiré", "est:retire", "is:ingetrokken", "ist:zurückgezogen"]),
    ],
)
def test_a_filter_may_be_written_in_four_languages(english: str, others: list[str]) -> None:
    def meaning(line: str) -> list[tuple[object, ...]]:
        found = parse(line)
        assert isinstance(found, Filter), line
        words = (FilterField.STATUS,)  # its text is what was typed
        return [(t.field, t.field in words or t.text, t.statuses, t.low, t.high, t.negated) for t in found.terms]

    assert [line for line in others if meaning(line) != meaning(english)] == []


@pytest.mark.parametrize("lines", [FIELD_LINES, STATUS_LINES, IS_LINES])
def test_no_word_of_a_filter_stands_for_two_things(lines: dict[str, str]) -> None:
    words = [folded(word) for line in lines.values() for word in line.split()]
    assert sorted(words) == sorted(set(words))
    assert {word for word in words if not re.fullmatch("[a-z-]+", word)} == set()


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("status:p", AccountingStatus.PROCESSED),
        ("status:r", AccountingStatus.READY_TO_PROCESS),
        ("status:fo", AccountingStatus.ERROR),
    ],
)
def test_the_beginning_of_a_status_is_english_before_it_is_of_another_language(
    line: str, meant: AccountingStatus
) -> None:
    found = parse(line)
    assert isinstance(found, Filter)
    assert found.terms[0].statuses == (meant,)


@pytest.mark.parametrize(
    ("line", "start", "end", "suggestion"),
    [
        ("zavel dat:2026", 6, 9, "date:"),
        ("status:eror", 0, 11, "error"),
        ("leverancer:zavel", 0, 10, "leverancier:"),
        ("gross:much", 0, 10, ""),
        ("date:2026-13", 0, 12, "2026-11"),
        ("from:", 0, 5, ""),
    ],
)
def test_a_mistake_is_told_at_its_place(line: str, start: int, end: int, suggestion: str) -> None:
    found = parse(line)
    assert isinstance(found, FilterProblem)
    assert (found.start, found.end, found.message.params.get("near", "")) == (start, end, suggestion)


def test_a_term_can_be_left_out_to_see_what_would_match() -> None:
    found = parse("status:error from:zavel gross:>5")
    assert isinstance(found, Filter)
    assert found.without(found.terms[1]).line == "status:error gross:>5"


@given(st.text())
def test_any_line_is_read_or_answered(line: str) -> None:
    parse(line)
