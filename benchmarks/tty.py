"""A pseudo-terminal that counts: bytes, and the time of the first and the last of them. It draws nothing."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import NamedTuple

QUIET = 0.06
"""Seconds without a byte after which an answer is taken for whole."""


class Answer(NamedTuple):
    """`seconds` to the last byte."""

    bytes: int
    seconds: float


class Tty:
    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 120,
        rows: int = 40,
        colours: str = "truecolor",
    ) -> None:
        self.seen = b""
        full = {**environment, "TERM": "xterm-256color"}
        full.pop("COLORTERM", None)
        if colours == "truecolor":
            full["COLORTERM"] = "truecolor"
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=full,
            cwd=environment["BANQUP_HOME"],
            start_new_session=True,
        )
        os.close(slave)
        self._master = master

    def __enter__(self) -> "Tty":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + 5
            while self._process.poll() is None and time.monotonic() < deadline:
                self._read(0.05)
            if self._process.poll() is None:
                self._process.kill()
        self._process.wait()
        os.close(self._master)

    def wait_for(self, *wanted: str, seconds: float = 60) -> float:
        """Seconds from the start until all of these have been written."""
        left = [one.encode() for one in wanted]
        deadline = time.monotonic() + seconds
        while left:
            if time.monotonic() > deadline or not (self._read(0.2) or self._process.poll() is None):
                raise RuntimeError(f"{left} did not appear; the end of what did: {self.seen[-2000:]!r}")
            left = [one for one in left if one not in self.seen]
        return time.perf_counter() - self.started

    def press(self, key: str, *, quiet: float = QUIET, until: str = "") -> Answer:
        """`until`: wait for these words first, where an answer takes its time."""
        self.seen = b""
        started = last = time.perf_counter()
        os.write(self._master, key.encode())
        total = 0
        while True:
            data = self._read(2.0 if not total or (until and until.encode() not in self.seen) else quiet)
            if not data:
                return Answer(total, last - started)
            total += len(data)
            last = time.perf_counter()

    def rest(self, quiet: float = 0.6) -> int:
        """Reads until nothing comes any more; how much came."""
        total = 0
        while data := self._read(quiet):
            total += len(data)
        return total

    def idle(self, seconds: float) -> int:
        """Bytes written in this time without a key."""
        total = 0
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            total += len(self._read(left))
        return total

    def _read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return b""
        self.seen += data
        return data
