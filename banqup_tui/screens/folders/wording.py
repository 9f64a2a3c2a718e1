"""Texts about the documents of a folder: path, counts, sums, and why there are none."""

from __future__ import annotations

from collections.abc import Iterable

from banqup_tui.domain.client import Client
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.listing import Totals
from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.formats import count, figure
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.screens.folders.nodes import month_name
from banqup_tui.store.query import DocumentQuery
from banqup_tui.widgets.line_list import EmptyNote
from banqup_tui.widgets.one_line import Word


def path(client: Client | None, query: DocumentQuery | None) -> list[str]:
    """Returns the parts of the path. `query` is `None` while the folders are in front."""
    parts = [client.name if client else sign("none")]
    if query is not None:
        parts.append(_(FOLDER_NAMES[query.folder]) if query.folder else _("All folders"))
        parts += [str(query.year)] if query.year else []
        parts += [month_name(query.month)] if query.month else []
    return parts


def filter_text(query: DocumentQuery) -> str:
    """Returns the filter as it was typed, or that only errors are shown."""
    return query.filter.line or (f"status:{_('error')}" if query.statuses else "")


def how_many(whole: int, shown: int | None) -> str:
    """Returns the number of documents, and `shown` of them if a filter applies."""
    if shown is not None:
        return _("{part} of {whole}").format(part=count(shown), whole=count(whole))
    return ngettext("{count} document", "{count} documents", whole).format(count=count(whole))


def how_many_selected(number: int) -> str:
    return ngettext("{count} selected", "{count} selected", number).format(count=count(number))


def selected(number: int) -> tuple[Word, ...]:
    return Word(sign("selected"), "accent"), Word(f" {how_many_selected(number)}", "strong", True)


def too_many(most: int) -> Word:
    words = _("Actions take the first {count} of them.").format(count=count(most))
    return Word(f"   {words}", "warn")


def sums_of(totals: Iterable[Totals]) -> list[Word]:
    """Returns net, VAT and gross of each currency."""
    words = []
    for total in totals:
        for label, minor, strong in (
            (_("Net"), total.net, False),
            (_("VAT"), total.vat, False),
            (_("Gross"), total.gross, True),
        ):
            words.append(Word(f"   {label} ", "muted"))
            words.append(Word(figure(minor, total.currency), "strong" if strong else "text", strong))
        words.append(Word(f" {total.currency or 'EUR'}", "muted"))
    return words


def nothing_matches(remedy: str) -> EmptyNote:
    keys = (("/", _("Change the filter")), ("Esc", _("Clear it")))
    return EmptyNote(_("Nothing matches this filter."), remedy, keys)


def would_match(word: str, number: int) -> str:
    words = ngettext(
        "Without {word} {count} document would match.",
        "Without {word} {count} documents would match.",
        number,
    )
    return words.format(word=word, count=count(number))


def nothing_yet(folder: Folder) -> EmptyNote:
    keys = ((":", _("Import files of your own")), ("Esc", _("Back to the folders")))
    return EmptyNote(_no_documents(folder), _where_from(folder), keys)


def still_shown(number: int) -> Word:
    words = ngettext(
        "Still shown: the last filter that could be read, {count} document",
        "Still shown: the last filter that could be read, {count} documents",
        number,
    )
    return Word(words.format(count=count(number)), "muted")


def _no_documents(folder: Folder) -> str:
    return {
        Folder.SALES_INVOICES: _("No sales invoices yet."),
        Folder.PURCHASE_INVOICES: _("No purchase invoices yet."),
        Folder.PURCHASE_RECEIPTS: _("No purchase receipts yet."),
        Folder.ENRICHED_MOVEMENT_REPORTS: _("No enriched movement reports yet."),
        Folder.OTHER_DOCUMENTS: _("No other documents yet."),
    }[folder]


def _where_from(folder: Folder) -> str:
    if folder is Folder.ENRICHED_MOVEMENT_REPORTS:
        return _("They appear here when the bank's reports of this client come in.")
    return _("They appear here when documents of this client come in.")
