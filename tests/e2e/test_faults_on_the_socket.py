"""Between the command line and the service the line breaks in every way: what is imported arrives once."""

import hashlib
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from banqup_tui.backend.paths import DATABASE_FILE
from banqup_tui.cli import exit_codes
from banqup_tui.protocol import PROTOCOL
from tests.support import papers
from tests.support.backends import Home, home_in, until
from tests.support.forked_process import run_forked

STAYS = (
    "import sys; from banqup_tui.backend.runtime import server; server.SECONDS_BETWEEN_LOOKS = 3600.0;"
    f"from banqup_tui.backend.runtime.main import main; sys.exit(main(['--protocol', '{PROTOCOL}']))"
)
"""A service that does not take the proxy's socket for one that was put in place of its own."""

CANNED = {
    "503": b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "500": b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "429": b"HTTP/1.1 429 Wait\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "garbage": b"\x00\xff no HTTP at all\r\n\r\n",
}
BEFORE, AFTER = "-before", "-after"
FAULTS = (
    *("refuse", "delay", "drip", "cut-up", "cut-down", "swallow", f"nothing{AFTER}"),
    *(name + BEFORE for name in CANNED),
    *(name + AFTER for name in CANNED),
)
"""`up`: on the way to the service. `after`: the service has the request and answers, and something else arrives.
`swallow`: the answer stops, and its end comes seconds later."""
SIZES = (0, 0, 40_000, 400_000)
"""Of the PDF in an invoice, which has some 2 kB without one."""
ENOUGH_FAULTS = 200
MOST_ROUNDS = 120
MOST_SECONDS = 1_200.0
DOCUMENTED = (exit_codes.OK, exit_codes.NO_BACKEND, exit_codes.STILL_UNDER_WAY)
ALL = 1 << 40


class BreakingProxy:
    """Stands at the service's socket. `share`: of connections that break; `faults`: those that took effect."""

    def __init__(self, place: Path, chance: random.Random) -> None:
        self.share = 0.4
        self.connections = 0
        self.faults: Counter[str] = Counter()
        self._chance = chance
        self._real = place.with_name("real.sock")
        place.rename(self._real)
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(place))
        self._listening.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self.connections += 1
                fault = self._chance.choice(FAULTS) if self._chance.random() < self.share else ""
                most = int(10 ** self._chance.uniform(0.5, 5.5))
                wait = self._chance.uniform(0.2, 10.0 if fault == "swallow" else 2.5)
                threading.Thread(target=self._relay, args=(near, fault, most, wait), daemon=True).start()

    def _relay(self, near: socket.socket, fault: str, most: int, wait: float) -> None:
        far = socket.socket(socket.AF_UNIX)
        with closing(near), closing(far):
            with suppress(OSError):
                self._answer(near, far, fault, most, wait)
            _end(near, far)

    def _answer(self, near: socket.socket, far: socket.socket, fault: str, most: int, wait: float) -> None:
        if fault == "refuse":
            self.faults[fault] += 1
            return
        if fault.endswith(BEFORE):
            near.recv(65536)
            self.faults[fault] += 1
            near.sendall(CANNED[fault.removesuffix(BEFORE)])
            return
        if fault in ("delay", "drip"):
            self.faults[fault] += 1
        if fault == "delay":
            time.sleep(wait)
        far.connect(str(self._real))
        threading.Thread(target=self._pass_on, args=(near, far, fault, most), daemon=True).start()
        if fault.endswith(AFTER):
            if far.recv(1):
                self.faults[fault] += 1
                near.sendall(CANNED.get(fault.removesuffix(AFTER), b""))
        elif not _copied(far, near, most if fault in ("cut-down", "swallow") else ALL, drips=fault == "drip"):
            self.faults[fault] += 1
            time.sleep(wait if fault == "swallow" else 0)

    def _pass_on(self, near: socket.socket, far: socket.socket, fault: str, most: int) -> None:
        with suppress(OSError):
            if _copied(near, far, most if fault == "cut-up" else ALL, drips=fault == "drip"):
                far.shutdown(socket.SHUT_WR)
            else:
                self.faults[fault] += 1
                _end(near, far)


def _copied(source: socket.socket, sink: socket.socket, most: int, *, drips: bool) -> bool:
    """Up to the source's end; false where that comes after more than `most` bytes, which are all that pass."""
    passed = 0
    while piece := source.recv(4096):
        if drips:
            time.sleep(0.01)
        sink.sendall(piece[: most - passed])
        passed += len(piece)
        if passed > most:
            return False
    return True


def _end(*ends: socket.socket) -> None:
    """Wakes the other thread, too, which closing alone would not."""
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def invoice(number: str, size: int, chance: random.Random) -> bytes:
    return papers.invoice(number=number, pdf=chance.randbytes(size * 3 // 4))


def banqup(home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "BANQUP_HOME": str(home.directory)}
    return run_forked(["-m", "banqup_tui", *arguments], environment, timeout=150)


@pytest.mark.campaign
def test_every_import_over_a_line_that_breaks_arrives_once(tmp_path: Path) -> None:
    chance = random.Random(15)
    ends: Counter[int] = Counter()
    wanted: set[str] = set()
    with home_in(tmp_path / "home") as home:
        home.start(sys.executable, "-c", STAYS, BANQUP_STAY="1")
        until(home.endpoint_file.exists)
        proxy = BreakingProxy(home.dirs.runtime / "backend.sock", chance)
        began = time.monotonic()
        for round_number in range(MOST_ROUNDS):
            if proxy.faults.total() >= ENOUGH_FAULTS or time.monotonic() - began > MOST_SECONDS:
                break
            folder = tmp_path / f"in{round_number}"
            folder.mkdir()
            for number in range(6):
                content = invoice(f"F{round_number}-{number}", chance.choice(SIZES), chance)
                (folder / f"{number}.xml").write_bytes(content)
                wanted.add(hashlib.sha256(content).hexdigest())
            done = banqup(home, "import", str(folder), "--create-clients")
            ends[done.returncode] += 1
            assert done.returncode in DOCUMENTED, done.stderr
        values = proxy.faults.copy()
        proxy.share = 0.0
        until(lambda: banqup(home, "sync").returncode == exit_codes.OK, 120)
        shown = json.loads(banqup(home, "documents", "--json").stdout)
        waiting = json.loads(banqup(home, "status", "--json").stdout)
        database = sqlite3.connect(f"file:{home.dirs.backend / DATABASE_FILE}?mode=ro", uri=True)
        with closing(database):
            stored = database.execute("SELECT id, sha256 FROM document").fetchall()
        proxy.close()
    print(f"{values.total()} faults of {proxy.connections} connections {dict(values)}; exit codes {dict(ends)};")
    print(f"{len(stored)} documents of {len(wanted)}; {time.monotonic() - began:.0f} s; {waiting}")
    assert values.total() >= ENOUGH_FAULTS, values
    assert set(values) == set(FAULTS), "each way of breaking was there"
    assert sorted(sha256 for _, sha256 in stored) == sorted(wanted), "nothing is lost, nothing there twice"
    assert sorted((one["id"], one["sha256"]) for one in shown) == sorted(stored), "the copy is equal"
