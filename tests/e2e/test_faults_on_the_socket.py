"""Between the command line and the service the line breaks in every way: what is imported arrives once."""

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from banqup_tui.protocol import PROTOCOL
from tests.support import papers
from tests.support.backends import Home, home_in, until

STAYS = (
    "import sys; from banqup_tui.backend import serving; serving.SECONDS_BETWEEN_LOOKS = 3600.0;"
    f"from banqup_tui.backend.main import main; sys.exit(main(['--protocol', '{PROTOCOL}']))"
)
"""A service that does not take the proxy's socket for one that was put in place of its own."""

CANNED = {
    "503": b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "500": b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "429": b"HTTP/1.1 429 Wait\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "garbage": b"\x00\xff no HTTP at all\r\n\r\n",
}
FAULTS = ("refused", "cut-request", "cut-answer", "lost-answer", "slow", *CANNED, *(f"late-{name}" for name in CANNED))
"""`late`: the service got the request, and something else is answered."""


class BreakingProxy:
    """Stands at the service's socket. `share`: of connections that break."""

    def __init__(self, place: Path, chance: random.Random) -> None:
        self.share = 0.4
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
                fault = self._chance.choice(FAULTS) if self._chance.random() < self.share else ""
                if fault:
                    self.faults[fault] += 1
                threading.Thread(target=self._relay, args=(near, fault), daemon=True).start()

    def _relay(self, near: socket.socket, fault: str) -> None:
        with closing(near), socket.socket(socket.AF_UNIX) as far, suppress(OSError):
            if fault == "refused":
                return
            if fault in CANNED:
                near.recv(65536)
                near.sendall(CANNED[fault])
                return
            far.connect(str(self._real))
            up = self._chance.randrange(1, 3000) if fault == "cut-request" else 1 << 40
            down = {"cut-answer": self._chance.randrange(1, 200), "lost-answer": 0}.get(fault, 1 << 40)
            if fault.startswith("late-"):
                down = 0
            answer = threading.Thread(target=_copy, args=(far, near, down, fault == "slow"), daemon=True)
            answer.start()
            _copy(near, far, up, fault == "slow")
            answer.join(30)
            if fault.startswith("late-"):
                near.sendall(CANNED[fault.removeprefix("late-")])


def _copy(source: socket.socket, sink: socket.socket, most: int, slow: bool) -> None:
    """Until so many bytes have passed, or the source ends; then both ways are closed."""
    passed = 0
    with suppress(OSError):
        while piece := source.recv(65536):
            if slow:
                time.sleep(0.05)
            sink.sendall(piece[: max(0, most - passed)])
            passed += len(piece)
            if passed > most:
                break
    for one in (source, sink) if passed > most else (sink,):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR if passed > most and most else socket.SHUT_WR)


def banqup(home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "banqup_tui", *arguments],
        env={**os.environ, "BANQUP_HOME": str(home.directory)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


@pytest.mark.campaign
def test_every_import_over_a_line_that_breaks_arrives_once(tmp_path: Path) -> None:
    chance = random.Random(15)
    with home_in(tmp_path / "home") as home:
        home.start(sys.executable, "-c", STAYS, BANQUP_STAY="1")
        until(home.endpoint_file.exists)
        proxy = BreakingProxy(home.homes.runtime / "backend.sock", chance)
        names: set[str] = set()
        for turn in range(12):
            folder = tmp_path / f"in{turn}"
            folder.mkdir()
            for number in range(6):
                name = f"F{turn}-{number}"
                (folder / f"{name}.xml").write_bytes(papers.invoice(number=name))
                names.add(name)
            done = banqup(home, "import", str(folder), "--create-clients")
            assert done.returncode in (0, 69, 75), done.stderr
        proxy.share = 0.0
        until(lambda: banqup(home, "sync").returncode == 0, 120)
        found = json.loads(banqup(home, "documents", "--json").stdout)
        proxy.close()
    assert sum(proxy.faults.values()) > 20, proxy.faults
    assert sorted(one["number"] for one in found) == sorted(names)
