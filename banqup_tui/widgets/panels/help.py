"""The keys of the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.geometry import Region, Size

from banqup_tui.presentation.signs import plain, sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.panels.panel import Panel, PanelRow
from banqup_tui.widgets.strips import width_of
from banqup_tui.widgets.text_lines import Line, fitted, left, right

_KEYS = 10
"""The cells that keys may take, so that what they do stands in a column."""


class HelpGroup(NamedTuple):
    """A heading, and keys as they are written with what they do."""

    heading: str
    keys: Sequence[tuple[str, str]]


class Help(Panel):
    """Shows groups of keys in two columns."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = ""
        self._groups: tuple[Sequence[HelpGroup], Sequence[HelpGroup]] = ((), ())

    def fill(self, title: str, left_groups: Sequence[HelpGroup], right_groups: Sequence[HelpGroup]) -> None:
        self._title, self._groups = title, (left_groups, right_groups)

    def rows(self, width: int) -> list[PanelRow]:
        closes = _("Esc closes")
        airy = self.app.size.height >= 32
        title = (
            fitted(0, width - len(closes) - 2, self._title, "strong", bold=True),
            right(width, closes, "muted"),
        )
        column = 48 if width >= 90 else width // 2 + 1
        sides = [
            side(groups, at, column - 2 if at == 0 else width, airy)
            for groups, at in zip(self._groups, (0, column), strict=True)
        ]
        body = [
            PanelRow(tuple(put for lines in sides if at < len(lines) for put in lines[at]))
            for at in range(max(map(len, sides)))
        ]
        azerty = _("AZERTY without Shift: & é \" ' for places, ; for the menu, , for help")
        blank = [PanelRow()] if airy else []
        return [PanelRow(title), *blank, *body, *blank, PanelRow((fitted(0, width, azerty, "muted"),))]

    def wanted_width(self, available: int) -> int:
        return min(available, 100)

    def _place(self, space: Size, width: int, height: int) -> Region:
        region = super()._place(space, width, height)
        return region.at_offset((region.x, min(region.y, 4))) if space.height >= 32 else region.at_offset((region.x, 1))

    def footer_keys(self) -> Sequence[FooterKey]:
        return FooterKey(sign("up") + sign("down"), _("Scroll")), FooterKey("Esc", _("Close"))

    def on_key(self, event: events.Key) -> None:
        if event.key in ("question_mark", "comma", "q"):
            event.stop()
            self.answer(None)


def _split_keys(keys: str) -> tuple[str, str]:
    """Returns as many keys as their column holds, and the rest, which stands after the words."""
    shown = keys.split(" ")
    while len(shown) > 1 and len(" ".join(shown)) > _KEYS:
        shown.pop()
    return " ".join(shown), keys[len(" ".join(shown)) + 1 :]


def side(groups: Sequence[HelpGroup], column: int, end: int, airy: bool) -> list[Line]:
    """Returns the lines of one of the two columns, from `column` to `end`."""
    lines: list[Line] = []
    for group in groups:
        if lines and airy:
            lines.append(())
        lines.append((left(column, group.heading, "strong", bold=True),))
        for key, label in group.keys:
            keys, also = _split_keys(plain(key))
            words = _("{label}; {keys}").format(label=label, keys=also) if also else label
            words = words if column + 13 + width_of(words) <= end else label
            lines.append((left(column + 2, keys, "accent"), fitted(column + 13, end, words)))
    return lines
