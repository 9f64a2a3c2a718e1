"""Adds an integration for one client, or for the selected ones: choose, fill in the settings, test, activate."""

from __future__ import annotations

from banqup_tui.actions.add_for_many import add_for_many
from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.integration_form import add_command, choose_installation, client_form, integrations_of, title_of
from banqup_tui.actions.places import Place
from banqup_tui.actions.submission import submit
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _


class AddIntegrationAction(Action):
    id = "add-integration"
    keys = ("a",)
    places = frozenset({Place.CLIENT, Place.CLIENTS, Place.CLIENT_DOCUMENTS})
    menu = 0
    rank = 10

    def name(self) -> str:
        return _("Add integration…")

    def help(self) -> str:
        return _("Sends the documents of this client to one more place: choose, fill in the settings, test, activate.")

    def short(self, context: Context) -> str:
        return _("Add integration")

    def shows_in_footer(self, context: Context) -> bool:
        """Returns whether the footer has it: among documents only if clients are selected."""
        return context.place is not Place.CLIENT_DOCUMENTS or bool(context.clients)

    def availability(self, context: Context) -> Message | None:
        if context.client is None and not context.clients:
            return Message("action.no-client")
        return None if context.installations else Message("action.nothing-installed")

    def note(self, context: Context) -> str | None:
        number = len(context.clients)
        return _("For {count} clients").format(count=count(number)) if number > 1 else None

    async def run(self, context: Context) -> None:
        if len(context.clients) > 1:
            await add_for_many(context)
            return
        client = context.clients[0] if context.clients else context.client
        if client is None:
            return
        of_client = integrations_of(context.integrations, client.id)
        wanted = await choose_installation(context, of_client)
        if wanted is None:
            return
        extension = context.extensions[wanted.installation.extension_id]
        filled = await context.ask.fill_in(await client_form(context, client, wanted, extension, of_client))
        if filled is None:
            return
        words = _("{integration} is active for {client}.")
        name = clean(filled.label) if filled.label else title_of(extension)
        text = words.format(integration=name, client=clean(client.name))
        submit(context, [add_command(client, wanted.installation, filled)], text)
