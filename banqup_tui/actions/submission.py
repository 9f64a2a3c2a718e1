"""Gives commands to the outbox and tells the user what was done and how to undo it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from banqup_tui.actions.context import Context
from banqup_tui.actions.inverse_commands import is_reversible
from banqup_tui.actions.prompts import Notice
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import CommandBody


def submit(context: Context, bodies: Iterable[CommandBody], sentence: str) -> None:
    """Gives commands and shows `sentence`, which says what was done. Without its full stop it names them in undo."""
    label = sentence.rstrip(".")
    values = tuple(bodies)
    keys = tuple(context.session.act_all(values, label))
    _notify(context, values, keys, sentence)


def submit_each(context: Context, bodies: Sequence[tuple[CommandBody, str]], sentence: str) -> None:
    """Gives many commands in one write, each with a name of its own in the list of undo."""
    values = tuple(body for body, _label in bodies)
    keys = tuple(context.session.act_all(values, labels=[label for _body, label in bodies]))
    _notify(context, values, keys, sentence)


def _notify(context: Context, values: tuple[CommandBody, ...], keys: tuple[str, ...], sentence: str) -> None:
    message = partial(Notice, undo_keys=keys, plain=sentence)
    is_still_true = partial(context.session.is_still_true, keys)
    wordings = _with_undo(sentence, values)
    sent = message(text=wordings[0], shorter=wordings[1:], holds=partial(is_still_true, waits=False))
    if context.offline:
        wordings = _waiting(sentence)
        waits = message(text=wordings[0], shorter=wordings[1:], holds=partial(is_still_true, waits=True), later=sent)
        context.ask.notify(waits)
    else:
        context.ask.notify(sent)


def _waiting(sentence: str) -> tuple[str, ...]:
    """Returns the wordings for commands that wait for the server, longest first."""
    return (
        _("{sentence} Waits on this computer, will be sent when the line is back. u takes it back").format(
            sentence=sentence
        ),
        _("{sentence} Waits on this computer. u takes it back").format(sentence=sentence),
        _("{sentence} Waits here. u takes it back").format(sentence=sentence),
    )


def _with_undo(sentence: str, bodies: tuple[CommandBody, ...]) -> tuple[str, ...]:
    """Returns the wordings, longest first. A command that cannot be undone does not mention undo."""
    if all(map(is_reversible, bodies)):
        return _("{sentence} u takes it back").format(sentence=sentence), sentence
    return (sentence,)
