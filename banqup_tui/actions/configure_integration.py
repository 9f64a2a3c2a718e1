"""Changes the settings that a client has for an integration."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.integration_form import examples_of
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Form
from banqup_tui.actions.settings_service import FormSignIn, settings_check, settings_test
from banqup_tui.actions.submission import submit
from banqup_tui.domain.extension import Extension
from banqup_tui.domain.integration import Integration
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import ConfigureIntegration
from banqup_tui.protocol.messages import TestRequest


class ConfigureIntegrationAction(Action):
    id = "configure-integration"
    keys = ("enter",)
    places = frozenset({Place.CLIENT})
    menu = 0
    rank = 1

    def name(self) -> str:
        return _("Settings…")

    def help(self) -> str:
        return _("Changes the settings of this client's integration; the firm's own stay as they are.")

    def availability(self, context: Context) -> Message | None:
        if context.integration is None:
            return Message("action.no-integration")
        if context.integration.extension_id not in context.extensions:
            return Message("action.extension-does-not-load")
        return None

    async def run(self, context: Context) -> None:
        integration = context.integration
        if integration is None:
            return
        form = _form(context, integration, context.extensions[integration.extension_id])
        filled = await context.ask.fill_in(form)
        if filled is None:
            return
        body = ConfigureIntegration(integration_id=integration.id, settings=dict(filled.values), folders=filled.folders)
        text = _("Settings of {integration} kept.").format(integration=clean(integration.label))
        submit(context, [body], text)


def _form(context: Context, integration: Integration, extension: Extension) -> Form:
    request = TestRequest(
        extension_id=extension.id,
        installation_id=integration.installation_id,
        integration_id=integration.id,
        client_id=integration.client_id,
    )
    installation = context.installation_of(extension.id)
    client = clean(context.client.name) if context.client else ""
    return Form(
        title=(client, _("Integrations"), clean(integration.label)),
        schema=extension.settings_schema,
        level="client",
        button=_("Keep"),
        values=integration.settings,
        inherited=installation.settings if installation else {},
        secrets=integration.secrets,
        inherited_secrets=installation.secrets if installation else (),
        description=extension.description,
        test=settings_test(context, request),
        look=settings_check(context, request),
        sign_in=FormSignIn(context, request),
        folders=integration.folders,
        takes=extension.folders,
        examples=examples_of(context.client, context.now) if context.client else {},
    )
