"""Refused changes: a line for each, and the details of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from banqup_tui.domain.changes import RefusedChange
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import count, moment
from banqup_tui.presentation.messages import remedy_of
from banqup_tui.presentation.refusals import what_to_do, why_not
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.widgets.list_view import BuildItems, Item
from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, labelled, left, paragraph, right

_VALUE = 14
_LEAST_WHAT = 20


def change_items(changes: Sequence[RefusedChange], today: date) -> BuildItems:
    def build(width: int) -> tuple[Line | None, Sequence[Item]]:
        times = [moment(change.at.astimezone(), today, short=True) for change in changes]
        why_ends = width - max(map(width_of, times), default=0) - 2
        why = max(why_ends // 2, _LEAST_WHAT)
        labels = (
            left(0, _("Change"), "muted"),
            left(why, _("Why not"), "muted"),
            right(width, _("When"), "muted"),
        )
        return labels, [_item(change, why, why_ends, at, width) for change, at in zip(changes, times, strict=True)]

    return build


def _item(change: RefusedChange, why: int, why_ends: int, at: str, width: int) -> Item:
    line = (
        fitted(0, why - 2, clean(change.what)),
        fitted(why, why_ends, why_not(change), "muted"),
        right(width, at, "muted"),
    )
    return Item(change.key, line)


def change_details(change: RefusedChange, today: date, width: int) -> list[Line]:
    lines: list[Line] = [
        *paragraph(0, width, clean(change.what), "strong"),
        BLANK,
    ]
    for label, text in _facts(change, today):
        if text:
            lines += labelled(label, _VALUE, width, text)
    return lines


def _facts(change: RefusedChange, today: date) -> Iterator[tuple[str, str]]:
    yield _("Why not"), why_not(change)
    yield _("What to do"), what_to_do(change)
    yield "", remedy_of(change.reason) if change.hindrance is not None else ""
    yield _("Client"), ", ".join(map(clean, change.clients))
    yield _("Documents"), _documents(change)
    yield _("Asked"), moment(change.at.astimezone(), today)
    yield _("Answered"), moment(change.answered_at.astimezone(), today) if change.answered_at else ""


def _documents(change: RefusedChange) -> str:
    named = ", ".join(map(clean, change.documents))
    more = change.document_count - len(change.documents)
    if more <= 0 or not named:
        return named
    return f"{named}, " + ngettext("and {n} more", "and {n} more", more).format(n=count(more))
