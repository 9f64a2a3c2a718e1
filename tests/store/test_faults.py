"""A fault of this computer is called by its name, and no sound file is taken for a damaged one because of it."""

import errno
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from banqup_tui.store import copy_schema
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.faults import FaultCode, LocalFault, fault_of
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.sqlite import connect, reading, writing

CODES = {
    "SQLITE_CORRUPT": FaultCode.DAMAGED,
    "SQLITE_CORRUPT_INDEX": FaultCode.DAMAGED,
    "SQLITE_CORRUPT_VTAB": FaultCode.DAMAGED,
    "SQLITE_NOTADB": FaultCode.DAMAGED,
    "SQLITE_FULL": FaultCode.DISK_FULL,
    "SQLITE_NOMEM": FaultCode.NO_MEMORY,
    "SQLITE_IOERR_NOMEM": FaultCode.NO_MEMORY,
    "SQLITE_BUSY": FaultCode.LOCKED,
    "SQLITE_BUSY_SNAPSHOT": FaultCode.LOCKED,
    "SQLITE_LOCKED": FaultCode.LOCKED,
    "SQLITE_IOERR_READ": FaultCode.IO_ERROR,
    "SQLITE_IOERR_SHMMAP": FaultCode.IO_ERROR,
    "SQLITE_CANTOPEN": FaultCode.CANNOT_OPEN,
    "SQLITE_READONLY": FaultCode.READ_ONLY,
    "SQLITE_READONLY_CANTINIT": FaultCode.READ_ONLY,
    "SQLITE_PERM": FaultCode.NO_PERMISSION,
    "SQLITE_ERROR": None,
    "SQLITE_CONSTRAINT": None,
    "SQLITE_INTERRUPT": None,
}


def error_of(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("database disk image is malformed, it is not a database, the disk is full")
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, name), name
    return error


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_a_fault_is_known_by_its_code_whatever_its_sentence_says(tmp_path: Path, name: str, code: FaultCode) -> None:
    fault = fault_of(error_of(name), tmp_path / "file")
    assert (fault and fault.code) == code


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EMFILE, errno.ENOMEM, errno.EIO])
def test_a_fault_of_the_system_says_which_file(number: int) -> None:
    fault = fault_of(OSError(number, "", "/there/file"))
    assert fault is not None
    assert fault.path == Path("/there/file")
    assert not fault.is_damage


def test_what_is_no_fault_of_this_computer_stays_what_it_is() -> None:
    assert fault_of(ConnectionRefusedError()) is None
    assert fault_of(ValueError()) is None


def test_every_way_to_read_and_write_raises_the_fault(tmp_path: Path) -> None:
    path = tmp_path / "noise.sqlite"
    path.write_bytes(b"noise" * 1000)
    for use in (
        lambda: connect(path).execute("SELECT 1 FROM t"),
        lambda: connect(path).executemany("INSERT INTO t VALUES (?)", [(1,)]),
        lambda: writing(connect(path)).__enter__(),
    ):
        with pytest.raises(LocalFault) as raised:
            use()
        assert (raised.value.code, raised.value.path) == (FaultCode.DAMAGED, path)


def test_damage_met_while_rows_are_read_raises_the_fault(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    connection = connect(path)
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)")
    with writing(connection):
        connection.executemany("INSERT INTO t (text) VALUES (?)", [("x" * 400,)] * 2000)
    connection.close()
    with path.open("r+b") as file:
        file.seek(100 * 4096)
        file.write(b"\xff" * 4096)
    for read in (lambda rows: list(rows), lambda rows: rows.fetchall(), lambda rows: [*iter(rows.fetchone, None)]):
        with reading(connect(path)) as again, pytest.raises(LocalFault) as raised:
            read(again.execute("SELECT * FROM t"))
        assert raised.value.is_damage


@contextmanager
def few_files() -> Iterator[None]:
    """No file can be opened inside."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, soft), hard))
    try:
        while True:
            try:
                taken.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in taken:
            os.close(number)


def made_outbox(path: Path) -> bytes:
    outbox = Outbox.open(path)
    outbox.give("SEND", b"{}", "e.1")
    outbox.close()
    return path.read_bytes()


def made_copy(path: Path) -> bytes:
    copy_schema.make(path)
    return path.read_bytes()


@pytest.mark.parametrize(("opened", "made"), [(Outbox.open, made_outbox), (LocalCopy.open, made_copy)])
def test_without_descriptors_a_sound_file_stays_where_it_is(
    tmp_path: Path, opened: Callable[[Path], object], made: Callable[[Path], bytes]
) -> None:
    path = tmp_path / "file.sqlite"
    before = made(path)
    with few_files(), pytest.raises(LocalFault) as raised:
        opened(path)
    assert raised.value.code is FaultCode.TOO_MANY_FILES
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*aside*"))


OPENS_AS_ANOTHER_USER = """
import os, sys
from pathlib import Path
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.outbox import Outbox
os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
try:
    {"outbox": Outbox, "copy": LocalCopy}[sys.argv[1]].open(Path(sys.argv[2]))
except LocalFault as fault:
    print(fault.code)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can be another user.")
@pytest.mark.parametrize(("which", "made"), [("outbox", made_outbox), ("copy", made_copy)])
def test_a_sound_file_of_another_user_stays_where_it_is(which: str, made: Callable[[Path], bytes]) -> None:
    with tempfile.TemporaryDirectory() as place:  # pytest's own directories are closed to other users
        path = Path(place) / "file.sqlite"
        before = made(path)
        path.chmod(0o600)
        os.chown(place, 65534, 65534)
        asked = [sys.executable, "-c", OPENS_AS_ANOTHER_USER, which, str(path)]
        done = subprocess.run(asked, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True)
        assert done.stdout.strip() == FaultCode.NO_PERMISSION
        assert path.read_bytes() == before
        assert not list(path.parent.glob("*aside*"))
