"""Documents and details are drawn from blocks: a heading, two parties, a table, totals, facts.

A block answers its lines for a width; a line is cells, each with its column. `BlockView` shows blocks one under the
other, a blank line between them, at most 100 columns wide, and scrolls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Protocol

from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from banqup_tui.widgets.focus import QuietFocus, forget_layout_repaint
from banqup_tui.widgets.formats import cut, shown, wrapped
from banqup_tui.widgets.lines import LineBuilder, width_of
from banqup_tui.widgets.one_line import Word, Words, cut_words
from banqup_tui.widgets.theme import look_of

WIDEST = 100
STACKED_BELOW = 70
"""Content narrower than this has the parties one under the other and no unit price."""
_LEFT = 2


class Cell(NamedTuple):
    """Words that begin at `column`, or that end before it (`is_right`)."""

    column: int
    words: Words
    is_right: bool = False


Line = Sequence[Cell]


class Block(Protocol):
    def lines(self, width: int) -> list[Line]:
        """Drawn in `width` columns that begin at column 2."""
        ...


class Heading(NamedTuple):
    """What it is and what it comes to, each with a line beneath."""

    left: str
    right: str = ""
    under_left: str = ""
    under_right: str = ""

    def lines(self, width: int) -> list[Line]:
        room = width - width_of(shown(self.right)) - 2
        lines: list[Line] = [
            _both(width, Word(cut(shown(self.left), room), "strong", True), Word(shown(self.right), "strong", True))
        ]
        if self.under_left or self.under_right:
            lines.append(_both(width, Word(shown(self.under_left), "muted"), Word(shown(self.under_right), "muted")))
        return lines


class Party(NamedTuple):
    """A label, the name first of its lines, and a muted note."""

    label: str
    text: Sequence[str]
    note: str = ""


class Parties(NamedTuple):
    """Two parties side by side, or one under the other where it is narrow."""

    left: Party
    right: Party

    def lines(self, width: int) -> list[Line]:
        if width < STACKED_BELOW:
            return [*_stacked(self.left, width), *_stacked(self.right, width)]
        half = width // 2
        left, right = _party_words(self.left), _party_words(self.right)
        count = max(len(left), len(right))
        lines: list[Line] = []
        for index in range(count):
            cells = []
            if index < len(left):
                cells.append(Cell(_LEFT, [_cut_word(left[index], half - 1)]))
            if index < len(right):
                cells.append(Cell(_LEFT + half + 1, [_cut_word(right[index], width - half - 1)]))
            lines.append(cells)
        return lines


class GridColumn(NamedTuple):
    """`end`: cells between the end of a right-aligned column and the right edge; None for left-aligned at `start`."""

    label: str
    start: int = 0
    end: int | None = None
    only_wide: bool = False
    only_narrow: bool = False


class Grid(NamedTuple):
    """A table: rows of words, one for each column. The first column gives way to the next cell of its own row."""

    columns: Sequence[GridColumn]
    rows: Sequence[Sequence[Word]]

    def lines(self, width: int) -> list[Line]:
        labels = [Word(column.label, "muted") for column in self.columns]
        return [self._line(row, width) for row in (labels, *self.rows)]

    def _line(self, row: Sequence[Word], width: int) -> Line:
        cells: list[Cell] = []
        limit = _LEFT + width
        is_narrow = width < STACKED_BELOW
        for column, word in reversed(list(zip(self.columns, row, strict=True))):
            text = shown(word.text)
            if not text or (column.only_wide and is_narrow) or (column.only_narrow and not is_narrow):
                continue
            if column.end is not None:
                end = _LEFT + width - column.end
                cells.append(Cell(end, [word._replace(text=text)], True))
                limit = end - width_of(text) - 2
            else:
                start = _LEFT + column.start
                cells.append(Cell(start, [word._replace(text=cut(text, limit - start))]))
                limit = start - 2
        return list(reversed(cells))


class Pair(NamedTuple):
    """Two blocks side by side, as the VAT and the totals are: the right one ends at the right edge."""

    left: Block
    right: Block

    def lines(self, width: int) -> list[Line]:
        left, right = self.left.lines(width), self.right.lines(width)
        count = max(len(left), len(right))
        return [
            [*(left[index] if index < len(left) else ()), *(right[index] if index < len(right) else ())]
            for index in range(count)
        ]


class Totals(NamedTuple):
    """Amounts with their labels at the right edge, the last one strong."""

    rows: Sequence[tuple[str, str]]

    def lines(self, width: int) -> list[Line]:
        label_width = 25 if width >= STACKED_BELOW else 21
        end = _LEFT + width
        lines: list[Line] = []
        for index, (label, figure) in enumerate(self.rows):
            is_last = index == len(self.rows) - 1
            words = (Word(label, "strong", True), Word(figure, "strong", True)) if is_last else (
                Word(label, "muted"), Word(figure)
            )  # fmt: skip
            lines.append([Cell(end - label_width, [words[0]]), Cell(end, [words[1]], True)])
        return lines


class Fact(NamedTuple):
    """A label, what it is, and a warning that points at it."""

    label: str
    value: Words
    warning: str = ""


class Facts(NamedTuple):
    """Labels with their values at `column`; long values are wrapped."""

    facts: Sequence[Fact]
    heading: Words = ()
    column: int = 17

    def lines(self, width: int) -> list[Line]:
        lines: list[Line] = [[Cell(_LEFT, self.heading)]] if self.heading else []
        for fact in self.facts:
            lines += self._fact_lines(fact, width)
        return lines

    def _fact_lines(self, fact: Fact, width: int) -> list[Line]:
        column = min(self.column, 15) if width < STACKED_BELOW and self.column == 17 else self.column
        room = width - column
        start = _LEFT + column
        values = _wrapped_words(fact.value, room)
        lines: list[Line] = [[Cell(start, words)] for words in values] or [[]]
        if fact.warning:
            warning = [Word(f"! {shown(fact.warning)}", "warn", True)]
            used = sum(width_of(word.text) for word in values[-1]) if values else 0
            if used + 2 + width_of(warning[0].text) <= room:
                lines[-1] = [*lines[-1], Cell(start + used + 2, warning)]
            else:
                lines.append([Cell(start, warning)])
        lines[0] = [Cell(_LEFT, [Word(fact.label, "muted")]), *lines[0]]
        return lines


class Paragraph(NamedTuple):
    """Running text."""

    text: str
    token_word: Word = Word("", "text")

    def lines(self, width: int) -> list[Line]:
        return [[Cell(_LEFT, [self.token_word._replace(text=line)])] for line in wrapped(shown(self.text), width)]


class BlockView(QuietFocus):
    """Shows blocks and scrolls them. It has no cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_lines(1)", show=False, id="view.down"),
        Binding("up,k", "scroll_lines(-1)", show=False, id="view.up"),
        Binding("pagedown,ctrl+d", "scroll_page(1)", show=False, id="view.page_down"),
        Binding("pageup,ctrl+u", "scroll_page(-1)", show=False, id="view.page_up"),
        Binding("g,home", "scroll_to_line(0)", show=False, id="view.first"),
        Binding("G,end", "scroll_to_line(1000000)", show=False, id="view.last"),
    ]
    DEFAULT_CSS = "BlockView { width: 1fr; height: 1fr; }"

    def __init__(
        self, blocks: Sequence[Block] = (), *, label: Line = (), id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._blocks: Sequence[Block] = tuple(blocks)
        self._label = label
        self._top = 0
        self._drawn: list[Line] = []
        self._drawn_for = -1

    def set_blocks(self, blocks: Sequence[Block], *, label: Line = (), keep_place: bool = False) -> None:
        """Show these from the top, or from where one was. `label`: a first row that stays, for a pane."""
        self._blocks, self._label = tuple(blocks), label
        self._drawn_for = -1
        if not keep_place:
            self._top = 0
        self.refresh()

    def refresh_focus(self) -> None:
        """Nothing shows it but the keys of the footer."""

    @property
    def text_lines(self) -> list[str]:
        """What is shown, as plain text: for searching and copying."""
        return ["".join(word.text for cell in line for word in cell.words) for line in self._lines()]

    def scroll_to_text_line(self, index: int) -> None:
        """Bring a line of `text_lines` into view."""
        if not self._top <= index < self._top + self._page:
            self.action_scroll_to_line(max(index - self._page // 3, 0))

    # Drawing

    def _lines(self) -> list[Line]:
        width = self.size.width
        if self._drawn_for != width:
            self._drawn_for = width
            content = min(max(width - 2 * _LEFT, 10), WIDEST)
            lines: list[Line] = []
            for block in self._blocks:
                drawn = block.lines(content)
                lines += [[], *drawn] if lines and drawn else drawn
            self._drawn = lines
        return self._drawn

    @property
    def _label_rows(self) -> int:
        return 2 if self._label else 0

    @property
    def _page(self) -> int:
        return max(self.size.height - self._label_rows, 1)

    def render_line(self, y: int) -> Strip:
        look = look_of(self)
        width = self.size.width
        line = LineBuilder(look.style("text"))
        lines = self._lines()
        index = self._top + y - self._label_rows
        cells: Line = ()
        if self._label and y < self._label_rows:
            cells = self._label if y == 0 else ()
        elif 0 <= index < len(lines):
            cells = lines[index]
        for cell in cells:
            words = cut_words(cell.words, width if cell.is_right else width - cell.column)
            used = sum(width_of(word.text) for word in words)
            line.at(cell.column - used if cell.is_right else cell.column)
            for word in words:
                line.put(word.text, look.style(word.token, bold=word.bold))
        return line.strip(width)

    # Actions

    def action_scroll_lines(self, lines: int) -> None:
        self.action_scroll_to_line(self._top + lines)

    def action_scroll_page(self, direction: int) -> None:
        self.action_scroll_to_line(self._top + direction * max(self._page - 2, 1))

    def action_scroll_to_line(self, line: int) -> None:
        top = min(max(line, 0), max(len(self._lines()) - self._page, 0))
        if top != self._top:
            self._top = top
            self.refresh()

    # Events

    def on_resize(self, event: events.Resize) -> None:
        forget_layout_repaint(self)
        self.action_scroll_to_line(self._top)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll_lines(-3)


def _both(width: int, left: Word, right: Word) -> Line:
    cells = [Cell(_LEFT, [left])]
    return [*cells, Cell(_LEFT + width, [right], True)] if right.text else cells


def _party_words(party: Party) -> list[Word]:
    lines = [Word(party.label, "muted"), *(Word(shown(text)) for text in party.text)]
    return [*lines, Word(shown(party.note), "muted")] if party.note else lines


def _stacked(party: Party, width: int) -> list[Line]:
    texts = [Word(shown(text)) for text in party.text] + ([Word(shown(party.note), "muted")] if party.note else [])
    lines: list[Line] = [[Cell(_LEFT + 6, [_cut_word(word, width - 6)])] for word in texts] or [[]]
    lines[0] = [Cell(_LEFT, [Word(party.label, "muted")]), *lines[0]]
    return lines


def _cut_word(word: Word, width: int) -> Word:
    return word._replace(text=cut(word.text, width))


def _wrapped_words(words: Words, width: int) -> list[list[Word]]:
    """A single word is wrapped at spaces; several are kept on a line."""
    if len(words) != 1:
        return [cut_words(words, width)] if words else []
    return [[words[0]._replace(text=line)] for line in wrapped(shown(words[0].text), width)]
