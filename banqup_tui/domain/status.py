"""The accounting status of a document. It is derived from the document and its deliveries, never set."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from banqup_tui.domain.delivery import Delivery


class AccountingStatus(StrEnum):
    CLIENT_ACTION_NEEDED = "CLIENT_ACTION_NEEDED"
    QUEUED = "QUEUED"
    READY_TO_PROCESS = "READY_TO_PROCESS"
    PROCESSED = "PROCESSED"
    ERROR = "ERROR"


def accounting_status(
    *, approved: bool, processed: bool, is_open: bool, needs_a_look: bool, undecided: bool = False
) -> AccountingStatus:
    """Returns the accounting status. It is the only rule, for the ledger and for pending commands alike.

    Args:
        approved: The client has approved the document; else CLIENT_ACTION_NEEDED.
        processed: A user has marked it; then PROCESSED.
        is_open: A delivery is queued, on its way, or waits for a look-up; then QUEUED.
        needs_a_look: A delivery is failed or unknown and not dismissed; then ERROR, else READY_TO_PROCESS.
        held: It seems to be the same as an earlier document, and waits for the user's decision; then ERROR too.
    """
    if not approved:
        return AccountingStatus.CLIENT_ACTION_NEEDED
    if processed:
        return AccountingStatus.PROCESSED
    if is_open:
        return AccountingStatus.QUEUED
    return AccountingStatus.ERROR if needs_a_look or undecided else AccountingStatus.READY_TO_PROCESS


def accounting_status_with(
    deliveries: Collection[Delivery], *, approved: bool, processed: bool, undecided: bool = False
) -> AccountingStatus:
    """Returns the accounting status of a document with these deliveries."""
    return accounting_status(
        approved=approved,
        processed=processed,
        is_open=any(delivery.is_open for delivery in deliveries),
        needs_a_look=any(delivery.needs_a_look for delivery in deliveries),
        undecided=undecided,
    )
