"""Which documents are selected: a set of ids, or all that match but for some, so that it outlives scrolling."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Selection(msgspec.Struct, frozen=True):
    """The ids that are selected; or, if `all_that_match`, the ids that are not."""

    ids: frozenset[str] = frozenset()
    all_that_match: bool = False

    def __contains__(self, document_id: object) -> bool:
        return (document_id in self.ids) != self.all_that_match

    @property
    def is_empty(self) -> bool:
        return not self.ids and not self.all_that_match

    def count(self, total: int) -> int:
        return total - len(self.ids) if self.all_that_match else len(self.ids)

    def toggled(self, document_id: str) -> Selection:
        """With the document if it was not selected, without it if it was."""
        return Selection(self.ids ^ {document_id}, self.all_that_match)


NOTHING = Selection()
EVERYTHING = Selection(all_that_match=True)


class Range(msgspec.Struct, frozen=True):
    """A range that is being selected: from a line to where the cursor is, beside what was selected before."""

    start: int
    before: Selection

    def lines_to(self, cursor: int) -> range:
        first, last = sorted((self.start, cursor))
        return range(first, last + 1)

    def selection(self, ids: Iterable[str]) -> Selection:
        """`ids`: of the documents in the range."""
        return Selection(self.before.ids | frozenset(ids))
