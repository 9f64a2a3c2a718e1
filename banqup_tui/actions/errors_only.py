"""Shows only what is in error, and on the next use everything again."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import Place
from banqup_tui.presentation.words import _


class ErrorsOnlyAction(Action):
    id = "errors-only"
    keys = ("exclamation_mark",)
    places = frozenset({Place.FOLDER, Place.CLIENT_DOCUMENTS})
    rank = 45
    in_footer = False

    def name(self) -> str:
        return _("Errors only")

    def help(self) -> str:
        return _("Shows only what is in error; again shows everything.")

    async def run(self, context: Context) -> None:
        context.ask.show_only_errors()
