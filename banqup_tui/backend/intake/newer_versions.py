"""A later file at the same path of a source takes the place of the earlier one, while nothing of that was sent.

Programs write a file in several goes, and people correct a scan and save it under the same name. What was delivered
stays at the receiver, so then the later file is held as a newer version until a user decides.
"""

from sqlalchemy import select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DocumentRecord, fetch_all
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.values import document_of
from banqup_tui.backend.intake import business_keys
from banqup_tui.backend.intake.document_changes import change, existing
from banqup_tui.backend.ledger import messages, stopped_documents
from banqup_tui.domain.document import Duplicate
from banqup_tui.domain.messages import message

_BY_ITSELF = ""


def follow(transaction: Transaction, earlier_sha256: str, document_id: str) -> None:
    """Settles what a new document is to the one that was at its path before.

    Two documents that say that they are different ones, such as invoices with two numbers, are no versions.
    """
    row = existing(transaction, document_id)
    business_keys.compute_for(transaction, row.client_id)
    table = tables.document
    at_path = select(table).where(
        table.c.space_id == transaction.space_id,
        table.c.client_id == row.client_id,
        table.c.sha256 == earlier_sha256,
        table.c.withdrawn_at.is_(None),
        table.c.replaced_by.is_(None),
    )
    for earlier in fetch_all(transaction, DocumentRecord, at_path.with_for_update()):
        if not _are_different(row, earlier):
            _settle(transaction, row, earlier)


def _are_different(row: DocumentRecord, earlier: DocumentRecord) -> bool:
    keys = (row.business_key, earlier.business_key)
    return None not in keys and keys[0] != keys[1]


def _settle(transaction: Transaction, row: DocumentRecord, earlier: DocumentRecord) -> None:
    before, now = document_of(earlier), document_of(row)
    if stopped_documents.sent(transaction, earlier.id):
        if now.duplicate is None:
            came = message("history.newer-file", number=before.number or before.file_name)
            change(transaction, row, _BY_ITSELF, came, same_as=earlier.id, duplicate=Duplicate.UNDECIDED)
        return
    stopped_documents.stop(transaction, [earlier.id], messages.WITHDRAWN)
    replaced = message("history.file-replaced", number=now.number or now.file_name)
    change(transaction, earlier, _BY_ITSELF, replaced, withdrawn_at=transaction.now)
    if now.same_as == earlier.id:
        newer = message("history.decided-newer-version", number=before.number or before.file_name)
        change(transaction, row, _BY_ITSELF, newer, duplicate=Duplicate.NEWER_VERSION)
