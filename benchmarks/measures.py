"""What is measured, each beside its yardstick in the same run."""

import json
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.places import Firm
from benchmarks.tty import Tty

DOWN, PAGE_DOWN, TAB, ESCAPE = "\x1b[B", "\x1b[6~", "\t", "\x1b"

LAST_ROW = "\x1b[40;1H"
"""Of a first frame, which is written from the top to the bottom."""


class Figure(NamedTuple):
    """`values` in `unit`; `beside` are the yardstick's in the same unit. `limit` is of the median, or of the ratio."""

    name: str
    unit: str
    values: Sequence[float]
    yardstick: str = ""
    beside: Sequence[float] = ()
    limit: float | None = None
    of_ratio: bool = False
    at_least: bool = False

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def ratio(self) -> float | None:
        return self.median / statistics.median(self.beside) if self.beside else None

    @property
    def is_good(self) -> bool | None:
        found = self.ratio if self.of_ratio else self.median
        if self.limit is None or found is None:
            return None
        return found >= self.limit if self.at_least else found <= self.limit


def first_frame(large: Firm, runs: int = 9) -> Iterator[Figure]:
    """From the start of the process until clients and keys are on the screen; runs alternate with the empty app's."""
    empty = Path(__file__).with_name("empty.py")
    ours, empties = [], []
    for _ in range(runs + 1):
        with Tty([str(large.python), "-P", str(empty)], large.environment) as tty:
            empties.append(tty.wait_for(LAST_ROW))
        with Tty([str(large.program)], large.environment) as tty:
            ours.append(tty.wait_for("BE 04", "Palette", LAST_ROW))
            tty.press("q")
    name = f"first usable frame, {large.documents:,} documents"
    yield Figure(name, "ms", _ms(ours[1:]), "empty Textual app", _ms(empties[1:]), 1.4, of_ratio=True)


def in_the_table(large: Firm, small: Firm, colours: str = "truecolor") -> Iterator[Figure]:
    """Keys in the folder of a client that has half of all documents, 120×40."""
    times: dict[int, list[float]] = {}
    for one in (small, large):
        with _opened(one, colours) as tty:
            answers = [tty.press(DOWN) for _ in range(30)]
            times[one.documents] = _ms([answer.seconds for answer in answers])
            if one is small:
                continue
            scrolled = [tty.press(DOWN).bytes for _ in range(20)][10:]
            tty.rest()
            _and_rest(tty, "g")
            at_rest = [tty.press(DOWN, quiet=0.5).bytes for _ in range(8)]
            received = [answer.bytes for answer in answers]
            pages = [_and_rest(tty, PAGE_DOWN) for _ in range(8)]
            panes = [_and_rest(tty, TAB) for _ in range(8)]
            opened, closed = [], []
            for _ in range(5):
                opened.append(_and_rest(tty, "."))
                closed.append(_and_rest(tty, ESCAPE))
            tty.rest(1.0)
            idle = tty.idle(5)
    if colours == "truecolor":
        yield Figure(
            f"cursor key, {large.documents:,} documents", "ms", times[large.documents],
            f"{small.documents:,} documents", times[small.documents], 1.25, of_ratio=True,
        )  # fmt: skip
    where = "" if colours == "truecolor" else ", 256 colours"
    yield Figure(f"cursor key{where}", "bytes", received, limit=400)
    yield Figure(f"cursor key and what follows at rest{where}", "bytes", at_rest)
    yield Figure(f"cursor key that scrolls{where}", "bytes", scrolled, limit=8_000)
    yield Figure(f"page{where}", "bytes", pages, limit=8_000)
    yield Figure(f"pane switch{where}", "bytes", panes, limit=2_000)
    yield Figure(f"menu opens{where}", "bytes", opened, limit=6_000)
    yield Figure(f"menu closes{where}", "bytes", closed, limit=6_000)
    yield Figure(f"idle, 5 s{where}", "bytes", [idle], limit=0)


def _and_rest(tty: Tty, key: str) -> int:
    """All that a key makes the program write."""
    return tty.press(key).bytes + tty.rest()


def _opened(one: Firm, colours: str) -> Tty:
    """In the table of the client with the most documents, everything at rest."""
    tty = Tty([str(one.program)], one.environment, colours=colours)
    tty.wait_for("Palette", "Up to date")
    tty.rest()
    tty.press("/")
    for letter in _busiest_client(one):
        tty.press(letter)
    tty.press("\r")
    tty.rest()
    tty.press("\r")
    tty.rest()
    return tty


def _busiest_client(one: Firm) -> str:
    connection = sqlite3.connect(f"file:{one.dirs.backend / 'banqup.sqlite'}?mode=ro", uri=True)
    try:
        (value,) = connection.execute("SELECT value FROM client WHERE reference = 'C0000'").fetchone()
    finally:
        connection.close()
    return str(json.loads(value)["vatNumber"])


def backend_answers(large: Firm, runs: int = 7) -> Iterator[Figure]:
    times, bare = [], []
    for _ in range(runs):
        large.end()
        times.append(large.start_backend())
        bare.append(_timed(lambda: subprocess.run([str(large.python), "-c", "import asyncio"], check=True)))
    yield Figure("first answer of the local backend", "ms", _ms(times), "python that imports asyncio", _ms(bare), 500)


def first_sync(large: Firm) -> Iterator[Figure]:
    """`banqup sync` into an empty copy; beside it the same documents put into a table with an index, nothing else."""
    large.end()
    large.start_backend()
    rates, plain = [], []
    for _ in range(2):
        large.forget_copy()
        rates.append(large.documents / large.sync())
        plain.append(large.documents / _timed(lambda: _copy_plainly(large)))
    yield Figure("first sync", "documents/s", rates, "read and insert, no wire", plain)


def _copy_plainly(large: Firm) -> None:
    source = sqlite3.connect(f"file:{large.dirs.backend / 'banqup.sqlite'}?mode=ro", uri=True)
    target_file = large.directory / "plain.sqlite"
    target_file.unlink(missing_ok=True)
    target = sqlite3.connect(target_file)
    target.execute("CREATE TABLE document (id TEXT PRIMARY KEY, client_id TEXT, value TEXT)")
    target.execute("CREATE INDEX by_client ON document (client_id)")
    rows = source.execute("SELECT id, client_id, value FROM document")
    while some := rows.fetchmany(1000):
        with target:
            target.executemany("INSERT INTO document VALUES (?, ?, ?)", some)
    target.close()
    source.close()
    target_file.unlink()


def _timed(transaction: Callable[[], object]) -> float:
    started = time.perf_counter()
    transaction()
    return time.perf_counter() - started


def _ms(seconds: Sequence[float]) -> list[float]:
    return [1000 * one for one in seconds]
