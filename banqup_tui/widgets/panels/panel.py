"""Base class of panels, which lie over the sheet until they are answered: menu, question, palette, help.

A panel lies on a layer of its own and is hidden by `visibility`, so showing it repaints only its own cells. `ask`
shows it, waits for the answer, hides it and gives the focus back. It is modal: keys that it does not know end here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.buttons import Zone
from banqup_tui.widgets.focus import FrontWidget
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.page import draw
from banqup_tui.widgets.strips import Piece, strip_of, width_of
from banqup_tui.widgets.text_lines import BLANK, Line, TextPut
from banqup_tui.widgets.theme import Ground, Look, look_of

TEXT_MARGIN = 2
"""Columns between the panel's edge and its text; the cursor line begins one before it."""


class PanelRow(NamedTuple):
    """A row of a panel.

    Attributes:
        key: The name of a row that can hold the cursor.
        rule: Whether a line is drawn across.
        zones: Where buttons can be clicked.
        bare: Whether the frame is left out beside it.
    """

    line: Line = BLANK
    key: str = ""
    rule: bool = False
    zones: tuple[Zone, ...] = ()
    bare: bool = False


class Panel(FrontWidget):
    """Subclasses give `rows` and `wanted_width`, and call `answer` with the decision or `None`."""

    DEFAULT_CSS = """
    Panel { layer: panels; position: absolute; visibility: hidden; width: 20; height: 3; background: $panel; }
    Panel.-shown { visibility: visible; }
    """
    BINDINGS = [
        Binding("up", "move(-1)", show=False, id="panel.up"),
        Binding("down", "move(1)", show=False, id="panel.down"),
        Binding("pageup", "move(-8)", show=False, id="panel.page_up"),
        Binding("pagedown", "move(8)", show=False, id="panel.page_down"),
        Binding("enter", "enter", show=False, id="panel.enter"),
        Binding("escape", "close", show=False, id="panel.close"),
        Binding("question_mark,comma", "close_for('help')", show=False, id="panel.help"),
        Binding("colon,ctrl+p", "close_for('palette')", show=False, id="panel.palette"),
    ]
    ALLOW_SELECT = False

    class Shown(Message):
        """A panel has opened or closed, so the footer shows its keys or those of the place."""

        def __init__(self, panel: Panel, open: bool) -> None:
            super().__init__()
            self.panel, self.open = panel, open

    class SwitchRequested(Message):
        """The panel was closed in favour of another one: `help` or `palette`."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    takes_text: ClassVar[bool] = False
    """Whether letters are text in it, so that the keys of palette and help do not work."""
    is_wide: ClassVar[bool] = False
    """Whether it is as wide as the window."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[PanelRow] = []
        self._top = 0
        self._cursor = ""
        self._answer: asyncio.Future[object] | None = None
        self._before: Widget | None = None
        self._hangs_from: Region | None = None

    # overridden by subclasses

    def rows(self, width: int) -> list[PanelRow]:
        """Returns all rows for a width in cells of text, the title first. An empty last row is added."""
        raise NotImplementedError

    def wanted_width(self, available: int) -> int:
        return min(available, 76)

    def footer_keys(self) -> Sequence[FooterKey]:
        return (
            FooterKey(sign("up") + sign("down"), _("Move")),
            FooterKey("Enter", _("Choose")),
            FooterKey("Esc", _("Close")),
        )

    def action_enter(self) -> None:
        self.answer(self._cursor or None)

    # showing it

    @property
    def is_open(self) -> bool:
        return self._answer is not None

    async def ask(self, *, hangs_from: Region | None = None) -> Any:
        """Shows the panel and returns its answer. It hangs below the row `hangs_from` of the screen, or above it."""
        if self._answer is not None:
            return None
        self._answer = asyncio.get_running_loop().create_future()
        self._before = self.screen.focused
        self._hangs_from = hangs_from
        self._top = 0
        self.rebuild()
        self.add_class("-shown")
        self.screen.set_focus(self, scroll_visible=False)
        self.screen.post_message(self.Shown(self, True))
        try:
            return await self._answer
        finally:
            self._hide()

    def answer(self, value: object) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(value)

    def focus_after(self, widget: Widget | None) -> None:
        self._before = widget or self._before

    def left_by_click(self) -> None:
        self.answer(None)

    def window_changed(self) -> None:
        """Moves the panel to the middle, because the row it hung from is elsewhere now."""
        self._hangs_from = None
        self.rebuild()

    def rebuild(self) -> None:
        """Measures and places the panel again, after its content or the window has changed."""
        space = self.app.size
        width = space.width if self.is_wide else min(self.wanted_width(space.width - 4), space.width - 2)
        self._rows = [*self.rows(width - 2 * TEXT_MARGIN), PanelRow()]
        self._keep_cursor()
        height = min(len(self._rows), self._width_left(space))
        region = self._place(space, width, height)
        if self.size != region.size or (self.styles.offset.x.value, self.styles.offset.y.value) != region.offset:
            self.styles.width, self.styles.height = region.width, region.height
            self.styles.offset = (region.x, region.y)
        self._scroll(region.height)
        self.refresh()

    def _width_left(self, space: Size) -> int:
        return space.height - 3

    def _place(self, space: Size, width: int, height: int) -> Region:
        row = self._hangs_from
        if row is None:
            return Region((space.width - width) // 2, -((height - space.height) // 3), width, height)
        x = max(min(row.right, space.width - 3) - width, 0)
        below, above = space.height - 2 - row.bottom, row.y - 2
        if height <= below or below >= above:
            return Region(x, row.bottom, width, min(height, below))
        height = min(height, above)
        return Region(x, row.y - height, width, height)

    def _hide(self) -> None:
        self._answer = None
        if not self.is_attached:
            return
        self.remove_class("-shown")
        screen = self.screen
        if self._before is not None and self._before.is_attached:
            screen.set_focus(self._before, scroll_visible=False)
        screen.post_message(self.Shown(self, False))

    # the cursor

    @property
    def cursor(self) -> str:
        """The key of the row under the cursor."""
        return self._cursor

    @property
    def keys(self) -> list[str]:
        return [row.key for row in self._rows if row.key]

    def go_to(self, key: str) -> None:
        self._cursor = key

    def action_move(self, rows: int) -> None:
        keys = self.keys
        if not keys:
            self._scroll_by(rows)
            return
        at = keys.index(self._cursor) if self._cursor in keys else 0
        target = keys[max(0, min(at + rows, len(keys) - 1))]
        if target != self._cursor:
            self._cursor = target
            self.cursor_moved()

    def cursor_moved(self) -> None:
        self.rebuild()

    def action_close(self) -> None:
        self.answer(None)

    def action_close_for(self, name: str) -> None:
        self.answer(None)
        self.screen.post_message(self.SwitchRequested(name))

    def _keep_cursor(self) -> None:
        if self._cursor not in self.keys:
            self._cursor = next(iter(self.keys), "")

    def _scroll(self, height: int) -> None:
        """Scrolls so that the cursor is in sight; the first row, the title, stays."""
        at = next((at for at, row in enumerate(self._rows) if row.key and row.key == self._cursor), 0)
        if at - self._top > height - 2:
            self._top = at - height + 2
        elif at - self._top < 1:
            self._top = max(at - 1, 0)
        self._top = max(min(self._top, len(self._rows) - height), 0)

    def _scroll_by(self, rows: int) -> None:
        self._top = max(min(self._top + rows, len(self._rows) - self.size.height), 0)
        self.refresh()

    # drawing

    def render_line(self, y: int) -> Strip:
        look, width = look_of(self), self.size.width
        last = y == self.size.height - 1
        at = 0 if y == 0 else y + self._top
        row = self._rows[at] if at < len(self._rows) else PanelRow()
        if look.has_grounds:
            return self._plain_line(row, look, width)
        return self._framed_line(row, look, width, first=y == 0, last=last)

    def _plain_line(self, row: PanelRow, look: Look, width: int) -> Strip:
        if row.rule:
            line = sign("line_h") * (width - 2)
            plain = look.style("text", "raised")
            return strip_of([(" ", plain), (line, look.style("rule", "raised"))], width, plain)
        if not (row.key and row.key == self._cursor):
            return self.draw_row(row, look, width, "raised")
        edge = look.style("text", "raised")
        inner = draw(row.line, look, width - 2, ground="cursor", margin=TEXT_MARGIN - 1)
        return strip_of([(" ", edge), *((s.text, s.style or edge) for s in inner), (" ", edge)], width, edge)

    def draw_row(self, row: PanelRow, look: Look, width: int, ground: Ground) -> Strip:
        """Draws a row without the cursor. A panel with a field draws the field itself."""
        return draw(row.line, look, width, ground=ground, margin=TEXT_MARGIN)

    def _framed_line(self, row: PanelRow, look: Look, width: int, *, first: bool, last: bool) -> Strip:
        frame = look.style("text", "raised")
        across = sign("line_h")
        if first:
            title = next(iter(row.line), TextPut(0, "")).text
            head = f"{sign('corner_tl')}{across} "
            rest = across * max(width - len(head) - width_of(title) - 2, 0)
            bold = look.style("strong", "raised", bold=True)
            return strip_of([(head, frame), (title, bold), (f" {rest}{sign('corner_tr')}", frame)], width, frame)
        if last:
            return strip_of([(f"{sign('corner_bl')}{across * (width - 2)}{sign('corner_br')}", frame)], width, frame)
        if row.bare:
            return self.draw_row(row, look, width, "raised")
        side: Piece = (sign("line_v"), frame)
        if row.rule:
            return strip_of([side, (across * (width - 2), frame), side], width, frame)
        on_it = bool(row.key) and row.key == self._cursor
        if on_it:
            inner = draw(row.line, look, width - 2, ground="cursor", margin=TEXT_MARGIN - 1)
        else:
            inner = self.draw_row(row, look, width, "raised").crop(1, width - 1)
        return strip_of([side, *((s.text, s.style or frame) for s in inner), side], width, frame)

    # mouse and window

    def row_at(self, y: int) -> PanelRow:
        at = 0 if y == 0 else y + self._top
        return self._rows[at] if at < len(self._rows) else PanelRow()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        row = self.row_at(event.y)
        for zone in row.zones:
            if zone.start <= event.x - TEXT_MARGIN < zone.end:
                self.pressed(zone.id)
        if row.key:
            self._cursor = row.key
            self.cursor_moved()
            self.clicked(row)

    def clicked(self, row: PanelRow) -> None:
        """Is called after a click on a row; the cursor is on it."""
        self.action_enter()

    def pressed(self, button: str) -> None:
        """Is called after a click on a button."""

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-1)

    def refresh_focus(self) -> None:
        """Does nothing: a panel is never seen without focus."""
