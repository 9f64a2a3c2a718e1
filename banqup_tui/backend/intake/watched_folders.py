"""The watched folders: looked at every few seconds, in a thread, each file in a transaction of its own.

Files are never moved, changed or deleted. What was looked at is remembered in `source_file`, so it is not read again,
also after a restart; what could not be placed is tried again once the firm has got to know more clients.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from sqlalchemy import select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.intake import source_files, unfiled, unfiled_commands
from banqup_tui.backend.intake.incoming import Arrival, Incoming
from banqup_tui.backend.intake.source_files import FileOutcome, SourceAway, SourceFile
from banqup_tui.backend.services import Services
from banqup_tui.domain.errors import BanqupError, UnreadableDocument
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.source import SourceKind
from banqup_tui.folder_walk import NotARegularFile, open_below
from banqup_tui.formats.refusals import ReaderNotAvailable, check_size
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import EntityKind
from banqup_tui.sources.folder import FolderEye, FoundFile, Mark

_MOST_FAULTS: Final = 3
_MOST_PROBLEMS: Final = 3
_log = logging.getLogger(__name__)


class _FileMoved(Exception):
    """The file changed or vanished while it was being read; the next look sees it again."""


class _FileProblem(BanqupError):
    """The file is there but cannot be read or stored; tried again at every look."""


class _Memory(msgspec.Struct):
    """What is known of one source between two looks. `faults` counts, per file, what should not have happened."""

    eye: FolderEye
    marks: dict[str, Mark]
    problems: tuple[Message, ...] = ()
    faults: dict[str, int] = {}


class Watching:
    """`every`: seconds between looks (more where looking takes long); `still_for`, `wait_for_xml` as in `FolderEye`."""

    def __init__(
        self,
        services: Services,
        *,
        every: float = 3.0,
        still_for: float = 3.0,
        wait_for_xml: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._every = every
        self._still_for = still_for
        self._wait_for_xml = wait_for_xml
        self._clock = clock
        self._memories: dict[str, _Memory] = {}
        self._known: unfiled_commands.Knowledge | None = None
        self._halt = threading.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set; ends between two files. A look that fails is tried again at the next turn."""
        self._halt.clear()
        stopping = asyncio.ensure_future(stop.wait())
        stopping.add_done_callback(lambda _: self._halt.set())
        try:
            while not stop.is_set():
                started = time.monotonic()
                await asyncio.to_thread(self.look)
                pause = max(self._every, 5 * (time.monotonic() - started))
                await asyncio.wait({stopping}, timeout=pause)
        finally:
            stopping.cancel()
            self._halt.set()

    def look(self) -> None:
        """Look once at every source. A folder with a problem does not keep the others from being looked at."""
        sources = self._sources()
        self._memories = {id_: memory for id_, memory in self._memories.items() if id_ in sources}
        self._retry_where_more_is_known()
        for source_id, path in sources.items():
            if self._halt.is_set():
                return
            try:
                self._look_at(source_id, path)
            except SourceAway:
                self._memories.pop(source_id, None)

    def _sources(self) -> dict[str, str]:
        table = tables.source
        statement = select(table.c.id, table.c.path).where(
            table.c.space_id == self._services.space_id, table.c.kind == str(SourceKind.FOLDER)
        )
        with self._services.database.read() as connection:
            return {row.id: row.path for row in connection.execute(statement)}

    def _retry_where_more_is_known(self) -> None:
        """New clients, new numbers of theirs, new rules: what waits may be placed now."""
        known = unfiled_commands.knowledge(self._services)
        if self._known not in (None, known):
            unfiled_commands.retry(self._services, self._halt.is_set)
        self._known = known

    def _look_at(self, source_id: str, path: str) -> None:
        memory = self._memories.get(source_id) or self._remembered(source_id, path)
        self._memories[source_id] = memory
        look = memory.eye.look(memory.marks)
        problems: list[Message] = []
        for file in look.ready:
            if self._halt.is_set():
                return
            try:
                self._take(source_id, path, file, memory)
            except _FileProblem as error:
                problems.append(error.message)
        found = (*look.problems, *problems[:_MOST_PROBLEMS])
        if found != memory.problems:
            self._write_problems(source_id, found)
            memory.problems = found

    def _remembered(self, source_id: str, path: str) -> _Memory:
        eye = FolderEye(Path(path), still_for=self._still_for, wait_for_xml=self._wait_for_xml, clock=self._clock)
        files, source = tables.source_file, tables.source
        with self._services.database.read() as connection:
            rows = connection.execute(select(files).where(files.c.source_id == source_id)).all()
            problems = connection.execute(select(source.c.problems).where(source.c.id == source_id)).scalar()
        return _Memory(
            eye=eye,
            marks={row.path: (row.size, row.mtime_ns) for row in rows},
            problems=problems or (),
        )

    def _take(self, source_id: str, root: str, file: FoundFile, memory: _Memory) -> None:
        try:
            self._taken(source_id, root, file)
        except _FileMoved:
            return
        except (_FileProblem, SourceAway):
            raise
        except ReaderNotAvailable as error:
            raise _FileProblem(error.message) from error
        except Exception as error:
            raise self._fault(file, memory) from error
        memory.marks[file.path] = file.mark
        kill_point("intake.committed")

    def _fault(self, file: FoundFile, memory: _Memory) -> _FileProblem:
        """One file that is our undoing does not keep the others out; after a few tries it is left until a restart."""
        _log.exception("a file of a watched folder was not taken")
        memory.faults[file.path] = memory.faults.get(file.path, 0) + 1
        if memory.faults[file.path] >= _MOST_FAULTS:
            memory.marks[file.path] = file.mark
        return _FileProblem(message("source.file-failed", path=file.path))

    def _taken(self, source_id: str, root: str, file: FoundFile) -> None:
        if file.picture_of is not None:
            picture = SourceFile(source_id=source_id, path=file.path, mark=file.mark, sha256=None)
            with self._services.database.write(self._services.space_id) as transaction:
                before = source_files.outcome_at(transaction, source_id, file.path)
                source_files.write_down(transaction, picture, FileOutcome.PICTURE, before)
            return
        name = file.path.rpartition("/")[2]
        try:
            check_size(file.mark[0])
        except UnreadableDocument as error:
            arrival = Arrival(file_name=name, path=file.path, source=root, source_id=source_id)
            self._refused(source_id, file, arrival, error)
            return
        sha256 = self._copied(root, file)
        incoming = Incoming(sha256=sha256, file_name=name, path=file.path, source=root, source_id=source_id)
        content = source_files.read(self._services, incoming)
        with self._services.database.write(self._services.space_id) as transaction:
            outcome = source_files.filed(transaction, self._services, incoming, content)
            before = source_files.outcome_at(transaction, source_id, file.path)
            looked_at = SourceFile(source_id=source_id, path=file.path, mark=file.mark, sha256=sha256)
            source_files.write_down(transaction, looked_at, outcome, before)

    def _refused(self, source_id: str, file: FoundFile, arrival: Arrival, why: UnreadableDocument) -> None:
        """A place in the tray without the bytes: nothing of the file is copied into the store."""
        looked_at = SourceFile(source_id=source_id, path=file.path, mark=file.mark, sha256=None)
        with self._services.database.write(self._services.space_id) as transaction:
            unfiled.lay_aside(transaction, arrival, why.message, None)
            before = source_files.outcome_at(transaction, source_id, file.path)
            source_files.write_down(transaction, looked_at, FileOutcome.UNREADABLE, before)

    def _copied(self, root: str, file: FoundFile) -> str:
        """The SHA-256 of the file, now in the store. Raises `_FileMoved` where it changed under our hands."""
        try:
            stream = open_below(Path(root), file.path)
        except (FileNotFoundError, NotADirectoryError, NotARegularFile) as error:
            raise _FileMoved from error
        except OSError as error:
            raise _FileProblem(_of_disk("source.cannot-be-read", file.path, error)) from error
        with stream:
            try:
                return self._services.files.put(_chunks(stream, file))[0]
            except OSError as error:
                raise _FileProblem(_of_disk("source.cannot-be-stored", file.path, error)) from error

    def _write_problems(self, source_id: str, problems: tuple[Message, ...]) -> None:
        source = tables.source
        with self._services.database.write(self._services.space_id) as transaction:
            statement = update(source).where(source.c.id == source_id).values(problems=problems)
            if transaction.execute(statement).rowcount == 0:
                raise SourceAway
            transaction.changed(EntityKind.SOURCE, source_id)


def _of_disk(code: str, path: str, error: OSError) -> Message:
    return message(code, quote=error.strerror or str(error), path=path)


def _chunks(stream: BinaryIO, file: FoundFile) -> Iterator[bytes]:
    """No more than was seen: a file that grows as fast as it is read would fill the store."""
    size = 0
    while chunk := stream.read(1 << 20):
        size += len(chunk)
        if size > file.mark[0]:
            raise _FileMoved
        yield chunk
    status = os.fstat(stream.fileno())
    if (status.st_size, status.st_mtime_ns) != file.mark:
        raise _FileMoved
