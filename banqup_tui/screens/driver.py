"""The terminal driver: Textual's driver for Unix, corrected to end together with the terminal.

Textual 8.2 spins at the end of the input, ends the program at a byte that is no UTF-8, and when the terminal is gone
leaves its writer thread blocked on a full queue. The attributes used here are private; tests/e2e/test_terminal.py fails
if they change.
"""

from __future__ import annotations

import codecs
import os
import select
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

_GLANCE = 0.1
"""Seconds to wait for input before a look whether the program ends, and for an escape byte to be a key of its own."""
_AS_BEFORE = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Switches paste, wrap, size, mouse, keyboard, screen, cursor and focus back to what a shell expects."""


class TerminalDriver(LinuxDriver):
    """The driver. `is_restored` says whether the terminal is as it was before the program."""

    def __init__(self, app: Any, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None):
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._output = _Output(_of_terminal(sys.__stderr__, sys.__stdout__))
        self._file = self._output  # type: ignore[assignment]
        self.is_restored = True

    def start_application_mode(self) -> None:
        self.is_restored = False
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        super().stop_application_mode()
        # Textual switches mouse positions in pixels on, and does not switch them off.
        self.write("\x1b[?1016l")
        self.is_restored = True

    def restore_by_force(self) -> None:
        """Restores the terminal at once, from any thread, when the app does not come to it."""
        if self.is_restored:
            return
        self.is_restored = True
        with suppress(OSError, termios.error):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            os.set_blocking(self._output.fileno(), False)
            os.write(self._output.fileno(), _AS_BEFORE)

    def run_input_thread(self) -> None:
        """Reads input until the app ends or the terminal is gone, in the encoding of the locale."""
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder(sys.__stdin__.encoding or "utf-8")("replace").decode  # type: ignore[union-attr]
        while not self.exit_event.is_set():
            data = self._read()
            if data is None:
                self._app.call_later(self._app.terminal_lost)  # type: ignore[attr-defined]
                return
            for event in (*(parser.feed(decode(data)) if data else ()), *parser.tick()):
                self.process_message(event)

    def _read(self) -> bytes | None:
        """Returns what was typed, nothing after a moment, or `None` if the terminal is gone."""
        try:
            if not select.select([self.fileno], [], [], _GLANCE)[0]:
                return b""
            return os.read(self.fileno, 4096) or None
        except OSError:
            return None

    def process_message(self, message: Message) -> None:
        """Passes a line feed on as Enter. Keys typed before the program had the terminal come so."""
        if isinstance(message, events.Key) and message.key == "ctrl+j":
            message = events.Key("enter", "\r")
        super().process_message(message)


def _of_terminal(*streams: IO[str] | None) -> IO[str]:
    """Returns the first stream that is a terminal: Textual writes to stderr, which may be redirected."""
    return next(stream for stream in streams if stream is not None and stream.isatty())


class _Output:
    """A stream that ignores errors of writing, because a terminal that is gone cannot be told."""

    def __init__(self, stream: IO[str]) -> None:
        self.fileno: Callable[[], int] = stream.fileno
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()
