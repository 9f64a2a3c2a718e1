"""Sends what waits and fetches what is new, now."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.prompts import Notice
from banqup_tui.presentation.words import _


class SyncNowAction(Action):
    id = "sync"
    rank = 90
    in_footer = False

    def name(self) -> str:
        return _("Synchronise now")

    def help(self) -> str:
        return _("Sends what waits and fetches what is new, without waiting for the next time.")

    async def run(self, context: Context) -> None:
        await context.session.sync_now()
        context.ask.notify(Notice(text=_("Up to date")))
