"""The panes of the folders: which are in sight, and which has the focus."""

from __future__ import annotations

from textual.widget import Widget

from banqup_tui.widgets.document_table.table import DocumentTable
from banqup_tui.widgets.folder_tree import FolderTree
from banqup_tui.widgets.page import Page
from banqup_tui.widgets.sheet import Rule


class FolderPanes:
    """One pane at a time on one level, two on two levels, all on three. Call `lay_out` after every change."""

    def __init__(self, tree: FolderTree, table: DocumentTable, beside: Page) -> None:
        self._tree, self._table, self._beside = tree, table, beside
        self._rules = (Rule(), Rule())
        self.in_table = True
        self._wants_tree = True
        self._wants_beside: bool | None = None

    def from_left_to_right(self) -> tuple[Widget, ...]:
        return self._tree, self._rules[0], self._table, self._rules[1], self._beside

    def lay_out(self, levels: int) -> Widget:
        """Shows the panes that are wanted and have room, and returns the one that gets the focus."""
        beside = levels == 3 if self._wants_beside is None else self._wants_beside and levels > 1
        tree = self._wants_tree and (levels == 3 or not beside)
        if levels == 1:
            tree, beside = not self.in_table, False
        self._tree.display = tree
        self._tree.set_class(levels == 1, "-wide")
        self._table.display = levels > 1 or self.in_table
        self._rules[0].display = tree and levels > 1
        self._rules[1].display = self._beside.display = beside
        return self._table if self.in_table or not tree else self._tree

    def go_into_table(self) -> None:
        self.in_table = True

    def go_into_tree(self) -> None:
        self.in_table = False
        self._wants_tree = True

    def toggle_tree(self, levels: int) -> None:
        """Shows or hides the folders. If only two panes have room, the document beside goes for them."""
        self._wants_tree = not self._tree.display
        if self._wants_tree and levels == 2:
            self._wants_beside = False
        self.in_table = True

    def toggle_beside(self) -> None:
        self._wants_beside = not self._beside.display
        self.in_table = True
