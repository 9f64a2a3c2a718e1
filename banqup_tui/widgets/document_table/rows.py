"""The rows of the document table: read in windows when they come into sight, and cached while they are near."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from banqup_tui.domain.listing import DocumentRow

WINDOW = 128
MOST_WINDOWS = 12


class Rows(Protocol):
    """The source of rows. All three methods are called while drawing, so they must answer in a millisecond or two."""

    def count(self) -> int: ...

    def window(self, start: int, length: int) -> Sequence[DocumentRow | None]:
        """Returns the rows from `start` on, at most `length`; None in the place of a document that cannot be read."""
        ...

    def position(self, document_id: str) -> int | None:
        """Returns the present position of a document; `None` if it is not among the rows."""
        ...


class NoRows:
    def count(self) -> int:
        return 0

    def window(self, start: int, length: int) -> Sequence[DocumentRow | None]:
        return ()

    def position(self, document_id: str) -> int | None:
        return None


class Windows:
    """The windows read last. `count` is the number of rows at the last `read_anew`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._cached: OrderedDict[int, Sequence[DocumentRow | None]] = OrderedDict()
        self.count = rows.count()

    def read_anew(self) -> None:
        """Forgets all windows, because rows may have changed."""
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
        """Returns the row, if its window is in memory."""
        window = self._cached.get(index - index % WINDOW, ())
        return window[index % WINDOW] if index % WINDOW < len(window) else None
