"""Finds the local backend, or starts it (docs/protocol.md, start-up). The one bridge from the terminal's side.

It knows the wire, and starts the backend as a process of its own: it imports nothing of it.
"""

import os
import secrets
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

import banqup_tui.protocol as protocol
from banqup_tui.domain.errors import BanqupError
from banqup_tui.homes import Homes
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol import paths
from banqup_tui.protocol.local import (
    ENDPOINT_FILE,
    EXIT_CANNOT_START,
    EXIT_NEWER_VERSION,
    LOG_FILE,
    Endpoint,
    proof_of,
)
from banqup_tui.protocol.messages import Instance
from banqup_tui.python_process import clean_environment, python_command

PROGRAM = tuple(python_command("banqup_tui.backend"))
SECONDS_TO_START = 30.0
SECONDS_TO_GIVE_WAY = 40.0
SECONDS_TO_ANSWER = 2.0
_FIRST_PAUSE = 0.1
_GLANCE = 0.02
_LINES_SHOWN = 5
_MOST_ANSWERED = 64 * 1024


class NewerVersionRuns(BanqupError):
    def __init__(self) -> None:
        super().__init__(
            "A newer version of this program is running.",
            "Restart this terminal; until then it shows what it has, and keeps what you do.",
        )


class BackendDidNotStart(BanqupError):
    """`lines` are the last of its log."""

    def __init__(self, log: Path, lines: Sequence[str]) -> None:
        said = lines[-1].strip() if lines else ""
        super().__init__(f"The local backend did not start. {said}".strip(), f"Its log is {log}.")
        self.lines = tuple(lines)


def connect(homes: Homes, *, program: Sequence[str] = PROGRAM, seconds: float = SECONDS_TO_START) -> Endpoint:
    """Where the backend listens, once it has proved itself. Raises `NewerVersionRuns`, `BackendDidNotStart`."""
    return _Search(homes.made(), program, seconds).run()


def running(homes: Homes) -> Endpoint | None:
    """Where a backend listens already, if one does; starts none."""
    found = _probe(homes)
    return found[0] if found else None


class _Search:
    def __init__(self, homes: Homes, program: Sequence[str], seconds: float) -> None:
        self._homes = homes
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
        found = _probe(self._homes)
        if found is None:
            return None
        endpoint, instance = found
        theirs = instance.protocol
        if theirs["max"] < protocol.PROTOCOL:
            self._retire(endpoint)
            return None
        if theirs["min"] > protocol.PROTOCOL:
            raise NewerVersionRuns
        return endpoint

    def _retire(self, endpoint: Endpoint) -> None:
        """Asked again each time: the first may have got lost. Its sends get their time, and so do we."""
        if endpoint.instance_id not in self._retired:
            self._retired.add(endpoint.instance_id)
            self._deadline = max(self._deadline, time.monotonic() + SECONDS_TO_GIVE_WAY)
        content = msgspec.json.encode({"protocol": protocol.PROTOCOL})
        _ask(endpoint, "POST", paths.RETIRE, content, {"Authorization": f"Bearer {endpoint.token}"})

    def _wait(self) -> None:
        if self._child is None:
            self._child = _spawn(self._homes, self._program)
        ended = self._child.poll()
        if ended is None:
            time.sleep(_GLANCE)
        elif ended == EXIT_NEWER_VERSION:
            raise NewerVersionRuns
        elif ended == EXIT_CANNOT_START:
            raise self._failed()
        else:
            self._child = None
            time.sleep(min(self._pause, max(0.0, self._deadline - time.monotonic())))
            self._pause *= 2

    def _failed(self) -> BackendDidNotStart:
        log = self._homes.log / LOG_FILE
        return BackendDidNotStart(log, _last_lines(log))

    def _let_go(self) -> None:
        """It goes on without us; but while we live, somebody has to take note of its end."""
        if self._child is not None and self._child.poll() is None:
            threading.Thread(target=self._child.wait, name="backend-reaper", daemon=True).start()


def _probe(homes: Homes) -> tuple[Endpoint, Instance] | None:
    """The backend of the endpoint file, if it answers and proves that it wrote the file. It is sent no token."""
    try:
        endpoint = msgspec.json.decode((homes.runtime / ENDPOINT_FILE).read_bytes(), type=Endpoint)
    except (OSError, msgspec.DecodeError):
        return None
    nonce = secrets.token_hex(16)
    content = _ask(endpoint, "GET", f"{paths.INSTANCE}?nonce={nonce}")
    if content is None:
        return None
    try:
        instance = msgspec.json.decode(content, type=Instance)
    except msgspec.DecodeError:
        return None
    proved = secrets.compare_digest(instance.proof.encode(), proof_of(endpoint.token, nonce).encode())
    same = instance.instance_id == endpoint.instance_id and {"min", "max"} <= instance.protocol.keys()
    return (endpoint, instance) if proved and same else None


def _ask(
    endpoint: Endpoint, method: str, path: str, content: bytes | None = None, headers: dict[str, str] | None = None
) -> bytes | None:
    """The body of a 2xx answer, else `None`."""
    import http.client

    asked = {"Content-Type": "application/json", "Connection": "close", **(headers or {})}
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=SECONDS_TO_ANSWER)
    try:
        connection.request(method, path, content, asked)
        answer = connection.getresponse()
        return answer.read(_MOST_ANSWERED) if 200 <= answer.status < 300 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _spawn(homes: Homes, program: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Detached: it has a session and a working directory of its own, and its words go to the log."""
    environment = clean_environment()
    if homes.root:
        environment["BANQUP_HOME"] = str(homes.root)
    with (homes.log / LOG_FILE).open("ab") as log:
        child = subprocess.Popen(
            list(program),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
            cwd=homes.runtime,
        )
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
