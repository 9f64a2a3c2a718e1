"""Shows whether the server answers and what waits on this computer, and offers to try again."""

from __future__ import annotations

from datetime import timedelta

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.prompts import Choice, DecisionQuestion, Notice
from banqup_tui.presentation.formats import clock, count
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.sync.state import SyncWord

ENOUGH_TRIES = 4
LONG_ENOUGH = timedelta(seconds=20)
"""After so many tries, or so long, without an answer a line says that the server does not answer."""


class CheckConnectionAction(Action):
    """Never opens by itself, because the user may be typing when the server stops answering."""

    id = "check-connection"
    rank = 91
    in_footer = False

    def name(self) -> str:
        return _("Check connection")

    def help(self) -> str:
        return _("Says whether the server answers, since when not, and what waits on this computer.")

    async def run(self, context: Context) -> None:
        state = context.connection
        if state is None or not state.is_trouble:
            context.ask.notify(Notice(text=_("The server answers.")))
            return
        again = Choice(id="again", label=_("Try again"))
        if state.word in (SyncWord.LOCAL_FAULT, SyncWord.PROGRAM_FAULT):
            answer = await context.ask.decide(
                DecisionQuestion(
                    title=_("This computer has a problem"),
                    lines=[sentence_of(state.message), remedy_of(state.message), "", *self._waiting(context)],
                    choices=[again, Choice(id="on", label=_("Go on"))],
                )
            )
            if answer == "again":
                context.session.try_again()
            return
        answer = await context.ask.decide(
            DecisionQuestion(
                title=_("The server does not answer"),
                lines=[*self._since(context), "", *self._waiting(context)],
                choices=[
                    Choice(id="on", label=_("Go on without it")),
                    again,
                    Choice(id="why", label=_("Check connection")),
                ],
            )
        )
        if answer == "why":
            answer = await context.ask.decide(
                DecisionQuestion(
                    title=_("Check connection"),
                    lines=[sentence_of(state.message), remedy_of(state.message), "", *self._since(context)],
                    choices=[again, Choice(id="on", label=_("Go on without it"))],
                )
            )
        if answer == "again":
            context.session.try_again()

    def _since(self, context: Context) -> list[str]:
        state = context.connection
        if state is None or state.since is None:
            return []
        words = ngettext(
            "No answer from the service since {at}, {count} try.",
            "No answer from the service since {at}, {count} tries.",
            state.tries,
        )
        return [words.format(at=clock(state.since.astimezone()), count=count(state.tries))]

    def _waiting(self, context: Context) -> list[str]:
        number = context.connection.waiting if context.connection else 0
        words = ngettext(
            "Your {count} change is kept on this computer and will be sent.",
            "Your {count} changes are kept on this computer and will be sent.",
            number,
        )
        waiting = [words.format(count=count(number))] if number else []
        return [*waiting, _("Everything already copied can be read meanwhile.")]
