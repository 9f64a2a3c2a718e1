"""The query for the documents of a client: folder, year or month, filter, only errors, and order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from banqup_tui.domain.folder import Folder
from banqup_tui.domain.listing import FolderNode
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.screens.folders.nodes import place_of
from banqup_tui.store.query import DocumentQuery, Filter, SortColumn
from banqup_tui.widgets.document_table import labels

_SORTS: dict[labels.LabelColumn, SortColumn] = {
    "date": SortColumn.DATE,
    "number": SortColumn.NUMBER,
    "counterparty": SortColumn.COUNTERPARTY,
    "gross": SortColumn.GROSS,
    "status": SortColumn.STATUS,
}
_SORT_ORDER = tuple(_SORTS)
_FIRST_FOLDER = Folder.PURCHASE_INVOICES


def first_query(client_id: str, folders: Sequence[FolderNode] = ()) -> DocumentQuery:
    """Returns the query at the start: the purchase invoices, else the first folder that has documents."""
    filled = [node.folder for node in folders if node.counts.total]
    folder = _FIRST_FOLDER if _FIRST_FOLDER in filled or not filled else filled[0]
    return DocumentQuery(client_id=client_id, folder=folder)


def at_node(query: DocumentQuery, node_id: str) -> DocumentQuery:
    """Returns the query for the folder, year or month of a node."""
    folder, year, month = place_of(node_id)
    return replace(query, folder=folder, year=year, month=month)


def sorted_by(query: DocumentQuery) -> labels.LabelColumn:
    return next(name for name, column in _SORTS.items() if column is query.sort)


def in_next_order(query: DocumentQuery) -> DocumentQuery:
    following = _SORT_ORDER[(_SORT_ORDER.index(sorted_by(query)) + 1) % len(_SORT_ORDER)]
    return replace(query, sort=_SORTS[following], descending=following in ("date", "gross", "status"))


def in_order_of(query: DocumentQuery, column: labels.LabelColumn) -> DocumentQuery:
    """Returns the query sorted by `column`, largest first; a second time smallest first. `sent` has no order."""
    if column not in _SORTS:
        return query
    again = _SORTS[column] is query.sort
    return replace(query, sort=_SORTS[column], descending=not query.descending if again else True)


def with_filter(query: DocumentQuery, parsed: Filter) -> DocumentQuery:
    return replace(query, filter=parsed)


def with_errors_toggled(query: DocumentQuery) -> DocumentQuery:
    """Returns the query for errors only, or again for everything."""
    return replace(query, statuses=() if query.statuses else (AccountingStatus.ERROR,))


def is_narrowed(query: DocumentQuery) -> bool:
    return bool(query.filter.line or query.statuses)


def without_filter(query: DocumentQuery) -> DocumentQuery:
    return replace(query, filter=Filter(), statuses=())


def without_each_word(query: DocumentQuery) -> Iterator[tuple[str, DocumentQuery]]:
    """Yields each word of the filter with the query without it."""
    for term in query.filter.terms:
        yield query.filter.line[term.start : term.end], with_filter(query, query.filter.without(term))
