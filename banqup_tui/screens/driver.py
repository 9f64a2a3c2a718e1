"""How the app speaks with the terminal: Textual's driver for Unix, made to last as long as the terminal does.

What Textual 8.2 does otherwise: at the end of the input it spins, a byte that is no UTF-8 ends the program, and a
terminal that is gone leaves its writer dead with a full queue. Its attributes that are used here are private; the
tests in tests/e2e/test_terminal.py fail where they change.
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
"""Seconds until the end of the program is noticed, and an escape key told from the beginning of another key."""
_AS_BEFORE = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Paste, wrap, size, mouse, keyboard, screen, cursor and focus as a shell expects them."""


class TerminalDriver(LinuxDriver):
    """`is_restored`: the terminal is as it was before the program."""

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
        self.write("\x1b[?1016l")  # pixels of the mouse, which Textual switches on and leaves
        self.is_restored = True

    def restore_by_force(self) -> None:
        """From any thread, where the app does not come to it: nothing is waited for."""
        if self.is_restored:
            return
        self.is_restored = True
        with suppress(OSError, termios.error):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            os.set_blocking(self._output.fileno(), False)
            os.write(self._output.fileno(), _AS_BEFORE)

    def run_input_thread(self) -> None:
        """Read until the app ends, or the terminal is gone. Letters come in the encoding of the locale."""
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
        """What is there; nothing after a moment; None where there will never be anything again."""
        try:
            if not select.select([self.fileno], [], [], _GLANCE)[0]:
                return b""
            return os.read(self.fileno, 4096) or None
        except OSError:
            return None

    def process_message(self, message: Message) -> None:
        """What was typed before the program had the terminal has a line feed for Enter: the terminal made it one."""
        if isinstance(message, events.Key) and message.key == "ctrl+j":
            message = events.Key("enter", "\r")
        super().process_message(message)


def _of_terminal(*streams: IO[str] | None) -> IO[str]:
    """The first of them that is one: Textual writes to stderr, which may go to a file."""
    return next(stream for stream in streams if stream is not None and stream.isatty())


class _Output:
    """A stream that takes note of nothing: where the terminal is gone, there is nobody to tell."""

    def __init__(self, stream: IO[str]) -> None:
        self.fileno: Callable[[], int] = stream.fileno
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()
