"""A progress bar with a sentence. It is repainted at most twice a second, to save bytes on a slow line."""

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
    """Three rows high, with the middle one drawn. It is displayed only while something runs."""

    DEFAULT_CSS = "Progress { width: 1fr; height: 3; display: none; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._fraction = 0.0
        self._text = ""
        self._painted_at = 0.0
        self._timer: Timer | None = None

    def set_progress(self, done: int, total: int, text: str) -> None:
        """Shows the progress. The row is repainted only if bar or sentence have changed."""
        fraction = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
        if not self.display:
            self.display = True
        changed = (round(fraction * BAR), text) != (self._filled, self._text)
        self._fraction, self._text = fraction, text
        if changed and self._timer is None:
            self._repaint_soon()

    def finish(self) -> None:
        """Hides the bar."""
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
