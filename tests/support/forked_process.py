"""Processes of the program that are forked from one in which everything is imported.

A backend needs 0.9 s of CPU to start, nearly all of it for imports; a fork of it 0.15 s. A reader needs 0.2 s, its fork
0.05 s. Tests of the start itself, of the interpreter's options, of what is imported, of what a reader may do, and of
what Textual reads from the environment when it is imported (the colours), start real processes.
"""

import atexit
import contextlib
import fcntl
import io
import locale
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import forkserver, reduction
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import IO, Any
from unittest import mock

from banqup_tui import kill_points_of_tests, launcher
from banqup_tui.app_dirs import AppDirs
from banqup_tui.backend.connector_host import client as host_client
from banqup_tui.backend.intake.drop_process import client as drop_client
from banqup_tui.formats.process import client as reader_client
from banqup_tui.protocol.local import AS_MESSAGES, LOG_FILE
from banqup_tui.python_process import clean_environment
from tests.support.prepared_routes import prepared_routes

_FORK_SERVER = multiprocessing.get_context("forkserver")
_FORK_SERVER.set_forkserver_preload(["tests.support.forked_imports"])
_HIGH = 500
"""Descriptors from here on are free."""


class _Descriptor:
    """A file descriptor that goes to the new process."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __getstate__(self) -> object:
        return reduction.DupFd(self.number)

    def __setstate__(self, passed: Any) -> None:
        self.number = passed.detach()


class ForkedProcess:
    """`python ARGUMENTS` as a fork: `-m MODULE …` or `-c PROGRAM …`.

    Args:
        environment: All of the environment.
        streams: Descriptors of stdin, stdout and stderr. Without them stdin is empty, and `communicate` gives the
            output.
        pass_fds: Other descriptors that the new process has by the same numbers.

    The methods are those of `subprocess.Popen`.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        streams: tuple[int, int, int] | None = None,
        directory: Path | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self._written: list[IO[bytes]] = []
        with open(os.devnull, "rb") as empty:
            if streams is None:
                out, err = self._written = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115
                streams = empty.fileno(), out.fileno(), err.fileno()
            descriptors = {number: _Descriptor(own) for number, own in enumerate(streams)}
            descriptors |= {number: _Descriptor(number) for number in pass_fds}
            self._process = _FORK_SERVER.Process(
                target=_run,
                args=(list(arguments), dict(environment), descriptors, str(directory or Path.cwd()), os.getpid()),
                daemon=True,  # one that a failed test leaves behind must not keep pytest from ending
            )
            self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid
        self._lock = threading.Lock()  # the launcher waits for the end in a thread

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        with self._lock:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        wait([self._process.sentinel], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("a fork", timeout or 0.0)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:
        assert not input
        self.wait(timeout)
        out, err = (_all_of(file) for file in self._written)
        return out, err


def run_forked(
    arguments: Sequence[str], environment: Mapping[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    """Like `subprocess.run` with its output as text."""
    process = ForkedProcess(arguments, environment)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return subprocess.CompletedProcess(list(arguments), process.wait(), out, err)


@contextlib.contextmanager
def forked_backends() -> Iterator[list[ForkedProcess]]:
    """The launcher of this process forks the backends of this version. Gives those that it has started so."""
    start = launcher.spawn
    started: list[ForkedProcess] = []

    def spawn(dirs: AppDirs, program: Sequence[str]) -> Any:
        if tuple(program) != launcher.PROGRAM:
            return start(dirs, program)
        environment = clean_environment() | {AS_MESSAGES: "1"}
        if dirs.root:
            environment["BANQUP_HOME"] = str(dirs.root)
        with (dirs.log / LOG_FILE).open("ab") as log, open(os.devnull, "rb") as empty:
            streams = (empty.fileno(), log.fileno(), log.fileno())
            started.append(ForkedProcess(program[2:], environment, streams=streams, directory=dirs.runtime))
        return started[-1]

    with mock.patch.object(launcher, "spawn", spawn):
        yield started


@contextlib.contextmanager
def forked_hosts() -> Iterator[None]:
    """The connector hosts of this process are forks, and so is its SFTP drop."""
    with (
        _forked_children_of(host_client, _passing_descriptors),
        _forked_children_of(drop_client, _passing_descriptors),
    ):
        yield


@contextlib.contextmanager
def forked_readers() -> Iterator[None]:
    """The reader processes that this process starts are forks."""
    with _forked_children_of(reader_client, _reader), mock.patch.object(reader_client, "_Process", _ForkedReader):
        yield


def _forked_children_of(module: ModuleType, start: Callable[..., ForkedProcess]) -> Any:
    return mock.patch.object(module, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": start}))


def _passing_descriptors(
    command: Sequence[str], *, env: Mapping[str, str], pass_fds: Sequence[int], **_more: object
) -> ForkedProcess:
    with open(os.devnull, "rb") as empty:
        streams = (empty.fileno(), 1, 2)
        return ForkedProcess(command[command.index("-m") :], env, streams=streams, pass_fds=pass_fds)


def _reader(command: Sequence[str], *, stdin: int, cwd: str, env: Mapping[str, str], **_more: object) -> ForkedProcess:
    with open(os.devnull, "wb") as nowhere:
        streams = (stdin, nowhere.fileno(), nowhere.fileno())
        return ForkedProcess(command[command.index("-m") :], env, streams=streams, directory=Path(cwd))


class _ForkedReader(reader_client._Process):
    def end(self) -> float:
        """The original asks the system for the end and the processor time of a child; a fork is the fork server's."""
        self._process.kill()
        self._process.wait()
        self._socket.close()
        return self._cpu_seconds


def is_fork(pid: int) -> bool:
    """Whether a process looks like one of ours. Its command line and environment are those of the fork server."""
    try:
        return b"tests.support.forked_imports" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def name_of_fork(starter: int, arguments: Sequence[str]) -> str:
    """Returns the name of a fork in `/proc`: what started it, and its module. It has room for 15 letters."""
    module = arguments[1] if arguments[0] == "-m" else ""
    return f"{starter}:{module.rpartition('.')[2]}"[:15]


def _all_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _run(
    arguments: list[str], environment: dict[str, str], descriptors: dict[int, _Descriptor], directory: str, starter: int
) -> None:
    """All of the new process."""
    os.setsid()
    Path("/proc/self/comm").write_text(name_of_fork(starter, arguments))
    os.getppid = lambda: starter  # the parent is the fork server, which a kill point must not kill
    # Out of the way first: a number that is wanted may be that of another.
    received = {number: fcntl.fcntl(one.number, fcntl.F_DUPFD, _HIGH) for number, one in descriptors.items()}
    for one in descriptors.values():
        os.close(one.number)
    for number, own in received.items():
        os.dup2(own, number)
        os.close(own)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    for entry in reversed(environment.get("PYTHONPATH", "").split(os.pathsep)):
        if entry and entry not in sys.path:
            sys.path.insert(0, entry)
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")
    _use_streams(
        open(0, encoding="utf-8", closefd=False),  # noqa: SIM115
        _writer(1, "strict"),
        _writer(2, "backslashreplace"),
    )
    multiprocessing.current_process().daemon = False  # a program may use multiprocessing itself
    kill_points_of_tests.read_environment()
    # A fork has the address of the fork server, and Python 3.11 starts another one all the same: it is no child of it.
    setattr(forkserver._forkserver, "ensure_running", lambda: None)  # noqa: B010
    with forked_hosts(), forked_readers(), prepared_routes():
        code = _code_of(arguments)
    os._exit(code)


def _use_streams(*streams: io.TextIOWrapper) -> None:
    for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _writer(number: int, errors: str) -> io.TextIOWrapper:
    is_interactive = number == 2 or os.isatty(number)
    return open(number, "w", buffering=1 if is_interactive else -1, encoding="utf-8", errors=errors, closefd=False)


def _code_of(arguments: list[str]) -> int:
    code = 1
    try:
        _execute(arguments)
        code = 0
    except SystemExit as error:
        code = _code_of_exit(error)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    # The end of an interpreter, which a fork does not have: threads first, then what was registered.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    return code


def _execute(arguments: list[str]) -> None:
    match arguments:
        case ["-m", module, *rest]:
            sys.argv = [module, *rest]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["-c", program, *rest]:
            sys.argv = ["-c", *rest]
            exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})
        case _:
            raise ValueError(f"neither a module nor a program: {arguments}")


def _code_of_exit(error: SystemExit) -> int:
    if error.code is None or isinstance(error.code, int):
        return error.code or 0
    print(error.code, file=sys.stderr)
    return 1
