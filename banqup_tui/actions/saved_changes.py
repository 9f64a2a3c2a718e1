"""Reports which changes were rescued from a damaged outbox, and which were not."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.prompts import Choice, DecisionQuestion
from banqup_tui.actions.sentences import rescue_lines
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.words import _


class SavedChangesAction(Action):
    """Also opens by itself at each start, until the user confirms it."""

    id = "saved-changes"
    rank = 92
    in_footer = False

    def name(self) -> str:
        return _("Changes in a damaged file")

    def help(self) -> str:
        return _("Says which of your changes were saved out of a damaged file, which were not, and where the file is.")

    def availability(self, context: Context) -> Message | None:
        return None if context.session.rescues() else Message("action.no-damage")

    async def run(self, context: Context) -> None:
        rescues = context.session.rescues()
        if not rescues:
            return
        lines = [line for rescue in rescues for line in ("", *rescue_lines(rescue))][1:]
        choices = [Choice(id="confirm", label=_("I have read it")), Choice(id="later", label=_("Show it again later"))]
        if await context.ask.decide(DecisionQuestion(title=self.name(), lines=lines, choices=choices)) == "confirm":
            context.session.dismiss_rescues()
