"""Widths and warnings, shared by the layouts of invoices and statements."""

from __future__ import annotations

from collections.abc import Iterator

from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.signs import sign
from banqup_tui.widgets.text_lines import BLANK, Line, left, paragraph

WIDEST = 100
NARROW = 70
LABEL, NARROW_LABEL = 17, 15
"""The column at which texts beside a label begin, and that of a narrow page."""


def label_column(width: int) -> int:
    return LABEL if width >= NARROW else NARROW_LABEL


def warning_lines(warnings: list[ReadWarning], width: int) -> Iterator[Line]:
    """Yields the warnings of a reader, each with its sign, for the end of the page."""
    if warnings:
        yield BLANK
    for warning in warnings:
        sentence = sentence_of(warning.message)
        lines = paragraph(2, width, sentence, "warn")
        yield (left(0, sign("warning"), "warn", bold=True), *lines[0])
        yield from lines[1:]
