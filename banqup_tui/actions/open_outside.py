"""Opens a copy of a document in the program that the computer has for its kind."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.file_export import files_of
from banqup_tui.actions.places import OF_DOCUMENTS
from banqup_tui.actions.temporary_copies import open_copy
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.words import _, pgettext


class OpenOutsideAction(Action):
    id = "open-outside"
    keys = ("o",)
    places = OF_DOCUMENTS
    menu = 1
    rank = 60
    in_footer = False

    def name(self) -> str:
        return pgettext("help", "Open in another program")

    def title(self, context: Context) -> str:
        return _("Open in another program")

    def in_help(self) -> str:
        return _("Open elsewhere")

    def help(self) -> str:
        return _("Opens a copy of the document, or of its PDF, in the program that this computer has for it.")

    def availability(self, context: Context) -> Message | None:
        if context.document is None:
            return Message("action.several-documents") if context.documents else Message("action.no-document")
        return Message("action.over-ssh-download") if context.over_ssh else None

    async def run(self, context: Context) -> None:
        if context.document is None:
            return
        # An e-invoice is laid out on the screen; the PDF that came with it is what another program can show.
        sha256, name = files_of(context.document)[-1]
        await open_copy(context, sha256, name)
