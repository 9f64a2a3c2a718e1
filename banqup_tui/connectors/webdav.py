"""A folder on a WebDAV server, Nextcloud's among them: uploaded under a hidden name, shown by one rename.

The rename never takes another file's place. The library is loaded when first used.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from banqup_tui.connectors.hidden_file import (
    Remnant,
    hidden_name,
    is_name_of_this_copy,
    names,
    older_hidden_names,
    remnant_of,
)
from banqup_tui.connectors.http_client import opened
from banqup_tui.connectors.interface import (
    Channel,
    Fault,
    Found,
    Manifest,
    NotSent,
    Parcel,
    Receipt,
    Rejected,
    SettingProblem,
    Settings,
    Step,
    Uncertain,
    failed_step,
    setting,
)
from banqup_tui.connectors.path_template import FileName, Place, fill, name_problems
from banqup_tui.connectors.web_address import address_problems
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.secret import Secret
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    from banqup_tui.connectors.webdav_server import DavServer, Seen

CLEANING_SECONDS = 10.0

ENDING = ".tmp"
"""Nextcloud keeps `.part` for itself, and refuses files whose names end so."""

_EXAMPLE_URL = "https://cloud.example.com/remote.php/dav/files/parvis"


class WebDavSettings(Settings, frozen=True, kw_only=True):
    url: Annotated[
        str,
        setting(
            "Address",
            "Adresse",
            look="url",
            example=_EXAMPLE_URL,
            help_en="The WebDAV address that the server shows. https, or http on this machine.",
            help_fr="L'adresse WebDAV que montre le serveur. https, ou http sur cette machine.",
        ),
    ]
    user: Annotated[str, setting("User", "Utilisateur", example="parvis")]
    password: Annotated[
        Secret,
        setting(
            "Password",
            "Mot de passe",
            secret=True,
            help_en="Better an app password, made for this only, than that of the user.",
            help_fr="Plutôt un mot de passe d'application que celui de l'utilisateur.",
        ),
    ]
    path: Annotated[
        str,
        setting(
            "Path",
            "Chemin",
            template=True,
            example="Banqup/[external_id]/[folder]",
            help_en="The folder below the address. It is made when it is not there.",
            help_fr="Le dossier sous l'adresse. Il est créé s'il n'existe pas.",
        ),
    ]
    file_name: FileName = ""


class WebDav:
    """Delivers to a WebDAV server."""

    manifest = Manifest(
        id="webdav",
        title={"en": "WebDAV, Nextcloud"},
        description={
            "en": "Puts each document as a file into a folder of Nextcloud or another WebDAV server.",
            "fr": "Dépose chaque document comme fichier dans un dossier Nextcloud ou d'un autre serveur WebDAV.",
            "nl": "Zet elk document als bestand in een map van Nextcloud of een andere WebDAV-server.",
            "de": "Legt jedes Dokument als Datei in einem Ordner von Nextcloud oder eines anderen WebDAV-Servers ab.",
        },
        category=Category.FILES_AND_DRIVES,
        kind=ReceiverKind.RENAME,
        version="1.0",
    )
    settings = WebDavSettings

    def destination(self, settings: WebDavSettings) -> str:
        return f"webdav:{settings.user}@{settings.url.rstrip('/')}/{settings.path}"

    def where(self, settings: WebDavSettings, parcel: Parcel) -> str:
        return _place(settings, parcel).path

    def check(self, given: Mapping[str, Any], *, complete: bool) -> list[SettingProblem]:
        problems = name_problems(given.get("file_name", ""))
        if given.get("url"):
            problems += address_problems("url", given["url"], _EXAMPLE_URL)
            if "?" in given["url"]:
                problems.append(SettingProblem(field="url", message=message("setting.question-in-address")))
        return problems

    @asynccontextmanager
    async def connect(self, settings: WebDavSettings) -> AsyncIterator[Channel]:
        async with _signed_in(settings) as server:
            yield _DavChannel(settings, server)

    async def test(self, settings: WebDavSettings, sample: Parcel | None) -> list[Step]:
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

    async def prepare(self, parcel: Parcel) -> str:
        place = _place(self._settings, parcel)
        hidden = Place(place.directory, hidden_name(parcel, ending=ENDING)).path
        try:
            try:
                final = await self._prepare(place, hidden, parcel)
            except NotSent as error:
                if error.fault is not Fault.PERSON or place.directory not in self._made:
                    raise
                self._made.discard(place.directory)
                final = await self._prepare(place, hidden, parcel)
        except BaseException:
            await self._remove(hidden)
            raise
        kill_point("prepare.uploaded")
        return Remnant(hidden, final.path).text()

    async def commit(self, parcel: Parcel, remnant: str) -> Receipt:
        kept = remnant_of(remnant)
        final = await self._appear(parcel, kept)
        if final is None:
            raise Uncertain(message("webdav.hidden-file-gone", path=kept.hidden))
        return _receipt(final)

    async def roll_forward(self, parcel: Parcel, remnant: str) -> Receipt:
        kept = remnant_of(remnant)
        try:
            if (await self._server.look(kept.hidden)).there is False:
                return await self._done_if_its_folder_is_there(kept)
            if await self._is_copied_already(parcel, kept):
                await self._server.remove(kept.hidden)
                return _receipt(kept.final)
            final = await self._appear(parcel, kept, look_first=True)
            return await self._done_if_its_folder_is_there(kept) if final is None else _receipt(final)
        except (NotSent, Rejected) as error:
            raise Uncertain(error.message) from error

    async def look_up(self, parcel: Parcel, earlier_receipts: Sequence[str]) -> tuple[Found, Receipt | None]:
        """A file that is not there proves nothing: its reader may have taken it."""
        return Found.PENDING, None

    async def discard(self, remnant: str) -> None:
        with suppress(msgspec.DecodeError):
            await self._remove(remnant_of(remnant).hidden)

    async def _prepare(self, place: Place, hidden: str, parcel: Parcel) -> Place:
        await self._make(place.directory)
        older = (Place(place.directory, name).path for name in older_hidden_names(parcel, ENDING))
        await asyncio.gather(*(self._remove(path) for path in older))
        final = await self._free(place, parcel)
        await self._server.upload(hidden, parcel)
        return final

    async def _make(self, directory: str) -> None:
        """Asked once for each folder as long as the connection lasts, and one after the other: some servers refuse
        to make the same folder twice at once.
        """
        async with self._making:
            if directory.strip("/") and directory not in self._made:
                await self._server.make(directory)
                self._made.add(directory)

    async def _free(self, place: Place, parcel: Parcel) -> Place:
        for seen in names(place, parcel):
            there = await self._server.look(seen.path)
            if not there.there or await self._has_this_copy(seen.path, there, parcel):
                return seen
        return place

    async def _appear(self, parcel: Parcel, kept: Remnant, *, look_first: bool = False) -> str | None:
        """The hidden file gets its recorded name, or the next that is free; `None` where it is no longer there."""
        from banqup_tui.connectors.webdav_faults import not_written

        kill_point("rename.before")
        directory, _, name = kept.final.rpartition("/")
        for seen in names(Place(directory, name), parcel):
            if look_first and (await self._server.look(seen.path)).there:
                if await self._is_taken_by_this_copy(seen.path, parcel):
                    await self._server.remove(kept.hidden)
                    return seen.path
                continue
            answer = await self._server.move(kept.hidden, seen.path)
            kill_point("rename.after")
            if answer.good and answer.status != 207:
                return seen.path
            if answer.status in (404, 410):
                return None
            if answer.status != 412:
                raise not_written(answer, self._server.where, directory, begun=True)
            if await self._is_taken_by_this_copy(seen.path, parcel):
                await self._server.remove(kept.hidden)
                return seen.path
        folder = directory or "/"
        raise NotSent(message("webdav.names-taken", directory=folder))

    async def _done_if_its_folder_is_there(self, kept: Remnant) -> Receipt:
        """A missing file proves something only where its folder can be seen."""
        folder = kept.hidden.rpartition("/")[0] or "/"
        if await self._server.can_be_seen(folder):
            return _receipt(kept.final)
        raise Uncertain(message("webdav.folder-not-seen", directory=folder))

    async def _is_copied_already(self, parcel: Parcel, kept: Remnant) -> bool:
        """Some servers rename by a copy and the removal of the first, and may be cut off between the two.

        The recorded name was free when the file was uploaded: the very same bytes under it are then this file.
        """
        return await self._has_these_bytes(kept.final, await self._server.look(kept.final), parcel)

    async def _is_taken_by_this_copy(self, path: str, parcel: Parcel) -> bool:
        """Where it cannot be seen or read now, it is another file."""
        try:
            return await self._has_this_copy(path, await self._server.look(path), parcel)
        except BanqupError:
            return False

    async def _has_this_copy(self, path: str, seen: Seen, parcel: Parcel) -> bool:
        of_this_copy = is_name_of_this_copy(path.rpartition("/")[2], parcel)
        return of_this_copy and await self._has_these_bytes(path, seen, parcel)

    async def _has_these_bytes(self, path: str, seen: Seen, parcel: Parcel) -> bool:
        if not seen.there or seen.size not in (None, parcel.size):
            return False
        return await self._server.sha256(path, parcel.size) == parcel.sha256

    async def _remove(self, path: str) -> None:
        with suppress(BanqupError, TimeoutError):
            async with asyncio.timeout(CLEANING_SECONDS):
                await self._server.remove(path)


@asynccontextmanager
async def _signed_in(settings: WebDavSettings) -> AsyncIterator[DavServer]:
    """Asked something small first, so that no document goes along with a sign-in that is refused."""
    from banqup_tui.connectors.webdav_server import DavServer
    from banqup_tui.connectors.webdav_sign_in import PasswordAuth

    auth = PasswordAuth(settings.user, settings.password.reveal())
    async with opened(settings.url, auth=auth, headers={"Accept-Encoding": "identity"}) as client:
        server = DavServer(client, settings.url)
        await server.sign_in()
        yield server


async def _probe(server: DavServer, settings: WebDavSettings, sample: Parcel | None) -> None:
    """A file in the sample's folder, or in the part of the path that is the same for all."""
    from banqup_tui.connectors.webdav_faults import not_written

    if sample is not None:
        directory = _place(settings, sample).directory
    else:
        directory = settings.path.partition("[")[0].rpartition("/")[0] if "[" in settings.path else settings.path
    mark = secrets.token_hex(4)
    probe, renamed = (Place(directory, f".banqup-test-{mark}{end}{ENDING}").path for end in ("", "-renamed"))
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


def _place(settings: WebDavSettings, parcel: Parcel) -> Place:
    return fill(settings.path, parcel, settings.file_name)


def _receipt(final: str) -> Receipt:
    return Receipt(text=final, reference=final.rpartition("/")[2])
