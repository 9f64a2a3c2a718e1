"""The keys that work in this place, in groups, in two columns. `/` searches them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events

from banqup_tui.domain.words import _
from banqup_tui.widgets.editor import LineEditor
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.formats import cut
from banqup_tui.widgets.lines import LineBuilder
from banqup_tui.widgets.one_line import Word, Words
from banqup_tui.widgets.panel import BLANK, Draw, Panel, PanelLine, title_of, words_line
from banqup_tui.widgets.signs import plain
from banqup_tui.widgets.theme import Ground, Look


class HelpGroup(NamedTuple):
    """Keys as they are written, and what each does."""

    title: str
    keys: Sequence[tuple[str, str]]


class Help(Panel):
    widest = 100
    margin = 1

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._title = self._note = ""
        self._left: Sequence[HelpGroup] = ()
        self._right: Sequence[HelpGroup] = ()
        self._editor: LineEditor | None = None

    def open_help(self, title: str, left: Sequence[HelpGroup], right: Sequence[HelpGroup], note: str = "") -> None:
        """`title`: `Keys: client documents`. `note`: a muted last line, as for AZERTY keyboards."""
        self._title, self._left, self._right, self._note = title, left, right, note
        self._editor = None
        self.show_panel()

    # Drawing

    @property
    def title_words(self) -> Words:
        return title_of(self._title)

    @property
    def title_right(self) -> Words:
        if self._editor is not None:
            return [Word(f"/ {self._editor.text}", "accent")]
        return [Word(_("Esc closes"), "muted")]

    @property
    def _is_tight(self) -> bool:
        """No room for blank lines between the groups."""
        rows = max(_height(self._left, 1), _height(self._right, 1))
        return rows + 5 > self.app.size.height - 2

    def head_lines(self) -> list[PanelLine]:
        return [*super().head_lines(), *([] if self._is_tight else [BLANK])]

    def body_lines(self) -> list[PanelLine]:
        gap = 0 if self._is_tight else 1
        left, right = self._column(self._left, gap), self._column(self._right, gap)
        count = max(len(left), len(right))
        left += [("", "", False)] * (count - len(left))
        right += [("", "", False)] * (count - len(right))
        return [PanelLine(self._drawing(*pair)) for pair in zip(left, right, strict=True)]

    def foot_lines(self) -> list[PanelLine]:
        if not self._note:
            return [BLANK]
        note = words_line([Word(self._note, "muted")])
        return [note] if self._is_tight else [BLANK, note, BLANK]

    def _column(self, groups: Sequence[HelpGroup], gap: int) -> list[tuple[str, str, bool]]:
        """Lines as (key, words, is a heading)."""
        wanted = self._editor.text.casefold() if self._editor is not None else ""
        lines: list[tuple[str, str, bool]] = []
        for group in groups:
            keys = [pair for pair in group.keys if wanted in " ".join(pair).casefold()]
            if keys:
                lines += [("", "", False)] * (gap if lines else 0)
                lines += [(group.title, "", True), *((key, words, False) for key, words in keys)]
        return lines

    def _drawing(self, left: tuple[str, str, bool], right: tuple[str, str, bool]) -> Draw:
        def draw(line: LineBuilder, look: Look, ground: Ground, width: int) -> None:
            middle = width // 2 if width < 90 else 50
            for start, end, (key, words, is_heading) in ((2, middle, left), (middle, width - 2, right)):
                if is_heading:
                    line.at(start).put(cut(key, end - start), look.style("strong", ground, bold=True))
                elif key:
                    column = start + 13
                    line.at(start + 2).put(plain(key), look.style("accent", ground))
                    line.at(max(column, line.column + 2)).put(
                        cut(words, end - max(column, line.column)), look.style("text", ground)
                    )

        return draw

    def position(self, width: int, height: int) -> tuple[int, int]:
        screen = self.app.size
        return (screen.width - width) // 2, max((screen.height - height) // 3, 1)

    def footer_keys(self) -> Sequence[FooterKey]:
        return [FooterKey("↑↓", _("Scroll")), FooterKey("/", _("Search keys")), FooterKey("Esc", _("Close"))]

    # Actions

    def action_cancel(self) -> None:
        if self._editor is not None:
            self._editor = None
            self.rebuild()
        else:
            super().action_cancel()

    # Events

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self._editor is not None and LineEditor.consumes(key, character)

    def on_key(self, event: events.Key) -> None:
        if self._editor is not None:
            if self._editor.handle(event):
                event.stop()
                event.prevent_default()
                self._top = 0
                self.rebuild()
            return
        if event.character == "/":
            event.stop()
            self._editor = LineEditor(limit=40)
            self.rebuild()
        elif event.character in ("?", ",", "q"):
            event.stop()
            event.prevent_default()
            super().action_cancel()
        elif event.key in ("j", "k"):
            event.stop()
            self.scroll_body_to(self._top + (1 if event.key == "j" else -1))


def _height(groups: Sequence[HelpGroup], gap: int) -> int:
    return sum(len(group.keys) + 1 for group in groups) + gap * max(len(groups) - 1, 0)
