"""Base class of all screens: header, title, body, info and footer on a grid.

A place yields its panes from `compose_body` and its panels from `compose_panels`; a `Rule` stands between two panes.
`levels` is the number of panes that fit side by side: 1 below 110 columns, 2 below 150, then 3.
"""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.reactive import Reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from banqup_tui.presentation.formats import wrapped
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.focus import FrontWidget, QuietFocus
from banqup_tui.widgets.footer import Footer
from banqup_tui.widgets.header import Header
from banqup_tui.widgets.info import Info
from banqup_tui.widgets.strips import strip_of
from banqup_tui.widgets.theme import look_of
from banqup_tui.widgets.title import Title

LEAST_WIDTH, LEAST_HEIGHT = 60, 16
BLANK_ROW_FROM = 30
TWO_LEVELS_FROM, THREE_LEVELS_FROM = 110, 150
FOLDERS_WIDTH, DOCUMENT_WIDTH = 31, 60
"""Widths of panes, without the rule beside them."""


def levels_at(width: int) -> int:
    """Returns how many panes fit side by side in a terminal of `width` columns."""
    return 1 if width < TWO_LEVELS_FROM else 2 if width < THREE_LEVELS_FROM else 3


class Rule(Widget):
    """The line between two panes."""

    DEFAULT_CSS = "Rule { width: 1; height: 1fr; }"

    def render_line(self, y: int) -> Strip:
        style = look_of(self).style("rule")
        return strip_of([(sign("line_v"), style)], self.size.width, style)


class Blank(Widget):
    """An empty row."""

    DEFAULT_CSS = "Blank { width: 1fr; height: 1; }"

    def render_line(self, y: int) -> Strip:
        return strip_of([], self.size.width, look_of(self).style("text"))


class TooSmall(QuietFocus):
    """Covers the screen while the window is too small; no keys but its own work."""

    is_modal = True
    BINDINGS = [Binding("q,escape", "quit", show=False, id="small.quit")]
    DEFAULT_CSS = "TooSmall { width: 1fr; height: 1fr; display: none; }"

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        width = self.size.width
        lines = self._lines(max(width - 4, 10))
        text = lines[y - 1] if 1 <= y <= len(lines) else ""
        style = look.style("strong", bold=True) if y == 1 else look.style("text")
        if y == len(lines) + 2:
            pieces = [("  ", style), ("q", look.style("accent")), (f" {_('Quit')}", look.style("muted"))]
            return strip_of(pieces, width, style)
        return strip_of([(f"  {text}", style)], width, look.style("text"))

    def action_quit(self) -> None:
        self.app.exit()

    def _lines(self, width: int) -> list[str]:
        size = self.app.size
        by = "x" if sign("error") == "x" else "×"
        is_size = _("The window is {width} {by} {height}.").format(width=size.width, by=by, height=size.height)
        remedy = _("{width} {by} {height} is needed: make it larger, or use banqup on the command line.").format(
            width=LEAST_WIDTH, by=by, height=LEAST_HEIGHT
        )
        return [*wrapped(is_size, width), *wrapped(remedy, width)]


class Sheet(Screen[None]):
    """A screen on the grid."""

    DEFAULT_CSS = """
    Sheet {
        layout: vertical;
        layers: default panels;
        overflow: hidden;
        background: $background;
    }
    Sheet > #body { width: 1fr; height: 1fr; }
    Sheet.-too-small > * { display: none; }
    Sheet.-too-small > TooSmall { display: block; }
    """
    ALLOW_SELECT = False
    AUTO_FOCUS = None

    # Textual's own reactive repaints the whole screen at each change of focus.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    levels: Reactive[int] = Reactive(0, repaint=False)

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.header = Header()
        self.title_line = Title()
        self.info = Info()
        self.footer = Footer()
        self.blank = Blank()
        self.too_small = TooSmall()
        self._focus_after: Widget | None = None
        self._is_leaving_by_click = False

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.title_line
        yield self.blank
        with Horizontal(id="body"):
            yield from self.compose_body()
        yield self.info
        yield self.footer
        yield self.too_small
        yield from self.compose_panels()

    def compose_body(self) -> ComposeResult:
        """Yields the panes, from left to right."""
        yield from ()

    def compose_panels(self) -> ComposeResult:
        """Yields the panels of this screen, hidden until shown."""
        yield from ()

    def watch_levels(self, levels: int) -> None:
        if levels:
            self.levels_changed(levels)

    def levels_changed(self, levels: int) -> None:
        """Shows the panes that fit. It is called at the start and when the number changes."""

    @property
    def body_top(self) -> int:
        """The first row of the body on the screen."""
        return 3 if self.blank.display else 2

    def set_focus(self, widget: Widget | None, scroll_visible: bool = False, from_app_focus: bool = False) -> None:
        """Sets the focus without scrolling. A panel in front keeps it until it closes."""
        if self.has_class("-too-small") and widget is not self.too_small:
            self._focus_later(widget)
            return
        overlay = self.overlay
        if overlay is not None and not isinstance(widget, FrontWidget | TooSmall):
            overlay.focus_after(widget)
            return
        super().set_focus(widget, scroll_visible=False, from_app_focus=from_app_focus)

    def _focus_later(self, widget: Widget | None) -> None:
        after = self._focus_after
        if isinstance(after, FrontWidget) and after.is_open:
            after.focus_after(widget)
        else:
            self._focus_after = widget or after

    def _reset_focus(self, widget: Widget, avoiding: list[Widget] | None = None) -> None:
        """Leaves the focus alone while the window is too small, so that it is back when there is room.

        Textual moves it away from widgets that are hidden.
        """
        if not self.has_class("-too-small"):
            super()._reset_focus(widget, avoiding)

    @property
    def overlay(self) -> FrontWidget | None:
        """The panel or field in front that has the keyboard."""
        focused = self.focused
        return focused if isinstance(focused, FrontWidget) and focused.is_open else None

    def _forward_event(self, event: events.Event) -> None:
        """Closes what lies in front on a click beside it, which does nothing else; the footer stays clickable.

        Textual 8.2 has no public place where a screen sees a mouse event before its widgets.
        """
        if isinstance(event, events.MouseEvent) and not isinstance(event, events.MouseMove) and not event.is_forwarded:
            if isinstance(event, events.MouseDown):
                self._is_leaving_by_click = self._is_beside_overlay(event)
                if self._is_leaving_by_click and self.overlay is not None:
                    self.overlay.left_by_click()
            if self._is_leaving_by_click or self._is_beside_overlay(event):
                event._set_forwarded()
                return
        super()._forward_event(event)

    def _is_beside_overlay(self, event: events.MouseEvent) -> bool:
        overlay = self.overlay
        if overlay is None or event.y >= self.size.height - 1:
            return False
        return not overlay.region.contains(int(event.x), int(event.y))

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.redraw())

    def on_screen_resume(self) -> None:
        """Drops Textual's second paint of the whole screen: the first layout has painted it already."""
        if self._size != self.app.size:
            self.call_next(self._forget_second_paint)

    def _forget_second_paint(self) -> None:
        self._repaint_required = False

    def redraw(self) -> None:
        """Repaints everything, after a change of theme, language or signs."""
        for widget in self.walk_children(Widget, with_self=True):
            widget.refresh()

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self._say_if_too_small(width < LEAST_WIDTH or height < LEAST_HEIGHT)
        blank_row = height >= BLANK_ROW_FROM
        if self.blank.display != blank_row:
            self.blank.display = blank_row
        self.levels = levels_at(width)
        if self.overlay is not None:
            self.call_after_refresh(self._fit_overlay)

    def _fit_overlay(self) -> None:
        if self.overlay is not None:
            self.overlay.window_changed()

    def _say_if_too_small(self, is_too_small: bool) -> None:
        if is_too_small == self.has_class("-too-small"):
            return
        if is_too_small:
            self._focus_after = self.focused
            self.add_class("-too-small")
            self.call_after_refresh(self.set_focus, self.too_small)
            return
        self.remove_class("-too-small")
        after, self._focus_after = self._focus_after, None
        self.call_after_refresh(self.set_focus, after)
