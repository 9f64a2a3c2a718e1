"""Tests the connection with the saved settings."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Notice, Tone
from banqup_tui.actions.settings_service import run_test
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.messages import sentence_of, words_of
from banqup_tui.presentation.words import _
from banqup_tui.protocol.messages import TestRequest, TestResult


class TestConnectionAction(Action):
    # pytest would collect the class for its name.
    __test__ = False

    id = "test-connection"
    keys = ("T",)
    places = frozenset({Place.CLIENT, Place.STORE})
    menu = 0
    rank = 15

    def name(self) -> str:
        return _("Test connection")

    def help(self) -> str:
        return _("Tries the receiver with the settings as they are kept; no document is sent.")

    def availability(self, context: Context) -> Message | None:
        if context.offline:
            return Message("action.offline")
        if context.place is Place.CLIENT:
            return None if context.integration else Message("action.no-integration")
        return None if context.installation else Message("action.not-installed")

    async def run(self, context: Context) -> None:
        request = _request(context)
        if request is None:
            return
        progress = context.ask.progress(_("Testing"))
        try:
            result = await run_test(context.session, request)
        finally:
            progress.done()
        context.ask.notify(result_message(result))


def result_message(result: TestResult) -> Notice:
    """Returns a notice with the first failed step and its remedy, else with the last step."""
    failed = next((step for step in result.steps if not step.ok), None)
    if failed is not None:
        return Notice(text=words_of(failed.message), tone=Tone.ERROR)
    return Notice(text=sentence_of(result.steps[-1].message) if result.steps else _("The connection works."))


def _request(context: Context) -> TestRequest | None:
    integration = context.integration
    if context.place is Place.CLIENT and integration is not None:
        return TestRequest(
            extension_id=integration.extension_id,
            installation_id=integration.installation_id,
            integration_id=integration.id,
            client_id=integration.client_id,
        )
    if context.installation is not None:
        return TestRequest(extension_id=context.installation.extension_id, installation_id=context.installation.id)
    return None
