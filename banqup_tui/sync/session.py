"""Everything the screens, the actions and the command line need of the local side, under one name."""

import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from banqup_tui.app_dirs import AppDirs
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.values import Value
from banqup_tui.error_log import record
from banqup_tui.protocol.commands import (
    BulkSend,
    CommandBody,
    DismissUnfiled,
    ImportFile,
    PlaceFile,
    Resend,
    Send,
    SetProcessed,
    encode,
)
from banqup_tui.protocol.local import Endpoint
from banqup_tui.store.copy import Copy
from banqup_tui.store.failures import FailureReader
from banqup_tui.store.files import FileCache, Spool
from banqup_tui.store.outbox import Outbox
from banqup_tui.store.outbox_entry import Line
from banqup_tui.store.overlay import Effect
from banqup_tui.store.readers import Readers
from banqup_tui.sync.clock import last_change
from banqup_tui.sync.engine import Engine, http_server
from banqup_tui.sync.refused_changes import RefusedChanges
from banqup_tui.sync.server import ServerLike

_OF_LOST = uuid.UUID("5f0ad3ce-3a0b-4f0f-9f0e-2b1c6b7c5d11")

LOCAL = "local"
"""The folder of the copy of this computer's own backend."""


class Session:
    """`Session.open(...)`, then `session.engine.start()` for a terminal, or the engine's one-shot calls."""

    def __init__(
        self,
        copy: Copy,
        outbox: Outbox,
        spool: Spool,
        files: FileCache,
        engine: Engine,
        record: Callable[[Exception], object],
    ) -> None:
        """`record` writes a mistake of the program to its log."""
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
        """Files whose import was lost with a damaged outbox, and is given once more."""

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
        """Raises `OutboxTooNew` where a newer version of the program has been here.

        `in_background`: a large copy is checked for damage meanwhile; see `Copy.open`.
        """
        directory = dirs.copies / name
        last_used = last_change(directory.glob("*.sqlite*"))
        outbox = Outbox.open(directory / "outbox.sqlite")
        copy = Copy.open(directory / "copy.sqlite", in_background=in_background)
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
        """Give a command (one of protocol.commands) to the outbox. Returns its key. `label`: what it was, in words."""
        documents, effect = self._drawn(body)
        new_keys = self.outbox.give(
            body.KIND, bytes(encode(body)), self.copy.state().seen,
            documents=documents, effect=effect, label=label, key=key,
        )  # fmt: skip
        self.engine.wake()
        return new_keys

    def act_all(self, bodies: Sequence[CommandBody], *, label: str = "", labels: Sequence[str] = ()) -> list[str]:
        """Several commands at once, in order; their keys. They are all kept, or none. `labels`: one for each."""
        new_keys = [(body.KIND, bytes(encode(body)), *self._drawn(body)) for body in bodies]
        keys = self.outbox.give_all(new_keys, self.copy.state().seen, label=label, labels=labels)
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
        label: str = "",
    ) -> str:
        """Copy the bytes to the spool, then give the command, in the line of imports. Returns its key.

        `below` is the folder that was named, in which no link is followed. `hint` is its path below that folder, with
        `/`: an export's folders say whose a file is.
        """
        with self.spool.taken(path, below=below) as sha256:
            body = ImportFile(
                sha256=sha256, file_name=path.name, client_id=client_id, folder=folder,
                create_clients=create_clients, approved=approved, path=hint or path.name,
            )  # fmt: skip
            key = self._give_import(body, label)
        self.engine.wake()
        return key

    def retry_changes(self, keys: Sequence[str]) -> list[str]:
        """Give refused changes again; the keys of the new commands."""
        new_keys = self.refused_changes.retry(keys, self.copy.state().seen)
        self.engine.wake()
        return new_keys

    def clear_changes(self, keys: Sequence[str]) -> None:
        """Take refused changes off the list of them."""
        self.refused_changes.clear(keys)
        self.engine.wake()

    def _import_lost(self) -> int:
        """Import once more what is in the spool and no command speaks of: its command was in a damaged outbox.

        What was said with it, client and folder, is found from the document as far as it is there. How many.
        """
        lost = self.spool.whole() - self.outbox.files()
        for sha256 in sorted(lost):
            name = sha256[:12]
            body = ImportFile(sha256=sha256, file_name=name, path=name)
            self._give_import(body, name, key=str(uuid.uuid5(_OF_LOST, sha256)))
        return len(lost)

    def _give_import(self, body: ImportFile, label: str, key: str | None = None) -> str:
        return self.outbox.give(
            ImportFile.KIND, bytes(encode(body)), self.copy.state().seen,
            label=label, line=Line.IMPORTS, file=body.sha256, key=key,
        )  # fmt: skip

    def undo(self, key: str) -> bool:
        """Take a command back. False: it is settled already. What the server may have begun, it is asked about."""
        done = self.outbox.take_back(key)
        self.engine.wake()
        return done

    def close(self) -> None:
        self.engine.stop()
        self.copy.close()
        self.outbox.close()

    def _drawn(self, body: Value) -> tuple[tuple[str, ...], Effect | None]:
        match body:
            case Send(document_ids=ids):
                return ids, Effect.SENT
            case BulkSend(query=query) if query.document_ids:
                return query.document_ids, Effect.SENT
            case SetProcessed(document_ids=ids, processed=processed):
                return ids, Effect.PROCESSED if processed else Effect.NOT_PROCESSED
            case Resend(copies=copies):
                wanted = (copy.delivery_id for copy in copies)
                return tuple(self.readers.documents_of_deliveries(wanted)), Effect.SENT
            case PlaceFile(unfiled_id=id_):
                return (id_,), Effect.AWAY
            case DismissUnfiled(unfiled_ids=ids):
                return ids, Effect.AWAY
        return (), None
