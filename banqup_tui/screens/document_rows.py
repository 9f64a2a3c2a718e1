"""Documents of the copy as the table draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from banqup_tui.domain.listing import DocumentRow
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.windows import DocumentRows


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

    def window(self, start: int, length: int) -> Sequence[DocumentRow]:
        try:
            return self.rows.window(start, length)
        except LocalFault as fault:
            self._meet(fault)
            return ()

    def position(self, document_id: str) -> int | None:
        try:
            return self.rows.position_of(document_id)
        except LocalFault as fault:
            self._meet(fault)
            return None
