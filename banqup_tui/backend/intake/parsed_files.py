"""Cache of opened files. Concurrent requests for a file share one opening, and recent results are not opened again.

A file that killed its reader process is recorded in the database with the program's version. It is refused at once,
also after a restart, until a newer version may be able to read it.
"""

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from banqup_tui import __version__
from banqup_tui.backend.db import tables
from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.messages import Message, Param
from banqup_tui.domain.origin import EnvelopeOrigin, MailOrigin
from banqup_tui.domain.twins import PDF
from banqup_tui.formats import Content, ContentKind, open_file, pdf_text, read
from banqup_tui.formats.container import ContainerKind, ContainerPart
from banqup_tui.formats.refusals import ENDS_READER, PASSING, check_size, refusal_of

if TYPE_CHECKING:
    from banqup_tui.backend.services import Services

LETTER: Final = "placing.letter-alone"
"""Code of the refusal of a mail in which no document is."""

_MOST_CACHED: Final = 256
_MOST_CACHED_BYTES: Final = 64 * 1024 * 1024
_SECONDS_PASSING: Final = 60.0
"""Seconds. A temporary failure is cached for the command that asked, not for the next one."""

_log = logging.getLogger(__name__)
_details = msgspec.json.Decoder(dict[str, Param])


class OpenedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came: the stored file itself, or a file in the container that it is.

    Attributes:
        sha256: None if its bytes are not stored, as they are too many.
        path: path inside the container, or the file's name.
        content: None if it cannot be read, as `refusal` says.
        text: text layer of a PDF without an invoice in it; None if it could not be read now, and of other files.
        kind, position, mail, envelope: as in `ContainerPlace`; `kind` is empty for a file that is no container.
        outer_mail: what the head of the stored file says, if it is a mail.
    """

    sha256: str | None
    file_name: str
    path: str
    content: Content | None = None
    refusal: Message | None = None
    text: str | None = None
    kind: str = ""
    position: str = ""
    mail: MailOrigin | None = None
    outer_mail: MailOrigin | None = None
    envelope: EnvelopeOrigin | None = None


Opened = tuple[OpenedPart, ...]


class _Cached(msgspec.Struct, frozen=True):
    """A cached result. `until`: expiry on the clock of `ParsedFiles`."""

    result: Opened
    size: int
    until: float


class ParsedFiles:
    """Results of opening by SHA-256: those in progress, and the latest within a limit. Safe for use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[Opened]] = {}
        self._cached: OrderedDict[str, _Cached] = OrderedDict()
        self._cached_bytes = 0
        self.unsaved: dict[str, Message] = {}
        """Files that killed their reader and are not yet recorded in the database."""
        self._failures: dict[str, Message] | None = None

    def failure(self, services: "Services", sha256: str) -> Message | None:
        """Returns why this version refuses a file, if it killed its reader before.

        The few rows are read once: a query for each file that comes in costs as much as a tenth of its import.
        """
        if self._failures is None:
            table = tables.reader_failure
            with services.database.read() as connection:
                rows = connection.execute(select(table).where(table.c.version == __version__)).all()
            self._failures = {row.sha256: Message(row.reason, _details.decode(row.details)) for row in rows}
        return self._failures.get(sha256)

    def saved(self, failures: Mapping[str, Message]) -> None:
        """Notes files that killed their reader, after they were recorded in the database."""
        for sha256 in failures:
            self.unsaved.pop(sha256, None)
        if self._failures is not None:
            self._failures = {**self._failures, **failures}

    def joined(self, sha256: str) -> tuple[Future[Opened], bool]:
        """Returns the result as a future, and whether the caller must produce it and call `settle`."""
        with self._lock:
            cached = self._cached.get(sha256)
            if cached is not None and self.clock() < cached.until:
                self._cached.move_to_end(sha256)
                cached_result: Future[Opened] = Future()
                cached_result.set_result(cached.result)
                return cached_result, False
            under_way = self._under_way.get(sha256)
            if under_way is not None:
                return under_way, False
            self._under_way[sha256] = result = Future[Opened]()
            return result, True

    def settle(self, sha256: str, result: Opened, size: int) -> None:
        with self._lock:
            self._drop(sha256)
            refusals = [(part.sha256, part.refusal) for part in result if part.refusal is not None]
            is_passing = any(refusal.code == PASSING for _, refusal in refusals)
            until = self.clock() + _SECONDS_PASSING if is_passing else math.inf
            self._cached[sha256] = _Cached(result, size, until)
            self._cached_bytes += size
            while len(self._cached) > 1 and (
                len(self._cached) > _MOST_CACHED or self._cached_bytes > _MOST_CACHED_BYTES
            ):
                self._drop(next(iter(self._cached)))
            ended = {of: refusal for of, refusal in refusals if of is not None and refusal.code in ENDS_READER}
            self.unsaved.update(ended)
            self._under_way.pop(sha256).set_result(result)

    def _drop(self, sha256: str) -> None:
        if (dropped := self._cached.pop(sha256, None)) is not None:
            self._cached_bytes -= dropped.size

    def fail(self, sha256: str, error: BaseException) -> None:
        """Reports that the file or the reader was unavailable, which says nothing of the file and is not cached."""
        with self._lock:
            self._under_way.pop(sha256).set_exception(error)


def open_stored(services: "Services", sha256: str, file_name: str) -> Opened:
    """Returns the files that a stored file holds: itself, or those in it if it is a container, whose bytes are stored.

    Call it outside of a transaction first: it can take seconds, and writes.

    Raises:
        OSError, ReaderNotAvailable: a later attempt may succeed.
    """
    parsed = services.parsed
    result, is_mine = parsed.joined(sha256)
    if is_mine:
        try:
            size = services.files.path(sha256).stat().st_size
            parsed.settle(sha256, _opened(services, sha256, file_name, size), size)
        except BaseException as error:
            parsed.fail(sha256, error)
            raise
    if parsed.unsaved and not services.database.is_writing:
        try:
            _save(services)
        except SQLAlchemyError:  # disk full, or another writer blocks; retried with the next file
            _log.warning("a file that ended its reader could not be remembered", exc_info=True)
    return result.result()


def _opened(services: "Services", sha256: str, file_name: str, size: int) -> Opened:
    itself = OpenedPart(sha256=sha256, file_name=file_name, path=file_name)
    refusal = _remembered(services, sha256)
    if refusal is not None:
        return (msgspec.structs.replace(itself, refusal=refusal),)
    try:
        check_size(size)
        data = services.files.path(sha256).read_bytes()
        found = open_file(data, file_name)
    except UnreadableDocument as error:
        return (msgspec.structs.replace(itself, refusal=error.message),)
    if isinstance(found, Content):
        return (msgspec.structs.replace(itself, content=found, text=_text(services, sha256, data, found)),)
    if not found.parts:
        return (msgspec.structs.replace(itself, refusal=Message(LETTER)),)
    stored = iter(services.files.put_parts(part.data for part in found.parts if part.data))
    parts = (_part(services, found.kind, part, next(stored) if part.data else None) for part in found.parts)
    return tuple(msgspec.structs.replace(part, outer_mail=found.mail) for part in parts)


def _part(services: "Services", kind: ContainerKind, part: ContainerPart, sha256: str | None) -> OpenedPart:
    """Reads a stored part. What ends a reader costs only that part.

    Args:
        sha256: None if its bytes are not stored.
    """
    content, refusal = None, part.refusal
    if refusal is None and sha256 is not None:
        refusal = _remembered(services, sha256)
    if refusal is None:
        try:
            content = read(part.data, part.name)
        except UnreadableDocument as error:
            refusal = error.message
    text = _text(services, sha256, part.data, content) if sha256 is not None and content is not None else None
    return OpenedPart(
        sha256=sha256,
        file_name=part.name,
        path=part.path,
        content=content,
        refusal=refusal,
        text=text,
        kind=kind,
        position=part.position,
        mail=part.mail,
        envelope=part.envelope,
    )


def _text(services: "Services", sha256: str, data: bytes, content: Content) -> str | None:
    """Returns the text layer of a PDF that is no e-invoice. A text that ends the reader is none, and not read again."""
    if content.kind is not ContentKind.PLAIN or content.media_type != PDF:
        return None
    table = tables.document_text
    with services.database.read() as connection:
        stored: str | None = connection.execute(select(table.c.text).where(table.c.sha256 == sha256)).scalar()
    if stored is not None:
        return stored
    try:
        return pdf_text(data).text
    except UnreadableDocument as error:
        return None if error.message.code == PASSING else ""


def _remembered(services: "Services", sha256: str) -> Message | None:
    failure = services.parsed.failure(services, sha256)
    refusal = refusal_of(failure) if failure is not None else None
    return refusal.message if refusal is not None else None


def _save(services: "Services") -> None:
    unsaved = dict(services.parsed.unsaved)
    with services.database.write(services.space_id) as transaction:
        for sha256, refusal in unsaved.items():
            row: dict[str, object] = {
                "version": __version__,
                "reason": refusal.code,
                "details": msgspec.json.encode(refusal.params).decode(),
                "at": transaction.now,
            }
            insert = transaction.insert(tables.reader_failure).values(sha256=sha256, **row)
            transaction.execute(insert.on_conflict_do_update(index_elements=["sha256"], set_=row))
    services.parsed.saved(unsaved)
