"""A choice between options with a note each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.binding import Binding

from banqup_tui.presentation.formats import wrapped
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.widths import width_of
from banqup_tui.presentation.words import _
from banqup_tui.widgets.buttons import Button, button_row
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.panels.panel import Panel, PanelRow
from banqup_tui.widgets.text_lines import fitted, right

CANCEL, CONTINUE = "cancel", "continue"


class Option(NamedTuple):
    """An option. `reason` dims it; `note` stands below it; `key` chooses it at once."""

    id: str
    label: str
    note: str = ""
    key: str = ""
    reason: str | None = None


class Choose(Panel):
    """Answers with the id of the option. `step` stands at the right of the title, such as `1 of 2`."""

    BINDINGS = [
        Binding("tab,right", "button(1)", show=False, id="choose.next"),
        Binding("shift+tab,left", "button(-1)", show=False, id="choose.previous"),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title, self._step, self._confirm = "", "", ""
        self._lines: Sequence[str] = ()
        self._options: Sequence[Option] = ()
        self._button = ""

    def fill(
        self, title: str, options: Sequence[Option], *, lines: Sequence[str] = (), step: str = "", confirm: str = ""
    ) -> None:
        """Sets title and options, with `lines` between them.

        With `confirm` a button of that name goes on; without, Enter on an option does.
        """
        self._title, self._options, self._step, self._confirm = title, options, step, confirm
        self._lines = lines
        self._button = ""
        self.go_to("")

    def rows(self, width: int) -> list[PanelRow]:
        rows = [
            PanelRow(
                (
                    fitted(0, width - len(self._step) - 2, self._title, "strong", bold=True),
                    right(width, self._step, "muted"),
                )
            )
        ]
        for text in self._lines:
            parts = [text] if width_of(text) <= width else wrapped(text, width)  # columns keep their blanks
            rows += [PanelRow((fitted(0, width, part),)) for part in parts]
        if self._lines:
            rows.append(PanelRow())
        for option in self._options:
            dimmed = option.reason is not None
            label = fitted(0, width - 4, option.label, "muted" if dimmed else "text")
            key = right(width, "" if dimmed else option.key, "accent")
            rows.append(PanelRow((label, key), "" if dimmed else option.id))
            below = option.reason if dimmed else option.note
            if below:
                rows.append(PanelRow((fitted(2, width, below, "muted"),)))
        line, zones = button_row(self._buttons(), self._button)
        return [*rows, PanelRow(), PanelRow(line, zones=zones)]

    def wanted_width(self, available: int) -> int:
        texts = [text for option in self._options for text in (option.label, option.note, option.reason or "")]
        texts += self._lines
        return min(available, max(56, max(map(len, texts), default=0) + 8))

    def footer_keys(self) -> Sequence[FooterKey]:
        return (
            FooterKey(sign("up") + sign("down"), _("Move")),
            FooterKey("Enter", self._confirm or _("Choose")),
            FooterKey("Esc", _("Cancel")),
        )

    def action_enter(self) -> None:
        self.answer(None if self._button == CANCEL or not self.cursor else self.cursor)

    def action_button(self, step: int) -> None:
        stops = ["", *(button.id for button in self._buttons())]
        self._button = stops[(stops.index(self._button) + step) % len(stops)]
        self.rebuild()

    def pressed(self, button: str) -> None:
        self._button = button
        self.action_enter()

    def clicked(self, row: PanelRow) -> None:
        if not self._confirm:
            self.action_enter()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("j", "k"):
            event.stop()
            self.action_move(1 if event.key == "j" else -1)
            return
        for option in self._options:
            if option.key and option.key == event.character and option.reason is None:
                event.stop()
                self.answer(option.id)
                return

    def _buttons(self) -> list[Button]:
        possible = any(option.reason is None for option in self._options)
        go_on = [Button(CONTINUE, self._confirm)] if self._confirm and possible else []
        return [*go_on, Button(CANCEL, _("Cancel"))]
