"""A command in the outbox: its line, its state (docs/protocol.md, "Commands, up"), and its decoding from a row."""

import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from banqup_tui.domain.values import Value
from banqup_tui.store.overlay import Effect


class Line(StrEnum):
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


class Entry(Value, frozen=True, kw_only=True):
    """A command in the outbox.

    `documents`, `effect`, `file`, `label` and `seen` are the arguments of `Outbox.give`. `failures` counts answers 500
    in a row. `withdraw` is True if the server is to refuse the command for ever. `result` and `problem` are the
    server's answer, as plain data.
    """

    n: int
    key: str
    line: Line
    kind: str
    body: bytes
    documents: tuple[str, ...]
    effect: Effect | None
    file: str | None
    label: str
    seen: str
    state: CommandState
    tries: int
    failures: int
    withdraw: bool
    seq: int
    result: Any
    problem: dict[str, Any] | None
    at: datetime
    answered_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def can_be_undone(self) -> bool:
        return self.state is CommandState.QUEUED and self.tries == 0


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


def entry_of(row: tuple[Any, ...]) -> Entry:
    """Decodes a row of `SELECT`. Raises `ValueError` or `TypeError` if the row is damaged."""
    entry = Entry(
        n=row[0], key=row[1], line=Line(row[2]), kind=row[3], body=row[4], documents=tuple(json.loads(row[5] or "[]")),
        effect=Effect(row[6]) if row[6] else None, file=row[7], label=row[8] or "", seen=row[9] or "",
        state=CommandState(row[10]), tries=row[11], failures=row[12], withdraw=bool(row[13]), seq=row[14],
        result=json.loads(row[15]) if row[15] else None, problem=json.loads(row[16]) if row[16] else None,
        at=datetime.fromisoformat(row[17]), answered_at=datetime.fromisoformat(row[18]) if row[18] else None,
    )  # fmt: skip
    if entry.is_open and row[19] is not None and row[19] != checksum_of(row[1:6] + row[7:9] + row[17:18]):
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
