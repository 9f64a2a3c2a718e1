"""The names of the five folders."""

from collections.abc import Mapping

from banqup_tui.domain.folder import Folder
from banqup_tui.presentation.words import N_, _

FOLDER_NAMES: Mapping[Folder, str] = {
    Folder.SALES_INVOICES: N_("Sales invoices"),
    Folder.PURCHASE_INVOICES: N_("Purchase invoices"),
    Folder.PURCHASE_RECEIPTS: N_("Purchase receipts"),
    Folder.ENRICHED_MOVEMENT_REPORTS: N_("Enriched movement reports"),
    Folder.OTHER_DOCUMENTS: N_("Other documents"),
}


def folder_name(folder: Folder) -> str:
    return _(FOLDER_NAMES[folder])
