"""Reads the values of an invoice from the text of its PDF.

A text has no structure, so each value is only a candidate. `believed_values` says which are believed: those of an
invoice whose check digits, sums and a known party agree, and of which the text has one candidate.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Final

from banqup_tui.domain.identifiers import (
    belgian_check_holds,
    communication_in,
    is_iban,
    normalise_account,
    normalise_vat,
    party_keys,
    vat_number_holds,
)
from banqup_tui.domain.suggestion import TextField, ValueCandidates
from banqup_tui.domain.twins import PictureText
from banqup_tui.domain.values import Value


class TextParty(Value, frozen=True, kw_only=True):
    """A company whose number stands in a text, with check digits that fit.

    Attributes:
        key: As `identifiers.party_keys` has it.
        vat_number: Empty if the number stands there as that of an enterprise only.
    """

    key: str
    vat_number: str = ""
    enterprise_number: str = ""


class TextAmounts(Value, frozen=True, kw_only=True):
    """Net amount, VAT and their sum, in hundredths, without sign."""

    net: int
    vat: int

    @property
    def gross(self) -> int:
        return self.net + self.vat


_MOST_LINES: Final = 400
_MOST_CANDIDATES: Final = 5
_LONGEST_LINE: Final = 400
_YEARS_BACK: Final = 10
_DAYS_AHEAD: Final = 62

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\u00b4\u0060", "'"))

_KIND = (
    r"facture|factuur|invoice|rechnung|creditnota|kredietnota|note de credit|credit note|creditfactuur|avoir|gutschrift"
)
_NUMBER_WORD = r"nummer|number|numero|num\b|nr\b|no\b|n°|nº|n\b|#"
_NUMBER_LABEL = re.compile(
    rf"(?<![^\W_])(?:(?:{_KIND})s?[ -]?(?:{_NUMBER_WORD})|(?:{_NUMBER_WORD})[. ]{{0,2}}(?:de |de la |d'|of |van |der )?"
    rf"(?:{_KIND})|(?:{_KIND}))[ .:°#]{{0,4}}",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[A-Z0-9](?:[A-Z0-9./_-]{0,28}[A-Z0-9])?(?![A-Z0-9])", re.IGNORECASE)
_MORE_DIGITS = re.compile(r" \d+(?![\d./,-])")
"""A further group of digits: where the number has blanks, its end is not known."""

_PAGE = re.compile(r"\d/\d")

_MONTHS: Final = (
    ("jan", 1), ("fe", 2), ("mar", 3), ("maa", 3), ("mrt", 3), ("marz", 3), ("apr", 4), ("avr", 4), ("mai", 5),
    ("mei", 5), ("may", 5), ("juin", 6), ("jun", 6), ("juil", 7), ("jul", 7), ("aug", 8), ("aou", 8), ("sep", 9),
    ("okt", 10), ("oct", 10), ("nov", 11), ("dec", 12), ("dez", 12),
)  # fmt: skip
"""How the names of months begin in French, Dutch, German and English, without accents."""

_DATE = re.compile(
    r"(?<![\d./-])(?:(?P<day>\d{1,2})([./-])(?P<month>\d{1,2})\2(?P<year>\d{4}|\d\d)|(?P<iso>\d{4}-\d\d-\d\d)"
    r"|(?P<number>\d{1,2})(?:er|\.)? (?P<name>[a-z]{3,9})\.? (?P<of>\d{4}))(?![\d/-])(?!\.\d)",
    re.IGNORECASE,
)
_DUE_LABEL = (
    r"verval\w*|echeance|due|payable|paiement|uiterlijk|te betalen (?:voor|tegen|op)|a payer (?:avant|pour|le)|zahlbar|"
    r"fallig\w*"
)
_OTHER_LABEL = (
    r"lever\w*|livraison|delivery|liefer\w*|bestel\w*|commande|order\w*|periode|period|van|du|au|tot|from|until|"
    r"geboorte\w*|naissance|besteldatum|leverdatum|prestation\w*|contract\w*"
)
_ISSUE_LABEL = (
    rf"(?:{_KIND})s?[ -]?dat(?:um|e)|dat(?:um|e)(?: (?:de |de la |d'|of |van )?(?:{_KIND}|emission|document))?|"
    rf"(?:{_KIND}) (?:du|van|vom|of)"
)
_DATE_LABEL = re.compile(
    rf"(?<![^\W_])(?:(?P<due>(?:date d'|date limite (?:de )?)?(?:{_DUE_LABEL}))|(?P<issue>{_ISSUE_LABEL})"
    rf"|(?P<other>{_OTHER_LABEL}))(?![^\W_])",
    re.IGNORECASE,
)

_AMOUNT = re.compile(
    r"(?<![\d.,'/])(?:(?P<plain>\d{1,9})|(?P<grouped>\d{1,3}(?:[ .,']\d{3}){1,3}))[.,](?P<minor>\d\d)"
    r"(?![\d'])(?![.,/-]\d)"
)
_PERCENT = re.compile(r" ?%")
_TOTAL_LABEL = re.compile(
    r"(?<![^\W_])(?:total\w*|totaal\w*|te betalen|a payer|montant du|verschuldigd|gesamt\w*|amount due|to pay|ttc|tvac|"
    r"t\.t\.c|incl\w*|zu zahlen|zahlbetrag|solde)",
    re.IGNORECASE,
)
_NET_LABEL = re.compile(
    r"(?<![^\W_])(?:htva|h\.t|ht\b|hors|excl\w*|netto|net\b|subtot\w*|sous-total|base|zonder btw|ohne)", re.IGNORECASE
)
_MOST_AMOUNTS: Final = 500
_MOST_TOTALS: Final = 20
_VAT_RATES: Final = (6, 12, 21)
_HIGHEST_RATE: Final = 27
_MOST_ROUNDED: Final = 200
"""VAT is rounded on each line by many programs: two cents, in hundredths of a per cent of the net amount."""

_COMPANY_WORD = re.compile(
    r"(?:TVA|BTW|VAT|MwSt|USt|KBO|BCE|RPM|RPR|entreprise|ondernemings?\w*)[^\d\n]{0,20}$", re.IGNORECASE
)
_VAT_WORD = re.compile(r"(?:TVA|BTW|VAT|MwSt|USt)[^\d\n]{0,20}$", re.IGNORECASE)
_BELGIAN = re.compile(
    r"(?<![A-Z0-9.])(?P<code>BE[ .:-]{0,2})?(?P<number>[01]?\d{3}[. -]?\d{3}[. -]?\d{3})(?![\d])(?![.,/-]\d)"
)
_DOTTED = re.compile(r"[01]\d{3}\.\d{3}\.\d{3}")
_FOREIGN = re.compile(r"(?<![A-Z0-9])(?:AT|DE|DK|EL|ES|FI|FR|IE|IT|LU|NL|PL|PT|SE)[ ]?[0-9A-Z][0-9A-Z. ]{6,16}")
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d\d(?: ?[A-Z0-9]{1,4}){2,8}")

_CURRENCIES: Final = {
    "€": "EUR",
    "EUR": "EUR",
    "EURO": "EUR",
    "$": "USD",
    "USD": "USD",
    "£": "GBP",
    "GBP": "GBP",
    "CHF": "CHF",
}
_CURRENCY = re.compile(r"[€$£]|(?<![A-Z])(?:EURO?|USD|GBP|CHF)(?![A-Z])", re.IGNORECASE)

_LEGAL_FORM = re.compile(
    r"(?<![^\W_])(?:S\.?A|N\.?V|S\.?R\.?L|B\.?V|S\.?P\.?R\.?L|B\.?V\.?B\.?A|S\.?C|C\.?V|ASBL|VZW|SNC|VOF|GmbH|SAS|SARL|Ltd)"
    r"\.?(?![^\W_])"
)
_MOST_WORDS_OF_NAME: Final = 8


class _Amounts(Value, frozen=True, kw_only=True):
    """The amounts of a text in hundredths: all, those beside or below a word for a total, and beside one for net."""

    every: frozenset[int]
    totals: frozenset[int]
    nets: frozenset[int]


class InvoiceText:
    """The candidates for the values of an invoice in a text. `came` is the day on which its PDF came in."""

    def __init__(self, text: str, came: date) -> None:
        plain = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
        # Letter by letter, so that the signs of a number stay where they are.
        plain = "".join(unicodedata.normalize("NFD", char)[0] for char in plain)
        lines = re.split(r"[\n\f]", plain)[:_MOST_LINES]
        self._lines = [" ".join(line.split())[:_LONGEST_LINE] for line in lines]
        self._text = "\n".join(self._lines)
        self._came = came
        titles = PictureText(text)
        self.is_credit_note = titles.is_titled_as_credit_note
        self._is_reminder = titles.is_titled_as_reminder

    @property
    def is_invoice(self) -> bool:
        """True if the text says that it is an invoice or credit note, and not that it is a reminder of one."""
        return not self._is_reminder and re.search(rf"(?<![^\W_])(?:{_KIND})", self._text, re.IGNORECASE) is not None

    # Number and dates

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for at, line in enumerate(self._lines):
            for label in _NUMBER_LABEL.finditer(line):
                for number in self._numbers_behind(at, line, label):
                    found.setdefault(re.sub(r"[\W_]", "", number).upper(), number)
        return tuple(found.values())[:_MOST_CANDIDATES]

    def _numbers_behind(self, at: int, line: str, label: re.Match[str]) -> Iterator[str]:
        number = _number_at(line, label.end())
        if number:
            yield number
        elif not any(char.isdigit() for char in line) and at + 1 < len(self._lines):
            # A row of headings: the values stand below. The number is the only one of them that is no date and amount.
            below = self._lines[at + 1]
            values = [number for word in below.split() if (number := _number_at(word, 0))]
            if len(values) == 1 and _DATE_LABEL.search(line):
                yield values[0]

    @cached_property
    def issue_dates(self) -> tuple[date, ...]:
        bare = self._dates.get("", ())
        latest = self._came + timedelta(days=_DAYS_AHEAD)
        found = self._dates.get("issue", ()) or (bare if len(bare) == 1 else ())
        return tuple(day for day in found if day <= latest)

    @cached_property
    def due_dates(self) -> tuple[date, ...]:
        return self._dates.get("due", ())

    @cached_property
    def _dates(self) -> Mapping[str, tuple[date, ...]]:
        """The dates by the kind of their label: `issue`, `due`, `other`, empty without one."""
        found: dict[str, dict[date, None]] = {}
        for at, line in enumerate(self._lines):
            dates = [(match.start(), day) for match in _DATE.finditer(line) if (day := self._day(match))]
            above = [_kind_of(label) for label in _DATE_LABEL.finditer(self._lines[at - 1])] if at else []
            above = above if at and not any(map(str.isdigit, self._lines[at - 1])) else []
            for index, (start, day) in enumerate(dates):
                label = next(reversed(list(_DATE_LABEL.finditer(line[:start]))), None)
                kind = _kind_of(label) if label else above[index] if len(above) == len(dates) else ""
                found.setdefault(kind, {})[day] = None
        return {kind: tuple(days)[:_MOST_CANDIDATES] for kind, days in found.items()}

    def _day(self, match: re.Match[str]) -> date | None:
        try:
            if match["iso"]:
                day = date.fromisoformat(match["iso"])
            elif match["name"]:
                name = match["name"].lower()
                month = next((month for start, month in _MONTHS if name.startswith(start)), 0)
                day = date(int(match["of"]), month, int(match["number"]))
            else:
                year = int(match["year"])
                day = date(year + 2000 if year < 100 else year, int(match["month"]), int(match["day"]))
        except ValueError:
            return None
        return day if -_YEARS_BACK <= day.year - self._came.year <= 2 else None

    # Amounts

    @cached_property
    def amounts(self) -> tuple[TextAmounts, ...]:
        """Net amounts and VAT whose sum is in the text as the highest total that is one.

        Those beside a word for a net amount come before others, then those of a single rate. VAT of two rates may stand
        there as two amounts only, where the net amount is labelled.
        """
        found = self._amounts
        if len(found.every) > _MOST_AMOUNTS:
            return ()
        for gross in sorted(found.totals, reverse=True)[:_MOST_TOTALS]:
            possible = [net for net in found.every if 0 < (gross - net) * 100 <= net * _HIGHEST_RATE]
            sums = [TextAmounts(net=net, vat=gross - net) for net in possible if gross - net in found.every]
            sums = [one for one in sums if one.net in found.nets] or sums
            sums = [one for one in sums if _has_single_rate(one)] or sums
            sums = sums or [
                TextAmounts(net=net, vat=gross - net)
                for net in possible
                if net in found.nets and any(gross - net - part in found.every for part in found.every)
            ]
            if sums:
                return tuple(sums)[:_MOST_CANDIDATES]
        return ()

    @cached_property
    def totals(self) -> tuple[int, ...]:
        """Amounts beside a word for a total, the highest first."""
        return tuple(sorted(self._amounts.totals, reverse=True))[:_MOST_CANDIDATES]

    @cached_property
    def _amounts(self) -> _Amounts:
        every: set[int] = set()
        totals: set[int] = set()
        nets: set[int] = set()
        is_labelled_above = False
        for line in self._lines:
            found = [_hundredths(match) for match in _AMOUNT.finditer(line) if not _PERCENT.match(line, match.end())]
            every.update(found)
            if _NET_LABEL.search(line):
                nets.update(found)
            is_labelled = _TOTAL_LABEL.search(line) is not None
            if found and (is_labelled or is_labelled_above):
                totals.update(found)
            is_labelled_above = is_labelled and not found
        return _Amounts(every=frozenset(every - {0}), totals=frozenset(totals - {0}), nets=frozenset(nets - {0}))

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        found = (_CURRENCIES[match[0].upper()] for match in _CURRENCY.finditer(self._text))
        return tuple(dict.fromkeys(found))

    # Parties and accounts

    @cached_property
    def parties(self) -> tuple[TextParty, ...]:
        """The companies whose numbers stand in the text, in its order."""
        found: dict[str, TextParty] = {}
        for line in self._lines:
            for party in [*_belgian_parties(line), *_foreign_parties(line)]:
                before = found.get(party.key)
                if before is None or (party.vat_number and not before.vat_number):
                    found[party.key] = party
        return tuple(found.values())

    @cached_property
    def ibans(self) -> tuple[str, ...]:
        found = (iban for match in _IBAN.finditer(self._text.upper()) if (iban := _longest_iban(match[0])))
        return tuple(dict.fromkeys(found))[:_MOST_CANDIDATES]

    @cached_property
    def payment_reference(self) -> str:
        return communication_in(self._text)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Lines that may be the name of a company, by their legal form."""
        return tuple(
            dict.fromkeys(
                line
                for line in self._lines
                if len(line.split()) <= _MOST_WORDS_OF_NAME
                and _LEGAL_FORM.search(line)
                and not any(map(str.isdigit, line))
                and len(_LEGAL_FORM.sub("", line)) > 2
            )
        )[:_MOST_CANDIDATES]


def _number_at(line: str, at: int) -> str:
    """Returns the number of a document that stands there; empty for a date, an amount, a page and other things."""
    match = _NUMBER.match(line, at)
    if match is None or not any(map(str.isdigit, match[0])):
        return ""
    text = match[0]
    is_other = (
        any(pattern.match(line, at) for pattern in (_DATE, _AMOUNT))
        or _PAGE.fullmatch(text)
        or _BELGIAN.fullmatch(text)
        or _MORE_DIGITS.match(line, match.end())
    )
    return "" if is_other else text


def _kind_of(label: re.Match[str]) -> str:
    return label.lastgroup or ""


def _hundredths(match: re.Match[str]) -> int:
    whole = match["plain"] or re.sub(r"\D", "", match["grouped"])
    return int(whole + match["minor"])


def _has_single_rate(sums: TextAmounts) -> bool:
    return any(abs(sums.vat * 100 - sums.net * rate) <= _MOST_ROUNDED for rate in _VAT_RATES)


def _belgian_parties(line: str) -> Iterator[TextParty]:
    for match in _BELGIAN.finditer(line):
        digits = re.sub(r"\D", "", match["number"]).zfill(10)
        before = line[max(0, match.start() - 40) : match.start()]
        is_named = match["code"] or _COMPANY_WORD.search(before) or _DOTTED.fullmatch(match["number"])
        if is_named and digits[0] in "01" and belgian_check_holds(digits):
            is_vat = bool(match["code"] or _VAT_WORD.search(before))
            yield TextParty(key=f"be:{digits}", vat_number=f"BE{digits}" if is_vat else "", enterprise_number=digits)


def _foreign_parties(line: str) -> Iterator[TextParty]:
    for match in _FOREIGN.finditer(line):
        if not _VAT_WORD.search(line[max(0, match.start() - 40) : match.start()]):
            continue
        words = match[0].split(" ")
        for end in range(len(words), 0, -1):
            number = normalise_vat("".join(words[:end]))
            if number is not None and vat_number_holds(number):
                yield TextParty(key=party_keys([("VAT", number)])[0], vat_number=number)
                break


def _longest_iban(text: str) -> str:
    groups = text.split(" ")
    joined = ("".join(groups[:end]) for end in range(len(groups), 0, -1))
    return next((normalise_account(one) for one in joined if is_iban(one)), "")


class Believed(Value, frozen=True, kw_only=True):
    """What a text says of an invoice.

    Attributes:
        values: The values that are believed, as `ValueCandidates` has them.
        party: The other company, if it is believed.
        suggestions: The candidates for the other values.
    """

    values: dict[TextField, str]
    party: TextParty | None = None
    suggestions: tuple[ValueCandidates, ...] = ()


def believed_values(
    text: InvoiceText, *, own_keys: Collection[str], own_name: str, sells: bool, known: Mapping[str, str]
) -> Believed:
    """Divides the candidates into what is believed and what is only suggested.

    All is only suggested unless the text is that of an invoice, net amount and VAT make up its total, the number of one
    other company stands in it, and one of the two is known: the client, or the other from e-invoices.

    Args:
        own_keys: Keys of the client's numbers and accounts.
        own_name: Its name.
        sells: The client is the seller.
        known: Names of companies by key.
    """
    if not text.is_invoice:
        return Believed(values={})
    is_own_named = any(party.key in own_keys for party in text.parties)
    others = [party for party in text.parties if party.key not in own_keys]
    party = others[0] if len(others) == 1 else None
    has_known = is_own_named or (not sells and party is not None and party.key in known)
    sums = text.amounts if len(text.amounts) == 1 and len(text.currencies) == 1 else ()
    agree = bool(sums) and has_known and (party is not None or (sells and not others))
    candidates = dict(_candidates(text, own_keys, own_name, others, known, sells=sells))
    single = {field: found[0] for field, found in candidates.items() if agree and len(found) == 1}
    if party is None or party.key not in known:
        single.pop(TextField.COUNTERPARTY, None)  # a name has no check digits
    rest = tuple(
        ValueCandidates(field=field, candidates=found)
        for field, found in candidates.items()
        if found and field not in single
    )
    return Believed(values=single, party=party if agree else None, suggestions=rest)


def _candidates(
    text: InvoiceText,
    own_keys: Collection[str],
    own_name: str,
    others: list[TextParty],
    known: Mapping[str, str],
    *,
    sells: bool,
) -> Iterator[tuple[TextField, tuple[str, ...]]]:
    sign = -1 if text.is_credit_note else 1
    issued = text.issue_dates
    due = [day for day in text.due_dates if not issued or day >= min(issued)]
    names = [known[party.key] for party in others if party.key in known]
    names = names or [name for name in text.names if name.casefold() != own_name.casefold()]
    own_accounts = {key.removeprefix("iban:") for key in own_keys if key.startswith("iban:")}
    yield TextField.NUMBER, text.numbers
    yield TextField.ISSUE_DATE, tuple(map(str, issued))
    yield TextField.DUE_DATE, tuple(map(str, due))
    yield TextField.COUNTERPARTY, tuple(names)
    yield TextField.VAT_NUMBER, tuple(party.vat_number for party in others if party.vat_number)
    yield TextField.CURRENCY, text.currencies
    sums = text.amounts
    yield TextField.NET_AMOUNT, _distinct(sign * one.net for one in sums)
    yield TextField.VAT_AMOUNT, _distinct(sign * one.vat for one in sums)
    yield TextField.GROSS_AMOUNT, _distinct(sign * one for one in ([one.gross for one in sums] or text.totals))
    yield TextField.IBAN, tuple(one for one in text.ibans if sells or one not in own_accounts)
    yield TextField.PAYMENT_REFERENCE, (text.payment_reference,) if text.payment_reference else ()


def _distinct(amounts: Iterable[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, amounts)))
