"""Copies a value of a document to the clipboard."""

from __future__ import annotations

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import OF_DOCUMENTS
from banqup_tui.actions.prompts import Choice, ChoiceQuestion, Notice
from banqup_tui.domain.document import Document
from banqup_tui.domain.messages import Message
from banqup_tui.domain.text import clean
from banqup_tui.presentation.formats import plain_amount
from banqup_tui.presentation.words import _


class CopyValueAction(Action):
    id = "copy"
    keys = ("y",)
    places = OF_DOCUMENTS
    menu = 1
    rank = 35

    def name(self) -> str:
        return _("Copy…")

    def help(self) -> str:
        return _("Copies the number, an amount, a VAT number, the IBAN or the payment reference, as plain text.")

    def availability(self, context: Context) -> Message | None:
        if context.document is None:
            return Message("action.several-documents") if context.documents else Message("action.no-document")
        return None if copyable(context.document) else Message("action.nothing-to-copy")

    async def run(self, context: Context) -> None:
        if context.document is None:
            return
        values = copyable(context.document)
        choices = [Choice(id=key, label=label, note=text, key=key) for key, label, text in values]
        answer = await context.ask.choose(ChoiceQuestion(title=_("Copy"), choices=choices))
        for key, label, text in values:
            if key == answer:
                context.ask.copy(text)
                context.ask.notify(Notice(text=_("Copied: {what} {value}").format(what=label, value=text)))


def copyable(document: Document) -> list[tuple[str, str, str]]:
    """Returns key, label and text of each value that the document has.

    Amounts have an ASCII minus and no spaces, so that a spreadsheet reads them.
    """
    party = document.counterparty
    values = [
        ("n", _("Number"), document.number),
        ("g", _("Gross"), _amount(document.gross_amount, document)),
        ("e", _("Net"), _amount(document.net_amount, document)),
        ("t", _("VAT"), _amount(document.vat_amount, document)),
        ("v", _("VAT number"), party.vat_number if party else None),
        ("i", _("IBAN"), document.iban or document.account),
        ("r", _("Payment reference"), document.payment_reference),
        ("f", _("File name"), document.file_name),
    ]
    return [(key, label, clean(text)) for key, label, text in values if text]


def _amount(minor: int | None, document: Document) -> str | None:
    return None if minor is None else plain_amount(minor, document.currency)
