"""An accountant's computer: a home, its backend, terminals, and the folder that the accounting software reads."""

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from banqup_tui import launcher
from banqup_tui.app_dirs import AppDirs, dirs_under
from banqup_tui.cli.main import run
from banqup_tui.demo.by_http import HttpDemoBackend
from banqup_tui.domain.folder import Folder
from banqup_tui.protocol.commands import AddIntegration, CommandBody, CreateClient, ImportFile, Install
from banqup_tui.protocol.local import Endpoint
from banqup_tui.protocol.messages import CommandResult, CommandStatus
from tests.support import papers
from tests.support.forked_process import ForkedProcess, forked_backends, run_forked
from tests.support.terminal import Terminal

PROGRAM = (sys.executable, "-m", "banqup_tui")
SECONDS = 45.0
_NAMES = uuid.UUID("5f0d8f0e-6a3d-4f7e-9d5c-0a2f5a1c7b11")


class LocalSetup:
    """`end` kills every process of this home; use `setup_in`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dirs: AppDirs = dirs_under(root / "home").made()
        self.received = root / "received"
        self.received.mkdir(exist_ok=True)
        self._open: list[Terminal] = []
        self._forks: list[ForkedProcess] = []

    @property
    def environment(self) -> dict[str, str]:
        return {"BANQUP_HOME": str(self.root / "home"), "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "NO_PROXY": "*"}

    # processes

    def banqup(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        with forked_backends() as forked:
            ran = command_here(self.environment, *arguments)
        self._forks.extend(forked)
        return ran

    def terminal(self, columns: int = 120, rows: int = 40, **environment: str) -> Terminal:
        """The program on a screen; ended with the office if nobody ends it before."""
        return self._opened(columns, rows, environment, forks=True)

    def real_terminal(self, columns: int = 120, rows: int = 40, **environment: str) -> Terminal:
        """The same, started as users start it."""
        return self._opened(columns, rows, environment, forks=False)

    def _opened(self, columns: int, rows: int, environment: Mapping[str, str], *, forks: bool) -> Terminal:
        whole = {**self.environment, **environment}
        opened = Terminal(PROGRAM, environment=whole, columns=columns, rows=rows, forks=forks)
        self._open.append(opened)
        return opened

    def start_backend(self, program: Sequence[str] = ("-m", "banqup_tui.backend"), **environment: str) -> Endpoint:
        """`program`: what Python is given, for a backend that differs from the one that users have."""
        with (self.dirs.log / "started.log").open("ab") as log:
            whole = {**os.environ, **self.environment, **environment}
            with open(os.devnull, "rb") as empty:
                streams = (empty.fileno(), log.fileno(), log.fileno())
                self._forks.append(ForkedProcess(program, whole, streams=streams))
        until(lambda: launcher.running(self.dirs) is not None, what="a backend")
        endpoint = launcher.running(self.dirs)
        assert endpoint is not None
        return endpoint

    def backend(self) -> Endpoint:
        """The one that runs, started where none does."""
        return launcher.running(self.dirs) or self.start_backend()

    def backend_pid(self) -> int | None:
        try:
            return int(json.loads((self.dirs.runtime / "endpoint.json").read_bytes())["pid"])
        except (OSError, ValueError):
            return None

    def kill_backend(self, kind: int = signal.SIGKILL) -> None:
        pid = self.backend_pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, kind)
            until(lambda: not is_alive(pid), what="the end of the backend")

    def exit_code(self, pid: int) -> int:
        """Waits for the end of a backend of `start_backend`."""
        return next(process for process in self._forks if process.pid == pid).wait(SECONDS)

    def end(self) -> None:
        while self._open:
            self._open.pop().__exit__(None, None, None)
        for process in self._forks:
            process.kill()
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _processes(self) -> Iterator[int]:
        """What runs in this home and is no fork: the home's path is in its environment."""
        mark = f"BANQUP_HOME={self.root / 'home'}\0".encode()
        for directory in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (directory / "environ").read_bytes() and int(directory.name) != os.getpid():
                    yield int(directory.name)

    # what is in it

    def do(self, *bodies: CommandBody) -> list[CommandResult]:
        with HttpDemoBackend(self.backend()) as hand:
            return _done(hand, bodies)

    def seen(self) -> str:
        """`epoch.seq` of the backend as it stands."""
        with HttpDemoBackend(self.backend()) as hand:
            return hand.seen()

    def add_client(self, reference: str = "FOURNIL", name: str = papers.BAKERY.name) -> str:
        number = papers.BAKERY.number if name == papers.BAKERY.name else None
        client_id = id_of("client", reference)
        self.do(
            CreateClient(
                client_id=client_id,
                reference=reference,
                name=name,
                vat_number=f"BE{number}" if number else None,
                enterprise_number=number,
            )
        )
        return client_id

    def add_documents(self, client_id: str, files: Mapping[str, bytes], folder: Folder | None = None) -> list[str]:
        """By name; their ids."""
        with HttpDemoBackend(self.backend()) as hand:
            hashes = hand.put_files(list(files.values()))
            bodies = [
                ImportFile(sha256=sha256, file_name=name, client_id=client_id, folder=folder, path=name)
                for name, sha256 in zip(files, hashes, strict=True)
            ]
            results = _done(hand, bodies)
        return [result.result["documents"][0]["documentId"] for result in results if result.result]

    def deliver_into(self, client_id: str, path: str | None = None, extension: str = "local-folder") -> None:
        """Install *Local folder* and activate it for one client."""
        installation = id_of("installation", extension)
        settings = {"path": path or f"{self.received}/[external_id]/[folder]"}
        self.do(
            Install(installation_id=installation, extension_id=extension, settings=settings),
            AddIntegration(
                integration_id=id_of("integration", client_id), client_id=client_id, installation_id=installation
            ),
        )

    def files_received(self) -> list[Path]:
        return sorted(path for path in self.received.rglob("*") if path.is_file() and not path.name.startswith("."))

    def hashes_received(self) -> list[str]:
        return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in self.files_received())

    def delivery_states(self) -> dict[str, int]:
        """How many of each, as the backend's database has it."""
        connection = sqlite3.connect(f"file:{self.dirs.backend / 'banqup.sqlite'}?mode=ro", uri=True)
        try:
            return dict(connection.execute("SELECT state, count(*) FROM delivery GROUP BY state").fetchall())
        finally:
            connection.close()

    def reasons(self) -> list[str]:
        """What deliveries say of themselves."""
        found = json.loads(self.banqup("deliveries", "--json").stdout)
        return [str(one["reason"]["message"]) for one in found if one["reason"]]

    def documents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.banqup("documents", "--json").stdout)
        return found

    def integrations(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.banqup("integrations", "list", "--json").stdout)
        return found

    def all_lines(self) -> str:
        """What the logs of this home say."""
        return "\n".join(path.read_text("utf-8", "replace") for path in sorted(self.dirs.log.glob("*.log*")))


def command_here(environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A command of the command line, run in this process: half a second of CPU less than one of its own."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run(arguments)
    return _checked(subprocess.CompletedProcess(arguments, code, *(_written(stream) for stream in (out, err))))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


def command_process(environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The same in a process of its own."""
    return _checked(run_forked([*PROGRAM[1:], *arguments], {**os.environ, **environment}, SECONDS))


def _checked(ran: "subprocess.CompletedProcess[str]") -> "subprocess.CompletedProcess[str]":
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran


@contextlib.contextmanager
def setup_in(root: Path) -> Iterator[LocalSetup]:
    root.mkdir(parents=True, exist_ok=True)
    setup = LocalSetup(root)
    try:
        yield setup
    finally:
        setup.end()


def _done(hand: HttpDemoBackend, bodies: Sequence[CommandBody]) -> list[CommandResult]:
    results = [result for at in range(0, len(bodies), 100) for result in hand.commands(bodies[at : at + 100])]
    for result in results:
        assert result.status is CommandStatus.DONE, result.problem
    return results


def furnish(source: Path, root: Path) -> None:
    """A copy of another office's home, whose processes have ended."""
    shutil.copytree(source / "home", root / "home", dirs_exist_ok=True)
    (root / "home" / "runtime" / "endpoint.json").unlink(missing_ok=True)


def invoices(number: int) -> dict[str, bytes]:
    return {f"F{at:04}.xml": papers.invoice(number=f"F{at:04}") for at in range(number)}


def hashes_of(contents: Sequence[bytes]) -> list[str]:
    return sorted(hashlib.sha256(one).hexdigest() for one in contents)


def id_of(kind: str, name: str) -> str:
    return str(uuid.uuid5(_NAMES, f"{kind}:{name}"))


def until(holds: Callable[[], bool], *, seconds: float = SECONDS, what: str = "it") -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come about in {seconds} s"
        time.sleep(0.03)


def is_alive(pid: int) -> bool:
    """A process that has ended and is only to be taken note of counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
