"""Real backend processes in a home of their own, all ended when the test is over."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from banqup_tui.app_dirs import AppDirs, dirs_under
from banqup_tui.launcher import PROGRAM, connect, running
from banqup_tui.protocol import PROTOCOL
from banqup_tui.protocol.local import Endpoint
from tests.support.forked_process import ForkedProcess, forked_backends, is_fork

SPEAKS = (
    "import sys, banqup_tui.protocol as p; p.PROTOCOL = p.MIN_PROTOCOL = {0};"
    "from banqup_tui.backend.runtime.main import main; sys.exit(main(['--protocol', '{0}']))"
)
CONNECTS = (
    "import banqup_tui.protocol as p; p.PROTOCOL = p.MIN_PROTOCOL = {0};"
    "from banqup_tui.app_dirs import dirs; from banqup_tui.launcher import PROGRAM, connect;"
    "print(connect(dirs(), program={1!r}).instance_id)"
)


def speaking(protocol: int) -> list[str]:
    """A backend program of another version."""
    return [sys.executable, "-c", SPEAKS.format(protocol)]


AnyProcess: TypeAlias = "ForkedProcess | subprocess.Popen[str]"


class Home:
    """A directory of the program, and its processes.

    Args:
        forks: Whether backends are forks; else they are started as users start them.
    """

    def __init__(self, directory: Path, *, forks: bool = True) -> None:
        self.directory = directory
        self._forks = forks
        self.dirs: AppDirs = dirs_under(directory).made()
        self._pids: set[int] = set()
        self._children: list[AnyProcess] = []

    @property
    def endpoint_file(self) -> Path:
        return self.dirs.runtime / "endpoint.json"

    @property
    def log(self) -> str:
        return (self.dirs.log / "backend.log").read_text()

    def connect(self, **more: Any) -> Endpoint:
        if self._forks:
            with forked_backends() as forked:
                endpoint = connect(self.dirs, **more)
            self._children.extend(forked)
        else:
            endpoint = connect(self.dirs, **more)
        self._pids.add(endpoint.pid)
        return endpoint

    def start(self, *program: str, **environment: str) -> AnyProcess:
        """A process of our own, to be looked at; a backend if nothing else is said. What `-c` gives is never a fork."""
        program = program or PROGRAM
        whole = {**os.environ, "BANQUP_HOME": str(self.directory), **environment}
        child: AnyProcess
        if self._forks and "-m" in program:
            child = ForkedProcess(program[program.index("-m") :], whole)
        else:
            child = subprocess.Popen(program, env=whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._children.append(child)
        return child

    def serving(self, **environment: str) -> tuple[AnyProcess, Endpoint]:
        """A backend process that has published where it is."""
        child = self.start(**environment)
        until(lambda: self.running() is not None or child.poll() is not None)
        endpoint = self.running()
        assert endpoint is not None, child.communicate()
        return child, endpoint

    def running(self) -> Endpoint | None:
        endpoint = running(self.dirs)
        if endpoint is not None:
            self._pids.add(endpoint.pid)
        return endpoint

    def terminal(self, protocol: int = PROTOCOL) -> AnyProcess:
        """A terminal of this version, that connects, prints the instance and ends."""
        return self.start(sys.executable, "-c", CONNECTS.format(protocol, speaking(protocol)))

    def terminal_killed_at(self, point: str) -> AnyProcess:
        program = CONNECTS.format(PROTOCOL, speaking(PROTOCOL))
        return self.start(sys.executable, "-c", program, BANQUP_KILL_AT=point)

    def end_all(self) -> None:
        self.running()
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.wait(timeout=10)
        for pid in self._pids:
            if is_alive(pid) and _is_backend(pid):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def home_in(directory: Path, *, forks: bool = True) -> Iterator[Home]:
    home = Home(directory, forks=forks)
    try:
        yield home
    finally:
        home.end_all()


def http(endpoint: Endpoint) -> httpx.Client:
    return httpx.Client(
        base_url="http://localhost",
        transport=httpx.HTTPTransport(uds=endpoint.socket, verify=False),
        trust_env=False,
        timeout=20,
    )


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """A process that has ended and is only to be taken note of counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _is_backend(pid: int) -> bool:
    if is_fork(pid):
        return True
    try:
        return b"banqup_tui" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
