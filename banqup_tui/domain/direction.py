"""Which way the money of a document goes: the sign of its amounts in lists, filters, sums and exports.

A credit note takes from what invoices come to: its amounts are negative everywhere but on its own page, which
shows it as it is written. An invoice keeps its own sign, negative where the seller owes.
"""

from typing import Final

import msgspec

from banqup_tui.domain.document import Document, DocumentKind

_AMOUNTS: Final = ("net_amount", "vat_amount", "gross_amount", "payable_amount")


def directed(document: Document) -> Document:
    """The document with the sign that its kind gives its amounts; one that has it already stays as it is."""
    if document.kind is not DocumentKind.CREDIT_NOTE:
        return document
    total = document.gross_amount or document.payable_amount or document.net_amount or document.vat_amount or 0
    if total <= 0:
        return document
    amounts = {name: getattr(document, name) for name in _AMOUNTS}
    return msgspec.structs.replace(
        document, **{name: -minor if minor is not None else None for name, minor in amounts.items()}
    )
