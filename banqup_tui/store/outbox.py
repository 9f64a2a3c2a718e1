"""The outbox: every command the user gave, kept until the server has answered it (docs/protocol.md, sync up).

A file of its own beside the copy, so that a keypress never waits for a batch and the copy can be thrown away. Each
commit is on the disk before the function returns.
"""

import contextlib
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from banqup_tui.domain.errors import BanqupError
from banqup_tui.kill_points import kill_point
from banqup_tui.store.faults import LocalFault
from banqup_tui.store.outbox_entry import SELECT, CommandState, Entry, Line, entry_of
from banqup_tui.store.overlay import Effect, Mark, Overlay
from banqup_tui.store.sqlite import Connection, Connections, connect, reading, writing

SCHEMA = 1
BATCH = 100
BATCH_BYTES = 900_000
KEPT = timedelta(days=30)
GIVEN_UP_AFTER = 10
"""So many answers 500 in a row to one command, and it is taken back."""

_GIVE = (
    "INSERT INTO command (key, line, kind, body, document_id, documents, effect, file, label, seen, at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SECRETIVE = "('INSTALL', 'CONFIGURE', 'ADD_INTEGRATION', 'CONFIGURE_INTEGRATION')"
_FORGETS = (
    f"body = CASE WHEN kind IN {_SECRETIVE}"
    " THEN CAST(json_set(CAST(body AS TEXT), '$.settings', json('{}')) AS BLOB) ELSE body END"
)
"""Settings may hold secrets: once a command is settled they are kept sealed by the backend, and nowhere else."""
_OPEN = "state IN ('QUEUED', 'SENDING')"


class OutboxTooNew(BanqupError):
    """A newer version of the program has raised the outbox's schema while this one ran."""

    exit_code = 76

    def __init__(self) -> None:
        super().__init__("A newer version of the program uses this outbox.", "Restart this terminal.")


class Outbox:
    """Any thread may call; each has a connection of its own. `now` gives aware times in UTC."""

    def __init__(self, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.path = path
        self._now = now
        self._connections = Connections(self._connect)
        self.saved_from: Path | None = None

    @classmethod
    def open(cls, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> "Outbox":
        """Make it if there is none. Of a corrupt one, what can be read is saved into a new file first."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        outbox = cls(path, now)
        if not path.exists():
            from banqup_tui.store import outbox_schema

            outbox_schema.make(path)
        elif not _is_sound(path):
            from banqup_tui.store import outbox_rescue

            outbox.saved_from = outbox_rescue.save(path)
        outbox._check_schema(outbox.connection())
        return outbox

    def connection(self) -> sqlite3.Connection:
        """This thread's."""
        return self._connections.mine()

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
        given = key or str(uuid.uuid4())
        row = (
            given, line, kind, body, documents[0] if len(documents) == 1 else None, json.dumps(list(documents)), effect,
            file, label, seen, self._stamp(),
        )  # fmt: skip
        with self._changing() as connection:
            connection.execute(_GIVE, row)
        kill_point("outbox.given")
        return given

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
        rows = [
            (key, Line.COMMANDS, kind, body, documents[0] if len(documents) == 1 else None,
             json.dumps(list(documents)), effect, None, named, seen, self._stamp())
            for key, (kind, body, documents, effect), named in zip(
                keys, commands, labels or [label] * len(keys), strict=True
            )
        ]  # fmt: skip
        with self._changing() as connection:
            connection.executemany(_GIVE, rows)
        kill_point("outbox.given")
        return keys

    def undo(self, key: str) -> bool:
        """Take back what was never tried. False: too late, see `take_back`."""
        with self._changing() as connection:
            done = connection.execute(
                f"UPDATE command SET state = 'CANCELLED', answered_at = ?, {_FORGETS}"  # noqa: S608
                " WHERE key = ? AND state = 'QUEUED' AND tries = 0",
                (self._stamp(), key),
            )
            return done.rowcount == 1

    def take_back(self, key: str) -> bool:
        """Undo, or ask the server to refuse it for ever; what had run already stays done. False: it is settled."""
        if self.undo(key):
            return True
        with self._changing() as connection:
            done = connection.execute(
                "UPDATE command SET withdraw = 1 WHERE key = ? AND state IN ('QUEUED', 'SENDING')", (key,)
            )
            return done.rowcount == 1

    def dismiss(self, keys: Iterable[str]) -> None:
        """The user has looked at what was refused or expired."""
        with self._changing() as connection:
            connection.executemany("UPDATE command SET dismissed = 1 WHERE key = ?", [(key,) for key in keys])

    # what the sync does

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
            entry = entry_of(row)
            size += len(entry.body) + 200
            if head and (entry.withdraw or head[0].withdraw or size > BATCH_BYTES):
                break
            head.append(entry)
        return head

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

    def failed(self, keys: Sequence[str]) -> bool:
        """The server answered 500. After ten in a row the first of them is taken back. True if so."""
        with self._changing() as connection:
            connection.execute(
                "UPDATE command SET failures = failures + 1, withdraw = (failures + 1 >= ?)"
                " WHERE key = ? AND state = 'SENDING'",
                (GIVEN_UP_AFTER, keys[0]),
            )
            row = connection.execute("SELECT withdraw FROM command WHERE key = ?", (keys[0],)).fetchone()
        return bool(row and row[0])

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

    def shown(self, seq: int) -> None:
        """The complete copy has `seq`: nothing done by then need be drawn any more."""
        connection = self.connection()
        drawn = "state = 'DONE' AND effect IS NOT NULL AND seq <= ?"
        if connection.execute(f"SELECT 1 FROM command WHERE {drawn} LIMIT 1", (seq,)).fetchone():  # noqa: S608
            with self._changing():
                connection.execute(f"UPDATE command SET effect = NULL WHERE {drawn}", (seq,))  # noqa: S608

    def forget_old(self) -> list[str]:
        """Drop what was settled 30 days ago. Returns the files no command needs any more."""
        before = (self._now() - KEPT).isoformat(timespec="microseconds")
        with self._changing() as connection:
            connection.execute(
                "DELETE FROM command WHERE answered_at < ? AND (state IN ('DONE', 'CANCELLED') OR dismissed = 1)",
                (before,),
            )
            rows = connection.execute(f"SELECT DISTINCT file FROM command WHERE {_OPEN} AND file IS NOT NULL")  # noqa: S608
            return [row[0] for row in rows]

    # what is read

    def version(self) -> int:
        """Raised with every change, whoever makes it."""
        return int(self.connection().execute("SELECT version FROM meta").fetchone()[0])

    def entry(self, key: str) -> Entry | None:
        rows = self._entries("WHERE key = ?", (key,))
        return rows[0] if rows else None

    def waiting(self, line: Line | None = None) -> list[Entry]:
        """What has no answer yet, in order."""
        if line is None:
            return self._entries(f"WHERE {_OPEN} ORDER BY n")
        return self._entries(f"WHERE {_OPEN} AND line = ? ORDER BY n", (line,))

    def not_seen_yet(self, kinds: Sequence[str], seq: int) -> list[Entry]:
        """Commands of these kinds whose effect a copy at `seq` does not show: not answered, or done after it."""
        marks = ",".join("?" * len(kinds))
        where = f"WHERE kind IN ({marks}) AND ({_OPEN} OR (state = 'DONE' AND seq > ?)) ORDER BY n"
        return self._entries(where, (*kinds, seq))

    def waiting_count(self, line: Line | None = None) -> int:
        query = f"SELECT count(*) FROM command WHERE {_OPEN}" + ("" if line is None else " AND line = ?")  # noqa: S608
        row = self.connection().execute(query, () if line is None else (line,)).fetchone()
        return int(row[0])

    def needs_file(self, sha256: str) -> bool:
        """Some command that has no answer yet speaks of these bytes."""
        query = f"SELECT 1 FROM command WHERE {_OPEN} AND file = ? LIMIT 1"  # noqa: S608
        return self.connection().execute(query, (sha256,)).fetchone() is not None

    def to_look_at(self) -> list[Entry]:
        """Refused or expired, and not dismissed; newest first."""
        return self._entries("WHERE state IN ('REFUSED', 'EXPIRED') AND dismissed = 0 ORDER BY n DESC")

    def history(self, limit: int = 100) -> list[Entry]:
        """Newest first, whatever became of it."""
        return self._entries("ORDER BY n DESC LIMIT ?", (limit,))

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
            mark = Mark(effect=Effect(effect), done_at=seq if state == CommandState.DONE else None)
            for document_id in json.loads(documents):
                marks.setdefault(document_id, []).append(mark)
        return Overlay(version, {document_id: tuple(found) for document_id, found in marks.items()})

    def _entries(self, where: str, values: Sequence[object] = ()) -> list[Entry]:
        return [entry_of(row) for row in self.connection().execute(f"{SELECT} {where}", values)]

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with writing(self.connection()) as connection:
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
        connection = connect(self.path)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="microseconds")


def _is_sound(path: Path) -> bool:
    """Raises `LocalFault` where the file cannot be used now: whether it is damaged is not known then."""
    try:
        with contextlib.closing(connect(path)) as connection:
            connection.execute("SELECT schema, version FROM meta").fetchone()[0]
            connection.execute("SELECT count(*) FROM lease").fetchone()
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except LocalFault as fault:
        if not fault.is_damage:
            raise
        return False
    except (sqlite3.OperationalError, TypeError):  # a sound file without our tables or rows
        return False
