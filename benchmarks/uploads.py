"""1,000 documents to a local OpenSSH server: `python -m benchmarks.uploads [rounds]`.

In each round the same files go by plain `sftp`, by `sftp` at its best, by bare asyncssh, and from the click of a user
to the last receipt in the ledger of a real backend, one after the other.
"""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from banqup_tui.backend.db.file_store import FileStore
from banqup_tui.demo.by_http import HttpDemoBackend
from banqup_tui.protocol.commands import AddIntegration, Install, Send
from banqup_tui.protocol.messages import CommandStatus
from benchmarks.large_firm import write_client_with
from benchmarks.measures import Figure
from benchmarks.places import BUILD, Firm
from tests.support.sftp import SSHD, Server, openssh

DOCUMENTS = 1_000
SMALLEST, LARGEST = 20_000, 200_000
ROUNDS = 5
AT_ONCE = 16
IN_ONE_COMMAND = 500
"""As a terminal sends a large selection."""

PLAIN, BEST, BARE = "sftp -b, put", "sftp -b, aes128-gcm, put and rename", "asyncssh, 16 at a time"


def uploads(python: Path, rounds: int = ROUNDS) -> Iterator[Figure]:
    """Documents a second; nothing where OpenSSH is not installed."""
    if SSHD is None or shutil.which("sftp") is None:
        print("OpenSSH is not installed here: uploads are not measured.", file=sys.stderr)
        return
    times: dict[str, list[float]] = {}
    directory = BUILD / "uploads"
    shutil.rmtree(directory, ignore_errors=True)
    with openssh(directory / "server") as server:
        setup = _UploadSetup(python, directory, server, rounds + 1)
        try:
            ways: dict[str, Callable[[str], float]] = {
                PLAIN: lambda name: _by_sftp(server, directory, setup.files, name, best=False),
                "ours": setup.send,
                BEST: lambda name: _by_sftp(server, directory, setup.files, name, best=True),
                BARE: lambda name: _by_asyncssh(server, setup.files, name),
            }
            for at in range(rounds + 1):
                for number, (way, send) in enumerate(ways.items()):
                    _rest()
                    seconds = send(f"round-{at}-{number}")
                    if at:
                        times.setdefault(way, []).append(len(setup.files) / seconds)
        finally:
            setup.end()
    name = f"{DOCUMENTS:,} documents to SFTP, click to last receipt"
    yield Figure(name, "documents/s", times["ours"], PLAIN, times[PLAIN], 0.85, of_ratio=True, at_least=True)
    yield Figure(name, "documents/s", times["ours"], BEST, times[BEST])
    yield Figure(f"  {BARE}, no ledger", "documents/s", times[BARE], PLAIN, times[PLAIN])


_LEFT = [
    f"SELECT 1 FROM delivery WHERE integration_id = ? AND state = '{state}' LIMIT 1" for state in ("QUEUED", "SENDING")
]
"""By the indexes that the ledger itself looks with: who waits takes no processor from who works."""


class _UploadSetup:
    """Clients with so many documents each, one for each time they are sent, in a home with a backend of its own."""

    def __init__(self, python: Path, directory: Path, server: Server, clients: int) -> None:
        self._server = server
        self._firm = Firm(python, 0, directory / "home")
        self._firm.dirs.made()
        self._firm.start_backend()
        self._firm.end()
        self.files = _documents(FileStore(self._firm.dirs.backend / "files"))
        database = self._firm.dirs.backend / "banqup.sqlite"
        self._clients = [write_client_with(database, self.files, number) for number in range(clients)]
        self._firm.start_backend(BANQUP_STAY="1")
        self._hand = HttpDemoBackend(self._firm.endpoint())
        self._hand.__enter__()
        self._installation = str(uuid.uuid4())
        access = {name: value for name, value in server.access.items() if name != "path"}
        settings = {"host": "127.0.0.1", "port": server.port, "host_key": server.fingerprint, **access}
        settings["path"] = f"{server.root}/[external_id]"
        self._do(Install(installation_id=self._installation, extension_id="sftp", settings=settings))

    def send(self, name: str) -> float:
        """Seconds from the commands of the click to the last receipt."""
        client_id, document_ids = self._clients.pop()
        integration = str(uuid.uuid4())
        folder = self._server.root / name
        settings = {"path": str(folder)}
        self._do(
            AddIntegration(
                integration_id=integration,
                client_id=client_id,
                installation_id=self._installation,
                label=name,
                settings=settings,
            )
        )
        chosen = [document_ids[at : at + IN_ONE_COMMAND] for at in range(0, DOCUMENTS, IN_ONE_COMMAND)]
        started = time.perf_counter()
        self._do(*(Send(document_ids=tuple(some), integration_ids=(integration,)) for some in chosen))
        self._until_delivered(integration)
        seconds = time.perf_counter() - started
        _check(folder, self.files)
        return seconds

    def end(self) -> None:
        self._hand.__exit__(None, None, None)
        self._firm.end()

    def _do(self, *bodies: Any) -> None:
        for result in self._hand.commands(bodies):
            assert result.status is CommandStatus.DONE, result.problem

    def _until_delivered(self, integration: str) -> None:
        file = self._firm.dirs.backend / "banqup.sqlite"
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
        late = time.monotonic() + 300
        while any(connection.execute(left, (integration,)).fetchone() for left in _LEFT):
            assert time.monotonic() < late
            time.sleep(0.02)
        of = "SELECT count(receipt), max(reason) FROM delivery WHERE integration_id = ? AND state = 'DELIVERED'"
        assert connection.execute(of, (integration,)).fetchone() == (DOCUMENTS, None)
        connection.close()


def _documents(store: FileStore) -> list[Path]:
    chance = random.Random(7)
    return [store.path(store.put([chance.randbytes(chance.randrange(SMALLEST, LARGEST))])[0]) for _ in range(DOCUMENTS)]


def _by_sftp(server: Server, directory: Path, files: Sequence[Path], name: str, *, best: bool) -> float:
    """Seconds of one `sftp` for all files."""
    folder = server.root / name
    folder.mkdir()
    lines = []
    for at, file in enumerate(files):
        if best:
            lines += [f"put {file} {folder}/.{at}.part", f"rename {folder}/.{at}.part {folder}/{at}.xml"]
        else:
            lines += [f"put {file} {folder}/{at}.xml"]
    batch, key = directory / "batch", server.root.parent / "user"
    batch.write_text("\n".join(lines))
    known = directory / "known"
    known.write_text(f"[127.0.0.1]:{server.port} {(server.root.parent / 'host.pub').read_text()}")
    command = ["sftp", "-q", "-b", str(batch), "-P", str(server.port), "-i", str(key), "-F", "/dev/null"]
    command += ["-o", f"UserKnownHostsFile={known}", *(["-c", "aes128-gcm@openssh.com"] if best else [])]
    started = time.perf_counter()
    subprocess.run([*command, f"{server.access['user']}@127.0.0.1"], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    _check(folder, files)
    return seconds


def _by_asyncssh(server: Server, files: Sequence[Path], name: str) -> float:
    """Seconds without a ledger, a look at the server, or a word to its disk."""
    folder = server.root / name
    folder.mkdir()
    started = time.perf_counter()
    asyncio.run(_bare(server, files, folder))
    seconds = time.perf_counter() - started
    _check(folder, files)
    return seconds


async def _bare(server: Server, files: Sequence[Path], folder: Path) -> None:
    import asyncssh

    waiting = list(enumerate(files))
    key = asyncssh.import_private_key(server.access["private_key"])
    host = asyncssh.read_public_key(server.root.parent / "host.pub")
    async with (
        asyncssh.connect(
            "127.0.0.1",
            server.port,
            username=server.access["user"],
            client_keys=[key],
            known_hosts=([host], [], []),
            encryption_algs=["aes128-gcm@openssh.com"],
            config=None,
            agent_path=None,
        ) as connection,
        connection.start_sftp_client() as sftp,
    ):

        async def some() -> None:
            while waiting:
                at, file = waiting.pop()
                async with sftp.open(f"{folder}/.{at}.part", "xb") as stream:
                    await stream.write(file.read_bytes())
                await sftp.rename(f"{folder}/.{at}.part", f"{folder}/{at}.xml")

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))


def _check(folder: Path, files: Sequence[Path]) -> None:
    """All are there whole; then they are emptied, so that the disk is the same for all.

    They are not removed: a file system that has just lost many files looks long for a place for the next one (ext4).
    """
    sizes = sorted(file.stat().st_size for file in folder.iterdir())
    assert sizes == sorted(file.stat().st_size for file in files), len(sizes)
    for file in folder.iterdir():
        os.truncate(file, 0)


def _rest() -> None:
    """What the one before left to the disk is not the next one's to wait for."""
    os.sync()


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    print(f"load {os.getloadavg()[0]:.1f}")
    for figure in uploads(Path(sys.executable), rounds):
        beside = ", ".join(f"{one:.0f}" for one in sorted(figure.beside))
        values = ", ".join(f"{one:.0f}" for one in sorted(figure.values))
        print(f"{figure.name}: {values}; {figure.yardstick}: {beside}; {figure.ratio:.2f} times", flush=True)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
