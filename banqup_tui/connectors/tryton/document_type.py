"""Choice of the type of a document in Tryton: e-invoice, file for a draft invoice, or none."""

from banqup_tui.connectors.interface import DeliveryRequest
from banqup_tui.domain.folder import Folder

UBL, PICTURE, NONE = "ubl_invoice", "supplier_invoice", ""

_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
_UBL_ROOTS = {("Invoice", f"{_NAMESPACE}Invoice-2"), ("CreditNote", f"{_NAMESPACE}CreditNote-2")}
_PURCHASES = (Folder.PURCHASE_INVOICES, Folder.PURCHASE_RECEIPTS)


def wanted_type(delivery_request: DeliveryRequest, content: bytes, pictures: str, known: frozenset[str]) -> str:
    """Returns `UBL`, `PICTURE` or `NONE`. `known`: types of the installed modules; `pictures`: the setting."""
    if delivery_request.folder not in _PURCHASES:
        return NONE
    if is_ubl(content):
        return UBL if UBL in known else NONE
    if pictures == "supplier-invoice" and _is_picture(delivery_request.media_type):
        return PICTURE if PICTURE in known else NONE
    return NONE


def is_ubl(content: bytes) -> bool:
    """Tells whether the root element is one that Tryton's reader accepts: bare UBL 2, without an envelope."""
    from banqup_tui.formats import root_name

    return root_name(content) in _UBL_ROOTS


def _is_picture(media_type: str) -> bool:
    return media_type == "application/pdf" or media_type.startswith("image/")
