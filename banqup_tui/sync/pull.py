"""Pulls snapshots, pages of backfills and changes into the copy (docs/protocol.md, "Sync, down").

Each function reads the copy's `step` before it sends its request: an answer that comes too late is dropped by
store.copy_updates.
"""

import msgspec

from banqup_tui.domain.messages import message
from banqup_tui.kill_points import kill_point
from banqup_tui.store import copy_updates
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.files import FileCache
from banqup_tui.sync.errors import ServerDown
from banqup_tui.sync.server import ServerLike


async def begin(server: ServerLike, copy: LocalCopy, files: FileCache) -> bool:
    """Begins a new generation of the copy. Returns False if the answer came too late."""
    step = copy.state().step
    # Killed around a request, here and below, the copy is unchanged, and the next pull repeats the request.
    kill_point("pull.asked")
    snapshot = await server.snapshot()
    kill_point("pull.received")
    return copy_updates.begin(copy, step, snapshot, files)


async def page(server: ServerLike, copy: LocalCopy) -> bool:
    """Pulls the next page of the first open backfill. Returns False if none is open, or the answer came too late.

    After clients were assigned, their integrations and rules are pulled first, once for all new clients: documents
    without their integrations would be shown as sent nowhere.
    """
    state = copy.state()
    if not state.backfills or state.cursor is None:
        return False
    if any(backfill.is_new for backfill in state.backfills):
        return copy_updates.refresh(copy, state.step, await server.snapshot())
    backfill = state.backfills[0]
    kill_point("pull.asked")
    found = await server.documents(backfill.before, backfill.scope or None, state.cursor)
    kill_point("pull.received")
    return copy_updates.page(copy, state.step, backfill.scope, found.documents, found.deliveries, found.next)


async def extensions(server: ServerLike, copy: LocalCopy) -> bool:
    """Pulls the extensions of the Store. Returns True if any has changed."""
    return copy_updates.put_extensions(copy, await server.extensions())


async def changes(server: ServerLike, copy: LocalCopy, files: FileCache) -> tuple[bool, bool]:
    """Pulls the next changes.

    Returns:
        Whether the copy has changed, and whether there is more to pull. An answer that came too late changes nothing,
        and the changes are pulled again.

    Raises:
        CopyTooOld: The copy must begin again.
    """
    state = copy.state()
    if state.cursor is None:
        return False, True
    kill_point("pull.asked")
    answer = await server.changes(state.cursor)
    kill_point("pull.received")
    if not answer.changes and answer.cursor == state.cursor:
        return False, False
    try:
        is_in_time = copy_updates.changes(copy, state.step, answer, files)
    except msgspec.MsgspecError:
        raise ServerDown(message("sync.answer-unreadable")) from None
    return is_in_time and bool(answer.changes), answer.has_more or not is_in_time
