"""A line to type in a panel: a path, a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.strip import Strip

from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.panels.panel import TEXT_MARGIN, Panel, PanelRow
from banqup_tui.widgets.strips import strip_of
from banqup_tui.widgets.text_input import LineEditor
from banqup_tui.widgets.text_lines import Line, fitted, left
from banqup_tui.widgets.theme import Ground, Look

_FIELD: Line = (left(0, "\u00a0"),)


class Prompt(Panel):
    """Answers with the text. `complete` returns what Tab makes of it."""

    takes_text = True

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title, self._problem = "", ""
        self._editor = LineEditor()
        self._complete: Callable[[str], str] | None = None

    def fill(self, title: str, text: str = "", *, complete: Callable[[str], str] | None = None) -> None:
        self._title, self._problem, self._complete = title, "", complete
        self._editor.set(text)

    def rows(self, width: int) -> list[PanelRow]:
        title = PanelRow((fitted(0, width, self._title, "strong", bold=True),))
        return [title, PanelRow(_FIELD), PanelRow((fitted(2, width, self._problem, "error"),))]

    def draw_row(self, row: PanelRow, look: Look, width: int, ground: Ground) -> Strip:
        if row.line is not _FIELD:
            return super().draw_row(row, look, width, ground)
        plain, accent = look.style("text", ground), look.style("accent", ground)
        field = self._editor.pieces(width - TEXT_MARGIN - 4, look, "bg")
        return strip_of([("  ", plain), (sign("prompt"), accent), (" ", plain), *field], width, plain)

    def footer_keys(self) -> Sequence[FooterKey]:
        tab = (FooterKey("Tab", _("Complete")),) if self._complete else ()
        return FooterKey("Enter", _("Confirm")), *tab, FooterKey("Esc", _("Cancel"))

    def action_enter(self) -> None:
        text = self._editor.text.strip()
        self.answer(text or None)

    def on_key(self, event: events.Key) -> None:
        if event.key == "tab" and self._complete is not None:
            event.stop()
            event.prevent_default()
            self._editor.set(self._complete(self._editor.text))
            self.refresh()
        elif self._editor.take(event):
            event.stop()
            event.prevent_default()
            self.refresh()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._editor.insert(event.text)
        self.refresh()
