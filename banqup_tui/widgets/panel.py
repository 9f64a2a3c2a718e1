"""Base of the panels: menu, choice, confirmation, sending, palette, help.

A panel is a ready-made widget on a layer of its own, shown by `visible`: that repaints its own cells only. It is
drawn from lines: a head and a foot that stay, and a body that scrolls if there is no room. Where grounds have no
colour it has a frame, in the cells that are otherwise empty. While it is shown only its own keys work.

`show_panel` places and shows it. Its answer comes as a message of the subclass and, for a worker that waits, as the
value of `ask()`; `None` is Escape.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from banqup_tui.domain.words import _
from banqup_tui.widgets.focus import QuietFocus, forget_layout_repaint
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.formats import cut, shown
from banqup_tui.widgets.lines import LineBuilder, strip_of, width_of
from banqup_tui.widgets.one_line import Word, Words, cut_words
from banqup_tui.widgets.signs import sign
from banqup_tui.widgets.theme import Ground, Look, look_of

Draw = Callable[[LineBuilder, Look, Ground, int], None]
"""Draws one line of a panel: on what, in which look, on which ground, in how many cells."""


class PanelLine(NamedTuple):
    """`item`: the choice this line belongs to; the cursor covers it if `is_head`. `is_rule`: a line across."""

    draw: Draw | None = None
    item: int | None = None
    is_head: bool = True
    is_rule: bool = False


class Button(NamedTuple):
    """What it does, in words with the number; a disabled one is text only."""

    id: str
    label: str
    enabled: bool = True


BLANK = PanelLine()


def words_line(
    words: Words, right: Words = (), *, indent: int = 2, item: int | None = None, is_head: bool = True
) -> PanelLine:
    """Words from column `indent`, and words that end two cells before the right edge."""

    def draw(line: LineBuilder, look: Look, ground: Ground, width: int) -> None:
        reserved = sum(width_of(shown(word.text)) for word in right)
        room = width - indent - 2 - (reserved + 2 if reserved else 0)
        line.at(indent)
        for word in cut_words(words, room):
            line.put(word.text, look.style(word.token, ground, bold=word.bold))
        line.at(width - 2 - reserved)
        for word in right:
            line.put(shown(word.text), look.style(word.token, ground, bold=word.bold))

    return PanelLine(draw, item, is_head)


class Panel(QuietFocus):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False, id="panel.close"),
        Binding("down,ctrl+n", "next", show=False, id="panel.down"),
        Binding("up,ctrl+p", "previous", show=False, id="panel.up"),
        Binding("pagedown,ctrl+d", "page(1)", show=False, id="panel.page_down"),
        Binding("pageup,ctrl+u", "page(-1)", show=False, id="panel.page_up"),
        Binding("tab", "tab(1)", show=False, id="panel.tab"),
        Binding("shift+tab", "tab(-1)", show=False, id="panel.back_tab"),
        Binding("enter", "accept", show=False, id="panel.accept"),
        Binding("right", "button(1)", show=False, id="panel.button_next"),
        Binding("left", "button(-1)", show=False, id="panel.button_previous"),
    ]
    DEFAULT_CSS = """
    Panel { layer: panels; position: absolute; width: 1; height: 1; visibility: hidden; background: $panel; }
    """

    widest: ClassVar[int] = 72
    margin: ClassVar[int] = 4

    class Shown(Message):
        """A panel came up: `keys` are the ones that work in it, for the footer."""

        def __init__(self, panel: Panel, keys: Sequence[FooterKey]) -> None:
            super().__init__()
            self.panel = panel
            self.keys = keys

    class Hidden(Message):
        def __init__(self, panel: Panel) -> None:
            super().__init__()
            self.panel = panel

    class KeysChanged(Message):
        """The keys of the panel are others now."""

        def __init__(self, keys: Sequence[FooterKey]) -> None:
            super().__init__()
            self.keys = keys

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._item = 0
        self._top = 0
        self._button: int | None = None
        self._head: list[PanelLine] = []
        self._body: list[PanelLine] = []
        self._foot: list[PanelLine] = []
        self._answer: asyncio.Future[Any] | None = None
        self._back_to: Widget | None = None
        self._placed = (0, 0, 0, 0)

    # What a subclass says

    @property
    def title_words(self) -> Words:
        return ()

    @property
    def title_right(self) -> Words:
        return ()

    def head_lines(self) -> list[PanelLine]:
        return [words_line(self.title_words, self.title_right)]

    def body_lines(self) -> list[PanelLine]:
        return []

    def foot_lines(self) -> list[PanelLine]:
        buttons = self.buttons()
        return [BLANK, self._buttons_line(buttons), BLANK] if buttons else [BLANK]

    def buttons(self) -> Sequence[Button]:
        return ()

    def item_count(self) -> int:
        return 0

    def can_hold_cursor(self, item: int) -> bool:
        return True

    def footer_keys(self) -> Sequence[FooterKey]:
        return [FooterKey("↑↓", _("Move")), FooterKey("Enter", _("Choose")), FooterKey("Esc", _("Close"))]

    def info_words(self) -> Words:
        """What the row above the footer says meanwhile; nothing leaves it as it is."""
        return ()

    def accepted(self) -> None:
        """Enter in the list."""

    def pressed(self, button: Button) -> None:
        """Enter on a button, or a click on it."""

    # Showing

    @property
    def is_modal(self) -> bool:
        return True

    @property
    def item(self) -> int:
        """The choice the cursor is on."""
        return self._item

    @property
    def button(self) -> int | None:
        """The button one is on; None in the list."""
        return self._button

    def show_panel(self) -> None:
        """Place it, show it, and take the focus; what had the focus gets it back in the end."""
        self._top = 0
        self._button = None if self.item_count() or not self.buttons() else 0
        self._item = self._nearest(self._item, 1)
        self.rebuild()
        self.place()
        if not self.visible:
            self._back_to = self.screen.focused
            self.visible = True
        self.screen.set_focus(self, scroll_visible=False)
        self.post_message(self.Shown(self, self.footer_keys()))

    def hide_panel(self, *, restore_focus: bool = True) -> None:
        if not self.visible:
            return
        self.visible = False
        back_to, self._back_to = self._back_to, None
        if restore_focus and back_to is not None and back_to.is_attached and back_to.visible:
            self.screen.set_focus(back_to, scroll_visible=False)
        self.post_message(self.Hidden(self))
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def finish(self, answer: Any) -> None:
        """Hide it and hand `answer` to who waits for it."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
        self.hide_panel()

    async def wait_for_answer(self) -> Any:
        """Await this in a worker after `show_panel`, never in a message handler."""
        self._answer = asyncio.get_running_loop().create_future()
        try:
            return await self._answer
        finally:
            self._answer = None

    def place(self) -> None:
        """Size and position by what is to be shown and by the screen."""
        screen = self.app.size
        width = min(self.panel_width(), screen.width - 2)
        height = min(len(self._head) + len(self._body) + len(self._foot), screen.height - 2)
        x, y = self.position(width, height)
        styles = self.styles
        if self._placed[2:] != (width, height):
            styles.width, styles.height = width, height
        if self._placed[:2] != (x, y):
            styles.offset = (x, y)
        self._placed = (x, y, width, height)

    def panel_width(self) -> int:
        return min(self.widest, self.app.size.width - 2 * self.margin)

    def position(self, width: int, height: int) -> tuple[int, int]:
        """A third of the way down."""
        screen = self.app.size
        return (screen.width - width) // 2, max(-(-(screen.height - height) // 3), 1)

    def rebuild(self) -> None:
        """Take the lines anew; repaint if it is seen."""
        self._head, self._body, self._foot = self.head_lines(), self.body_lines(), self.foot_lines()
        if self.visible:
            self.refresh()

    def keys_changed(self) -> None:
        self.post_message(self.KeysChanged(self.footer_keys()))

    # Drawing

    @property
    def _room(self) -> int:
        """Rows for the body."""
        return max(self.size.height - len(self._head) - len(self._foot), 0)

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        width, height = self.size
        line = self._line_at(y)
        ground: Ground = "raised"
        if line.item is not None and line.item == self._item and line.is_head and self._button is None:
            ground = "cursor" if self.has_focus else "cursor_off"
        inner = LineBuilder(look.style("text", "raised"))
        if line.is_rule:
            inner.at(1).put(sign("line_h") * (width - 2), look.style("rule", "raised"))
        elif ground != "raised":
            covered = LineBuilder(look.style("text", ground))
            inner.at(1)
            if line.draw is not None:
                line.draw(covered, look, ground, width)
            inner.pieces += _without_edges(covered, width, look.style("text", ground))
            inner.column = width - 1
        elif line.draw is not None:
            line.draw(inner, look, ground, width)
        strip = inner.strip(width)
        return strip if look.has_grounds else self._framed(strip, y, width, height, look)

    def _line_at(self, y: int) -> PanelLine:
        if y < len(self._head):
            return self._head[y]
        if y >= self.size.height - len(self._foot):
            return self._foot[y - (self.size.height - len(self._foot))]
        index = self._top + y - len(self._head)
        return self._body[index] if index < len(self._body) else BLANK

    def _framed(self, strip: Strip, y: int, width: int, height: int, look: Look) -> Strip:
        style = look.style("text")
        if y == 0:
            return self._top_edge(width, look)
        if y == height - 1:
            edge = sign("corner_bl") + sign("line_h") * (width - 2) + sign("corner_br")
            return strip_of([(edge, style)], width, style)
        side = Strip([*strip_of([(sign("line_v"), style)], 1, style)], 1)
        return Strip.join([side, strip.crop(1, width - 1), side])

    def _top_edge(self, width: int, look: Look) -> Strip:
        style = look.style("text")
        title = "".join(shown(word.text) for word in self.title_words)
        right = "".join(shown(word.text) for word in self.title_right)
        line = LineBuilder(style).put(sign("corner_tl") + sign("line_h"), style)
        if title:
            line.put(f" {cut(title, width - 8 - width_of(right))} ", look.style("strong", bold=True))
        end = f" {right} {sign('line_h')}{sign('corner_tr')}" if right else sign("corner_tr")
        line.put(sign("line_h") * (width - line.column - width_of(end)) + end, style)
        return line.strip(width)

    def _buttons_line(self, buttons: Sequence[Button], indent: int = 2, note: Words = ()) -> PanelLine:
        def draw(line: LineBuilder, look: Look, ground: Ground, width: int) -> None:
            draw_buttons(line, buttons, self._button if self.has_focus else None, look, "raised", indent)
            line.at(line.column + 2 if note else line.column)
            for word in note:
                line.put(word.text, look.style(word.token, "raised"))

        return PanelLine(draw)

    # Moving

    def _nearest(self, item: int, step: int) -> int:
        count = self.item_count()
        if not count:
            return 0
        item = min(max(item, 0), count - 1)
        for direction in (step, -step):
            probe = item
            while 0 <= probe < count:
                if self.can_hold_cursor(probe):
                    return probe
                probe += direction
        return item

    def move_to(self, item: int, step: int = 1) -> None:
        new = self._nearest(item, step)
        if self._button is not None:
            self._button = None
            self._refresh_foot()
        elif new == self._item:
            self._scroll_to_item()
            return
        old, self._item = self._item, new
        if not self._scroll_to_item():
            self.refresh_item(old)
            self.refresh_item(new)
        self.item_has_changed()

    def item_has_changed(self) -> None:
        """Called after the cursor came to another choice."""

    def refresh_item(self, item: int) -> None:
        for index, line in enumerate(self._body):
            if line.item == item and 0 <= index - self._top < self._room:
                y = len(self._head) + index - self._top
                self.refresh(Region(0, y, self.size.width, 1))

    def refresh_focus(self) -> None:
        if self.visible:
            self.refresh_item(self._item)
            self._refresh_foot()

    def _refresh_foot(self) -> None:
        height = len(self._foot)
        self.refresh(Region(0, self.size.height - height, self.size.width, height))

    def _scroll_to_item(self) -> bool:
        places = [index for index, line in enumerate(self._body) if line.item == self._item]
        if not places or not self._room:
            return False
        top = min(self._top, places[0])
        if places[-1] >= top + self._room:
            top = min(places[-1] - self._room + 1, places[0])
        if places[0] <= 1 and self._item == self._nearest(0, 1):
            top = 0
        return self.scroll_body_to(top)

    def scroll_body_to(self, top: int) -> bool:
        top = min(max(top, 0), max(len(self._body) - self._room, 0))
        if top == self._top:
            return False
        self._top = top
        self.refresh()
        return True

    # Actions

    def action_cancel(self) -> None:
        self.finish(None)

    def action_next(self) -> None:
        if self.item_count():
            self.move_to(self._item + (1 if self._button is None else 0), 1)
        else:
            self.scroll_body_to(self._top + 1)

    def action_previous(self) -> None:
        if self.item_count():
            self.move_to(self._item - (1 if self._button is None else 0), -1)
        else:
            self.scroll_body_to(self._top - 1)

    def action_page(self, direction: int) -> None:
        if self.item_count():
            self.move_to(self._item + direction * max(self._room // 2, 1), direction)
        else:
            self.scroll_body_to(self._top + direction * max(self._room - 1, 1))

    def action_tab(self, direction: int) -> None:
        """The list, if there is one, then the buttons that can be pressed."""
        stops: list[int | None] = [None] if self.item_count() else []
        stops += [index for index, button in enumerate(self.buttons()) if button.enabled]
        if not stops:
            return
        here = stops.index(self._button) if self._button in stops else 0
        self._set_button(stops[(here + direction) % len(stops)])

    def action_button(self, direction: int) -> None:
        if self._button is not None:
            self.action_tab(direction)

    def action_accept(self) -> None:
        buttons = self.buttons()
        if self._button is not None and self._button < len(buttons):
            if buttons[self._button].enabled:
                self.pressed(buttons[self._button])
        else:
            self.accepted()

    def _set_button(self, button: int | None) -> None:
        self._button = button
        self.refresh_item(self._item)
        self._refresh_foot()

    # Events

    def on_resize(self, event: events.Resize) -> None:
        forget_layout_repaint(self)

    def on_blur(self, event: events.Blur) -> None:
        super().on_blur(event)
        self.call_later(self._close_if_left)

    def _close_if_left(self) -> None:
        """A click elsewhere closes the panel; the terminal losing focus does not."""
        if self.visible and self.screen.focused not in (None, self):
            self.hide_panel(restore_focus=False)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        line = self._line_at(event.y)
        if line.item is not None and self.can_hold_cursor(line.item):
            self.move_to(line.item)
            self.clicked(line.item)
            return
        button = button_at(self.buttons(), event.x) if self._is_button_row(event.y) else None
        if button is not None and button.enabled:
            self.pressed(button)

    def clicked(self, item: int) -> None:
        """A click on a choice; the cursor is on it already."""
        self.accepted()

    def _is_button_row(self, y: int) -> bool:
        return bool(self.buttons()) and y == self.size.height - 2

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_body_to(self._top + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_body_to(self._top - 3)


def draw_buttons(
    line: LineBuilder, buttons: Sequence[Button], focused: int | None, look: Look, ground: Ground, indent: int = 2
) -> None:
    """Two cells apart. Without grounds a button is its words in brackets; a disabled one is muted words."""
    line.at(indent)
    for index, button in enumerate(buttons):
        if index:
            line.at(line.column + 2)
        text = f" {button.label} " if look.has_grounds or not button.enabled else f"[{button.label}]"
        if not button.enabled:
            line.put(text, look.style("muted", ground))
        elif index == focused:
            line.put(text, look.style("text", "cursor"))
        else:
            line.put(text, look.style("text", "button"))


def button_at(buttons: Sequence[Button], x: int, indent: int = 2) -> Button | None:
    """The button at column `x` of the row that `draw_buttons` drew."""
    start = indent
    for button in buttons:
        end = start + width_of(button.label) + 2
        if start <= x < end:
            return button
        start = end + 2
    return None


def _without_edges(line: LineBuilder, width: int, blank: Any) -> list[Any]:
    """What was drawn on the whole width, without its first cell and filled up to the last but one."""
    strip = line.strip(width).crop(1, width - 1)
    return [(segment.text, segment.style or blank) for segment in strip]


def title_of(text: str) -> Words:
    return (Word(text, "strong", True),)
