"""The effects of pending commands, drawn over the rows of the copy (docs/protocol.md, "Commands, up")."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from banqup_tui.domain.status import AccountingStatus, accounting_status
from banqup_tui.domain.values import Value


class VisibleEffect(StrEnum):
    """The visible effect of a command on documents. AWAY: an unfiled file leaves its list.

    RELEASED: a duplicate is decided; UNDECIDED: the decision is taken back. MOVED: it is pending
    until it is seen in its new place.
    """

    SENT = "SENT"
    PROCESSED = "PROCESSED"
    NOT_PROCESSED = "NOT_PROCESSED"
    AWAY = "AWAY"
    RELEASED = "RELEASED"
    UNDECIDED = "HELD"
    WITHDRAWN = "WITHDRAWN"
    RESTORED = "RESTORED"
    MOVED = "MOVED"


class Mark(Value, frozen=True, kw_only=True):
    """The effect of one command on one document. `done_at` is the change number of the answer, `None` before it."""

    effect: VisibleEffect
    done_at: int | None = None


class Moment(Value, frozen=True, kw_only=True):
    """Generation and change number of the copy, read in the same transaction as the row."""

    gen: int
    seq: int


class Drawn(Value, frozen=True, kw_only=True):
    """The state of a document with the effects of pending commands."""

    status: AccountingStatus
    processed: bool
    attempted: bool
    undecided: bool
    withdrawn: bool
    pending: bool


class Overlay:
    """All marks by document, in the order of their commands. `version` is that of the outbox."""

    def __init__(self, version: int, marks: Mapping[str, tuple[Mark, ...]]) -> None:
        self.version = version
        self.marks = marks

    def over(self, document_id: str, ver: int, gen: int, now: Moment) -> list[VisibleEffect]:
        """Returns the effects that the row does not show yet, in the order of their commands."""
        marks = self.marks.get(document_id, ())
        return [mark.effect for mark in marks if not has_arrived(mark, ver, gen, now)]


def has_arrived(mark: Mark, ver: int, gen: int, now: Moment) -> bool:
    """Returns True if a row of the copy shows the effect of a command, so that it is not drawn any more.

    `ver` and `gen` are those of the row.
    """
    # Not at the answer: the copy does not have it yet, and the row would show the old state until the next pull.
    # Not by equal values: another user may have changed the row to the same value and back.
    # Not by the copy's number alone: during a new first copy, a row of the older generation waits for its page.
    if mark.done_at is None:
        return False
    return ver >= mark.done_at or (gen == now.gen and now.seq >= mark.done_at)


def draw(
    effects: Iterable[VisibleEffect],
    *,
    status: AccountingStatus,
    approved: bool,
    processed: bool,
    attempted: bool,
    is_open: bool,
    needs_a_look: bool,
    undecided: bool,
    withdrawn: bool,
) -> Drawn:
    """Returns the state that a document will have once the commands have run, by the rule of domain.status.

    Args:
        effects: The effects of pending commands, in their order.
        status: The status in the copy, which stays if there are no effects.
        approved: Whether the document is approved, and so on for the other flags, as the copy has them.
        is_open: A delivery of the document is queued, on its way, or waits for a check.
        needs_a_look: A delivery is failed or uncertain and not dismissed.
    """
    pending = False
    for effect in effects:
        pending = True
        match effect:
            case VisibleEffect.SENT:
                is_open = attempted = True
            case VisibleEffect.PROCESSED | VisibleEffect.NOT_PROCESSED:
                processed = effect is VisibleEffect.PROCESSED
            case VisibleEffect.RELEASED | VisibleEffect.UNDECIDED:
                undecided, withdrawn = effect is VisibleEffect.UNDECIDED, False
            case VisibleEffect.WITHDRAWN | VisibleEffect.RESTORED:
                withdrawn = effect is VisibleEffect.WITHDRAWN
    if pending:
        status = accounting_status(
            approved=approved, processed=processed, is_open=is_open, needs_a_look=needs_a_look, undecided=undecided
        )
    return Drawn(
        status=status,
        processed=processed,
        attempted=attempted,
        undecided=undecided,
        withdrawn=withdrawn,
        pending=pending,
    )
