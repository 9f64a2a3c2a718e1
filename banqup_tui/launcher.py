"""Finds the local backend, or starts it as a process of its own (docs/protocol.md, "Start-up").

It uses the wire protocol alone and imports nothing of the backend.
"""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

import banqup_tui.protocol as protocol
from banqup_tui.app_dirs import AppDirs
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import Message, message, message_in
from banqup_tui.kill_points import kill_point
from banqup_tui.older_backend import retire_older
from banqup_tui.protocol import paths
from banqup_tui.protocol.local import AS_MESSAGES, EXIT_CANNOT_START, EXIT_NEWER_VERSION, LOG_FILE, Endpoint
from banqup_tui.protocol.local_socket import AnotherUser, socket_path
from banqup_tui.protocol.messages import Instance
from banqup_tui.python_process import clean_environment, python_command
from banqup_tui.store.faults import FaultCode, fault_of

PROGRAM = tuple(python_command("banqup_tui.backend", "--protocol", str(protocol.PROTOCOL)))
SECONDS_TO_START = 30.0
SECONDS_TO_GIVE_WAY = 40.0
SECONDS_TO_ANSWER = 3.0
"""A backend that has accepted a connection and not answered in this time hangs. No second one is started beside it."""
_FIRST_PAUSE = 0.1
_GLANCE = 0.02
_LINES_SHOWN = 5
_MOST_ANSWERED = 64 * 1024


class NewerVersionRuns(BanqupError):
    """A newer version of the backend runs, which this program cannot use; the terminal must be restarted."""

    def __init__(self, why: Message | None = None) -> None:
        super().__init__(why or message("launcher.newer-version-runs"))


class NewerVersionUsed(NewerVersionRuns):
    """A newer version has used the database; it does not run now, and an older backend must not open it."""

    def __init__(self) -> None:
        super().__init__(message("launcher.newer-version-used"))


class BackendDidNotStart(BanqupError):
    """The backend ended or did not answer in time. `lines` are the last of its log.

    If the last line is a message of the service, it is the reason.
    """

    def __init__(self, log: Path, lines: Sequence[str]) -> None:
        last = lines[-1].strip() if lines else ""
        super().__init__(message_in(last) or message("launcher.not-started", last, log=log))
        self.lines = tuple(lines)


class BackendHangs(BanqupError):
    """A backend accepts connections but does not answer. `pid` is its process, on Linux."""

    exit_code = 69

    def __init__(self, pid: int | None) -> None:
        super().__init__(message("launcher.service-hangs-as", pid=pid) if pid else message("launcher.service-hangs"))
        self.pid = pid


class AnotherUsersBackend(BanqupError):
    """The socket of this installation belongs to a process of another user."""

    def __init__(self, path: str) -> None:
        super().__init__(message("launcher.another-users", path=path))


def connect(dirs: AppDirs, *, program: Sequence[str] = PROGRAM, seconds: float = SECONDS_TO_START) -> Endpoint:
    """Returns the endpoint of the running backend, and starts a backend if none runs. It blocks.

    An older backend is asked to retire first.

    Args:
        program: The command that starts the backend.
        seconds: The time-out; it is extended while an older backend ends its sends.

    Raises:
        NewerVersionRuns: A newer version runs or has used the database.
        BackendDidNotStart: The backend ended, or did not answer in time.
        BackendHangs: A backend has the socket and does not answer.
        AnotherUsersBackend: The socket belongs to another user.
        LocalFault, OSError: This computer cannot start a process.
    """
    return _Search(dirs.made(), program, seconds).run()


def running(dirs: AppDirs) -> Endpoint | None:
    """Returns the endpoint of a running backend, `None` if none answers. It starts none."""
    try:
        service = _probe(dirs)
    except BackendHangs:
        return None
    return service[0] if service else None


class _Search:
    """The search for a backend: probes, retires an older one, starts one, and waits (the states of "Start-up")."""

    def __init__(self, dirs: AppDirs, program: Sequence[str], seconds: float) -> None:
        self._dirs = dirs
        self._program = program
        self._deadline = time.monotonic() + seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._pause = _FIRST_PAUSE
        self._retired: set[str] = set()

    def run(self) -> Endpoint:
        try:
            while True:
                endpoint = self._connected()
                if endpoint is not None:
                    return endpoint
                self._wait()
                if time.monotonic() > self._deadline:
                    raise self._failed()
        finally:
            self._let_go()

    def _connected(self) -> Endpoint | None:
        service = _probe(self._dirs)
        if service is None:
            older = retire_older(self._dirs.runtime, protocol.PROTOCOL)
            if older is not None:
                self._give_time(older)
            return None
        endpoint, instance = service
        theirs = instance.protocol
        if theirs["max"] < protocol.PROTOCOL:
            self._retire(endpoint)
            return None
        # A newer backend is never retired or replaced: an older terminal and a newer one would end each other's
        # backend for ever, and a newer database cannot be opened here.
        if theirs["min"] > protocol.PROTOCOL:
            raise NewerVersionRuns
        return endpoint

    def _retire(self, endpoint: Endpoint) -> None:
        """Asks an older backend to retire, again in each round: a request may get lost."""
        self._give_time(endpoint.instance_id)
        _ask(endpoint.socket, "POST", paths.RETIRE, msgspec.json.encode({"protocol": protocol.PROTOCOL}))

    def _give_time(self, instance_id: str) -> None:
        """Extends the time-out once for a backend that retires, because it ends its sends first."""
        if instance_id not in self._retired:
            self._retired.add(instance_id)
            self._deadline = max(self._deadline, time.monotonic() + SECONDS_TO_GIVE_WAY)

    def _wait(self) -> None:
        if self._child is None:
            self._child = spawn(self._dirs, self._program)
        ended = self._child.poll()
        if ended is None:
            time.sleep(_GLANCE)
        elif ended == EXIT_NEWER_VERSION:
            raise NewerVersionUsed
        elif ended == EXIT_CANNOT_START:
            raise self._failed()
        else:
            # The child found another backend starting (EXIT_ALREADY_RUNNING), or died: probe again, then start another.
            self._child = None
            time.sleep(min(self._pause, max(0.0, self._deadline - time.monotonic())))
            self._pause *= 2

    def _failed(self) -> BackendDidNotStart:
        log = self._dirs.log / LOG_FILE
        return BackendDidNotStart(log, _last_lines(log))

    def _let_go(self) -> None:
        """Leaves the backend running; a thread waits for its end, so that it does not stay as a zombie process."""
        if self._child is not None and self._child.poll() is None:
            threading.Thread(target=self._child.wait, name="backend-reaper", daemon=True).start()


def _probe(dirs: AppDirs) -> tuple[Endpoint, Instance] | None:
    """Returns the backend that answers on the socket, if any. Raises `AnotherUsersBackend`, `BackendHangs`."""
    path = socket_path(dirs.runtime)
    try:
        content = _ask(path, "GET", paths.INSTANCE)
    except AnotherUsersBackend:
        if Path(path).parent == dirs.runtime:
            raise
        # The socket of a long path lies in the system's temporary directory. If that was emptied, another user may
        # have made a file of the same name: it is not this installation's backend, and another is started.
        return None
    if content is None:
        return None
    try:
        instance = msgspec.json.decode(content, type=Instance)
    except msgspec.DecodeError:
        return None
    if not {"min", "max"} <= instance.protocol.keys():
        return None
    endpoint = Endpoint(
        socket=path,
        instance_id=instance.instance_id,
        protocol=instance.protocol["max"],
        space_id=instance.space_id,
        pid=instance.pid,
    )
    return endpoint, instance


def _ask(path: str, method: str, target: str, content: bytes | None = None) -> bytes | None:
    """Sends a request and returns the body of a 2xx answer, else `None`.

    Raises `AnotherUsersBackend`, `BackendHangs`, and `LocalFault` without free file descriptors.
    """
    import http.client

    from banqup_tui.protocol.local_http import LocalConnection

    connection = LocalConnection(path, SECONDS_TO_ANSWER)
    try:
        connection.request(method, target, content, {"Content-Type": "application/json", "Connection": "close"})
        answer = connection.getresponse()
        return answer.read(_MOST_ANSWERED) if 200 <= answer.status < 300 else None
    except AnotherUser:
        raise AnotherUsersBackend(path) from None
    except TimeoutError:
        raise BackendHangs(connection.peer) from None
    except OSError as error:
        # Without file descriptors nothing is known of the backend: starting another would not help.
        if (fault := fault_of(error)) is not None and fault.code is FaultCode.TOO_MANY_FILES:
            raise fault from error
        return None
    except http.client.HTTPException:
        return None
    finally:
        connection.close()


def spawn(dirs: AppDirs, program: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Starts the backend detached from this terminal, with a session and a working directory of its own.

    Its output goes to the log.
    """
    environment = clean_environment() | {AS_MESSAGES: "1"}
    if dirs.root:
        environment["BANQUP_HOME"] = str(dirs.root)
    with (dirs.log / LOG_FILE).open("ab") as log:
        child = subprocess.Popen(
            list(program),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
            cwd=dirs.runtime,
        )
    # Killed here, the backend goes on by itself, and the next terminal finds it.
    kill_point("spawn.forked")
    return child


def _last_lines(log: Path) -> list[str]:
    try:
        with log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - 8192))
            return stream.read().decode("utf-8", "replace").splitlines()[-_LINES_SHOWN:]
    except OSError:
        return []
