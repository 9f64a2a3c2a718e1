"""A folder on an SFTP server: uploaded under a hidden name, shown by one rename that fails where the name is taken.

The server's key is always compared with the fingerprint in the settings. The library is loaded when first used.
"""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from banqup_tui.connectors.hidden_file import (
    CHUNK,
    Remnant,
    chunks_of,
    hidden_name,
    names,
    older_hidden_names,
    remnant_of,
)
from banqup_tui.connectors.interface import (
    Channel,
    Fault,
    Found,
    Manifest,
    NotSent,
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
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.extension import Category, ReceiverKind, Words
from banqup_tui.kill_points import kill_point

if TYPE_CHECKING:
    import asyncssh

CONNECT_SECONDS = 20.0
ANSWER_SECONDS = 60.0
CLEANING_SECONDS = 10.0

_FAMILIES = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
"""Kinds of host keys. A server has one of each, and the fingerprint in the settings may be of any."""

_CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
_NO_FILE: Words = {"en": "No file could be written: ", "fr": "Aucun fichier écrit : "}
_FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})=?$")


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
        concurrency=16,
    )
    settings = SftpSettings

    def destination(self, settings: SftpSettings) -> str:
        return f"sftp://{settings.user}@{settings.host.lower()}:{settings.port}/{settings.path}"

    def where(self, settings: SftpSettings, parcel: Parcel) -> str:
        return _place(settings, parcel).path

    def check(self, given: Mapping[str, Any], *, complete: bool) -> list[SettingProblem]:
        problems = name_problems(given.get("file_name", ""))
        if given.get("host_key") and not _fingerprints(given["host_key"]):
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
        async with _opened(settings) as sftp:
            yield _SftpChannel(settings, sftp)

    async def test(self, settings: SftpSettings, sample: Parcel | None) -> list[Step]:
        started = time.monotonic()
        steps: list[Step] = []
        try:
            async with _opened(settings) as sftp:
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
                await _probe(sftp, settings, sample)
        except BanqupError as error:
            return [*steps, failed_step(error, _NO_FILE if steps else None)]
        written = {"en": "A file could be written and taken away", "fr": "Un fichier a pu être écrit et retiré"}
        return [*steps, Step(ok=True, sentence=written)]


class _SftpChannel:
    def __init__(self, settings: SftpSettings, sftp: asyncssh.SFTPClient) -> None:
        self._settings = settings
        self._sftp = sftp
        self._made: set[str] = set()

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
            room = await _room(self._sftp, place.directory or ".", error)
            await self._remove(hidden)
            raise not_written(error, place.directory or ".", room, parcel.size) from error
        except BaseException:
            await self._remove(hidden)
            raise
        kill_point("prepare.uploaded")
        return Remnant(hidden, final.path).text()

    async def _prepare(self, place: Place, hidden: str, parcel: Parcel) -> Place:
        await self._make(place.directory)
        await self._forget_older(place.directory, parcel)
        final = await self._free(place, parcel)
        await self._upload(hidden, parcel)
        return final

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
                await self._sftp.remove(kept.hidden)
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
            await self._remove(remnant_of(remnant).hidden)

    async def _make(self, directory: str) -> None:
        """Asked once for each folder as long as the connection lasts."""
        if directory not in self._made:
            await _make(self._sftp, directory)
            self._made.add(directory)

    async def _forget_older(self, directory: str, parcel: Parcel) -> None:
        paths = [Place(directory, name).path for name in older_hidden_names(parcel)]
        await asyncio.gather(*(self._remove(path) for path in paths))

    async def _free(self, place: Place, parcel: Parcel) -> Place:
        for seen in names(place, parcel):
            if not await self._is_there(seen.path):
                return seen
        return place

    async def _upload(self, hidden: str, parcel: Parcel) -> None:
        """In whole writes, and on the server's disk where it offers to say so."""
        import asyncssh

        with suppress(asyncssh.SFTPNoSuchFile):
            await self._sftp.remove(hidden)
        chunks = chunks_of(parcel)
        async with self._sftp.open(hidden, "xb") as stream:
            kill_point("send.firstbyte")
            written = 0
            while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                await stream.write(chunk)
                written += len(chunk)
                if 2 * written >= parcel.size:
                    kill_point("send.halfway")
            with suppress(asyncssh.SFTPOpUnsupported):
                await stream.fsync()
        await self._is_whole(hidden, parcel)
        kill_point("send.lastbyte")

    async def _is_whole(self, hidden: str, parcel: Parcel) -> None:
        """Where the server lets it be seen: some take files in and show none."""
        import asyncssh

        with suppress(asyncssh.SFTPPermissionDenied, asyncssh.SFTPOpUnsupported):
            kept = (await self._sftp.stat(hidden)).size
            if kept is not None and kept != parcel.size:
                raise asyncssh.SFTPFailure(f"{kept} of {parcel.size} bytes were kept: no space?")

    async def _appear(self, parcel: Parcel, kept: Remnant) -> str:
        """The hidden file gets its recorded name, or the next that is free: a rename here never overwrites."""
        import asyncssh

        kill_point("rename.before")
        directory, name = posixpath.split(kept.final)
        refusal: asyncssh.SFTPError | None = None
        for seen in names(Place(directory, name), parcel):
            if await self._is_there(seen.path):
                continue
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._sftp.rename(kept.hidden, seen.path)
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

    async def _is_linked_already(self, parcel: Parcel, kept: Remnant) -> bool:
        """Some servers rename by a second name and the removal of the first, and may be cut off between the two.

        The recorded name was free when the file was uploaded: the very same bytes under it are then this file.
        """
        if not await self._is_there(kept.final):
            return False
        if (await self._sftp.stat(kept.final)).size != parcel.size:
            return False
        digest = hashlib.sha256()
        async with self._sftp.open(kept.final, "rb") as stream:
            while chunk := await stream.read(CHUNK):
                digest.update(chunk if isinstance(chunk, bytes) else chunk.encode())
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
                await self._sftp.lstat(path)
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
            if not directory or await self._sftp.isdir(directory):
                return True
            raise asyncssh.SFTPFailure(f"the folder {directory} cannot be seen now")
        return False

    async def _remove(self, path: str) -> None:
        import asyncssh

        from banqup_tui.connectors.sftp_faults import LOST

        with suppress(asyncssh.SFTPError, *LOST):
            async with asyncio.timeout(CLEANING_SECONDS):
                await self._sftp.remove(path)


@asynccontextmanager
async def _opened(settings: SftpSettings) -> AsyncIterator[asyncssh.SFTPClient]:
    """Signed in, with the server's key as known; raises `NotSent`."""
    import asyncssh

    from banqup_tui.connectors.sftp_faults import LOST, not_connected

    try:
        connection = await _signed_in(settings)
    except LOST as error:
        raise not_connected(error, settings.host, settings.port) from error
    try:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                sftp = await connection.start_sftp_client()
        except (asyncssh.SFTPError, *LOST) as error:
            raise not_connected(error, settings.host, settings.port) from error
        yield sftp
    finally:
        connection.close()
        with suppress(*LOST):
            async with asyncio.timeout(5):
                await connection.wait_closed()


async def _signed_in(settings: SftpSettings) -> asyncssh.SSHClientConnection:
    """Tries each kind of key that the server may have, if the first is not the one in the settings."""
    import asyncssh

    known = _fingerprints(settings.host_key)
    seen: list[str] = []
    asked: list[str] = [name for family in _FAMILIES for name in family]
    for kinds in ([*asked], *_FAMILIES) if known else ([*asked],):
        try:
            return await _connection(settings, known, seen, list(kinds))
        except asyncssh.PermissionDenied:
            raise
        except asyncssh.HostKeyNotVerifiable:
            continue
        except (asyncssh.DisconnectError, OSError):
            if not seen:
                raise
    raise _unknown_key(settings, seen)


async def _connection(
    settings: SftpSettings, known: frozenset[str], seen: list[str], kinds: list[str]
) -> asyncssh.SSHClientConnection:
    import asyncssh

    class Client(asyncssh.SSHClient):
        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
            seen.append(key.get_fingerprint())
            return key.get_fingerprint() in known

    asyncssh.set_log_level("WARNING")
    return await asyncssh.connect(
        settings.host,
        settings.port,
        username=settings.user,
        password=settings.password or None,
        client_keys=_private_key(settings),
        client_factory=Client,
        known_hosts=lambda *_: ([], [], [], [], [], [], []),
        server_host_key_algs=kinds,
        encryption_algs=list(_CIPHERS),
        compression_algs=None,
        config=None,
        agent_path=None,
        gss_host=None,
        connect_timeout=CONNECT_SECONDS,
        login_timeout=CONNECT_SECONDS,
        keepalive_interval=15,
        keepalive_count_max=3,
    )


def _private_key(settings: SftpSettings) -> list[asyncssh.SSHKey] | None:
    import asyncssh

    if not settings.private_key:
        return None
    try:
        return [asyncssh.import_private_key(_with_lines(settings.private_key), settings.passphrase or None)]
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise NotSent(
            "The private key cannot be read.",
            "Give the whole text of the key, and its passphrase if it has one.",
            fault=Fault.PERSON,
            french=(
                "La clé privée ne peut pas être lue.",
                "Donnez tout le texte de la clé, et sa phrase de passe si elle en a une.",
            ),
        ) from error


def _with_lines(key: str) -> str:
    """A key that was pasted into one line gets its lines back."""
    text = key.strip().replace("\\n", "\n").replace("\r\n", "\n")
    if "\n" in text:
        return text + "\n"
    found = re.fullmatch(r"(-----BEGIN [A-Z ]+-----)(.*)(-----END [A-Z ]+-----)", text)
    if found is None:
        return text
    head, body, tail = found.groups()
    return "\n".join([head, *body.split(), tail]) + "\n"


def _fingerprints(text: str) -> frozenset[str]:
    """One or several, written as `ssh-keygen -l` shows them; empty if any is not a fingerprint."""
    found = [_FINGERPRINT.fullmatch(word) for word in text.replace(",", " ").split()]
    return frozenset(f"SHA256:{one.group(1)}" for one in found if one) if all(found) else frozenset()


def _unknown_key(settings: SftpSettings, seen: list[str]) -> NotSent:
    shown = seen[0] if seen else "none"
    if not settings.host_key:
        return NotSent(
            f"The key of {settings.host} is not known yet: it is {shown}.",
            "Compare it with whoever runs the server, then put it into Host key.",
            fault=Fault.PERSON,
            french=(
                f"La clé de {settings.host} n'est pas encore connue : c'est {shown}.",
                "Comparez-la avec le responsable du serveur, puis mettez-la dans Clé du serveur.",
            ),
        )
    return NotSent(
        f"The key of {settings.host} is not the known one: it is now {shown}.",
        "Ask whoever runs the server whether the key was changed. If so, put the new one into Host key; "
        "if not, somebody stands in between.",
        fault=Fault.PERSON,
        french=(
            f"La clé de {settings.host} n'est pas celle qui est connue : c'est maintenant {shown}.",
            "Demandez au responsable du serveur si la clé a changé. Si oui, mettez la nouvelle dans Clé du serveur ; "
            "sinon, quelqu'un s'est glissé entre vous.",
        ),
    )


def _place(settings: SftpSettings, parcel: Parcel) -> Place:
    return fill(settings.path, parcel, settings.file_name)


def _cut_off(kept: Remnant, said: str) -> Uncertain:
    return Uncertain(
        f"The connection broke while the document got its name {kept.final}: {said}.",
        "It is looked at again by itself.",
    )


async def _make(sftp: asyncssh.SFTPClient, directory: str) -> None:
    """Where it may not be seen or made, the writing tells whether it is there."""
    import asyncssh

    if directory:
        with suppress(asyncssh.SFTPPermissionDenied):
            if not await sftp.isdir(directory):
                await sftp.makedirs(directory, exist_ok=True)


async def _room(sftp: asyncssh.SFTPClient, directory: str, error: BaseException) -> int | None:
    """Bytes that this user may still write, where the server tells; asked only when it failed without saying why."""
    import asyncssh

    from banqup_tui.connectors.sftp_faults import LOST

    if not isinstance(error, asyncssh.SFTPFailure):
        return None
    with suppress(asyncssh.SFTPError, *LOST):
        async with asyncio.timeout(ANSWER_SECONDS):
            found = await sftp.statvfs(directory)
            return int(found.bavail) * int(found.frsize)
    return None


async def _probe(sftp: asyncssh.SFTPClient, settings: SftpSettings, sample: Parcel | None) -> None:
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
            await _make(sftp, directory)
            try:
                async with sftp.open(probe, "xb") as stream:
                    await stream.write(b"banqup\n")
            finally:
                with suppress(asyncssh.SFTPError, *LOST):
                    await sftp.remove(probe)
    except (asyncssh.SFTPError, *LOST) as error:
        room = await _room(sftp, directory or ".", error)
        raise not_written(error, directory or ".", room, 1) from error
