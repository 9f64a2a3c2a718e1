"""A sign-in in the browser: the address to open, and a line for the address to which the browser was sent back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip

from banqup_tui.presentation.formats import cut, head, shown
from banqup_tui.presentation.signs import sign
from banqup_tui.presentation.words import _
from banqup_tui.widgets.buttons import Button, button_row
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.panels.panel import TEXT_MARGIN, Panel, PanelRow
from banqup_tui.widgets.strips import strip_of
from banqup_tui.widgets.text_input import LineEditor
from banqup_tui.widgets.text_lines import Line, fitted, left, paragraph
from banqup_tui.widgets.theme import Ground, Look, Token

SignInChoice = Literal["continue", "copy", "browser"]
_CHOICES: Mapping[str, SignInChoice] = {"continue": "continue", "copy": "copy", "browser": "browser"}
AGAIN = "again"
_PASTED, _CANCEL = "pasted", "cancel"
_FIELD: Line = (left(0, "\u00a0"),)
_AIRY_FROM = 30
_MOST_RETURNS_TO = 40


class SignInPanel(Panel):
    """Answers with the argument of `answer`, with `AGAIN`, or with `None` if it was cancelled.

    It is as wide as the window and has no frame beside the address, so that selecting with the mouse gets only the
    address.
    """

    takes_text = True
    is_wide: ClassVar[bool] = True
    BINDINGS = [
        Binding("tab", "step(1)", show=False, id="sign_in.next"),
        Binding("shift+tab", "step(-1)", show=False, id="sign_in.previous"),
        Binding("ctrl+y", "copy", show=False, id="sign_in.copy"),
    ]

    class ButtonPressed(Message):
        """A button was pressed. `continue` is with the address in `pasted`."""

        def __init__(self, choice: SignInChoice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._provider, self._address, self._returns_to = "", "", ""
        self._has_browser, self._is_refused = False, False
        self._status: tuple[str, Token] = ("", "muted")
        self._remedy = ""
        self._editor = LineEditor()
        self._stop = _PASTED
        self._first = 0
        self._hidden_rows = 0

    def fill(self, provider: str, address: str, returns_to: str, *, has_browser: bool) -> None:
        """Shows a new sign-in. `returns_to` is the beginning of the address to which the browser will be sent back."""
        self._provider, self._address, self._returns_to = provider, shown(address), returns_to
        self._has_browser, self._is_refused = has_browser, False
        self._status, self._remedy = (_("Waiting until you have signed in there."), "muted"), ""
        self._editor.set("")
        self._stop = "browser" if has_browser else _PASTED
        self._first = 0

    def tell(self, text: str, token: Token = "text") -> None:
        """Shows a text under the line, until the next one."""
        self._status = (text, token)
        if self.is_open:
            self.rebuild()

    def refuse(self, sentence: str, remedy: str) -> None:
        """Shows that the sign-in has failed, with a button that begins another."""
        self._is_refused = True
        self._status, self._remedy = (sentence, "error"), remedy
        self._stop = AGAIN
        self._changed()

    @property
    def pasted(self) -> str:
        return self._editor.text.strip()

    # what is seen

    def rows(self, width: int) -> list[PanelRow]:
        words = _("Sign in at {provider}").format(provider=self._provider)
        title = PanelRow((fitted(0, width, words, "strong", bold=True),))
        line, zones = button_row(self._buttons(), self._stop)
        status_rows = [PanelRow(row) for row in paragraph(0, width, *self._status)]
        buttons = [PanelRow(), PanelRow(line, zones=zones)]
        if self._is_refused:
            return [title, *status_rows, *(PanelRow(row) for row in paragraph(0, width, self._remedy)), *buttons]
        blank = [PanelRow()] if self.app.size.height >= _AIRY_FROM else []
        intro = paragraph(0, width, _("Open this address in a browser on any computer, and sign in there:"), "muted")
        before = [title, *(PanelRow(row) for row in intro)]
        after = [
            *blank,
            *(PanelRow(row) for row in self._what_to_paste(width)),
            PanelRow(_FIELD),
            *status_rows,
            *buttons,
        ]
        return [*before, *self._address_rows(width, len(before) + len(after) + 1), *after]

    def _address_rows(self, width: int, others: int) -> list[PanelRow]:
        """Returns the address, or as much of it as has room beside `others` other rows."""
        parts: list[str] = []
        rest = self._address
        while rest:
            parts.append(head(rest, width) or rest[:1])
            rest = rest[len(parts[-1]) :]
        width_left = max(self._width_left(self.app.size) - others, 1)
        self._hidden_rows = max(len(parts) - width_left, 0)
        self._first = min(self._first, self._hidden_rows)
        return [PanelRow((left(0, part),), bare=True) for part in parts[self._first : self._first + width_left]]

    def _what_to_paste(self, width: int) -> list[Line]:
        words = _(
            "If the browser then cannot open {address}, copy the whole address from its address bar and paste it here."
        )
        return paragraph(0, width, words.format(address=cut(shown(self._returns_to), _MOST_RETURNS_TO)), "muted")

    def draw_row(self, row: PanelRow, look: Look, width: int, ground: Ground) -> Strip:
        if row.line is not _FIELD:
            return super().draw_row(row, look, width, ground)
        plain, accent = look.style("text", ground), look.style("accent", ground)
        field = self._editor.pieces(width - TEXT_MARGIN - 4, look, "bg", with_caret=self._stop == _PASTED)
        return strip_of([("  ", plain), (sign("prompt"), accent), (" ", plain), *field], width, plain)

    def footer_keys(self) -> Sequence[FooterKey]:
        label = next((button.label for button in self._buttons() if button.id == self._stop), "")
        if self._stop == _PASTED and self.pasted:
            label = _("Continue")
        enter = (FooterKey("Enter", label),) if label else ()
        copy = () if self._is_refused else (FooterKey("Ctrl+Y", _("Copy address")),)
        scroll = (FooterKey(sign("up") + sign("down"), _("Move")),) if self._hidden_rows else ()
        return *enter, FooterKey("Tab", _("Next field")), *copy, *scroll, FooterKey("Esc", _("Cancel"))

    def _buttons(self) -> list[Button]:
        cancel = Button(_CANCEL, _("Cancel"))
        if self._is_refused:
            return [Button(AGAIN, _("Try again")), cancel]
        nothing = None if self.pasted else _("Nothing pasted yet")
        browser = [Button("browser", _("Open browser"))] if self._has_browser else []
        return [Button("continue", _("Continue"), nothing), Button("copy", _("Copy address")), *browser, cancel]

    def _changed(self) -> None:
        if self.is_open:
            self.rebuild()
            self.screen.post_message(self.Shown(self, True))

    # keys and mouse

    def action_step(self, step: int) -> None:
        stops = [] if self._is_refused else [_PASTED]
        stops += [button.id for button in self._buttons() if button.reason is None]
        self._stop = stops[(stops.index(self._stop) + step) % len(stops)]
        self._changed()

    def action_move(self, rows: int) -> None:
        """Scrolls the address, if it does not fit."""
        self._first = max(self._first + rows, 0)
        self.rebuild()

    def action_copy(self) -> None:
        if not self._is_refused:
            self.post_message(self.ButtonPressed("copy"))

    def action_enter(self) -> None:
        self.pressed("continue" if self._stop == _PASTED else self._stop)

    def action_close_for(self, name: str) -> None:
        """Does nothing: only the user's Escape closes it, not another panel."""

    def left_by_click(self) -> None:
        """Does nothing: the click may only bring the window back to the front, after the browser."""

    def pressed(self, button: str) -> None:
        if button == _CANCEL:
            self.answer(None)
        elif button == AGAIN:
            self.answer(AGAIN)
        elif button != "continue" or self.pasted:
            self.post_message(self.ButtonPressed(_CHOICES[button]))

    def on_key(self, event: events.Key) -> None:
        on_line = self._stop == _PASTED
        taken = on_line and self._editor.take(event)
        if taken:
            self._changed()
        elif not on_line and event.key in ("left", "right"):
            taken = True
            self.action_step(1 if event.key == "right" else -1)
        elif not on_line and event.is_printable:
            taken = True
            if event.key == "space":
                self.action_enter()
        if taken:
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Inserts a pasted address, wherever the focus is. White space in it is where a terminal broke the line."""
        event.stop()
        if not self._is_refused:
            self._editor.insert("".join(event.text.split()))
            self._stop = _PASTED
            self._changed()
