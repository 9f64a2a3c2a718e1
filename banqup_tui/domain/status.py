"""The accounting status: what the accountant sees on a document. It is derived, never set."""

from __future__ import annotations

from collections.abc import Iterable
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


def accounting_status(*, approved: bool, processed: bool, deliveries: Iterable[Delivery]) -> AccountingStatus:
    """The first that holds: not approved, marked by hand, anything open, anything failed or unknown, else ready."""
    if not approved:
        return AccountingStatus.CLIENT_ACTION_NEEDED
    if processed:
        return AccountingStatus.PROCESSED
    seen = list(deliveries)
    if any(delivery.is_open for delivery in seen):
        return AccountingStatus.QUEUED
    if any(delivery.needs_a_look for delivery in seen):
        return AccountingStatus.ERROR
    return AccountingStatus.READY_TO_PROCESS
