"""A choice out of a few, each with what it means or why it cannot be taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.message import Message

from banqup_tui.domain.words import _
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.one_line import Word, Words
from banqup_tui.widgets.panel import Button, Panel, PanelLine, title_of, words_line


class Choice(NamedTuple):
    """`note`: what it asks for, or, of a disabled one, why it cannot be taken. `right`: a few words, a key."""

    id: str
    label: str
    note: str = ""
    enabled: bool = True
    right: str = ""


class Choose(Panel):
    class Chosen(Message):
        def __init__(self, choice_id: str) -> None:
            super().__init__()
            self.choice_id = choice_id

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._title = self._right = self._button_label = ""
        self._choices: Sequence[Choice] = ()
        self._info: Words = ()
        self._extra_keys: Sequence[FooterKey] = ()

    def open_choice(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        right: str = "",
        button: str = "",
        info: Words = (),
        keys: Sequence[FooterKey] = (),
        cursor: int = 0,
    ) -> None:
        """`right` stands in the title (`1 of 2`). With `button` there are two, it and `Cancel`. `info`: for the row
        above the footer. `keys`: further keys of the footer."""
        self._title, self._choices, self._right, self._button_label = title, choices, right, button
        self._info, self._extra_keys = info, keys
        self._item = cursor
        self.show_panel()

    async def ask(self, title: str, choices: Sequence[Choice], *, right: str = "", button: str = "") -> str | None:
        """The id of the chosen one, None for Escape. For workers."""
        self.open_choice(title, choices, right=right, button=button)
        answer: str | None = await self.wait_for_answer()
        return answer

    @property
    def title_words(self) -> Words:
        return title_of(self._title)

    @property
    def title_right(self) -> Words:
        return [Word(self._right, "muted")] if self._right else ()

    def body_lines(self) -> list[PanelLine]:
        lines: list[PanelLine] = []
        for index, choice in enumerate(self._choices):
            label = Word(choice.label, "text" if choice.enabled else "muted")
            right = [Word(choice.right, "muted")] if choice.right else ()
            lines.append(words_line([label], right, indent=3, item=index))
            if choice.note:
                lines.append(words_line([Word(choice.note, "muted")], indent=5, item=index, is_head=False))
        return lines

    def buttons(self) -> Sequence[Button]:
        if not self._button_label:
            return ()
        return [Button("accept", self._button_label), Button("cancel", _("Cancel"))]

    def item_count(self) -> int:
        return len(self._choices)

    def can_hold_cursor(self, item: int) -> bool:
        return self._choices[item].enabled

    def footer_keys(self) -> Sequence[FooterKey]:
        accept = self._button_label or _("Choose")
        return [
            FooterKey("↑↓", _("Move")),
            FooterKey("Enter", accept),
            *self._extra_keys,
            FooterKey("Esc", _("Cancel")),
        ]

    def info_words(self) -> Words:
        return self._info

    def accepted(self) -> None:
        if self._choices and self._choices[self.item].enabled:
            choice_id = self._choices[self.item].id
            self.finish(choice_id)
            self.post_message(self.Chosen(choice_id))

    def clicked(self, item: int) -> None:
        if not self._button_label:
            self.accepted()

    def pressed(self, button: Button) -> None:
        if button.id == "accept":
            self.accepted()
        else:
            self.action_cancel()
