"""Removes an integration from a client."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import ConfirmQuestion
from banqup_tui.actions.sentences import under_way_lines
from banqup_tui.actions.submission import submit
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import RemoveIntegration as Remove


class RemoveIntegrationAction(Action):
    id = "remove-integration"
    keys = ("x",)
    places = frozenset({Place.CLIENT})
    menu = 1
    rank = 40

    def name(self) -> str:
        return _("Remove…")

    def help(self) -> str:
        return _(
            "Stops sending to it for this client. What was delivered stays there; added again it knows what it has."
        )

    def availability(self, context: Context) -> Message | None:
        return None if context.integration else Message("action.no-integration")

    async def run(self, context: Context) -> None:
        integration = context.integration
        if integration is None:
            return
        label = clean(integration.label)
        lines = [
            _("Nothing more is sent there. What was delivered stays there."),
            *under_way_lines(await context.session.under_way([integration.id])),
            _("Added again, it still knows what it has."),
        ]
        title = _("Remove {integration}").format(integration=label)
        if not await context.ask.confirm(ConfirmQuestion(title=title, lines=lines, button=title, dangerous=True)):
            return
        command = Remove(integration_id=integration.id)
        text = _("{integration} is removed.").format(integration=label)
        submit(context, [command], text)
