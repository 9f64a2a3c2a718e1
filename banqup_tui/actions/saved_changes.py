"""Say what was saved out of a damaged file of changes that wait, and what was not."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.prompts import Choice, Deciding
from banqup_tui.actions.sentences import rescue_lines
from banqup_tui.presentation.words import _


class SavedChangesAction(Action):
    """Also shown by itself, once for each program that is opened, until the user has confirmed it."""

    id = "saved-changes"
    rank = 92
    in_footer = False

    def name(self) -> str:
        return _("Changes in a damaged file")

    def help(self) -> str:
        return _("Says which of your changes were saved out of a damaged file, which were not, and where the file is.")

    def availability(self, context: Context) -> str | None:
        return None if context.doing.rescues() else _("No file was damaged")

    async def run(self, context: Context) -> None:
        rescues = context.doing.rescues()
        if not rescues:
            return
        lines = [line for rescue in rescues for line in ("", *rescue_lines(rescue))][1:]
        choices = [Choice(id="confirm", label=_("I have read it")), Choice(id="later", label=_("Show it again later"))]
        if await context.ask.decide(Deciding(title=self.name(), lines=lines, choices=choices)) == "confirm":
            context.doing.dismiss_rescues()
