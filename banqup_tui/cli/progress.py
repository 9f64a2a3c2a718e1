"""A bar on stderr that shows how far a long command is; nothing where stderr is no terminal."""

from __future__ import annotations

import sys
import time

import click

from banqup_tui.cli.output import say
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext

_BAR = 20
_SECONDS_BEFORE_ESTIMATE = 2.0


class ProgressBar:
    """The bar stays the last line: what is said appears above it. Use it as a context, which takes it away."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._started = time.monotonic()
        self._is_shown = sys.stderr.isatty() and total > 1
        self._width = 0

    def __enter__(self) -> ProgressBar:
        self._draw()
        return self

    def __exit__(self, *_error: object) -> None:
        self._erase()

    def show(self, done: int) -> None:
        if done != self._done:
            self._done = done
            self._draw()

    def say(self, sentence: str) -> None:
        self._erase()
        say(sentence)
        self._draw()

    def _draw(self) -> None:
        if not self._is_shown:
            return
        self._erase()
        text = self._text()
        self._width = len(text)
        click.echo(text, err=True, nl=False)

    def _erase(self) -> None:
        if self._width:
            click.echo(f"\r{' ' * self._width}\r", err=True, nl=False)
            self._width = 0

    def _text(self) -> str:
        filled = _BAR * self._done // self._total
        part = _("{part} of {whole}").format(part=count(self._done), whole=count(self._total))
        left = self._total - self._done
        parts = [f"[{'#' * filled}{'-' * (_BAR - filled)}] {part}", _("{n} left").format(n=count(left))]
        seconds = time.monotonic() - self._started
        if left and self._done and seconds > _SECONDS_BEFORE_ESTIMATE:
            estimate = round(left * seconds / self._done) + 1
            parts.append(ngettext("about {n} second", "about {n} seconds", estimate).format(n=count(estimate)))
        return ", ".join(parts)
