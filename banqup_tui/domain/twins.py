"""Recognises the twin of an e-invoice: a PDF whose text shows the same invoice.

A PDF that is taken for a twin is no longer a document of its own, so a wrong twin is worse than none. Each condition is
there for a document that fulfils the others: a reminder and a list of open invoices show number and total, but neither
the net amount nor the VAT; the invoice of the next month shows all amounts, but another number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Protocol

import msgspec

from banqup_tui.domain.currencies import minor_digits
from banqup_tui.domain.document import Document, DocumentKind, Party
from banqup_tui.domain.identifiers import belgian_number
from banqup_tui.domain.invoice import Invoice
from banqup_tui.domain.invoice_types import InvoiceKind

PDF = "application/pdf"

DAYS_BETWEEN = 120
"""A PDF and its e-invoice come within this time."""

_CHARACTERS_FOR_NUMBER = 8_000
"""The number of an invoice stands in its head; further on stand the numbers of other things."""

_LONGEST_NUMBER = 40
_MOST_TOKENS = 8
_FEW_CHARACTERS = 5
"""Up to here a number may as well be a quantity, a year or a postcode: it counts with a word for it or the date."""

_FEW_WORDS = 10
"""With fewer words a text says nothing: scanners and printers put their names on pages without text."""

_SHORTEST_NAME = 5
_WORD = re.compile(r"[^\W_]+")
_WORD_OF_LETTERS = re.compile(r"[^\W\d_]{2,}")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\u00b4\u0060", "'"))
_LEGAL_FORMS = re.compile(
    r"\b(?:s ?a ?r ?l|s ?r ?l|s ?p ?r ?l|s ?a ?s ?u|s ?a ?s|s ?a|s ?n ?c|s ?c ?s|s ?c|b ?v ?b ?a|b ?v|n ?v|v ?o ?f|"
    r"comm ?v|c ?v|a ?s ?b ?l|v ?z ?w|gmbh|ag|ltd|limited|inc|co|kg)\b"
)
_LABEL = re.compile(
    r"(?<![^\W_])(?:n[o°ºr]?|num|numero|nummer|number|invoice|facture|factuur|factuurnummer|rechnung|rechnungsnummer|creditnota|"
    r"note de credit|credit note|avoir|#)[\W_]{0,5}$"
)
_TITLE_OF_REMINDER = re.compile(
    r"(?:\W|\d+(?:e|er|re|de|ste)?\b|premier|deuxieme|dernier|tweede|derde|laatste|first|second|final|lettre de)*"
    r"(?:rappel|(?:betalings|betaal)?herinnering|aanmaning|mise en demeure|ingebrekestelling|(?:payment )?reminder|"
    r"zahlungserinnerung|mahnung|releve|rekeningoverzicht|overzicht|statement of account)\b"
)
_TITLE_OF_CREDIT_NOTE = re.compile(
    r"\W*(?:note de credit|creditnota|credit ?note|avoir|gutschrift|rechnungskorrektur)\b"
)
_MOST_WORDS_OF_TITLE = 6

_MONTHS = (
    "jan", "fe[bv]", "mar|maa|mrt", "a[pv]r", "ma[iy]|mei", "juin|jun", "juil|jul", "aou|aug", "sep", "o[ck]t", "nov",
    "de[cz]",
)  # fmt: skip
"""How the names of months begin in French, Dutch, German and English, without accents."""


class InvoiceMarks(msgspec.Struct, frozen=True, kw_only=True):
    """The values of an e-invoice that its picture shows.

    Attributes:
        totals: Gross and payable amount, in minor units without sign; zero is left out.
        parts: Net amount and VAT, likewise; none where there is no VAT, as the net amount is then the gross amount.
        seller_numbers: VAT number, register number and IBAN of the seller.
    """

    number: str
    is_credit_note: bool = False
    issued: date | None = None
    currency: str = ""
    totals: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()
    seller_numbers: tuple[str, ...] = ()
    seller_name: str = ""


def marks_of_document(document: Document) -> InvoiceMarks:
    seller = document.supplier or Party()
    return InvoiceMarks(
        number=document.number or "",
        is_credit_note=document.kind is DocumentKind.CREDIT_NOTE,
        issued=document.issue_date,
        currency=document.currency or "",
        totals=_amounts(document.gross_amount, document.payable_amount),
        parts=_parts(document.net_amount, document.vat_amount),
        seller_numbers=_filled(seller.vat_number, seller.enterprise_number, document.iban),
        seller_name=seller.name or "",
    )


def marks_of_invoice(invoice: Invoice) -> InvoiceMarks:
    accounts = (means.account for means in invoice.payment_means if means.account_is_iban)
    return InvoiceMarks(
        number=invoice.number,
        is_credit_note=invoice.kind is InvoiceKind.CREDIT_NOTE,
        issued=invoice.issue_date,
        currency=invoice.currency,
        totals=_amounts(invoice.gross, invoice.payable),
        parts=_parts(invoice.net, invoice.vat),
        seller_numbers=_filled(invoice.seller.vat_number, invoice.seller.enterprise_number, *accounts),
        seller_name=invoice.seller.name or invoice.seller.trade_name,
    )


def _amounts(*amounts: int | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys(abs(amount) for amount in amounts if amount))


def _parts(net: int | None, vat: int | None) -> tuple[int, ...]:
    return _amounts(net, vat) if vat else ()


def _filled(*texts: str | None) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


class PictureText:
    """The text of a PDF, prepared for comparisons."""

    def __init__(self, text: str) -> None:
        self._lines = [_simple(line) for line in text.split("\n")]
        self._text = _one_line(self._lines)

    @cached_property
    def number_keys(self) -> frozenset[str]:
        """The keys of all that may be an invoice's number in the text (`number_key`)."""
        return frozenset(self._keys())

    def _keys(self) -> Iterator[str]:
        words = _WORD.findall(self._text[:_CHARACTERS_FOR_NUMBER])
        for start in range(len(words)):
            key = ""
            for word in words[start : start + _MOST_TOKENS]:
                key += word
                if len(key) > _LONGEST_NUMBER:
                    break
                if any(map(str.isdigit, key)):
                    yield key

    def shows(self, marks: InvoiceMarks) -> bool:
        """Tells whether the text is that of the invoice.

        It has the number as a word, a total, net amount or VAT if there is VAT, and a number or the name of the seller,
        and is not titled as another kind of document.
        """
        return (
            self._has_number(marks)
            and self._has_amount(marks.totals, marks.currency)
            and (not marks.parts or self._has_amount(marks.parts, marks.currency))
            and self._has_seller(marks)
            and not self._is_titled_otherwise(marks)
        )

    def speaks_against(self, marks: InvoiceMarks) -> bool:
        """Tells whether the text is that of something else: it has words, but neither number nor total."""
        if len(_WORD_OF_LETTERS.findall(self._text)) < _FEW_WORDS:
            return False
        pattern = _number_pattern(marks.number)
        has_number = pattern is not None and pattern.search(self._text) is not None
        return not has_number and not self._has_amount(marks.totals, marks.currency)

    def _has_number(self, marks: InvoiceMarks) -> bool:
        pattern = _number_pattern(marks.number)
        if pattern is None:
            return False
        head = self._text[:_CHARACTERS_FOR_NUMBER]
        found = list(pattern.finditer(head))
        if len(_key(marks.number)) > _FEW_CHARACTERS or not found:
            return bool(found)
        return self._has_date(marks.issued) or any(
            _LABEL.search(head[max(0, one.start() - 25) : one.start()]) for one in found
        )

    def _has_amount(self, amounts: Iterable[int], currency: str) -> bool:
        return any(_amount_pattern(amount, currency).search(self._text) for amount in amounts)

    def _has_seller(self, marks: InvoiceMarks) -> bool:
        patterns = (_identifier_pattern(number) for number in marks.seller_numbers)
        if any(pattern is not None and pattern.search(self._text) for pattern in patterns):
            return True
        name = bare_name(marks.seller_name)
        return len(name) >= _SHORTEST_NAME and f" {name} " in f" {' '.join(_WORD.findall(self._text))} "

    def _has_date(self, day: date | None) -> bool:
        return day is not None and _date_pattern(day).search(self._text) is not None

    def _is_titled_otherwise(self, marks: InvoiceMarks) -> bool:
        return self.is_titled_as_reminder or (not marks.is_credit_note and self.is_titled_as_credit_note)

    @property
    def is_titled_as_reminder(self) -> bool:
        return any(map(_TITLE_OF_REMINDER.match, self._titles))

    @property
    def is_titled_as_credit_note(self) -> bool:
        return any(map(_TITLE_OF_CREDIT_NOTE.match, self._titles))

    @cached_property
    def _titles(self) -> list[str]:
        return [line for line in self._lines if 0 < len(line.split()) <= _MOST_WORDS_OF_TITLE]


class Numbered(Protocol):
    """The fields of a document that its number key is made of."""

    @property
    def kind(self) -> DocumentKind: ...
    @property
    def media_type(self) -> str: ...
    @property
    def number(self) -> str | None: ...
    @property
    def line_count(self) -> int | None: ...


def number_key(document: Numbered) -> str | None:
    """Returns the key by which an e-invoice is found from the text of its picture.

    It is empty for a PDF that may be the picture of one, and `None` for all other documents.
    """
    if document.kind is DocumentKind.OTHER:
        return "" if document.media_type == PDF else None
    if document.kind is DocumentKind.STATEMENT or document.line_count is None:
        return None
    key = _key(document.number or "")
    return key if key and len(key) <= _LONGEST_NUMBER else None


def _key(number: str) -> str:
    return "".join(_WORD.findall(_simple(number)))


def digits_of(number: str) -> list[str]:
    """Returns the rows of digits of a number. All stand in each text that has the number."""
    return re.findall(r"\d+", unicodedata.normalize("NFKC", number))


def _simple(text: str) -> str:
    """Returns a text in lower case without accents, with plain blanks and apostrophes."""
    text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold()
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return text


def _one_line(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())


def _number_pattern(number: str) -> re.Pattern[str] | None:
    """Matches the number as a word of its own. Signs between its parts may differ; further parts may not follow."""
    parts = re.findall(r"\d+|[^\W\d_]+", _simple(number))
    if not parts or len(parts) > _MOST_TOKENS or not any(part.isdigit() for part in parts):
        return None
    inside = r"[\W_]{0,3}".join(parts)
    return re.compile(rf"(?<![^\W_])(?<!\d[-./,_]){inside}(?![^\W_])(?![-./,_]\d)")


def _amount_pattern(amount: int, currency: str) -> re.Pattern[str]:
    """Matches an amount in six spellings: `1234.56`, `1.234,56`, `1 234,56`, `1'234.56`, `1,234.56`, `1234,56`."""
    digits = minor_digits(currency)
    whole, minor = divmod(amount, 10**digits)
    grouped = f"{whole:,}".replace(",", "[ .,']?")
    decimals = f"[.,]{minor:0{digits}}" if digits else ""
    return re.compile(rf"(?<!\d)(?<!\d[.,']){grouped}{decimals}(?!\d)(?![.,']\d)")


def _identifier_pattern(text: str) -> re.Pattern[str] | None:
    """Matches a number of a company or an account, whatever signs stand between its characters."""
    compact = belgian_number(text) or re.sub(r"[\W_]", "", text)
    if re.match(r"[A-Za-z]{2}.{8}", compact) and not re.match(r"[A-Za-z]{2}\d\d.{10}", compact):
        compact = compact[2:]  # VAT numbers are often written without their country
    if len(re.findall(r"\d", compact)) < 7:
        return None
    compact = compact.casefold()
    first, rest = ("0?", compact[1:]) if compact[0] == "0" else (compact[0], compact[1:])
    return re.compile(rf"(?<!\d){first}{''.join(f'[ ./-]?{char}' for char in rest)}(?!\d)")


def bare_name(name: str) -> str:
    """Returns a name as names are compared: its words without accents, capitals, punctuation and legal form."""
    words = " ".join(_WORD.findall(_simple(name)))
    return " ".join(_LEGAL_FORMS.sub(" ", words).split()) or words


def _date_pattern(day: date) -> re.Pattern[str]:
    year, month, number = f"(?:20)?{day.year % 100:02}", f"0?{day.month}", f"0?{day.day}"
    return re.compile(
        rf"(?<!\d)(?:{number}[ ./-]{month}[ ./-]{year}|{month}/{number}/{year}|{day.year}[-./]{month}[-./]{number}"
        rf"|{number}(?:er|\.)?[ -](?:{_MONTHS[day.month - 1]})[a-z.]*[ -]{year})(?!\d)"
    )
