"""Splits many items into batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

USUAL_SIZE = 500
"""Small enough for one `IN (…)`: SQLite takes 32,766 values in a statement, and took 999 before version 3.32."""


def in_batches(items: Iterable[T], size: int = USUAL_SIZE) -> Iterator[list[T]]:
    """Yields the items in batches, in order; the last may be shorter. Python 3.12 has `itertools.batched`."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
