"""Uninstalls an extension from the firm."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.deactivate import used_by
from banqup_tui.actions.integration_form import title_of
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import ConfirmQuestion
from banqup_tui.actions.submission import submit
from banqup_tui.domain.messages import Message, message
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import Uninstall


class UninstallAction(Action):
    """Is refused while a client uses the extension."""

    id = "uninstall"
    keys = ("x",)
    places = frozenset({Place.STORE})
    menu = 1
    rank = 40

    def name(self) -> str:
        return _("Uninstall…")

    def help(self) -> str:
        return _("Takes an extension away from the firm, once no client uses it.")

    def availability(self, context: Context) -> Message | None:
        if context.installation is None:
            return Message("action.not-installed")
        users = len({integration.client_id for integration in used_by(context)})
        if not users:
            return None
        return message("action.used-by-client" if users == 1 else "action.used-by-clients", count=users)

    async def run(self, context: Context) -> None:
        if context.installation is None or context.extension is None:
            return
        title = _("Uninstall {extension}").format(extension=title_of(context.extension))
        lines = [_("The firm's settings of it are forgotten. What was delivered stays where it is.")]
        if not await context.ask.confirm(ConfirmQuestion(title=title, lines=lines, button=title, dangerous=True)):
            return
        command = Uninstall(installation_id=context.installation.id)
        text = _("{extension} is uninstalled.").format(extension=title_of(context.extension))
        submit(context, [command], text)
