"""Operations on an open SFTP connection: upload, rename and roll forward. asyncssh is imported on first use."""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, cast

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
from banqup_tui.connectors.common.path_template import FilledPath, fill
from banqup_tui.connectors.common.pdf_along import pdf_place, pdf_request, with_pdf
from banqup_tui.connectors.interface import DeliveryRequest, Found, Receipt, Uncertain
from banqup_tui.connectors.sftp.faults import LOST, not_renamed, not_written, words_of
from banqup_tui.connectors.sftp.sessions import (
    SftpSessions,
    free_bytes,
    is_directory,
    is_there,
    make_directories,
)
from banqup_tui.domain.messages import message
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    from banqup_tui.connectors.sftp.connector import SftpSettings

ANSWER_SECONDS = 60.0
CLEANING_SECONDS = 10.0

UPLOADS = 32
"""Uploads at a time on one connection; more only wait for each other."""

READ_HERE = 1 << 18
"""Bytes up to which a file is read on the event loop; a larger file is read in a thread."""

READ_THERE = 1 << 20
"""Bytes that are read at a time from a file on the server."""

PDF_ENDING = ".pdf.part"

FREE_SECONDS = 5.0
"""Seconds for which a name that was found free is still taken to be free."""


class SftpChannel:
    """A channel over one SSH connection. Runs on one event loop."""

    def __init__(self, settings: SftpSettings, sessions: SftpSessions) -> None:
        self._settings = settings
        self._sessions = sessions
        self._session = sessions.first
        self._made: set[str] = set()
        self._uploading = asyncio.Semaphore(UPLOADS)
        # OpenSSH is not asked for the length of an upload: it fails a write that it cannot store whole.
        self._fails_short_writes = sessions.is_openssh
        self._names_in_use: dict[str, float] = {}
        """Final names of documents in transit, with the time at which each was found free."""

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        place = _place(self._settings, delivery_request)
        pdf = pdf_request(delivery_request, self._settings.pdf_along)
        hidden = FilledPath(place.directory, hidden_name(delivery_request)).path
        hidden_pdf = FilledPath(place.directory, hidden_name(delivery_request, ending=PDF_ENDING)).path if pdf else ""
        files = [(hidden, delivery_request), *([(hidden_pdf, pdf)] if pdf else [])]
        try:
            try:
                final = await self._prepare(place, files)
            # A folder created earlier by this channel has disappeared; it is created again, once.
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                if place.directory not in self._made:
                    raise
                self._made.discard(place.directory)
                final = await self._prepare(place, files)
        except (asyncssh.SFTPError, *LOST) as error:
            free = await _free_bytes(self._session, place.directory or ".", error)
            await self._remove_all(hidden, hidden_pdf)
            raise not_written(error, place.directory or ".", free, delivery_request.size) from error
        except BaseException:
            await self._remove_all(hidden, hidden_pdf)
            raise
        # Kill point: the hidden files are complete and no resume token is recorded; the next attempt deletes them.
        kill_point("prepare.uploaded")
        return ResumeToken(hidden, final.path, hidden_pdf).text()

    async def _prepare(self, place: FilledPath, files: Sequence[tuple[str, DeliveryRequest]]) -> FilledPath:
        """Uploads the document and its PDF and asks meanwhile whether the name is free, to save a round trip.

        Args:
            files: hidden path and file of the document, then of the PDF that is sent along.
        """
        delivery_request, pdf = files[0][1], files[1][1] if len(files) > 1 else None
        await self._make(place.directory)
        await self._forget_older(place.directory, delivery_request)
        async with self._uploading, self._sessions.for_an_upload() as session:
            first = self._hold(place, delivery_request)
            looking = asyncio.create_task(is_there(session, first.path))
            try:
                for hidden, file in reversed(files):
                    await self._upload(session, hidden, file)
                is_free = not await looking and await self._is_free_for(pdf, first)
                return first if is_free else await self._next_free(first, place, delivery_request, pdf)
            except BaseException:
                self._names_in_use.pop(first.path, None)
                raise
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        token = resume_token_of(resume_token)
        try:
            return await self._appear(delivery_request, token)
        except asyncssh.SFTPNoSuchFile as error:
            # Another process moved the hidden file, or an earlier rename was done and its reply lost.
            raise Uncertain(message("sftp.hidden-file-gone", path=token.hidden)) from error
        except LOST as error:
            raise _cut_off(token, words_of(error)) from error
        except asyncssh.SFTPError as error:
            raise not_renamed(error, posixpath.dirname(token.final) or ".", None, delivery_request.size) from error

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        token = resume_token_of(resume_token)
        done = _receipt(token.final, token.pdf_name)
        try:
            # A missing hidden file counts as done: only the rename takes it away, and that of the PDF is before it.
            if await self._is_gone_for_sure(token.hidden):
                return done
            if await self._is_linked_already(delivery_request, token):
                await self._session.remove(token.hidden)
                return done
            return await self._appear(delivery_request, token)
        except (asyncssh.SFTPError, *LOST) as error:
            raise _cut_off(token, words_of(error)) from error

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """Always PENDING: a missing file proves nothing, as its reader may have taken it away."""
        return Found.PENDING, None

    async def discard(self, resume_token: str) -> None:
        with suppress(msgspec.DecodeError):
            token = resume_token_of(resume_token)
            self._names_in_use.pop(token.final, None)
            await self._remove_all(token.hidden, token.hidden_pdf)

    async def _make(self, directory: str) -> None:
        """Creates the folder, once for each folder in the life of the connection."""
        if directory not in self._made:
            await _make(self._session, directory)
            self._made.add(directory)

    async def _forget_older(self, directory: str, delivery_request: DeliveryRequest) -> None:
        endings = [".part", *([PDF_ENDING] if self._settings.pdf_along else [])]
        for name in [name for ending in endings for name in older_hidden_names(delivery_request, ending)]:
            await self._remove(FilledPath(directory, name).path)

    def _hold(self, place: FilledPath, delivery_request: DeliveryRequest) -> FilledPath:
        """Returns the next name that no other document in transit on this connection has reserved."""
        for seen in names(place, delivery_request):
            if seen.path not in self._names_in_use:
                self._names_in_use[seen.path] = time.monotonic()
                return seen
        return place

    async def _is_free_for(self, pdf: DeliveryRequest | None, place: FilledPath) -> bool:
        """Tells whether the PDF can have its name beside a document at this place."""
        if pdf is None or not await self._is_there(beside := pdf_place(place).path):
            return True
        return await self._has_this_copy(beside, pdf)

    async def _next_free(
        self, first: FilledPath, place: FilledPath, delivery_request: DeliveryRequest, pdf: DeliveryRequest | None
    ) -> FilledPath:
        """Returns the next free name, in place of the reserved one that is taken on the server."""
        for seen in names(place, delivery_request):
            if (seen.path in self._names_in_use and seen != first) or not await self._is_free_for(pdf, seen):
                continue
            if not await self._is_there(seen.path):
                del self._names_in_use[first.path]
                self._names_in_use[seen.path] = time.monotonic()
                return seen
            if await self._has_this_copy(seen.path, delivery_request):
                del self._names_in_use[first.path]
                return seen
        return place

    async def _upload(self, session: asyncssh.SFTPClient, hidden: str, delivery_request: DeliveryRequest) -> None:
        """Writes the file. If wanted and supported, the server fsyncs it before the close."""
        # In one request where it fits into one: asyncssh makes a task for each block otherwise.
        block = 0 if delivery_request.size <= min(READ_HERE, session.limits.max_write_len) else -1
        async with await self._created(session, hidden, block) as file:
            kill_point("send.firstbyte")
            written = 0
            async for chunk in _chunks(delivery_request):
                await file.write(chunk, written)
                written += len(chunk)
                if 2 * written >= delivery_request.size:
                    kill_point("send.halfway")
            if self._settings.flush:
                with suppress(asyncssh.SFTPOpUnsupported):
                    await file.fsync()
            size = None if self._fails_short_writes else await _size_of(file)
        # Some servers acknowledge writes on a full disk; the length shows it before the rename.
        if size not in (None, written):
            raise asyncssh.SFTPFailure(f"{size} of {written} bytes were kept: no space?")
        # Kill points in this function leave a hidden file that the next attempt deletes.
        kill_point("send.lastbyte")

    async def _created(self, session: asyncssh.SFTPClient, hidden: str, block: int) -> asyncssh.SFTPClientFile:
        """Creates the hidden file. The name can only exist from a run before the ledger was restored."""
        try:
            return await session.open(hidden, "xb", block_size=block)
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            await self._remove(hidden)
            return await session.open(hidden, "xb", block_size=block)

    async def _appear(self, delivery_request: DeliveryRequest, token: ResumeToken) -> Receipt:
        """Renames the hidden file to its recorded name or the next free one, and before it its PDF beside it.

        SSH_FXP_RENAME never overwrites.
        """
        # Kill point: the mark is recorded and the rename is not done; roll-forward does it.
        kill_point("rename.before")
        directory, name = posixpath.split(token.final)
        refusal: asyncssh.SFTPError | None = None
        pdf, pdf_at = pdf_request(delivery_request, True), token.hidden_pdf
        for seen in names(FilledPath(directory, name), delivery_request):
            is_done = False
            if not self._was_free(seen.path) and await self._is_there(seen.path):
                is_done = await self._has_this_copy(seen.path, delivery_request)
                if not is_done:
                    continue
            beside = pdf_place(seen)
            if pdf_at:
                appeared = await self._pdf_appears(pdf_at, beside.path, pdf)
                if appeared is None and not is_done:
                    continue
                pdf_at = appeared or ""
                # Kill point: the PDF has its name and the document has not; roll-forward gives it.
                kill_point("rename.pdf")
            receipt = _receipt(seen.path, beside.name if token.hidden_pdf else None)
            if is_done:
                await self._remove_all(token.hidden, token.hidden_pdf)
                return receipt
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._session.rename(token.hidden, seen.path)
            except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists) as error:
                # Version 3 has one error for a taken name and for most other failures, so both names are looked at.
                if await self._is_gone(token.hidden):
                    raise asyncssh.SFTPNoSuchFile("the hidden file is gone") from error
                if not await self._is_there(seen.path):
                    raise
                refusal = error
                continue
            # Kill point: the rename is done and not recorded; roll-forward finds no hidden file and counts it as done.
            kill_point("rename.after")
            return receipt
        raise refusal or asyncssh.SFTPFailure("every name is taken")

    async def _pdf_appears(self, source: str, target: str, pdf: DeliveryRequest | None) -> str | None:
        """Gives the PDF the name beside its document.

        Returns:
            Where the PDF is now, to be moved on if the document gets another name; empty where nothing is left to be
            moved, as an attempt that was cut off did it. `None` if the name is another file's.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._session.rename(source, target)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return ""
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            # Version 3 has one error for a taken name and for most other failures, so both names are looked at.
            if await self._is_gone(source):
                return ""
            if not await self._is_there(target):
                raise
            if pdf is None or not await self._has_this_copy(target, pdf):
                return None
            await self._session.remove(source)
            return ""
        return target

    def _was_free(self, path: str) -> bool:
        """Tells whether the name was free a moment ago, which saves a request.

        If the name was taken since, the rename fails.
        """
        at = self._names_in_use.pop(path, None)
        return at is not None and time.monotonic() - at < FREE_SECONDS

    async def _is_linked_already(self, delivery_request: DeliveryRequest, token: ResumeToken) -> bool:
        """Tells whether the file has its final name already.

        Some servers rename by a hard link and a removal, and may stop between the two. The recorded name was
        free at the upload, so the same bytes under it are this file.
        """
        return await self._is_there(token.final) and await self._has_bytes_of(token.final, delivery_request)

    async def _has_this_copy(self, path: str, delivery_request: DeliveryRequest) -> bool:
        """Tells whether a taken name belongs to this copy. An unreadable file counts as another one."""
        if not is_name_of_this_copy(posixpath.basename(path), delivery_request):
            return False
        try:
            return await self._has_bytes_of(path, delivery_request)
        except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPFailure, asyncssh.SFTPNoSuchFile):
            return False

    async def _has_bytes_of(self, path: str, delivery_request: DeliveryRequest) -> bool:
        """Compares size and hash. Reads no further than the document's length."""
        if (await self._session.stat(path)).size != delivery_request.size:
            return False
        digest, read = hashlib.sha256(), 0
        async with self._session.open(path, "rb") as file:
            while chunk := cast(bytes, await file.read(READ_THERE)):
                digest.update(chunk)
                read += len(chunk)
                if read > delivery_request.size:
                    return False
        return digest.hexdigest() == delivery_request.sha256

    async def _is_there(self, path: str) -> bool:
        """Tells whether the file exists; false too if the server denies access."""
        try:
            return not await self._is_gone(path)
        except asyncssh.SFTPPermissionDenied:
            return False

    async def _is_gone(self, path: str) -> bool:
        """Returns true only if the server answers that there is no such file."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._session.lstat(path)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return True
        return False

    async def _is_gone_for_sure(self, hidden: str) -> bool:
        """Tells whether the hidden file is certainly gone.

        That needs a visible folder; otherwise the rename is tried.
        """
        directory = posixpath.dirname(hidden)
        with suppress(asyncssh.SFTPPermissionDenied):
            if not await self._is_gone(hidden):
                return False
            if not directory or await is_directory(self._session, directory):
                return True
            raise asyncssh.SFTPFailure(f"the folder {directory} cannot be seen now")
        return False

    async def _remove_all(self, *paths: str) -> None:
        for path in filter(None, paths):
            await self._remove(path)

    async def _remove(self, path: str) -> None:
        with suppress(asyncssh.SFTPError, *LOST):
            async with asyncio.timeout(CLEANING_SECONDS):
                await self._session.remove(path)


def _place(settings: SftpSettings, delivery_request: DeliveryRequest) -> FilledPath:
    return fill(settings.path, delivery_request, settings.file_name)


def _receipt(final: str, pdf: str | None) -> Receipt:
    return with_pdf(Receipt(text=final, reference=posixpath.basename(final)), pdf)


def _cut_off(token: ResumeToken, quote: str) -> Uncertain:
    return Uncertain(message("sftp.connection-broke-renaming", quote=quote, path=token.final))


async def _chunks(delivery_request: DeliveryRequest) -> AsyncIterator[bytes]:
    """Yields the file in chunks. A small file is read and checked whole before the first byte is sent."""
    chunks = chunks_of(delivery_request)
    if delivery_request.size <= READ_HERE:
        yield b"".join(chunks)
        return
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk


async def _size_of(file: asyncssh.SFTPClientFile) -> int | None:
    """Returns the length that the server has of an open file, or `None` if it does not tell."""
    try:
        return (await file.stat()).size
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPOpUnsupported):
        return None


async def _make(session: asyncssh.SFTPClient, directory: str) -> None:
    """Creates the folder. A denial is ignored, as the write tells whether the folder exists."""
    if directory:
        with suppress(asyncssh.SFTPPermissionDenied):
            await make_directories(session, directory)


async def _free_bytes(session: asyncssh.SFTPClient, directory: str, error: BaseException) -> int | None:
    """Returns the bytes that this user may still write, if known. Asked only after a failure without a reason."""
    if not isinstance(error, asyncssh.SFTPFailure):
        return None
    with suppress(asyncssh.SFTPError, *LOST):
        async with asyncio.timeout(ANSWER_SECONDS):
            return await free_bytes(session, directory)
    return None


async def probe(session: asyncssh.SFTPClient, settings: SftpSettings, sample: DeliveryRequest | None) -> None:
    """Runs all operations of a delivery in the sample's folder, or in the part of the path that is the same for all.

    Some servers accept uploads and refuse renames.
    """
    if sample is not None:
        directory = _place(settings, sample).directory
    else:
        directory = settings.path.partition("[")[0].rpartition("/")[0] if "[" in settings.path else settings.path
    mark = secrets.token_hex(4)
    probe, renamed = (FilledPath(directory, f".banqup-test-{mark}{end}").path for end in ("", "-renamed"))
    failure = not_written
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await _make(session, directory)
            try:
                async with session.open(probe, "xb") as file:
                    await file.write(b"banqup\n")
                    if settings.flush:
                        with suppress(asyncssh.SFTPOpUnsupported):
                            await file.fsync()
                failure = not_renamed
                await session.rename(probe, renamed)
            finally:
                for path in (probe, renamed):
                    with suppress(asyncssh.SFTPError, *LOST):
                        await session.remove(path)
    except (asyncssh.SFTPError, *LOST) as error:
        free = await _free_bytes(session, directory or ".", error)
        raise failure(error, directory or ".", free, 1) from error
