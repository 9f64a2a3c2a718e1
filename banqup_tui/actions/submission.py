"""Give commands to the outbox, and say what was done and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from banqup_tui.actions.context import Context
from banqup_tui.actions.opposites import REVERSIBLE
from banqup_tui.actions.prompts import Notice
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import CommandBody


def give(context: Context, bodies: Iterable[CommandBody], sentence: str) -> None:
    """`sentence` says what was done, with its full stop; without it, it is the name in the list of `u`."""
    label = sentence.rstrip(".")
    values = tuple(bodies)
    keys = tuple(context.doing.act_all(values, label))
    _tell(context, values, keys, sentence)


def give_each(context: Context, bodies: Sequence[tuple[CommandBody, str]], sentence: str) -> None:
    """Many commands in one write, each with a name of its own in the list of `u`."""
    values = tuple(body for body, _label in bodies)
    keys = tuple(context.doing.act_all(values, labels=[label for _body, label in bodies]))
    _tell(context, values, keys, sentence)


def _tell(context: Context, values: tuple[CommandBody, ...], keys: tuple[str, ...], sentence: str) -> None:
    message = partial(Notice, undo_keys=keys, plain=sentence)
    is_so = partial(context.doing.is_so, keys)
    wordings = _with_undo(sentence, values)
    sent = message(text=wordings[0], shorter=wordings[1:], holds=partial(is_so, waits=False))
    if context.offline:
        wordings = _waiting(sentence)
        waits = message(text=wordings[0], shorter=wordings[1:], holds=partial(is_so, waits=True), later=sent)
        context.ask.notify(waits)
    else:
        context.ask.notify(sent)


def _waiting(sentence: str) -> tuple[str, ...]:
    """What waits for the server, the longest first."""
    return (
        _("{sentence} Waits on this computer, will be sent when the line is back. u takes it back").format(
            sentence=sentence
        ),
        _("{sentence} Waits on this computer. u takes it back").format(sentence=sentence),
        _("{sentence} Waits here. u takes it back").format(sentence=sentence),
    )


def _with_undo(sentence: str, bodies: tuple[CommandBody, ...]) -> tuple[str, ...]:
    """The longest first. What the server is doing already, and nothing can take back, says nothing of `u`."""
    if all(isinstance(body, REVERSIBLE) for body in bodies):
        return _("{sentence} u takes it back").format(sentence=sentence), sentence
    return (sentence,)
