"""The columns of the document table at a given width.

A wider table gets extras in the order of `EXTRAS`, while the counterparty keeps 30 cells: where a document was sent by
name, `Actions` over the ⋮, a wide number, the date in full, the status in full. A narrower one loses them in reverse
order; then the counterparty shrinks to 12 cells; then the status is its sign and there is no `Sent`.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Literal, NamedTuple

from banqup_tui.presentation.formats import shown
from banqup_tui.presentation.signs import STATUSES
from banqup_tui.presentation.words import _
from banqup_tui.widgets.strips import width_of

Extra = Literal["sent_names", "actions_label", "wide_number", "full_date", "full_status"]
EXTRAS: tuple[Extra, ...] = ("sent_names", "actions_label", "wide_number", "full_date", "full_status")

NARROW_BELOW = 70
LEAST_COUNTERPARTY, COUNTERPARTY_KEEPS = 12, 30
AMOUNT = 12
_GAP = 2
STATUS_WIDTH = 11
_SENT_AND_GAP = 6


class Widths(NamedTuple):
    """Widths that depend on the client and the language: names of integrations, `Actions`, full statuses."""

    sent_names: int = 0
    actions_label: int = 7
    full_status: int = 22


class Columns(NamedTuple):
    """The first cells of the columns.

    The counterparty stands at the left of the cells from `field` to `field_end`, the amount at their right.
    """

    width: int
    date: int
    date_width: int
    number: int
    number_width: int
    field: int
    field_end: int
    status: int
    status_width: int
    sent: int
    actions: int
    extras: frozenset[Extra]

    @property
    def is_narrow(self) -> bool:
        """Whether the status is only its sign, and `Sent` is missing."""
        return self.sent < 0

    @property
    def counterparty_width(self) -> int:
        """The cells left of an amount of usual width."""
        return self.field_end - self.field - AMOUNT - _GAP


@lru_cache(maxsize=16)
def table_columns(width: int, integrations: tuple[str, ...], wanted: frozenset[Extra], _language: str) -> Columns:
    """Returns the columns of a table `width` cells wide for a client with these integrations.

    `_language` is part of the key of the cache, because widths depend on the words.
    """
    widths = Widths(
        sent_names=sum(width_of(shown(name)) + 4 for name in integrations) - 2 if integrations else 0,
        actions_label=width_of(_("Actions")),
        full_status=max(width_of(status.full_word) for status in STATUSES.values()) + 2,
    )
    return columns_at(width, widths, wanted)


def columns_at(width: int, widths: Widths, wanted: Collection[Extra] = ()) -> Columns:
    """Returns the columns of a table `width` cells wide. Extras in `wanted` come first and are lost last."""
    chosen: list[Extra] = []
    plain = _columns(width, widths, frozenset(), narrow=False)
    if width < NARROW_BELOW or plain.counterparty_width < LEAST_COUNTERPARTY:
        return _columns(width, widths, frozenset(), narrow=True)
    for extra in (extra for extra in EXTRAS if extra in wanted):
        if _columns(width, widths, frozenset([*chosen, extra]), narrow=False).counterparty_width >= LEAST_COUNTERPARTY:
            chosen.append(extra)
    for extra in EXTRAS:
        if extra in chosen or (extra == "sent_names" and not widths.sent_names):
            continue
        wider = _columns(width, widths, frozenset([*chosen, extra]), narrow=False)
        if wider.counterparty_width < COUNTERPARTY_KEEPS:
            break
        chosen.append(extra)
    return _columns(width, widths, frozenset(chosen), narrow=False)


def _columns(width: int, widths: Widths, extras: frozenset[Extra], *, narrow: bool) -> Columns:
    date_width = 10 if "full_date" in extras else 8
    number_width = 12 if narrow else 18 if "wide_number" in extras else 13
    number = 2 + date_width + _GAP
    actions = width - 3
    if narrow:
        status_width, sent, status = 1, -1, actions - _GAP
    else:
        status_width = widths.full_status if "full_status" in extras else STATUS_WIDTH
        sent = _sent_column(width, actions, widths, extras)
        status = sent - _GAP - status_width
    return Columns(
        width=width,
        date=2,
        date_width=date_width,
        number=number,
        number_width=number_width,
        field=number + number_width + _GAP,
        field_end=status - _GAP,
        status=status,
        status_width=status_width,
        sent=sent,
        actions=actions,
        extras=extras,
    )


def _sent_column(width: int, actions: int, widths: Widths, extras: frozenset[Extra]) -> int:
    before_actions = width - 2 - widths.actions_label - 1 if "actions_label" in extras else actions - _GAP
    if "sent_names" in extras:
        return before_actions - widths.sent_names
    return (before_actions if "actions_label" in extras else actions) - _SENT_AND_GAP
