"""Opens a document or a client."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import Destination, Place, Tab
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.words import _


class ViewAction(Action):
    id = "view"
    keys = ("enter",)
    places = frozenset({Place.FOLDER, Place.FAILED, Place.DUPLICATES})
    menu = 1
    rank = 1

    def name(self) -> str:
        return _("View")

    def help(self) -> str:
        return _("Opens the document under the cursor; among failures its deliveries.")

    def availability(self, context: Context) -> Message | None:
        return None if context.document else _why_not_one(context)

    async def run(self, context: Context) -> None:
        if context.document:
            context.ask.go(
                Destination(
                    place=Place.DOCUMENT,
                    tab=Tab.DELIVERIES if context.place is Place.FAILED else Tab.DOCUMENT,
                    client_id=context.document.client_id,
                    document_id=context.document.id,
                )
            )


class OpenClientAction(Action):
    id = "open-client"
    keys = ("enter",)
    places = frozenset({Place.CLIENT_DOCUMENTS, Place.CLIENTS})
    menu = 0
    rank = 1

    def name(self) -> str:
        return _("Open")

    def help(self) -> str:
        return _("Opens the client under the cursor: its documents, or its integrations.")

    def availability(self, context: Context) -> Message | None:
        return None if context.client else Message("action.no-client")

    async def run(self, context: Context) -> None:
        if context.client is None:
            return
        if context.place is Place.CLIENTS:
            context.ask.go(Destination(place=Place.CLIENT, tab=Tab.OVERVIEW, client_id=context.client.id))
        else:
            context.ask.go(Destination(place=Place.FOLDER, client_id=context.client.id))


def _why_not_one(context: Context) -> Message:
    return Message("action.several-documents") if context.documents else Message("action.no-document")
