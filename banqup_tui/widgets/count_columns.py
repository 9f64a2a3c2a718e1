"""The columns of counts by status, in the client table and in the wide form of the folders."""

from __future__ import annotations

from banqup_tui.domain.status import AccountingStatus
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.signs import STATUSES, sign
from banqup_tui.widgets.strips import LineBuilder
from banqup_tui.widgets.theme import Ground, Look

COUNTED: tuple[AccountingStatus, ...] = (
    AccountingStatus.ERROR,
    AccountingStatus.QUEUED,
    AccountingStatus.READY_TO_PROCESS,
    AccountingStatus.CLIENT_ACTION_NEEDED,
)
"""The statuses that are counted, in the order of the columns."""


def draw_count(line: LineBuilder, end: int, number: int, status: AccountingStatus, look: Look, ground: Ground) -> None:
    """Draws a count that ends before column `end`; zero is a dot."""
    if not number:
        line.put_right(end, sign("zero"), look.style("rule", ground))
        return
    appearance = STATUSES[status]
    line.put_right(end, count(number), look.style(appearance.token, ground, bold=appearance.bold))
