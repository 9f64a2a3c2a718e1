"""The accounting status: what the accountant sees on a document. It is derived, never set."""

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


def accounting_status(*, approved: bool, processed: bool, is_open: bool, needs_a_look: bool) -> AccountingStatus:
    """The only rule for it. The first that holds: not approved, marked by hand, anything open, anything failed or
    unknown, else ready."""
    if not approved:
        return AccountingStatus.CLIENT_ACTION_NEEDED
    if processed:
        return AccountingStatus.PROCESSED
    if is_open:
        return AccountingStatus.QUEUED
    return AccountingStatus.ERROR if needs_a_look else AccountingStatus.READY_TO_PROCESS


def accounting_status_with(deliveries: Collection[Delivery], *, approved: bool, processed: bool) -> AccountingStatus:
    """The status of a document that has these deliveries."""
    return accounting_status(
        approved=approved,
        processed=processed,
        is_open=any(delivery.is_open for delivery in deliveries),
        needs_a_look=any(delivery.needs_a_look for delivery in deliveries),
    )
