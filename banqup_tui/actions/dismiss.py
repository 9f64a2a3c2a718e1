"""Dismisses failures, so that their documents no longer count as in error."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import OF_DOCUMENTS
from banqup_tui.actions.prompts import ConfirmQuestion
from banqup_tui.actions.sentences import names_of
from banqup_tui.actions.submission import submit
from banqup_tui.domain.delivery import Delivery
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.protocol.commands import Dismiss


class DismissFailureAction(Action):
    id = "dismiss"
    keys = ("x",)
    places = OF_DOCUMENTS
    rank = 15
    menu = 2

    def name(self) -> str:
        return _("Dismiss…")

    def help(self) -> str:
        return _("Lets a failed or unknown delivery be: the document is no longer in error for it. Nothing is sent.")

    def availability(self, context: Context) -> Message | None:
        return None if _failures(context) else Message("action.nothing-failed")

    async def run(self, context: Context) -> None:
        failures = _failures(context)
        number = len(failures)
        words = ngettext("Dismiss {count} delivery", "Dismiss {count} deliveries", number).format(count=count(number))
        labels = sorted({context.label_of(group.integration_id) for group in failures})
        lines = [", ".join(labels), _("The document is no longer in error. Nothing is sent.")]
        if not await context.ask.confirm(ConfirmQuestion(title=names_of(context.documents), lines=lines, button=words)):
            return
        command = Dismiss(delivery_ids=tuple(group.id for group in failures))
        done = ngettext("{count} delivery dismissed.", "{count} deliveries dismissed.", number)
        text = done.format(count=count(number))
        submit(context, [command], text)


def _failures(context: Context) -> list[Delivery]:
    wanted = [context.delivery] if context.delivery else context.deliveries
    return [delivery for delivery in wanted if delivery.needs_a_look]
