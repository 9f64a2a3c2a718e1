"""What is done on an open connection: upload, rename, roll forward. Loaded with the SSH library, when first used."""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncssh
import msgspec

from banqup_tui.connectors.common.hidden_file import (
    ResumeToken,
    chunks_of,
    hidden_name,
    is_name_of_this_copy,
    names,
    older_hidden_names,
    resume_token_of,
)
from banqup_tui.connectors.common.path_template import Place, fill
from banqup_tui.connectors.interface import DeliveryRequest, Found, Receipt, Uncertain
from banqup_tui.connectors.sftp.faults import LOST, not_renamed, not_written, words_of
from banqup_tui.connectors.sftp.wire import Answer, Seen, Wire, Wires, is_there
from banqup_tui.domain.messages import message
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    from banqup_tui.connectors.sftp.connector import SftpSettings

ANSWER_SECONDS = 60.0
CLEANING_SECONDS = 10.0

UPLOADS = 16
"""At once on one connection; more only wait for each other."""

READ_HERE = 1 << 18
"""Bytes up to which a file is read at once where it is needed; a longer one is read in a thread."""

FREE_SECONDS = 5.0
"""For so long a name that was found free is taken to be free still."""


class SftpChannel:
    def __init__(self, settings: SftpSettings, wires: Wires) -> None:
        self._settings = settings
        self._wires = wires
        self._wire = wires.first
        self._made: set[str] = set()
        self._uploading = asyncio.Semaphore(UPLOADS)
        self._names_in_use: dict[str, float] = {}
        """Names that documents under way are to get, and when each was found free."""

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        place = _place(self._settings, delivery_request)
        hidden = Place(place.directory, hidden_name(delivery_request)).path
        try:
            try:
                final = await self._prepare(place, hidden, delivery_request)
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                if place.directory not in self._made:
                    raise
                self._made.discard(place.directory)
                final = await self._prepare(place, hidden, delivery_request)
        except (asyncssh.SFTPError, *LOST) as error:
            free_bytes = await _free_bytes(self._wire, place.directory or ".", error)
            await self._remove(hidden)
            raise not_written(error, place.directory or ".", free_bytes, delivery_request.size) from error
        except BaseException:
            await self._remove(hidden)
            raise
        kill_point("prepare.uploaded")
        return ResumeToken(hidden, final.path).text()

    async def _prepare(self, place: Place, hidden: str, delivery_request: DeliveryRequest) -> Place:
        """Whether the name is free is asked while the file goes up: neither waits for the other's answer."""
        await self._make(place.directory)
        await self._forget_older(place.directory, delivery_request)
        async with self._uploading, self._wires.for_an_upload() as wire:
            first = self._hold(place, delivery_request)
            try:
                look = wire.look(first.path)
                await self._upload(wire, hidden, delivery_request)
                return await self._free(first, look, place, delivery_request)
            except BaseException:
                self._names_in_use.pop(first.path, None)
                raise

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        token = resume_token_of(resume_token)
        try:
            final = await self._appear(delivery_request, token)
        except asyncssh.SFTPNoSuchFile as error:
            raise Uncertain(message("sftp.hidden-file-gone", path=token.hidden)) from error
        except LOST as error:
            raise _cut_off(token, words_of(error)) from error
        except asyncssh.SFTPError as error:
            raise not_renamed(error, posixpath.dirname(token.final) or ".", None, delivery_request.size) from error
        return Receipt(text=final, reference=posixpath.basename(final))

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        token = resume_token_of(resume_token)
        done = Receipt(text=token.final, reference=posixpath.basename(token.final))
        try:
            if await self._is_gone_for_sure(token.hidden):
                return done
            if await self._is_linked_already(delivery_request, token):
                await self._wire.remove(token.hidden)
                return done
            final = await self._appear(delivery_request, token)
        except (asyncssh.SFTPError, *LOST) as error:
            raise _cut_off(token, words_of(error)) from error
        return Receipt(text=final, reference=posixpath.basename(final))

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """A file that is not there proves nothing: its reader may have taken it."""
        return Found.PENDING, None

    async def discard(self, resume_token: str) -> None:
        with suppress(msgspec.DecodeError):
            token = resume_token_of(resume_token)
            self._names_in_use.pop(token.final, None)
            await self._remove(token.hidden)

    async def _make(self, directory: str) -> None:
        """Asked once for each folder as long as the connection lasts."""
        if directory not in self._made:
            await _make(self._wire, directory)
            self._made.add(directory)

    async def _forget_older(self, directory: str, delivery_request: DeliveryRequest) -> None:
        for name in older_hidden_names(delivery_request):
            await self._remove(Place(directory, name).path)

    def _hold(self, place: Place, delivery_request: DeliveryRequest) -> Place:
        """The next name that no other document under way here is to get."""
        for seen in names(place, delivery_request):
            if seen.path not in self._names_in_use:
                self._names_in_use[seen.path] = time.monotonic()
                return seen
        return place

    async def _free(self, first: Place, look: Answer, place: Place, delivery_request: DeliveryRequest) -> Place:
        """The name that was asked about, if it is free on the server; else the next that is."""
        if not await is_there(look):
            return first
        for seen in names(place, delivery_request):
            if seen.path in self._names_in_use and seen != first:
                continue
            if not await self._is_there(seen.path):
                del self._names_in_use[first.path]
                self._names_in_use[seen.path] = time.monotonic()
                return seen
            if await self._has_this_copy(seen.path, delivery_request):
                del self._names_in_use[first.path]
                return seen
        return place

    async def _upload(self, wire: Wire, hidden: str, delivery_request: DeliveryRequest) -> None:
        """In whole writes, and on the server's disk where that is wanted and offered."""
        handle = await self._created(wire, hidden)
        seen: Seen | None = None
        try:
            kill_point("send.firstbyte")
            written, is_last = 0, False
            async for chunk, is_last in _chunks(delivery_request):
                if is_last:
                    seen = await wire.write_the_last(handle, written, chunk, flush=self._settings.flush)
                else:
                    await wire.write(handle, written, chunk)
                written += len(chunk)
                if 2 * written >= delivery_request.size:
                    kill_point("send.halfway")
        except BaseException:
            wire.let_go(handle)
            raise
        if seen is not None and seen.size not in (None, written):
            raise asyncssh.SFTPFailure(f"{seen.size} of {written} bytes were kept: no space?")
        kill_point("send.lastbyte")

    async def _created(self, wire: Wire, hidden: str) -> bytes:
        """The name is this attempt's own: only a ledger that was put back can have used it before."""
        try:
            return await wire.create(hidden)
        except asyncssh.SFTPFailure:
            await self._remove(hidden)
            return await wire.create(hidden)

    async def _appear(self, delivery_request: DeliveryRequest, token: ResumeToken) -> str:
        """The hidden file gets its recorded name, or the next that is free: a rename here never overwrites."""
        kill_point("rename.before")
        directory, name = posixpath.split(token.final)
        refusal: asyncssh.SFTPError | None = None
        for seen in names(Place(directory, name), delivery_request):
            if not self._was_free(seen.path) and await self._is_there(seen.path):
                if await self._has_this_copy(seen.path, delivery_request):
                    await self._wire.remove(token.hidden)
                    return seen.path
                continue
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._wire.rename(token.hidden, seen.path)
            except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists) as error:
                if await self._is_gone(token.hidden):
                    raise asyncssh.SFTPNoSuchFile("the hidden file is gone") from error
                if not await self._is_there(seen.path):
                    raise
                refusal = error
                continue
            kill_point("rename.after")
            return seen.path
        raise refusal or asyncssh.SFTPFailure("every name is taken")

    def _was_free(self, path: str) -> bool:
        """It was looked for a moment ago: the rename itself fails where somebody else took it since."""
        at = self._names_in_use.pop(path, None)
        return at is not None and time.monotonic() - at < FREE_SECONDS

    async def _is_linked_already(self, delivery_request: DeliveryRequest, token: ResumeToken) -> bool:
        """Some servers rename by a second name and the removal of the first, and may be cut off between the two.

        The recorded name was free when the file was uploaded: the very same bytes under it are then this file.
        """
        return await self._is_there(token.final) and await self._has_bytes_of(token.final, delivery_request)

    async def _has_this_copy(self, path: str, delivery_request: DeliveryRequest) -> bool:
        """Of a name that is taken. Where the file may not be read, it is another one."""
        if not is_name_of_this_copy(posixpath.basename(path), delivery_request):
            return False
        try:
            return await self._has_bytes_of(path, delivery_request)
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure, asyncssh.SFTPNoSuchFile):
            return False

    async def _has_bytes_of(self, path: str, delivery_request: DeliveryRequest) -> bool:
        """Reads no further than the document is long."""
        if (await self._wire.stat(path)).size != delivery_request.size:
            return False
        digest, read = hashlib.sha256(), 0
        async for chunk in self._wire.read(path):
            digest.update(chunk)
            read += len(chunk)
            if read > delivery_request.size:
                return False
        return digest.hexdigest() == delivery_request.sha256

    async def _is_there(self, path: str) -> bool:
        """False also where the server does not show it."""
        try:
            return not await self._is_gone(path)
        except asyncssh.SFTPPermissionDenied:
            return False

    async def _is_gone(self, path: str) -> bool:
        """True only where the server says that there is no such file."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._wire.lstat(path)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return True
        return False

    async def _is_gone_for_sure(self, hidden: str) -> bool:
        """A missing file proves something only where its folder can be seen; else the rename is tried."""
        directory = posixpath.dirname(hidden)
        with suppress(asyncssh.SFTPPermissionDenied):
            if not await self._is_gone(hidden):
                return False
            if not directory or await self._wire.is_directory(directory):
                return True
            raise asyncssh.SFTPFailure(f"the folder {directory} cannot be seen now")
        return False

    async def _remove(self, path: str) -> None:
        with suppress(asyncssh.SFTPError, *LOST):
            async with asyncio.timeout(CLEANING_SECONDS):
                await self._wire.remove(path)


def _place(settings: SftpSettings, delivery_request: DeliveryRequest) -> Place:
    return fill(settings.path, delivery_request, settings.file_name)


def _cut_off(token: ResumeToken, quote: str) -> Uncertain:
    return Uncertain(message("sftp.connection-broke-renaming", quote=quote, path=token.final))


async def _chunks(delivery_request: DeliveryRequest) -> AsyncIterator[tuple[bytes, bool]]:
    """And whether it is the last. A short file is read whole, and known to be right, before the first byte goes out."""
    chunks = chunks_of(delivery_request)
    if delivery_request.size <= READ_HERE:
        yield b"".join(chunks), True
        return
    before = await asyncio.to_thread(next, chunks, None)
    while before is not None:
        after = await asyncio.to_thread(next, chunks, None)
        yield before, after is None
        before = after


async def _make(wire: Wire, directory: str) -> None:
    """Where it may not be seen or made, the writing tells whether it is there."""
    if directory:
        with suppress(asyncssh.SFTPPermissionDenied):
            await wire.make_directories(directory)


async def _free_bytes(wire: Wire, directory: str, error: BaseException) -> int | None:
    """Bytes that this user may still write, where the server tells; asked only when it failed without saying why."""
    if not isinstance(error, asyncssh.SFTPFailure):
        return None
    with suppress(asyncssh.SFTPError, *LOST):
        async with asyncio.timeout(ANSWER_SECONDS):
            return await wire.free_bytes(directory)
    return None


async def probe(wire: Wire, settings: SftpSettings, sample: DeliveryRequest | None) -> None:
    """All that a delivery does, in the sample's folder, or in the part of the path that is the same for all.

    There are servers that take files and rename none.
    """
    if sample is not None:
        directory = _place(settings, sample).directory
    else:
        directory = settings.path.partition("[")[0].rpartition("/")[0] if "[" in settings.path else settings.path
    mark = secrets.token_hex(4)
    probe, renamed = (Place(directory, f".banqup-test-{mark}{end}").path for end in ("", "-renamed"))
    failure = not_written
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await _make(wire, directory)
            try:
                handle = await wire.create(probe)
                await wire.write_the_last(handle, 0, b"banqup\n", flush=settings.flush)
                failure = not_renamed
                await wire.rename(probe, renamed)
            finally:
                for path in (probe, renamed):
                    with suppress(asyncssh.SFTPError, *LOST):
                        await wire.remove(path)
    except (asyncssh.SFTPError, *LOST) as error:
        free_bytes = await _free_bytes(wire, directory or ".", error)
        raise failure(error, directory or ".", free_bytes, 1) from error
