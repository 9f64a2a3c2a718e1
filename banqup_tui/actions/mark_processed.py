"""Marks documents as processed by hand, or removes the mark."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import OF_DOCUMENTS
from banqup_tui.actions.sentences import names_of
from banqup_tui.actions.submission import submit
from banqup_tui.domain.document import Document
from banqup_tui.domain.messages import Message
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.protocol.commands import SetProcessed


class MarkProcessedAction(Action):
    """If some of the selected documents are processed and some are not, all become processed."""

    id = "processed"
    keys = ("m",)
    places = OF_DOCUMENTS
    menu = 0
    rank = 20

    def name(self) -> str:
        return _("Mark as processed, or not")

    def in_help(self) -> str:
        return _("Processed, and back")

    def help(self) -> str:
        return _("Marks documents as processed by hand, whatever their deliveries do, and takes the mark away again.")

    def title(self, context: Context) -> str:
        return _("Mark as not processed") if _all_processed(context) else _("Mark as processed")

    def short(self, context: Context) -> str:
        return _("Not processed") if _all_processed(context) else _("Processed")

    def availability(self, context: Context) -> Message | None:
        if not context.documents:
            return Message("action.no-document")
        return None if _markable(context) else Message("action.waits-for-approval")

    async def run(self, context: Context) -> None:
        documents = _markable(context)
        processed = not _all_processed(context)
        changed = [document for document in documents if document.processed is not processed]
        body = SetProcessed(document_ids=tuple(document.id for document in changed), processed=processed)
        number = len(changed)
        if processed:
            words = ngettext("{what} is processed.", "{what} are processed.", number)
        else:
            words = ngettext("{what} is no longer processed.", "{what} are no longer processed.", number)
        submit(context, [body], words.format(what=names_of(changed)))


def _markable(context: Context) -> list[Document]:
    return [document for document in context.documents if document.approved]


def _all_processed(context: Context) -> bool:
    documents = _markable(context)
    return bool(documents) and all(document.processed for document in documents)
