"""The row of labels above the document table: their texts, the mark of the sort, and which of them a click meets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from rich.style import Style
from textual.strip import Strip

from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.document_table.columns import Columns
from banqup_tui.widgets.strips import LineBuilder, width_of
from banqup_tui.widgets.theme import Look

LabelColumn = Literal["date", "number", "counterparty", "gross", "status", "sent"]


class Labels(NamedTuple):
    """The labels. `names` replaces usual ones, already translated."""

    names: Mapping[str, str]
    sorted_by: LabelColumn = "date"
    descending: bool = True

    def name_of(self, column: LabelColumn) -> str:
        return self.names.get(column) or _usual_name(column)


def draw_labels(labels: Labels, columns: Columns, look: Look, *, focused: bool) -> Strip:
    line = LineBuilder(look.style("muted"))
    _left(line, columns.date, "date", labels, look, focused)
    _left(line, columns.number, "number", labels, look, focused)
    _left(line, columns.field, "counterparty", labels, look, focused)
    _right(line, columns.field_end, "gross", labels, look, focused)
    if not columns.is_narrow:
        _left(line, columns.status, "status", labels, look, focused)
        _sent(line, columns, look)
    is_named = "actions_label" in columns.extras
    text = _("Actions") if is_named else sign("actions")
    line.put_right(columns.width - 2 if is_named else columns.actions + 1, text, look.style("muted"))
    return line.strip(columns.width)


def column_at(x: int, columns: Columns) -> LabelColumn | None:
    """Returns the column whose label is at cell `x`; `None` for the ⋮."""
    starts: list[tuple[int, LabelColumn]] = [(columns.date, "date"), (columns.number, "number")]
    starts += [(columns.field, "counterparty"), (columns.field_end - 8, "gross"), (columns.status, "status")]
    if not columns.is_narrow:
        starts.append((columns.sent, "sent"))
    if x >= columns.actions - 1:
        return None
    return next((column for start, column in reversed(starts) if x >= start), None)


def _left(line: LineBuilder, start: int, column: LabelColumn, labels: Labels, look: Look, focused: bool) -> None:
    text, mark = labels.name_of(column), _mark(column, labels)
    line.at(start).put(f"{text} {mark}" if mark else text, _style(column, labels, look, focused))


def _right(line: LineBuilder, end: int, column: LabelColumn, labels: Labels, look: Look, focused: bool) -> None:
    style = _style(column, labels, look, focused)
    line.put_right(end, labels.name_of(column), style).put(_mark(column, labels), style)


def _sent(line: LineBuilder, columns: Columns, look: Look) -> None:
    text = _("Sent to") if "sent_names" in columns.extras else _usual_name("sent")
    overhangs = columns.sent + width_of(text) > columns.actions - 2
    column = columns.sent + 3 - width_of(text) if overhangs and "sent_names" not in columns.extras else columns.sent
    line.at(column).put(text, look.style("muted"))


def _mark(column: LabelColumn, labels: Labels) -> str:
    return sign("down" if labels.descending else "up") if column == labels.sorted_by else ""


def _style(column: LabelColumn, labels: Labels, look: Look, focused: bool) -> Style:
    """Returns the style of a label. The label that sorts stands out; with focus in the table the first one does too."""
    if focused and (column == labels.sorted_by or column == "date"):
        return look.style("strong", bold=True)
    if column == labels.sorted_by:
        return look.style("strong") if look.has_grounds else look.style("text")
    return look.style("muted")


def _usual_name(column: LabelColumn) -> str:
    match column:
        case "date":
            return _("Date")
        case "number":
            return _("Number")
        case "counterparty":
            return _("Supplier")
        case "gross":
            return _("Gross")
        case "status":
            return _("Status")
        case "sent":
            return _("Sent")
