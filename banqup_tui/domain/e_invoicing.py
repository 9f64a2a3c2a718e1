"""The Belgian duty to send invoices over Peppol, as it concerns a document that came in.

Since 1 January 2026 a Belgian VAT payer sends invoices to another one as structured e-invoices, by default over Peppol
(law of 6 February 2024). The duty is the seller's: a document that came otherwise is booked as before, and its buyer
may ask for the e-invoice. So this is a hint, and nothing is refused for it.
"""

from datetime import date
from typing import Final

from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.duplicates import is_structured
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.identifiers import belgian_check_holds, belgian_number

DUTY_SINCE: Final = date(2026, 1, 1)


def came_over_peppol(document: Document) -> bool:
    """Returns True if the document came in a Peppol envelope at least once.

    Every Peppol envelope names its process (Peppol Business Message Envelope 2.0, 4.1.3); envelopes of other networks
    are written with the same header, without it.
    """
    return any(
        origin.container is not None and origin.container.envelope is not None and origin.container.envelope.process_id
        for origin in document.origins
    )


def is_to_ask_for(document: Document) -> bool:
    """Returns True if the seller should have sent a purchase as an e-invoice, and what came is none.

    An e-invoice without its envelope is one: exports of other programs leave the envelope away. Receipts of private
    persons and sellers without a VAT number are not concerned, nor is a copy of a document that is there.
    """
    return (
        document.folder is Folder.PURCHASE_INVOICES
        and document.kind is not DocumentKind.STATEMENT
        and document.issue_date is not None
        and document.issue_date >= DUTY_SINCE
        and _pays_belgian_vat(document.supplier)
        and _pays_belgian_vat(document.customer)
        and not is_structured(document)
        and not came_over_peppol(document)
        and not (document.is_undecided or document.replaced_by or document.is_withdrawn)
    )


def _pays_belgian_vat(party: Party | None) -> bool:
    vat_number = (party.vat_number if party else None) or ""
    number = belgian_number(vat_number) if vat_number.startswith("BE") else None
    return number is not None and belgian_check_holds(number)
