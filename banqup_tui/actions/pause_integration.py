"""Pauses an integration, or resumes it."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import Place
from banqup_tui.actions.submission import submit
from banqup_tui.domain.integration import IntegrationState
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.messages import remedy_of, sentence_of
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import PauseIntegration as Pause
from banqup_tui.protocol.commands import ResumeIntegration as Resume


class PauseIntegrationAction(Action):
    id = "pause"
    keys = ("p",)
    places = frozenset({Place.CLIENT})
    menu = 1
    rank = 20

    def name(self) -> str:
        return _("Pause, resume")

    def help(self) -> str:
        return _("Holds an integration back: what is queued waits. Resuming goes on, and retries what stopped it.")

    def title(self, context: Context) -> str:
        return _("Pause") if _is_active(context) else _("Resume")

    def availability(self, context: Context) -> Message | None:
        return None if context.integration else Message("action.no-integration")

    def note(self, context: Context) -> str | None:
        if context.integration is None or context.integration.state is not IntegrationState.BROKEN:
            return None
        return remedy_of(context.integration.cause) or sentence_of(context.integration.cause) or None

    async def run(self, context: Context) -> None:
        integration = context.integration
        if integration is None:
            return
        runs = _is_active(context)
        body = Pause(integration_id=integration.id) if runs else Resume(integration_id=integration.id)
        words = _("{integration} is paused; new documents wait.") if runs else _("{integration} goes on.")
        text = words.format(integration=clean(integration.label))
        submit(context, [body], text)


def _is_active(context: Context) -> bool:
    return context.integration is None or context.integration.state is IntegrationState.ACTIVE
