"""Many items, some at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

USUAL_SIZE = 500
"""Few enough for one `IN (…)`: SQLite takes 32,766 values in a statement, 999 before 3.32."""


def in_batches(items: Iterable[T], size: int = USUAL_SIZE) -> Iterator[list[T]]:
    """In order; the last may be shorter. Python 3.12 has `itertools.batched` for it."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
