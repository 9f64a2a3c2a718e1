"""1,000 invoices imported into a service: `python -m benchmarks.imports [rounds]`.

In each round the same files are imported with the reader process, as always, and with the readers in the service's
own process, each into an empty database, in batches as a terminal sends them.
"""

import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from unittest.mock import patch

from banqup_tui.backend.api.commands import MOST_COMMANDS, run_batch
from banqup_tui.backend.api.snapshots import epoch
from banqup_tui.backend.db.tables.spaces import LOCAL_USER
from banqup_tui.backend.intake import parsed_files
from banqup_tui.backend.runtime import components
from banqup_tui.backend.runtime.startup import open_services
from banqup_tui.backend.services import Services
from banqup_tui.formats import Content, parsing, read
from banqup_tui.protocol.commands import ImportFile, encode
from banqup_tui.protocol.messages import Command, CommandStatus
from benchmarks.measures import Figure
from benchmarks.places import BUILD
from tests.support.papers import invoice

DOCUMENTS = 1_000
ROUNDS = 5

Reader = Callable[[bytes, str], Content]


def imports(rounds: int = ROUNDS) -> Iterator[Figure]:
    """Documents a second; the first round of each way warms it up."""
    files = [invoice(number=f"2026-{number:05}") for number in range(DOCUMENTS)]
    ways: dict[str, Reader] = {"caged": read, "bare": parsing.parsed}
    rates: dict[str, list[float]] = {}
    for at in range(rounds + 1):
        # Each way is the first in every second round: what the machine does otherwise falls on both.
        for way, reader in sorted(ways.items(), reverse=at % 2 == 1):
            seconds = _seconds(files, reader)
            if at:
                rates.setdefault(way, []).append(DOCUMENTS / seconds)
    name = f"import of {DOCUMENTS:,} invoices, reader process"
    yield Figure(
        name, "documents/s", rates["caged"], "in the service", rates["bare"], 0.8, of_ratio=True, at_least=True
    )


def _seconds(files: Sequence[bytes], reader: Reader) -> float:
    directory = BUILD / "imports"
    shutil.rmtree(directory, ignore_errors=True)
    services = open_services(directory)
    try:
        hashes = [services.files.put([data])[0] for data in files]
        with patch.object(parsed_files, "read", reader):
            began = time.perf_counter()
            _import(services, hashes)
            return time.perf_counter() - began
    finally:
        services.database.engine.dispose()
        shutil.rmtree(directory, ignore_errors=True)


def _import(services: Services, hashes: Sequence[str]) -> None:
    handlers = components.handlers()
    waiting = [ImportFile(sha256=sha256, file_name="a.xml", create_clients=True) for sha256 in hashes]
    seen = f"{epoch(services)}.0"
    while waiting:
        commands = [
            Command(key=str(uuid.uuid4()), kind=body.KIND, seen=seen, body=encode(body))
            for body in waiting[:MOST_COMMANDS]
        ]
        answered = run_batch(services, handlers, LOCAL_USER, commands).results
        assert all(result.status is CommandStatus.DONE for result in answered), answered
        waiting = waiting[len(answered) :]


def main() -> None:
    for figure in imports(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        print(f"{figure.name}: {figure.median:.0f} {figure.unit}, {figure.ratio:.2f} times {figure.yardstick}")


if __name__ == "__main__":
    main()
