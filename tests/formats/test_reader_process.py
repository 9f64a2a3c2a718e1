"""Documents are read in a process of its own, which a hostile one may end, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from banqup_tui.formats import ContentKind, UnreadableDocument, read
from banqup_tui.formats.process import client
from banqup_tui.formats.process.client import ReaderPool
from banqup_tui.formats.process.messages import ANSWER_HEAD, encoder
from banqup_tui.formats.refusals import ENDS_READER, PASSING, ReaderNotAvailable
from tests.formats import format_documents as make
from tests.support.hostile import pdf_bomb, pdf_with_file, punycode_xml

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


@pytest.fixture
def pool() -> Iterator[ReaderPool]:
    pool = ReaderPool(2)
    yield pool
    pool.close()


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def readers_of(pid: int) -> list[int]:
    return [
        child
        for child in children_of(pid)
        if b"banqup_tui.formats.process" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_until(condition: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_file_of_some_kilobytes_that_unpacks_to_gigabytes_is_refused_and_the_next_is_read(pool: ReaderPool) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        pool.read(pdf_bomb())
    assert caught.value.message.code in ENDS_READER
    assert pool.read(make.ubl().encode()).kind is ContentKind.INVOICE


def test_a_file_that_takes_too_long_is_refused_with_that_reason() -> None:
    pool = ReaderPool(1, seconds=0.3)
    slow = "\n".join([make.coda_header(), make.coda_opening(), *[make.coda_movement(1, 100)] * 90_000]).encode()
    with pytest.raises(UnreadableDocument, match="reader-out-of-time"):
        pool.read(slow)
    pool.close()


def test_only_the_encodings_that_documents_use_are_decoded() -> None:
    for encoding in ("punycode", "hz", "idna", "unicode_escape", "utf-7", "zlib", "../../etc", "iso2022_jp"):
        with pytest.raises(UnreadableDocument) as caught:
            read(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode())
        assert caught.value.message.code == "file.encoding-unknown"
    began = time.process_time()
    with pytest.raises(UnreadableDocument):
        read(punycode_xml())
    assert time.process_time() - began < 1
    for encoding in ("ISO-8859-15", "windows-1252", "US-ASCII", "latin1", "UTF-8", "cp850", "macintosh"):
        document = make.ubl().replace("UTF-8", encoding, 1)
        assert read(document.encode(encoding, "xmlcharrefreplace")).kind is ContentKind.INVOICE, encoding


def test_one_invoice_under_a_hundred_names_is_read_once() -> None:
    import zlib

    found = read(pdf_with_file(b"/FlateDecode", zlib.compress(make.ubl().encode()), names=100))
    assert found.invoice is not None
    assert found.invoice.number == "2026/17"
    assert len(found.invoice.attachments) == 99


def test_of_many_invoices_in_a_pdf_ten_are_read_and_that_is_said() -> None:
    files = [(f"{number}.xml", make.ubl().replace("2026/17", f"2026/{number}").encode()) for number in range(100, 112)]
    found = read(make.pdf(*files))
    assert found.invoice is not None
    assert found.invoice.number == "2026/100"
    assert [warning.message.code for warning in found.warnings] == ["content.embedded-too-many"]


def test_a_flood_of_attributes_is_refused_before_it_is_in_memory() -> None:
    flood = "<a " + " ".join(f'a{number}="1"' for number in range(120_000)) + "/>"
    with pytest.raises(UnreadableDocument) as caught:
        read(flood.encode())
    assert caught.value.message.code == "file.tag-too-long"


def test_an_archive_of_very_many_names_is_not_listed() -> None:
    directory = b"PK\x01\x02" + bytes(42)
    end = b"PK\x05\x06" + bytes(6) + (60_000).to_bytes(2, "little") + (len(directory) * 60_000).to_bytes(4, "little")
    found = read(b"PK\x03\x04" + bytes(26) + directory * 60_000 + end + (30).to_bytes(4, "little") + bytes(2))
    assert found.media_type == "application/zip"


def test_several_threads_get_their_own_answers_from_at_most_two_processes(pool: ReaderPool) -> None:
    numbers = [f"2026/{number}" for number in range(30)]

    def number_of(number: str) -> str:
        invoice = pool.read(make.ubl().replace("2026/17", number).encode()).invoice
        assert invoice is not None
        return invoice.number

    before = set(readers_of(os.getpid())) if sys.platform.startswith("linux") else set()
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(number_of, numbers)) == numbers
    if sys.platform.startswith("linux"):
        assert 1 <= len(set(readers_of(os.getpid())) - before) <= 2


def test_a_reader_that_gets_no_processor_says_nothing_against_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "import socket\nparent = socket.socket(fileno=0)\nparent.sendall(bytes(8))\nwhile parent.recv(9): pass"
    monkeypatch.setattr(client, "python_command", lambda *_: [sys.executable, "-S", "-c", program])
    pool = ReaderPool(1, seconds=0.2)
    with pytest.raises(UnreadableDocument) as caught:
        pool.read(b"a text")
    assert caught.value.message.code == PASSING
    pool.close()


@LINUX
def test_a_reader_that_somebody_else_ends_costs_no_document(pool: ReaderPool) -> None:
    before = set(readers_of(os.getpid()))
    pool.read(b"a text")
    (reader,) = set(readers_of(os.getpid())) - before
    os.kill(reader, signal.SIGKILL)
    wait_until(lambda: is_gone(reader))
    assert pool.read(make.ubl().encode()).kind is ContentKind.INVOICE


@LINUX
def test_the_reader_sees_nothing_of_the_users_environment_and_ends_with_the_program() -> None:
    program = (
        "import os, sys\n"
        "from banqup_tui.formats import read\n"
        "read(b'a text')\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    environment = {**os.environ, "DATABASE_PASSWORD": "hunter2"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == b"ready\n"
        (reader,) = readers_of(process.pid)
        assert b"hunter2" not in Path(f"/proc/{reader}/environ").read_bytes()
        process.kill()
    wait_until(lambda: is_gone(reader))


CONFINED = """
import errno, os, socket, sys
from banqup_tui.formats.process import confinement
confinement.confine()
done = []
def refused(what, *numbers):
    try:
        what()
    except MemoryError:
        done.append("memory")
    except OSError as error:
        done.append(error.errno in numbers)
    else:
        done.append(what)
refused(lambda: open("/etc/hostname"), errno.EMFILE)
refused(lambda: socket.socket(), errno.EMFILE)
refused(lambda: (os.close(2), socket.socket()), errno.EMFILE)
refused(lambda: bytearray(600 * 2**20))
os.write(1, repr(done).encode())
"""


@LINUX
def test_the_reader_can_open_no_file_and_no_connection_and_has_an_end_of_memory() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", CONFINED], capture_output=True, timeout=60, check=True)
    assert done.stdout == b"[True, True, True, 'memory']"


ANSWERS = {
    "is no message": b"\x00" * 7 + b"\x05hello",
    "is longer than any": b"\xff" * 8,
    "is cut off": b"\x00" * 7 + b"\x50hello",
    "is of another kind": ANSWER_HEAD.pack(26)
    + encoder.encode([["AttachmentBytes", b"x"], 0.0, False]).ljust(26, b"\0"),
    "gives an unknown reason": encoder.encode([["Refusal", "\x1b[2J", {}], 0.0, False]),
    "leaves out a detail": encoder.encode([["Refusal", "file.too-deep", {}], 0.0, False]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_a_reader_that_was_taken_over_is_a_refusal_at_most(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ANSWERS[name]
    if name in ("gives an unknown reason", "leaves out a detail"):
        answer = ANSWER_HEAD.pack(len(answer)) + answer
    program = (
        "import socket\n"
        "parent = socket.socket(fileno=0)\n"
        f"parent.sendall(bytes(8)); parent.recv(100); parent.sendall({answer!r}); parent.shutdown(socket.SHUT_WR)\n"
        "while parent.recv(100): pass\n"
    )
    monkeypatch.setattr(client, "python_command", lambda *_: [sys.executable, "-S", "-c", program])
    pool = ReaderPool(1)
    with pytest.raises(UnreadableDocument) as caught:
        pool.read(b"a text")
    assert caught.value.message.code == "file.reader-ended"
    assert "\x1b" not in str(caught.value)
    pool.close()


def test_where_no_reader_can_be_started_nothing_is_said_of_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "python_command", lambda *_: [sys.executable, "-S", "-c", "raise SystemExit(1)"])
    pool = ReaderPool(1)
    with pytest.raises(ReaderNotAvailable):
        pool.read(b"a text")
    monkeypatch.undo()
    assert pool.read(b"a text").media_type == "text/plain"
    pool.close()
