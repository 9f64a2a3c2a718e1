"""Files that come in, from the command to the last document: `python -m benchmarks.imports [rounds]`.

In each round `banqup import` takes a folder of files into a fresh home, through spool, outbox, service and reader
process; beside it the same files are parsed in this process, and nothing else. Meanwhile a second terminal asks what a
key press asks: how long it waits is measured, too.
"""

import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from banqup_tui.demo.by_http import HttpDemoBackend
from banqup_tui.formats import parsing
from banqup_tui.protocol import paths
from banqup_tui.protocol.commands import CreateClient
from banqup_tui.protocol.local import Endpoint
from banqup_tui.protocol.messages import CommandStatus
from benchmarks.measures import Figure
from benchmarks.places import BUILD, Firm
from tests.formats.format_documents import pdf
from tests.support.papers import BAKERY, invoice, letter, statement

FILES = 500
ROUNDS = 3
MOST_CPU_MS = 8.0
LEAST_RATE = 100.0
MOST_WAIT_MS = 50.0
_SECONDS_BETWEEN_QUESTIONS = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")

KINDS: Mapping[str, tuple[str, Callable[[int], bytes]]] = {
    "UBL": ("xml", lambda number: invoice(number=f"2026-{number:05}")),
    "hybrid PDF": ("pdf", lambda number: pdf(("xrechnung.xml", invoice(number=f"2026-{number:05}")))),
    "plain PDF": ("pdf", lambda number: letter(f"Lettre {number}")),
    "CODA": ("cod", lambda number: statement(number=number % 999 + 1, opening=number * 100)),
}


class _Round(NamedTuple):
    """Files a second, and the processor time of all processes, and of parsing alone, in ms a file."""

    rate: float
    cpu_ms: float
    parsing_ms: float


def imports(python: Path, rounds: int = ROUNDS) -> Iterator[Figure]:
    """The first round of each kind warms it up."""
    for kind, (ending, write) in KINDS.items():
        files = [write(number) for number in range(FILES)]
        with _home(python, files, ending) as home:
            found = [home.imported(files, chosen=kind == "plain PDF") for _ in range(rounds + 1)][1:]
            waits = [home.waits_ms(files) for _ in range(rounds + 1)][1:] if kind == "UBL" else []
        name = f"import of {FILES} files, {kind}"
        limits = (MOST_CPU_MS, LEAST_RATE) if kind == "UBL" else (None, None)
        cpu, alone = [one.cpu_ms for one in found], [one.parsing_ms for one in found]
        yield Figure(name, "ms of processor a file", cpu, "parsing alone", alone, limits[0])
        yield Figure(name, "files/s", [one.rate for one in found], limit=limits[1], at_least=True)
        if waits:
            p95 = [statistics.quantiles(one, n=20)[-1] for one in waits]
            yield Figure("question of a key meanwhile, 95th of 100", "ms", p95, limit=MOST_WAIT_MS)


class _Home:
    """A folder of files, and a home that each round makes anew."""

    def __init__(self, python: Path, directory: Path, files: Sequence[bytes], ending: str) -> None:
        self._folder = directory / "files"
        self._folder.mkdir(parents=True)
        for number, data in enumerate(files):
            (self._folder / f"{number:05}.{ending}").write_bytes(data)
        self._firm = Firm(python, 0, directory / "home")

    def imported(self, files: Sequence[bytes], *, chosen: bool) -> _Round:
        began = time.process_time()
        for data in files:
            parsing.parsed(data)
        alone = time.process_time() - began
        with self._started() as endpoint:
            before = _cpu_seconds(endpoint.pid)
            started = time.perf_counter()
            used = self._import(chosen=chosen)
            seconds = time.perf_counter() - started
            used += _cpu_seconds(endpoint.pid) - before
        return _Round(len(files) / seconds, 1000 * used / len(files), 1000 * alone / len(files))

    def waits_ms(self, files: Sequence[bytes]) -> list[float]:
        """Returns how long questions wait while the files are imported."""
        with self._started() as endpoint:
            ended = threading.Event()
            importing = threading.Thread(target=self._import_and_tell, args=(ended,))
            importing.start()
            waits = list(_questions(endpoint, ended))
            importing.join()
        return waits

    @contextmanager
    def _started(self) -> Iterator[Endpoint]:
        self._firm.end()
        shutil.rmtree(self._firm.directory, ignore_errors=True)
        self._firm.dirs.made()
        self._firm.start_backend(BANQUP_STAY="1")
        endpoint = self._firm.endpoint()
        with HttpDemoBackend(endpoint) as backend:
            client = CreateClient(
                client_id=str(uuid.uuid4()), reference="TANNERIE", name=BAKERY.name, vat_number=BAKERY.vat_number
            )
            assert all(one.status is CommandStatus.DONE for one in backend.commands([client]))
        try:
            # A first file starts the reader process, which goes on for all others.
            self._run(self._folder / sorted(path.name for path in self._folder.iterdir())[0])
            yield endpoint
        finally:
            self._firm.end()

    def _import(self, *, chosen: bool) -> float:
        """Imports the folder. Returns the processor time of the command line."""
        return self._run(self._folder, *(("--client", "TANNERIE") if chosen else ()))

    def _import_and_tell(self, ended: threading.Event) -> None:
        try:
            self._import(chosen=False)
        finally:
            ended.set()

    def _run(self, *arguments: Path | str) -> float:
        with (self._firm.directory / "import.log").open("wb") as log:
            program = subprocess.Popen(
                [str(self._firm.program), "import", *map(str, arguments)], env=self._firm.environment, stderr=log
            )
            _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime


@contextmanager
def _home(python: Path, files: Sequence[bytes], ending: str) -> Iterator[_Home]:
    directory = BUILD / "imports"
    shutil.rmtree(directory, ignore_errors=True)
    try:
        yield _Home(python, directory, files, ending)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _questions(endpoint: Endpoint, ended: threading.Event) -> Iterator[float]:
    """Asks for changes, as a terminal does after a key; yields the ms of each answer."""
    transport = httpx.HTTPTransport(uds=endpoint.socket)
    with httpx.Client(transport=transport, base_url="http://localhost", timeout=30) as client:
        space = f"{paths.SPACES}/{endpoint.space_id}"
        cursor = client.get(f"{space}/snapshot").json()["cursor"]
        while not ended.wait(_SECONDS_BETWEEN_QUESTIONS):
            for path, query in ((f"{space}/changes", {"cursor": cursor, "limit": "50"}), (f"{space}/extensions", {})):
                began = time.perf_counter()
                client.get(path, params=query).raise_for_status()
                yield 1000 * (time.perf_counter() - began)


def _cpu_seconds(process: int) -> float:
    """Returns the processor time of a process, of its children, and of those that have ended."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if entry.name == str(process):
            total += sum(map(int, fields[11:15]))
        elif fields[1] == str(process):
            total += sum(map(int, fields[11:13]))
    return total / _TICKS


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    for figure in imports(Path(sys.executable), rounds):
        beside = f"; {figure.yardstick} {statistics.median(figure.beside):.2f}" if figure.beside else ""
        values = f"{min(figure.values):.1f}–{max(figure.values):.1f}"
        print(f"{figure.name}: {figure.median:.1f} ({values}) {figure.unit}{beside}", flush=True)


if __name__ == "__main__":
    main()
