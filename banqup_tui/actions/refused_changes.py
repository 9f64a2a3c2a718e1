"""Actions on changes that the server refused: show them, give them again, clear them."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import EVERYWHERE, Destination, Place
from banqup_tui.actions.prompts import Notice
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.refusals import hindrance_message
from banqup_tui.presentation.words import _, ngettext

_HERE = frozenset({Place.CHANGES})


class ToRefusedChangesAction(Action):
    id = "refused-changes"
    keys = ("c",)
    places = EVERYWHERE - {Place.CHANGES}
    rank = 34

    def name(self) -> str:
        return _("Refused changes")

    def help(self) -> str:
        return _("Shows the changes that the server refused, or may not have made, each with its reason.")

    def short(self, context: Context) -> str:
        return _("Refused ({count})").format(count=count(context.refused_changes))

    def availability(self, context: Context) -> Message | None:
        return None if context.refused_changes else Message("action.no-refused-change")

    async def run(self, context: Context) -> None:
        context.ask.go(Destination(place=Place.CHANGES))


class RetryChangesAction(Action):
    """Gives refused changes again as new commands, so that the server decides anew."""

    id = "retry-changes"
    keys = ("r",)
    places = _HERE
    menu = 0
    rank = 10

    def name(self) -> str:
        return _("Try again")

    def help(self) -> str:
        return _("Asks for the change once more, as it was. What was refused by its state then may be done now.")

    def availability(self, context: Context) -> Message | None:
        if not context.changes:
            return Message("action.no-refused-change")
        hindrances = [change.hindrance for change in context.changes]
        first = hindrances[0]
        return hindrance_message(first) if first is not None and None not in hindrances else None

    def note(self, context: Context) -> str | None:
        number = len(context.changes)
        return ngettext("{count} change", "{count} changes", number).format(count=count(number)) if number > 1 else None

    async def run(self, context: Context) -> None:
        keys = context.session.retry_changes([change.key for change in context.changes])
        number = len(keys)
        if number == 1 and len(context.changes) == 1:
            text = _("Asked for again: {what}").format(what=clean(context.changes[0].what))
        else:
            text = ngettext("{count} change asked for again.", "{count} changes asked for again.", number).format(
                count=count(number)
            )
        left = len(context.changes) - number
        if left:
            words = ngettext("{count} cannot be: it stays here.", "{count} cannot be: they stay here.", left)
            text = f"{text} {words.format(count=count(left))}"
        context.ask.notify(Notice(text=text, undo_keys=tuple(keys)))


class ClearChangesAction(Action):
    id = "clear-changes"
    keys = ("x",)
    places = _HERE
    menu = 1
    rank = 15

    def name(self) -> str:
        return _("Clear")

    def help(self) -> str:
        return _("Takes the change off this list. Nothing is done, here or at the server.")

    def availability(self, context: Context) -> Message | None:
        return None if context.changes else Message("action.no-refused-change")

    def note(self, context: Context) -> str | None:
        number = len(context.changes)
        return ngettext("{count} change", "{count} changes", number).format(count=count(number)) if number > 1 else None

    async def run(self, context: Context) -> None:
        context.session.clear_changes([change.key for change in context.changes])
        number = len(context.changes)
        words = ngettext("{count} change cleared.", "{count} changes cleared.", number)
        context.ask.notify(Notice(text=words.format(count=count(number))))
