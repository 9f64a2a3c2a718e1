"""A bar of 24 cells with a sentence: the first copy, a download. Repainted at most twice a second."""

from __future__ import annotations

from time import monotonic

from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from banqup_tui.presentation.formats import cut, shown
from banqup_tui.presentation.signs import sign
from banqup_tui.widgets.strips import LineBuilder
from banqup_tui.widgets.theme import look_of

BAR = 24
LEAST_INTERVAL = 0.5


class Progress(Widget):
    """Three rows high, the middle one drawn. `display` it only while something runs."""

    DEFAULT_CSS = "Progress { width: 1fr; height: 3; display: none; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._fraction = 0.0
        self._text = ""
        self._painted_at = 0.0
        self._timer: Timer | None = None

    def set_progress(self, done: int, total: int, text: str) -> None:
        """Show it. The row is repainted only if the bar or the sentence changes."""
        fraction = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
        if not self.display:
            self.display = True
        changed = (round(fraction * BAR), text) != (self._filled, self._text)
        self._fraction, self._text = fraction, text
        if changed and self._timer is None:
            self._repaint_soon()

    def finish(self) -> None:
        """Take it away."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.display = False

    @property
    def _filled(self) -> int:
        return round(self._fraction * BAR)

    def _repaint_soon(self) -> None:
        wait = self._painted_at + LEAST_INTERVAL - monotonic()
        if wait <= 0 or not self.is_running:
            self._repaint()
        else:
            self._timer = self.set_timer(wait, self._repaint)

    def _repaint(self) -> None:
        self._timer = None
        self._painted_at = monotonic()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        line = LineBuilder(look.style("text"))
        if y == 1:
            line.at(2).put(sign("bar") * self._filled, look.style("accent"))
            line.put(sign("bar_rest") * (BAR - self._filled), look.style("muted"))
            line.at(line.column + 2).put(cut(shown(self._text), self.size.width - BAR - 6), look.style("text"))
        return line.strip(self.size.width)
