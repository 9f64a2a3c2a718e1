"""Pulls snapshots, pages of backfills and changes into the copy (docs/protocol.md, "Sync, down").

Each function reads the copy's `step` before it sends its request: an answer that comes too late is dropped by
store.applying.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.document import Document
from banqup_tui.domain.extension import Installation
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.messages import message
from banqup_tui.domain.source import PlacingRule, Source, Unfiled
from banqup_tui.domain.space import Space
from banqup_tui.kill_points import kill_point
from banqup_tui.protocol.messages import Change, EntityKind, Op
from banqup_tui.store import applying
from banqup_tui.store.applying import Changed, Gone, Granted, Put, Revoked
from banqup_tui.store.copy import LocalCopy
from banqup_tui.store.files import FileCache
from banqup_tui.sync.errors import ServerDown
from banqup_tui.sync.server import ServerLike

_KINDS: dict[EntityKind, type] = {
    EntityKind.SPACE: Space,
    EntityKind.CLIENT: Client,
    EntityKind.DOCUMENT: Document,
    EntityKind.DELIVERY: Delivery,
    EntityKind.INSTALLATION: Installation,
    EntityKind.INTEGRATION: Integration,
    EntityKind.SOURCE: Source,
    EntityKind.UNFILED: Unfiled,
    EntityKind.RULE: PlacingRule,
}
_V = TypeVar("_V")
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(kind) for kind in _KINDS.values()}


async def begin(server: ServerLike, copy: LocalCopy, files: FileCache) -> bool:
    """Begins a new generation of the copy. Returns False if the answer came too late."""
    step = copy.state().step
    # Killed around a request, here and below, the copy is unchanged, and the next pull repeats the request.
    kill_point("pull.asked")
    snapshot = await server.snapshot()
    kill_point("pull.received")
    return applying.begin(copy, step, snapshot, files)


async def page(server: ServerLike, copy: LocalCopy) -> bool:
    """Pulls the next page of the first open backfill. Returns False if none is open, or the answer came too late.

    After clients were assigned, their integrations and rules are pulled first, once for all new clients: documents
    without their integrations would be shown as sent nowhere.
    """
    state = copy.state()
    if not state.backfills or state.cursor is None:
        return False
    if any(backfill.is_new for backfill in state.backfills):
        return applying.refresh(copy, state.step, await server.snapshot())
    backfill = state.backfills[0]
    kill_point("pull.asked")
    found = await server.documents(backfill.before, backfill.scope or None, state.cursor)
    kill_point("pull.received")
    return applying.page(copy, state.step, backfill.scope, found.documents, found.deliveries, found.next)


async def extensions(server: ServerLike, copy: LocalCopy) -> bool:
    """Pulls the extensions of the Store. Returns True if any has changed."""
    return applying.put_extensions(copy, await server.extensions())


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
    changed = list(_changed(answer.changes))
    is_in_time = applying.changes(copy, state.step, changed, answer.cursor, answer.seq, answer.has_more, files)
    return is_in_time and bool(changed), answer.has_more or not is_in_time


def _changed(changes: Iterable[Change]) -> Iterator[Changed]:
    for change in changes:
        if change.kind is EntityKind.ACCESS:
            yield _access(change)
        elif change.op is Op.DELETE or not change.has_value:
            yield Gone(change.seq, _KINDS[change.kind], change.id)
        else:
            yield Put(change.seq, _read(_DECODERS[_KINDS[change.kind]], change.value))


def _read(decoder: msgspec.json.Decoder[_V], value: bytes) -> _V:
    try:
        return decoder.decode(value)
    except msgspec.MsgspecError:
        raise ServerDown(message("sync.answer-unreadable")) from None


def _access(change: Change) -> Changed:
    """Returns a change of access; the id of such a change is `user:client`."""
    client_id = change.id.rpartition(":")[2]
    if change.op in (Op.REVOKED, Op.DELETE):
        return Revoked(change.seq, client_id)
    value = _read(_DECODERS[Client], change.value) if change.has_value else None
    return Granted(change.seq, client_id, value)
