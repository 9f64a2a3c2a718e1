"""What an e-invoice and a bank report laid out for reading share: how wide they are, and what is odd in them."""

from __future__ import annotations

from collections.abc import Iterator

from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.signs import sign
from banqup_tui.widgets.text_lines import BLANK, Line, left, paragraph

WIDEST = 100
NARROW = 70
LABEL, NARROW_LABEL = 17, 15
"""Where texts begin that stand beside a label."""


def label_column(width: int) -> int:
    return LABEL if width >= NARROW else NARROW_LABEL


def warning_lines(warnings: list[ReadWarning], width: int) -> Iterator[Line]:
    """What is odd and has no place of its own, each with its sign, at the end."""
    if warnings:
        yield BLANK
    for warning in warnings:
        sentence = sentence_of(warning.message)
        lines = paragraph(2, width, sentence, "warn")
        yield (left(0, sign("warning"), "warn", bold=True), *lines[0])
        yield from lines[1:]
