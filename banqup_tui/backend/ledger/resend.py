"""Another copy of what is there already, or may be: asked for by someone who saw the one before it settled."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from banqup_tui.backend.ledger.rows import stamp_generation, turn
from banqup_tui.backend.tables import delivery
from banqup_tui.backend.work import Work
from banqup_tui.domain.delivery import DeliveryState


def is_settled_copy(row: Row[Any]) -> bool:
    """Delivered, or unknown with nobody looking it up: only of such a one is another copy possible."""
    return bool(row.state == DeliveryState.DELIVERED or (row.state == DeliveryState.UNKNOWN and row.check_at is None))


def another_copy(work: Work, rows: Sequence[Row[Any]], asked_by: str | None) -> list[str]:
    """Returns the ids of those that were queued."""
    settled = [row for row in rows if is_settled_copy(row)]
    if not settled:
        return []
    fresh: dict[str, Any] = dict.fromkeys(
        ("destination", "settings_version", "remnant", "key_at", "reason", "remedy", "receipt", "sent_as")
    )
    fresh |= dict.fromkeys(("tries", "deaths", "checks"), 0)
    fresh |= {"uncertain": False, "generation": delivery.c.generation + 1, "due_at": work.now}
    turn(work, settled, DeliveryState.QUEUED, **fresh, asked_by=asked_by, asked_at=work.now)
    ids = [row.id for row in settled]
    stamp_generation(work, ids)
    return ids
