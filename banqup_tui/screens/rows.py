"""Values of the copy as the widgets draw them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from banqup_tui.domain import listing
from banqup_tui.domain.folder import Folder
from banqup_tui.store.windows import DocumentRows
from banqup_tui.widgets import client_table, document_rows, folder_tree
from banqup_tui.widgets.count_columns import Counts
from banqup_tui.written.folders import FOLDER_NAMES
from banqup_tui.written.words import _


class TableRows:
    """Rows of the copy, as the document table asks for them."""

    def __init__(self, rows: DocumentRows) -> None:
        self.rows = rows

    def count(self) -> int:
        return self.rows.count()

    def window(self, start: int, length: int) -> Sequence[document_rows.DocumentRow]:
        return [document_row(row) for row in self.rows.window(start, length)]

    def position(self, document_id: str) -> int | None:
        return self.rows.position_of(document_id)


def document_row(row: listing.DocumentRow) -> document_rows.DocumentRow:
    return document_rows.DocumentRow(
        id=row.id,
        date=row.date,
        number=row.number or row.file_name,
        counterparty=row.counterparty or ("" if row.number else _("no sender known")),
        gross=row.gross_amount,
        currency=row.currency,
        status=row.status,
        sent=document_rows.Sent(
            delivered=row.delivered,
            total=row.wanted,
            any_failed=row.needs_a_look,
            states=tuple((one.label, one.state) for one in row.sent),
        ),
    )


def client_row(row: listing.ClientRow) -> client_table.ClientRow:
    return client_table.ClientRow(
        id=row.client.id,
        name=row.client.name,
        vat_number=row.client.vat_number,
        counts=counts(row.counts),
        newest=row.newest,
        integrations=row.integrations,
    )


def counts(found: listing.Counts) -> Counts:
    return Counts(
        error=found.error,
        queued=found.queued,
        ready=found.ready,
        client=found.client_action_needed,
        total=found.total,
    )


def tree_nodes(folders: Iterable[listing.FolderNode]) -> Iterator[folder_tree.TreeNode]:
    """Ids are `FOLDER`, `FOLDER/2026`, `FOLDER/2026/11`."""
    for folder in folders:
        years = folder.years
        yield folder_tree.TreeNode(
            str(folder.folder), _(FOLDER_NAMES[folder.folder]), 0, counts(folder.counts), bool(years)
        )
        for year in years:
            base = f"{folder.folder}/{year.year}"
            yield folder_tree.TreeNode(base, str(year.year), 1, counts(year.counts), bool(year.months))
            for month in year.months:
                yield folder_tree.TreeNode(
                    f"{base}/{month.month}", month_name(month.month), 2, counts(month.counts), False
                )


def place_of(node_id: str) -> tuple[Folder, int | None, int | None]:
    """Folder, year and month that a node stands for."""
    folder, _slash, rest = node_id.partition("/")
    year, _slash, month = rest.partition("/")
    return Folder(folder), int(year) if year else None, int(month) if month else None


def month_name(month: int) -> str:
    return (
        _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"), _("August"),
        _("September"), _("October"), _("November"), _("December"),
    )[month - 1]  # fmt: skip
