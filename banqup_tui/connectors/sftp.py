"""A folder on an SFTP server: uploaded under a hidden name, shown by one rename that fails where the name is taken.

The server's key is always compared with the fingerprint in the settings. The library is loaded when first used.
"""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from banqup_tui.connectors.hidden_file import (
    Remnant,
    chunks_of,
    hidden_name,
    names,
    older_hidden_names,
    remnant_of,
)
from banqup_tui.connectors.interface import (
    Channel,
    Found,
    Manifest,
    Parcel,
    Receipt,
    SettingProblem,
    Settings,
    Step,
    Uncertain,
    failed_step,
    setting,
)
from banqup_tui.connectors.path_template import FileName, Place, fill, name_problems
from banqup_tui.connectors.sftp_key import fingerprints_of
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind, Words
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    import asyncssh

    from banqup_tui.connectors.sftp_wire import Answer, Seen, Wire, Wires

ANSWER_SECONDS = 60.0
CLEANING_SECONDS = 10.0

UPLOADS = 16
"""At once on one connection; more only wait for each other."""

READ_HERE = 1 << 18
"""Bytes up to which a file is read at once where it is needed; a longer one is read in a thread."""

FREE_SECONDS = 5.0
"""For so long a name that was found free is taken to be free still."""

_NO_FILE: Words = {"en": "No file could be written: ", "fr": "Aucun fichier écrit : "}


class SftpSettings(Settings, frozen=True, kw_only=True):
    host: Annotated[str, setting("Host", "Serveur", look="host", example="sftp.example.be")]
    port: Annotated[int, setting("Port", "Port", look="port"), msgspec.Meta(ge=1, le=65535)] = 22
    user: Annotated[str, setting("User", "Utilisateur")]
    password: Annotated[str, setting("Password", "Mot de passe", secret=True)] = ""
    path: Annotated[
        str,
        setting(
            "Path",
            "Chemin",
            look="path",
            template=True,
            help_en="The folder on the server. It is made when it is not there.",
            help_fr="Le dossier sur le serveur. Il est créé s'il n'existe pas.",
        ),
    ]
    file_name: FileName = ""
    host_key: Annotated[
        str,
        setting(
            "Host key",
            "Clé du serveur",
            help_en="The fingerprint of the server's key, SHA256:… The test shows it; compare it with the owner's.",
            help_fr="L'empreinte de la clé du serveur, SHA256:… Le test la montre ; comparez-la chez le propriétaire.",
        ),
    ] = ""
    private_key: Annotated[
        str,
        setting(
            "Private key",
            "Clé privée",
            secret=True,
            help_en="In place of the password: the text of an OpenSSH or PEM key.",
            help_fr="À la place du mot de passe : le texte d'une clé OpenSSH ou PEM.",
        ),
    ] = ""
    passphrase: Annotated[
        str,
        setting(
            "Passphrase",
            "Phrase de passe",
            secret=True,
            help_en="Of the private key, if it has one.",
            help_fr="De la clé privée, si elle en a une.",
        ),
    ] = ""
    flush: Annotated[
        bool,
        setting(
            "Flush to disk",
            "Forcer sur disque",
            help_en="Each document is on the server's disk before it gets its name. Slower; OpenSSH can do it.",
            help_fr="Chaque document est sur le disque du serveur avant d'avoir son nom. Plus lent ; OpenSSH le fait.",
        ),
    ] = False


class Sftp:
    """Delivers to an SFTP server."""

    manifest = Manifest(
        id="sftp",
        title={"en": "SFTP"},
        description={
            "en": "Puts each document as a file on an SFTP server, from where other software reads it.",
            "fr": "Dépose chaque document comme fichier sur un serveur SFTP, où un autre logiciel le lit.",
            "nl": "Zet elk document als bestand op een SFTP-server, waar andere software het leest.",
            "de": "Legt jedes Dokument als Datei auf einem SFTP-Server ab, von wo andere Software es liest.",
        },
        category=Category.FILES_AND_DRIVES,
        kind=ReceiverKind.RENAME,
        version="1.0",
        concurrency=128,
        carried=True,
    )
    settings = SftpSettings

    def destination(self, settings: SftpSettings) -> str:
        return f"sftp://{settings.user}@{settings.host.lower()}:{settings.port}/{settings.path}"

    def where(self, settings: SftpSettings, parcel: Parcel) -> str:
        return _place(settings, parcel).path

    def check(self, given: Mapping[str, Any], *, complete: bool) -> list[SettingProblem]:
        problems = name_problems(given.get("file_name", ""))
        if given.get("host_key") and not fingerprints_of(given["host_key"]):
            problems.append(
                SettingProblem(
                    field="host_key",
                    sentence="Host key: it is not a fingerprint.",
                    remedy="Write it as SHA256: and 43 signs, as ssh-keygen -l shows it.",
                )
            )
        if complete and not given.get("password") and not given.get("private_key"):
            problems.append(
                SettingProblem(
                    field="password",
                    sentence="Password is missing.",
                    remedy="Fill in Password, or Private key.",
                )
            )
        return problems

    @asynccontextmanager
    async def connect(self, settings: SftpSettings) -> AsyncIterator[Channel]:
        from banqup_tui.connectors.sftp_session import opened_for

        async with opened_for(settings) as wires:
            yield _SftpChannel(settings, wires)

    async def test(self, settings: SftpSettings, sample: Parcel | None) -> list[Step]:
        from banqup_tui.connectors.sftp_session import opened_for

        started = time.monotonic()
        steps: list[Step] = []
        try:
            async with opened_for(settings) as wires:
                took = time.monotonic() - started
                steps.append(
                    Step(
                        ok=True,
                        sentence={
                            "en": f"Signed in in {took:.1f} s, host key as known",
                            "fr": f"Connecté en {took:.1f} s, clé du serveur connue".replace(".", ","),
                        },
                    )
                )
                await _probe(wires.first, settings, sample)
        except BanqupError as error:
            return [*steps, failed_step(error, _NO_FILE if steps else None)]
        written = {"en": "A file could be written and taken away", "fr": "Un fichier a pu être écrit et retiré"}
        return [*steps, Step(ok=True, sentence=written)]


class _SftpChannel:
    def __init__(self, settings: SftpSettings, wires: Wires) -> None:
        self._settings = settings
        self._wires = wires
        self._wire = wires.first
        self._made: set[str] = set()
        self._uploading = asyncio.Semaphore(UPLOADS)
        self._held: dict[str, float] = {}
        """Names that documents under way are to get, and when each was found free."""

    async def prepare(self, parcel: Parcel) -> str:
        import asyncssh

        from banqup_tui.connectors.sftp_faults import LOST, not_written

        place = _place(self._settings, parcel)
        hidden = Place(place.directory, hidden_name(parcel)).path
        try:
            try:
                final = await self._prepare(place, hidden, parcel)
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                if place.directory not in self._made:
                    raise
                self._made.discard(place.directory)
                final = await self._prepare(place, hidden, parcel)
        except (asyncssh.SFTPError, *LOST) as error:
            room = await _room(self._wire, place.directory or ".", error)
            await self._remove(hidden)
            raise not_written(error, place.directory or ".", room, parcel.size) from error
        except BaseException:
            await self._remove(hidden)
            raise
        kill_point("prepare.uploaded")
        return Remnant(hidden, final.path).text()

    async def _prepare(self, place: Place, hidden: str, parcel: Parcel) -> Place:
        """Whether the name is free is asked while the file goes up: neither waits for the other's answer."""
        await self._make(place.directory)
        await self._forget_older(place.directory, parcel)
        async with self._uploading, self._wires.for_an_upload() as wire:
            first = self._hold(place, parcel)
            try:
                look = wire.look(first.path)
                await self._upload(wire, hidden, parcel)
                return await self._free(first, look, place, parcel)
            except BaseException:
                self._held.pop(first.path, None)
                raise

    async def commit(self, parcel: Parcel, remnant: str) -> Receipt:
        import asyncssh

        from banqup_tui.connectors.sftp_faults import LOST, not_written, words_of

        kept = remnant_of(remnant)
        try:
            final = await self._appear(parcel, kept)
        except asyncssh.SFTPNoSuchFile as error:
            raise Uncertain(
                f"The hidden file {kept.hidden} is no longer on the server.",
                "It is looked at again by itself: the document may have arrived.",
            ) from error
        except LOST as error:
            raise _cut_off(kept, words_of(error)) from error
        except asyncssh.SFTPError as error:
            raise not_written(error, posixpath.dirname(kept.final), None, parcel.size) from error
        return Receipt(text=final, reference=posixpath.basename(final))

    async def roll_forward(self, parcel: Parcel, remnant: str) -> Receipt:
        import asyncssh

        from banqup_tui.connectors.sftp_faults import LOST, words_of

        kept = remnant_of(remnant)
        done = Receipt(text=kept.final, reference=posixpath.basename(kept.final))
        try:
            if await self._is_gone_for_sure(kept.hidden):
                return done
            if await self._is_linked_already(parcel, kept):
                await self._wire.remove(kept.hidden)
                return done
            final = await self._appear(parcel, kept)
        except (asyncssh.SFTPError, *LOST) as error:
            raise _cut_off(kept, words_of(error)) from error
        return Receipt(text=final, reference=posixpath.basename(final))

    async def look_up(self, parcel: Parcel, earlier_receipts: Sequence[str]) -> tuple[Found, Receipt | None]:
        """A file that is not there proves nothing: its reader may have taken it."""
        return Found.PENDING, None

    async def discard(self, remnant: str) -> None:
        with suppress(msgspec.DecodeError):
            kept = remnant_of(remnant)
            self._held.pop(kept.final, None)
            await self._remove(kept.hidden)

    async def _make(self, directory: str) -> None:
        """Asked once for each folder as long as the connection lasts."""
        if directory not in self._made:
            await _make(self._wire, directory)
            self._made.add(directory)

    async def _forget_older(self, directory: str, parcel: Parcel) -> None:
        for name in older_hidden_names(parcel):
            await self._remove(Place(directory, name).path)

    def _hold(self, place: Place, parcel: Parcel) -> Place:
        """The next name that no other document under way here is to get."""
        for seen in names(place, parcel):
            if seen.path not in self._held:
                self._held[seen.path] = time.monotonic()
                return seen
        return place

    async def _free(self, first: Place, look: Answer, place: Place, parcel: Parcel) -> Place:
        """The name that was asked about, if it is free on the server; else the next that is."""
        from banqup_tui.connectors.sftp_wire import is_there

        if not await is_there(look):
            return first
        for seen in names(place, parcel):
            if seen.path not in self._held and not await self._is_there(seen.path):
                del self._held[first.path]
                self._held[seen.path] = time.monotonic()
                return seen
        return place

    async def _upload(self, wire: Wire, hidden: str, parcel: Parcel) -> None:
        """In whole writes, and on the server's disk where that is wanted and offered."""
        import asyncssh

        handle = await self._created(wire, hidden)
        seen: Seen | None = None
        try:
            kill_point("send.firstbyte")
            written, is_last = 0, False
            async for chunk, is_last in _chunks(parcel):
                if is_last:
                    seen = await wire.write_the_last(handle, written, chunk, flush=self._settings.flush)
                else:
                    await wire.write(handle, written, chunk)
                written += len(chunk)
                if 2 * written >= parcel.size:
                    kill_point("send.halfway")
        except BaseException:
            wire.let_go(handle)
            raise
        if seen is not None and seen.size not in (None, written):
            raise asyncssh.SFTPFailure(f"{seen.size} of {written} bytes were kept: no space?")
        kill_point("send.lastbyte")

    async def _created(self, wire: Wire, hidden: str) -> bytes:
        """The name is this attempt's own: only a ledger that was put back can have used it before."""
        import asyncssh

        try:
            return await wire.create(hidden)
        except asyncssh.SFTPFailure:
            await self._remove(hidden)
            return await wire.create(hidden)

    async def _appear(self, parcel: Parcel, kept: Remnant) -> str:
        """The hidden file gets its recorded name, or the next that is free: a rename here never overwrites."""
        import asyncssh

        kill_point("rename.before")
        directory, name = posixpath.split(kept.final)
        refusal: asyncssh.SFTPError | None = None
        for seen in names(Place(directory, name), parcel):
            if not self._was_free(seen.path) and await self._is_there(seen.path):
                continue
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._wire.rename(kept.hidden, seen.path)
            except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists) as error:
                if await self._is_gone(kept.hidden):
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
        at = self._held.pop(path, None)
        return at is not None and time.monotonic() - at < FREE_SECONDS

    async def _is_linked_already(self, parcel: Parcel, kept: Remnant) -> bool:
        """Some servers rename by a second name and the removal of the first, and may be cut off between the two.

        The recorded name was free when the file was uploaded: the very same bytes under it are then this file.
        """
        if not await self._is_there(kept.final):
            return False
        if (await self._wire.stat(kept.final)).size != parcel.size:
            return False
        digest = hashlib.sha256()
        async for chunk in self._wire.read(kept.final):
            digest.update(chunk)
        return digest.hexdigest() == parcel.sha256

    async def _is_there(self, path: str) -> bool:
        """False also where the server does not show it."""
        import asyncssh

        try:
            return not await self._is_gone(path)
        except asyncssh.SFTPPermissionDenied:
            return False

    async def _is_gone(self, path: str) -> bool:
        """True only where the server says that there is no such file."""
        import asyncssh

        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._wire.lstat(path)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return True
        return False

    async def _is_gone_for_sure(self, hidden: str) -> bool:
        """A missing file proves something only where its folder can be seen; else the rename is tried."""
        import asyncssh

        directory = posixpath.dirname(hidden)
        with suppress(asyncssh.SFTPPermissionDenied):
            if not await self._is_gone(hidden):
                return False
            if not directory or await self._wire.is_directory(directory):
                return True
            raise asyncssh.SFTPFailure(f"the folder {directory} cannot be seen now")
        return False

    async def _remove(self, path: str) -> None:
        import asyncssh

        from banqup_tui.connectors.sftp_faults import LOST

        with suppress(asyncssh.SFTPError, *LOST):
            async with asyncio.timeout(CLEANING_SECONDS):
                await self._wire.remove(path)


def _place(settings: SftpSettings, parcel: Parcel) -> Place:
    return fill(settings.path, parcel, settings.file_name)


def _cut_off(kept: Remnant, said: str) -> Uncertain:
    return Uncertain(
        f"The connection broke while the document got its name {kept.final}: {said}.",
        "It is looked at again by itself.",
    )


async def _chunks(parcel: Parcel) -> AsyncIterator[tuple[bytes, bool]]:
    """And whether it is the last. A short file is read whole, and known to be right, before the first byte goes out."""
    chunks = chunks_of(parcel)
    if parcel.size <= READ_HERE:
        yield b"".join(chunks), True
        return
    before = await asyncio.to_thread(next, chunks, None)
    while before is not None:
        after = await asyncio.to_thread(next, chunks, None)
        yield before, after is None
        before = after


async def _make(wire: Wire, directory: str) -> None:
    """Where it may not be seen or made, the writing tells whether it is there."""
    import asyncssh

    if directory:
        with suppress(asyncssh.SFTPPermissionDenied):
            await wire.make_directories(directory)


async def _room(wire: Wire, directory: str, error: BaseException) -> int | None:
    """Bytes that this user may still write, where the server tells; asked only when it failed without saying why."""
    import asyncssh

    from banqup_tui.connectors.sftp_faults import LOST

    if not isinstance(error, asyncssh.SFTPFailure):
        return None
    with suppress(asyncssh.SFTPError, *LOST):
        async with asyncio.timeout(ANSWER_SECONDS):
            return await wire.room(directory)
    return None


async def _probe(wire: Wire, settings: SftpSettings, sample: Parcel | None) -> None:
    """A file in the sample's folder, or in the part of the path that is the same for all."""
    import asyncssh

    from banqup_tui.connectors.sftp_faults import LOST, not_written

    if sample is not None:
        directory = _place(settings, sample).directory
    else:
        directory = settings.path.partition("[")[0].rpartition("/")[0] if "[" in settings.path else settings.path
    probe = Place(directory, f".banqup-test-{secrets.token_hex(4)}").path
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await _make(wire, directory)
            try:
                handle = await wire.create(probe)
                await wire.write_the_last(handle, 0, b"banqup\n")
            finally:
                with suppress(asyncssh.SFTPError, *LOST):
                    await wire.remove(probe)
    except (asyncssh.SFTPError, *LOST) as error:
        room = await _room(wire, directory or ".", error)
        raise not_written(error, directory or ".", room, 1) from error
