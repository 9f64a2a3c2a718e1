"""The five folders of a client's documents."""

from enum import StrEnum


class Folder(StrEnum):
    SALES_INVOICES = "SALES_INVOICES"
    PURCHASE_INVOICES = "PURCHASE_INVOICES"
    PURCHASE_RECEIPTS = "PURCHASE_RECEIPTS"
    ENRICHED_MOVEMENT_REPORTS = "ENRICHED_MOVEMENT_REPORTS"
    OTHER_DOCUMENTS = "OTHER_DOCUMENTS"


ALL_FOLDERS: tuple[Folder, ...] = tuple(Folder)
