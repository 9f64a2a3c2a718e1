"""Undoes what was done: waiting commands are cancelled, commands that the server has done get their opposite."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context, Undoable
from banqup_tui.actions.inverse_commands import inverse_key
from banqup_tui.actions.prompts import Choice, ChoiceQuestion, Notice, Tone
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import count, moment
from banqup_tui.presentation.words import _, ngettext


class UndoAction(Action):
    """Undoes the only command at once; of several the user chooses one."""

    id = "undo"
    keys = ("u",)
    rank = 80
    in_footer = False

    def name(self) -> str:
        return _("Undo")

    def help(self) -> str:
        return _("Takes back what was done in the last hour. Of what was sent, what is still queued is cancelled.")

    def title(self, context: Context) -> str:
        return _("Undo…") if len(context.undoable) > 1 else _("Undo")

    def availability(self, context: Context) -> Message | None:
        return None if context.undoable else Message("action.nothing-to-undo")

    def note(self, context: Context) -> str | None:
        if len(context.undoable) != 1:
            return None
        only = context.undoable[0]
        return f"{only.title} · {_whose_and_when(only, context)}"

    async def run(self, context: Context) -> None:
        key: str | None = context.undoable[0].key
        if len(context.undoable) > 1:
            choices = [
                Choice(id=undoable.key, label=undoable.title, note=_whose_and_when(undoable, context))
                for undoable in context.undoable
            ]
            key = await context.ask.choose(ChoiceQuestion(title=_("Undo"), choices=choices))
        chosen = next((undoable for undoable in context.undoable if undoable.key == key), None)
        if chosen is None:
            return
        description = f"{chosen.title} ({_whose_and_when(chosen, context)})"
        taken_back = _("Taken back: {what}").format(what=description)
        message = Notice(text=taken_back, shorter=(_("Taken back: {what}").format(what=chosen.title),))
        if not chosen.is_done and context.session.take_back(chosen.key):
            context.ask.notify(message)
            return
        inverse = context.session.inverse_of(chosen.key) if chosen.is_done else None
        if inverse is not None:
            context.session.act(inverse, taken_back, key=inverse_key(chosen.key))
            context.ask.notify(message)
        else:
            text = _("Too late: {what}. Nothing of it waits any more.").format(what=description)
            context.ask.notify(Notice(text=text, tone=Tone.WARNING))


def _whose_and_when(undoable: Undoable, context: Context) -> str:
    """Returns client and time, such as `Boulangerie du Parvis SRL, 09:14`; for another day with its date."""
    clients = context.session.clients_of(undoable.key)
    words = ngettext("{count} client", "{count} clients", len(clients)).format(count=count(len(clients)))
    names = [clean(clients[0]) if len(clients) == 1 else words] if clients else []
    at = moment(undoable.at.astimezone(), context.now.astimezone().date(), short=True)
    return ", ".join([*names, at])
