"""A real pseudo-terminal with a real process in it, and its screen as text."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pyte

from tests.support.forked_process import ForkedProcess

_NOT_FOR_PYTE = re.compile(rb"\x1b\[(?:\?[0-9;]*\$p|[<>=][0-9;]*[a-zA-Z]|[0-9;]* q)|\x1bP[^\x1b]*\x1b\\")
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KEYBOARD = re.compile(rb"\x1b\[([<>])[0-9]*u")
_UNFINISHED = re.compile(rb"\x1b(?:\[[?<>=0-9;$ ]*|P[^\x1b]*\x1b?)?$")

AS_A_SHELL_HAS_IT = frozenset({"7", "25"})
"""Long lines are wrapped, the cursor is shown; no mouse, no second screen, nothing else."""

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "space": " ",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "page_down": "\x1b[6~",
    "page_up": "\x1b[5~",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "shift_tab": "\x1b[Z",
    "ctrl_d": "\x04",
    "ctrl_u": "\x15",
}


class Terminal:
    """Use as a context manager. Everything waits for a condition; a wait that is too long shows the screen.

    Args:
        forks: Whether the process is a fork of one that has imported the program; see `forked_process`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        columns: int = 120,
        rows: int = 40,
        directory: Path | None = None,
        forks: bool = False,
    ) -> None:
        self.columns, self.rows = columns, rows
        self.bytes_written = 0
        self.modes = set(AS_A_SHELL_HAS_IT)
        """Private modes that are on, and `keyboard` where the program has keys told in its own way."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._pending = b""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        full = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})}
        for name in {"NO_COLOR", "COLUMNS", "LINES"} - set(environment or {}):
            full.pop(name, None)
        self.process: ForkedProcess | subprocess.Popen[bytes]
        if forks:
            arguments = command[command.index("-m") :]
            self.process = ForkedProcess(arguments, full, streams=(slave, slave, slave), directory=directory)
        else:
            self.process = subprocess.Popen(
                list(command), stdin=slave, stdout=slave, stderr=slave, env=full, cwd=directory, start_new_session=True
            )
        os.close(slave)
        self._master = master
        self.settings_before = termios.tcgetattr(master)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.wait_for_end(5)
            except AssertionError:
                self.process.kill()
        self.process.wait()
        os.close(self._master)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def is_as_before(self) -> bool:
        """Whether a shell finds it as it left it."""
        return self.modes == AS_A_SHELL_HAS_IT and termios.tcgetattr(self._master) == self.settings_before

    def is_reversed(self, text: str) -> bool:
        """Whether `text` is shown somewhere in the terminal's own colours, exchanged."""
        for y, line in enumerate(self._screen.display):
            if text in line and self._screen.buffer[y][line.index(text)].reverse:
                return True
        return False

    def hang_up(self) -> None:
        """Close the window: there is nobody any more who writes or reads."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDONLY)

    def press(self, *keys: str) -> None:
        """Names of `KEYS`, or the characters themselves."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_until(self, holds: Callable[[str], bool], *, seconds: float = 30, what: str = "the condition") -> None:
        deadline = time.monotonic() + seconds
        while not holds(self.text):
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s for {what}; the screen shows:\n{self.text}")
            if not self._pump(0.1) and self.process.poll() is not None:
                raise AssertionError(
                    f"the program ended ({self.process.returncode}) while waiting for {what}:\n{self.text}"
                )

    def wait_for(self, text: str, *, seconds: float = 30) -> None:
        self.wait_until(lambda screen: text in screen, seconds=seconds, what=f"the text {text!r}")

    def wait_for_end(self, seconds: float = 20) -> int:
        deadline = time.monotonic() + seconds
        while (code := self.process.poll()) is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"the program does not end; the screen shows:\n{self.text}")
            self._pump(0.05)
        return code

    def settle(self, *, quiet: float = 0.25, seconds: float = 10) -> int:
        """Reads until nothing has been written for `quiet` seconds; returns the bytes read meanwhile."""
        before = self.bytes_written
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._pump(quiet):
            pass
        return self.bytes_written - before

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGWINCH)

    def _pump(self, wait: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], wait)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.bytes_written += len(data)
        self._feed(data)
        return bool(data)

    def _feed(self, data: bytes) -> None:
        data = self._pending + data
        unfinished = _UNFINISHED.search(data)
        self._pending = unfinished.group() if unfinished else b""
        if unfinished:
            data = data[: unfinished.start()]
        for numbers, is_on in _MODE.findall(data):
            change = self.modes.update if is_on == b"h" else self.modes.difference_update
            change(numbers.decode().split(";"))
        for pushed in _KEYBOARD.findall(data):
            change = self.modes.update if pushed == b">" else self.modes.difference_update
            change({"keyboard"})
        self._stream.feed(_NOT_FOR_PYTE.sub(b"", data))
