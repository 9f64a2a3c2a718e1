"""Cancels deliveries that no connector has begun yet."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import OF_DOCUMENTS
from banqup_tui.actions.sentences import names_of
from banqup_tui.actions.submission import submit
from banqup_tui.domain.delivery import Delivery, DeliveryState
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.protocol.commands import Cancel


class CancelSendingAction(Action):
    id = "cancel-sending"
    places = OF_DOCUMENTS
    menu = 1
    rank = 70
    in_footer = False

    def name(self) -> str:
        return _("Cancel sending")

    def help(self) -> str:
        return _("Takes back deliveries that are queued. One that is already going out ends by itself.")

    def availability(self, context: Context) -> Message | None:
        return None if _cancellable(context) else Message("action.nothing-queued")

    async def run(self, context: Context) -> None:
        ids = tuple(delivery.id for delivery in _cancellable(context))
        command = Cancel(delivery_ids=ids)
        words = ngettext("{count} delivery of {what} cancelled.", "{count} deliveries of {what} cancelled.", len(ids))
        text = words.format(count=count(len(ids)), what=names_of(context.documents))
        submit(context, [command], text)


def _cancellable(context: Context) -> list[Delivery]:
    wanted = [context.delivery] if context.delivery else context.deliveries
    return [delivery for delivery in wanted if delivery.state in (DeliveryState.QUEUED, DeliveryState.SENDING)]
