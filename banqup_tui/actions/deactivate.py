"""Removes an extension from all clients at once."""

from __future__ import annotations

from collections.abc import Sequence

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.integration_form import title_of
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import ConfirmQuestion
from banqup_tui.actions.sentences import under_way_lines
from banqup_tui.actions.submission import submit
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext, pgettext
from banqup_tui.protocol.commands import Deactivate


class DeactivateForAllAction(Action):
    """Keeps the firm's settings; `uninstall` forgets them."""

    id = "deactivate-for-all"
    keys = ("X",)
    places = frozenset({Place.STORE})
    menu = 1
    rank = 42
    in_footer = False

    def name(self) -> str:
        return _("Deactivate for all clients…")

    def in_help(self) -> str:
        return pgettext("help", "Deactivate for all")

    def help(self) -> str:
        return _("Takes an extension away from every client that uses it; the firm's settings stay.")

    def availability(self, context: Context) -> Message | None:
        if context.installation is None:
            return Message("action.not-installed")
        return None if used_by(context) else Message("action.not-used")

    def note(self, context: Context) -> str | None:
        return _clients(used_by(context))

    async def run(self, context: Context) -> None:
        installation, extension, users = context.installation, context.extension, used_by(context)
        if installation is None or extension is None:
            return
        waits = await context.session.under_way([integration.id for integration in users])
        queued = ngettext("{count} queued delivery", "{count} queued deliveries", waits.queued)
        lines = [
            f"{_clients(users)}, {queued.format(count=count(waits.queued))}",
            *under_way_lines(waits),
            _("What was delivered stays there. The firm's settings stay too: added again, it knows what it has."),
        ]
        number = len({integration.client_id for integration in users})
        button = ngettext("Deactivate for {count} client", "Deactivate for {count} clients", number)
        question = ConfirmQuestion(
            title=_("Deactivate {extension} for all clients").format(extension=title_of(extension)),
            lines=lines,
            button=button.format(count=count(number)),
            dangerous=True,
        )
        if not await context.ask.confirm(question):
            return
        command = Deactivate(installation_id=installation.id, expected=len(users))
        words = ngettext(
            "{extension} is deactivated for {count} client.", "{extension} is deactivated for {count} clients.", number
        )
        submit(context, [command], words.format(extension=title_of(extension), count=count(number)))


def used_by(context: Context) -> Sequence[Integration]:
    """Returns the integrations of the extension under the cursor, without removed ones."""
    installation = context.installation
    return [
        integration
        for integration in context.integrations
        if installation
        and integration.installation_id == installation.id
        and integration.state is not IntegrationState.REMOVED
    ]


def _clients(users: Sequence[Integration]) -> str:
    number = len({integration.client_id for integration in users})
    return ngettext("{count} client", "{count} clients", number).format(count=count(number))
