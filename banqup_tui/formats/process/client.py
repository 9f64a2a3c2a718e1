"""Starts reader processes when they are needed, keeps them, and asks them.

A process reads one document at a time. A document that ends its process, or takes too long, is refused for that reason;
the next document gets a fresh process.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from signal import SIGKILL, Signals
from typing import TypeVar

import msgspec

from banqup_tui.domain.errors import UnreadableDocument
from banqup_tui.domain.origin import EnvelopeOrigin, MailOrigin
from banqup_tui.domain.text import clean, safe_file_name
from banqup_tui.formats.container import (
    MAX_DEPTH,
    MAX_PART_BYTES,
    MAX_PARTS,
    MAX_TOTAL_BYTES,
    MOST_CHARACTERS,
    MOST_RECIPIENTS,
    Container,
    ContainerPart,
)
from banqup_tui.formats.content import MOST_PDF_CHARACTERS, Content, PdfText
from banqup_tui.formats.process.confinement import MOST_SECONDS
from banqup_tui.formats.process.messages import (
    ANSWER_HEAD,
    MOST_ANSWERED,
    REQUEST_HEAD,
    AttachmentBytes,
    ContainerEnd,
    EmbeddedInvoice,
    MediaType,
    NameMediaType,
    NameRoot,
    OpenFile,
    PartFollows,
    ReadContent,
    ReaderAnswer,
    ReadRequest,
    Refusal,
    Request,
    Result,
    RootName,
    StatementFile,
    TakeAttachment,
    TakeEmbeddedInvoice,
    TakePdfText,
    TakeStatements,
    TextOfPdf,
    answers,
    encoder,
)
from banqup_tui.formats.refusals import PASSING, ReaderNotAvailable, check_size, refusal_of, refuse
from banqup_tui.python_process import clean_environment, python_command

MOST_PROCESSES = 2
_SECONDS_TO_START = 30.0
_SECONDS_TO_END = 2.0
_MOST_TRIES = 4
_PASSED_ON = frozenset({"PYTHONPATH", "LD_LIBRARY_PATH"})
"""Variables that say where Python and this program are, if they are in an unusual place."""

_OF_THE_PROCESS = frozenset(
    getattr(Signals, name)
    for name in ("SIGXCPU", "SIGABRT", "SIGSEGV", "SIGBUS", "SIGILL", "SIGTRAP", "SIGFPE", "SIGSYS")
    if hasattr(Signals, name)
)
"""Signals that a process gets for its own faults. Other signals may come from anybody."""

_log = logging.getLogger(__name__)
_R = TypeVar("_R")


class _Ended(Exception):
    """The process gave no answer. `is_certain`: the document is the cause, so another try would end in the same way."""

    def __init__(self, reason: str, *, is_certain: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_certain = is_certain


class _Idle(Exception):
    """The process had ended, being idle for long, before it took the document."""


class ReaderPool:
    """A pool of at most `size` processes, served in the order of the calls. Any thread may call."""

    def __init__(self, size: int = MOST_PROCESSES, *, seconds: float = MOST_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._idle: list[_Process | None] = [None] * size
        self._waiting: deque[Future[_Process | None]] = deque()
        # PR_SET_PDEATHSIG is bound to the thread that started the process: this one lives as long as the program.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="reader-process")
        self._is_closed = False

    def read(self, data: bytes, file_name: str = "") -> Content:
        return _expected(self._result(ReadRequest(file_name), data), ReadContent).content

    def open_file(self, data: bytes, file_name: str = "") -> Content | Container:
        result, parts = self._exchanged(OpenFile(file_name), data)
        if isinstance(result, ReadContent):
            return result.content
        end = _expected(result, ContainerEnd)
        if end.count != len(parts):
            raise refuse("file.reader-ended")
        return Container(kind=end.kind, parts=parts, mail=_mail(end.mail), envelope=_envelope(end.envelope))

    def attachment_bytes(self, data: bytes, index: int) -> bytes:
        return _expected(self._result(TakeAttachment(index), data), AttachmentBytes).data

    def bank_subset(self, data: bytes, indices: Sequence[int]) -> bytes:
        return _expected(self._result(TakeStatements(tuple(indices)), data), StatementFile).data

    def embedded_invoice_xml(self, data: bytes) -> tuple[str, bytes] | None:
        try:
            result = _expected(self._result(TakeEmbeddedInvoice(), data), EmbeddedInvoice)
        except UnreadableDocument:
            return None
        return None if result.data is None else (result.name, result.data)

    def pdf_text(self, data: bytes) -> PdfText:
        text = _expected(self._result(TakePdfText(), data), TextOfPdf).text
        return msgspec.structs.replace(text, text=text.text[:MOST_PDF_CHARACTERS])

    def root_name(self, data: bytes) -> tuple[str, str]:
        try:
            result = _expected(self._result(NameRoot(), data), RootName)
        except UnreadableDocument:
            return "", ""
        return result.name, result.namespace

    def media_type(self, data: bytes) -> str:
        try:
            return _expected(self._result(NameMediaType(), data), MediaType).name
        except UnreadableDocument:
            return ""

    def close(self) -> None:
        """Ends idle processes now, and each busy one after its answer."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for process in idle:
            if process is not None:
                process.end()
        self._starter.shutdown()

    def _result(self, request: Request, data: bytes) -> Result:
        return self._exchanged(request, data)[0]

    def _exchanged(self, request: Request, data: bytes) -> tuple[Result, tuple[ContainerPart, ...]]:
        """Returns the result of a request and the parts before it, with a second try if the cause is in doubt.

        A process may be ended from outside (a system without memory, a `kill`) or get no processor time; one such
        failure says nothing about the document. Raises `UnreadableDocument` and `ReaderNotAvailable`.
        """
        check_size(len(data))
        is_suspect = False
        for _ in range(_MOST_TRIES):
            process = self._take()
            try:
                process = process or self._start()
                answer, parts = process.ask(request, data, self._seconds)
                if answer.is_last:
                    process.end()
                    process = None
                return answer.result, parts
            except _Idle:
                process = None
            except _Ended as ended:
                process = None
                _log.warning("a reader process gave no answer: %s", ended.reason)
                if ended.is_certain or is_suspect:
                    raise refuse(ended.reason, limit=f"{self._seconds:g}") from None
                is_suspect = True
            except BaseException:
                if process is not None:
                    process.end()
                process = None
                raise
            finally:
                self._give_back(process)
        raise ReaderNotAvailable

    def _take(self) -> _Process | None:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            starting: Future[_Process | None] = Future()
            self._waiting.append(starting)
        try:
            return starting.result()
        except BaseException:  # KeyboardInterrupt: a process assigned meanwhile goes to the next caller
            with self._lock:
                if starting in self._waiting:
                    self._waiting.remove(starting)
                    raise
            self._give_back(starting.result())
            raise

    def _give_back(self, process: _Process | None) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set_result(process)
                return
            if not self._is_closed:
                # Running processes stand last and are taken first, so that a single caller has a single process
                # started.
                self._idle.insert(0 if process is None else len(self._idle), process)
                return
        if process is not None:
            process.end()

    def _start(self) -> _Process:
        try:
            return self._starter.submit(_Process).result()
        except (OSError, RuntimeError) as error:  # no process or descriptor to be had; the program is ending
            _log.warning("a reader process could not be started: %s", error)
            raise ReaderNotAvailable from error


class _Process:
    """A reader process, ready for documents. Raises `OSError` if it cannot be started."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(
                    python_command("banqup_tui.formats.process", str(os.getpid())),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",  # not on the import path, and no other user can put files there
                    env=_environment(),
                    start_new_session=True,  # what is typed at the terminal (Ctrl+C) does not reach it
                )
        except BaseException:
            ours.close()
            raise
        self._socket = ours
        self._cpu_seconds = self._used = 0.0
        try:
            self._receive_frame(time.monotonic() + _SECONDS_TO_START)
        except (OSError, EOFError) as error:
            self.end()
            raise OSError(f"it ended with {self._process.returncode} before it was ready") from error

    def ask(self, request: Request, data: bytes, seconds: float) -> tuple[ReaderAnswer, tuple[ContainerPart, ...]]:
        """Returns the answer to a request, and the parts that came before it.

        Raises `_Ended` or `_Idle`, after which the process is gone.
        """
        encoded = encoder.encode(request)
        deadline = time.monotonic() + seconds
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(b"".join((REQUEST_HEAD.pack(len(encoded), len(data)), encoded)))
            self._socket.sendall(data)
            answer, parts = self._answer(deadline)
        except TimeoutError:
            used = self.end() - self._cpu_seconds
            if used > seconds / 2:
                raise _Ended("file.reader-out-of-time", is_certain=True) from None
            raise _Ended(PASSING) from None  # other work of this computer made it late
        except (OSError, EOFError):
            self.end()
            signal = -self._process.returncode
            if signal in (0, Signals.SIGALRM):
                raise _Idle from None
            reason = "file.reader-out-of-time" if signal == Signals.SIGXCPU else "file.reader-ended"
            raise _Ended(reason, is_certain=signal in _OF_THE_PROCESS) from None
        except msgspec.MsgspecError:
            self.end()
            raise _Ended("file.reader-ended") from None
        self._cpu_seconds = answer.cpu_seconds
        return answer, parts

    def end(self) -> float:
        """Ends the process now and returns the processor time that it has used.

        The socket is closed last: a process that sees it closed ends by itself, as an idle one does, and the cause
        would be lost.
        """
        if self._process.returncode is None:
            # `Popen.kill` would reap the process, and its processor time would be lost.
            os.kill(self._process.pid, SIGKILL)
            _, status, usage = os.wait4(self._process.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
            self._used = usage.ru_utime + usage.ru_stime
        self._socket.close()
        return self._used

    def _answer(self, deadline: float) -> tuple[ReaderAnswer, tuple[ContainerPart, ...]]:
        """Returns the last answer and the parts before it. Their number and sizes are held here, whatever is sent.

        Raises `OSError`, `EOFError` and `MsgspecError`.
        """
        parts: list[ContainerPart] = []
        total = 0
        while True:
            answer = answers.decode(self._receive_frame(deadline))
            part = answer.result
            if not isinstance(part, PartFollows):
                return answer, tuple(parts)
            total += part.size
            if not 0 <= part.size <= MAX_PART_BYTES or total > MAX_TOTAL_BYTES or len(parts) == MAX_PARTS:
                raise EOFError
            parts.append(_part(part, bytes(self._receive(part.size, deadline))))

    def _receive_frame(self, deadline: float) -> bytearray:
        """Returns an answer's bytes. Raises `OSError` (also `TimeoutError`) and `EOFError`."""
        (length,) = ANSWER_HEAD.unpack(self._receive(ANSWER_HEAD.size, deadline))
        if length > MOST_ANSWERED:
            raise EOFError
        return self._receive(length, deadline)

    def _receive(self, size: int, deadline: float) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            count = self._socket.recv_into(view)
            if count == 0:
                raise EOFError
            view = view[count:]
        return data


def _environment() -> dict[str, str]:
    """Returns the environment: neither the user's secrets nor settings that change how Python starts."""
    passed_on = {name: value for name, value in clean_environment().items() if name in _PASSED_ON}
    return {**passed_on, "LC_ALL": "C.UTF-8"}


def _part(part: PartFollows, data: bytes) -> ContainerPart:
    """Returns a part with names that are safe, whatever was sent."""
    refusal = part.refusal
    if refusal is not None:
        refusal = (refusal_of(refusal) or refuse("file.reader-ended")).message
    *directories, _ = part.path.split("/")
    name = safe_file_name(part.name)
    return ContainerPart(
        name=name,
        path="/".join((*map(safe_file_name, directories), name)),
        position="/".join(str(int(number)) for number in part.position.split("/")[:MAX_DEPTH] if number.isdecimal()),
        data=data,
        refusal=refusal,
        mail=_mail(part.mail),
        envelope=_envelope(part.envelope),
    )


def _mail(mail: MailOrigin | None) -> MailOrigin | None:
    if mail is None:
        return None
    return MailOrigin(
        sender=_cut(mail.sender),
        recipients=tuple(map(_cut, mail.recipients[:MOST_RECIPIENTS])),
        subject=_cut(mail.subject),
        message_id=_cut(mail.message_id),
        sent_at=mail.sent_at,
    )


def _envelope(envelope: EnvelopeOrigin | None) -> EnvelopeOrigin | None:
    if envelope is None:
        return None
    return EnvelopeOrigin(
        sender=_cut(envelope.sender),
        receiver=_cut(envelope.receiver),
        process_id=_cut(envelope.process_id),
        document_type_id=_cut(envelope.document_type_id),
        message_id=_cut(envelope.message_id),
        created_at=envelope.created_at,
    )


def _cut(text: str) -> str:
    return clean(text[:MOST_CHARACTERS])


def _expected(result: Result, kind: type[_R]) -> _R:
    """Returns the result if it is of `kind`, else raises `UnreadableDocument` with a known code, whatever was sent."""
    if isinstance(result, kind):
        return result
    refusal = refusal_of(result.message) if isinstance(result, Refusal) else None
    raise refusal or refuse("file.reader-ended")


_shared: ReaderPool | None = None
_shared_lock = threading.Lock()


def shared() -> ReaderPool:
    """Returns the pool of this program."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = ReaderPool(min(MOST_PROCESSES, os.cpu_count() or 1))
            atexit.register(_shared.close)
        return _shared
