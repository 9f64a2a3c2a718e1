"""Take an extension away from every client at once."""

from __future__ import annotations

from collections.abc import Sequence

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.integration_form import title_of
from banqup_tui.actions.places import Place
from banqup_tui.actions.prompts import Confirming
from banqup_tui.actions.sentences import under_way_lines
from banqup_tui.actions.submission import give
from banqup_tui.domain.integration import Integration, IntegrationState
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.protocol.commands import Deactivate


class DeactivateForAllAction(Action):
    """The firm's settings stay: `uninstall` forgets these."""

    id = "deactivate-for-all"
    keys = ("X",)
    places = frozenset({Place.STORE})
    menu = 1
    rank = 42
    in_footer = False

    def name(self) -> str:
        return _("Deactivate for all clients…")

    def help(self) -> str:
        return _("Takes an extension away from every client that uses it; the firm's settings stay.")

    def availability(self, context: Context) -> str | None:
        if context.installation is None:
            return _("Not installed")
        return None if used_by(context) else _("No client uses it")

    def note(self, context: Context) -> str | None:
        return _clients(used_by(context))

    async def run(self, context: Context) -> None:
        installation, extension, users = context.installation, context.extension, used_by(context)
        if installation is None or extension is None:
            return
        waits = await context.doing.under_way([integration.id for integration in users])
        queued = ngettext("{count} queued delivery", "{count} queued deliveries", waits.queued)
        lines = [
            f"{_clients(users)}, {queued.format(count=count(waits.queued))}",
            *under_way_lines(waits),
            _("What was delivered stays there. The firm's settings stay too: added again, it knows what it has."),
        ]
        number = len({integration.client_id for integration in users})
        button = ngettext("Deactivate for {count} client", "Deactivate for {count} clients", number)
        question = Confirming(
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
        give(context, [command], words.format(extension=title_of(extension), count=count(number)))


def used_by(context: Context) -> Sequence[Integration]:
    """The integrations of the extension under the cursor that are not removed."""
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
