"""Connector for a folder on the service's machine or on a drive mounted there.

A document is written under a hidden name and appears by one rename that never replaces another file.
"""

import asyncio
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Annotated

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
from banqup_tui.connectors.common.path_template import FileName, FilledPath, fill, name_problems
from banqup_tui.connectors.common.pdf_along import PdfAlong, pdf_place, pdf_request, with_pdf
from banqup_tui.connectors.common.rename import rename_without_overwriting
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
from banqup_tui.kill_points import kill_point
from banqup_tui.presentation.words import N_
from banqup_tui.whole_file import write_new


class LocalFolderSettings(Settings, frozen=True, kw_only=True):
    path: Annotated[
        str,
        setting(
            N_("Path"),
            help=N_("The folder on the backend's machine. It is made when it is not there."),
            look="path",
            template=True,
        ),
    ]
    file_name: FileName = ""
    pdf_along: PdfAlong = False


class LocalFolder:
    """Delivers into a folder."""

    manifest = Manifest(
        id="local-folder",
        title=N_("Local folder"),
        description=N_("Puts each document as a file into a folder, from where other software reads it."),
        category=Category.FILES_AND_DRIVES,
        kind=ReceiverKind.RENAME,
        version="1.0",
        concurrency=32,
    )
    settings = LocalFolderSettings

    def destination(self, settings: LocalFolderSettings) -> str:
        return f"file:{_expanded(settings.path)}"

    def where(self, settings: LocalFolderSettings, delivery_request: DeliveryRequest) -> str:
        return _place(settings, delivery_request).path

    def check(self, entered: Entered, *, complete: bool) -> list[SettingProblem]:
        problems = name_problems(entered.get("file_name", ""))
        path = entered.get("path")
        if path and not os.path.isabs(_expanded(path)):
            problems.append(SettingProblem(field="path", message=message("setting.path-not-whole")))
        return problems

    @asynccontextmanager
    async def connect(self, settings: LocalFolderSettings) -> AsyncIterator[Channel]:
        yield _FolderChannel(settings)

    async def test(self, settings: LocalFolderSettings, sample: DeliveryRequest | None) -> list[Step]:
        return await asyncio.to_thread(_test, settings, sample)


class _FolderChannel:
    def __init__(self, settings: LocalFolderSettings) -> None:
        self._settings = settings

    # File calls block, so they run in threads, off the event loop.
    async def prepare(self, delivery_request: DeliveryRequest) -> str:
        return await asyncio.to_thread(self._prepare, delivery_request)

    async def commit(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        return await asyncio.to_thread(_commit, delivery_request, resume_token_of(resume_token))

    async def roll_forward(self, delivery_request: DeliveryRequest, resume_token: str) -> Receipt:
        return await asyncio.to_thread(_roll_forward, delivery_request, resume_token_of(resume_token))

    async def look_up(
        self, delivery_request: DeliveryRequest, earlier_receipts: Sequence[str]
    ) -> tuple[Found, Receipt | None]:
        """Always PENDING: a missing file proves nothing, as its reader may have taken it away."""
        return Found.PENDING, None

    async def discard(self, resume_token: str) -> None:
        with suppress(msgspec.DecodeError):
            token = resume_token_of(resume_token)
            for hidden in filter(None, (token.hidden, token.hidden_pdf)):
                with suppress(OSError):
                    await asyncio.to_thread(os.unlink, hidden)

    def _prepare(self, delivery_request: DeliveryRequest) -> str:
        place = _place(self._settings, delivery_request)
        pdf = pdf_request(delivery_request, self._settings.pdf_along)
        directory = Path(place.directory)
        with _as_not_sent(place.directory):
            _make(directory)
            # Earlier attempts lost their fence; their hidden files would stay for ever.
            for ending in _ENDINGS:
                for old in older_hidden_names(delivery_request, ending):
                    (directory / old).unlink(missing_ok=True)
            unused_names = (
                candidate
                for candidate in names(place, delivery_request)
                if _is_free(candidate.path, delivery_request) and _is_free(pdf_place(candidate).path, pdf)
            )
            final = next(unused_names, place)
            hidden_pdf = ""
            if pdf is not None:
                hidden_pdf = str(directory / hidden_name(pdf, ending=_PDF_ENDING))
                _write(Path(hidden_pdf), pdf)
            hidden = directory / hidden_name(delivery_request)
            _write(hidden, delivery_request)
        # Kill point: the hidden files are complete and no resume token is recorded; the next attempt deletes them.
        kill_point("prepare.uploaded")
        return ResumeToken(str(hidden), final.path, hidden_pdf).text()


_PDF_ENDING = ".pdf.part"
_ENDINGS = (".part", _PDF_ENDING)


def _expanded(path: str) -> str:
    return os.path.expanduser(path)


def _place(settings: LocalFolderSettings, delivery_request: DeliveryRequest) -> FilledPath:
    return fill(_expanded(settings.path), delivery_request, settings.file_name)


def _make(directory: Path) -> None:
    """Creates missing folders from the top and fsyncs each parent, so that they survive a power cut."""
    missing: list[Path] = []
    at = directory
    while not at.exists():
        missing.append(at)
        at = at.parent
    for new in reversed(missing):
        with suppress(FileExistsError):
            new.mkdir()
        _fsync_directory(new.parent)


def _write(hidden: Path, delivery_request: DeliveryRequest) -> None:
    """Writes the whole file and fsyncs it, or leaves none."""
    hidden.unlink(missing_ok=True)
    write_new(hidden, _chunks(delivery_request))
    kill_point("send.lastbyte")


def _chunks(delivery_request: DeliveryRequest) -> Iterator[bytes]:
    kill_point("send.firstbyte")
    written = 0
    for chunk in chunks_of(delivery_request):
        yield chunk
        written += len(chunk)
        if 2 * written >= delivery_request.size:
            kill_point("send.halfway")


def _commit(delivery_request: DeliveryRequest, resume_token: ResumeToken) -> Receipt:
    try:
        receipt = _appear(delivery_request, resume_token)
    except FileNotFoundError:
        raise _vanished(resume_token) from None
    except OSError as error:
        if error.errno in _CERTAIN:
            raise _not_sent(error, os.path.dirname(resume_token.final)) from error
        raise _cut_off(resume_token, error) from error
    return receipt


def _receipt(final: str, pdf: str | None) -> Receipt:
    return with_pdf(Receipt(text=final, reference=os.path.basename(final)), pdf)


def _roll_forward(delivery_request: DeliveryRequest, resume_token: ResumeToken) -> Receipt:
    """Renames the recorded hidden file. Every doubtful result is `Uncertain`: another process may be doing the same."""
    try:
        return _appear(delivery_request, resume_token)
    except FileNotFoundError:
        # A missing hidden file means that the rename was done, and that of the PDF before it, but only if its folder is
        # there: an unmounted drive has neither.
        if not os.path.isdir(os.path.dirname(resume_token.hidden)):
            raise Uncertain(message("folder.not-there", directory=os.path.dirname(resume_token.hidden))) from None
        return _receipt(resume_token.final, resume_token.pdf_name)
    except OSError as error:
        raise _cut_off(resume_token, error) from error


def _appear(delivery_request: DeliveryRequest, resume_token: ResumeToken) -> Receipt:
    """Gives the hidden file its recorded name or the next free one, and before it its PDF that name with `.pdf`."""
    # Kill point: the mark is recorded and the rename is not done; roll-forward does it.
    kill_point("rename.before")
    directory, name = os.path.split(resume_token.final)
    pdf, pdf_at = pdf_request(delivery_request, True), resume_token.hidden_pdf
    for seen in names(FilledPath(directory, name), delivery_request):
        # The PDF is first: a reader that waits for the XML finds both, and a missing hidden XML proves both renames.
        if pdf_at and _is_free(seen.path, delivery_request):
            appeared = _pdf_appears(pdf_at, pdf_place(seen).path, pdf)
            if appeared is None:
                continue
            pdf_at = appeared
            # Kill point: the PDF has its name and the document has not; roll-forward gives it.
            kill_point("rename.pdf")
        try:
            rename_without_overwriting(resume_token.hidden, seen.path)
        except FileExistsError:
            if not _is_there(seen.path, delivery_request):
                continue
            # The name belongs to this copy from a run before the ledger was restored; a second file would be a
            # duplicate.
            os.unlink(resume_token.hidden)
        # Kill point: the rename is done and not recorded; roll-forward finds no hidden file and counts it as done.
        kill_point("rename.after")
        _remember(directory, resume_token)
        return _receipt(seen.path, pdf_place(seen).name if resume_token.hidden_pdf else None)
    raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), resume_token.final)


def _pdf_appears(source: str, target: str, pdf: DeliveryRequest | None) -> str | None:
    """Gives the PDF the name beside its document.

    Returns:
        Where the PDF is now, to be moved on if the document gets another name; empty where nothing is left to be moved,
        as an attempt that was cut off did it. `None` if the name is another file's.
    """
    try:
        rename_without_overwriting(source, target)
    except FileNotFoundError:
        return ""
    except FileExistsError:
        if pdf is None or not _is_there(target, pdf):
            return None
        os.unlink(source)
        return ""
    return target


def _is_free(path: str, delivery_request: DeliveryRequest | None) -> bool:
    """Tells whether a name can be that of this file. `None`: there is no such file to be named."""
    return delivery_request is None or not os.path.lexists(path) or _is_there(path, delivery_request)


def _is_there(path: str, delivery_request: DeliveryRequest) -> bool:
    """Tells whether this copy is there under this name, with the same bytes. Symbolic links are not followed."""
    if not is_name_of_this_copy(os.path.basename(path), delivery_request):
        return False
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size != delivery_request.size:
                return False
            return hashlib.file_digest(stream, "sha256").hexdigest() == delivery_request.sha256
    except OSError:
        return False


def _remember(directory: str, resume_token: ResumeToken) -> None:
    """Fsyncs the folder. A failure is uncertain: the rename is done, but may not survive a power cut."""
    try:
        _fsync_directory(Path(directory))
    except OSError as error:
        raise _cut_off(resume_token, error) from error


def _fsync_directory(directory: Path) -> None:
    """Fsyncs a folder where the file system can; on some network drives only the server decides."""
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)


_CERTAIN = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.ENAMETOOLONG,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.EINVAL,
        errno.EXDEV,
    }
)
"""Errors after which certainly nothing was renamed."""


@contextmanager
def _as_not_sent(directory: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _not_sent(error, directory) from error


def _not_sent(error: OSError, directory: str) -> BanqupError:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return NotSent(message("folder.not-writable", directory=directory), fault=Fault.PERSON)
        case errno.EROFS:
            return NotSent(message("folder.read-only-drive", directory=directory), fault=Fault.PERSON)
        case errno.ENOTDIR | errno.EEXIST:
            return NotSent(message("folder.path-not-a-folder", directory=directory), fault=Fault.PERSON)
        case errno.ENOSPC | errno.EDQUOT:
            code = "folder.disk-full" if error.errno == errno.ENOSPC else "folder.quota-used-up"
            return NotSent(message(code, directory=directory), fault=Fault.INTEGRATION)
        case errno.ENAMETOOLONG:
            return Rejected(message("folder.path-too-long", directory=directory))
    return NotSent(
        message("folder.not-written", quote=error.strerror or str(error), directory=directory), fault=Fault.INTEGRATION
    )


def _vanished(resume_token: ResumeToken) -> Uncertain:
    return Uncertain(message("folder.hidden-file-gone", path=resume_token.hidden))


def _cut_off(resume_token: ResumeToken, error: OSError) -> Uncertain:
    return Uncertain(message("folder.not-renamed", quote=error.strerror or str(error), path=resume_token.final))


def _test(settings: LocalFolderSettings, sample: DeliveryRequest | None) -> list[Step]:
    """Tests the sample's folder, or the part of the path that is the same for all documents."""
    path = _expanded(settings.path)
    if sample is not None:
        directory = _place(settings, sample).directory
    else:
        directory = path.partition("[")[0].rpartition("/")[0] if "[" in path else path
    folder = Path(directory)
    try:
        with _as_not_sent(directory):
            _make(folder)
            if not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), directory)
    except BanqupError as error:
        return [failed_step(error)]
    steps = [Step(ok=True, message=message("folder.is-there", directory=directory))]
    try:
        with _as_not_sent(directory):
            _probe(folder)
    except BanqupError as error:
        return [*steps, failed_step(error)]
    return [*steps, Step(ok=True, message=Message("connection.file-written"))]


def _probe(folder: Path) -> None:
    """Runs all file operations of a delivery under test names."""
    mark = secrets.token_hex(4)
    probe, renamed = (folder / f".banqup-test-{mark}{end}" for end in ("", "-renamed"))
    try:
        write_new(probe, [b"banqup\n"])
        rename_without_overwriting(str(probe), str(renamed))
        _fsync_directory(folder)
    finally:
        probe.unlink(missing_ok=True)
        renamed.unlink(missing_ok=True)
