"""The start of the local backend, with real processes."""

import contextlib
import hashlib
import hmac
import http.server
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import httpx
import msgspec
import pytest

from banqup_tui.demo.by_http import HttpDemoBackend
from banqup_tui.domain.source import SourceKind
from banqup_tui.launcher import AnotherUsersBackend, BackendDidNotStart, BackendHangs, NewerVersionRuns
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.protocol import PROTOCOL, local_socket
from banqup_tui.protocol.commands import AddSource, RemoveSource
from banqup_tui.protocol.local import EXIT_ALREADY_RUNNING, EXIT_CANNOT_START, EXIT_NEWER_VERSION, Endpoint
from tests.support.backends import Home, home_in, is_alive, speaking, until
from tests.support.backends import http as speak
from tests.support.sftp import free_port


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with home_in(tmp_path / "home") as found:
        yield found


@pytest.fixture
def home_of_users(tmp_path: Path) -> Iterator[Home]:
    """Its processes are started as users start them; those of `home` are forks."""
    with home_in(tmp_path / "home", forks=False) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """For tests that only look at a backend: the first one starts it, as users do."""
    with home_in(tmp_path_factory.mktemp("shared") / "home", forks=False) as found:
        yield found


def test_the_first_terminal_starts_the_backend_and_the_next_finds_it(home_of_users: Home) -> None:
    first = home_of_users.connect()
    assert home_of_users.connect() == first
    with speak(first) as client:
        assert client.get("/v1/spaces").json()[0]["id"] == first.space_id


def test_nobody_else_on_the_machine_reaches_the_socket(shared: Home) -> None:
    endpoint = shared.connect()
    assert Path(endpoint.socket) == shared.dirs.runtime / "backend.sock"
    assert stat.S_IMODE(Path(endpoint.socket).stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.endpoint_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.dirs.runtime.stat().st_mode) == 0o700
    assert stat.S_IMODE(shared.dirs.backend.stat().st_mode) == 0o700


def test_a_local_backend_has_no_port(shared: Home) -> None:
    endpoint = shared.connect()
    listening = [line.split() for line in Path(f"/proc/{endpoint.pid}/net/tcp").read_text().splitlines()[1:]]
    inodes = {fields[9] for fields in listening if fields[3] == "0A"}
    open_ones = [os.readlink(fd) for fd in Path(f"/proc/{endpoint.pid}/fd").iterdir()]
    assert not [one for one in open_ones if one.startswith("socket:[") and one[8:-1] in inodes]
    published = json.loads(shared.endpoint_file.read_bytes())
    assert sorted(published) == ["instanceId", "pid", "protocol", "socket", "spaceId"]


def test_a_home_with_a_long_path_has_its_socket_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short_directory: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_directory))
    with home_in(tmp_path / ("long" * 30) / "home") as home:
        endpoint = home.connect()
        assert home.running() == endpoint
        place = Path(endpoint.socket)
        assert place.parent.parent == short_directory
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        end(endpoint)
    assert list(short_directory.iterdir()) == []


def test_a_directory_that_another_made_for_the_socket_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short_directory: Path
) -> None:
    """As after a restart of the machine, which empties the directory for short-lived files."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_directory))
    with home_in(tmp_path / ("long" * 30) / "home") as home:
        first = home.connect()
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: not is_alive(first.pid))
        taken = Path(first.socket)
        taken.unlink()
        taken.parent.chmod(0o755)
        heard: list[bytes] = []
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.bind(str(taken))
            stranger.listen()
            threading.Thread(target=_hear, args=(stranger, heard), daemon=True).start()
            monkeypatch.setattr(local_socket, "peer_user", _another_for(str(taken)))
            found = home.connect()
        assert Path(found.socket).parent.parent != short_directory
        assert found.space_id == first.space_id
        assert not any(heard)


def _hear(stranger: socket.socket, heard: list[bytes]) -> None:
    with contextlib.suppress(OSError):
        while True:
            with stranger.accept()[0] as connection:
                heard.append(connection.recv(100))


def _another_for(path: str) -> Callable[[socket.socket], int]:
    return lambda connection: os.geteuid() + (connection.getpeername() == path)


@pytest.fixture
def short_directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        yield Path(made)


def test_a_backend_of_another_user_is_left_alone(shared: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    shared.connect()
    monkeypatch.setattr(local_socket, "peer_user", lambda _connection: os.geteuid() + 1)
    with pytest.raises(AnotherUsersBackend):
        shared.connect()


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_a_process_of_another_user_is_turned_away(short_directory: Path) -> None:
    with home_in(short_directory / "home") as home:
        endpoint = home.connect()
        assert _as_another_user(endpoint.socket) == "PermissionError"
        for place in (short_directory, home.directory, home.dirs.runtime, Path(endpoint.socket)):
            place.chmod(0o777)
        assert _as_another_user(endpoint.socket) == "closed"
        assert "another user was turned away" in home.log


def _as_another_user(path: str) -> str:
    with socket.socket(socket.AF_UNIX) as made:
        os.seteuid(65534)
        try:
            made.connect(path)
        except OSError as error:
            return type(error).__name__
        finally:
            os.seteuid(0)
        try:
            made.sendall(b"GET /v1/instance HTTP/1.1\r\nHost: x\r\n\r\n")
            return made.recv(100).decode() or "closed"
        except OSError:
            return "closed"


def test_a_socket_that_was_tidied_away_is_made_anew(home: Home) -> None:
    endpoint = home.connect()
    Path(endpoint.socket).unlink()
    assert home.connect() == endpoint


def test_terminals_that_start_at_once_share_one_backend(home: Home) -> None:
    terminals = [home.terminal() for _ in range(4)]
    printed = [terminal.communicate(timeout=60) for terminal in terminals]
    assert [terminal.returncode for terminal in terminals] == [0] * 4, printed
    assert len({out for out, _ in printed}) == 1
    assert home.running() is not None


def test_a_second_backend_ends_at_once_and_leaves_the_first_alone(shared: Home) -> None:
    endpoint = shared.connect()
    second = shared.start()
    assert second.wait(20) == EXIT_ALREADY_RUNNING
    assert shared.running() == endpoint


def test_after_a_backend_was_killed_the_next_terminal_starts_one(home_of_users: Home) -> None:
    killed = home_of_users.connect()
    os.kill(killed.pid, signal.SIGKILL)
    until(lambda: not is_alive(killed.pid))
    assert home_of_users.endpoint_file.exists()
    found = home_of_users.connect()
    assert found.instance_id != killed.instance_id
    assert found.space_id == killed.space_id


class OlderBackend(http.server.BaseHTTPRequestHandler):
    """The port of version 0.4: it knows the token, or it is a program that got the port of a dead one."""

    knows_token: ClassVar[bool] = True
    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.heard.append(self.path + str(self.headers))
        nonce = self.path.partition("nonce=")[2]
        proof = hmac.new(b"old-secret", nonce.encode(), hashlib.sha256).hexdigest() if self.knows_token else "0" * 64
        instance = {"instanceId": "old", "version": "0.4.0", "protocol": {"min": 1, "max": 1}, "proof": proof}
        self._answer({**instance, "spaceId": "s"})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append(self.path + str(self.headers) + content.decode())
        self._answer({})

    def _answer(self, answer: object) -> None:
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def older_backend(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[OlderBackend]]:
    monkeypatch.setattr(OlderBackend, "heard", [])
    with http.server.HTTPServer(("127.0.0.1", 0), OlderBackend) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        published = {"port": server.server_address[1], "token": "old-secret", "instanceId": "old", "protocol": 1}
        home.endpoint_file.write_text(json.dumps({**published, "spaceId": "s", "pid": 1}))
        yield OlderBackend
        server.shutdown()


def test_a_backend_of_version_0_4_is_asked_to_give_way(home: Home, older_backend: type[OlderBackend]) -> None:
    assert home.connect().instance_id != "old"
    asked = [words for words in older_backend.heard if words.startswith("/v1/instance/retire")]
    assert "Bearer old-secret" in asked[0]
    assert f'"protocol":{PROTOCOL}' in asked[0]


def test_a_backend_of_version_0_5_is_replaced(home: Home) -> None:
    """It spoke protocol 2, and does not know what this version asks."""
    older = home.start(*speaking(2))
    until(home.endpoint_file.exists)
    assert home.connect().protocol == PROTOCOL
    assert older.wait(20) == 0


def test_a_stranger_on_the_old_port_is_not_believed_and_never_sees_the_token(
    home: Home, older_backend: type[OlderBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(older_backend, "knows_token", False)
    assert home.connect().instance_id != "old"
    assert older_backend.heard
    assert not any("old-secret" in words for words in older_backend.heard)


def test_a_terminal_of_version_0_4_is_told_that_a_newer_version_runs(shared: Home) -> None:
    """It starts the program that stands where its own stood, without arguments, since it cannot find the socket."""
    shared.connect()
    assert shared.start(sys.executable, "-m", "banqup_tui.backend").wait(20) == EXIT_NEWER_VERSION


def test_a_spoilt_endpoint_file_keeps_nobody_out(home: Home) -> None:
    for content in (b"", b"{", b"\xff\xfe", b'{"port": 1}'):
        home.endpoint_file.write_bytes(content)
        with pytest.raises(BackendDidNotStart):  # and not what is wrong with the file
            home.connect(program=["/bin/sh", "-c", "exit 3"], seconds=0.1)
    assert home.connect().pid


def test_an_older_terminal_is_told_that_a_newer_version_runs(home: Home) -> None:
    newer = home.start(*speaking(PROTOCOL + 1))
    until(home.endpoint_file.exists)
    with pytest.raises(NewerVersionRuns, match=r"launcher.newer-version-runs"):
        home.connect()
    assert newer.poll() is None


def test_a_newer_terminal_takes_over_and_no_older_backend_starts_after_it(home: Home) -> None:
    older = home.connect()
    terminal = home.terminal(protocol=PROTOCOL + 1)
    printed, complaint = terminal.communicate(timeout=60)
    assert terminal.returncode == 0, complaint
    until(lambda: not is_alive(older.pid))
    newer = msgspec.json.decode(home.endpoint_file.read_bytes(), type=Endpoint)
    assert newer.instance_id == printed.strip()
    home.running()
    os.kill(newer.pid, signal.SIGKILL)
    until(lambda: not is_alive(newer.pid))
    with pytest.raises(NewerVersionRuns):
        home.connect()
    assert home.start().wait(20) == EXIT_NEWER_VERSION


def test_documents_of_a_newer_version_are_left_alone(home: Home) -> None:
    endpoint = home.connect()
    end(endpoint)
    database = home.dirs.backend / "banqup.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(NewerVersionRuns):
        home.connect()
    assert database.read_bytes() == before


def test_a_spoilt_database_is_told_at_once_and_not_written_over(home_of_users: Home) -> None:
    database = home_of_users.dirs.backend / "banqup.sqlite"
    database.parent.mkdir()
    database.write_bytes(b"this is no database " * 500)
    with pytest.raises(BackendDidNotStart) as start_failure:
        home_of_users.connect()
    assert start_failure.value.message.code == "service.cannot-open"
    assert database.read_bytes().startswith(b"this is no database")


def test_a_backend_that_never_comes_up_is_given_up_with_its_last_words(home: Home) -> None:
    with pytest.raises(BackendDidNotStart) as start_failure:
        home.connect(program=["/bin/sh", "-c", "echo it is broken >&2; exit 3"], seconds=0.5)
    assert start_failure.value.lines[-1] == "it is broken"
    assert start_failure.value.message.quote == "it is broken"
    assert str(home.dirs.log) in remedy_of(start_failure.value.message)


def end(endpoint: Endpoint) -> None:
    os.kill(endpoint.pid, signal.SIGTERM)
    until(lambda: not is_alive(endpoint.pid))


def test_a_backend_told_to_stop_takes_its_endpoint_away_and_ends_well(home_of_users: Home) -> None:
    child, _ = home_of_users.serving()
    child.terminate()
    assert child.wait(20) == 0
    assert not home_of_users.endpoint_file.exists()
    assert (home_of_users.dirs.runtime / "backend.lock").exists()


def test_a_backend_with_nobody_connected_ends_by_itself(home: Home) -> None:
    child, _ = home.serving(BANQUP_IDLE_SECONDS="0.5")
    assert child.wait(20) == 0
    assert not home.endpoint_file.exists()


def test_a_backend_stays_while_a_terminal_listens_and_says_good_bye(home: Home) -> None:
    child, endpoint = home.serving(BANQUP_IDLE_SECONDS="1.5")
    with speak(endpoint) as client, client.stream("GET", f"/v1/spaces/{endpoint.space_id}/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("id: ")
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(3.0)
        child.terminate()
        assert "event: bye" in list(lines)
    assert child.wait(20) == 0


def test_the_space_has_the_name_that_was_given_and_keeps_it(home: Home) -> None:
    child, endpoint = home.serving(BANQUP_SPACE_NAME="Meuse Fiduciaire")
    with speak(endpoint) as client:
        assert client.get("/v1/spaces").json()[0]["name"] == "Meuse Fiduciaire"
    child.terminate()
    child.wait(20)
    with speak(home.connect()) as client:
        assert client.get("/v1/spaces").json()[0]["name"] == "Meuse Fiduciaire"


START_POINTS = [
    "lock.taken",
    pytest.param("endpoint.removed", marks=pytest.mark.campaign),
    "migrate.step",
    "database.open",
    pytest.param("listening", marks=pytest.mark.campaign),
    "endpoint.temp",
    "endpoint.published",
]


@pytest.mark.parametrize("point", START_POINTS)
def test_a_backend_killed_while_it_starts_is_followed_by_one_that_serves(home: Home, point: str) -> None:
    killed = home.start(BANQUP_KILL_AT=point)
    assert killed.wait(20) == -signal.SIGKILL
    endpoint = home.connect()
    with speak(endpoint) as client:
        assert client.get(f"/v1/spaces/{endpoint.space_id}/snapshot").status_code == 200


@pytest.mark.parametrize("point", ["close.begun", "endpoint.unlinked"])
def test_a_backend_killed_while_it_stops_is_followed_by_one_that_serves(home: Home, point: str) -> None:
    child, before = home.serving(BANQUP_KILL_AT=point)
    child.terminate()
    assert child.wait(20) == -signal.SIGKILL
    assert home.connect().instance_id != before.instance_id


def test_a_backend_killed_while_it_gives_way_still_keeps_older_ones_out(home: Home) -> None:
    child, endpoint = home.serving(BANQUP_KILL_AT="retire.marked")
    with speak(endpoint) as client, pytest.raises(httpx.TransportError):
        client.post("/v1/instance/retire", json={"protocol": PROTOCOL + 1})
    assert child.wait(20) == -signal.SIGKILL
    with pytest.raises(NewerVersionRuns):
        home.connect()


def test_a_terminal_killed_right_after_it_started_the_backend_leaves_a_good_one(home: Home) -> None:
    terminal = home.terminal_killed_at("spawn.forked")
    assert terminal.wait(20) == -signal.SIGKILL
    until(lambda: home.running() is not None)
    assert home.connect() == home.running()


FAILING = (
    "import errno, os, sys, fcntl, socket, banqup_tui.backend.runtime.endpoint\n"
    "def fail(*_, **_more):\n"
    "    if socket.socket(socket.AF_UNIX).connect_ex('backend.sock') == 0: print('reached', file=sys.stderr)\n"
    "    raise OSError(errno.{0}, os.strerror(errno.{0}))\n"
    "{1} = fail\n"
    "from banqup_tui.backend.runtime.main import main\n"
    "sys.exit(main())"
)


def test_what_keeps_the_backend_from_starting_is_told_in_a_message(home: Home) -> None:
    for what, where, code in (
        ("ENOSPC", "os.fsync", "service.disk-full"),
        ("ENOSPC", "banqup_tui.backend.runtime.endpoint.write_new", "service.disk-full"),
        ("ENOLCK", "fcntl.flock", "service.no-locks"),
        ("EOPNOTSUPP", "fcntl.flock", "service.no-locks"),
    ):
        with pytest.raises(BackendDidNotStart) as start_failure:
            home.connect(program=[sys.executable, "-c", FAILING.format(what, where)])
        assert start_failure.value.message.code == code
        assert "Traceback" not in home.log
        assert "reached" not in home.log, "a terminal would have taken it for one that is up"
        assert sorted(path.name for path in home.dirs.runtime.iterdir()) == ["backend.lock"]
    assert home.connect().pid


def test_a_backend_with_something_due_does_not_end_by_itself(home: Home) -> None:
    busy = (
        "import sys; from pathlib import Path; from banqup_tui.backend.dispatch.loop import Dispatch;"
        f"Dispatch.busy = lambda self: not Path({str(home.directory / 'done')!r}).exists();"
        "from banqup_tui.backend.runtime.main import main; sys.exit(main())"
    )
    child = home.start(sys.executable, "-c", busy, BANQUP_IDLE_SECONDS="0.3")
    until(lambda: home.running() is not None)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(1.5)
    (home.directory / "done").touch()
    assert child.wait(20) == 0


@pytest.mark.parametrize("kind", list(SourceKind))
def test_a_backend_with_a_source_stays_until_the_source_is_gone(home: Home, tmp_path: Path, kind: SourceKind) -> None:
    watched = tmp_path / "in"
    watched.mkdir()
    path = {
        SourceKind.FOLDER: str(watched),
        SourceKind.SFTP_DROP: f"127.0.0.1:{free_port()}",
        SourceKind.MAILBOX: f"imaps://facturen@127.0.0.1:{free_port()}/INBOX",
    }[kind]
    child, endpoint = home.serving(BANQUP_IDLE_SECONDS="0.8")
    with HttpDemoBackend(endpoint) as hand:
        hand.commands([AddSource(source_id="s", path=path, kind=kind)])
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(2.0)
    with HttpDemoBackend(endpoint) as hand:
        hand.commands([RemoveSource(source_id="s")])
    assert child.wait(20) == 0


def test_a_backend_that_is_to_stay_stays(home: Home) -> None:
    child, _ = home.serving(BANQUP_IDLE_SECONDS="0.2", BANQUP_STAY="1")
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(1.5)


def test_banqup_serve_stays_until_it_is_told_to_end(home_of_users: Home) -> None:
    child = home_of_users.start(sys.executable, "-m", "banqup_tui", "serve", BANQUP_IDLE_SECONDS="0.2")
    until(lambda: home_of_users.running() is not None or child.poll() is not None)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(1.0)
    child.send_signal(signal.SIGINT)
    assert child.wait(20) == 0
    assert not home_of_users.endpoint_file.exists()


@pytest.mark.parametrize(
    ("variable", "value", "example"),
    [
        ("BANQUP_IDLE_SECONDS", "never", "60"),
        ("BANQUP_IDLE_SECONDS", "nan", "60"),
        ("BANQUP_LOG_LEVEL", "loud", "INFO or WARNING"),
    ],
)
def test_a_variable_that_means_nothing_is_told_with_an_example(
    home: Home, variable: str, value: str, example: str
) -> None:
    child = home.start(**{variable: value})
    _, err = child.communicate(timeout=20)
    assert child.returncode == EXIT_CANNOT_START
    assert err == f"{variable} is set to {value!r}. Set it to a value such as {example}, or take it away.\n"


def test_banqup_serve_listens_on_an_address_as_well(home: Home) -> None:
    child = home.start(sys.executable, "-m", "banqup_tui", "serve", "--listen", "127.0.0.1:0")
    until(lambda: home.endpoint_file.exists() or child.poll() is not None)
    endpoint = msgspec.json.decode(home.endpoint_file.read_bytes(), type=Endpoint)
    address = f"http://127.0.0.1:{endpoint.port}/v1/instance"
    assert httpx.get(address).status_code == 401
    answer = httpx.get(address, headers={"Authorization": f"Bearer {endpoint.token}"})
    assert answer.json()["instanceId"] == endpoint.instance_id
    found = home.running()
    assert found is not None
    assert found.instance_id == endpoint.instance_id
    assert endpoint.token is not None
    assert endpoint.token not in home.log


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:99999", "192.0.2.1:1"])
def test_an_address_that_cannot_be_listened_on_is_told(home: Home, address: str) -> None:
    child = home.start(sys.executable, "-m", "banqup_tui.backend", "--listen", address)
    _, err = child.communicate(timeout=20)
    assert child.returncode == EXIT_CANNOT_START
    assert address in err
    assert "Traceback" not in err


def test_a_backend_that_hangs_is_said_in_a_moment_and_by_its_process(shared: Home) -> None:
    """And not as one that runs already: nobody could do anything with that."""
    endpoint = shared.connect()
    os.kill(endpoint.pid, signal.SIGSTOP)
    try:
        with pytest.raises(BackendHangs) as raised:
            shared.connect(seconds=300.0)  # it is not waited for
        assert f"process {endpoint.pid}" in sentence_of(raised.value.message)
    finally:
        os.kill(endpoint.pid, signal.SIGCONT)
    assert shared.connect().pid == endpoint.pid


def test_a_service_that_a_terminal_starts_listens_where_the_variables_say(home: Home) -> None:
    child = home.start(BANQUP_LISTEN="127.0.0.1:0", BANQUP_HOSTS="books.example other.example")
    until(lambda: home.endpoint_file.exists() or child.poll() is not None)
    endpoint = msgspec.json.decode(home.endpoint_file.read_bytes(), type=Endpoint)
    address = f"http://127.0.0.1:{endpoint.port}/v1/instance"
    known = {"Authorization": f"Bearer {endpoint.token}"}
    answers = [
        httpx.get(address, headers={**known, "Host": name}).status_code for name in ("other.example", "strange.example")
    ]
    assert answers[0] == 200
    assert answers[1] >= 400


@pytest.mark.parametrize(("level", "is_logged"), [("info", True), ("ERROR", False)])
def test_the_log_says_as_much_as_is_asked(home: Home, level: str, is_logged: bool) -> None:
    child, _ = home.serving(BANQUP_LOG_LEVEL=level, BANQUP_IDLE_SECONDS="0.2")
    assert child.wait(20) == 0
    assert ("nobody is connected" in home.log) is is_logged
