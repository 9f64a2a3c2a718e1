"""Goes to a place of the header by its digit. On AZERTY keyboards the same keys work without Shift."""

from __future__ import annotations

from typing import ClassVar

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import Destination, Place
from banqup_tui.presentation.words import _


class SwitchPlaceAction(Action):
    in_footer = False
    rank = 95
    place: ClassVar[Place]

    def in_help(self) -> str:
        return _("Places")

    async def run(self, context: Context) -> None:
        context.ask.go(Destination(place=self.place))


class ToClientDocumentsAction(SwitchPlaceAction):
    id = "client-documents"
    keys = ("2",)
    spare_keys = ("latin_small_letter_e_with_acute",)
    place = Place.CLIENT_DOCUMENTS

    def name(self) -> str:
        return _("Client documents")

    def help(self) -> str:
        return _("The clients, and what is to do for each.")


class ToClientsAction(SwitchPlaceAction):
    id = "clients"
    keys = ("3",)
    spare_keys = ("quotation_mark",)
    place = Place.CLIENTS

    def name(self) -> str:
        return _("Clients")

    def help(self) -> str:
        return _("The register of clients, and where the documents of each go.")


class ToStoreAction(SwitchPlaceAction):
    id = "store"
    keys = ("4",)
    spare_keys = ("apostrophe",)
    place = Place.STORE

    def name(self) -> str:
        return _("Banqup Store")

    def help(self) -> str:
        return _("What can take documents: extensions, and what the firm has installed of them.")
