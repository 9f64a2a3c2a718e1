"""What waits in the outbox, drawn over the rows of the copy (docs/protocol.md, overlay)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from banqup_tui.domain.status import AccountingStatus, accounting_status
from banqup_tui.domain.values import Value


class Effect(StrEnum):
    """What a command does to the documents it names, as far as a list can show it. AWAY: to files *To place*."""

    SENT = "SENT"
    PROCESSED = "PROCESSED"
    NOT_PROCESSED = "NOT_PROCESSED"
    AWAY = "AWAY"


class Mark(Value, frozen=True, kw_only=True):
    """One command over one document. `done_at` is the command's highest number once it has been answered."""

    effect: Effect
    done_at: int | None = None


class Moment(Value, frozen=True, kw_only=True):
    """Of the copy, read in the same transaction as the row."""

    gen: int
    seq: int


class Drawn(Value, frozen=True, kw_only=True):
    status: AccountingStatus
    processed: bool
    attempted: bool
    pending: bool


class Overlay:
    """All marks, by document. A mark stays until the row is at least as new as the answer."""

    def __init__(self, version: int, marks: Mapping[str, tuple[Mark, ...]]) -> None:
        self.version = version
        self.marks = marks

    def over(self, document_id: str, ver: int, gen: int, now: Moment) -> list[Effect]:
        """What is still to be drawn over a row, in the order in which it was given."""
        marks = self.marks.get(document_id, ())
        return [mark.effect for mark in marks if not has_arrived(mark, ver, gen, now)]


def has_arrived(mark: Mark, ver: int, gen: int, now: Moment) -> bool:
    """Not by the cursor alone: while a copy is made again, an old row may still wait for its page."""
    if mark.done_at is None:
        return False
    return ver >= mark.done_at or (gen == now.gen and now.seq >= mark.done_at)


def draw(
    effects: Iterable[Effect],
    *,
    status: AccountingStatus,
    approved: bool,
    processed: bool,
    attempted: bool,
    is_open: bool,
    needs_a_look: bool,
) -> Drawn:
    """The status as it will be once the commands have run, by the rule of domain.status."""
    pending = False
    for effect in effects:
        pending = True
        match effect:
            case Effect.SENT:
                is_open = attempted = True
            case Effect.PROCESSED | Effect.NOT_PROCESSED:
                processed = effect is Effect.PROCESSED
    if pending:
        status = accounting_status(approved=approved, processed=processed, is_open=is_open, needs_a_look=needs_a_look)
    return Drawn(status=status, processed=processed, attempted=attempted, pending=pending)
