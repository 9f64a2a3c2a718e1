"""Corrects the values of a document whose file has none that a program can read, such as a scan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from banqup_tui.actions.context import Action, Context
from banqup_tui.actions.places import OF_DOCUMENTS
from banqup_tui.actions.prompts import Form, Notice, Tone
from banqup_tui.actions.sentences import name_of
from banqup_tui.actions.submission import submit
from banqup_tui.domain.document import Document, DocumentValues, values_of
from banqup_tui.domain.duplicates import can_be_corrected
from banqup_tui.domain.errors import BanqupError
from banqup_tui.domain.identifiers import check_communication, is_iban, normalise_account, normalise_vat
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.money import from_minor, to_minor
from banqup_tui.domain.text import clean
from banqup_tui.presentation.duplicates import FIELD_NAMES
from banqup_tui.presentation.messages import sentence_of
from banqup_tui.presentation.text_values import candidates_of, name_of_value
from banqup_tui.presentation.words import _
from banqup_tui.protocol.commands import CorrectDocument

_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_AMOUNTS = ("gross_amount", "net_amount", "vat_amount")
FIELDS = (
    *("number", "counterparty", "vat_number", "issue_date", "due_date"),
    *(*_AMOUNTS, "currency", "iban", "payment_reference"),
)
"""The values that can be corrected, in the order of the form."""


class NotReadable(BanqupError):
    """An entered value is no date, amount, currency, VAT number or IBAN."""

    exit_code = 2


class CorrectValuesAction(Action):
    id = "correct"
    keys = ("E",)
    places = OF_DOCUMENTS
    menu = 2
    rank = 27
    in_footer = False

    def name(self) -> str:
        return _("Correct values…")

    def help(self) -> str:
        return _(
            "Number, parties, dates, amounts and account of a document whose file has none that can be read as data."
        )

    def in_menu(self, context: Context) -> bool:
        return self.availability(context) is None

    def availability(self, context: Context) -> Message | None:
        if context.document is None:
            return Message("action.several-documents" if context.documents else "action.no-document")
        if context.document.is_withdrawn:
            return Message("action.withdrawn")
        return None if can_be_corrected(context.document) else Message("action.values-of-file")

    async def run(self, context: Context) -> None:
        document = context.document
        if document is None:
            return
        texts = texts_of(values_of(document))
        while True:
            answer = await context.ask.fill_in(_form(document, texts))
            if answer is None:
                return
            texts |= {name: str(value or "") for name, value in answer.values.items()}
            try:
                wanted = values_in(texts)
            except NotReadable as error:
                context.ask.notify(Notice(text=sentence_of(error.message), tone=Tone.ERROR))
                continue
            break
        before = values_of(document)
        if wanted != before:
            body = CorrectDocument(document_id=document.id, values=wanted, before=before)
            submit(context, [body], _("The values of {number} are corrected.").format(number=name_of(document)))


def _form(document: Document, texts: Mapping[str, str]) -> Form:
    properties: dict[str, dict[str, object]] = {
        name: {"type": "string", "title": _(FIELD_NAMES[name]), "maxLength": 500} for name in FIELDS
    }
    for suggestion in document.suggestions:
        # It is in the user's language already; forms ask for the English of extensions.
        line = _("Its text suggests: {values}").format(values=candidates_of(document, suggestion))
        properties[name_of_value(suggestion.field)]["x-help"] = {"en": line}
    for field in document.from_text:
        properties[name_of_value(field)]["x-help"] = {"en": _("Read from its text.")}
    return Form(
        title=[name_of(document), _("Correct values")],
        schema={"type": "object", "properties": properties},
        level="document",
        button=_("Correct"),
        values=dict(texts),
    )


def texts_of(values: DocumentValues) -> dict[str, str]:
    """Returns the values as they are entered: dates as dd/mm/yyyy, amounts with a point."""
    texts = dict.fromkeys(FIELDS, "")
    for name in FIELDS:
        value = getattr(values, name)
        if isinstance(value, date):
            texts[name] = f"{value.day:02}/{value.month:02}/{value.year:04}"
        elif isinstance(value, int):
            texts[name] = str(from_minor(value, values.currency or "EUR"))
        elif value is not None:
            texts[name] = str(value)
    return texts


def values_in(texts: Mapping[str, str]) -> DocumentValues:
    """Reads entered values. Dates are dd/mm/yyyy or yyyy-mm-dd, amounts have a point or a comma, empty is none.

    Raises:
        NotReadable: A value is none of these, or no VAT number or IBAN.
    """
    entered = {name: clean(texts.get(name, "")) for name in FIELDS}
    currency = entered["currency"].upper() or None
    if currency is not None and not re.fullmatch("[A-Z]{3}", currency):
        raise NotReadable(message("document.no-currency", text=entered["currency"]))
    return DocumentValues(
        number=entered["number"] or None,
        counterparty=entered["counterparty"] or None,
        issue_date=_day(entered["issue_date"]),
        due_date=_day(entered["due_date"]),
        gross_amount=_amount(entered["gross_amount"], currency),
        net_amount=_amount(entered["net_amount"], currency),
        vat_amount=_amount(entered["vat_amount"], currency),
        currency=currency,
        vat_number=_vat_number(entered["vat_number"]),
        iban=_iban(entered["iban"]),
        payment_reference=_reference(entered["payment_reference"]),
    )


def _vat_number(text: str) -> str | None:
    if not text:
        return None
    found = normalise_vat(text, "BE")
    if found is None:
        raise NotReadable(message("document.no-vat-number", text=text))
    return found


def _iban(text: str) -> str | None:
    if text and not is_iban(text):
        raise NotReadable(message("document.no-iban", text=text))
    return normalise_account(text) or None


def _reference(text: str) -> str | None:
    """Returns a payment reference; of a structured communication its digits, as files have it."""
    check = check_communication(text)
    return (check.digits if check is not None and check.holds else text) or None


def _day(text: str) -> date | None:
    if not text:
        return None
    found = _DATE.fullmatch(text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(text)
    except ValueError as error:
        raise NotReadable(message("document.no-date", text=text)) from error


def _amount(text: str, currency: str | None) -> int | None:
    if not text:
        return None
    try:
        minor, rounded = to_minor(text.replace(",", ".").replace("−", "-"), currency or "EUR")
    except ValueError as error:
        raise NotReadable(message("document.no-amount", text=text)) from error
    if rounded:
        raise NotReadable(message("document.no-amount", text=text))
    return minor
