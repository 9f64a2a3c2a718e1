"""A question with buttons that say what they do."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding

from banqup_tui.presentation.words import _
from banqup_tui.widgets.buttons import Button, button_row
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.panels.panel import Panel, PanelRow
from banqup_tui.widgets.text_lines import fitted, paragraph


class Confirm(Panel):
    """Answers with the id of the pressed button, `None` for Escape. At first the first button has the focus."""

    BINDINGS = [
        Binding("tab,right,l", "button(1)", show=False, id="confirm.next"),
        Binding("shift+tab,left,h", "button(-1)", show=False, id="confirm.previous"),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = ""
        self._sentences: Sequence[str] = ()
        self._buttons: Sequence[Button] = ()
        self._button = ""

    def fill(self, title: str, sentences: Sequence[str], buttons: Sequence[Button]) -> None:
        self._title, self._sentences, self._buttons = title, sentences, buttons
        self._button = buttons[0].id

    def rows(self, width: int) -> list[PanelRow]:
        rows = [PanelRow((fitted(0, width, self._title, "strong", bold=True),))]
        for sentence in self._sentences:
            rows += [PanelRow(line) for line in (paragraph(0, width, sentence) if sentence else [()])]
        line, zones = button_row(self._buttons, self._button)
        return [*rows, PanelRow(), PanelRow(line, zones=zones)]

    def wanted_width(self, available: int) -> int:
        buttons = sum(len(button.label) + 4 for button in self._buttons)
        return min(available, max(68, buttons + 4))

    def footer_keys(self) -> Sequence[FooterKey]:
        label = next(button.label for button in self._buttons if button.id == self._button)
        return FooterKey("Enter", label), FooterKey("Tab", _("Next button")), FooterKey("Esc", _("Close"))

    def action_button(self, step: int) -> None:
        ids = [button.id for button in self._buttons]
        self._button = ids[(ids.index(self._button) + step) % len(ids)]
        self.rebuild()
        self.screen.post_message(self.Shown(self, True))

    def action_move(self, rows: int) -> None:
        self.action_button(1 if rows > 0 else -1)

    def action_enter(self) -> None:
        self.answer(self._button)

    def pressed(self, button: str) -> None:
        self.answer(button)
