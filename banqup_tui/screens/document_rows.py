"""Documents of the copy as the table draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from banqup_tui.domain import listing
from banqup_tui.presentation.words import _
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.windows import DocumentRows
from banqup_tui.widgets import document_rows


class TableRows:
    """Rows of the copy, as the document table asks for them while it draws.

    A fault of this computer goes to `meet`; rows that cannot be read are left empty until the copy is read anew.
    """

    def __init__(self, rows: DocumentRows, meet: Callable[[Exception], bool]) -> None:
        self.rows = rows
        self._meet = meet
        self._count = 0

    def count(self) -> int:
        try:
            self._count = self.rows.count()
        except LocalFault as fault:
            self._meet(fault)
        return self._count

    def window(self, start: int, length: int) -> Sequence[document_rows.DocumentRow]:
        try:
            return [document_row(row) for row in self.rows.window(start, length)]
        except LocalFault as fault:
            self._meet(fault)
            return ()

    def position(self, document_id: str) -> int | None:
        try:
            return self.rows.position_of(document_id)
        except LocalFault as fault:
            self._meet(fault)
            return None


def document_row(row: listing.DocumentRow) -> document_rows.DocumentRow:
    return document_rows.DocumentRow(
        id=row.id,
        date=row.date,
        number=row.number or row.file_name,
        counterparty=row.counterparty or ("" if row.number else _("no sender known")),
        gross=row.gross_amount,
        currency=row.currency,
        status=row.status,
        is_credit_note=row.is_credit_note,
        sent=document_rows.Sent(
            delivered=row.delivered,
            total=row.wanted,
            any_failed=row.needs_a_look,
            states=tuple((one.label, one.state) for one in row.sent),
        ),
    )
