"""The outbox: every command the user gave, kept until the server has answered it (docs/protocol.md, sync up).

A file of its own beside the copy, so that a keypress never waits for a batch and the copy can be thrown away. Each
commit is on the disk before the function returns.
"""

import contextlib
import functools
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

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
    Entry,
    Line,
    Rescue,
    RescueKind,
    checksum_of,
    entry_of,
)
from banqup_tui.store.overlay import Effect, Mark, Overlay
from banqup_tui.store.sqlite import Connection, Connections, connect, reading, writing

SCHEMA = 1
BATCH = 100
BATCH_BYTES = 900_000
RETENTION = timedelta(days=30)
MOST_TRIES = 10
"""So many answers 500 in a row to one command, and it is taken back."""

_GIVE = (
    "INSERT INTO command (key, line, kind, body, documents, file, label, at, checksum, document_id, effect, seen)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
)
FORGETFUL_KINDS = (Install.KIND, Configure.KIND, AddIntegration.KIND, ConfigureIntegration.KIND)
"""Commands whose settings are wiped as soon as they are answered."""
_SECRETIVE = "('" + "', '".join(FORGETFUL_KINDS) + "')"
_FORGETS = (
    f"body = CASE WHEN kind IN {_SECRETIVE}"
    " THEN CAST(json_set(CAST(body AS TEXT), '$.settings', json('{}')) AS BLOB) ELSE body END"
)
"""Settings may hold secrets: once a command is settled they are kept sealed by the backend, and nowhere else."""
_OPEN = "state IN ('QUEUED', 'SENDING')"
_REFUSED = (
    f"state IN ('REFUSED', 'EXPIRED') AND dismissed = 0 AND NOT (kind = '{ImportFile.KIND}' AND state = 'REFUSED'"
    " AND coalesce(json_extract(problem, '$.type'), '') IN ('" + "', '".join(sorted(WAITS_UNFILED)) + "'))"
)
"""Not dismissed; but a file that waits under *To place* is no change that was not made."""
_WANTS_FILE = f"({_OPEN} OR ({_REFUSED})) AND file IS NOT NULL"
"""What was refused may be tried again until its user has let it be."""

_P = ParamSpec("_P")
_V = TypeVar("_V")


class OutboxTooNew(BanqupError):
    """A newer version of the program has raised the outbox's schema while this one ran."""

    exit_code = 76

    def __init__(self) -> None:
        super().__init__(message("computer.outbox-too-new"))


def _healing(
    method: Callable[Concatenate["Outbox", _P], _V],
) -> Callable[Concatenate["Outbox", _P], _V]:
    """Where the file proves damaged, what can be read is saved, and the method is called once more."""

    @functools.wraps(method)
    def call(self: "Outbox", /, *args: _P.args, **kwargs: _P.kwargs) -> _V:
        try:
            return method(self, *args, **kwargs)
        except LocalFault as fault:
            if not fault.is_damage or fault.path != self.path:
                raise
        self.heal()
        return method(self, *args, **kwargs)

    return call


class Outbox:
    """Any thread may call; each has a connection of its own. `now` gives aware times in UTC.

    Where another program has put a new file in its place, the next call opens that one.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._now = now
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._connections = Connections(self._connect)

    @classmethod
    def open(cls, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> "Outbox":
        """Make it if there is none. Of a damaged one, what can be read is saved into a new file: see `rescues`.

        Raises `LocalFault` where the file cannot be used now; it is left as it is then.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        outbox = cls(path, now)
        with shared_lock(outbox._lock_path):
            in_order = is_in_order(path)
        if not in_order:
            outbox.heal()
        outbox._check_schema(outbox.connection())
        return outbox

    def heal(self) -> None:
        """Look at the whole file, alone, and put in order what is not. Raises `LocalFault` where it cannot."""
        from banqup_tui.store import outbox_rescue

        with exclusive_lock(self._lock_path):
            outbox_rescue.put_in_order(self.path, self._now)

    def connection(self) -> Connection:
        """This thread's, to the file that stands at the path now."""
        connection = self._connections.mine()
        if not connection.in_transaction and not connection.is_at_its_path():
            self._connections.drop_mine()
            connection = self._connections.mine()
        return connection

    def close(self) -> None:
        self._connections.close()

    # what the user does

    def give(
        self,
        kind: str,
        body: bytes,
        seen: str,
        *,
        documents: Sequence[str] = (),
        effect: Effect | None = None,
        label: str = "",
        line: Line = Line.COMMANDS,
        file: str | None = None,
        key: str | None = None,
    ) -> str:
        """Put a command at the end of its line, on the disk. Returns its key."""
        new_key = key or str(uuid.uuid4())
        self._put([self._row(new_key, line, kind, body, documents, effect, file, label, seen)])
        kill_point("outbox.given")
        return new_key

    def give_all(
        self,
        commands: Sequence[tuple[str, bytes, Sequence[str], Effect | None]],
        seen: str,
        *,
        label: str = "",
        labels: Sequence[str] = (),
    ) -> list[str]:
        """Several at once, in order: kind, body, documents and effect of each. All are on the disk, or none.

        `labels`: one for each, in place of the same for all.
        """
        keys = [str(uuid.uuid4()) for _ in commands]
        named = zip(keys, commands, labels or [label] * len(keys), strict=True)
        self._put(
            [
                self._row(key, Line.COMMANDS, kind, body, documents, effect, None, label_of_one, seen)
                for key, (kind, body, documents, effect), label_of_one in named
            ]
        )
        kill_point("outbox.given")
        return keys

    def _row(
        self, key: str, line: Line, kind: str, body: bytes, documents: Sequence[str], effect: Effect | None,
        file: str | None, label: str, seen: str,
    ) -> tuple[object, ...]:  # fmt: skip
        unchanging = (key, line, kind, body, json.dumps(list(documents)), file, label, self._stamp())
        document_id = documents[0] if len(documents) == 1 else None
        return (*unchanging, checksum_of(unchanging), document_id, effect, seen)

    @_healing
    def _put(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Those that are there already, by their keys, stay as they are."""
        with self._changing() as connection:
            connection.executemany(_GIVE, rows)

    @_healing
    def undo(self, key: str) -> bool:
        """Take back what was never tried. False: too late, see `take_back`."""
        with self._changing() as connection:
            done = connection.execute(
                f"UPDATE command SET state = 'CANCELLED', answered_at = ?, {_FORGETS}"  # noqa: S608
                " WHERE key = ? AND state = 'QUEUED' AND tries = 0",
                (self._stamp(), key),
            )
            return done.rowcount == 1

    @_healing
    def take_back(self, key: str) -> bool:
        """Undo, or ask the server to refuse it for ever; what had run already stays done. False: it is settled."""
        if self.undo(key):
            return True
        with self._changing() as connection:
            done = connection.execute(
                "UPDATE command SET withdraw = 1 WHERE key = ? AND state IN ('QUEUED', 'SENDING')", (key,)
            )
            return done.rowcount == 1

    @_healing
    def dismiss(self, keys: Iterable[str]) -> None:
        """The user has looked at what was refused or expired."""
        with self._changing() as connection:
            connection.executemany("UPDATE command SET dismissed = 1 WHERE key = ?", [(key,) for key in keys])

    @_healing
    def give_again(self, keys: Sequence[str], seen: str) -> list[str]:
        """Give what was refused or has expired once more, as new commands in the old order; the old ones are dismissed.

        Commands whose settings are gone are passed over. All of it is one transaction: the new keys.
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

    # what the sync does

    @_healing
    def claim(self, line: Line, limit: int = BATCH) -> list[Entry]:
        """The head of the line, at most a batch, now SENDING and counted as tried before any request is made.

        An entry that is to be taken back comes alone.
        """
        with self._changing() as connection:
            head = self._head(connection, line, limit)
            connection.executemany(
                "UPDATE command SET state = 'SENDING', tries = tries + 1 WHERE key = ?", [(one.key,) for one in head]
            )
        if head:
            kill_point("outbox.claimed")
        return head

    def _head(self, connection: sqlite3.Connection, line: Line, limit: int) -> list[Entry]:
        head: list[Entry] = []
        size = 0
        for row in connection.execute(f"{SELECT} WHERE {_OPEN} AND line = ? ORDER BY n LIMIT ?", (line, limit)):
            entry = self._entry(row)
            size += len(entry.body) + 200
            if head and (entry.withdraw or head[0].withdraw or size > BATCH_BYTES):
                break
            head.append(entry)
        return head

    @_healing
    def answered(
        self, key: str, state: CommandState, seq: int = 0, *, result: bytes | None = None, problem: bytes | None = None
    ) -> bool:
        """Write down an answer. Only what is SENDING can be answered: a doubled answer changes nothing."""
        with self._changing() as connection:
            done = connection.execute(
                f"UPDATE command SET state = ?, seq = ?, result = ?, problem = ?, answered_at = ?, {_FORGETS},"  # noqa: S608
                " failures = 0 WHERE key = ? AND state = 'SENDING'",
                (state, seq, result, problem, self._stamp(), key),
            )
        kill_point("outbox.answered")
        self._wipe([key])
        return done.rowcount == 1

    @_healing
    def failed(self, keys: Sequence[str]) -> bool:
        """The server answered 500. After ten in a row the first of them is taken back. True if so."""
        with self._changing() as connection:
            connection.execute(
                "UPDATE command SET failures = failures + 1, withdraw = (failures + 1 >= ?)"
                " WHERE key = ? AND state = 'SENDING'",
                (MOST_TRIES, keys[0]),
            )
            row = connection.execute("SELECT withdraw FROM command WHERE key = ?", (keys[0],)).fetchone()
        return bool(row and row[0])

    @_healing
    def stamp_anew(self, epoch: str, seq: int) -> None:
        """The server's history is another one: what was never tried is stamped anew, what was tried has expired."""
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

    @_healing
    def shown(self, seq: int) -> None:
        """The complete copy has `seq`: nothing done by then need be drawn any more."""
        connection = self.connection()
        drawn = "state = 'DONE' AND effect IS NOT NULL AND seq <= ?"
        if connection.execute(f"SELECT 1 FROM command WHERE {drawn} LIMIT 1", (seq,)).fetchone():  # noqa: S608
            with self._changing():
                connection.execute(f"UPDATE command SET effect = NULL WHERE {drawn}", (seq,))  # noqa: S608

    @_healing
    def forget_old(self) -> list[str]:
        """Drop what was settled 30 days ago. Returns the files no command needs any more."""
        before = (self._now() - RETENTION).isoformat(timespec="microseconds")
        with self._changing() as connection:
            settled = f"NOT ({_OPEN} OR ({_REFUSED}))"
            connection.execute(f"DELETE FROM command WHERE answered_at < ? AND {settled}", (before,))  # noqa: S608
            rows = connection.execute(f"SELECT DISTINCT file FROM command WHERE {_WANTS_FILE}")  # noqa: S608
            return [row[0] for row in rows]

    # what is read

    @_healing
    def version(self) -> int:
        """Raised with every change, whoever makes it."""
        return int(self.connection().execute("SELECT version FROM meta").fetchone()[0])

    @_healing
    def entry(self, key: str) -> Entry | None:
        rows = self._entries("WHERE key = ?", (key,))
        return rows[0] if rows else None

    @_healing
    def waiting(self, line: Line | None = None) -> list[Entry]:
        """What has no answer yet, in order."""
        if line is None:
            return self._entries(f"WHERE {_OPEN} ORDER BY n")
        return self._entries(f"WHERE {_OPEN} AND line = ? ORDER BY n", (line,))

    @_healing
    def not_seen_yet(self, kinds: Sequence[str], seq: int) -> list[Entry]:
        """Commands of these kinds whose effect a copy at `seq` does not show: not answered, or done after it."""
        marks = ",".join("?" * len(kinds))
        where = f"WHERE kind IN ({marks}) AND ({_OPEN} OR (state = 'DONE' AND seq > ?)) ORDER BY n"
        return self._entries(where, (*kinds, seq))

    @_healing
    def waiting_count(self, line: Line | None = None) -> int:
        query = f"SELECT count(*) FROM command WHERE {_OPEN}" + ("" if line is None else " AND line = ?")  # noqa: S608
        row = self.connection().execute(query, () if line is None else (line,)).fetchone()
        return int(row[0])

    @_healing
    def needs_file(self, sha256: str) -> bool:
        """Some command speaks of these bytes that has no answer yet, or was refused and may be tried again."""
        query = f"SELECT 1 FROM command WHERE {_WANTS_FILE} AND file = ? LIMIT 1"  # noqa: S608
        return self.connection().execute(query, (sha256,)).fetchone() is not None

    @_healing
    def files(self) -> set[str]:
        """The hashes of all bytes that commands speak of, whatever became of them."""
        return {row[0] for row in self.connection().execute("SELECT file FROM command WHERE file IS NOT NULL")}

    @_healing
    def refused(self) -> list[Entry]:
        """Refused or expired, and not dismissed; newest first. Without files that wait under *To place*."""
        return self._entries(f"WHERE {_REFUSED} ORDER BY n DESC")

    @_healing
    def refused_count(self) -> int:
        """How many `refused` gives."""
        return int(self.connection().execute(f"SELECT count(*) FROM command WHERE {_REFUSED}").fetchone()[0])  # noqa: S608

    @_healing
    def history(self, limit: int = 100) -> list[Entry]:
        """Newest first, whatever became of it."""
        return self._entries("ORDER BY n DESC LIMIT ?", (limit,))

    @_healing
    def overlay(self) -> Overlay:
        """What is drawn over rows of the copy. Read it before the copy, never after."""
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
                mark = Mark(effect=Effect(effect), done_at=seq if state == CommandState.DONE else None)
                ids = json.loads(documents)
            except (ValueError, TypeError) as error:
                raise LocalFault(FaultCode.DAMAGED, self.path) from error
            for document_id in ids:
                marks.setdefault(document_id, []).append(mark)
        return Overlay(version, {document_id: tuple(found) for document_id, found in marks.items()})

    @_healing
    def rescues(self) -> list[Rescue]:
        """What was saved of damaged outboxes and what was not, until `dismiss_rescues`; newest last."""
        return self._rescues("dismissed = 0")

    @_healing
    def rescues_to_print(self) -> list[Rescue]:
        """Those that no command line has said yet. Each is given to one of them."""
        with self.transaction() as connection:
            found = self._rescues("printed = 0")
            connection.executemany("UPDATE rescue SET printed = 1 WHERE id = ?", [(one.id,) for one in found])
        return found

    @_healing
    def dismiss_rescues(self) -> None:
        """The user has read them."""
        with self._changing() as connection:
            connection.execute("UPDATE rescue SET dismissed = 1, printed = 1")

    def _rescues(self, where: str) -> list[Rescue]:
        query = f"SELECT id, at, kind, saved, lost, aside FROM rescue WHERE {where} ORDER BY id"  # noqa: S608
        return [
            Rescue(
                id=row[0], at=datetime.fromisoformat(row[1]), kind=RescueKind(row[2]), saved=row[3], lost=row[4],
                aside=row[5],
            )
            for row in self.connection().execute(query)
        ]  # fmt: skip

    def _entries(self, where: str, values: Sequence[object] = ()) -> list[Entry]:
        return [self._entry(row) for row in self.connection().execute(f"{SELECT} {where}", values)]

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        try:
            return entry_of(row)
        except (ValueError, TypeError) as error:
            raise LocalFault(FaultCode.DAMAGED, self.path) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """For writing, to a file that nobody replaces meanwhile. `version` stays as it is."""
        self.connection()  # a missing file is made now: that needs the lock alone
        with shared_lock(self._lock_path), writing(self.connection()) as connection:
            yield connection

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self.transaction() as connection:
            self._check_schema(connection)
            connection.execute("UPDATE meta SET version = version + 1")
            yield connection

    def _wipe(self, keys: Sequence[str]) -> None:
        """Of settings that were forgotten nothing is left in the log beside the file either, once nobody reads it."""
        connection = self.connection()
        marks = ",".join("?" * len(keys))
        query = f"SELECT 1 FROM command WHERE kind IN {_SECRETIVE} AND key IN ({marks}) LIMIT 1"  # noqa: S608
        if connection.execute(query, keys).fetchone() is not None:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        if connection.execute("SELECT schema FROM meta").fetchone()[0] > SCHEMA:
            raise OutboxTooNew

    def _connect(self) -> Connection:
        """Shares the lock: a program that puts a new file in its place renames the old one first."""
        with shared_lock(self._lock_path):
            if self.path.exists():
                return self._opened()
        self.heal()
        with shared_lock(self._lock_path):
            return self._opened()

    def _opened(self) -> Connection:
        connection = connect(self.path, create=False)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("SELECT 1 FROM meta").fetchone()  # opens the log beside the file, which is found by name
        return connection

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="microseconds")
