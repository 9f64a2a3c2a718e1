"""The sign of a document's amounts in lists, filters, sums and exports.

Amounts of a credit note are negative everywhere but on its own page, which shows them as the document has them. An
invoice has its own sign, negative where the seller owes.
"""

from typing import Final

import msgspec

from banqup_tui.domain.document import Document, DocumentKind

_AMOUNTS: Final = ("net_amount", "vat_amount", "gross_amount", "payable_amount")


def directed(document: Document) -> Document:
    """Returns the document with negative amounts if it is a credit note. Amounts that are negative already stay."""
    if document.kind is not DocumentKind.CREDIT_NOTE:
        return document
    total = document.gross_amount or document.payable_amount or document.net_amount or document.vat_amount or 0
    if total <= 0:
        return document
    amounts = {name: getattr(document, name) for name in _AMOUNTS}
    return msgspec.structs.replace(
        document, **{name: -minor if minor is not None else None for name, minor in amounts.items()}
    )
