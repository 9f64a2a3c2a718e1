"""Give commands to the outbox, and say what was done and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterable

from banqup_tui.actions.asking import Message
from banqup_tui.actions.interface import Context
from banqup_tui.domain.values import Value
from banqup_tui.written.words import _


def give(context: Context, bodies: Iterable[Value], sentence: str) -> None:
    """`sentence` says what was done, with its full stop; without it, it is the name in the list of `u`."""
    label = sentence.rstrip(".")
    keys = tuple(context.doing.act(body, label) for body in bodies)
    context.ask.notify(Message(text=_with_undo(sentence, context), undo_keys=keys, plain=sentence))


def _with_undo(sentence: str, context: Context) -> str:
    if context.offline:
        words = _("{sentence} Waits on this computer, will be sent when the line is back. u takes it back")
        return words.format(sentence=sentence)
    return _("{sentence} u takes it back").format(sentence=sentence)
