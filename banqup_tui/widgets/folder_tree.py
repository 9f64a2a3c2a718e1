"""The folders of a client with their years and months, and counts.

Beside the table it is 31 cells wide and shows totals, and failures as `×3`; on its own it shows all counts in columns.
A name too long for the pane is wrapped at a space, with the count on its last line.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar, NamedTuple

import msgspec
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from banqup_tui.domain.listing import Counts
from banqup_tui.presentation.formats import count, cut, shown, wrapped
from banqup_tui.presentation.signs import STATUSES, sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.count_columns import COUNTED, draw_count
from banqup_tui.widgets.focus import forget_layout_repaint
from banqup_tui.widgets.line_list import LineList
from banqup_tui.widgets.strips import LineBuilder, width_of
from banqup_tui.widgets.theme import Ground, Look, Token

WIDE_FROM = 60
_TOTAL, _COUNT = 8, 7


class TreeNode(msgspec.Struct, frozen=True):
    """A folder (level 0), a year (1) or a month (2). `label` is already translated."""

    id: str
    label: str
    level: int = 0
    counts: Counts = Counts()
    has_children: bool = False


class _Line(NamedTuple):
    """A row of the screen, with part of the label of `node` (an index)."""

    node: int
    text: str
    is_first: bool
    is_last: bool


class FolderTree(LineList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", show=False, id="tree.open"),
        Binding("right,l", "unfold", show=False, id="tree.unfold"),
        Binding("left,h", "fold", show=False, id="tree.fold"),
    ]
    DEFAULT_CSS = "FolderTree { width: 31; } FolderTree.-wide { width: 1fr; }"

    class Opened(Message):
        """The documents of a node were asked for, by Enter or a double click."""

        def __init__(self, node: TreeNode) -> None:
            super().__init__()
            self.node = node

    class CursorMoved(Message):
        def __init__(self, node: TreeNode | None) -> None:
            super().__init__()
            self.node = node

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, FolderTree.CursorMoved)

    class LeaveRight(Message):
        """The user pressed `→` on a node that has nothing more to unfold."""

    class Folded(Message):
        """Nodes were folded or unfolded; `open_ids` are those that are open now."""

        def __init__(self, open_ids: frozenset[str]) -> None:
            super().__init__()
            self.open_ids = open_ids

    def __init__(
        self,
        nodes: Sequence[TreeNode] = (),
        *,
        open_ids: Collection[str] = (),
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._tree: tuple[TreeNode, ...] = tuple(nodes)
        self._open = set(open_ids)
        self._lines: list[_Line] = []
        self._layout_width = -1

    # State

    @property
    def node(self) -> TreeNode | None:
        """The node under the cursor."""
        lines = self._layout_lines()
        return self._tree[lines[self.cursor].node] if self.cursor < len(lines) else None

    @property
    def open_ids(self) -> frozenset[str]:
        return frozenset(self._open)

    def set_nodes(self, nodes: Sequence[TreeNode]) -> None:
        """Sets all nodes, each after its parent. The cursor stays on its node; unchanged lines are not repainted."""
        new = tuple(nodes)
        if new == self._tree:
            return
        current_id = self.node.id if self.node else None
        before = [(line, self._tree[line.node]) for line in self._layout_lines()]
        self._tree = new
        self._layout_width = -1
        after = [(line, self._tree[line.node]) for line in self._layout_lines()]
        self._put_cursor_on(current_id)
        if len(before) != len(after):
            self.lines_changed()
            return
        for index, (old, now) in enumerate(zip(before, after, strict=True)):
            if old != now:
                LineList.refresh_index(self, index)

    def move_to_node(self, node_id: str, *, unfold: bool = True) -> bool:
        """Puts the cursor on a node, unfolding what it lies in. Returns false if there is no such node."""
        position = next((index for index, node in enumerate(self._tree) if node.id == node_id), None)
        if position is None:
            return False
        if unfold:
            self._open_around(position)
        self._layout_width = -1
        line = next((index for index, line in enumerate(self._layout_lines()) if line.node == position), None)
        if line is None:
            return False
        self.refresh()
        self.move_to(line)
        return True

    # Drawing

    @property
    def is_wide(self) -> bool:
        return self.size.width >= WIDE_FROM

    def line_count(self) -> int:
        return len(self._layout_lines())

    def can_hold_cursor(self, index: int) -> bool:
        return self._layout_lines()[index].is_first

    def ground_of(self, index: int) -> Ground:
        lines = self._layout_lines()
        if self.cursor < len(lines) and lines[index].node == lines[self.cursor].node:
            return "cursor" if self.has_focus else "cursor_off"
        return self.ground

    def refresh_index(self, index: int) -> None:
        super().refresh_index(index)
        lines = self._layout_lines()
        following = index + 1
        while following < len(lines) and not lines[following].is_first:
            super().refresh_index(following)
            following += 1

    def draw_label(self, width: int, look: Look) -> Strip:
        marked = self.has_focus and not self.is_wide
        style = look.style("strong", bold=True) if marked else look.style("muted")
        line = LineBuilder(look.style("muted")).at(2).put(_("Folders"), style)
        if self.is_wide:
            for status, end in zip(COUNTED, _count_ends(width), strict=True):
                line.put_right(end, STATUSES[status].sign, look.style("muted"))
            line.put_right(width - 2, _("Total"), look.style("muted"))
        return line.strip(width)

    def draw_line(self, index: int, width: int, look: Look, ground: Ground) -> Strip:
        part = self._layout_lines()[index]
        node = self._tree[part.node]
        token: Token = "strong" if node.level == 0 else "text"
        line = LineBuilder(look.style(token, ground))
        if part.is_first and node.has_children:
            is_open = node.id in self._open
            line.at(2 + 2 * node.level).put(
                sign("open" if is_open else "folded"), look.style("text" if is_open else "muted", ground)
            )
        line.at(_label_column(node)).put(part.text, look.style(token, ground))
        if part.is_last:
            draw = self._draw_columns if self.is_wide else self._draw_total
            draw(line, node, width, look, ground)
        return line.strip(width)

    def _draw_columns(self, line: LineBuilder, node: TreeNode, width: int, look: Look, ground: Ground) -> None:
        for status, end in zip(COUNTED, _count_ends(width), strict=True):
            draw_count(line, end, node.counts.of(status), status, look, ground)
        line.put_right(width - 2, count(node.counts.total), look.style("muted", ground))

    def _draw_total(self, line: LineBuilder, node: TreeNode, width: int, look: Look, ground: Ground) -> None:
        total = count(node.counts.total)
        if node.counts.error:
            failed = f"{sign('error')}{count(node.counts.error)}"
            line.put_right(_failed_end(width, total), failed, look.style("error", ground, bold=True))
        line.put_right(width - 1, total, look.style("muted", ground))

    # Layout

    def _layout_lines(self) -> list[_Line]:
        if self._layout_width != self.size.width:
            self._layout_width = self.size.width
            self._lines = [line for index in self._visible_nodes() for line in self._lines_of(index)]
        return self._lines

    def _visible_nodes(self) -> list[int]:
        visible: list[int] = []
        hidden_below: int | None = None
        for index, node in enumerate(self._tree):
            if hidden_below is not None and node.level > hidden_below:
                continue
            hidden_below = node.level if node.has_children and node.id not in self._open else None
            visible.append(index)
        return visible

    def _lines_of(self, index: int) -> list[_Line]:
        node = self._tree[index]
        parts = self._wrapped_label(node)
        last = len(parts) - 1
        return [_Line(index, text, at == 0, at == last) for at, text in enumerate(parts)]

    def _wrapped_label(self, node: TreeNode) -> list[str]:
        width = self.size.width or 31
        label, column = shown(node.label), _label_column(node)
        if width >= WIDE_FROM:
            return [cut(label, _count_ends(width)[0] - 6 - column)]
        total = count(node.counts.total)
        end = width - 2 - width_of(total)
        if node.counts.error:
            end = _failed_end(width, total) - 2 - width_of(count(node.counts.error))
        width_left = end - column
        if width_of(label) <= width_left:
            return [label]
        lines = wrapped(label, width - 1 - column)
        if width_of(lines[-1]) > width_left and " " in lines[-1]:
            head, _space, tail = lines[-1].rpartition(" ")
            lines[-1:] = [head, tail]
        lines[-1] = cut(lines[-1], width_left)
        return lines

    def _open_around(self, position: int) -> None:
        level = self._tree[position].level
        for index in range(position - 1, -1, -1):
            if self._tree[index].level < level:
                level = self._tree[index].level
                self._open.add(self._tree[index].id)

    def _put_cursor_on(self, node_id: str | None) -> None:
        for index, line in enumerate(self._layout_lines()):
            if self._tree[line.node].id == node_id and line.is_first:
                self._cursor = index
                return
        self._cursor = self._nearest_stop(self._cursor, -1)

    def _set_open(self, node: TreeNode, is_open: bool) -> None:
        (self._open.add if is_open else self._open.discard)(node.id)
        first = self.cursor - self._top
        self._layout_width = -1
        self._layout_lines()
        if self._scroll_to_cursor():
            return
        height = max(self.size.height - self.label_rows - first, 0)
        self.refresh(Region(0, self.label_rows + first, self.size.width, height))
        self.post_message(self.Folded(self.open_ids))

    def cursor_has_moved(self) -> None:
        self.post_message(self.CursorMoved(self.node))

    # Actions

    def action_open(self) -> None:
        if self.node is not None:
            self.post_message(self.Opened(self.node))

    def action_unfold(self) -> None:
        """Unfolds the node; if there is nothing to unfold, asks to leave to the right."""
        node = self.node
        if node is None:
            return
        if node.has_children and node.id not in self._open:
            self._set_open(node, True)
        else:
            self.post_message(self.LeaveRight())

    def action_fold(self) -> None:
        """Folds the node; if there is nothing to fold, moves to its parent."""
        node = self.node
        if node is None:
            return
        if node.has_children and node.id in self._open:
            self._set_open(node, False)
            return
        lines = self._layout_lines()
        for index in range(self.cursor - 1, -1, -1):
            if self._tree[lines[index].node].level < node.level and lines[index].is_first:
                self.move_to(index)
                return

    # Events

    def on_resize(self, event: events.Resize) -> None:
        event.prevent_default()
        forget_layout_repaint(self)
        node = self.node
        self._layout_width = -1
        self._put_cursor_on(node.id if node else None)
        self._scroll_to_cursor()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        index = self.index_at(event.y)
        if index is None:
            return
        while not self._layout_lines()[index].is_first:
            index -= 1
        self.move_to(index)
        node = self.node
        if node is None:
            return
        if node.has_children and 1 + 2 * node.level <= event.x <= 3 + 2 * node.level:
            self._set_open(node, node.id not in self._open)
        elif event.chain >= 2 or not self.is_wide:
            self.action_open()


def _label_column(node: TreeNode) -> int:
    return 4 + 2 * node.level


def _failed_end(width: int, total: str) -> int:
    """Returns where `×3` ends: one cell before a total of up to five cells, further left before a longer one."""
    return width - 2 - max(width_of(total), 5)


def _count_ends(width: int) -> list[int]:
    return [width - 2 - _TOTAL - _COUNT * (3 - position) for position in range(4)]
