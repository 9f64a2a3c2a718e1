"""Integer codes of folders, statuses, flags and days in the copy's columns.

The order of `STATUSES` and `ALL_FOLDERS` is part of the copy's schema: another order needs a migration.
"""

from datetime import date

from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.status import AccountingStatus

STATUSES: tuple[AccountingStatus, ...] = (
    AccountingStatus.CLIENT_ACTION_NEEDED,
    AccountingStatus.QUEUED,
    AccountingStatus.READY_TO_PROCESS,
    AccountingStatus.PROCESSED,
    AccountingStatus.ERROR,
)
STATUS_CODE: dict[AccountingStatus, int] = {status: code for code, status in enumerate(STATUSES)}
FOLDER_CODE: dict[Folder, int] = {folder: code for code, folder in enumerate(ALL_FOLDERS)}
PROCESSED_CODE = STATUS_CODE[AccountingStatus.PROCESSED]

APPROVED, PROCESSED, ATTEMPTED, CREDIT_NOTE, UNDECIDED, REPLACED, WITHDRAWN, UNDATED = 1, 2, 4, 8, 16, 32, 64, 128
PEPPOL, TO_ASK_FOR = 256, 512


def day_of(value: date) -> int:
    """Returns a date as the integer yyyymmdd."""
    return value.year * 10_000 + value.month * 100 + value.day


def date_of(day: int) -> date:
    return date(day // 10_000, day // 100 % 100, day % 100)
