"""The folders of a client: beside the table and as a level of their own."""

from typing import Any

from rich.color import Color
from textual.strip import Strip

from banqup_tui.domain.listing import Counts
from banqup_tui.widgets.folder_tree import FolderTree, TreeNode
from tests.widgets.support import Stage, rows


def _counts(error: int, queued: int, ready: int, client: int, processed: int) -> Counts:
    return Counts(error=error, queued=queued, ready=ready, client_action_needed=client, processed=processed)


NODES = [
    TreeNode("sales", "Sales invoices", 0, Counts(processed=412), True),
    TreeNode(
        "purchase",
        "Purchase invoices",
        0,
        _counts(3, 2, 22, 4, 1253),
        True,
    ),
    TreeNode("purchase/2026", "2026", 1, _counts(3, 2, 22, 4, 455), True),
    TreeNode("purchase/2026/11", "November", 2, _counts(2, 2, 12, 2, 21)),
    TreeNode("purchase/2025", "2025", 1, Counts(processed=521), True),
    TreeNode(
        "reports",
        "Enriched movement reports",
        0,
        _counts(0, 0, 2, 0, 46),
        True,
    ),
]


def node_of(tree: FolderTree) -> TreeNode:
    assert tree.node is not None
    return tree.node


def ground_of(strip: Strip) -> Color | None:
    style = next(iter(strip)).style
    assert style is not None
    return style.bgcolor


def tree(**options: Any) -> FolderTree:
    return FolderTree(NODES, open_ids={"purchase", "purchase/2026"}, **options)


async def test_beside_the_table_totals_stand_in_line_and_failures_before_them() -> None:
    async with Stage(tree()).run_test(size=(120, 40)) as pilot:
        shown = [line[:31].rstrip() for line in rows(pilot.app)]
        assert shown[3:11] == [
            "  Folders",
            "  ► Sales invoices         412",
            "  ▼ Purchase invoices ×3 1,284",
            "    ▼ 2026            ×3   486",
            "        November      ×2    39",
            "    ► 2025                 521",
            "  ► Enriched movement",
            "    reports                 48",
        ]


async def test_as_a_level_of_its_own_all_counts_are_shown() -> None:
    async with Stage(tree(classes="-wide")).run_test(size=(80, 24)) as pilot:
        shown = rows(pilot.app)
        assert shown[2] == "  Folders                                       ×      →      ●      ◊   Total"
        assert shown[4] == "  ▼ Purchase invoices                           3      2     22      4   1,284"
        assert shown[8].startswith("  ► Enriched movement reports   ")


async def test_arrows_fold_unfold_and_leave_to_the_table() -> None:
    widget = tree()
    app = Stage(widget)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "right")
        assert app.posted(FolderTree.LeaveRight)
        await pilot.press("left")
        assert widget.open_ids == {"purchase/2026"}
        assert "Enriched" in rows(app)[6]
        await pilot.press("right", "j", "j", "left")
        assert node_of(widget).id == "purchase/2026"


async def test_the_cursor_covers_both_lines_of_a_wrapped_name_and_passes_on_as_one() -> None:
    widget = tree()
    async with Stage(widget).run_test(size=(120, 40)) as pilot:
        await pilot.press("G")
        assert node_of(widget).id == "reports"
        strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
        grounds = [ground_of(strip) for strip in (strips[9], strips[10])]
        assert grounds[0] == grounds[1]
        await pilot.press("k")
        assert node_of(widget).id == "purchase/2025"


async def test_new_counts_keep_the_cursor_where_it_is() -> None:
    widget = tree()
    async with Stage(widget).run_test(size=(120, 40)) as pilot:
        assert widget.move_to_node("purchase/2026/11")
        widget.set_nodes([TreeNode("new", "Aaa", 0), *NODES])
        await pilot.pause()
        assert node_of(widget).id == "purchase/2026/11"


async def test_a_click_on_the_sign_folds_and_on_the_name_opens() -> None:
    widget = tree()
    app = Stage(widget)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.click(offset=(2, 5))
        assert "purchase" not in widget.open_ids
        await pilot.click(offset=(8, 4))
        assert app.posted(FolderTree.Opened)[-1].node.id == "sales"
