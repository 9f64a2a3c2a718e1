"""The nodes of the tree of folders, and what they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from banqup_tui.domain import listing
from banqup_tui.domain.folder import Folder
from banqup_tui.presentation.folders import FOLDER_NAMES
from banqup_tui.presentation.words import _
from banqup_tui.widgets.folder_tree import TreeNode


def tree_nodes(folders: Iterable[listing.FolderNode]) -> Iterator[TreeNode]:
    """Yields the nodes. Their ids are `FOLDER`, `FOLDER/2026` and `FOLDER/2026/11`."""
    for folder in folders:
        years = folder.years
        yield TreeNode(str(folder.folder), _(FOLDER_NAMES[folder.folder]), 0, folder.counts, bool(years))
        for year in years:
            base = f"{folder.folder}/{year.year}"
            yield TreeNode(base, str(year.year), 1, year.counts, bool(year.months))
            for month in year.months:
                yield TreeNode(f"{base}/{month.month}", month_name(month.month), 2, month.counts, False)


def place_of(node_id: str) -> tuple[Folder, int | None, int | None]:
    """Returns folder, year and month of a node."""
    folder, _slash, rest = node_id.partition("/")
    year, _slash, month = rest.partition("/")
    return Folder(folder), int(year) if year else None, int(month) if month else None


def month_name(month: int) -> str:
    return (
        _("January"), _("February"), _("March"), _("April"), _("May"), _("June"), _("July"), _("August"),
        _("September"), _("October"), _("November"), _("December"),
    )[month - 1]  # fmt: skip
