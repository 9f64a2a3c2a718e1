"""Changes the firm's settings of an installed extension."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.install_extension import firm_form
from banqup_tui.actions.integration_form import title_of
from banqup_tui.actions.places import Place
from banqup_tui.actions.submission import submit
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import Configure


class ConfigureExtensionAction(Action):
    id = "configure-extension"
    keys = ("enter",)
    places = frozenset({Place.STORE})
    menu = 0
    rank = 1

    def name(self) -> str:
        return _("Settings of the firm…")

    def help(self) -> str:
        return _("Changes the firm's settings of an extension; clients that set their own keep theirs.")

    def short(self, context: Context) -> str:
        return _("Settings")

    def availability(self, context: Context) -> Message | None:
        if context.extension is None:
            return Message("action.no-extension")
        return None if context.installation else Message("action.not-installed")

    async def run(self, context: Context) -> None:
        extension, installation = context.extension, context.installation
        if extension is None or installation is None:
            return
        filled = await context.ask.fill_in(firm_form(context, extension, installation, _("Keep")))
        if filled is None:
            return
        command = Configure(installation_id=installation.id, settings=dict(filled.values))
        text = _("Settings of {extension} kept.").format(extension=title_of(extension))
        submit(context, [command], text)
