"""Bundles the copy, the outbox, the files and the engine for screens, actions and the command line."""

import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec import structs

from banqup_tui.app_dirs import AppDirs
from banqup_tui.domain.duplicates import DuplicateChoice
from banqup_tui.domain.file_names import shown
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.values import Value
from banqup_tui.error_log import record
from banqup_tui.protocol.commands import (
    BulkSend,
    CommandBody,
    CorrectDocument,
    DecideDuplicate,
    DismissUnfiled,
    ImportFile,
    MoveDocument,
    PlaceFile,
    ReopenDuplicate,
    Resend,
    Restore,
    Send,
    SetProcessed,
    Withdraw,
    encode,
)
from banqup_tui.protocol.local import Endpoint
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.failures import FailureReader
from banqup_tui.store.files import FileCache, Spool
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.overlay import VisibleEffect
from banqup_tui.store.readers import Readers
from banqup_tui.sync.clock import last_change
from banqup_tui.sync.engine import Engine, http_server
from banqup_tui.sync.refused_changes import RefusedChanges
from banqup_tui.sync.server import ServerLike

_OF_LOST = uuid.UUID("5f0ad3ce-3a0b-4f0f-9f0e-2b1c6b7c5d11")
"""The UUIDv5 namespace of repeated imports: the key depends on the file alone, so a second start adds no second one."""

LOCAL = "local"
"""The name of the directory for the copy of this computer's own backend."""


class FileToImport(Value, frozen=True, kw_only=True):
    """A file that `Session.import_files` takes.

    Attributes:
        below: The folder that the user named, below which no symbolic link is followed.
        hint: The file's path below that folder, with `/`. The folders of an export name client and folder.
        beside: The XML of the same name beside a PDF, imported before it.
        label: As in `Outbox.give`.
    """

    path: Path
    below: Path | None = None
    hint: str | None = None
    beside: Path | None = None
    label: str = ""


class Session:
    """The local side of one space. Make it with `Session.open`.

    A terminal then calls `session.engine.start()`; a command line uses the engine's one-shot calls. `close` it at last.
    """

    def __init__(
        self,
        copy: LocalCopy,
        outbox: Outbox,
        spool: Spool,
        files: FileCache,
        engine: Engine,
        record: Callable[[Exception], object],
    ) -> None:
        """`record` writes a fault of the program to its log."""
        self.copy = copy
        self.outbox = outbox
        self.spool = spool
        self.files = files
        self.engine = engine
        self.record = record
        self.readers = Readers(copy, outbox)
        self.failures = FailureReader(copy, outbox)
        self.refused_changes = RefusedChanges(outbox, self.readers, spool)
        self.imported_again = 0
        """The number of files whose import was lost with a damaged outbox and is repeated."""

    @classmethod
    def open(
        cls,
        dirs: AppDirs,
        connect: Callable[[], Endpoint],
        *,
        name: str = LOCAL,
        make_server: Callable[[Endpoint], ServerLike] = http_server,
        in_background: bool = False,
    ) -> "Session":
        """Opens the files of a space, and makes missing ones.

        Args:
            connect: As for `Engine`.
            name: The directory of the space below `dirs.copies`.
            make_server: Makes the client of an endpoint.
            in_background: Check a large copy in a thread; see `LocalCopy.open`.

        Raises:
            OutboxTooNew: A newer version of the program has changed the outbox's schema.
            LocalFault: A file cannot be used now.
        """
        directory = dirs.copies / name
        last_used = last_change(directory.glob("*.sqlite*"))
        outbox = Outbox.open(directory / "outbox.sqlite")
        copy = LocalCopy.open(directory / "copy.sqlite", in_background=in_background)
        spool = Spool(directory / "spool")
        files = FileCache(dirs.cache / "files" / name)
        to_log = partial(record, directory=dirs.log)
        engine = Engine(
            copy, outbox, connect, files=files, spool=spool, make_server=make_server, record=to_log,
            last_used=last_used,
        )  # fmt: skip
        session = cls(copy, outbox, spool, files, engine, to_log)
        if any(rescue.lost for rescue in outbox.rescues()):
            session.imported_again = session._import_lost()
        return session

    def act(self, body: CommandBody, *, label: str = "", key: str | None = None) -> str:
        """Writes a command to the outbox and wakes the engine. Returns its key. Arguments as in `Outbox.give`."""
        documents, effect = self._drawn(body)
        new_key = self.outbox.give(
            body.KIND, bytes(encode(body)), self.copy.state().seen,
            documents=documents, effect=effect, label=label, key=key,
        )  # fmt: skip
        self.engine.wake()
        return new_key

    def act_all(self, bodies: Sequence[CommandBody], *, label: str = "", labels: Sequence[str] = ()) -> list[str]:
        """Writes several commands in their order, all or none, and wakes the engine. Returns their keys."""
        commands = [(body.KIND, bytes(encode(body)), *self._drawn(body)) for body in bodies]
        keys = self.outbox.give_all(commands, self.copy.state().seen, label=label, labels=labels)
        self.engine.wake()
        return keys

    def import_file(
        self,
        path: Path,
        *,
        below: Path | None = None,
        client_id: str | None = None,
        folder: Folder | None = None,
        create_clients: bool = False,
        approved: bool = True,
        hint: str | None = None,
        beside: Path | None = None,
        label: str = "",
    ) -> str:
        """Copies a file to the spool, and writes its import to the line of imports. Returns the command's key.

        Args:
            below: The folder that the user named, below which no symbolic link is followed.
            hint: The file's path below that folder, with `/`. The folders of an export name client and folder.
            beside: The XML of the same name beside a PDF, imported before it.

        Raises:
            NotARegularFile, OwnDirectory, OSError: The file cannot be taken.
            LocalFault: The outbox cannot be written.
        """
        file = FileToImport(path=path, below=below, hint=hint, beside=beside, label=label)
        (taken,) = self.import_files(
            [file], client_id=client_id, folder=folder, create_clients=create_clients, approved=approved
        )
        if isinstance(taken, OSError):
            raise taken
        return taken

    def import_files(
        self,
        files: Sequence[FileToImport],
        *,
        client_id: str | None = None,
        folder: Folder | None = None,
        create_clients: bool = False,
        approved: bool = True,
    ) -> list[str | OSError]:
        """Copies files to the spool, and writes their imports to the line of imports in one transaction.

        Returns the key of each file's command, or the error for which the file cannot be taken.

        Raises:
            LocalFault: The outbox cannot be written.
        """
        with self.spool.all_taken([(file.path, file.below) for file in files]) as taken:
            bodies = [self._import_of(file, sha256) for file, sha256 in zip(files, taken, strict=True)]
            chosen = {
                "client_id": client_id, "folder": folder, "create_clients": create_clients, "approved": approved,
            }  # fmt: skip
            imports = [
                (structs.replace(body, **chosen), file.label)
                for file, body in zip(files, bodies, strict=True)
                if isinstance(body, ImportFile)
            ]
            keys = iter(self._give_imports(imports))
        self.engine.wake()
        return [body if isinstance(body, OSError) else next(keys) for body in bodies]

    def _import_of(self, file: FileToImport, sha256: str | OSError) -> ImportFile | OSError:
        if isinstance(sha256, OSError):
            return sha256
        try:
            xml = self.spool.hash_of(file.beside, below=file.below) if file.beside else None
        except OSError as error:
            return error
        return ImportFile(
            sha256=sha256, file_name=shown(file.path.name), path=shown(file.hint or file.path.name), beside=xml
        )  # fmt: skip

    def retry_changes(self, keys: Sequence[str]) -> list[str]:
        """Repeats refused commands. Returns the keys of the new ones."""
        new_keys = self.refused_changes.retry(keys, self.copy.state().seen)
        self.engine.wake()
        return new_keys

    def clear_changes(self, keys: Sequence[str]) -> None:
        """Takes refused commands off their list."""
        self.refused_changes.clear(keys)
        self.engine.wake()

    def _import_lost(self) -> int:
        """Imports files of the spool that no command names: their commands were lost with a damaged outbox.

        The client and folder that the user chose are lost too; the server finds them from the document if it can.
        Returns the number of files.
        """
        lost = self.spool.whole() - self.outbox.files()
        for sha256 in sorted(lost):
            name = sha256[:12]
            body = ImportFile(sha256=sha256, file_name=name, path=name)
            self._give_imports([(body, name)], keys=[str(uuid.uuid5(_OF_LOST, sha256))])
        return len(lost)

    def _give_imports(self, imports: Sequence[tuple[ImportFile, str]], keys: Sequence[str] = ()) -> list[str]:
        encoded = [(bytes(encode(body)), body.sha256, label) for body, label in imports]
        return self.outbox.give_imports(ImportFile.KIND, encoded, self.copy.state().seen, keys=keys)

    def undo(self, key: str) -> bool:
        """Takes a command back, see `Outbox.take_back`. Returns False if it is settled already."""
        done = self.outbox.take_back(key)
        self.engine.wake()
        return done

    def close(self) -> None:
        self.engine.stop()
        self.copy.close()
        self.outbox.close()

    def _drawn(self, body: Value) -> tuple[tuple[str, ...], VisibleEffect | None]:
        """Returns the documents that a command changes visibly, and how."""
        match body:
            case Send(document_ids=ids):
                return ids, VisibleEffect.SENT
            case BulkSend(query=query) if query.document_ids:
                return query.document_ids, VisibleEffect.SENT
            case SetProcessed(document_ids=ids, processed=processed):
                return ids, VisibleEffect.PROCESSED if processed else VisibleEffect.NOT_PROCESSED
            case Resend(copies=copies):
                wanted = (copy.delivery_id for copy in copies)
                return tuple(self.readers.documents_of_deliveries(wanted)), VisibleEffect.SENT
            case DecideDuplicate(document_id=id_, choice=choice):
                is_copy = choice is DuplicateChoice.ONE_DOCUMENT
                return (id_,), VisibleEffect.WITHDRAWN if is_copy else VisibleEffect.RELEASED
            case Withdraw(document_ids=ids):
                return ids, VisibleEffect.WITHDRAWN
            case Restore(document_ids=ids):
                return ids, VisibleEffect.RESTORED
            case MoveDocument(document_id=id_) | CorrectDocument(document_id=id_):
                return (id_,), VisibleEffect.MOVED
            case ReopenDuplicate(document_id=id_):
                return (id_,), VisibleEffect.UNDECIDED
            case PlaceFile(unfiled_id=id_):
                return (id_,), VisibleEffect.AWAY
            case DismissUnfiled(unfiled_ids=ids):
                return ids, VisibleEffect.AWAY
        return (), None
