"""The rows of the document table, read from the local copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from banqup_tui.domain.listing import DocumentRow
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.windows import DocumentRows


class TableRows:
    """Rows of the copy, as the document table asks for them while it draws.

    A fault of this computer is given to `handle_fault`; rows that cannot be read stay empty until they are read again.
    """

    def __init__(self, rows: DocumentRows, handle_fault: Callable[[Exception], bool]) -> None:
        self.rows = rows
        self._handle_fault = handle_fault
        self._count = 0

    def count(self) -> int:
        try:
            self._count = self.rows.count()
        except LocalFault as fault:
            self._handle_fault(fault)
        return self._count

    def window(self, start: int, length: int) -> Sequence[DocumentRow]:
        try:
            return self.rows.window(start, length)
        except LocalFault as fault:
            self._handle_fault(fault)
            return ()

    def position(self, document_id: str) -> int | None:
        try:
            return self.rows.position_of(document_id)
        except LocalFault as fault:
            self._handle_fault(fault)
            return None
