"""Connector for WebDAV servers such as Nextcloud: uploads under a hidden name and moves it.

The move never overwrites. httpx is imported on first use.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import msgspec

from banqup_tui.connectors.common.hidden_file import (
    ResumeToken,
    hidden_name,
    is_name_of_this_copy,
    names,
    older_hidden_names,
    resume_token_of,
)
from banqup_tui.connectors.common.http_client import opened
from banqup_tui.connectors.common.path_template import FileName, FilledPath, fill, name_problems
from banqup_tui.connectors.common.pdf_along import PdfAlong, pdf_place, pdf_request, with_pdf
from banqup_tui.connectors.common.web_address import address_problems
from banqup_tui.connectors.interface import (
    Channel,
    DeliveryRequest,
    Entered,
    Fault,
    Found,
    Manifest,
    NotSent,
    Receipt,
    Rejected,
    SettingProblem,
    Settings,
    Step,
    Uncertain,
    failed_step,
    setting,
)
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.secret import Secret
from banqup_tui.kill_points import kill_point
from banqup_tui.presentation.words import N_

if TYPE_CHECKING:
    from banqup_tui.connectors.webdav.client import DavServer, FileStatus

CLEANING_SECONDS = 10.0

ENDING = ".tmp"
"""Nextcloud reserves `.part` and refuses files whose names end so."""

PDF_ENDING = ".pdf.tmp"

_EXAMPLE_URL = "https://cloud.example.com/remote.php/dav/files/parvis"


class WebDavSettings(Settings, frozen=True, kw_only=True):
    url: Annotated[
        str,
        setting(
            N_("Address"),
            help=N_("The WebDAV address that the server shows. https, or http on this machine."),
            look="url",
            example=_EXAMPLE_URL,
        ),
    ]
    user: Annotated[str, setting(N_("User"), example="parvis")]
    password: Annotated[
        Secret,
        setting(
            N_("Password"), help=N_("Better an app password, made for this only, than that of the user."), secret=True
        ),
    ]
    path: Annotated[
        str,
        setting(
            N_("Path"),
            help=N_("The folder below the address. It is made when it is not there."),
            template=True,
            example="Banqup/[external_id]/[folder]",
        ),
    ]
    file_name: FileName = ""
    pdf_along: PdfAlong = False


class WebDav:
    """Delivers to a WebDAV server."""

    manifest = Manifest(
        id="webdav",
        title=N_("WebDAV, Nextcloud"),
        description=N_("Puts each document as a file into a folder of Nextcloud or another WebDAV server."),
        category=Category.FILES_AND_DRIVES,
        kind=ReceiverKind.RENAME,
        version="1.0",
    )
    settings = WebDavSettings

    def destination(self, settings: WebDavSettings) -> str:
        return f"webdav:{settings.user}@{settings.url.rstrip('/')}/{settings.path}"

    def where(self, settings: WebDavSettings, delivery_request: DeliveryRequest) -> str:
        return _place(settings, delivery_request).path

    def check(self, entered: Entered, *, complete: bool) -> list[SettingProblem]:
        problems = name_problems(entered.get("file_name", ""))
        if entered.get("url"):
            problems += address_problems("url", entered["url"], _EXAMPLE_URL)
            if "?" in entered["url"]:
                problems.append(SettingProblem(field="url", message=message("setting.question-in-address")))
        return problems

    @asynccontextmanager
    async def connect(self, settings: WebDavSettings) -> AsyncIterator[Channel]:
        async with _signed_in(settings) as server:
            yield _DavChannel(settings, server)

    async def test(self, settings: WebDavSettings, sample: DeliveryRequest | None) -> list[Step]:
        started = time.monotonic()
        steps: list[Step] = []
        try:
            async with _signed_in(settings) as server:
                took = time.monotonic() - started
                steps.append(Step(ok=True, message=message("connection.signed-in", took=round(took * 1000))))
                await _probe(server, settings, sample)
        except BanqupError as error:
            return [*steps, failed_step(error)]
        return [*steps, Step(ok=True, message=Message("connection.file-written"))]


class _DavChannel:
    def __init__(self, settings: WebDavSettings, server: DavServer) -> None:
        self._settings = settings
        self._server = server
        self._made: set[str] = set()
        self._making = asyncio.Lock()

    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        place = _place(self._settings, delivery_request)
        pdf = pdf_request(delivery_request, self._settings.pdf_along)
        hidden = FilledPath(place.directory, hidden_name(delivery_request, ending=ENDING)).path
        hidden_pdf = FilledPath(place.directory, hidden_name(delivery_request, ending=PDF_ENDING)).path if pdf else ""
        files = [(hidden, delivery_request), *([(hidden_pdf, pdf)] if pdf else [])]
        try:
            try:
                final = await self._prepare(place, files)
            except NotSent as error:
                # A folder created earlier by this channel has disappeared; it is created again, once.
                if error.fault is not Fault.PERSON or place.directory not in self._made:
                    raise
                self._made.discard(place.directory)
                final = await self._prepare(place, files)
        except BaseException:
            await self._remove_all(hidden, hidden_pdf)
            raise
        # Kill point: the hidden files are complete and no resume token is recorded; the next attempt deletes them.
        kill_point("prepare.uploaded")
        return ResumeToken(hidden, final.path, hidden_pdf).text()

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        token = resume_token_of(resume_token)
        receipt = await self._appear(delivery_request, token)
        if receipt is None:
            raise Uncertain(message("webdav.hidden-file-gone", path=token.hidden))
        return receipt

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        token = resume_token_of(resume_token)
        try:
            # A missing hidden file counts as done: only the move takes it away, and that of the PDF is before it.
            if (await self._server.look(token.hidden)).there is False:
                return await self._done_if_its_folder_is_there(token)
            if await self._is_copied_already(delivery_request, token):
                await self._server.remove(token.hidden)
                return _receipt(token.final, token.pdf_name)
            receipt = await self._appear(delivery_request, token, look_first=True)
            return await self._done_if_its_folder_is_there(token) if receipt is None else receipt
        # A failed roll-forward proves nothing of the first move.
        except (NotSent, Rejected) as error:
            raise Uncertain(error.message) from error

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """Always PENDING: a missing file proves nothing, as its reader may have taken it away."""
        return Found.PENDING, None

    async def discard(self, resume_token: str) -> None:
        with suppress(msgspec.DecodeError):
            token = resume_token_of(resume_token)
            await self._remove_all(token.hidden, token.hidden_pdf)

    async def _prepare(self, place: FilledPath, files: Sequence[tuple[str, DeliveryRequest]]) -> FilledPath:
        """Uploads the document and its PDF. Returns the name that is free for both.

        Args:
            files: hidden path and file of the document, then of the PDF that is sent along.
        """
        delivery_request, pdf = files[0][1], files[1][1] if len(files) > 1 else None
        await self._make(place.directory)
        endings = [ENDING, *([PDF_ENDING] if self._settings.pdf_along else [])]
        older = (name for ending in endings for name in older_hidden_names(delivery_request, ending))
        await asyncio.gather(*(self._remove(FilledPath(place.directory, name).path) for name in older))
        final = await self._free(place, delivery_request, pdf)
        for hidden, file in reversed(files):
            await self._server.upload(hidden, file)
        return final

    async def _make(self, directory: str) -> None:
        """Creates the folder once in the life of the connection.

        One at a time: some servers fail when the same folder is created twice at once.
        """
        async with self._making:
            if directory.strip("/") and directory not in self._made:
                await self._server.make(directory)
                self._made.add(directory)

    async def _free(
        self, place: FilledPath, delivery_request: DeliveryRequest, pdf: DeliveryRequest | None
    ) -> FilledPath:
        for seen in names(place, delivery_request):
            is_free = await self._is_free(seen.path, delivery_request)
            if is_free and (pdf is None or await self._is_free(pdf_place(seen).path, pdf)):
                return seen
        return place

    async def _is_free(self, path: str, file: DeliveryRequest) -> bool:
        there = await self._server.look(path)
        return not there.there or await self._has_this_copy(path, there, file)

    async def _appear(
        self, delivery_request: DeliveryRequest, token: ResumeToken, *, look_first: bool = False
    ) -> Receipt | None:
        """Renames the hidden file to its recorded name or the next free one, and before it its PDF beside it.

        Returns:
            The receipt, or `None` if the hidden file is gone.
        """
        from banqup_tui.connectors.webdav.faults import not_written

        # Kill point: the mark is recorded and the move is not done; roll-forward does it.
        kill_point("rename.before")
        directory, _, name = token.final.rpartition("/")
        pdf, pdf_at = pdf_request(delivery_request, True), token.hidden_pdf
        for seen in names(FilledPath(directory, name), delivery_request):
            beside = pdf_place(seen)
            receipt = _receipt(seen.path, beside.name if token.hidden_pdf else None)
            if (look_first or pdf_at) and (await self._server.look(seen.path)).there:
                if await self._is_taken_by_this_copy(seen.path, delivery_request):
                    if pdf_at:
                        await self._pdf_appears(pdf_at, beside.path, pdf)
                    await self._remove_all(token.hidden, token.hidden_pdf)
                    return receipt
                continue
            if pdf_at:
                appeared = await self._pdf_appears(pdf_at, beside.path, pdf)
                if appeared is None:
                    continue
                pdf_at = appeared
                # Kill point: the PDF has its name and the document has not; roll-forward gives it.
                kill_point("rename.pdf")
            answer = await self._server.move(token.hidden, seen.path)
            # Kill point: the move is done and not recorded; roll-forward finds no hidden file and counts it as done.
            kill_point("rename.after")
            # 207 (multi-status) reports a failed part of the move, so it is no success.
            if answer.good and answer.status != 207:
                return receipt
            if answer.status in (404, 410):
                return None
            if answer.status != 412:
                raise not_written(answer, self._server.where, directory, begun=True)
            if await self._is_taken_by_this_copy(seen.path, delivery_request):
                await self._server.remove(token.hidden)
                return receipt
        folder = directory or "/"
        raise NotSent(message("webdav.names-taken", directory=folder))

    async def _pdf_appears(self, source: str, target: str, pdf: DeliveryRequest | None) -> str | None:
        """Gives the PDF the name beside its document.

        Returns:
            Where the PDF is now, to be moved on if the document gets another name; empty where nothing is left to be
            moved, as an attempt that was cut off did it. `None` if the name is another file's.
        """
        from banqup_tui.connectors.webdav.faults import not_written

        answer = await self._server.move(source, target)
        if answer.good and answer.status != 207:
            return target
        if answer.status in (404, 410):
            return ""
        if answer.status != 412:
            raise not_written(answer, self._server.where, target.rpartition("/")[0], begun=True)
        # Some servers move by a copy and a removal, and answer 412 also where both names are there.
        if pdf is None or not await self._is_taken_by_this_copy(target, pdf):
            return None
        await self._server.remove(source)
        return ""

    async def _done_if_its_folder_is_there(self, token: ResumeToken) -> Receipt:
        """A missing hidden file counts as done only if its folder is visible; otherwise raises `Uncertain`."""
        folder = token.hidden.rpartition("/")[0] or "/"
        if await self._server.can_be_seen(folder):
            return _receipt(token.final, token.pdf_name)
        raise Uncertain(message("webdav.folder-not-seen", directory=folder))

    async def _is_copied_already(self, delivery_request: DeliveryRequest, token: ResumeToken) -> bool:
        """Tells whether the file has its final name already.

        Some servers move by a copy and a removal, and may stop between the two. The recorded name was free at
        the upload, so the same bytes under it are this file.
        """
        return await self._has_bytes_of(token.final, await self._server.look(token.final), delivery_request)

    async def _is_taken_by_this_copy(self, path: str, delivery_request: DeliveryRequest) -> bool:
        """Tells whether a taken name belongs to this copy. A file that cannot be read counts as another one."""
        try:
            return await self._has_this_copy(path, await self._server.look(path), delivery_request)
        except BanqupError:
            return False

    async def _has_this_copy(self, path: str, seen: FileStatus, delivery_request: DeliveryRequest) -> bool:
        of_this_copy = is_name_of_this_copy(path.rpartition("/")[2], delivery_request)
        return of_this_copy and await self._has_bytes_of(path, seen, delivery_request)

    async def _has_bytes_of(self, path: str, seen: FileStatus, delivery_request: DeliveryRequest) -> bool:
        if not seen.there or seen.size not in (None, delivery_request.size):
            return False
        return await self._server.sha256(path, delivery_request.size) == delivery_request.sha256

    async def _remove_all(self, *paths: str) -> None:
        for path in filter(None, paths):
            await self._remove(path)

    async def _remove(self, path: str) -> None:
        with suppress(BanqupError, TimeoutError):
            async with asyncio.timeout(CLEANING_SECONDS):
                await self._server.remove(path)


@asynccontextmanager
async def _signed_in(settings: WebDavSettings) -> AsyncIterator[DavServer]:
    """Yields a server after a small request, so that no document is sent with a refused sign-in."""
    from banqup_tui.connectors.webdav.auth import PasswordAuth
    from banqup_tui.connectors.webdav.client import DavServer

    auth = PasswordAuth(settings.user, settings.password.reveal())
    async with opened(settings.url, auth=auth, headers={"Accept-Encoding": "identity"}) as client:
        server = DavServer(client, settings.url)
        await server.sign_in()
        yield server


async def _probe(server: DavServer, settings: WebDavSettings, sample: DeliveryRequest | None) -> None:
    """Runs all operations of a delivery in the sample's folder, or in the part of the path that is the same for all."""
    from banqup_tui.connectors.webdav.faults import not_written

    if sample is not None:
        directory = _place(settings, sample).directory
    else:
        directory = settings.path.partition("[")[0].rpartition("/")[0] if "[" in settings.path else settings.path
    mark = secrets.token_hex(4)
    probe, renamed = (FilledPath(directory, f".banqup-test-{mark}{end}{ENDING}").path for end in ("", "-renamed"))
    if directory.strip("/"):
        await server.make(directory)
    try:
        await server.put(probe, b"banqup\n")
        answer = await server.move(probe, renamed)
        if not answer.good:
            raise not_written(answer, server.where, directory, begun=False)
    finally:
        for path in (probe, renamed):
            with suppress(BanqupError):
                await server.remove(path)


def _place(settings: WebDavSettings, delivery_request: DeliveryRequest) -> FilledPath:
    return fill(settings.path, delivery_request, settings.file_name)


def _receipt(final: str, pdf: str | None) -> Receipt:
    return with_pdf(Receipt(text=final, reference=final.rpartition("/")[2]), pdf)
