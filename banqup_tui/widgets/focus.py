"""Focus that costs a few hundred bytes: only the lines on which it can be seen are repainted."""

from __future__ import annotations

from textual import events
from textual.widget import Widget


def forget_layout_repaint(widget: Widget) -> None:
    """Call first in `on_resize`. The layout has painted the widget already; Textual also notes all of it for its next
    repaint, which would send the whole of it again with the first line that changes."""
    widget._exchange_repaint_regions()


class QuietFocus(Widget, can_focus=True):
    """Base of everything that takes focus on a `Sheet`. Override `refresh_focus` to repaint what shows it."""

    def refresh_focus(self) -> None:
        """Repaint what looks different with and without focus."""
        self.refresh()

    def on_focus(self, event: events.Focus) -> None:
        event.prevent_default()
        self.has_focus = True
        if self.parent is not None:
            self.parent.post_message(events.DescendantFocus(self))
        self.refresh_focus()

    def on_blur(self, event: events.Blur) -> None:
        event.prevent_default()
        self.has_focus = False
        if self.parent is not None:
            self.parent.post_message(events.DescendantBlur(self))
        self.refresh_focus()


class InFront(QuietFocus):
    """Base of what lies over the sheet for a moment and has the keyboard: panels, and the line to filter by."""

    is_modal = True

    @property
    def is_open(self) -> bool:
        raise NotImplementedError

    def focus_after(self, widget: Widget | None) -> None:
        """Where the focus goes when this has gone."""

    def left_by_click(self) -> None:
        """A click beside it: go."""

    def window_changed(self) -> None:
        """The window has another size."""
