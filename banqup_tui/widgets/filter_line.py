"""The line in which a filter or a search is typed. It lies over the title; an error stands on the row below, under
the word it is about, so that nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from banqup_tui.domain.words import _
from banqup_tui.widgets.editor import LineEditor
from banqup_tui.widgets.focus import QuietFocus, forget_layout_repaint
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.formats import cut, shown
from banqup_tui.widgets.lines import LineBuilder, width_of
from banqup_tui.widgets.theme import Look, look_of

Complete = Callable[[str, int], "tuple[str, int] | None"]
"""Text and caret to the text and caret with the word completed, or None."""
_FIELD, _TEXT = 4, 5


class Problem(NamedTuple):
    """What cannot be read, from character `start` to before `end`, and why, with the remedy."""

    start: int
    end: int
    sentence: str


class FilterLine(QuietFocus):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "apply", show=False, id="filter.apply"),
        Binding("escape", "cancel", show=False, id="filter.cancel"),
        Binding("tab", "complete", show=False, id="filter.complete"),
        Binding("up", "earlier(1)", show=False, id="filter.earlier"),
        Binding("down", "earlier(-1)", show=False, id="filter.later"),
    ]
    DEFAULT_CSS = """
    FilterLine {
        layer: panels; position: absolute; offset: 0 1; width: 100%; height: 1; visibility: hidden;
    }
    """

    class Opened(Message):
        """The line took the focus: `keys` are the ones that work in it."""

        def __init__(self, keys: Sequence[FooterKey]) -> None:
            super().__init__()
            self.keys = keys

    class Changed(Message):
        """The text is another. Only the last of several waiting ones is delivered."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, FilterLine.Changed)

    class Closed(Message):
        """Enter (`applied`), or Escape: then `text` is what stood there when the line was opened."""

        def __init__(self, text: str, applied: bool) -> None:
            super().__init__()
            self.text = text
            self.applied = applied

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._editor = LineEditor(limit=500)
        self._right = ""
        self._problem: Problem | None = None
        self._before = ""
        self._complete: Complete | None = None
        self._history: Sequence[str] = ()
        self._history_at = -1
        self._back_to: Widget | None = None

    @property
    def is_modal(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return self._editor.text

    def open_line(self, text: str = "", *, complete: Complete | None = None, history: Sequence[str] = ()) -> None:
        """Show it and type. `history`: earlier filters, the newest first."""
        self._editor.set(text)
        self._before, self._complete, self._history, self._history_at = text, complete, history, -1
        self._problem = None
        self.styles.height = 1
        if not self.visible:
            self._back_to = self.screen.focused
            self.visible = True
        self.screen.set_focus(self, scroll_visible=False)
        self.post_message(self.Opened(self.footer_keys()))

    def close_line(self, applied: bool) -> None:
        if not self.visible:
            return
        text = self._editor.text if applied else self._before
        self.visible = False
        if self._back_to is not None and self._back_to.is_attached:
            self.screen.set_focus(self._back_to, scroll_visible=False)
        self.post_message(self.Closed(text, applied))

    def set_right(self, text: str) -> None:
        """What the filter leaves, at the end of the field: `8 of 34`."""
        if text != self._right:
            self._right = text
            self.refresh()

    def set_problem(self, problem: Problem | None) -> None:
        """Point out what cannot be read; None where everything can."""
        if problem != self._problem:
            self._problem = problem
            self.styles.height = 2 if problem else 1
            self.refresh()

    def footer_keys(self) -> Sequence[FooterKey]:
        return [
            FooterKey("Tab", _("Complete"), self._complete is not None),
            FooterKey("Enter", _("Apply")),
            FooterKey("↑", _("Earlier"), bool(self._history)),
            FooterKey("Esc", _("Clear")),
        ]

    # Drawing

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        line = LineBuilder(look.style("text"))
        (self._draw_field if y == 0 else self._draw_problem)(line, look)
        return line.strip(self.size.width)

    def _draw_field(self, line: LineBuilder, look: Look) -> None:
        style = look.style("text", "field")
        line.at(2).put("/", look.style("accent", bold=True)).at(_FIELD).put(" ", style)
        marks = []
        if self._problem is not None:
            marks.append((self._problem.start, self._problem.end, look.style("error", "field", underline=True)))
        for text, piece in self._editor.pieces(self._room, style, look.caret() if self.has_focus else None, marks):
            line.put(text, piece)
        right = f"  {shown(self._right)} " if self._right else " "
        line.put(right, look.style("muted", "field"))

    @property
    def _room(self) -> int:
        reserved = width_of(shown(self._right)) + 3 if self._right else 1
        return max(self.size.width - 2 - _TEXT - reserved, 1)

    def _draw_problem(self, line: LineBuilder, look: Look) -> None:
        problem = self._problem
        if problem is None:
            return
        scrolled = self._editor.offset_in(self._room)
        text = shown(self._editor.text)
        start = _TEXT + max(width_of(text[: problem.start]) - scrolled, 0)
        carets = "^" * max(width_of(text[problem.start : problem.end]), 1)
        sentence = shown(problem.sentence)
        end = self.size.width - 2
        style = look.style("error")
        room_right = end - start - len(carets) - 1
        if width_of(sentence) > room_right and start - 3 > room_right:
            line.put_right(start - 1, cut(sentence, start - 3), style).at(start).put(carets, style)
        else:
            line.at(start).put(f"{carets} {cut(sentence, max(room_right, 0))}", style)

    # Actions

    def action_apply(self) -> None:
        self.close_line(applied=True)

    def action_cancel(self) -> None:
        self.close_line(applied=False)

    def action_complete(self) -> None:
        completed = self._complete(self._editor.text, self._editor.caret) if self._complete is not None else None
        if completed is not None:
            self._editor.text, self._editor.caret = completed
            self._has_changed()

    def action_earlier(self, step: int) -> None:
        at = min(max(self._history_at + step, -1), len(self._history) - 1)
        if at != self._history_at:
            self._history_at = at
            self._editor.set(self._history[at] if at >= 0 else self._before)
            self._has_changed()

    def _has_changed(self) -> None:
        self.refresh()
        self.post_message(self.Changed(self._editor.text))

    # Events

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return LineEditor.consumes(key, character)

    def on_key(self, event: events.Key) -> None:
        before = self._editor.text
        if self._editor.handle(event):
            event.stop()
            event.prevent_default()
            if self._editor.text != before:
                self._has_changed()
            else:
                self.refresh()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._editor.insert(event.text)
        self._has_changed()

    def on_resize(self, event: events.Resize) -> None:
        forget_layout_repaint(self)
