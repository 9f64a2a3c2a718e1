"""Holds documents that came before in other bytes, and carries out what the user decides about them.

What has the business key (`domain.duplicates`) of an earlier document of the same client is held: no `ready_seq`, so it
is never sent. Two files with one key that come at the same time cannot both pass: their transactions come one after the
other, and the later one sees the row of the earlier.
"""

from typing import Final

import msgspec
from sqlalchemy import bindparam, func, select

from banqup_tui.backend.db import tables
from banqup_tui.backend.db.records import DocumentRecord
from banqup_tui.backend.db.transaction import Transaction
from banqup_tui.backend.db.values import document_of
from banqup_tui.backend.intake import business_keys, related_files, twins
from banqup_tui.backend.intake.document_changes import change, existing, found
from banqup_tui.backend.ledger import messages, stopped_documents
from banqup_tui.backend.services import CommandContext, CommandRefused, Handler, Services
from banqup_tui.domain.document import Document, Duplicate
from banqup_tui.domain.duplicates import DuplicateChoice, business_key, is_structured
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.origin import Incoming
from banqup_tui.domain.status import accounting_status_with
from banqup_tui.domain.values import Value
from banqup_tui.protocol.commands import DecideDuplicate, ReopenDuplicate
from banqup_tui.protocol.problems import ProblemType

_IS_SETTLED: Final = func.coalesce(tables.document.c.duplicate, "") != str(Duplicate.UNDECIDED)

_EARLIER: Final = (
    select(tables.document.c.id)
    .where(
        tables.document.c.client_id == bindparam("client"),
        tables.document.c.business_key == bindparam("key"),
        tables.document.c.id != bindparam("own"),
        tables.document.c.withdrawn_at.is_(None),
        tables.document.c.replaced_by.is_(None),
    )
    # Documents of this transaction have no number yet (zero): they are the latest, and the first of them is not held.
    .order_by(_IS_SETTLED.desc(), tables.document.c.created_seq == 0, tables.document.c.created_seq)
    .limit(1)
)

Result = dict[str, object]


def earlier_with_same_key(transaction: Transaction, document: Document, *, settled: bool = False) -> str | None:
    """Returns the id of the client's first document with the business key of `document`, or `None`.

    Withdrawn documents and those with a newer version do not count.

    Args:
        settled: Those that are held do not count either.
    """
    key = business_key(document)
    if key is None:
        return None
    business_keys.compute_for(transaction, document.client_id)
    values = {"client": document.client_id, "key": key, "own": document.id}
    statement = _EARLIER.where(_IS_SETTLED) if settled else _EARLIER
    earlier: str | None = transaction.execute(statement, values).scalar()
    return earlier


def undecided(document: Document, same_as: str) -> Document:
    """Returns a new document as it is stored while it is held: the same as an earlier one, until the user decides."""
    status = accounting_status_with((), approved=document.approved, processed=document.processed, undecided=True)
    return msgspec.structs.replace(document, same_as=same_as, duplicate=Duplicate.UNDECIDED, accounting_status=status)


def decide(transaction: Transaction, body: DecideDuplicate, context: CommandContext) -> Result:
    """Carries out the decision about a held document; it is decided once.

    Returns:
        `{"documentId": id, "choice": choice, "kept": id, "withdrawn": id or None, "cancelled": n, "delivered": n}`: the
        document that counts from now on, the copy that was withdrawn, and how many deliveries of the earlier document
        were cancelled and have arrived.

    Raises:
        CommandRefused: If it is decided already, or withdrawn.
    """
    row = existing(transaction, body.document_id)
    if row.withdrawn_at is not None and row.duplicate == Duplicate.UNDECIDED:
        raise CommandRefused(ProblemType.REFUSED, Message("document.withdrawn"))
    if row.duplicate != Duplicate.UNDECIDED:
        raise CommandRefused(ProblemType.REFUSED, _decided_already(row))
    earlier = found(transaction, document_of(row).same_as)
    choice = body.choice
    if choice is DuplicateChoice.ONE_DOCUMENT:
        return _one_document(transaction, row, earlier, context)
    cancelled = 0
    if choice is DuplicateChoice.NEWER_VERSION and earlier is not None:
        replaced = message("history.replaced", number=_title(row))
        cancelled = stopped_documents.stop(transaction, [earlier.id], messages.REPLACED)
        change(transaction, earlier, context.user_id, replaced, replaced_by=row.id)
    _to_be_sent(transaction, row, context.user_id, Duplicate(choice), earlier)
    return _answer(transaction, row, choice, earlier, leading=row.id, cancelled=cancelled)


def _one_document(
    transaction: Transaction, row: DocumentRecord, earlier: DocumentRecord | None, context: CommandContext
) -> Result:
    """Withdraws the copy: the held one, unless it has the data, the earlier has not, and nothing of that was sent."""
    choice, by = DuplicateChoice.ONE_DOCUMENT, context.user_id
    if earlier is not None and _leads(row, earlier) and not stopped_documents.sent(transaction, earlier.id):
        cancelled = stopped_documents.stop(transaction, [earlier.id], messages.WITHDRAWN)
        copy = message("history.copy", number=_title(row))
        change(
            transaction, earlier, by, copy, withdrawn_at=transaction.now, duplicate=Duplicate.ONE_DOCUMENT
        )  # fmt: skip
        _to_be_sent(transaction, row, by, Duplicate.ONE_DOCUMENT, earlier)
        _keep_picture(transaction, context.services, row, earlier)
        return _answer(transaction, row, choice, earlier, leading=row.id, withdrawn=earlier.id, cancelled=cancelled)
    copy = message("history.copy", number=_title(earlier or row))
    change(transaction, row, by, copy, withdrawn_at=transaction.now, duplicate=Duplicate.ONE_DOCUMENT)
    if earlier is not None:
        _keep_picture(transaction, context.services, earlier, row)
    leading = earlier.id if earlier else row.id
    return _answer(transaction, row, choice, earlier, leading=leading, withdrawn=row.id)


def _keep_picture(transaction: Transaction, services: Services, row: DocumentRecord, copy: DocumentRecord) -> None:
    """Keeps a PDF that is withdrawn as the picture of the e-invoice that it is one document with."""
    if row.number_key and copy.number_key == "":
        picture = Incoming(sha256=copy.sha256, file_name=document_of(copy).file_name)
        related_files.add_picture(transaction, services, row.sha256, picture)


def _leads(row: DocumentRecord, earlier: DocumentRecord) -> bool:
    withdrawn = earlier.withdrawn_at is not None
    return is_structured(document_of(row)) and not is_structured(document_of(earlier)) and not withdrawn


def _to_be_sent(
    transaction: Transaction, row: DocumentRecord, by: str, duplicate: Duplicate, earlier: DocumentRecord | None
) -> None:
    """Makes a held document ready. What was queued of it before it was held again is queued anew."""
    what = message(f"history.decided-{_WORDS[duplicate]}", number=_title(earlier or row))
    change(transaction, row, by, what, duplicate=duplicate)
    stopped_documents.start(transaction, [row.id], by)


_WORDS = {
    Duplicate.ONE_DOCUMENT: "one-document",
    Duplicate.NEWER_VERSION: "newer-version",
    Duplicate.TWO_DOCUMENTS: "two-documents",
}


def reopen(transaction: Transaction, body: ReopenDuplicate, context: CommandContext) -> Result:
    """Takes a decision back: the document is held again, and the earlier one is as it was.

    Raises:
        CommandRefused: If there was no decision, or something of the document has been sent since.
    """
    row = existing(transaction, body.document_id)
    document = document_of(row)
    if document.duplicate in (None, Duplicate.UNDECIDED) or document.same_as is None:
        raise CommandRefused(ProblemType.REFUSED, Message("duplicate.not-decided"))
    if stopped_documents.sent(transaction, row.id):
        raise CommandRefused(ProblemType.REFUSED, Message("duplicate.sent-since"))
    stopped_documents.stop(transaction, [row.id], messages.UNDECIDED)
    what = Message("history.held-again")
    change(transaction, row, context.user_id, what, duplicate=Duplicate.UNDECIDED, withdrawn_at=None)
    earlier = found(transaction, document.same_as)
    for one in (row, earlier):
        if one is not None:
            twins.separate(transaction, context.services, one)
    if earlier is not None and earlier.replaced_by == row.id:
        change(transaction, earlier, context.user_id, Message("history.not-replaced"), replaced_by=None)
        stopped_documents.start(transaction, [earlier.id], context.user_id)
    elif earlier is not None and earlier.withdrawn_at is not None and document.withdrawn_at is None:
        # The earlier one was the copy. It was never held itself, so it has no `same_as`.
        back = {"withdrawn_at": None, "duplicate": None}
        change(transaction, earlier, context.user_id, Message("history.restored"), **back)
        stopped_documents.start(transaction, [earlier.id], context.user_id)
    return {"documentId": row.id}


def _decided_already(row: DocumentRecord) -> Message:
    if row.duplicate is None:
        return Message("duplicate.not-held")
    last = document_of(row).history[-1:]
    return message("duplicate.decided-already", choice=row.duplicate, by=last[0].by if last else "")


def _answer(
    transaction: Transaction,
    row: DocumentRecord,
    choice: DuplicateChoice,
    earlier: DocumentRecord | None,
    *,
    leading: str,
    withdrawn: str | None = None,
    cancelled: int = 0,
) -> Result:
    delivered = len(stopped_documents.sent(transaction, earlier.id)) if earlier else 0
    answer: Result = {"documentId": row.id, "choice": str(choice), "kept": leading, "withdrawn": withdrawn}
    return answer | {"cancelled": cancelled, "delivered": delivered}


def _title(row: DocumentRecord) -> str:
    document = document_of(row)
    return document.number or document.file_name


HANDLERS: Final[dict[type[Value], Handler]] = {DecideDuplicate: decide, ReopenDuplicate: reopen}
