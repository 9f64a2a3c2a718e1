"""Pruning of command keys and tombstones after ninety days, and of documents that were withdrawn 30 days ago.

The floors record the highest number pruned.
"""

from datetime import timedelta

from sqlalchemy import delete, func, select, update

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.file_references import is_named
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.intake import corrections
from banqup_tui.backend.integrations import sign_in_settings
from banqup_tui.backend.integrations.oauth import repository
from banqup_tui.backend.services import Services
from banqup_tui.protocol.messages import EntityKind, Op

RETENTION_DAYS = 90


def prune(services: Services) -> None:
    """Prunes keys and tombstones, then withdrawn documents in portions."""
    _prune_numbers(services)
    while _forget_withdrawn(services):
        pass


def _forget_withdrawn(services: Services) -> bool:
    """Deletes a portion of documents that were withdrawn too long ago, and their files; False if there are none.

    The files go within the transaction: an import of the same bytes waits for it, and finds them missing, not half
    there.
    """
    with services.database.write(services.space_id) as transaction:
        hashes = corrections.forget(transaction)
        for sha256 in hashes:
            if not is_named(transaction.connection, sha256):
                transaction.execute(delete(tables.document_text).where(tables.document_text.c.sha256 == sha256))
                services.files.remove(sha256)
    return bool(hashes)


def _prune_numbers(services: Services) -> None:
    """Prunes in one transaction, which raises the floors too: a request below a floor must be refused from then on."""
    with services.database.write(services.space_id) as transaction:
        in_use = sign_in_settings.named_by_the_firm(transaction, services)
        if in_use is not None:  # settings that cannot be read may name any sign-in
            repository.forget_unused(transaction, in_use)
        keys, tombstones = _prune_keys(transaction), _prune_tombstones(transaction)
        space = tables.space
        for column, highest in ((space.c.key_floor, keys), (space.c.tombstone_floor, tombstones)):
            if highest is not None:
                raised = update(space).where(space.c.id == transaction.space_id, column < highest)
                transaction.execute(raised.values({column.name: highest}))


def _prune_keys(transaction: Transaction) -> int | None:
    """Deletes all keys up to the highest old number, also younger ones below it, so that the floor has no gaps."""
    table = tables.command
    old = (table.c.space_id == transaction.space_id, table.c.at < transaction.now - timedelta(days=RETENTION_DAYS))
    highest: int | None = transaction.execute(select(func.max(table.c.seq)).where(*old)).scalar_one()
    if highest is not None:
        transaction.execute(delete(table).where(table.c.space_id == transaction.space_id, table.c.seq <= highest))
    return highest


def _prune_tombstones(transaction: Transaction) -> int | None:
    """Deletes old tombstones. Access changes stay: they tell a copy to delete or to fetch a client."""
    table = tables.change
    gone = (
        table.c.space_id == transaction.space_id,
        table.c.op == str(Op.DELETE),
        table.c.kind != str(EntityKind.ACCESS),
    )
    old = table.c.at < transaction.now - timedelta(days=RETENTION_DAYS)
    highest: int | None = transaction.execute(select(func.max(table.c.seq)).where(*gone, old)).scalar_one()
    if highest is not None:
        transaction.execute(delete(table).where(*gone, table.c.seq <= highest))
    return highest
