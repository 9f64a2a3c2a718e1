"""A command in the outbox: its line, its state (docs/protocol.md, "Commands, up"), and its decoding from a row."""

import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from banqup_tui.domain.values import JsonObject, Value
from banqup_tui.store.overlay import VisibleEffect


class OutboxQueue(StrEnum):
    """The two queues of the outbox: a long import does not delay other commands."""

    COMMANDS = "COMMANDS"
    IMPORTS = "IMPORTS"


class CommandState(StrEnum):
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    DONE = "DONE"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


OPEN_STATES = (CommandState.QUEUED, CommandState.SENDING)


class OutboxEntry(Value, frozen=True, kw_only=True):
    """A command in the outbox.

    `documents`, `effect`, `file`, `label` and `seen` are the arguments of `Outbox.give`. `failures` counts answers 500
    in a row. `withdraw` is True if the server is to refuse the command for ever. `result` and `problem` are the
    server's answer, as plain data.
    """

    n: int
    key: str
    line: OutboxQueue
    kind: str
    body: bytes
    documents: tuple[str, ...]
    effect: VisibleEffect | None
    file: str | None
    label: str
    seen: str
    state: CommandState
    tries: int
    failures: int
    withdraw: bool
    seq: int
    result: object
    problem: JsonObject | None
    at: datetime
    answered_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def can_be_undone(self) -> bool:
        return self.state is CommandState.QUEUED and self.tries == 0


class StoredAnswer(Value, frozen=True, kw_only=True):
    """The server's answer to a command, as `Outbox.answered` stores it."""

    key: str
    state: CommandState
    seq: int = 0
    result: bytes | None = None
    problem: bytes | None = None


class RescueKind(StrEnum):
    """Where commands were read from. SAVED: a damaged outbox. FOUND: an outbox that was renamed earlier."""

    SAVED = "SAVED"
    FOUND = "FOUND"


class Rescue(Value, frozen=True, kw_only=True):
    """The report on the open commands of a damaged outbox; `aside` is the path of the old file.

    `lost` counts commands that could not be read; those whose kind is known are also among the refused commands.
    """

    id: int
    at: datetime
    kind: RescueKind
    saved: int
    lost: int
    aside: str


COLUMNS = (
    "n", "key", "line", "kind", "body", "documents", "effect", "file", "label", "seen", "state", "tries", "failures",
    "withdraw", "seq", "result", "problem", "at", "answered_at", "checksum",
)  # fmt: skip
SELECT = f"SELECT {', '.join(COLUMNS)} FROM command"  # noqa: S608
"""The query whose rows `entry_of` decodes."""


def entry_of(row: Sequence[Any]) -> OutboxEntry:
    """Decodes a row of `SELECT`. Raises `ValueError` or `TypeError` if the row is damaged."""
    (
        n, key, line, kind, body, documents, effect, file, label, seen, state, tries, failures, withdraw, seq, result,
        problem, at, answered_at, checksum,
    ) = row  # fmt: skip
    entry = OutboxEntry(
        n=n, key=key, line=OutboxQueue(line), kind=kind, body=body, documents=tuple(json.loads(documents or "[]")),
        effect=VisibleEffect(effect) if effect else None, file=file, label=label or "", seen=seen or "",
        state=CommandState(state), tries=tries, failures=failures, withdraw=bool(withdraw), seq=seq,
        result=json.loads(result) if result else None, problem=json.loads(problem) if problem else None,
        at=datetime.fromisoformat(at), answered_at=datetime.fromisoformat(answered_at) if answered_at else None,
    )  # fmt: skip
    unchanging = (key, line, kind, body, documents, file, label, at)
    if entry.is_open and checksum is not None and checksum != checksum_of(unchanging):
        raise ValueError("the checksum differs")
    return entry


def checksum_of(values: Sequence[str | bytes | None]) -> int:
    """Returns a CRC-32 over the values that do not change while a command is open.

    These are key, line, kind, body, documents, file, label and at. SQLite has no checksums of pages: with a changed bit
    another command would be sent.
    """
    parts = (b"\0" if value is None else value if isinstance(value, bytes) else value.encode() for value in values)
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, zlib.crc32(b"%d:" % len(part), checksum))
    return checksum
