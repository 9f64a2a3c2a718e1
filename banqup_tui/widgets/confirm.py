"""A question with its buttons: what is so, what will happen, and what one can do."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from banqup_tui.domain.words import _
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.formats import wrapped
from banqup_tui.widgets.one_line import Word, Words
from banqup_tui.widgets.panel import BLANK, Button, Panel, PanelLine, title_of, words_line


class Confirm(Panel):
    widest = 68
    margin = 6

    class Answered(Message):
        """`button_id` of the button that was pressed."""

        def __init__(self, button_id: str) -> None:
            super().__init__()
            self.button_id = button_id

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._title = ""
        self._paragraphs: Sequence[str] = ()
        self._buttons: Sequence[Button] = ()
        self._first = 0
        self._info: Words = ()

    def open_question(
        self,
        title: str,
        paragraphs: Sequence[str],
        buttons: Sequence[Button],
        *,
        first: int = 0,
        info: Words = (),
    ) -> None:
        """An empty paragraph is a blank line. `first`: the button the focus is on at the start."""
        self._title, self._paragraphs, self._buttons, self._first = title, paragraphs, buttons, first
        self._info = info
        self.show_panel()
        self._set_button(first)
        self.keys_changed()

    async def ask(
        self, title: str, paragraphs: Sequence[str], buttons: Sequence[Button], *, first: int = 0
    ) -> str | None:
        """The id of the button, None for Escape. For workers."""
        self.open_question(title, paragraphs, buttons, first=first)
        answer: str | None = await self.wait_for_answer()
        return answer

    @property
    def title_words(self) -> Words:
        return title_of(self._title)

    def body_lines(self) -> list[PanelLine]:
        width = self.panel_width() - 4
        lines: list[PanelLine] = []
        for paragraph in self._paragraphs:
            lines += [words_line([Word(line)]) for line in wrapped(paragraph, width)] if paragraph else [BLANK]
        return lines

    def buttons(self) -> Sequence[Button]:
        return self._buttons

    def footer_keys(self) -> Sequence[FooterKey]:
        here = self._buttons[self.button].label if self.button is not None and self._buttons else _("Choose")
        return [FooterKey("Enter", here), FooterKey("Tab", _("Next button")), FooterKey("Esc", _("Close"))]

    def info_words(self) -> Words:
        return self._info

    def _set_button(self, button: int | None) -> None:
        super()._set_button(button)
        self.keys_changed()

    def pressed(self, button: Button) -> None:
        self.finish(button.id)
        self.post_message(self.Answered(button.id))
