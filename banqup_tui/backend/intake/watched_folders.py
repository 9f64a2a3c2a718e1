"""Watched folders, scanned every few seconds in a thread; files are opened first, then some are filed together.

Files are never moved, changed or deleted. A file that was read is recorded in `source_file` and not read again, also
after a restart. A file that could not be filed is tried again when clients or rules are added.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.transaction import MOST_GROUPED
from banqup_tui.backend.intake import arrivals, source_files, unfiled, unfiled_commands
from banqup_tui.backend.intake.arrivals import ArrivedPart
from banqup_tui.backend.intake.source_files import FileOutcome, SourceFile, SourceRemoved
from banqup_tui.backend.services import Outdated, Services
from banqup_tui.domain.errors import BanqupError, UnreadableDocument
from banqup_tui.domain.file_names import key_of, shown
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.origin import Arrival, Incoming
from banqup_tui.domain.source import SourceKind
from banqup_tui.folder_walk import NotARegularFile, open_below
from banqup_tui.formats.refusals import INCOMPLETE, ReaderNotAvailable, check_size
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.sources.folder import FolderScanner, FoundFile, Mark

_MOST_PROBLEMS: Final = 3
_INCOMPLETE_SECONDS: Final = 60.0
"""How long a file whose end is missing is waited for after it has stood still."""
_RETRY_SECONDS: Final = (0.0, 0.0, 60.0, 600.0)
"""Pauses before a file that failed is tried again, by the number of failures; the last one is for all later ones."""
_SECONDS_UNFILED: Final = 1.0
"""How long an opened file waits for further ones to be filed with it; to open one may take seconds."""
_MOST_OPENINGS: Final = 5
_OVERLAP: Final = timedelta(seconds=30)
"""A transaction may take its time before it is committed; `created_at` is that of its beginning."""

_log = logging.getLogger(__name__)


class _FileMoved(Exception):
    """The file changed or vanished while it was being read, or its end is missing; the next scan finds it again."""


class _Recorded(Exception):
    """The file is recorded without being opened, as it is too large."""


class _FileProblem(BanqupError):
    """The file cannot be read or stored; every scan tries again."""


class _Fault(msgspec.Struct, frozen=True):
    """An unexpected error with a file. The file is tried again after `retry_at`; until then `problem` is shown."""

    mark: Mark
    count: int
    retry_at: float
    problem: Message


class _OpenedFile(msgspec.Struct, frozen=True):
    """A file that was copied and opened, and is not filed yet."""

    found: FoundFile
    source_file: SourceFile
    parts: tuple[ArrivedPart, ...]


class _SourceState(msgspec.Struct):
    """State of a source between two scans.

    `faults`: files that failed, by key. `incomplete`: files whose end is missing, each with the time of the clock
    until which it is waited for.
    """

    scanner: FolderScanner
    marks: dict[str, Mark]
    problems: tuple[Message, ...] = ()
    faults: dict[str, _Fault] = {}
    incomplete: dict[str, tuple[Mark, float]] = {}


class WatchedFolders:
    """Scans the watched folders of a space.

    Args:
        every: seconds between scans (more where the walk through the folders takes long).
        still_for, wait_for_xml: see `FolderScanner`.
        incomplete_for: how long a file whose end is missing is waited for after it has stood still.
    """

    def __init__(
        self,
        services: Services,
        *,
        every: float = 3.0,
        still_for: float = 3.0,
        wait_for_xml: float = 5.0,
        incomplete_for: float = _INCOMPLETE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._every = every
        self._still_for = still_for
        self._wait_for_xml = wait_for_xml
        self._incomplete_for = incomplete_for
        self._clock = clock
        self._states: dict[str, _SourceState] = {}
        self._pictures_since = tables.utc_now() - _OVERLAP
        self._known: unfiled_commands.Knowledge | None = None
        self._stopping = threading.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Scans until `stop` is set; ends between two files. Those that are not filed yet are read again.

        An error is raised to the caller, which restarts this task.
        """
        self._stopping.clear()
        stopping = asyncio.ensure_future(stop.wait())
        stopping.add_done_callback(lambda _: self._stopping.set())
        try:
            while not stop.is_set():
                walked = await asyncio.to_thread(self.scan)
                await asyncio.wait({stopping}, timeout=max(self._every, 5 * walked))
        finally:
            stopping.cancel()
            self._stopping.set()

    def scan(self) -> float:
        """Scans every source once. A problem of a folder does not stop the scan of the others.

        Returns the seconds that were spent on looking for files. Those spent on importing them do not count: what comes
        meanwhile would wait for several times as long.
        """
        walked = 0.0
        sources = self._sources()
        self._states = {id_: state for id_, state in self._states.items() if id_ in sources}
        self._retry_unfiled()
        for source_id, path in sources.items():
            if self._stopping.is_set():
                break
            try:
                walked += self._scan(source_id, path)
            except SourceRemoved:
                self._states.pop(source_id, None)
        return walked

    def _sources(self) -> dict[str, str]:
        table = tables.source
        statement = select(table.c.id, table.c.path).where(
            table.c.space_id == self._services.space_id, table.c.kind == str(SourceKind.FOLDER)
        )
        with self._services.database.read() as connection:
            return {row.id: row.path for row in connection.execute(statement)}

    def _retry_unfiled(self) -> None:
        """Tries unfiled documents again if clients, numbers or rules were added since the last scan, and unfiled PDFs
        if e-invoices came that they may show.
        """
        since, self._pictures_since = self._pictures_since, tables.utc_now() - _OVERLAP
        unfiled_commands.retry_pictures(self._services, since)
        known = unfiled_commands.knowledge(self._services)
        if self._known not in (None, known):
            unfiled_commands.retry(self._services, self._stopping.is_set)
        self._known = known

    def _scan(self, source_id: str, path: str) -> float:
        """Returns the seconds of the walk."""
        state = self._states.get(source_id) or self._remembered(source_id, path)
        self._states[source_id] = state
        started = self._clock()
        scan = state.scanner.scan(state.marks)
        walked = self._clock() - started
        problems: dict[str, Message] = {}
        ready = {file.key: file for file in scan.ready}
        state.faults = {key: one for key, one in state.faults.items() if key in ready and one.mark == ready[key].mark}
        state.incomplete = {key: one for key, one in state.incomplete.items() if key in ready}
        unfiled: dict[str, _OpenedFile] = {}
        file_by = 0.0
        for file in scan.ready:
            if self._stopping.is_set():
                return walked
            fault = state.faults.get(file.key)
            if fault is not None and self._clock() < fault.retry_at:
                problems[file.key] = fault.problem
                continue
            with self._noted(file, state, problems):
                unfiled[file.key] = self._opened(source_id, path, file, state, unfiled)
                file_by = file_by if len(unfiled) > 1 else self._clock() + _SECONDS_UNFILED
            if len(unfiled) == MOST_GROUPED or (unfiled and self._clock() > file_by):
                self._file(source_id, path, list(unfiled.values()), state, problems)
                unfiled = {}
        self._file(source_id, path, list(unfiled.values()), state, problems)
        in_order = [problems[key] for key in ready if key in problems]
        found = (*scan.problems, *in_order[:_MOST_PROBLEMS])
        if found != state.problems:
            self._write_problems(source_id, found)
            state.problems = found
        return walked

    def _remembered(self, source_id: str, path: str) -> _SourceState:
        scanner = FolderScanner(
            Path(path), still_for=self._still_for, wait_for_xml=self._wait_for_xml, clock=self._clock
        )
        files, source = tables.source_file, tables.source
        with self._services.database.read() as connection:
            rows = connection.execute(select(files).where(files.c.source_id == source_id)).all()
            problems = connection.execute(select(source.c.problems).where(source.c.id == source_id)).scalar()
        return _SourceState(
            scanner=scanner,
            marks={row.path: (row.size, row.mtime_ns) for row in rows},
            problems=problems or (),
        )

    @contextmanager
    def _noted(self, file: FoundFile, state: _SourceState, problems: dict[str, Message]) -> Iterator[None]:
        """Notes why a file was not taken, so that the others still are."""
        try:
            yield
        except (_FileMoved, _Recorded):
            pass
        except SourceRemoved:
            raise
        except (_FileProblem, ReaderNotAvailable) as error:
            problems[file.key] = error.message
        except Exception:
            problems[file.key] = self._fault(file, state)

    def _file(
        self,
        source_id: str,
        root: str,
        files: Sequence[_OpenedFile],
        state: _SourceState,
        problems: dict[str, Message],
    ) -> None:
        """Files opened files together; where that fails, each alone."""
        at = 0
        while at < len(files):
            try:
                at += self._file_together(files[at:], state)
            except SourceRemoved:
                raise
            except Exception:
                # Alone, and opened anew, each is taken or fails by itself. Those that were committed are done.
                for one in files[at:]:
                    with self._noted(one.found, state, problems):
                        self._file_alone(source_id, root, one.found, state)
                return

    def _file_alone(self, source_id: str, root: str, file: FoundFile, state: _SourceState) -> None:
        for _ in range(_MOST_OPENINGS):
            opened = self._opened(source_id, root, file, state, {})
            with suppress(Outdated):
                self._file_together([opened], state)
                return
        raise Outdated

    def _file_together(self, files: Sequence[_OpenedFile], state: _SourceState) -> int:
        filed = source_files.file_together(self._services, [(one.source_file, one.parts) for one in files])
        for one in files[:filed]:
            state.marks[one.found.key] = one.found.mark
        # Kill point: the import is committed; after a restart the recorded mark keeps the file from being read again.
        kill_point("intake.committed")
        return filed

    def _fault(self, file: FoundFile, state: _SourceState) -> Message:
        """Logs the error, so that the other files are still imported. The file is tried again after a pause."""
        _log.exception("a file of a watched folder was not taken")
        before = state.faults.get(file.key)
        count = before.count + 1 if before else 1
        pause = _RETRY_SECONDS[min(count, len(_RETRY_SECONDS)) - 1]
        problem = message("source.file-failed", path=shown(file.path))
        state.faults[file.key] = _Fault(file.mark, count, self._clock() + pause, problem)
        return problem

    def _opened(
        self,
        source_id: str,
        root: str,
        file: FoundFile,
        state: _SourceState,
        unfiled: Mapping[str, _OpenedFile],
    ) -> _OpenedFile:
        """Copies and opens a file.

        Args:
            unfiled: the files that are filed together with it.
        """
        mark, until = state.incomplete.get(file.key, (file.mark, 0.0))
        if mark != file.mark:
            state.incomplete.pop(file.key)
        elif self._clock() < until:
            raise _FileMoved
        path = shown(file.path)
        name = path.rpartition("/")[2]
        try:
            check_size(file.mark[0])
        except UnreadableDocument as error:
            arrival = Arrival(file_name=name, path=path, source=root, source_id=source_id)
            self._record_oversized(source_id, file, arrival, error)
            state.marks[file.key] = file.mark
            raise _Recorded from error
        sha256 = self._copied(root, file)
        incoming = Incoming(
            sha256=sha256,
            file_name=name,
            path=path,
            source=root,
            source_id=source_id,
            beside=self._sha256_beside(source_id, file, unfiled),
        )
        parts = arrivals.opened(self._services, incoming)
        if self._incomplete_for and _is_incomplete(parts) and file.key not in state.incomplete:
            state.incomplete[file.key] = (file.mark, self._clock() + self._incomplete_for)
            raise _FileMoved
        source_file = SourceFile(source_id=source_id, path=file.key, mark=file.mark, sha256=sha256)
        return _OpenedFile(file, source_file, parts)

    def _sha256_beside(self, source_id: str, file: FoundFile, unfiled: Mapping[str, _OpenedFile]) -> str | None:
        """Returns the hash of the XML beside a PDF, which precedes it; None if it could not be taken."""
        if file.beside is None:
            return None
        key = key_of(file.beside)
        if key in unfiled:
            return unfiled[key].source_file.sha256
        with self._services.database.read() as connection:
            found = source_files.file_at(connection, source_id, key)
        return found.sha256 if found else None

    def _record_oversized(self, source_id: str, file: FoundFile, arrival: Arrival, why: UnreadableDocument) -> None:
        """Records a file that is too large as unfiled, without a copy of its bytes."""
        source_file = SourceFile(source_id=source_id, path=file.key, mark=file.mark, sha256=None)
        with self._services.database.write(self._services.space_id) as transaction:
            unfiled.add(transaction, arrival, why.message, None)
            before = source_files.outcome_at(transaction, source_id, file.key)
            source_files.record(transaction, source_file, FileOutcome.UNREADABLE, before)

    def _copied(self, root: str, file: FoundFile) -> str:
        """Stores the file and returns its SHA-256. Raises `_FileMoved` if it changed meanwhile."""
        try:
            stream = open_below(Path(root), file.path)
        except (FileNotFoundError, NotADirectoryError, NotARegularFile) as error:
            raise _FileMoved from error
        except OSError as error:
            raise _FileProblem(_of_disk("source.cannot-be-read", shown(file.path), error)) from error
        with stream:
            try:
                return self._services.files.put(_chunks(stream, file))[0]
            except OSError as error:
                raise _FileProblem(_of_disk("source.cannot-be-stored", shown(file.path), error)) from error

    def _write_problems(self, source_id: str, problems: tuple[Message, ...]) -> None:
        source = tables.source
        with self._services.database.write(self._services.space_id) as transaction:
            statement = update(source).where(source.c.id == source_id).values(problems=problems)
            if transaction.execute(statement).rowcount == 0:
                raise SourceRemoved
            transaction.changed(EntityKind.SOURCE, source_id)


def _is_incomplete(parts: tuple[ArrivedPart, ...]) -> bool:
    return len(parts) == 1 and parts[0].refusal is not None and parts[0].refusal.code == INCOMPLETE


def _of_disk(code: str, path: str, error: OSError) -> Message:
    return message(code, quote=error.strerror or str(error), path=path)


def _chunks(stream: BinaryIO, file: FoundFile) -> Iterator[bytes]:
    """Yields no more bytes than the scan saw: a file that grows as fast as it is read would fill the disk."""
    size = 0
    while chunk := stream.read(1 << 20):
        size += len(chunk)
        if size > file.mark[0]:
            raise _FileMoved
        yield chunk
    status = os.fstat(stream.fileno())
    if (status.st_size, status.st_mtime_ns) != file.mark:
        raise _FileMoved
