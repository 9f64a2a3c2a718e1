"""The filter language of lists: words and `field:value`, all of which must hold.

    zavel                     found in number, counterparty, file name, text of a PDF; or the gross amount
    status:error,queued       client, queued, ready, processed, error
    gross:>500  net:100..200  also vat; in the document's own currency; decimals with point or comma
    date:2026-11              year, month or day; also >2026-10, 2025..2026-03, 24/11/2026
    from:zavel                the counterparty; quotes hold words together: from:"la meuse"
    number:2026/11  currency:usd  file:scan
    is:held                   also replaced, withdrawn; withdrawn documents are found by this alone
    is:peppol                 came over Peppol
    is:to-ask-for             a Belgian purchase of which the seller owes the e-invoice (domain.e_invoicing)

A minus before a term excludes what it matches. Fields and words may be written in English, French, Dutch or German:
fournisseur:zavel, btw:>21, status:fout, is:zurückgezogen; in any case, with or without accents.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from banqup_tui.domain.currencies import MOST_DIGITS
from banqup_tui.domain.folder import Folder
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.search_words import folded
from banqup_tui.domain.status import AccountingStatus
from banqup_tui.domain.values import Value


class FilterField(StrEnum):
    TEXT = "text"
    STATUS = "status"
    GROSS = "gross"
    NET = "net"
    VAT = "vat"
    DATE = "date"
    FROM = "from"
    NUMBER = "number"
    CURRENCY = "currency"
    FILE = "file"
    IS = "is"


class IsWord(StrEnum):
    """What may stand behind `is:`."""

    UNDECIDED = "held"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    PEPPOL = "peppol"
    TO_ASK_FOR = "to-ask-for"


_Meaning = TypeVar("_Meaning")


def _by_word(words: dict[_Meaning, str]) -> dict[str, _Meaning]:
    return {folded(word): meaning for meaning, line in words.items() for word in line.split()}


# The words that are typed, as a line for each meaning: English first, then French, Dutch and German. All are known
# whatever the language of the user, so that a filter means the same on the next desk.
FIELD_LINES: dict[FilterField, str] = {
    FilterField.STATUS: "status statut",
    FilterField.GROSS: "gross amount tvac montant incl bruto bedrag brutto betrag",
    FilterField.NET: "net htva excl netto",
    FilterField.VAT: "vat tva btw mwst",
    FilterField.DATE: "date datum",
    FilterField.FROM: "from supplier customer de fournisseur client van leverancier klant von lieferant kunde",
    FilterField.NUMBER: "number numéro nummer",
    FilterField.CURRENCY: "currency devise munt währung",
    FilterField.FILE: "file fichier bestand datei",
    FilterField.IS: "is est ist",
}
STATUS_LINES: dict[AccountingStatus, str] = {
    AccountingStatus.CLIENT_ACTION_NEEDED: "client klant mandant",
    AccountingStatus.QUEUED: "queued file wachtrij wartet warteschlange",
    AccountingStatus.READY_TO_PROCESS: "ready à-traiter prêt klaar te-verwerken bereit",
    AccountingStatus.PROCESSED: "processed traité verwerkt erledigt verarbeitet",
    AccountingStatus.ERROR: "error erreur fout fehler",
}
IS_LINES: dict[IsWord, str] = {
    IsWord.UNDECIDED: "held retenu aangehouden angehalten",
    IsWord.REPLACED: "replaced remplacé vervangen ersetzt",
    IsWord.WITHDRAWN: "withdrawn retiré ingetrokken zurückgezogen",
    IsWord.PEPPOL: "peppol",
    IsWord.TO_ASK_FOR: "to-ask-for à-demander op-te-vragen anzufordern",
}
_FIELDS, _STATUSES, _IS_WORDS = _by_word(FIELD_LINES), _by_word(STATUS_LINES), _by_word(IS_LINES)


class Term(Value, frozen=True, kw_only=True):
    """One condition of a filter. `low` and `high` are inclusive: amounts in units of `10 ** -MOST_DIGITS`, dates as
    yyyymmdd. `start` and `end` are its place in the line.
    """

    field: FilterField
    text: str = ""
    statuses: tuple[AccountingStatus, ...] = ()
    low: int | None = None
    high: int | None = None
    negated: bool = False
    start: int = 0
    end: int = 0


class Filter(Value, frozen=True, kw_only=True):
    """A filter as the user typed it, and its conditions, all of which must hold."""

    line: str = ""
    terms: tuple[Term, ...] = ()

    def without(self, term: Term) -> "Filter":
        """Returns the filter without one of its terms."""
        line = f"{self.line[: term.start].rstrip()} {self.line[term.end :].lstrip()}".strip()
        return Filter(line=line, terms=tuple(other for other in self.terms if other != term))


ONLY_WITHDRAWN = Filter(line="is:withdrawn", terms=(Term(field=FilterField.IS, text=IsWord.WITHDRAWN),))


class FilterProblem(Value, frozen=True, kw_only=True):
    """The first fault in a line, from `start` to `end`. The message's parameter `near` is a similar valid word."""

    start: int
    end: int
    message: Message


class SortColumn(StrEnum):
    DATE = "DATE"
    CREATED = "CREATED"
    NUMBER = "NUMBER"
    COUNTERPARTY = "COUNTERPARTY"
    GROSS = "GROSS"
    STATUS = "STATUS"


class DocumentQuery(Value, frozen=True, kw_only=True):
    """The selection and order of a list of documents.

    Fields that are `None` or empty select all; a month needs a year.
    """

    client_id: str | None = None
    folder: Folder | None = None
    year: int | None = None
    month: int | None = None
    statuses: tuple[AccountingStatus, ...] = ()
    filter: Filter = Filter()
    sort: SortColumn = SortColumn.DATE
    descending: bool = True

    @property
    def with_withdrawn(self) -> bool:
        """True if the filter asks for withdrawn documents, which every other query leaves out."""
        return any(
            term.field is FilterField.IS and term.text == IsWord.WITHDRAWN and not term.negated
            for term in self.filter.terms
        )


class _Unreadable(Exception):
    """A term cannot be read; `part` is the wrong part of its text, `None` for all of it."""

    def __init__(self, message: Message, part: str | None = None) -> None:
        super().__init__(message.code)
        self.part = part
        self.message = message


_TERM = re.compile(r'-?(?:[^\s":]+:)?(?:"[^"]*"?|[^\s"]\S*)?')
_AMOUNT = re.compile(r"[-−]?\d+(?:[.,]\d{1,2})?")


def parse(line: str) -> Filter | FilterProblem:
    """Reads a line of the filter language. Returns the first problem of a line that cannot be read; never raises."""
    terms: list[Term] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        found = _TERM.match(line, at)
        end = max(found.end() if found else at, at + 1)
        try:
            terms.append(_term(line[at:end], at, end))
        except _Unreadable as problem:
            start, end = (at, end) if problem.part is None else _within(line, at, problem.part)
            return FilterProblem(start=start, end=end, message=problem.message)
        at = end
    return Filter(line=line, terms=tuple(terms))


def _within(line: str, at: int, part: str) -> tuple[int, int]:
    start = line.index(part, at)
    return start, start + len(part)


def _term(word: str, start: int, end: int) -> Term:
    negated = word.startswith("-") and len(word) > 1 and not _AMOUNT.fullmatch(word)
    name, colon, value = word.removeprefix("-" if negated else "").partition(":")
    if not colon or name.startswith('"'):
        text = word.removeprefix("-" if negated else "").strip('"')
        return Term(field=FilterField.TEXT, text=text, negated=negated, start=start, end=end)
    field = _field(name)
    value = value.strip('"')
    if not value:
        raise _Unreadable(message("filter.value-missing"))
    return _with_value(field, value, negated, start, end)


def _field(name: str) -> FilterField:
    found = _FIELDS.get(folded(name))
    if found:
        return found
    near = _near(name, _FIELDS, 0.5)
    raise _Unreadable(
        message("filter.unknown-field-near", near=f"{near}:") if near else message("filter.unknown-field"), name
    )


def _near(word: str, words: Iterable[str], cutoff: float) -> str:
    return next(iter(difflib.get_close_matches(folded(word), list(words), n=1, cutoff=cutoff)), "")


def _begins(word: str, words: Mapping[str, _Meaning], english: Mapping[_Meaning, str]) -> _Meaning | None:
    """The meaning of a word or of its beginning. A beginning is looked for among the English words first, so that
    what was typed before other languages were known goes on meaning the same.
    """
    begun = folded(word)
    if begun in words:
        return words[begun]
    for known in ({line.split()[0]: meaning for meaning, line in english.items()}, words):
        found = {meaning for name, meaning in known.items() if name.startswith(begun)}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _with_value(field: FilterField, value: str, negated: bool, start: int, end: int) -> Term:
    if field is FilterField.STATUS:
        statuses = tuple(_status(word) for word in value.split(",") if word)
        return Term(field=field, text=value, statuses=statuses, negated=negated, start=start, end=end)
    if field is FilterField.IS:
        return Term(field=field, text=_is_word(value), negated=negated, start=start, end=end)
    low: int | None = None
    high: int | None = None
    if field in (FilterField.GROSS, FilterField.NET, FilterField.VAT):
        low, high = _range(value, _amount)
    elif field is FilterField.DATE:
        low, high = _range(value, _days)
    return Term(field=field, text=value, low=low, high=high, negated=negated, start=start, end=end)


def _status(word: str) -> AccountingStatus:
    found = _begins(word, _STATUSES, STATUS_LINES)
    if found:
        return found
    if word.upper() in set(AccountingStatus):
        return AccountingStatus(word.upper())
    near = _near(word, _STATUSES, 0.4)
    raise _Unreadable(message("filter.unknown-status-near", near=near) if near else message("filter.unknown-status"))


def _is_word(word: str) -> IsWord:
    found = _begins(word, _IS_WORDS, IS_LINES)
    if found:
        return found
    near = _near(word, _IS_WORDS, 0.4)
    raise _Unreadable(message("filter.unknown-is-near", near=near) if near else message("filter.unknown-is"))


def _range(value: str, read: "_Reader") -> tuple[int | None, int | None]:
    low_text, dots, high_text = value.partition("..")
    if dots:
        low = read(low_text)[0] if low_text else None
        return low, read(high_text)[1] if high_text else None
    for sign in (">=", "<=", ">", "<"):
        if value.startswith(sign):
            low_edge, high_edge = read(value.removeprefix(sign))
            return {">=": (low_edge, None), "<=": (None, high_edge), ">": (high_edge + 1, None)}.get(
                sign, (None, low_edge - 1)
            )
    return read(value)


class _Reader:
    """Reads a word as the first and last value that it stands for; raises `_Unreadable`."""

    def __call__(self, text: str) -> tuple[int, int]:
        raise NotImplementedError


class _Amounts(_Reader):
    def __call__(self, text: str) -> tuple[int, int]:
        parts = smallest_parts(text)
        if parts is None:
            raise _Unreadable(message("filter.not-an-amount"))
        return parts, parts


_MOST_WHOLE_DIGITS = 14
"""The most digits of an amount before the decimals: in the smallest units it must fit into SQLite's 64 bits."""


def smallest_parts(text: str) -> int | None:
    """Returns an amount in units of `10 ** -MOST_DIGITS`, or `None` if the text is no amount.

    `1215,13`, `1215.1` and `−12` are amounts; `1.215,13` is not, because thousands and decimals cannot be told apart.
    """
    if not _AMOUNT.fullmatch(text):
        return None
    whole, _, decimals = text.replace("−", "-").replace(",", ".").partition(".")
    if len(whole.lstrip("-")) > _MOST_WHOLE_DIGITS:
        return None
    sign = -1 if whole.startswith("-") else 1
    return sign * int(whole.lstrip("-") + decimals.ljust(MOST_DIGITS, "0"))


_SHORT_NUMBER = re.compile("[0-9]{1,4}")


class _Days(_Reader):
    def __call__(self, text: str) -> tuple[int, int]:
        parts = text.split("/")[::-1] if "/" in text else text.split("-")
        if not 1 <= len(parts) <= 3 or not all(map(_SHORT_NUMBER.fullmatch, parts)) or len(parts[0]) not in (2, 4):
            raise _Unreadable(message("filter.not-a-date", near="2026-11"))
        numbers = [int(part) for part in parts]
        year = numbers[0] if len(parts[0]) == 4 else 2000 + numbers[0]
        month = numbers[1] if len(numbers) > 1 else None
        day = numbers[2] if len(numbers) > 2 else None
        if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
            raise _Unreadable(message("filter.not-a-date", near="2026-11"))
        low = year * 10_000 + (month or 1) * 100 + (day or 1)
        return low, year * 10_000 + (month or 12) * 100 + (day or 31)


_amount = _Amounts()
_days = _Days()
