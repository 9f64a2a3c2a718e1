"""The three-dot menu: actions with what they will do, or why they cannot be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events

from banqup_tui.presentation.signs import plain, sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.panels.panel import Panel, PanelRow
from banqup_tui.widgets.text_lines import fitted, right

LEAST_WIDTH = 54


class MenuEntry(NamedTuple):
    """An entry.

    Attributes:
        key: The key, as it is written; `presses` as Textual names them.
        note: What it will do, on the line below.
        reason: Why it cannot be done; it dims the entry.
        part: Entries of a part stand together, with a line between parts.
    """

    id: str
    label: str
    key: str = ""
    presses: tuple[str, ...] = ()
    note: str = ""
    reason: str | None = None
    part: int = 0


class Menu(Panel):
    """Answers with the id of the entry."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = ""
        self._entries: Sequence[MenuEntry] = ()

    def fill(self, title: str, entries: Sequence[MenuEntry]) -> None:
        self._title, self._entries = title, entries
        self.go_to("")

    def rows(self, width: int) -> list[PanelRow]:
        rows = [PanelRow((fitted(0, width, self._title, "strong", bold=True),))]
        part: int | None = None
        for entry in self._entries:
            if part is not None and entry.part != part:
                rows.append(PanelRow(rule=True))
            part = entry.part
            rows += self._entry(entry, width)
        return rows

    def _entry(self, entry: MenuEntry, width: int) -> list[PanelRow]:
        dimmed = entry.reason is not None
        key = sign("none") if dimmed else plain(entry.key)
        line = (
            fitted(0, width - len(key) - 2, plain(entry.label), "muted" if dimmed else "text"),
            right(width, key, "muted" if dimmed else "accent"),
        )
        rows = [PanelRow(line, "" if dimmed else entry.id)]
        below = entry.reason if dimmed else entry.note
        if below:
            rows.append(PanelRow((fitted(2, width, below, "muted"),)))
        return rows

    def wanted_width(self, available: int) -> int:
        longest = max((len(text) for entry in self._entries for text in (entry.label, entry.note)), default=0)
        return min(available, max(LEAST_WIDTH, longest + 12))

    def footer_keys(self) -> Sequence[FooterKey]:
        return (
            FooterKey(sign("up") + sign("down"), _("Move")),
            FooterKey("Enter", _("Choose")),
            FooterKey("Esc", _("Close")),
        )

    def on_key(self, event: events.Key) -> None:
        """Runs the entry whose key is pressed, as outside the menu; `j` and `k` move."""
        if event.key in ("j", "k"):
            event.stop()
            self.action_move(1 if event.key == "j" else -1)
            return
        for entry in self._entries:
            if event.key in entry.presses and event.key != "enter" and entry.reason is None:
                event.stop()
                self.answer(entry.id)
                return
