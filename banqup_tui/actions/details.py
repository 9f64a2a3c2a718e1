"""Opens the deliveries of a document, or the integrations of a client."""

from __future__ import annotations

from collections import Counter

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import OF_DOCUMENTS, Destination, Place, Tab
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.formats import count
from banqup_tui.presentation.words import _, ngettext


class DetailsAction(Action):
    id = "details"
    keys = ("i",)
    places = OF_DOCUMENTS
    menu = 1
    rank = 30
    in_footer = False

    def name(self) -> str:
        return _("Details and deliveries")

    def help(self) -> str:
        return _("Shows every delivery of the document: its state, attempts, what happened and what to do.")

    def availability(self, context: Context) -> Message | None:
        if context.document:
            return None
        return Message("action.several-documents") if context.documents else Message("action.no-document")

    def note(self, context: Context) -> str | None:
        if context.document is None or not context.deliveries:
            return None
        return counted_states(context)

    async def run(self, context: Context) -> None:
        if context.document:
            context.ask.go(
                Destination(
                    place=Place.DOCUMENT,
                    tab=Tab.DELIVERIES,
                    client_id=context.document.client_id,
                    document_id=context.document.id,
                )
            )


class IntegrationsOfClientAction(Action):
    id = "integrations"
    keys = ("i",)
    places = frozenset({Place.CLIENTS, Place.CLIENT_DOCUMENTS, Place.CLIENT})
    menu = 0
    rank = 30

    def name(self) -> str:
        return _("Integrations")

    def help(self) -> str:
        return _("Shows where the documents of the client go.")

    def availability(self, context: Context) -> Message | None:
        return None if context.client else Message("action.no-client")

    async def run(self, context: Context) -> None:
        if context.client:
            context.ask.go(Destination(place=Place.CLIENT, tab=Tab.INTEGRATIONS, client_id=context.client.id))


def counted_states(context: Context) -> str:
    """Returns the counts of deliveries by state, such as `1 delivered, 1 failed, 1 unknown`."""
    numbers: Counter[DeliveryState] = Counter(
        DeliveryState.QUEUED if delivery.is_open else delivery.state
        for delivery in context.deliveries
        if delivery.state is not DeliveryState.CANCELLED
    )
    words = {
        DeliveryState.DELIVERED: lambda n: ngettext("{count} delivered", "{count} delivered", n),
        DeliveryState.FAILED: lambda n: ngettext("{count} failed", "{count} failed", n),
        DeliveryState.UNKNOWN: lambda n: ngettext("{count} unknown", "{count} unknown", n),
        DeliveryState.QUEUED: lambda n: ngettext("{count} on its way", "{count} on their way", n),
    }
    return ", ".join(
        words[state](numbers[state]).format(count=count(numbers[state])) for state in words if numbers[state]
    )
