"""Cache of parsed files. Concurrent requests for a file share one parse, and recent results are not parsed again.

A file that killed its reader process is recorded in the database with the program's version. It is refused at once,
also after a restart, until a newer version may be able to read it.
"""

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from banqup_tui import __version__
from banqup_tui.backend.db import tables
from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.messages import Message, Param
from banqup_tui.formats import Content, read
from banqup_tui.formats.refusals import ENDS_READER, PASSING, check_size, refusal_of

if TYPE_CHECKING:
    from banqup_tui.backend.services import Services

_MOST_CACHED: Final = 256
_MOST_CACHED_BYTES: Final = 64 * 1024 * 1024
_SECONDS_PASSING: Final = 60.0
"""Seconds. A temporary failure is cached for the command that asked, not for the next one."""

_log = logging.getLogger(__name__)
_Parsed = Content | UnreadableDocument


class _Cached(msgspec.Struct, frozen=True):
    """A cached result. `until`: expiry on the clock of `ParsedFiles`."""

    result: Any
    size: int
    until: float


class ParsedFiles:
    """Results of parsing by SHA-256: those in progress, and the latest within a limit. Safe for use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[_Parsed]] = {}
        self._cached: OrderedDict[str, _Cached] = OrderedDict()
        self._cached_bytes = 0
        self.unsaved: dict[str, UnreadableDocument] = {}
        """Files that killed their reader and are not yet recorded in the database."""

    def joined(self, sha256: str) -> tuple[Future[_Parsed], bool]:
        """Returns the result as a future, and whether the caller must produce it and call `settle`."""
        with self._lock:
            cached = self._cached.get(sha256)
            if cached is not None and self.clock() < cached.until:
                self._cached.move_to_end(sha256)
                cached_result: Future[_Parsed] = Future()
                cached_result.set_result(cached.result)
                return cached_result, False
            under_way = self._under_way.get(sha256)
            if under_way is not None:
                return under_way, False
            self._under_way[sha256] = result = Future[_Parsed]()
            return result, True

    def settle(self, sha256: str, result: _Parsed, size: int) -> None:
        with self._lock:
            self._drop(sha256)
            is_passing = isinstance(result, UnreadableDocument) and result.message.code == PASSING
            until = self.clock() + _SECONDS_PASSING if is_passing else math.inf
            self._cached[sha256] = _Cached(result, size, until)
            self._cached_bytes += size
            while len(self._cached) > 1 and (
                len(self._cached) > _MOST_CACHED or self._cached_bytes > _MOST_CACHED_BYTES
            ):
                self._drop(next(iter(self._cached)))
            if isinstance(result, UnreadableDocument) and result.message.code in ENDS_READER:
                self.unsaved[sha256] = result
            self._under_way.pop(sha256).set_result(result)

    def _drop(self, sha256: str) -> None:
        if (dropped := self._cached.pop(sha256, None)) is not None:
            self._cached_bytes -= dropped.size

    def fail(self, sha256: str, error: BaseException) -> None:
        """Reports that the file or the reader was unavailable, which says nothing of the file and is not cached."""
        with self._lock:
            self._under_way.pop(sha256).set_exception(error)


def read_file(services: "Services", sha256: str, file_name: str) -> Content:
    """Returns the content of a stored file. Call it outside of a transaction first: it can take seconds, and writes.

    Raises:
        UnreadableDocument: the file cannot be read.
        OSError, ReaderNotAvailable: a later attempt may succeed.
    """
    parsed = services.parsed
    result, is_mine = parsed.joined(sha256)
    if is_mine:
        try:
            size = services.files.path(sha256).stat().st_size
            parsed.settle(sha256, _parsed(services, sha256, file_name, size), size)
        except BaseException as error:
            parsed.fail(sha256, error)
            raise
    if parsed.unsaved and not services.database.is_writing:
        try:
            _save(services)
        except SQLAlchemyError:  # disk full, or another writer blocks; retried with the next file
            _log.warning("a file that ended its reader could not be remembered", exc_info=True)
    found = result.result()
    if isinstance(found, UnreadableDocument):
        # A copy, as the traceback of an exception grows each time that it is raised.
        raise UnreadableDocument(found.message)
    return found


def _parsed(services: "Services", sha256: str, file_name: str, size: int) -> _Parsed:
    remembered = _remembered(services, sha256)
    if remembered is not None:
        return remembered
    try:
        check_size(size)
        return read(services.files.path(sha256).read_bytes(), file_name)
    except UnreadableDocument as error:
        return error


def _remembered(services: "Services", sha256: str) -> UnreadableDocument | None:
    table = tables.reader_failure
    same = (table.c.sha256 == sha256, table.c.version == __version__)
    with services.database.read() as connection:
        row = connection.execute(select(table).where(*same)).first()
    if row is None:
        return None
    return refusal_of(Message(row.reason, msgspec.json.decode(row.details, type=dict[str, Param])))


def _save(services: "Services") -> None:
    unsaved = services.parsed.unsaved
    with services.database.write(services.space_id) as transaction:
        for sha256, error in list(unsaved.items()):
            row: dict[str, object] = {
                "version": __version__,
                "reason": error.message.code,
                "details": msgspec.json.encode(error.message.params).decode(),
                "at": transaction.now,
            }
            insert = transaction.insert(tables.reader_failure).values(sha256=sha256, **row)
            transaction.execute(insert.on_conflict_do_update(index_elements=["sha256"], set_=row))
            unsaved.pop(sha256, None)
