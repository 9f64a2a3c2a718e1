"""*Duplicates*: documents that are held because an earlier one is the same, of all clients."""

from __future__ import annotations

from banqup_tui.actions.places import Place
from banqup_tui.presentation.words import _
from banqup_tui.screens.keys import bindings_for
from banqup_tui.screens.listed_documents import ListedDocuments


class Duplicates(ListedDocuments):
    place = Place.DUPLICATES
    BINDINGS = bindings_for(Place.DUPLICATES)

    def ids(self) -> tuple[str, ...]:
        return tuple(self.banqup.session.readers.undecided())

    def path(self) -> list[str]:
        return [_("Client documents"), _("Duplicates")]

    def nothing_left(self) -> str:
        return _("Nothing is held as a duplicate.")
