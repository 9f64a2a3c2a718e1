"""SFTP version 3 (draft-ietf-secsh-filexfer-02) over an asyncssh channel, with requests sent in groups.

asyncssh's own client builds, logs and awaits each request singly; for many small files that costs twice as much as
everything else (`make bench`). Version 3 is that of OpenSSH and understood by every server. Errors are those of
asyncssh.
"""

import asyncio
import stat
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, suppress
from struct import error as StructError
from struct import pack, unpack_from
from typing import Any

import asyncssh
import msgspec

INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, REMOVE, MKDIR, STAT, RENAME = (
    1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 17, 18,
)  # fmt: skip
STATUS, HANDLE, DATA, ATTRS, EXTENDED, EXTENDED_REPLY = 101, 102, 103, 105, 200, 201

FSYNC, STATVFS, LIMITS = b"fsync@openssh.com", b"statvfs@openssh.com", b"limits@openssh.com"

_TO_READ, _TO_WRITE_NEW = 0x01, 0x02 | 0x08 | 0x20
_NO_ATTRS = pack(">I", 0)
_LONGEST_ANSWER = 4 << 20
_IN_ONE_REQUEST = 1 << 15
"""Bytes that every server accepts and returns in one request."""

_ERRORS: dict[int, Any] = {
    1: asyncssh.SFTPEOFError,
    2: asyncssh.SFTPNoSuchFile,
    3: asyncssh.SFTPPermissionDenied,
    4: asyncssh.SFTPFailure,
    5: asyncssh.SFTPBadMessage,
    6: asyncssh.SFTPNoConnection,
    7: asyncssh.SFTPConnectionLost,
    8: asyncssh.SFTPOpUnsupported,
}

SESSIONS = 4
_SECONDS_TO_OPEN = 20.0


class PendingReply:
    """Reply to one request. It may be awaited later, by one task, or never."""

    __slots__ = ("_error", "_loop", "_reply", "_waiter")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._reply: bytes | None = None
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __await__(self) -> Generator[Any, None, bytes]:
        if self._reply is None and self._error is None:
            self._waiter = self._loop.create_future()
            yield from self._waiter
        if self._error is not None:
            raise self._error
        assert self._reply is not None
        return self._reply

    def set_result(self, quote: bytes) -> None:
        self._reply = quote
        self._wake()

    def fail(self, error: Exception) -> None:
        self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class FileAttributes(msgspec.Struct, frozen=True):
    """Attributes of a file on the server; each is `None` if the server does not send it."""

    size: int | None
    mode: int | None


class SftpSession(asyncssh.SSHClientSession[bytes]):
    """An SFTP session.

    Requests are buffered until `flush`, or until a method of this class awaits one. Runs on one event loop.
    """

    def __init__(self) -> None:
        self.most_in_one_write = _IN_ONE_REQUEST
        self._loop = asyncio.get_running_loop()
        self._version = PendingReply(self._loop)
        self._extensions: frozenset[bytes] = frozenset()
        self._waiting: dict[int, tuple[int, PendingReply]] = {}
        self._number = 0
        self._buffered: list[bytes] = []
        self._leaving = False
        self._received = bytearray()
        self._lost: Exception | None = None

    # Callbacks of asyncssh

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._channel = chan
        self._is_openssh = "OpenSSH" in str(chan.get_extra_info("server_version"))

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if datatype is not None:
            return
        received = self._received
        received += data
        at = 0
        while len(received) - at >= 4:
            (length,) = unpack_from(">I", received, at)
            if length > _LONGEST_ANSWER:
                self._fail(asyncssh.SFTPBadMessage("an answer is longer than any can be"))
                return
            if len(received) - at - 4 < length:
                break
            self._take(bytes(received[at + 4 : at + 4 + length]))
            at += 4 + length
        if at:
            del received[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(asyncssh.SFTPConnectionLost(str(exc) if exc else "Connection closed"))

    def _take(self, packet: bytes) -> None:
        try:
            if packet[0] == VERSION:
                self._extensions = _extensions_of(packet)
                self._version.set_result(b"")
                return
            (number,) = unpack_from(">I", packet, 1)
            expected, answer = self._waiting.pop(number)
            if packet[0] == STATUS:
                failure = _failure_of(packet, expected)
                answer.fail(failure) if failure else answer.set_result(b"")
            elif packet[0] == expected:
                answer.set_result(packet[5:])
            else:
                answer.fail(asyncssh.SFTPBadMessage(f"unexpected answer {packet[0]}"))
        except (StructError, IndexError, KeyError):
            self._fail(asyncssh.SFTPBadMessage("an answer cannot be read"))

    def _fail(self, error: Exception) -> None:
        """Fails all waiting requests, and every later one."""
        if self._lost is None:
            self._lost = error
            self._channel.close()
        waiting, self._waiting = self._waiting, {}
        for _, answer in waiting.values():
            answer.fail(error)
        self._version.fail(error)

    # Requests

    async def begin(self) -> None:
        self._channel.write(pack(">IBI", 5, INIT, 3))
        await self._version
        if LIMITS in self._extensions:
            _, _, most, _ = unpack_from(">QQQQ", await self._now(EXTENDED, EXTENDED_REPLY, _text(LIMITS)))
            self.most_in_one_write = most or _IN_ONE_REQUEST

    def ask(self, kind: int, expected: int, *parts: bytes) -> PendingReply:
        """Buffers a request; the answer need not be awaited. Raises the error of a lost session."""
        if self._lost is not None:
            raise self._lost
        self._number = (self._number + 1) & 0xFFFFFFFF
        answer = PendingReply(self._loop)
        self._waiting[self._number] = (expected, answer)
        self._buffered += (pack(">IBI", sum(map(len, parts)) + 5, kind, self._number), *parts)
        return answer

    def flush(self) -> None:
        """Sends the buffer at the end of this pass of the event loop, with everything asked until then."""
        if not self._leaving:
            self._leaving = True
            self._loop.call_soon(self._leave)

    def _leave(self) -> None:
        self._leaving = False
        buffered, self._buffered = self._buffered, []
        if buffered and self._lost is None:
            self._channel.write(b"".join(buffered))

    async def _now(self, kind: int, expected: int, *parts: bytes) -> bytes:
        answer = self.ask(kind, expected, *parts)
        self.flush()
        return await answer

    def look(self, path: str) -> PendingReply:
        """Buffers the question whether something has this name; see `is_there`."""
        return self.ask(LSTAT, ATTRS, _path(path))

    async def create(self, path: str) -> bytes:
        """Creates a file and returns its handle. Fails if the name exists."""
        return await self._now(OPEN, HANDLE, _path(path), pack(">I", _TO_WRITE_NEW), _NO_ATTRS)

    async def write(self, handle: bytes, at: int, data: bytes) -> None:
        answers = self._writes(handle, at, data)
        self.flush()
        await _all(answers)

    async def write_the_last(
        self, handle: bytes, at: int, data: bytes, *, flush: bool = False
    ) -> FileAttributes | None:
        """Writes the last data, has the server fsync if wanted, asks for the length and closes, in one group.

        OpenSSH is not asked for the length, as it fails a write that it cannot store whole.

        Returns:
            The attributes, or `None` if the server does not show them. Operations that it does not support are
                skipped.
        """
        answers = self._writes(handle, at, data)
        if flush and FSYNC in self._extensions:
            answers.append(self.ask(EXTENDED, STATUS, _text(FSYNC), handle))
        seen = None if self._is_openssh else self.ask(FSTAT, ATTRS, handle)
        answers.append(self.ask(CLOSE, STATUS, handle))
        self.flush()
        await _all(answers)
        with suppress(asyncssh.SFTPPermissionDenied, asyncssh.SFTPOpUnsupported):
            return None if seen is None else _attrs(await seen)
        return None

    def _writes(self, handle: bytes, at: int, data: bytes) -> list[PendingReply]:
        most = self.most_in_one_write
        answers = []
        for of in range(0, len(data), most):
            part = data if len(data) <= most else data[of : of + most]
            answers.append(self.ask(WRITE, STATUS, handle, pack(">QI", at, len(part)), part))
            at += len(part)
        return answers

    def close_handle(self, handle: bytes) -> None:
        """Sends a close and ignores the answer."""
        if self._lost is None:
            self.ask(CLOSE, STATUS, handle)
            self.flush()

    async def read(self, path: str) -> AsyncIterator[bytes]:
        handle = await self._now(OPEN, HANDLE, _path(path), pack(">I", _TO_READ), _NO_ATTRS)
        at = 0
        try:
            while True:
                data = await self._now(READ, DATA, handle, pack(">QI", at, _IN_ONE_REQUEST))
                at += len(data) - 4
                yield data[4:]
        except asyncssh.SFTPEOFError:
            return
        finally:
            self.close_handle(handle)

    async def lstat(self, path: str) -> FileAttributes:
        return _attrs(await self._now(LSTAT, ATTRS, _path(path)))

    async def stat(self, path: str) -> FileAttributes:
        return _attrs(await self._now(STAT, ATTRS, _path(path)))

    async def is_directory(self, path: str) -> bool:
        try:
            mode = (await self.stat(path)).mode
        except asyncssh.SFTPNoSuchFile:
            return False
        return mode is None or stat.S_ISDIR(mode)

    async def make_directories(self, path: str) -> None:
        """Creates all missing folders of the path. Other processes may create them at the same time."""
        parts = path.split("/")
        for upto in range(1, len(parts) + 1):
            directory = "/".join(parts[:upto])
            if not directory or await self.is_directory(directory):
                continue
            try:
                await self._now(MKDIR, STATUS, _path(directory), _NO_ATTRS)
            except asyncssh.SFTPFailure:
                if not await self.is_directory(directory):
                    raise

    async def rename(self, old: str, new: str) -> None:
        """Renames; fails if the new name exists (draft-ietf-secsh-filexfer-02 section 6.5)."""
        await self._now(RENAME, STATUS, _path(old), _path(new))

    async def remove(self, path: str) -> None:
        await self._now(REMOVE, STATUS, _path(path))

    async def free_bytes(self, path: str) -> int | None:
        """Returns the bytes that this user may still write, or `None` if the server does not tell."""
        if STATVFS not in self._extensions:
            return None
        values = unpack_from(">11Q", await self._now(EXTENDED, EXTENDED_REPLY, _text(STATVFS), _path(path)))
        return int(values[1] * values[4])


async def opened(connection: asyncssh.SSHClientConnection) -> SftpSession:
    """Opens an SFTP session. Raises asyncssh's error if the server offers no SFTP."""
    session = SftpSession()
    await connection.create_session(lambda: session, subsystem="sftp", encoding=None)
    await session.begin()
    return session


class SftpSessions:
    """Sessions of one connection.

    OpenSSH serves each session by its own process, which writes one file after the other, so uploads are spread.
    The first session does everything else. More are opened when uploads overlap; if the server refuses them, the
    rest is done with those that there are.
    """

    def __init__(self, connection: asyncssh.SSHClientConnection, first: SftpSession) -> None:
        self.first = first
        self._connection = connection
        self._busy = {first: 0}
        self._opening: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def for_an_upload(self) -> AsyncIterator[SftpSession]:
        session = min(self._busy, key=self._busy.__getitem__)
        if self._busy[session] and self._opening is None:
            self._opening = asyncio.create_task(self._open_more())
        self._busy[session] += 1
        try:
            yield session
        finally:
            self._busy[session] -= 1

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)

    async def _open_more(self) -> None:
        with suppress(asyncssh.Error, asyncssh.SFTPError, OSError):
            while len(self._busy) < SESSIONS:
                async with asyncio.timeout(_SECONDS_TO_OPEN):
                    self._busy[await opened(self._connection)] = 0


async def is_there(look: PendingReply) -> bool:
    """Tells whether the file exists; false too if the server denies access."""
    try:
        await look
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied):
        return False
    return True


async def _all(answers: list[PendingReply]) -> None:
    """Raises the first error. Servers answer in order, so waiting for the last answer is enough."""
    with suppress(asyncssh.SFTPError):
        await answers[-1]
    for answer in answers:
        await answer


def _text(value: bytes) -> bytes:
    return pack(">I", len(value)) + value


def _path(path: str) -> bytes:
    return _text(path.encode("utf-8", "surrogateescape"))


def _attrs(body: bytes) -> FileAttributes:
    """Decodes size and mode from the attributes of version 3 (flags, size, owner, mode, times)."""
    try:
        (flags,) = unpack_from(">I", body)
        at, size, mode = 4, None, None
        if flags & 1:
            (size,) = unpack_from(">Q", body, at)
            at += 8
        if flags & 2:
            at += 8
        if flags & 4:
            (mode,) = unpack_from(">I", body, at)
    except StructError:
        raise asyncssh.SFTPBadMessage("an answer cannot be read") from None
    return FileAttributes(size, mode)


def _failure_of(packet: bytes, expected: int) -> Exception | None:
    (code,) = unpack_from(">I", packet, 5)
    if code == 0:
        return None if expected == STATUS else asyncssh.SFTPBadMessage("an answer has nothing in it")
    reason = ""
    if len(packet) >= 13:
        (length,) = unpack_from(">I", packet, 9)
        reason = packet[13 : 13 + length].decode("utf-8", "replace")
    kind = _ERRORS.get(code)
    return kind(reason) if kind else asyncssh.SFTPError(code, reason)


def _extensions_of(packet: bytes) -> frozenset[bytes]:
    found = set()
    at = 5
    while at < len(packet):
        (length,) = unpack_from(">I", packet, at)
        name = packet[at + 4 : at + 4 + length]
        at += 4 + length
        (length,) = unpack_from(">I", packet, at)
        at += 4 + length
        found.add(name)
    return frozenset(found)
