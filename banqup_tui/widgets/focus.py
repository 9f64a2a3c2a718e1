"""Base classes of widgets with focus. A change of focus repaints only what shows it: a few hundred bytes over SSH."""

from __future__ import annotations

from textual import events
from textual.widget import Widget


def forget_layout_repaint(widget: Widget) -> None:
    """Drops the repaint of the whole widget that Textual notes after a change of layout.

    Call it first in `on_resize`. Textual 8.2 has painted the widget with the layout already, and would send it once
    more with the next line that changes. The method is private (`tests/widgets/test_private_names.py`).
    """
    widget._exchange_repaint_regions()


class QuietFocus(Widget, can_focus=True):
    """A widget that takes focus without being repainted whole. Override `refresh_focus` to repaint what shows it.

    Textual's own handlers of `Focus` and `Blur` refresh the whole widget, so they are prevented here, and their message
    to the parent is posted instead.
    """

    def refresh_focus(self) -> None:
        """Repaints what looks different with and without focus."""
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


class FrontWidget(QuietFocus):
    """A widget that lies over the sheet for a moment and has the keyboard: a panel, or the filter line."""

    is_modal = True

    @property
    def is_open(self) -> bool:
        raise NotImplementedError

    def focus_after(self, widget: Widget | None) -> None:
        """Tells which widget is to have the focus once this one has gone."""

    def left_by_click(self) -> None:
        """Is called after a click beside the widget, to close it."""

    def window_changed(self) -> None:
        """Is called after the size of the window has changed."""
