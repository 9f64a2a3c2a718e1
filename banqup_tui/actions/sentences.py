"""Sentences that several actions share: names of documents, sums, times, rescued changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from banqup_tui.domain.document import Document, DocumentKind
from banqup_tui.domain.listing import UnderWay
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import amount_with_currency, clock, count, short_date
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.store.outbox_entry import Rescue, RescueKind


def name_of(document: Document) -> str:
    """Returns the document's number, else the name of its file, safe to show."""
    return clean(document.number or document.file_name)


def names_of(documents: Sequence[Document]) -> str:
    if len(documents) == 1:
        return name_of(documents[0])
    return ngettext("{count} document", "{count} documents", len(documents)).format(count=count(len(documents)))


def kind_of(document: Document) -> str:
    return {
        DocumentKind.INVOICE: _("Invoice"),
        DocumentKind.CREDIT_NOTE: _("Credit note"),
        DocumentKind.STATEMENT: _("Bank report"),
        DocumentKind.OTHER: _("Document"),
    }[document.kind]


def heading_of(documents: Sequence[Document]) -> str:
    """Returns a heading for documents.

    It is `Invoice 2026-11874 · Meunerie de Gembloux SA · 1,215.13 EUR` for one, the number and the sum for several.
    """
    return _heading_of_one(documents[0]) if len(documents) == 1 else _heading_of_several(documents)


def _heading_of_one(document: Document) -> str:
    parts = [f"{kind_of(document)} {name_of(document)}"]
    if document.counterparty and document.counterparty.name:
        parts.append(clean(document.counterparty.name))
    if document.gross_amount is not None:
        parts.append(amount_with_currency(document.gross_amount, document.currency))
    return " · ".join(parts)


def _heading_of_several(documents: Sequence[Document]) -> str:
    kinds = {document.kind for document in documents}
    number = len(documents)
    credit_notes = sum(document.kind is DocumentKind.CREDIT_NOTE for document in documents)
    if credit_notes == number:
        words = ngettext("{count} credit note", "{count} credit notes", number)
    elif credit_notes and kinds == {DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE}:
        words = ngettext("{count} invoice or credit note", "{count} invoices and credit notes", number)
    elif kinds == {DocumentKind.INVOICE}:
        words = ngettext("{count} invoice", "{count} invoices", number)
    else:
        words = ngettext("{count} document", "{count} documents", number)
    return ", ".join([words.format(count=count(number)), *_sums(documents)])


def _sums(documents: Sequence[Document]) -> list[str]:
    """Returns the sum in each currency. Credit notes have negative amounts (`domain/direction.py`)."""
    sums: dict[str, int] = {}
    for document in documents:
        if document.gross_amount is not None:
            currency = document.currency or "EUR"
            sums[currency] = sums.get(currency, 0) + document.gross_amount
    return [amount_with_currency(total, currency) for currency, total in sums.items()]


def at_time(moment: datetime | None, now: datetime) -> str:
    """Returns `at 09:12`, for another day `on 23/11/26`; empty if the time is not known."""
    if moment is None:
        return ""
    local = moment.astimezone()
    if local.date() == now.astimezone().date():
        return _("at {time}").format(time=clock(local))
    return _("on {date}").format(date=short_date(local.date()))


def since_time(moment: datetime | None, now: datetime) -> str:
    """Returns `since 09:12`, for another day `since 23/11/26`; empty if the time is not known."""
    if moment is None:
        return ""
    local = moment.astimezone()
    if local.date() == now.astimezone().date():
        return _("since {time}").format(time=clock(local))
    return _("since {date}").format(date=short_date(local.date()))


def joined_names(names: Sequence[str]) -> str:
    """Returns names as a list in words: `SFTP`, `SFTP and Dropbox`, `SFTP, Dropbox and Exact Online`."""
    shown = [clean(name) for name in names]
    if len(shown) < 2:
        return "".join(shown)
    return _("{first} and {last}").format(first=", ".join(shown[:-1]), last=shown[-1])


def queued_sentence(number: int, documents: str) -> str:
    words = ngettext("{count} delivery queued for {what}.", "{count} deliveries queued for {what}.", number)
    return words.format(count=count(number), what=documents)


def under_way_lines(waits: UnderWay) -> list[str]:
    """Returns what happens to deliveries under way when their integration is removed."""
    parts = []
    if waits.sending:
        words = ngettext(
            "{count} delivery under way is finished", "{count} deliveries under way are finished", waits.sending
        )
        parts.append(words.format(count=count(waits.sending)))
    if waits.queued:
        words = ngettext("{count} queued is cancelled", "{count} queued are cancelled", waits.queued)
        parts.append(words.format(count=count(waits.queued)))
    return [f"{', '.join(parts)}."] if parts else []


def rescue_lines(rescue: Rescue) -> list[str]:
    """Returns what was rescued of a damaged outbox, what was lost, and where the damaged file is."""
    saved = count(rescue.saved)
    if rescue.kind is RescueKind.FOUND:
        words = ngettext(
            "{count} change was found in a damaged file of before and is sent now.",
            "{count} changes were found in a damaged file of before and are sent now.",
            rescue.saved,
        )
        lines = [words.format(count=saved)]
    else:
        words = ngettext(
            "{count} change that waited in it was saved.",
            "{count} changes that waited in it were saved.",
            rescue.saved,
        )
        lines = [_("The file in which your changes wait to be sent was damaged."), words.format(count=saved)]
    if rescue.lost:
        words = ngettext(
            "{count} change could not be read. Look whether what you did last is there, and do it again if not.",
            "{count} changes could not be read. Look whether what you did last is there, and do it again if not.",
            rescue.lost,
        )
        lines.append(words.format(count=count(rescue.lost)))
    return [*lines, _("The damaged file is {path}.").format(path=clean(rescue.aside))]
