"""A review of many things about to be done, one row each, in which missing settings are filled in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from textual.app import ComposeResult
from textual.binding import Binding

from banqup_tui.actions.prompts import ReviewQuestion, ReviewRow, ReviewState
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.signs import SignName, sign
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.screens.app_protocol import AppProtocol
from banqup_tui.screens.keys import press_key
from banqup_tui.widgets.footer import Footer, FooterKey
from banqup_tui.widgets.list_view import Item, Listing
from banqup_tui.widgets.one_line import Word
from banqup_tui.widgets.sheet import Sheet
from banqup_tui.widgets.text_lines import Line, fitted, left
from banqup_tui.widgets.theme import Token

_LOOKS_OF_STATE: dict[ReviewState, tuple[SignName, Token, Token]] = {
    ReviewState.READY: ("done", "ok", "text"),
    ReviewState.NEEDS: ("warning", "warn", "text"),
    ReviewState.HAS: ("none", "muted", "muted"),
}
"""For each state the sign, its colour, and the colour of the name."""


class ReviewScreen(Sheet):
    """Is dismissed with true to go on, false to leave."""

    BINDINGS = [
        Binding("escape", "leave(False)", show=False, id="review.back"),
        Binding("a", "leave(True)", show=False, id="review.go-on"),
        Binding("w", "one_by_one", show=False, id="review.one-by-one"),
    ]

    def __init__(self, question: ReviewQuestion) -> None:
        super().__init__()
        self._question = question
        self._rows: Sequence[ReviewRow] = ()
        self.listing = Listing(id="review")
        self._is_editing = False

    def compose_body(self) -> ComposeResult:
        yield self.listing

    def on_mount(self) -> None:
        self.header.set_places(self.banqup.places(), "3")
        self.banqup.show_state(self)
        step = self._question.step
        steps = _("Step {part} of {whole}").format(part=step[0], whole=step[1]) if step else ""
        self.title_line.set_path(self._question.title, right=steps)
        self.footer.set_right(())
        self.set_focus(self.listing)
        self._draw()

    @property
    def banqup(self) -> AppProtocol:
        return cast("AppProtocol", self.app)

    def _draw(self) -> None:
        self._rows = self._question.rows()
        self.listing.show(lambda width: (self._labels(width), [_item(row, width) for row in self._rows]))
        keys = [(_("Enter"), _("Fill in"))]
        if self._next_that_needs() is not None:
            keys.append(("w", _("One by one")))
        if self._question.go_on():
            keys.append(("a", self._question.go_on()))
        self.footer.set_keys(FooterKey(*key) for key in (*keys, ("Esc", _("Cancel"))))
        self.info.set_state((Word(_summary(self._rows), "muted"),), at_once=True)

    def _labels(self, width: int) -> Line:
        note = _note_column(width)
        first, second = self._question.columns
        return left(2, first, "muted"), left(note, second, "muted")

    def _next_that_needs(self) -> str | None:
        return next((row.id for row in self._rows if row.state is ReviewState.NEEDS), None)

    # what happens

    def action_leave(self, goes_on: bool) -> None:
        if not self._is_editing and (not goes_on or self._question.go_on()):
            self.banqup.screen_left(self, goes_on)

    def action_one_by_one(self) -> None:
        if not self._is_editing:
            self.run_worker(self._one_by_one(), group="edit", exit_on_error=False)

    def on_listing_opened(self, message: Listing.Opened) -> None:
        message.stop()
        if not self._is_editing:
            self.run_worker(self._edit(message.key), group="edit", exit_on_error=False)

    def on_footer_key_asked(self, message: Footer.KeyAsked) -> None:
        message.stop()
        press_key(self, message.key)

    async def _edit(self, key: str) -> None:
        self._is_editing = True
        try:
            await self._question.edit(key)
        finally:
            self._is_editing = False
        self._draw()

    async def _one_by_one(self) -> None:
        """Edits rows with missing settings one after the other, until none is left or one stays as it was."""
        key = self._next_that_needs()
        while key is not None:
            self.listing.go_to(key)
            before = next(row for row in self._rows if row.id == key)
            await self._edit(key)
            if next(row for row in self._rows if row.id == key) == before:
                return
            key = self._next_that_needs()


def _item(row: ReviewRow, width: int) -> Item:
    name, token, of_label = _LOOKS_OF_STATE[row.state]
    note = _note_column(width)
    return Item(
        row.id,
        (
            left(0, sign(name), token, bold=row.state is ReviewState.NEEDS),
            fitted(2, note - 2, row.label, of_label),
            fitted(note, width, row.note, "muted" if row.state is not ReviewState.NEEDS else "text"),
        ),
    )


def _note_column(width: int) -> int:
    return min(44, width * 2 // 5)


def _summary(rows: Sequence[ReviewRow]) -> str:
    number = Counter(row.state for row in rows)
    parts = [
        ngettext("{count} ready", "{count} ready", number[ReviewState.READY]).format(
            count=count(number[ReviewState.READY])
        )
    ]
    if number[ReviewState.NEEDS]:
        words = ngettext("{count} needs settings", "{count} need settings", number[ReviewState.NEEDS])
        parts.append(words.format(count=count(number[ReviewState.NEEDS])))
    if number[ReviewState.HAS]:
        words = ngettext(
            "{count} has it already (Enter: once more)",
            "{count} have it already (Enter: once more)",
            number[ReviewState.HAS],
        )
        parts.append(words.format(count=count(number[ReviewState.HAS])))
    return ", ".join(parts)
