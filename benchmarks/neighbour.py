"""Is anyone slowed by another client's broken integration? Ten clients' deliveries, with it and without it, in turn.

The broken one is the worst kind: a server that takes the connection and never says a word, with documents waiting.
"""

import shutil
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from banqup_tui import launcher
from banqup_tui.demo.by_http import HttpDemoBackend
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import (
    AddIntegration,
    CreateClient,
    ImportFile,
    Install,
    PauseIntegration,
    ResumeIntegration,
    Send,
    encode,
)
from banqup_tui.protocol.messages import Command, CommandResult, CommandStatus
from benchmarks.measures import Figure
from benchmarks.places import Firm

CLIENTS, EACH, ROUNDS = 10, 40, 5
WAITING = 60
"""Documents of the broken one."""
LIMIT = 1.1
_KEY = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
_SECONDS = 60.0


class CommandBackend(HttpDemoBackend):
    """The same may be asked again: every command has a key of its own."""

    def _command(self, body: Value) -> Command:
        return Command(key=str(uuid.uuid4()), kind=body.KIND, seen=self._seen, body=encode(body))

    def do(self, *bodies: Value) -> list[CommandResult]:
        self.snapshot()
        results = [result for at in range(0, len(bodies), 100) for result in self.commands(bodies[at : at + 100])]
        for result in results:
            if result.status is not CommandStatus.DONE:
                raise RuntimeError(str(result.problem))
        return results


class SilentServer:
    """Takes every connection and says nothing; `hang_up` ends those there are, and refuses more until `listen`."""

    def __init__(self) -> None:
        self._listening: socket.socket | None = None
        self._taken: list[socket.socket] = []
        self.port = 0
        self.listen()

    def listen(self) -> None:
        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        self._listening = listening
        threading.Thread(target=self._take, args=(listening,), daemon=True).start()

    @property
    def keeps_waiting(self) -> bool:
        """Somebody has connected and hears nothing."""
        return bool(self._taken)

    def hang_up(self) -> None:
        if self._listening is not None:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        while self._taken:
            self._taken.pop().close()

    def _take(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                self._taken.append(listening.accept()[0])


class NeighbourSetup:
    """A backend with ten clients that receive into folders, and one whose server is silent."""

    def __init__(self, firm: Firm, backend: CommandBackend, server: SilentServer) -> None:
        self._firm, self._backend, self._server = firm, backend, server
        self._inbox = firm.directory / "received"
        self.broken = str(uuid.uuid4())
        self._clients = [self._client(number) for number in range(CLIENTS)]
        self._neighbour = self._client(CLIENTS)
        self.rounds = [self._documents(number) for number in range(2 * (ROUNDS + 1))]
        waiting = self._import(self._neighbour, WAITING, "waiting")
        self._activate()
        self._backend.do(Send(document_ids=tuple(waiting), integration_ids=(self.broken,)))

    def _client(self, number: int) -> str:
        client_id = str(uuid.uuid4())
        self._backend.do(CreateClient(client_id=client_id, reference=f"C{number:02}", name=f"Client {number:02}"))
        return client_id

    def _documents(self, number: int) -> list[str]:
        return [one for client in self._clients for one in self._import(client, EACH, f"round {number}")]

    def _import(self, client_id: str, count: int, name: str) -> list[str]:
        letters = [f"{name} {client_id} {at}\n".encode() * 400 for at in range(count)]
        bodies = [
            ImportFile(sha256=sha256, file_name=f"{name} {at}.txt", client_id=client_id, folder=Folder.OTHER_DOCUMENTS)
            for at, sha256 in enumerate(self._backend.put_files(letters))
        ]
        return [result.result["documents"][0]["documentId"] for result in self._backend.do(*bodies)]

    def _activate(self) -> None:
        """After the documents are there, so that nothing goes by itself."""
        folder, sftp = str(uuid.uuid4()), str(uuid.uuid4())
        server = {"host": "127.0.0.1", "port": self._server.port, "user": "u", "password": "p", "path": "/in/"}
        self._backend.do(
            Install(installation_id=folder, extension_id="local-folder", settings={"path": f"{self._inbox}/"}),
            Install(installation_id=sftp, extension_id="sftp", settings=server | {"host_key": _KEY}),
            AddIntegration(integration_id=self.broken, client_id=self._neighbour, installation_id=sftp),
            *(
                AddIntegration(integration_id=str(uuid.uuid4()), client_id=client, installation_id=folder)
                for client in self._clients
            ),
        )

    def beside_it(self) -> None:
        self._server.hang_up()
        self._server.listen()
        self._backend.do(ResumeIntegration(integration_id=self.broken))
        self._until(lambda: self._server.keeps_waiting and self._count("state = 'SENDING'") > 0)

    def without_it(self) -> None:
        self._backend.do(PauseIntegration(integration_id=self.broken))
        self._server.hang_up()
        self._until(lambda: self._count("state = 'SENDING'") == 0)

    def seconds(self, documents: Sequence[str]) -> float:
        """From the click to the last receipt. What is asked meanwhile has an index: it costs the same each time."""
        before = self._count("state = 'DELIVERED'")
        began = time.perf_counter()
        self._backend.do(Send(document_ids=tuple(documents)))
        self._until(lambda: not self._count(f"state = 'QUEUED' AND integration_id <> '{self.broken}'"))
        self._until(lambda: not self._count(f"state = 'SENDING' AND integration_id <> '{self.broken}'"))
        took = time.perf_counter() - began
        if self._count("state = 'DELIVERED'") != before + len(documents):
            raise RuntimeError("not all has arrived")
        return took

    def is_broken(self) -> bool:
        """Nothing of it has arrived."""
        return self._count(f"state = 'DELIVERED' AND integration_id = '{self.broken}'") == 0

    def _count(self, which: str) -> int:
        database = sqlite3.connect(f"file:{self._firm.dirs.backend / 'banqup.sqlite'}?mode=ro", uri=True)
        try:
            return int(database.execute(f"SELECT count(*) FROM delivery WHERE {which}").fetchone()[0])
        finally:
            database.close()

    def _until(self, holds: Callable[[], bool]) -> None:
        deadline = time.perf_counter() + _SECONDS
        while not holds():
            if time.perf_counter() > deadline:
                raise RuntimeError("it did not come about")
            time.sleep(0.005)


@contextmanager
def neighbour_setup(python: Path) -> Iterator[NeighbourSetup]:
    firm = Firm(python, 0)
    firm.end()
    shutil.rmtree(firm.directory, ignore_errors=True)
    firm.dirs.made()
    firm.start_backend()
    server = SilentServer()
    try:
        found = launcher.running(firm.dirs)
        assert found is not None
        with CommandBackend(found) as backend:
            yield NeighbourSetup(firm, backend, server)
    finally:
        server.hang_up()
        firm.end()


def beside_a_broken_one(python: Path) -> Iterator[Figure]:
    with neighbour_setup(python) as here:
        beside: list[float] = []
        alone: list[float] = []
        for number in range(ROUNDS + 1):
            order = [(here.without_it, alone), (here.beside_it, beside)]
            for at, (begin, other) in enumerate(order if number % 2 else reversed(order)):
                begin()
                other.append(here.seconds(here.rounds[2 * number + at]))
        if not here.is_broken():
            raise RuntimeError("the silent server has answered")
    name = f"{CLIENTS} clients' {CLIENTS * EACH} deliveries beside a broken one"
    yield Figure(name, "ms", _ms(beside[1:]), "without it", _ms(alone[1:]), LIMIT, of_ratio=True)


def _ms(seconds: Sequence[float]) -> list[float]:
    return [1_000 * one for one in seconds]
