"""Activate an installed extension for one client, or for those selected: choose, fill in, test, activate."""

from __future__ import annotations

from banqup_tui.actions.add_for_many import add_for_many
from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.integration_form import body_of, chosen, client_form, there, title_of
from banqup_tui.actions.places import Place
from banqup_tui.actions.submission import give
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
        """Among the documents it is rarely wanted unless clients are selected: the footer has other keys to show."""
        return context.place is not Place.CLIENT_DOCUMENTS or bool(context.clients)

    def availability(self, context: Context) -> str | None:
        if context.client is None and not context.clients:
            return _("No client here")
        return None if context.installations else _("Nothing is installed: install it in the Banqup Store first")

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
        of_client = there(context.integrations, client.id)
        wanted = await chosen(context, of_client)
        if wanted is None:
            return
        extension = context.extensions[wanted.installation.extension_id]
        filled = await context.ask.fill_in(await client_form(context, client, wanted, extension, of_client))
        if filled is None:
            return
        words = _("{integration} is active for {client}.")
        name = clean(filled.label) if filled.label else title_of(extension)
        text = words.format(integration=name, client=clean(client.name))
        give(context, [body_of(client, wanted.installation, filled)], text)
