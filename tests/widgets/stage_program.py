"""Folders and a table in a process of their own, for the tests that count what reaches the terminal."""

import os
from typing import Any

from textual.app import App, ComposeResult

from banqup_tui.widgets.count_columns import Counts
from banqup_tui.widgets.document_table import DocumentTable
from banqup_tui.widgets.folder_tree import FolderTree, TreeNode
from banqup_tui.widgets.menu import Menu, MenuEntry
from banqup_tui.widgets.sheet import Rule, Sheet
from banqup_tui.widgets.theme import register_themes, wants_native_colours
from tests.widgets.support import ManyRows

ENTRIES = [MenuEntry(str(number), f"Something to do {number}", "", "What will happen then") for number in range(6)]


class Place(Sheet):
    def __init__(self) -> None:
        super().__init__()
        self.folders = FolderTree([TreeNode("a", "Sales invoices", counts=Counts(total=412))])
        self.table = DocumentTable(ManyRows(5000))
        self.menu = Menu()

    def compose_body(self) -> ComposeResult:
        yield self.folders
        yield Rule()
        yield self.table

    def compose_panels(self) -> ComposeResult:
        yield self.menu

    def on_mount(self) -> None:
        self.title_line.set_path(["Boulangerie du Parvis SRL"], right="5,000 documents")
        self.set_focus(self.table)

    def on_document_table_menu_asked(self, message: DocumentTable.MenuAsked) -> None:
        self.menu.open_menu(message.row.number, ENTRIES, message.region, message.row)


class Program(App[None]):
    def __init__(self) -> None:
        super().__init__(ansi_color=wants_native_colours(os.environ))
        register_themes(self)

    def get_default_screen(self) -> Any:
        return Place()


if __name__ == "__main__":
    Program().run()
