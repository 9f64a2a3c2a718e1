"""Processes killed at every step of the way in: each document is there once, in its place, and none is lost.

Real processes end by SIGKILL: the service, the reader process, the process of the SFTP drop, and the command line that
imports; at each kill point of the way in and at random times. After each kill the process starts again, and the work
goes on by itself; an import that was killed is run again, as its user would. A judge counts from outside, by SHA-256
(`tests.support.arriving_files`).

`BANQUP_KILLS` is the number of kills of the campaign (1,000); `BANQUP_KILLS_SEED` repeats a run, whose seed is printed.
"""

import asyncio
import os
import random
import re
import secrets
import signal
import threading
import time
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date
from itertools import cycle, islice
from pathlib import Path

import asyncssh
import pytest

import banqup_tui
from banqup_tui import launcher
from banqup_tui.backend.paths import HOST_KEY_FILE
from banqup_tui.cli import exit_codes
from banqup_tui.domain.source import SourceKind
from banqup_tui.protocol import PROTOCOL
from banqup_tui.protocol.commands import AddAccount, AddSource, CreateClient
from banqup_tui.protocol.local import EXIT_ALREADY_RUNNING
from tests.support import arriving_files, dovecot
from tests.support.arriving_files import CLIENTS, KINDS, Arrival, Judge
from tests.support.backends import http
from tests.support.forked_process import ForkedProcess, name_of_fork
from tests.support.local_setup import PROGRAM, LocalSetup, id_of, is_alive, setup_in
from tests.support.sftp import free_port

SECONDS = 60.0
MOST_UNDER_WAY = 10
"""Arrivals, so that what is killed works on new ones."""

QUICK = (
    "import sys; from banqup_tui.backend.intake import mailbox, sftp_drop, watched_folders;"
    "mailbox._MAIL_RETRY_SECONDS = (0.0, 0.5, 0.5); mailbox.Mailbox.__init__.__kwdefaults__.update(poll_seconds=1.0);"
    "watched_folders.WatchedFolders.__init__.__kwdefaults__.update(every=0.05, still_for=0.0, wait_for_xml=0.3);"
    "sftp_drop.SftpDrop.__init__.__kwdefaults__.update(picture_wait_seconds=0.5);"
    f"from banqup_tui.backend.runtime.main import main; sys.exit(main(['--protocol', '{PROTOCOL}']))"
)
"""A service that does not wait for what a test writes whole."""

RANDOM_SERVICE, RANDOM_READER, RANDOM_DROP, RANDOM_COMMAND = "the service", "the reader", "the drop", "the command"
"""Processes that are killed at a random time. The other kills are at the kill points of these names."""

STORING = ("file.temp", "file.renamed", "numbers.taken", "change.committed")
SPOOLING = ("spool.written", "spool.renamed", "outbox.given", "outbox.claimed", "outbox.sent", "outbox.answered")
"""Kill points in the command line."""


class Way:
    """A way in to a service in a home of its own, which is killed and started again.

    Attributes:
        kills: kill points, and processes that are killed at a random time.
        passed_once: kill points that a process may pass no more than once.
    """

    kills: tuple[str, ...]
    passed_once: frozenset[str] = frozenset()

    def __init__(self, setup: LocalSetup, chance: random.Random) -> None:
        self.setup = setup
        self.chance = chance
        self.judge = Judge(setup.dirs.backend)
        self.killed: Counter[str] = Counter()
        self._number = 0
        self._processes: list[ForkedProcess] = []

    # What each way does

    @abstractmethod
    def open(self) -> None:
        """Adds the source."""

    @abstractmethod
    def send(self, arrival: Arrival) -> None:
        """Sends files, without waiting for what becomes of them."""

    @abstractmethod
    def confirmed(self) -> list[Arrival]:
        """Returns the arrivals of which the sender knows that they are there."""

    def end(self) -> None:
        for process in self._processes:
            process.kill()

    # The campaign

    def begin(self) -> None:
        self.ensure_service()
        clients = (
            CreateClient(
                client_id=id_of("client", reference),
                reference=reference,
                name=company.name,
                vat_number=f"BE{company.number}",
                enterprise_number=company.number,
            )
            for reference, company in CLIENTS.items()
        )
        self.setup.do(*clients)
        self.open()

    def kill(self, what: str) -> None:
        """Kills a process while files come, and looks at what is there."""
        match what:
            case "the service":
                self.kill_at_random(self.service_pid)
            case "the reader":
                self.kill_at_random(lambda: _child_of(self.service_pid(), "banqup_tui.formats.process"))
            case "the drop":
                self.kill_at_random(self.drop_pid)
            case point:
                self.kill_at_point(point)
        self.killed[what] += 1
        self.judge.check_while_it_comes(self.confirmed())

    def kill_at_random(self, pid: Callable[[], int | None]) -> None:
        self.ensure_service()
        end = time.monotonic() + SECONDS
        while True:
            self.send_some()
            time.sleep(self.chance.uniform(0.0, 0.4))
            found = pid()
            if found is not None:
                break
            assert time.monotonic() < end, "there was nothing to kill"
        os.kill(found, signal.SIGKILL)
        _wait(lambda: not is_alive(found), what="the end of the process")
        if self.is_served():  # by itself it goes on without the process that was killed
            # An idle reader is missed by the next file. The next kill must not meet that file again: what two readers
            # end at is held to be the cause.
            self.send_some()
            self.wait_until_all_is_there()

    def kill_at_point(self, point: str) -> None:
        self.end_service()
        self.send_some()
        service = self.start_service(self.kill_at(point))
        end = time.monotonic() + SECONDS
        while service.poll() is None:
            assert time.monotonic() < end, f"{point} was not reached"
            self.send_some()
            _look(lambda: service.poll() is not None, seconds=0.3)
        assert service.wait() == -signal.SIGKILL, service.communicate()

    def kill_at(self, point: str) -> str:
        return f"{point}:{1 if point in self.passed_once else self.chance.randint(1, 5)}"

    def finish(self) -> int:
        """Lets everything come, starts the service anew, and counts. Returns the number of parts."""
        self.ensure_service()
        self.wait_until_all_is_there()
        self.end_service()
        self.ensure_service()
        self.put(self.made(self.next_number()))
        self.wait_until_all_is_there()
        self.judge.check_while_it_comes(self.confirmed())
        return self.judge.check_at_the_end()

    def wait_until_all_is_there(self) -> None:
        """Waits as long as something comes."""
        before, end = self.judge.missing(), time.monotonic() + SECONDS
        while missing := self.judge.missing():
            if missing != before:
                before, end = missing, time.monotonic() + SECONDS
            if time.monotonic() > end:
                raise AssertionError(f"lost, or still under way: {missing}\n{self.setup.all_lines()[-3000:]}")
            time.sleep(0.02)

    # Files

    def send_some(self) -> None:
        """Sends files, unless many are under way."""
        if len(self.judge.missing()) > MOST_UNDER_WAY:
            return
        for _ in range(self.chance.randint(1, 3)):
            self.put(self.made(self.next_number()))

    def made(self, number: int) -> Arrival:
        return self.chance.choice(KINDS)(number)

    def put(self, arrival: Arrival) -> None:
        self.judge.put_in(arrival)
        self.send(arrival)

    def next_number(self) -> int:
        self._number += 1
        return self._number

    # Processes

    def is_served(self) -> bool:
        pid = self.setup.backend_pid()
        return pid is not None and is_alive(pid)

    def service_pid(self) -> int:
        pid = self.setup.backend_pid()
        assert pid is not None
        return pid

    def ensure_service(self) -> None:
        if not self.is_served():
            self.start_service()

    def start_service(self, kill_at: str = "") -> ForkedProcess:
        service = self.start(("-c", QUICK), BANQUP_KILL_AT=kill_at, BANQUP_STAY="1")
        _wait(lambda: service.poll() is not None or self.setup.backend_pid() == service.pid, what="a service")
        if service.poll() != EXIT_ALREADY_RUNNING:
            return service
        self.end_service()  # the last command has started one that had not been there yet
        return self.start_service(kill_at)

    def end_service(self) -> None:
        self.setup.kill_backend()

    def start(self, program: Sequence[str], **environment: str) -> ForkedProcess:
        whole = {**os.environ, **self.setup.environment, **self.variables(), **environment}
        self._processes.append(ForkedProcess(program, whole))
        return self._processes[-1]

    def variables(self) -> dict[str, str]:
        return {}

    def drop_pid(self) -> int | None:
        raise NotImplementedError


class WatchedFolder(Way):
    kills = (*STORING, "intake.committed", *3 * [RANDOM_SERVICE], *2 * [RANDOM_READER])

    def open(self) -> None:
        self._root = self.setup.root / "watched"
        self._root.mkdir()
        self._rewritten: Arrival | None = None
        self.setup.do(AddSource(source_id="folder", path=str(self._root)))

    def made(self, number: int) -> Arrival:
        """Now and then the path of an earlier file is written again, once that file is there."""
        if self.chance.random() < 0.1 and (self._rewritten is None or not self.judge.missing()):
            self._rewritten = arriving_files.same_path_again(number)
            return self._rewritten
        return super().made(number)

    def send(self, arrival: Arrival) -> None:
        for path, data in arrival.files:
            final = self._root / path
            final.parent.mkdir(parents=True, exist_ok=True)
            unfinished = final.with_name(f"{final.name}.part")
            unfinished.write_bytes(data)
            unfinished.rename(final)

    def confirmed(self) -> list[Arrival]:
        """Nothing is confirmed to a folder: its files stay."""
        return []


class SftpDrop(Way):
    """A program sends files one after the other, and each again until it is told that it is there."""

    kills = (
        *STORING,
        *("drop.received", "drop.stored", "intake.committed", "drop.taken"),
        *2 * [RANDOM_SERVICE],
        *2 * [RANDOM_DROP],
        RANDOM_READER,
    )

    def open(self) -> None:
        self._port = free_port()
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._queue: list[Arrival] = []
        self._sent: list[Arrival] = []
        self._ends = threading.Event()
        host_key = self.setup.dirs.backend / HOST_KEY_FILE
        host_key.touch(0o600)
        host_key.write_bytes(asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_private_key())
        self.setup.do(
            AddSource(source_id="drop", path=f"127.0.0.1:{self._port}", kind=SourceKind.SFTP_DROP),
            AddAccount(
                account_id=id_of("account", "banqup"),
                source_id="drop",
                name="banqup",
                public_key=self._key.export_public_key().decode(),
            ),
        )
        self._sender = threading.Thread(target=lambda: asyncio.run(self._send_all()))
        self._sender.start()

    def made(self, number: int) -> Arrival:
        return arriving_files.same_path_again(number) if self.chance.random() < 0.1 else super().made(number)

    def send(self, arrival: Arrival) -> None:
        self._queue.append(arrival)

    def confirmed(self) -> list[Arrival]:
        return list(self._sent)

    def end(self) -> None:
        self._ends.set()
        self._sender.join()
        super().end()

    def drop_pid(self) -> int | None:
        return _listener_at(self._port)

    async def _send_all(self) -> None:
        while not self._ends.is_set():
            with suppress(asyncssh.Error, OSError):
                async with (
                    asyncssh.connect(
                        "127.0.0.1",
                        self._port,
                        username="banqup",
                        client_keys=[self._key],
                        known_hosts=None,
                        config=None,
                    ) as connection,
                    connection.start_sftp_client() as sftp,
                ):
                    await self._send_over(sftp)
            await asyncio.sleep(0.03)

    async def _send_over(self, sftp: asyncssh.SFTPClient) -> None:
        while not self._ends.is_set():
            if len(self._sent) == len(self._queue):
                await asyncio.sleep(0.01)
                continue
            arrival = self._queue[len(self._sent)]
            for path, data in arrival.files:
                await sftp.makedirs(path.rpartition("/")[0], exist_ok=True)
                async with sftp.open(path, "wb") as file:
                    await file.write(data)
            self._sent.append(arrival)


class Mailbox(Way):
    kills = (
        *STORING,
        *("mailbox.stored", "intake.committed", "mailbox.marked"),
        *3 * [RANDOM_SERVICE],
        RANDOM_READER,
    )
    passed_once = frozenset({"mailbox.marked"})

    def __init__(self, setup: LocalSetup, chance: random.Random, server: dovecot.Dovecot) -> None:
        super().__init__(setup, chance)
        self._server = server
        self._delivered: list[Arrival] = []

    def variables(self) -> dict[str, str]:
        return {"SSL_CERT_FILE": str(self._server.ca_file)}

    def open(self) -> None:
        address = f"imaps://{dovecot.USER}@127.0.0.1:{self._server.tls_port}/INBOX"
        self.setup.do(AddSource(source_id="box", path=address, kind=SourceKind.MAILBOX, since=date(2026, 1, 1)))
        endpoint = launcher.running(self.setup.dirs)
        assert endpoint is not None
        with http(endpoint) as client:
            path = f"/v1/spaces/{endpoint.space_id}/sources/box/password"
            client.put(path, json={"password": dovecot.PASSWORD}).raise_for_status()

    def made(self, number: int) -> Arrival:
        if self.chance.random() < 0.1:
            return arriving_files.letter_by_mail(number)
        return arriving_files.mailed(super().made(number), number)

    def send(self, arrival: Arrival) -> None:
        self._server.deliver(*(data for _, data in arrival.files))
        self._delivered.append(arrival)

    def confirmed(self) -> list[Arrival]:
        flags = self._server.flags()
        return [arrival for uid, arrival in enumerate(self._delivered, 1) if "\\Seen" in flags[str(uid)]]

    def finish(self) -> int:
        parts = super().finish()
        expected = [bool(one.parts) for one in self._delivered]
        _wait(
            lambda: [bool(flags) for flags in self._server.flags().values()] == expected, what="the marks of the mails"
        )
        return parts


class Import(Way):
    """`banqup import` of one folder after the other.

    A command whose service has ended says that the files are kept here. It is run again, as is one that was killed, and
    starts a service where none runs.
    """

    kills = (
        *STORING,
        *("command.received", "command.effect", "command.keyed", "command.committed"),
        *SPOOLING,
        *2 * [RANDOM_SERVICE],
        *2 * [RANDOM_COMMAND],
        RANDOM_READER,
    )
    passed_once = frozenset({"outbox.claimed", "outbox.sent"})

    def open(self) -> None:
        self._answered: list[Arrival] = []
        self._begin_folder()

    def _begin_folder(self) -> None:
        self._in_folder: list[Arrival] = []
        self._folder = self.setup.root / f"import-{self.next_number()}"
        self._folder.mkdir()

    def send(self, arrival: Arrival) -> None:
        self._in_folder.append(arrival)
        for path, data in arrival.files:
            final = self._folder / path
            final.parent.mkdir(parents=True, exist_ok=True)
            final.write_bytes(data)

    def confirmed(self) -> list[Arrival]:
        return self._answered

    def kill(self, what: str) -> None:
        if what not in (*SPOOLING, RANDOM_COMMAND):
            super().kill(what)
            return
        self.ensure_service()
        end = time.monotonic() + SECONDS
        while not self._is_command_killed(what):
            assert time.monotonic() < end, f"{what} was not reached"
        self.killed[what] += 1
        self.judge.check_while_it_comes(self.confirmed())
        self.wait_until_all_is_there()

    def _is_command_killed(self, what: str) -> bool:
        """Runs the command. Returns False if it has ended before it was killed."""
        for _ in range(3):
            self.put(self.made(self.next_number()))
        if what == RANDOM_COMMAND:
            command = self._started()
            time.sleep(self.chance.uniform(0.0, 0.6))
            command.kill()
        else:
            command = self._started(BANQUP_KILL_AT=self.kill_at(what))
        if command.wait(SECONDS) == -signal.SIGKILL:
            return True
        self._take_answer(command)
        return False

    def kill_at_point(self, point: str) -> None:
        self.end_service()
        service = self.start_service(self.kill_at(point))
        end = time.monotonic() + SECONDS
        while service.poll() is None:
            assert time.monotonic() < end, f"{point} was not reached"
            self.send_some()
            self.wait_until_all_is_there()
        assert service.wait() == -signal.SIGKILL, service.communicate()

    def kill_at_random(self, pid: Callable[[], int | None]) -> None:
        self.ensure_service()
        end = time.monotonic() + SECONDS
        while True:
            self.send_some()
            command = self._started()
            time.sleep(self.chance.uniform(0.0, 0.6))
            found = pid()
            if found is not None and command.poll() is None:
                break
            self._take_answer(command)
            assert time.monotonic() < end, "there was nothing to kill"
        os.kill(found, signal.SIGKILL)
        self._take_answer(command)

    def wait_until_all_is_there(self) -> None:
        if self._in_folder:
            self._take_answer(self._started())
        assert not (missing := self.judge.missing()), f"answered, and not there: {missing}"

    def _started(self, **environment: str) -> ForkedProcess:
        return self.start([*PROGRAM[1:], "import", str(self._folder)], **environment)

    def _take_answer(self, command: ForkedProcess) -> None:
        written = _answer_of(command)
        if "kept here" in written:
            if self.chance.random() < 0.8:  # to start a service as users do takes a second of CPU
                self.ensure_service()
            written = _answer_of(self._started())
        assert " 0 refused" in written, written
        assert "kept here" not in written, written
        self._answered += self._in_folder
        self._begin_folder()


def _answer_of(command: ForkedProcess) -> str:
    """Waits for the command, and returns its summary."""
    _, written = command.communicate(timeout=SECONDS)
    codes = (exit_codes.OK, exit_codes.FAILED, exit_codes.STILL_UNDER_WAY)
    assert command.returncode in codes, written  # it fails where files wait to be placed
    return written


# Processes and waiting


def _child_of(parent: int, module: str) -> int | None:
    """Returns a process of a module that another process has started, by itself or as a fork."""
    as_fork = name_of_fork(parent, ["-m", module])
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            of = int((directory / "stat").read_text().rpartition(")")[2].split()[1])
            is_child = of == parent and module.encode() in (directory / "cmdline").read_bytes()
            if is_child or (directory / "comm").read_text().rstrip("\n") == as_fork:
                return int(directory.name)
    return None


def _listener_at(port: int) -> int | None:
    """Returns the process that listens at a port of loopback."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{words[9]}]" for words in lines if words[3] == "0A" and words[1].endswith(f":{port:04X}")}
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(os.readlink(descriptor) in sockets for descriptor in (directory / "fd").iterdir()):
                return int(directory.name)
    return None


def _look(holds: Callable[[], bool], *, seconds: float = SECONDS) -> bool:
    """Waits for a condition. Returns whether it came to hold."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _wait(holds: Callable[[], bool], *, what: str) -> None:
    assert _look(holds), f"{what} did not come about"


# The tests


def _kill(way: Way, kills: Iterable[str], seed: int) -> None:
    print(f"BANQUP_KILLS_SEED={seed}")
    try:
        way.begin()
        for what in kills:
            way.kill(what)
        parts = way.finish()
        print(f"{way.killed.total()} kills, {parts} parts, each once: {dict(sorted(way.killed.items()))}")
    finally:
        way.end()


WAYS: dict[str, type[Way]] = {"import": Import, "folder": WatchedFolder, "drop": SftpDrop, "mailbox": Mailbox}
PARTS = 5
KILLS = int(os.environ.get("BANQUP_KILLS", "1000"))


_ON_THE_WAY = (
    "backend/intake",
    "backend/db",
    "backend/api",
    "sources",
    "store/files.py",
    "store/outbox.py",
    "sync/push.py",
)
_ELSEWHERE = {"migrate.step", "outbox.withdrawn", "mailbox.copied"}
"""`mailbox.copied` is passed only where mails are moved by a server that cannot move them: see tests of the mailbox."""


def test_every_kill_point_of_the_way_in_is_in_the_campaign() -> None:
    root = Path(banqup_tui.__file__).parent
    files = [file for name in _ON_THE_WAY for file in [root / name, *(root / name).rglob("*.py")] if file.is_file()]
    there = {point for file in files for point in re.findall(r'kill_point\("([^"]+)"\)', file.read_text())}
    assert there - _ELSEWHERE == {kill for way in WAYS.values() for kill in way.kills if "." in kill}


def _of_campaign(way: str, part: int) -> Iterable[str]:
    """The kills of a part, so that those of all parts take the kill points in turn."""
    count = -(-KILLS // (len(WAYS) * PARTS))
    return islice(cycle(WAYS[way].kills), part * count, (part + 1) * count)


def _seed() -> int:
    wanted = os.environ.get("BANQUP_KILLS_SEED")
    return int(wanted) if wanted else secrets.randbits(32)


def test_a_drop_that_is_killed_before_and_after_a_file_is_taken_has_it_once(setup: LocalSetup) -> None:
    _kill(SftpDrop(setup, random.Random(1)), ["drop.received", "drop.taken", RANDOM_DROP], 1)


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("way", ["import", "folder", "drop"])
def test_whatever_is_killed_and_whenever_each_document_is_there_once(tmp_path: Path, way: str, part: int) -> None:
    seed = _seed()
    with setup_in(tmp_path) as setup:
        _kill(WAYS[way](setup, random.Random(seed)), _of_campaign(way, part), seed)


@pytest.mark.campaign
@pytest.mark.skipif(not dovecot.is_usable(), reason="Dovecot 2.3 (dovecot-imapd) is not installed")
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_killed_and_whenever_each_mail_is_taken_once(tmp_path: Path, part: int) -> None:
    seed = _seed()
    with setup_in(tmp_path) as setup, dovecot.served() as server:
        _kill(Mailbox(setup, random.Random(seed), server), _of_campaign("mailbox", part), seed)
