"""Sending to integrations: what each has, what will be sent, and what follows from the ticks.

The panel does not know the rules: `plan` is asked after every tick and says, for the ticked ids, what will be sent
where, which notes apply, and what the button does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.message import Message

from banqup_tui.domain.words import _
from banqup_tui.widgets.footer import FooterKey
from banqup_tui.widgets.formats import cut, shown, wrapped
from banqup_tui.widgets.lines import LineBuilder, width_of
from banqup_tui.widgets.one_line import Word, Words
from banqup_tui.widgets.panel import BLANK, Button, Draw, Panel, PanelLine, title_of, words_line
from banqup_tui.widgets.signs import SignName, sign
from banqup_tui.widgets.theme import Ground, Look, Token

_NAME, _HAS = 6, 22


class SendRow(NamedTuple):
    """One integration: what it has of the document, as sign and words."""

    id: str
    name: str
    sign: SignName
    token: Token
    has: str
    enabled: bool = True


class SendNote(NamedTuple):
    """A sentence under the rows; a warning has its sign before it, a muted one is indented."""

    text: str
    token: Token = "text"
    is_warning: bool = False


class SendPlan(NamedTuple):
    """`sends`: by row id, what will be sent there. `button`: `Send to 2 integrations`. `can_send` False dims it.

    `short`: what Enter does, for the footer: `Send to 2`.
    """

    sends: Mapping[str, str]
    button: str
    short: str
    notes: Sequence[SendNote] = ()
    can_send: bool = True


class SendAnswer(NamedTuple):
    """What the user decided. `again`: the option under the rows is ticked."""

    ticked: frozenset[str]
    again: bool


Plan = Callable[[frozenset[str], bool], SendPlan]


class SendPanel(Panel):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "tick", show=False, id="send.tick")]

    widest = 92
    margin = 2

    class Confirmed(Message):
        def __init__(self, answer: SendAnswer) -> None:
            super().__init__()
            self.answer = answer

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._title = self._subtitle = self._again_label = ""
        self._rows: Sequence[SendRow] = ()
        self._plan: Plan = lambda _ticked, _again: SendPlan({}, "", "", can_send=False)
        self._ticked: set[str] = set()
        self._again = False
        self._planned = SendPlan({}, "", "", can_send=False)

    def open_sending(
        self,
        title: str,
        subtitle: str,
        rows: Sequence[SendRow],
        ticked: frozenset[str],
        plan: Plan,
        *,
        again_label: str = "",
    ) -> None:
        """`again_label`: an option under the notes, for a selection: `Send again also what is there: …`."""
        self._title, self._subtitle, self._rows, self._plan = title, subtitle, rows, plan
        self._ticked, self._again, self._again_label = set(ticked), False, again_label
        self._item = 0
        self._planned = plan(frozenset(self._ticked), False)
        self.show_panel()

    async def ask(
        self,
        title: str,
        subtitle: str,
        rows: Sequence[SendRow],
        ticked: frozenset[str],
        plan: Plan,
        *,
        again_label: str = "",
    ) -> SendAnswer | None:
        """None for Escape. For workers."""
        self.open_sending(title, subtitle, rows, ticked, plan, again_label=again_label)
        answer: SendAnswer | None = await self.wait_for_answer()
        return answer

    # Drawing

    @property
    def title_words(self) -> Words:
        return title_of(self._title)

    def head_lines(self) -> list[PanelLine]:
        return [
            *super().head_lines(),
            words_line([Word(self._subtitle)]),
            BLANK,
            PanelLine(self._draw_labels),
        ]

    def body_lines(self) -> list[PanelLine]:
        lines = [PanelLine(self._row_drawing(row), item=index) for index, row in enumerate(self._rows)]
        lines.append(BLANK)
        for note in self._planned.notes:
            lines += self._note_lines(note)
        if self._again_label:
            lines.append(PanelLine(self._draw_again, item=len(self._rows)))
        return lines

    def _note_lines(self, note: SendNote) -> list[PanelLine]:
        is_plain = note.token == "text" and not note.is_warning
        indent = 2 if is_plain else 4
        parts = wrapped(shown(note.text), self.panel_width() - indent - 2)
        lines = [words_line([Word(part, note.token)], indent=indent) for part in parts]
        if note.is_warning:
            lines[0] = words_line([Word(sign("warning") + " ", "warn", True), Word(parts[0], note.token)])
        return lines

    def _draw_labels(self, line: LineBuilder, look: Look, ground: Ground, width: int) -> None:
        muted = look.style("muted", ground)
        line.at(_NAME).put(_("Integration"), muted)
        line.at(_HAS).put(_("What it has"), muted)
        line.at(self._sends_column(width)).put(_("What will be sent"), muted)

    def _row_drawing(self, row: SendRow) -> Draw:
        def draw(line: LineBuilder, look: Look, ground: Ground, width: int) -> None:
            sends = self._planned.sends.get(row.id, "")
            text = look.style("text" if row.enabled else "muted", ground)
            line.at(2).put("[x]" if row.id in self._ticked else "[ ]", text)
            line.at(_NAME).put(cut(shown(row.name), _HAS - _NAME - 2), text)
            line.at(_HAS).put(sign(row.sign), look.style(row.token, ground, bold=row.token in ("error", "warn")))
            line.put(" " + cut(shown(row.has), self._sends_column(width) - _HAS - 4), text)
            token: Token = "text" if row.id in self._ticked else "muted"
            line.at(self._sends_column(width)).put(
                cut(shown(sends), width - 2 - self._sends_column(width)), look.style(token, ground)
            )

        return draw

    def _sends_column(self, width: int) -> int:
        """Where the third column begins: further right if what they have needs it and what is sent leaves room."""
        has = max((width_of(shown(row.has)) for row in self._rows), default=0) + 4
        sends = max((width_of(shown(text)) for text in self._planned.sends.values()), default=0)
        label = width_of(_("What will be sent"))
        wanted = _HAS + max(has, 24, min(width - 54, 38))
        return max(min(wanted, width - 2 - max(sends, label)), _HAS + 16)

    def _draw_again(self, line: LineBuilder, look: Look, ground: Ground, width: int) -> None:
        line.at(2).put("[x] " if self._again else "[ ] ", look.style("text", ground))
        line.put(cut(self._again_label, width - 8), look.style("text", ground))

    def buttons(self) -> Sequence[Button]:
        return [Button("send", self._planned.button, self._planned.can_send), Button("cancel", _("Cancel"))]

    def footer_keys(self) -> Sequence[FooterKey]:
        return [
            FooterKey("Space", _("Tick")),
            FooterKey("Enter", self._planned.short, self._planned.can_send),
            FooterKey("Tab", _("Buttons")),
            FooterKey("Esc", _("Cancel")),
        ]

    def item_count(self) -> int:
        return len(self._rows) + (1 if self._again_label else 0)

    def can_hold_cursor(self, item: int) -> bool:
        return item >= len(self._rows) or self._rows[item].enabled

    # Actions

    def action_tick(self) -> None:
        """Tick the row or not, and say what follows."""
        if self.button is not None:
            self.action_accept()
            return
        if self.item >= len(self._rows):
            self._again = not self._again
        elif self._rows[self.item].enabled:
            self._ticked ^= {self._rows[self.item].id}
        self._planned = self._plan(frozenset(self._ticked), self._again)
        self.rebuild()
        self.place()
        self.keys_changed()

    def accepted(self) -> None:
        if self._planned.can_send:
            answer = SendAnswer(frozenset(self._ticked), self._again)
            self.finish(answer)
            self.post_message(self.Confirmed(answer))

    def clicked(self, item: int) -> None:
        self.action_tick()

    def pressed(self, button: Button) -> None:
        if button.id == "send":
            self.accepted()
        else:
            self.action_cancel()
