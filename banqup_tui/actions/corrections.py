"""Withdraws documents and restores them, and moves a document to another client or folder."""

from __future__ import annotations

from collections.abc import Sequence

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import OF_DOCUMENTS
from banqup_tui.actions.prompts import Choice, ChoiceQuestion, ConfirmQuestion
from banqup_tui.actions.sentences import joined_names, name_of, names_of
from banqup_tui.actions.submission import submit
from banqup_tui.domain.client import Client
from banqup_tui.domain.delivery import DeliveryState
from banqup_tui.domain.document import Document
from banqup_tui.domain.folder import ALL_FOLDERS, Folder
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.folders import folder_name
from banqup_tui.presentation.words import _, ngettext
from banqup_tui.protocol.commands import CommandBody, MoveDocument, Restore, Withdraw


class WithdrawAction(Action):
    """If all selected documents are withdrawn they are restored, else those that are not are withdrawn."""

    id = "withdraw"
    keys = ("delete",)
    places = OF_DOCUMENTS
    menu = 2
    rank = 25
    in_footer = False

    def name(self) -> str:
        return _("Withdraw, or restore")

    def help(self) -> str:
        return _(
            "Takes documents out of folders, counts, searches and sends, and restores them. What was delivered stays at"
            " the receiver. is:withdrawn in the filter shows them; after 30 days they are forgotten."
        )

    def title(self, context: Context) -> str:
        if _all_withdrawn(context):
            return _("Restore")
        return _("Withdraw…") if where_they_stay(context) else _("Withdraw")

    def availability(self, context: Context) -> Message | None:
        return None if context.documents else Message("action.no-document")

    async def run(self, context: Context) -> None:
        if _all_withdrawn(context):
            documents = list(context.documents)
            words = ngettext("{what} is restored.", "{what} are restored.", len(documents))
            body: CommandBody = Restore(document_ids=tuple(document.id for document in documents))
        else:
            documents = [document for document in context.documents if not document.is_withdrawn]
            lines = where_they_stay(context)
            if lines and not await context.ask.confirm(_question(documents, lines)):
                return
            words = ngettext("{what} is withdrawn.", "{what} are withdrawn.", len(documents))
            body = Withdraw(document_ids=tuple(document.id for document in documents))
        submit(context, [body], words.format(what=names_of(documents)))


class MoveDocumentAction(Action):
    id = "move"
    keys = ("M",)
    places = OF_DOCUMENTS
    menu = 2
    rank = 26
    in_footer = False

    def name(self) -> str:
        return _("Move…")

    def help(self) -> str:
        return _(
            "Moves a document to another client or folder, whose integrations take it as a new one. What was delivered"
            " stays at the receiver."
        )

    def availability(self, context: Context) -> Message | None:
        if not context.documents:
            return Message("action.no-document")
        if context.document is None:
            return Message("action.several-documents")
        return Message("action.withdrawn") if context.document.is_withdrawn else None

    async def run(self, context: Context) -> None:
        document = context.document
        if document is None:
            return
        clients = context.session.clients()
        client = await _ask_client(context, document, clients)
        folder = await _ask_folder(context, document) if client is not None else None
        if client is None or folder is None or (client.id, folder) == (document.client_id, document.folder):
            return
        lines = where_they_stay(context)
        if lines and not await context.ask.confirm(_question_before_move(document, lines)):
            return
        submit(context, [move_of(document, client, folder)], moved_sentence(document, client, folder))


def move_of(document: Document, client: Client, folder: Folder) -> MoveDocument:
    return MoveDocument(
        document_id=document.id,
        client_id=client.id,
        folder=folder,
        from_client_id=document.client_id,
        from_folder=document.folder,
    )


def moved_sentence(document: Document, client: Client, folder: Folder) -> str:
    words = _("{number} is with {client}, {folder}.")
    return words.format(number=name_of(document), client=clean(client.name), folder=folder_name(folder))


def where_they_stay(context: Context) -> tuple[str, ...]:
    """Returns a sentence on the integrations that have something of the documents, or may have it; none if none has."""
    states = (DeliveryState.DELIVERED, DeliveryState.UNKNOWN)
    deliveries = context.session.deliveries([document.id for document in context.documents])
    labels = [context.label_of(delivery.integration_id) for delivery in deliveries if delivery.state in states]
    if not labels:
        return ()
    words = _("What was delivered stays there: {integrations}.")
    return (words.format(integrations=joined_names(sorted(set(labels)))),)


def _question(documents: Sequence[Document], lines: Sequence[str]) -> ConfirmQuestion:
    title = _("Withdraw {what}?").format(what=names_of(documents))
    return ConfirmQuestion(title=title, lines=lines, button=_("Withdraw"))


def _question_before_move(document: Document, lines: Sequence[str]) -> ConfirmQuestion:
    return ConfirmQuestion(title=_("Move {number}?").format(number=name_of(document)), lines=lines, button=_("Move"))


def _all_withdrawn(context: Context) -> bool:
    return bool(context.documents) and all(document.is_withdrawn for document in context.documents)


async def _ask_client(context: Context, document: Document, clients: Sequence[Client]) -> Client | None:
    """Asks for the client; its present one comes first, for another folder of it."""
    ordered = sorted(clients, key=lambda client: (client.id != document.client_id, client.name.casefold()))
    choices = [Choice(id=client.id, label=clean(client.name), note=clean(client.reference)) for client in ordered]
    title = _("Whose is {number}?").format(number=name_of(document))
    chosen = await context.ask.choose(ChoiceQuestion(title=title, choices=choices, search=True))
    return next((client for client in clients if client.id == chosen), None)


async def _ask_folder(context: Context, document: Document) -> Folder | None:
    ordered = [document.folder, *(folder for folder in ALL_FOLDERS if folder is not document.folder)]
    choices = [Choice(id=folder.value, label=folder_name(folder)) for folder in ordered]
    chosen = await context.ask.choose(ChoiceQuestion(title=_("Which folder?"), choices=choices))
    return Folder(chosen) if chosen else None
