"""What Tryton is to take a document for: an e-invoice that it reads, a file to make a draft of, or neither."""

from banqup_tui.connectors.interface import DeliveryRequest
from banqup_tui.domain.folder import Folder

UBL, PICTURE, NONE = "ubl_invoice", "supplier_invoice", ""

_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
_UBL_ROOTS = {("Invoice", f"{_NAMESPACE}Invoice-2"), ("CreditNote", f"{_NAMESPACE}CreditNote-2")}
_PURCHASES = (Folder.PURCHASE_INVOICES, Folder.PURCHASE_RECEIPTS)


def wanted_type(delivery_request: DeliveryRequest, content: bytes, pictures: str, known: frozenset[str]) -> str:
    """One of the three above, as far as the modules in Tryton (`known`) bring it. `pictures`: see the setting."""
    if delivery_request.folder not in _PURCHASES:
        return NONE
    if is_ubl(content):
        return UBL if UBL in known else NONE
    if pictures == "supplier-invoice" and _is_picture(delivery_request.media_type):
        return PICTURE if PICTURE in known else NONE
    return NONE


def is_ubl(content: bytes) -> bool:
    """Whether the root is one that Tryton's reader takes: not in an envelope, and of UBL 2."""
    from banqup_tui.formats import root_name

    return root_name(content) in _UBL_ROOTS


def _is_picture(media_type: str) -> bool:
    return media_type == "application/pdf" or media_type.startswith("image/")
