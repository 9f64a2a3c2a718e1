"""The lease, in the outbox's file: of several programs with one copy, which one pulls and sends.

Only an economy, never needed for safety.
"""

import time

from banqup_tui.kill_points import kill_point
from banqup_tui.store.outbox import Outbox

LEASE_SECONDS = 20.0


def lead(outbox: Outbox, holder: str, wall: float | None = None) -> bool:
    """Take or renew the lease. False: another holds it."""
    now = time.time() if wall is None else wall
    with outbox.transaction() as connection:
        done = connection.execute(
            "UPDATE lease SET fence = fence + (holder <> ?), holder = ?, until = ?"
            " WHERE holder = ? OR until < ? OR until > ?",
            (holder, holder, now + LEASE_SECONDS, holder, now, now + LEASE_SECONDS + 0.001),
        )
    if done.rowcount:
        kill_point("lease.taken")
    return done.rowcount == 1


def step_down(outbox: Outbox, holder: str) -> None:
    with outbox.transaction() as connection:
        connection.execute("UPDATE lease SET until = 0 WHERE holder = ?", (holder,))
