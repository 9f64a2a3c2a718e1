"""A bank statement laid out for reading: balances, then each movement with counterparty and communication."""

from __future__ import annotations

from collections.abc import Iterator

from banqup_tui.domain.identifiers import pretty_account, pretty_communication
from banqup_tui.domain.statement import Movement, Statement
from banqup_tui.presentation.formats import amount_with_currency, count, figure, full_date, short_date
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.widgets.layouts.document_page import LABEL, WIDEST, warning_lines
from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, labelled, left, paragraph, right

_DEEPEST = 8


def statement_lines(statements: tuple[Statement, ...], width: int) -> list[Line]:
    """Returns the lines of the page. `width` is in cells from column 0; more than 100 are left empty."""
    width = min(width, WIDEST)
    lines: list[Line] = []
    for statement in statements:
        if lines:
            lines += [BLANK, BLANK]
        lines += _statement(statement, width)
    return lines


def _statement(statement: Statement, width: int) -> Iterator[Line]:
    yield from _heading(statement, width)
    yield BLANK
    yield from _account(statement, width)
    yield BLANK
    yield from _movements(statement, width)
    yield BLANK
    yield from _turnover(statement, width)
    for note in statement.notes:
        yield from labelled(_("Note"), LABEL, width, note)
    yield from warning_lines(list(statement.warnings), width)


def _heading(statement: Statement, width: int) -> Iterator[Line]:
    title = f"{_('Statement')} {statement.number}".rstrip()
    closing = statement.closing_balance
    total = amount_with_currency(closing, statement.currency) if closing is not None else ""
    yield (
        fitted(0, width - len(total) - 2, title, "strong", bold=True),
        right(width, total, "strong", bold=True),
    )
    yield (
        left(0, _period(statement), "muted"),
        right(width, _("closing balance") if closing is not None else "", "muted"),
    )


def _period(statement: Statement) -> str:
    first = statement.period_start or statement.opening_date
    last = statement.period_end or statement.closing_date
    if first and last and first != last:
        return f"{full_date(first)} {sign('none')} {full_date(last)}"
    return full_date(last or first)


def _account(statement: Statement, width: int) -> Iterator[Line]:
    account = pretty_account(statement.account)
    holder = statement.holder
    number = fitted(LABEL, width, account)
    beside = LABEL + width_of(number.text) + 2
    more = " ".join((statement.currency, statement.bic)).strip()
    yield (
        left(0, _("IBAN") if statement.account_is_iban else _("Account"), "muted"),
        number,
        *((fitted(beside, width, more, "muted"),) if more and beside < width else ()),
    )
    if holder:
        yield from labelled(_("Holder"), LABEL, width, holder)
    for word, minor, day in (
        (_("Opening"), statement.opening_balance, statement.opening_date),
        (_("Closing"), statement.closing_balance, statement.closing_date),
    ):
        if minor is not None:
            text = figure(minor, statement.currency)
            yield (
                left(0, word, "muted"),
                left(LABEL, text),
                left(LABEL + width_of(text) + 2, full_date(day) if day else "", "muted"),
            )


def _movements(statement: Statement, width: int) -> Iterator[Line]:
    if not statement.movements:
        yield (left(0, _("No movements."), "muted"),)
        return
    yield (
        left(0, _("Date"), "muted"),
        left(10, _("Counterparty and communication"), "muted"),
        right(width, _("Amount"), "muted"),
    )
    for movement in statement.movements:
        yield from _movement(movement, width)


def _movement(movement: Movement, width: int, *, indent: int = 0) -> Iterator[Line]:
    total = figure(movement.amount, movement.currency)
    indent = min(indent, _DEEPEST)
    who = movement.counterparty_name or movement.details or movement.transaction_code or sign("none")
    yield (
        *(() if indent else (left(0, short_date(movement.booking_date or movement.value_date), "muted"),)),
        fitted(10 + indent, width - width_of(total) - 2, who, "text" if movement.booked else "muted"),
        right(width, total, "muted" if indent else "text"),
    )
    for text in _communications(movement):
        yield from paragraph(12 + indent, width - 16, text, "muted")
    for part in movement.parts:
        yield from _movement(part, width, indent=indent + 2)


def _communications(movement: Movement) -> Iterator[str]:
    if movement.structured_communication:
        yield pretty_communication(movement.structured_communication)
    if movement.free_communication:
        yield movement.free_communication
    yield from map(sentence_of, movement.explanations)
    if movement.counterparty_account:
        yield pretty_account(movement.counterparty_account)


def _turnover(statement: Statement, width: int) -> Iterator[Line]:
    into = [movement.amount for movement in statement.movements if movement.amount > 0]
    out = [movement.amount for movement in statement.movements if movement.amount < 0]
    sums = figure(sum(into), statement.currency), figure(sum(out), statement.currency)
    label = min(width - 25, width - max(map(width_of, sums)) - 2 - max(width_of(_("In")), width_of(_("Out"))))
    number = len(statement.movements)
    words = ngettext("{n} movement", "{n} movements", number).format(n=count(number))
    yield fitted(0, label - 2, words, "muted"), left(label, _("In"), "muted"), right(width, sums[0])
    yield left(label, _("Out"), "muted"), right(width, sums[1])
