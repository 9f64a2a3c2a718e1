"""Draws a document on its line of the document table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual.strip import Strip

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.listing import DocumentRow
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.presentation.formats import amount, cut, cut_middle, full_date, short_date, shown
from banqup_tui.presentation.signs import STATES, STATUSES, UNDECIDED, WITHDRAWN, sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.document_table.columns import Columns
from banqup_tui.widgets.strips import LineBuilder, width_of
from banqup_tui.widgets.theme import Ground, Look, Token


def draw_document(
    row: DocumentRow, columns: Columns, integrations: Sequence[str], look: Look, ground: Ground, *, is_selected: bool
) -> Strip:
    """Draws a document. `integrations` are the names in the order in which they stand, if there is room for them."""
    base = look.style(
        "muted" if row.status is AccountingStatus.PROCESSED or row.withdrawn or row.replaced else "text", ground
    )
    line = LineBuilder(base)
    if is_selected:
        line.put(sign("selected"), look.style("accent", ground))
    issued = row.date if row.has_issue_date else None
    day = full_date(issued) if columns.date_width == 10 else short_date(issued)
    line.at(columns.date).put(day, base)
    if row.is_credit_note:
        line.at(columns.number - 1).put(sign("credit"), base)  # in the gap: a number keeps all of its cells
    elif row.to_ask_for:
        line.at(columns.number - 1).put(sign("ask"), look.style("warn", ground))
    line.at(columns.number).put(cut_middle(shown(row.title), columns.number_width), base)
    _field(line, columns, row, base)
    _status(line, columns, row, look, ground)
    if not columns.is_narrow:
        _sent(line, columns, row, integrations, look, ground)
    line.at(columns.actions).put(sign("actions"), look.style("muted", ground))
    return line.strip(columns.width)


def _field(line: LineBuilder, columns: Columns, row: DocumentRow, base: Style) -> None:
    """Draws counterparty and amount, which share a field: the name is cut two cells before this row's amount."""
    figure = amount(row.gross_amount, row.currency) if row.gross_amount is not None else sign("none")
    width_left = columns.field_end - columns.field - width_of(figure) - 2
    line.at(columns.field).put(cut(shown(_counterparty(row)), width_left), base)
    line.put_right(columns.field_end, figure, base)


def _counterparty(row: DocumentRow) -> str:
    return row.counterparty or ("" if row.number else _("no sender known"))


def _status(line: LineBuilder, columns: Columns, row: DocumentRow, look: Look, ground: Ground) -> None:
    appearance = WITHDRAWN if row.withdrawn else UNDECIDED if row.undecided else STATUSES[row.status]
    is_ready = row.status is AccountingStatus.READY_TO_PROCESS
    bold = appearance.bold or (is_ready and not look.has_grounds)
    text = appearance.sign
    if not columns.is_narrow:
        text += " " + (appearance.full_word if "full_status" in columns.extras else appearance.word)
    style = look.style(appearance.token, ground, bold=bold)
    line.at(columns.status).put(cut(text, columns.status_width), style)


def _sent(
    line: LineBuilder, columns: Columns, row: DocumentRow, integrations: Sequence[str], look: Look, ground: Ground
) -> None:
    line.at(columns.sent)
    if not row.sent:
        line.put(sign("none"), look.style("muted", ground))
    elif "sent_names" in columns.extras:
        _sent_names(
            line, columns.sent, integrations, {delivery.label: delivery.state for delivery in row.sent}, look, ground
        )
    else:
        token: Token = "error" if row.needs_a_look else "muted"
        line.put(f"{row.delivered}/{row.wanted}", look.style(token, ground))


def _sent_names(
    line: LineBuilder,
    column: int,
    integrations: Sequence[str],
    states: dict[str, DeliveryState],
    look: Look,
    ground: Ground,
) -> None:
    for name in integrations:
        state = states.get(name)
        label = shown(name)
        if state is not None:
            appearance = STATES[state]
            token: Token = "muted" if state is DeliveryState.DELIVERED else appearance.token
            style = look.style(token, ground, bold=appearance.bold)
            line.at(column).put(f"{appearance.sign} {label}", style)
        column += width_of(label) + 4
