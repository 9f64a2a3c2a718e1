"""The palette: every action and client by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from textual import events
from textual.strip import Strip

from banqup_tui.presentation.signs import plain, sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.panels.panel import TEXT_MARGIN, Panel, PanelRow
from banqup_tui.widgets.strips import strip_of
from banqup_tui.widgets.text_input import LineEditor
from banqup_tui.widgets.text_lines import Line, fitted, left, right
from banqup_tui.widgets.theme import Ground, Look

_FIELD: Line = (left(0, "\u00a0"),)
_MOST = 9


class PaletteEntry(NamedTuple):
    """An entry. `beside` is what it applies to or, if it is not `possible`, why not."""

    id: str
    label: str
    beside: str = ""
    key: str = ""
    possible: bool = True


class Palette(Panel):
    """Answers with the id of the entry. `find` returns what fits the typed text, best first."""

    takes_text = True

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._editor = LineEditor()
        self._find: Callable[[str], Sequence[PaletteEntry]] = lambda _text: ()
        self._title, self._nothing, self._run = "", "", ""

    def fill(
        self, find: Callable[[str], Sequence[PaletteEntry]], *, title: str = "", nothing: str = "", run: str = ""
    ) -> None:
        """Sets the search. Other texts than those for commands: the title, for no match, and for Enter."""
        self._find = find
        self._title, self._nothing, self._run = title, nothing, run
        self._editor.set("")
        self.go_to("")

    def rows(self, width: int) -> list[PanelRow]:
        title = self._title or _("Commands")
        rows = [PanelRow((fitted(0, width, title, "strong", bold=True),)), PanelRow(_FIELD), PanelRow()]
        entries = list(self._find(self._editor.text))[:_MOST]
        for entry in entries:
            token = "text" if entry.possible else "muted"
            beside = right(width - 3, entry.beside, "muted")
            width_left = width - 5 - len(entry.beside)
            line = (fitted(0, width_left, plain(entry.label), "text" if token == "text" else "muted"), beside)
            rows.append(PanelRow((*line, right(width, entry.key, "muted")), entry.id if entry.possible else ""))
        if not entries:
            rows.append(PanelRow((fitted(0, width, self._nothing or _("No command is called that."), "muted"),)))
        return rows + [PanelRow()] * (_MOST - max(len(entries), 1))

    def draw_row(self, row: PanelRow, look: Look, width: int, ground: Ground) -> Strip:
        if row.line is not _FIELD:
            return super().draw_row(row, look, width, ground)
        text, accent = look.style("text", ground), look.style("accent", ground)
        field = self._editor.pieces(width - TEXT_MARGIN - 4, look, "bg")
        return strip_of([("  ", text), (sign("prompt"), accent), (" ", text), *field], width, text)

    def footer_keys(self) -> Sequence[FooterKey]:
        return (
            FooterKey(sign("up") + sign("down"), _("Move")),
            FooterKey("Enter", self._run or _("Run")),
            FooterKey("Esc", _("Close")),
        )

    def on_key(self, event: events.Key) -> None:
        if self._editor.take(event):
            event.stop()
            event.prevent_default()
            self.go_to("")
            self.rebuild()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._editor.insert(event.text)
        self.rebuild()


def matching_entries(text: str, entries: Iterable[PaletteEntry]) -> list[PaletteEntry]:
    """Returns the entries that have every word of the text, possible ones first, then by their beginning."""
    words = text.casefold().split()
    fitting = [entry for entry in entries if all(word in entry.label.casefold() for word in words)]
    return sorted(
        fitting,
        key=lambda entry: (not entry.possible, not entry.label.casefold().startswith(text.casefold())),
    )
