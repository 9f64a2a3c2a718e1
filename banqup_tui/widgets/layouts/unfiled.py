"""Files in *To place*: a line for each with its reason, and the details of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from banqup_tui.domain.identifiers import pretty_key
from banqup_tui.domain.source import Unfiled
from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.formats import moment
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.list_view import BuildItems, Item
from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import BLANK, Line, fitted, labelled, left, paragraph, right

_VALUE = 14
_MOST = 2_000
"""The most files that are listed. Older ones come into sight as newer ones are placed."""


def unfiled_items(waiting: Sequence[Unfiled], today: date) -> BuildItems:
    def build(width: int) -> tuple[Line | None, Sequence[Item]]:
        name = max(width // 2 - 2, 18)
        labels = (
            left(0, _("File"), "muted"),
            left(name, _("Why it waits"), "muted"),
            right(width, _("Came"), "muted"),
        )
        shown = waiting[:_MOST]
        times = [moment(file.at.astimezone(), today, short=True) if file.at else "" for file in shown]
        why_ends = width - max(map(width_of, times), default=0) - 2
        return labels, [_item(file, name, why_ends, at, width) for file, at in zip(shown, times, strict=True)]

    return build


def _item(file: Unfiled, name: int, why_ends: int, at: str, width: int) -> Item:
    line = (
        fitted(0, name - 2, file.file_name.rpartition("/")[2]),
        fitted(name, why_ends, sentence_of(file.reason), "muted"),
        right(width, at, "muted"),
    )
    return Item(file.id, line)


def unfiled_details(file: Unfiled, clients: Mapping[str, str], today: date, width: int) -> list[Line]:
    """Returns the lines on one file. `clients` are names by id."""
    reason = paragraph(2, width, sentence_of(file.reason), "warn")
    lines: list[Line] = [
        (fitted(0, width, file.file_name.rpartition("/")[2], "strong", bold=True),),
        BLANK,
        (left(0, sign("warning"), "warn", bold=True), *reason[0]),
        *reason[1:],
    ]
    remedy = remedy_of(file.reason)
    if remedy:
        lines += paragraph(2, width, remedy, "muted")
    lines.append(BLANK)
    for label, text in _facts(file, clients, today):
        if text:
            lines += labelled(label, _VALUE, width, text)
    return lines


def _facts(file: Unfiled, clients: Mapping[str, str], today: date) -> list[tuple[str, str]]:
    likely = [clients.get(file.client_id or "", ""), _(FOLDER_NAMES[file.folder]) if file.folder else ""]
    return [
        (_("Seems to be"), ", ".join(part for part in likely if part)),
        (_("Seller"), pretty_key(file.seller_key) if file.seller_key else ""),
        (_("Buyer"), pretty_key(file.buyer_key) if file.buyer_key else ""),
        (_("Account"), pretty_key(file.account_key) if file.account_key else ""),
        (_("Path"), file.file_name),
        (_("Inside of"), file.container or ""),
        (_("Came by"), file.source),
        (_("Came"), moment(file.at.astimezone(), today) if file.at else ""),
    ]
