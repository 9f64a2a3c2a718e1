"""The outbox: every command of the user, stored until the server has answered it (docs/protocol.md, "Commands, up").

It is a SQLite file of its own beside the copy, so that a key press never waits until a page is written to the copy,
and the copy can be deleted. Each change is synced to the disk before the function returns.
"""

import contextlib
import functools
import json
import sqlite3
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.messages import message
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.commands import AddIntegration, Configure, ConfigureIntegration, ImportFile, Install
from banqup_tui.protocol.problems import WAITS_UNFILED
from banqup_tui.store.faults import FaultCode, LocalFault
from banqup_tui.store.file_lock import exclusive_lock, shared_lock
from banqup_tui.store.outbox_check import is_in_order
from banqup_tui.store.outbox_entry import (
    SELECT,
    CommandState,
    OutboxEntry,
    OutboxQueue,
    Rescue,
    RescueKind,
    StoredAnswer,
    checksum_of,
    entry_of,
)
from banqup_tui.store.overlay import Mark, Overlay, VisibleEffect
from banqup_tui.store.sqlite import Connection, Connections, connect, reading, writing

SCHEMA = 1
BATCH = 100
BATCH_BYTES = 900_000
RETENTION = timedelta(days=30)
MOST_TRIES = 10
"""After this many answers 500 in a row to one command, the server is asked to refuse it for ever."""

_GIVE = (
    "INSERT INTO command (key, line, kind, body, documents, file, label, at, checksum, document_id, effect, seen)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
)
FORGETFUL_KINDS = (Install.KIND, Configure.KIND, AddIntegration.KIND, ConfigureIntegration.KIND)
"""The kinds of commands whose settings are erased as soon as the commands are answered."""
_SECRETIVE = "('" + "', '".join(FORGETFUL_KINDS) + "')"
_FORGETS = (
    f"body = CASE WHEN kind IN {_SECRETIVE}"
    " THEN CAST(json_set(CAST(body AS TEXT), '$.settings', json('{}')) AS BLOB) ELSE body END"
)
"""Erases the settings of an answered command: they may contain secrets, which the backend alone stores, encrypted."""
_OPEN = "state IN ('QUEUED', 'SENDING')"
_REFUSED = (
    f"state IN ('REFUSED', 'EXPIRED') AND dismissed = 0 AND NOT (kind = '{ImportFile.KIND}' AND state = 'REFUSED'"
    " AND coalesce(json_extract(problem, '$.type'), '') IN ('" + "', '".join(sorted(WAITS_UNFILED)) + "'))"
)
"""Refused or expired, and not dismissed. Without imports whose file is unfiled on the server: the file has arrived."""
_WANTS_FILE = f"({_OPEN} OR ({_REFUSED})) AND file IS NOT NULL"
"""Commands that need their file in the spool: refused commands too, which can be repeated until they are dismissed."""

_P = ParamSpec("_P")
_V = TypeVar("_V")


class OutboxTooNew(BanqupError):
    """A newer version of the program has raised the outbox's schema while this version ran."""

    exit_code = 76

    def __init__(self) -> None:
        super().__init__(message("computer.outbox-too-new"))


def _retry_after_repair(
    method: Callable[Concatenate["Outbox", _P], _V],
) -> Callable[Concatenate["Outbox", _P], _V]:
    """Wraps a method so that it saves what can be read of a damaged outbox, and runs once more."""

    @functools.wraps(method)
    def call(self: "Outbox", /, *args: _P.args, **kwargs: _P.kwargs) -> _V:
        try:
            return method(self, *args, **kwargs)
        except LocalFault as fault:
            if not fault.is_damage or fault.path != self.path:
                raise
        self.repair()
        return method(self, *args, **kwargs)

    return call


class Outbox:
    """The outbox's file. Any thread may call; each thread has its own connection.

    Every method may raise `LocalFault` if the file cannot be used, and every change `OutboxTooNew`. Where another
    program has replaced the file, the next call opens the new one. `now` returns aware times in UTC.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._now = now
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._connections = Connections(self._connect)

    @classmethod
    def open(cls, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> "Outbox":
        """Opens the outbox, or makes an empty one. Of a damaged outbox, readable commands are saved: see `rescues`.

        Raises:
            LocalFault: The file cannot be used now. It is left as it is.
            OutboxTooNew: A newer version of the program has changed the schema.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        outbox = cls(path, now)
        with shared_lock(outbox._lock_path):
            in_order = is_in_order(path)
        if not in_order:
            outbox.repair()
        outbox._check_schema(outbox.connection())
        return outbox

    def repair(self) -> None:
        """Checks the whole file under the exclusive lock and repairs it. Raises `LocalFault` if it cannot."""
        from banqup_tui.store import outbox_rescue

        with exclusive_lock(self._lock_path):
            outbox_rescue.put_in_order(self.path, self._now)

    def connection(self) -> Connection:
        """Returns this thread's connection to the file that is at the path now."""
        connection = self._connections.mine()
        if not connection.in_transaction and not connection.is_at_its_path():
            self._connections.drop_mine()
            connection = self._connections.mine()
        return connection

    def close(self) -> None:
        self._connections.close()

    # commands of the user

    def give(
        self,
        kind: str,
        body: bytes,
        seen: str,
        *,
        documents: Sequence[str] = (),
        effect: VisibleEffect | None = None,
        label: str = "",
        line: OutboxQueue = OutboxQueue.COMMANDS,
        file: str | None = None,
        key: str | None = None,
    ) -> str:
        """Writes a command to the end of its line, synced to the disk.

        Args:
            kind: The tag of the command on the wire.
            body: The command as JSON.
            seen: `epoch.seq` of the copy on which the user decided.
            documents: The ids of the documents over which `effect` is drawn.
            effect: What the command does to these documents, as lists show it.
            label: The words for the command in lists of pending and undoable commands.
            line: The queue of the command.
            file: The SHA-256 of its bytes in the spool.
            key: The idempotency key; a new one without it. A command whose key is there already is not written again.

        Returns:
            The key of the command.
        """
        new_key = key or str(uuid.uuid4())
        self._put([self._row(new_key, line, kind, body, documents, effect, file, label, seen)])
        # Killed here, the command is on the disk and is sent by the next start, though the caller never got its key.
        kill_point("outbox.given")
        return new_key

    def give_all(
        self,
        commands: Sequence[tuple[str, bytes, Sequence[str], VisibleEffect | None]],
        seen: str,
        *,
        label: str = "",
        labels: Sequence[str] = (),
    ) -> list[str]:
        """Writes several commands in their order, in one transaction: all of them or none. Returns their keys.

        Args:
            commands: Kind, body, documents and effect of each, as in `give`.
            seen: As in `give`.
            label: The label of all.
            labels: A label for each, in place of `label`.
        """
        keys = [str(uuid.uuid4()) for _ in commands]
        named = zip(keys, commands, labels or [label] * len(keys), strict=True)
        self._put(
            [
                self._row(key, OutboxQueue.COMMANDS, kind, body, documents, effect, None, label_of_one, seen)
                for key, (kind, body, documents, effect), label_of_one in named
            ]
        )
        kill_point("outbox.given")
        return keys

    def give_imports(
        self, kind: str, imports: Sequence[tuple[bytes, str, str]], seen: str, *, keys: Sequence[str] = ()
    ) -> list[str]:
        """Writes commands with files to the end of the line of imports, in one transaction. Returns their keys.

        Args:
            kind: The tag of the commands on the wire.
            imports: Body, SHA-256 of the bytes in the spool, and label of each.
            seen: As in `give`.
            keys: As in `give`, for all of them.
        """
        new_keys = list(keys) or [str(uuid.uuid4()) for _ in imports]
        self._put(
            [
                self._row(key, OutboxQueue.IMPORTS, kind, body, (), None, file, label, seen)
                for key, (body, file, label) in zip(new_keys, imports, strict=True)
            ]
        )
        kill_point("outbox.given")
        return new_keys

    def _row(
        self, key: str, line: OutboxQueue, kind: str, body: bytes, documents: Sequence[str],
        effect: VisibleEffect | None, file: str | None, label: str, seen: str,
    ) -> tuple[object, ...]:  # fmt: skip
        unchanging = (key, line, kind, body, json.dumps(list(documents)), file, label, self._stamp())
        document_id = documents[0] if len(documents) == 1 else None
        return (*unchanging, checksum_of(unchanging), document_id, effect, seen)

    @_retry_after_repair
    def _put(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Inserts rows. A command whose key is there already stays as it is."""
        with self._changing() as connection:
            connection.executemany(_GIVE, rows)

    @_retry_after_repair
    def undo(self, key: str) -> bool:
        """Cancels a command that was never sent. Returns False if it was, or is answered: see `take_back`."""
        with self._changing() as connection:
            # Only with no try at all: a request without an answer may have run, and no command may run after it was
            # shown as cancelled.
            done = connection.execute(
                f"UPDATE command SET state = 'CANCELLED', answered_at = ?, {_FORGETS}"  # noqa: S608
                " WHERE key = ? AND state = 'QUEUED' AND tries = 0",
                (self._stamp(), key),
            )
            return done.rowcount == 1

    @_retry_after_repair
    def take_back(self, key: str) -> bool:
        """Cancels a command, or has the server asked to refuse it for ever if it may have been sent.

        A command that has run on the server stays done. Returns False if the command is answered already.
        """
        if self.undo(key):
            return True
        with self._changing() as connection:
            done = connection.execute(
                "UPDATE command SET withdraw = 1 WHERE key = ? AND state IN ('QUEUED', 'SENDING')", (key,)
            )
            return done.rowcount == 1

    @_retry_after_repair
    def dismiss(self, keys: Iterable[str]) -> None:
        """Takes refused or expired commands off the list of failures."""
        with self._changing() as connection:
            connection.executemany("UPDATE command SET dismissed = 1 WHERE key = ?", [(key,) for key in keys])

    @_retry_after_repair
    def give_again(self, keys: Sequence[str], seen: str) -> list[str]:
        """Repeats refused or expired commands as new ones, in the old order, and dismisses the old ones.

        Commands whose settings were erased are left out. It is one transaction. Returns the new keys.
        """
        new_key: list[str] = []
        wanted = set(keys)
        with self._changing() as connection:
            for old in self._entries(f"WHERE {_REFUSED} AND kind NOT IN {_SECRETIVE} ORDER BY n"):
                if old.key not in wanted:
                    continue
                new_key.append(str(uuid.uuid4()))
                row = self._row(
                    new_key[-1], old.line, old.kind, old.body, old.documents, old.effect, old.file, old.label, seen
                )
                connection.execute(_GIVE, row)
                connection.execute("UPDATE command SET dismissed = 1 WHERE key = ?", (old.key,))
        kill_point("outbox.given")
        return new_key

    # sending

    @_retry_after_repair
    def claim(self, line: OutboxQueue, limit: int = BATCH) -> list[OutboxEntry]:
        """Returns the next commands of a line, at most a batch, and marks them SENDING before any request is made.

        The commands are the oldest of the line, in its order, and include those that were sent before without an
        answer: commands of one line take effect in the order in which the user gave them. A command that is to be
        withdrawn comes alone, because it needs a request of another kind.
        """
        with self._changing() as connection:
            head = self._head(connection, line, limit)
            # Committed before the request: after a kill a command that may have been sent must not look untried, or
            # `undo` would cancel a command that has run.
            connection.executemany(
                "UPDATE command SET state = 'SENDING', tries = tries + 1 WHERE key = ?", [(one.key,) for one in head]
            )
        if head:
            # Killed here, the commands count as tried though no request was made: sent again with the same keys, never
            # undone.
            kill_point("outbox.claimed")
        return head

    def _head(self, connection: sqlite3.Connection, line: OutboxQueue, limit: int) -> list[OutboxEntry]:
        head: list[OutboxEntry] = []
        size = 0
        for row in connection.execute(f"{SELECT} WHERE {_OPEN} AND line = ? ORDER BY n LIMIT ?", (line, limit)):
            entry = self._entry(row)
            size += len(entry.body) + 200
            if head and (entry.withdraw or head[0].withdraw or size > BATCH_BYTES):
                break
            head.append(entry)
        return head

    @_retry_after_repair
    def answered(
        self, key: str, state: CommandState, seq: int = 0, *, result: bytes | None = None, problem: bytes | None = None
    ) -> bool:
        """Stores the answer to a command.

        Only a command that is SENDING can be answered: a late or doubled answer changes nothing.

        Args:
            seq: The highest change number of the command's effect on the server.
            result: The server's JSON for a command that is done.
            problem: The server's JSON for a command that was refused or has expired.

        Returns:
            False if the command was not SENDING.
        """
        return self.answer_all([StoredAnswer(key=key, state=state, seq=seq, result=result, problem=problem)]) == 1

    @_retry_after_repair
    def answer_all(self, answers: Sequence[StoredAnswer]) -> int:
        """Stores the answers to several commands in one transaction. Returns how many of them were SENDING."""
        stamp = self._stamp()
        with self._changing() as connection:
            done = connection.executemany(
                f"UPDATE command SET state = ?, seq = ?, result = ?, problem = ?, answered_at = ?, {_FORGETS},"  # noqa: S608
                " failures = 0 WHERE key = ? AND state = 'SENDING'",
                [(one.state, one.seq, one.result, one.problem, stamp, one.key) for one in answers],
            )
        # Killed here, the answers are stored; settings that `_wipe` erases from the log stay in it until a later
        # checkpoint.
        kill_point("outbox.answered")
        self._wipe([one.key for one in answers])
        return done.rowcount

    @_retry_after_repair
    def failed(self, keys: Sequence[str]) -> bool:
        """Counts an answer 500 for the first of the commands; after `MOST_TRIES` in a row it is to be withdrawn.

        Without this a command that the server cannot run would block its line for ever. Returns True if it is to be
        withdrawn.
        """
        with self._changing() as connection:
            connection.execute(
                "UPDATE command SET failures = failures + 1, withdraw = (failures + 1 >= ?)"
                " WHERE key = ? AND state = 'SENDING'",
                (MOST_TRIES, keys[0]),
            )
            row = connection.execute("SELECT withdraw FROM command WHERE key = ?", (keys[0],)).fetchone()
        return bool(row and any(row))

    @_retry_after_repair
    def stamp_anew(self, epoch: str, seq: int) -> None:
        """Adapts open commands to a server that has a new epoch (a backup was restored).

        Commands that were never sent get the new `seen`. Commands that were sent expire: whether they ran before the
        backup cannot be known. Effects of done commands are not drawn any more: their numbers are of the old history.
        """
        with self._changing() as connection:
            connection.execute(
                f"UPDATE command SET state = 'EXPIRED', answered_at = ?, {_FORGETS}"  # noqa: S608
                f" WHERE {_OPEN} AND tries > 0 AND substr(seen, 1, ?) <> ?",
                (self._stamp(), len(epoch) + 1, f"{epoch}."),
            )
            connection.execute(
                f"UPDATE command SET seen = ? WHERE {_OPEN} AND tries = 0 AND substr(seen, 1, ?) <> ?",  # noqa: S608
                (f"{epoch}.{seq}", len(epoch) + 1, f"{epoch}."),
            )
            connection.execute(
                "UPDATE command SET effect = NULL WHERE state = 'DONE' AND substr(seen, 1, ?) <> ?",
                (len(epoch) + 1, f"{epoch}."),
            )

    @_retry_after_repair
    def shown(self, seq: int) -> None:
        """Ends the drawing of commands that were done up to `seq`, which the complete copy has reached."""
        connection = self.connection()
        drawn = "state = 'DONE' AND effect IS NOT NULL AND seq <= ?"
        if connection.execute(f"SELECT 1 FROM command WHERE {drawn} LIMIT 1", (seq,)).fetchone():  # noqa: S608
            with self._changing():
                connection.execute(f"UPDATE command SET effect = NULL WHERE {drawn}", (seq,))  # noqa: S608

    @_retry_after_repair
    def forget_old(self) -> list[str]:
        """Deletes commands that were settled more than `RETENTION` ago. Returns the files that commands still need."""
        before = (self._now() - RETENTION).isoformat(timespec="microseconds")
        with self._changing() as connection:
            settled = f"NOT ({_OPEN} OR ({_REFUSED}))"
            connection.execute(f"DELETE FROM command WHERE answered_at < ? AND {settled}", (before,))  # noqa: S608
            rows = connection.execute(f"SELECT DISTINCT file FROM command WHERE {_WANTS_FILE}")  # noqa: S608
            return [file for (file,) in rows]

    # reading

    @_retry_after_repair
    def version(self) -> int:
        """Returns a number that every change of the outbox raises, by any program."""
        return int(self.connection().execute("SELECT version FROM meta").fetchone()[0])

    @_retry_after_repair
    def entry(self, key: str) -> OutboxEntry | None:
        rows = self._entries("WHERE key = ?", (key,))
        return rows[0] if rows else None

    @_retry_after_repair
    def entries(self, keys: Collection[str]) -> dict[str, OutboxEntry]:
        """Returns the commands with these keys that are there, by key."""
        found = self._entries("WHERE key IN (SELECT value FROM json_each(?))", (json.dumps(list(keys)),))
        return {entry.key: entry for entry in found}

    @_retry_after_repair
    def is_any_open(self, keys: Collection[str]) -> bool:
        """Returns True if one of these commands has no answer yet."""
        query = f"SELECT 1 FROM command WHERE {_OPEN} AND key IN (SELECT value FROM json_each(?)) LIMIT 1"  # noqa: S608
        return self.connection().execute(query, (json.dumps(list(keys)),)).fetchone() is not None

    @_retry_after_repair
    def waiting(self, line: OutboxQueue | None = None) -> list[OutboxEntry]:
        """Returns the commands without an answer, in their order."""
        if line is None:
            return self._entries(f"WHERE {_OPEN} ORDER BY n")
        return self._entries(f"WHERE {_OPEN} AND line = ? ORDER BY n", (line,))

    @_retry_after_repair
    def not_seen_yet(self, kinds: Sequence[str], seq: int) -> list[OutboxEntry]:
        """Returns commands of these kinds whose effect a copy at `seq` does not have: open, or done after `seq`."""
        marks = ",".join("?" * len(kinds))
        where = f"WHERE kind IN ({marks}) AND ({_OPEN} OR (state = 'DONE' AND seq > ?)) ORDER BY n"
        return self._entries(where, (*kinds, seq))

    @_retry_after_repair
    def waiting_count(self, line: OutboxQueue | None = None) -> int:
        query = f"SELECT count(*) FROM command WHERE {_OPEN}" + ("" if line is None else " AND line = ?")  # noqa: S608
        (count,) = self.connection().execute(query, () if line is None else (line,)).fetchone()
        return int(count)

    @_retry_after_repair
    def needed_files(self, among: Set[str]) -> set[str]:
        """Returns those of the files that commands name which are open or may be repeated."""
        query = f"SELECT file FROM command WHERE {_WANTS_FILE} AND file IN (SELECT value FROM json_each(?))"  # noqa: S608
        return {file for (file,) in self.connection().execute(query, (json.dumps(sorted(among)),))}

    @_retry_after_repair
    def files(self) -> set[str]:
        """Returns the hashes of all files that commands name, settled commands included."""
        return {file for (file,) in self.connection().execute("SELECT file FROM command WHERE file IS NOT NULL")}

    @_retry_after_repair
    def refused(self) -> list[OutboxEntry]:
        """Returns refused and expired commands that are not dismissed, the newest first; without unfiled imports."""
        return self._entries(f"WHERE {_REFUSED} ORDER BY n DESC")

    @_retry_after_repair
    def refused_count(self) -> int:
        """Returns the number of commands that `refused` returns."""
        return int(self.connection().execute(f"SELECT count(*) FROM command WHERE {_REFUSED}").fetchone()[0])  # noqa: S608

    @_retry_after_repair
    def history(self, limit: int = 100) -> list[OutboxEntry]:
        """Returns the newest commands of any state, the newest first."""
        return self._entries("ORDER BY n DESC LIMIT ?", (limit,))

    @_retry_after_repair
    def overlay(self) -> Overlay:
        """Returns the effects that are drawn over rows of the copy. Read it before the copy, never after.

        In the other order a command that is answered in between would be missing in both, and the screen would show
        an older state for a moment.
        """
        connection = self.connection()
        marks: dict[str, list[Mark]] = {}
        with reading(connection):
            version = self.version()
            rows = connection.execute(
                "SELECT effect, documents, state, seq FROM command"
                " WHERE effect IS NOT NULL AND state IN ('QUEUED', 'SENDING', 'DONE') ORDER BY n"
            ).fetchall()
        for effect, documents, state, seq in rows:
            try:
                mark = Mark(effect=VisibleEffect(effect), done_at=seq if state == CommandState.DONE else None)
                ids = json.loads(documents)
            except (ValueError, TypeError) as error:
                raise LocalFault(FaultCode.DAMAGED, self.path) from error
            for document_id in ids:
                marks.setdefault(document_id, []).append(mark)
        return Overlay(version, {document_id: tuple(found) for document_id, found in marks.items()})

    @_retry_after_repair
    def rescues(self) -> list[Rescue]:
        """Returns the reports on damaged outboxes that are not dismissed, the newest last."""
        return self._rescues("dismissed = 0")

    @_retry_after_repair
    def rescues_to_print(self) -> list[Rescue]:
        """Returns the reports that no command line has printed, and marks them printed: each is printed once."""
        with self.transaction() as connection:
            found = self._rescues("printed = 0")
            connection.executemany("UPDATE rescue SET printed = 1 WHERE id = ?", [(one.id,) for one in found])
        return found

    @_retry_after_repair
    def dismiss_rescues(self) -> None:
        """Dismisses the reports on damaged outboxes."""
        with self._changing() as connection:
            connection.execute("UPDATE rescue SET dismissed = 1, printed = 1")

    def _rescues(self, where: str) -> list[Rescue]:
        query = f"SELECT id, at, kind, saved, lost, aside FROM rescue WHERE {where} ORDER BY id"  # noqa: S608
        return [
            Rescue(id=id_, at=datetime.fromisoformat(at), kind=RescueKind(kind), saved=saved, lost=lost, aside=aside)
            for id_, at, kind, saved, lost, aside in self.connection().execute(query)
        ]

    def _entries(self, where: str, values: Sequence[object] = ()) -> list[OutboxEntry]:
        return [self._entry(row) for row in self.connection().execute(f"{SELECT} {where}", values)]

    def _entry(self, row: Sequence[object]) -> OutboxEntry:
        try:
            return entry_of(row)
        except (ValueError, TypeError) as error:
            raise LocalFault(FaultCode.DAMAGED, self.path) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction to a file that no program replaces meanwhile. It does not raise `version`."""
        self.connection()  # makes a missing file now: that takes the exclusive lock, and would wait for the shared one
        with shared_lock(self._lock_path), writing(self.connection()) as connection:
            yield connection

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction that raises `version` and fails if a newer program has changed the schema."""
        with self.transaction() as connection:
            # In the same transaction as the write: a newer program may migrate the file at any moment before it.
            self._check_schema(connection)
            connection.execute("UPDATE meta SET version = version + 1")
            yield connection

    def _wipe(self, keys: Sequence[str]) -> None:
        """Removes erased settings from the log beside the file too, as soon as no transaction reads it."""
        connection = self.connection()
        marks = ",".join("?" * len(keys))
        query = f"SELECT 1 FROM command WHERE kind IN {_SECRETIVE} AND key IN ({marks}) LIMIT 1"  # noqa: S608
        if connection.execute(query, keys).fetchone() is not None:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        if connection.execute("SELECT schema FROM meta").fetchone()[0] > SCHEMA:
            raise OutboxTooNew

    def _connect(self) -> Connection:
        """Opens a connection under the shared lock: a program that replaces the file renames the old file first."""
        with shared_lock(self._lock_path):
            if self.path.exists():
                return self._opened()
        self.repair()
        with shared_lock(self._lock_path):
            return self._opened()

    def _opened(self) -> Connection:
        connection = connect(self.path, create=False)
        connection.execute("PRAGMA synchronous = FULL")  # a command that the user gave survives a power cut
        connection.execute("PRAGMA secure_delete = ON")  # overwrites the erased settings in the file
        # Makes SQLite open the log, which it finds by name, while the lock keeps the name of the file.
        connection.execute("SELECT 1 FROM meta").fetchone()
        return connection

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="microseconds")
