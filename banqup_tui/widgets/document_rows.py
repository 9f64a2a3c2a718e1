"""The rows of the document table, however many: read in windows when they are seen, kept while they are near."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import date
from typing import Protocol

import msgspec

from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.status import AccountingStatus

WINDOW = 128
MOST_WINDOWS = 12


class Sent(msgspec.Struct, frozen=True):
    """Of the integrations a document goes to: how many have it, and the state at each, in the order of the table.

    `any_failed`: some delivery failed or is unknown. `states`: (name as in `set_integrations`, state).
    """

    delivered: int = 0
    total: int = 0
    any_failed: bool = False
    states: tuple[tuple[str, DeliveryState], ...] = ()


NOWHERE = Sent()


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One document as the table shows it. `gross` is in minor units of `currency`, None where the file has none."""

    id: str
    date: date | None = None
    number: str = ""
    counterparty: str = ""
    gross: int | None = None
    currency: str | None = None
    status: AccountingStatus = AccountingStatus.READY_TO_PROCESS
    sent: Sent = NOWHERE
    is_credit_note: bool = False

    @property
    def is_done(self) -> bool:
        return self.status is AccountingStatus.PROCESSED


class Rows(Protocol):
    """Where the rows come from. All three are called while drawing: they must answer in a millisecond or two."""

    def count(self) -> int: ...

    def window(self, start: int, length: int) -> Sequence[DocumentRow]: ...

    def position(self, document_id: str) -> int | None:
        """Where a document stands now; None if it is not among the rows."""
        ...


class NoRows:
    def count(self) -> int:
        return 0

    def window(self, start: int, length: int) -> Sequence[DocumentRow]:
        return ()

    def position(self, document_id: str) -> int | None:
        return None


class Windows:
    """What was read of the rows. `count` is how many there were when they were last read anew."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._cached: OrderedDict[int, Sequence[DocumentRow]] = OrderedDict()
        self.count = rows.count()

    def read_anew(self) -> None:
        """The rows may have changed."""
        self._cached.clear()
        self.count = self._rows.count()

    def row(self, index: int) -> DocumentRow | None:
        if not 0 <= index < self.count:
            return None
        start = index - index % WINDOW
        window = self._cached.get(start)
        if window is None:
            window = self._cached[start] = self._rows.window(start, WINDOW)
            while len(self._cached) > MOST_WINDOWS:
                self._cached.popitem(last=False)
        else:
            self._cached.move_to_end(start)
        return window[index - start] if index - start < len(window) else None

    def known(self, index: int) -> DocumentRow | None:
        """The row, if it was read."""
        window = self._cached.get(index - index % WINDOW, ())
        return window[index % WINDOW] if index % WINDOW < len(window) else None
