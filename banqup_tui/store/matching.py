"""Finds the documents of a query with a filter or another order than by date, and returns their rowids in order."""

import sqlite3
from array import array

from banqup_tui.domain.currencies import DIGITS, MOST_DIGITS, USUAL_DIGITS
from banqup_tui.domain.search_words import folded, tokens
from banqup_tui.store.codes import PEPPOL, REPLACED, STATUS_CODE, TO_ASK_FOR, UNDECIDED, WITHDRAWN
from banqup_tui.store.query import DocumentQuery, FilterField, IsWord, SortColumn, Term, smallest_parts
from banqup_tui.store.scope import Scope

_DIGITS = " ".join(
    f"WHEN d.currency IN ({', '.join(map(repr, sorted(currencies)))}) THEN {10 ** (MOST_DIGITS - digits)}"
    for digits, currencies in DIGITS.items()
)
_USUAL = 10 ** (MOST_DIGITS - USUAL_DIGITS)
_PARTS = f"CASE WHEN d.currency = 'EUR' THEN {_USUAL} {_DIGITS} ELSE {_USUAL} END"
"""The SQL factor from minor units to units of `10 ** -MOST_DIGITS`, so that yen and euros compare by their value.

The euro stands first because most documents are in euros: a filter over 200,000 documents takes 23 ms, else 75 ms.
"""

_ORDERS = {
    SortColumn.DATE: "d.day {0}, d.n {0}",
    SortColumn.CREATED: "d.n {0}",
    SortColumn.NUMBER: "d.number IS NULL, d.number COLLATE NOCASE {0}, d.day DESC, d.n DESC",
    SortColumn.COUNTERPARTY: "d.counterparty IS NULL, folded(d.counterparty) {0}, d.day DESC, d.n DESC",
    SortColumn.GROSS: f"d.gross IS NULL, d.gross * {_PARTS} {{0}}, d.day DESC, d.n DESC",
    SortColumn.STATUS: "CASE d.status WHEN 4 THEN 4 WHEN 2 THEN 3 WHEN 1 THEN 2 WHEN 0 THEN 1 ELSE 0 END {0},"
    " d.day DESC, d.n DESC",
}


_FLAGS = {
    IsWord.UNDECIDED: UNDECIDED,
    IsWord.REPLACED: REPLACED,
    IsWord.WITHDRAWN: WITHDRAWN,
    IsWord.PEPPOL: PEPPOL,
    IsWord.TO_ASK_FOR: TO_ASK_FOR,
}


def matches(connection: sqlite3.Connection, query: DocumentQuery, scope: Scope) -> "array[int]":
    """Returns the rowids of all matching documents, in the order of the query. It reads every row of the scope."""
    connection.create_function("folded", 1, folded, deterministic=True)
    conditions, values = [scope.conditions], list(scope.values)
    if query.year is not None:
        conditions.append("d.day BETWEEN ? AND ?")
        values += [scope.first_month * 100, scope.last_month * 100 + 99]
    for term in query.filter.terms:
        condition, its_values = _compiled(term, scope.client)
        conditions.append(f"NOT coalesce(({condition}), 0)" if term.negated else condition)
        values += its_values
    order = _ORDERS[query.sort].format("DESC" if query.descending else "ASC")
    rows = connection.execute(
        f"SELECT d.n FROM document d WHERE {' AND '.join(f'({one})' for one in conditions)} ORDER BY {order}",  # noqa: S608
        values,
    )
    return array("q", [number for (number,) in rows])


def _compiled(term: Term, client: int | None) -> tuple[str, list[object]]:
    match term.field:
        case FilterField.DATE:
            return _between("d.day", term)
        case FilterField.GROSS | FilterField.NET | FilterField.VAT:
            return _between(f"d.{term.field} * {_PARTS}", term)
        case FilterField.STATUS:
            return f"d.status IN ({','.join(str(STATUS_CODE[status]) for status in term.statuses)})", []
        case FilterField.CURRENCY:
            return "d.currency = ?", [term.text.upper()]
        case FilterField.IS:
            return f"d.flags & {_FLAGS[IsWord(term.text)]} <> 0", []
        case FilterField.TEXT:
            return _found_by_words(term.text, client)
    column = {FilterField.FROM: "d.counterparty", FilterField.NUMBER: "d.number", FilterField.FILE: "d.file_name"}[
        term.field
    ]
    words, values = _in_index(term.text, client)
    return f"{words} AND instr(folded({column}), ?) > 0", [*values, folded(term.text)]


def _between(column: str, term: Term) -> tuple[str, list[object]]:
    conditions = [
        (f"{column} {sign} ?", edge) for sign, edge in ((">=", term.low), ("<=", term.high)) if edge is not None
    ]
    if not conditions:
        return f"{column} IS NOT NULL", []
    return " AND ".join(condition for condition, _ in conditions), [edge for _, edge in conditions]


def _found_by_words(text: str, client: int | None) -> tuple[str, list[object]]:
    words, values = _in_index(text, client, with_texts=True)
    amount = smallest_parts(text)
    if amount is None:
        return words, values
    return f"({words} OR abs(d.gross) * {_PARTS} = ?)", [*values, abs(amount)]


def _in_index(text: str, client: int | None, *, with_texts: bool = False) -> tuple[str, list[object]]:
    """Returns a condition that finds all words of the text in the search index, the last word as a prefix.

    Args:
        with_texts: Documents in the text of whose PDF all the words are count, too.
    """
    words = tokens(text)
    if not words:
        return "1", []
    wanted = [f'"{word}"' for word in words]
    wanted[-1] += "*"
    in_texts = " AND ".join(wanted)
    if client is not None:
        wanted.insert(0, f'"client{client}x"')
    values: list[object] = [" AND ".join(wanted)]
    found = "SELECT rowid FROM words WHERE words MATCH ?"
    if with_texts and len(words[-1]) >= _SHORTEST_IN_TEXTS:
        found += " UNION ALL SELECT rowid FROM text_words WHERE text_words MATCH ?"
        values.append(in_texts)
    return f"d.n IN ({found})", values


_SHORTEST_IN_TEXTS = 3
"""The index of texts has no entries for prefixes, which would double it; a shorter one matches most texts anyway."""
