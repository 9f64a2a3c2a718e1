"""Damage in the local copy is never shown: the copy is set aside and begun again, whoever meets it."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from banqup_tui.store import copy as copy_module
from banqup_tui.store import copy_check
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.failures import FailureReader
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.query import DocumentQuery, SortColumn
from banqup_tui.store.readers import Readers
from tests.store.test_windows import CopySetup
from tests.sync.fake_server import FakeServer, a_client, a_document
from tests.sync.test_pull import Reader

ROOT = Path(__file__).parents[2]
PAGE = 4096
DOCUMENTS = 200


def made(directory: Path) -> Path:
    """A copy with documents, closed as a program closes it."""
    copy_setup = CopySetup(directory)
    copy_setup.put(*(a_document(f"d{number}", minute=number, gross_amount=number) for number in range(DOCUMENTS)))
    copy_setup.outbox.give("SEND", b"{}", "e.1")
    copy_setup.close()
    return directory / "copy.sqlite"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    for file in sound.parent.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path / "copy.sqlite"


def one_bit(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def a_page_of_noise(content: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(content) // PAGE) * PAGE
    content[at : at + PAGE] = chance.randbytes(PAGE)


def cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def is_empty(path: Path) -> bool:
    outbox = Outbox.open(path.with_name("outbox.sqlite"))
    with closing(LocalCopy.open(path)) as copy, closing(outbox):
        readers = Readers(copy, outbox)
        assert outbox.waiting_count() == 1
        return readers.clients() == [] and readers.documents(DocumentQuery()).count() == 0 and copy.was_damaged


@pytest.mark.parametrize("damage", [one_bit, a_page_of_noise, cut])
def test_a_copy_that_differs_by_a_bit_from_the_one_that_was_closed_is_begun_again(
    path: Path, damage: Callable[[bytearray, random.Random], None]
) -> None:
    original = path.read_bytes()
    seal = path.with_name("copy.seal").read_bytes()
    for seed in range(8):
        content = bytearray(original)
        damage(content, random.Random(seed))
        path.write_bytes(content)
        path.with_name("copy.seal").write_bytes(seal)
        assert is_empty(path), f"{damage.__name__}, {seed}"
        assert path.with_name("copy.sqlite.aside-1").read_bytes() == content


def test_a_sound_copy_is_used_as_it_is(path: Path) -> None:
    for _ in range(3):
        with closing(LocalCopy.open(path)) as copy:
            assert not copy.was_damaged
            assert len(list(readers_of(copy).listing(DocumentQuery()))) == DOCUMENTS
        # Beside a log the next program would take no seal, and fetch all rows again.
        assert path.with_name("copy.seal").exists()
        assert not path.with_name("copy.sqlite-wal").exists()


def readers_of(copy: LocalCopy) -> Readers:
    return Readers(copy, Outbox.open(copy.path.with_name("outbox.sqlite")))


OPENS = """
import os, signal, sys
from pathlib import Path
from banqup_tui.store.copy import LocalCopy
copy = LocalCopy.open(Path(sys.argv[1]))
copy.writer().execute("UPDATE meta SET step = step + 1")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_a_sound_copy_is_used_and_one_with_a_broken_page_is_not(path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", OPENS, str(path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    with closing(LocalCopy.open(path)) as copy:
        assert not copy.was_damaged
        index = copy.reader().execute("SELECT rootpage FROM sqlite_master WHERE name = 'document_filed'").fetchone()[0]
    path.with_name("copy.seal").unlink()
    with path.open("r+b") as file:
        file.seek((index - 1) * PAGE)
        file.write(b"\xa5" * PAGE)
    assert is_empty(path)


def test_without_a_seal_a_value_that_is_another_is_gone_as_soon_as_the_server_answers(tmp_path: Path) -> None:
    server = FakeServer()
    server.put_client(a_client("c1"))
    server.put(a_document("d1", number="2026/1", gross_amount=4711))
    reader = Reader(tmp_path, server)
    reader.catch_up()
    reader.close()
    path = tmp_path / "copy.sqlite"
    content = path.read_bytes()
    assert b"2026/1" in content
    path.write_bytes(content.replace(b"2026/1", b"2026/7"))
    path.with_name("copy.seal").unlink()
    reader = Reader(tmp_path, server)
    assert reader.copy.state().cursor is None
    reader.catch_up()
    reader.check()
    reader.close()


def test_the_seal_is_written_by_the_last_program_alone(path: Path) -> None:
    seal = path.with_name("copy.seal")
    first, second = LocalCopy.open(path), LocalCopy.open(path)
    assert not seal.exists()
    second.writer().execute("UPDATE meta SET step = step + 1")
    first.close()
    assert not seal.exists()
    second.close()
    assert seal.exists()
    with closing(LocalCopy.open(path)) as copy:
        assert not copy.was_damaged


def test_a_large_copy_is_checked_while_its_first_rows_are_on_the_screen(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_module, "AT_ONCE_BYTES", 0)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"d7.xml")
    content[at : at + 2] = b"d8"
    seal = path.with_name("copy.seal").read_bytes()
    for damaged in (False, True):
        path.write_bytes(content if damaged else path.read_bytes())
        path.with_name("copy.seal").write_bytes(seal)
        with closing(LocalCopy.open(path, in_background=True)) as copy:
            assert copy._check is not None
            copy._check._thread.join()
            assert copy.was_damaged is damaged
            assert len(list(readers_of(copy).listing(DocumentQuery()))) == (0 if damaged else DOCUMENTS)
        seal = path.with_name("copy.seal").read_bytes() if not damaged else seal


def with_its_times(path: Path, content: bytes) -> None:
    """As a program writes that sets the times of files, such as one that puts a backup back."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_command_line_reads_a_large_copy_whole_only_where_it_may_have_been_written_to(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_module, "AT_ONCE_BYTES", 0)
    boot = tmp_path / "boot_id"
    boot.write_text("first")
    monkeypatch.setattr(copy_check, "_BOOT_ID", boot)
    reads: list[int] = []
    measured = copy_check.measured

    def counted(descriptor: int, is_over: Callable[[], bool]) -> copy_check.Seal | None:
        reads.append(1)
        return measured(descriptor, is_over)

    monkeypatch.setattr(copy_check, "measured", counted)

    def opened() -> int:
        reads.clear()
        with closing(LocalCopy.open(path)) as copy:
            assert not copy.was_damaged
        return len(reads)

    assert opened() == 1, "the seal is of another file"
    assert opened() == 0
    boot.write_text("second")
    assert opened() == 1, "the disk was out of sight"
    assert opened() == 0
    with_its_times(path, path.read_bytes())
    assert opened() == 1, "somebody has written to it"
    with closing(LocalCopy.open(path)) as copy:
        copy.writer().execute("UPDATE meta SET step = step + 1")
    assert opened() == 0
    boot.unlink()
    assert opened() == 1, "nothing says that it is the same start"


@pytest.mark.parametrize("write", [Path.write_bytes, with_its_times])
def test_a_large_copy_that_was_written_to_is_begun_again_by_a_command_line(
    path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], object]
) -> None:
    monkeypatch.setattr(copy_module, "AT_ONCE_BYTES", 0)
    LocalCopy.open(path).close()
    content = bytearray(path.read_bytes())
    at = content.rindex(b"d7.xml")
    content[at : at + 2] = b"d8"
    write(path, bytes(content))
    assert is_empty(path)


READS: dict[str, Callable[[Readers, FailureReader], object]] = {
    "clients": lambda readers, _: readers.clients(),
    "folders": lambda readers, _: readers.folders("c1"),
    "documents": lambda readers, _: list(readers.listing(DocumentQuery())),
    "sorted": lambda readers, _: readers.documents(DocumentQuery(sort=SortColumn.GROSS)).window(0, 50),
    "whole": lambda readers, _: list(readers.whole(["d1", "d2"])),
    "state": lambda readers, _: readers.state(),
    "failures": lambda _, failures: failures.groups(),
    "integrations": lambda readers, _: readers.integrations(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_reader_that_meets_damage_reads_the_copy_that_is_begun_again(
    path: Path, read: Callable[[Readers, FailureReader], object]
) -> None:
    outbox = Outbox.open(path.with_name("outbox.sqlite"))
    with closing(LocalCopy.open(path)) as copy, closing(outbox):
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.write(random.Random(1).randbytes(size))
        read(Readers(copy, outbox), FailureReader(copy, outbox))
        assert copy.was_damaged
        assert Readers(copy, outbox).clients() == []
        assert copy.state().cursor is None
        assert outbox.waiting_count() == 1


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE client SET value = CAST('{\"id\"' AS BLOB)",
        "UPDATE document SET status = 9",
        "UPDATE document SET day = 7",
    ],
)
def test_a_value_that_cannot_be_one_counts_as_damage(path: Path, damage: str) -> None:
    with closing(LocalCopy.open(path)) as copy:
        copy.writer().execute(damage)
        readers = readers_of(copy)
        readers.clients()
        list(readers.listing(DocumentQuery()))
        assert copy.was_damaged


def test_the_sync_fills_the_copy_that_was_begun_again(tmp_path: Path) -> None:
    server = FakeServer()
    server.put_client(a_client("c1"))
    for number in range(40):
        server.put(a_document(f"d{number}", minute=number))
    reader = Reader(tmp_path, server)
    reader.catch_up()
    reader.check()
    step = reader.copy.state().step
    with reader.copy.path.open("r+b") as file:
        file.write(b"\xa5" * os.path.getsize(reader.copy.path))
    reader.copy._readers.drop_mine()  # a page that is in memory already is not read again
    assert reader.readers.clients() == []
    assert reader.copy.state().step > step
    reader.catch_up()
    reader.check()
    reader.close()


def test_damage_again_and_again_ends_in_a_sentence(path: Path) -> None:
    with closing(LocalCopy.open(path)) as copy:
        readers = readers_of(copy)
        for repaired in (False, True):
            copy.writer().execute("INSERT OR REPLACE INTO extension (id, value) VALUES ('e', CAST('{' AS BLOB))")
            if repaired:
                with pytest.raises(msgspec.DecodeError):
                    readers.extensions()
            else:
                assert readers.extensions() == []
