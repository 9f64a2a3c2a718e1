"""Reads MT940 (statement) and MT942 (interim report) of SWIFT Standards MT, category 9, in the variants of real banks.

A file is a sequence of `:tag:` fields; text before the first and SWIFT envelopes are skipped. A statement begins at
`:20:`, or at a second `:25:` if the bank leaves `:20:` out. A movement is a `:61:` with the `:86:` and `:NS:` after it.
Amounts become minor units, negative for debits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import msgspec

from banqup_tui.domain.currencies import CURRENCIES, minor_digits
from banqup_tui.domain.identifiers import communication_in, is_iban, looks_like_iban, normalise_account
from banqup_tui.domain.statement import Movement, Statement
from banqup_tui.domain.text import clean
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats.bank_text import decoded, lines_of, separate_communications, short_date
from banqup_tui.formats.findings import Findings, readable
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.returns import returned

_TAG = re.compile(r":(13D?|20|21|25P?|28C?|34F|60[FM]|61|62[FM]|64|65|86|90[CD]|NS):")
_MOST_IN_FIELD = 100_000
_TELLING = frozenset({"20", "25", "25P", "28", "28C", "60F", "60M", "61", "62F", "62M", "86"})
_AMOUNT = r"\d[\d.,]*|[.,]\d+"
_BALANCE = re.compile(rf"([CD])(\d{{2}})(\d{{2}})(\d{{2}})([A-Z]{{3}})?\s*({_AMOUNT})", re.ASCII)
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")


class TaggedField(msgspec.Struct, frozen=True):
    """A field: the tag without colons, its lines joined by line feeds, and the number of its first line."""

    tag: str
    value: str
    line: int

    @property
    def place(self) -> str:
        return f"line {self.line} :{self.tag}:"


class _Account(msgspec.Struct, frozen=True):
    number: str = ""
    bic: str = ""
    currency: str = ""


def looks_like_mt940(text: str) -> bool:
    """Returns whether two tags, or one statement line, stand at the beginning of lines."""
    tags = {match[1] for match in map(_TAG.match, lines_of(text[:20_000])) if match}
    return len(tags & _TELLING) > 1 or re.search(r"^:61:\d{6}", text, re.MULTILINE) is not None


def read_mt940(data: bytes) -> tuple[Statement, ...]:
    """Returns the statements of a file.

    Raises `UnreadableDocument` for a fragment: a file without an account, or with neither balance nor movement.
    """
    text, warnings = decoded(data)
    fields = list(_fields(text))
    tags = {field.tag for field in fields}
    kind = "MT942" if tags & {"34F", "90C", "90D"} and not tags & {"60F", "60M"} else "MT940"
    if not tags & {"25", "25P"}:
        raise refuse("file.fragment", format=kind, missing="account")
    if not tags & {"61", "60F", "60M", "62F", "62M", "34F"}:
        raise refuse("file.fragment", format=kind, missing="balance-or-movement")
    return tuple(_statement(group, kind, warnings) for group in _groups(fields))


def statement_lines(data: bytes) -> list[int]:
    """Returns the line of the first field of each statement, counted from 1 behind empty lines at the beginning."""
    text, _ = decoded(data)
    return [group[0].line for group in _groups(list(_fields(text)))]


def _fields(text: str) -> Iterator[TaggedField]:
    tag, value, start = "", [""], 0
    broken = ""
    for number, whole in enumerate(lines_of(text), 1):
        line = broken + re.sub(r"^\{1:.*\{4:", "", whole)
        broken = ":" if line == ":" else ""
        match = _TAG.match(line)
        if match:
            if tag:
                yield _field(tag, value, start)
            tag, value, start = match[1], [line[match.end() :]], number
        elif not (broken or line.startswith("{") or line.rstrip() in ("-", "-}", "\x03")):
            value.append(line)
    if tag:
        yield _field(tag, value, start)


def _field(tag: str, lines: list[str], start: int) -> TaggedField:
    """Returns a field. The standard allows six lines of 65 characters; beyond any bank's length it is cut."""
    value = "\n".join(lines).rstrip()
    return TaggedField(tag, value if len(value) <= _MOST_IN_FIELD else f"{value[:_MOST_IN_FIELD]}…", start)


def _groups(fields: list[TaggedField]) -> Iterator[list[TaggedField]]:
    """Yields the fields of each statement. A head without account or balance belongs to the next statement."""
    current: list[TaggedField] = []
    begun: set[str] = set()
    for field in fields:
        again = field.tag in ("25", "25P") and not begun.isdisjoint(("25", "25P"))
        if again or (field.tag == "20" and begun - {"20", "21", "13", "13D"}):
            yield current
            current, begun = [], set()
        current.append(field)
        begun.add(field.tag)
    yield current


def _statement(fields: list[TaggedField], kind: str, warnings: tuple[ReadWarning, ...]) -> Statement:
    findings = Findings(warnings)
    first = {field.tag: field for field in reversed(fields)}
    account = _account(first.get("25") or first.get("25P"))
    if not account.number:
        findings.warn(":25:", "content.account-missing")
    opening_field = first.get("60F") or first.get("60M")
    closing_field = _last(fields, ("62F", "62M"))
    currency = _currency(fields, account)
    if not currency:
        findings.warn(":60F:", "content.currency-missing")
    opening, opening_date = _balance(opening_field, currency, findings)
    closing, closing_date = _balance(closing_field, currency, findings)
    movements, notes = _movements(fields, currency, findings)
    statement = Statement(
        account=account.number,
        account_is_iban=is_iban(account.number),
        currency=currency,
        holder=_holder(first.get("NS"), first.get("61")),
        bic=account.bic,
        number=clean(first["28C"].value if "28C" in first else first["28"].value if "28" in first else ""),
        period_start=opening_date,
        period_end=closing_date,
        opening_balance=opening,
        opening_date=opening_date,
        closing_balance=closing,
        closing_date=closing_date,
        movements=movements,
        notes=notes,
        syntax=kind,
    )
    _check(statement, findings)
    return msgspec.structs.replace(statement, warnings=findings.warnings)


def _account(field: TaggedField | None) -> _Account:
    """Returns account, BIC and currency of tag 25.

    It is an IBAN or a local number, with a bank before a `/` and a currency after it or directly attached; 25P has a
    BIC on a second line.
    """
    if field is None:
        return _Account()
    lines = [line.strip() for line in field.value.split("\n") if line.strip()]
    number = lines[0].upper() if lines else ""
    bic = next((line for line in lines[1:] if _BIC.fullmatch(line)), "")
    currency = ""
    compact = number.replace(" ", "")
    if not is_iban(compact) and compact[-3:] in CURRENCIES and len(compact) > 6:
        currency, number = compact[-3:], compact[:-3].rstrip("/-")
    bank, slash, rest = number.partition("/")
    if slash and _BIC.fullmatch(bank.strip()):
        bic, number = bank.strip(), rest
    return _Account(normalise_account(clean(number)), bic, currency)


def _currency(fields: list[TaggedField], account: _Account) -> str:
    """Returns the currency of a balance, else of the account field, else of the limits and sums of an MT942."""
    for field in fields:
        match = _BALANCE.match(field.value) if field.tag[:2] in ("60", "62", "64") else None
        if match and match[5]:
            return match[5]
    if account.currency:
        return account.currency
    limits = (re.match(r"\d*([A-Z]{3})", field.value) for field in fields if field.tag in ("34F", "90C", "90D"))
    return next((match[1] for match in limits if match), "")


def _last(fields: list[TaggedField], tags: tuple[str, ...]) -> TaggedField | None:
    return next((field for field in reversed(fields) if field.tag in tags), None)


def _balance(field: TaggedField | None, currency: str, findings: Findings) -> tuple[int | None, date | None]:
    if field is None:
        return None, None
    match = _BALANCE.match(field.value.replace("\n", ""))
    if match is None:
        findings.warn(field.place, "content.amount-unreadable", text=clean(field.value))
        return None, None
    minor = _minor(match[6], currency, findings, field.place)
    if minor is not None and match[1] == "D":
        minor = -minor
    return minor, short_date(match[2], match[3], match[4], findings, field.place)


def _minor(text: str, currency: str, findings: Findings, place: str) -> int | None:
    """Returns an amount in minor units. SWIFT has a comma before the decimals and no sign between thousands.

    Programs that write otherwise are understood: of point and comma the last stands before the decimals, and a single
    point too, unless three digits follow that the currency does not have; then there is a warning.
    """
    mark = "," if text.rfind(",") > text.rfind(".") else "."
    whole, _, decimals = text.rpartition(mark)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}|\d{1,3}(?:,\d{3}){2,}", text):
        plain = text.replace(mark, "")
    elif mark == "." and re.fullmatch(r"[1-9]\d*", whole) and len(decimals) == 3 > minor_digits(currency):
        plain = whole + decimals
        findings.warn(place, "content.point-ambiguous", text=text, taken=plain)
    else:
        plain = f"{whole.replace('.,'.replace(mark, ''), '')}.{decimals}" if whole or mark in text else text
    return findings.minor(plain, currency, place)


def _movements(
    fields: list[TaggedField], currency: str, findings: Findings
) -> tuple[tuple[Movement, ...], tuple[str, ...]]:
    """Returns the movements, and the notes after the closing balance."""
    movements: list[Movement] = []
    entries, notes = _entries(fields)
    for field, information in entries:
        movement = read_movement(field.value, information, currency, findings, field.place)
        if movement is None:
            findings.warn(field.place, "content.movement-unreadable", text=clean(field.value))
        else:
            movements.append(movement)
    return tuple(movements), tuple(filter(None, notes))


def _entries(fields: list[TaggedField]) -> tuple[list[tuple[TaggedField, list[tuple[str, str]]]], list[str]]:
    """Returns each statement line with the `:86:` and `:NS:` after it, which may be repeated; then the other `:86:`."""
    entries: list[tuple[TaggedField, list[tuple[str, str]]]] = []
    notes: list[str] = []
    in_entry = False
    for field in fields:
        if field.tag == "61":
            entries.append((field, []))
            in_entry = True
        elif field.tag not in ("86", "NS"):
            in_entry = False
        elif in_entry:
            entries[-1][1].append((field.tag, field.value))
        elif field.tag == "86":
            notes.append(clean(field.value))
    return entries, notes


def _holder(names: TaggedField | None, movement: TaggedField | None) -> str:
    """Returns the holder's name from a German `:NS:` field before the movements (sub-field 22)."""
    if names is None or (movement is not None and names.line > movement.line):
        return ""
    return next((clean(line[2:]) for line in names.value.split("\n") if line.startswith("22")), "")


def _check(statement: Statement, findings: Findings) -> None:
    if statement.syntax == "MT940" and statement.closing_balance is None:
        findings.warn(":62F:", "content.statement-cut")
    if statement.opening_balance is None or statement.closing_balance is None:
        return
    made = statement.opening_balance + sum(movement.amount for movement in statement.movements if movement.booked)
    if made != statement.closing_balance:
        currency, closing = statement.currency, statement.closing_balance
        sums = {"made": readable(made, currency), "closing": readable(closing, currency)}
        findings.warn(":62F:", "content.balance-differs", **sums)


_GERMAN = re.compile(r"(\d{3})([?>~<#@|])(?=\d\d)")
_SEPA_WORDS = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|PURP)\+")
_SLASHED = re.compile(
    r"/(TRTP|TRCD|IBAN|BIC|NAME|REMI|EREF|MARF|CSID|BENM|ORDP|ID|ADDR|CNTP|ISDT|PREF|RTRN|PURP|ULTD|ULTC|CDTRREFTP"
    r"|CDTRREF)/"
)
_LABELS = "IBAN|BIC|NAAM|NAME|OMSCHRIJVING|REMITTANCE INFO|KENMERK|BETALINGSKENM\\.|MACHTIGING|INCASSANT|VOOR"
_LABELLED = re.compile(rf"(?:^|(?<=\s))({_LABELS})\s*:", re.IGNORECASE)
_GIRO = re.compile(r"(?:GIRO\s+(\d{3,9})|(\d\d\.\d\d\.\d\d\.\d{3}))\s", re.ASCII)
_CASH_OR_TILL = re.compile(r"(?:BEA|GEA)\s+NR:\S+\s+\d\d\.\d\d\.\d\d[/ ]\d\d\.\d\d\s+([^,\n]+)", re.ASCII)
_CELL, _LINE_WIDTH = 32, 65
"""ABN AMRO writes texts in cells of 32 characters, two a line; a text goes on in the next cell, also in mid-word."""

_PURPOSE_FIELDS = (*range(20, 30), *range(60, 64))


class Information(msgspec.Struct, frozen=True, kw_only=True):
    """The information that a bank writes into tag `:86:` of a movement; empty if not given."""

    name: str = ""
    account: str = ""
    bic: str = ""
    structured: str = ""
    free: str = ""
    posting_text: str = ""
    reference: str = ""
    mandate: str = ""
    return_reason: str = ""


def read_information(fields: list[tuple[str, str]]) -> Information:
    """Returns the information in the `(tag, value)` fields after a statement line.

    It is in German sub-fields (`?20`), between slashes (`/NAME/`), behind the labels of ABN AMRO, or plain text.
    """
    value = "\n".join(value for tag, value in fields if tag == "86")
    if not value:
        return _from_ns("\n".join(value for tag, value in fields if tag == "NS"))
    german = _GERMAN.match(value)
    if german:
        return _from_sub_fields(value[german.end(1) :].replace("\n", ""), german[2])
    words = _slashed(value.replace("\n", ""))
    return _from_words(words) if words else _from_text(value)


def _from_sub_fields(text: str, separator: str) -> Information:
    """Returns the information of German banks (DFÜ agreement, annex 3).

    00 is the posting text, 20 to 29 and 60 to 63 the purpose, 30 the bank, 31 the account, 32 and 33 the name.
    """
    parts: dict[int, str] = {}
    for number, content in re.findall(rf"{re.escape(separator)}(\d\d)((?:(?!{re.escape(separator)}\d\d).)*)", text):
        parts.setdefault(int(number), content)
    purpose = "".join(parts.get(number, "") for number in _PURPOSE_FIELDS)
    words = _sepa_words(purpose)
    return Information(
        name=clean(parts.get(32, "") + parts.get(33, "")),
        account=clean(parts.get(31, "")),
        bic=clean(parts.get(30, "")),
        free=words.get("SVWZ") or ("" if words else clean(purpose)),
        posting_text=clean(parts.get(0, "")),
        reference=_without_placeholder(words.get("EREF", "")),
        mandate=words.get("MREF", ""),
    )


def _sepa_words(purpose: str) -> dict[str, str]:
    pieces = _SEPA_WORDS.split(purpose)
    words = dict(zip(pieces[1::2], map(clean, pieces[2::2]), strict=True))
    if words and not words.get("SVWZ") and clean(pieces[0]):
        words["SVWZ"] = clean(pieces[0])
    return words


def _slashed(text: str) -> dict[str, str]:
    pieces = _SLASHED.split(text)
    return dict(zip(pieces[1::2], map(clean, pieces[2::2]), strict=True))


def _from_words(words: dict[str, str]) -> Information:
    """Returns the information between slashes. ING puts account, BIC, name and town of the other party into `CNTP`.

    A structured communication is the last part of `REMI/STRD` (ING, ABN AMRO), or stands in `CDTRREF` (Rabobank).
    """
    account, bic, name = [part.strip() for part in f"{words.get('CNTP', '')}///".split("/")[:3]]
    kind, _, remittance = words.get("REMI", "").strip("/ ").partition("/")
    if kind not in ("USTD", "STRD"):
        kind, remittance = "", words.get("REMI", "")
    parts = [part.strip() for part in remittance.split("/") if part.strip()]
    is_structured = kind == "STRD" and bool(parts)
    return Information(
        name=words.get("NAME", "") or name,
        account=words.get("IBAN", "") or account,
        bic=words.get("BIC", "") or bic,
        structured=parts[-1] if is_structured else words.get("CDTRREF", "").strip("/ "),
        free="" if is_structured else remittance.strip("/ "),
        posting_text=words.get("TRTP", ""),
        reference=_without_placeholder(words.get("EREF", "").strip("/ ")),
        mandate=words.get("MARF", ""),
        return_reason=words.get("RTRN", "").strip("/ "),
    )


def _from_text(value: str) -> Information:
    """Returns the information of a text: that of ABN AMRO has labels, or in older files cells in a fixed order."""
    if value.upper().startswith("SEPA ") and _LABELLED.search(value):
        lines = value.split("\n")
        text = "".join(line if len(line) >= _LINE_WIDTH else f"{line} " for line in lines)
        label, *pieces = _LABELLED.split(text)
        words = dict(zip(map(str.upper, pieces[::2]), map(clean, pieces[1::2]), strict=True))
        return Information(
            name=words.get("NAAM", "") or words.get("NAME", ""),
            account=words.get("IBAN", ""),
            bic=words.get("BIC", ""),
            structured=words.get("BETALINGSKENM.", ""),
            free=words.get("OMSCHRIJVING", "") or words.get("REMITTANCE INFO", ""),
            posting_text=clean(label),
            reference=_without_placeholder(words.get("KENMERK", "")),
            mandate=words.get("MACHTIGING", ""),
        )
    giro = _GIRO.match(value)
    if giro:
        first = value.partition("\n")[0][:_CELL]
        return Information(
            name=clean(first[giro.end() :]),
            account=(giro[1] or giro[2]).replace(".", ""),
            free=clean(value[len(first) :]),
        )
    till = _CASH_OR_TILL.match(value)
    return Information(name=clean(till[1]) if till else "", free=clean(value))


def _from_ns(value: str) -> Information:
    """Returns the information of the older German `:NS:` field: lines of a two-digit number and text.

    01 to 14 are the purpose, 15 and 16 the name, 17 the posting text.
    """
    parts: dict[int, str] = {}
    for line in value.split("\n"):
        if line[:2].isdecimal() and line[:2].isascii():
            parts.setdefault(int(line[:2]), line[2:])
    return Information(
        name=clean(" ".join(parts.get(number, "") for number in (15, 16))),
        account=clean(parts.get(20, "")),
        free=clean(" ".join(parts.get(number, "") for number in range(1, 15))),
        posting_text=clean(parts.get(17, "")),
    )


def _without_placeholder(reference: str) -> str:
    return "" if reference.upper() in ("NOTPROVIDED", "NONREF") else reference


_LINE = re.compile(
    r"(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})(?P<entry>\d{4})?\s*"
    r"(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?\s*"
    rf"(?P<amount>{_AMOUNT})"
    r"(?P<type>[A-Z][A-Z0-9]{3})?(?P<rest>[^\n]*)(?:\n(?P<further>.*))?",
    re.ASCII | re.DOTALL,
)


def read_movement(
    line: str, information: list[tuple[str, str]], currency: str, findings: Findings, place: str
) -> Movement | None:
    """Returns the movement of a statement line; `None` if the line cannot be read.

    C and RD (reversal of a debit) bring money in, D and RC take it out; EC and ED are expected. A line may be wrapped
    anywhere.
    """
    match = _match_line(line)
    if match is None:
        return None
    minor = _minor(match["amount"], currency, findings, place)
    if minor is None:
        return None
    value_date = short_date(match["year"], match["month"], match["day"], findings, place)
    about = read_information(information)
    reference, _, bank_reference = match["rest"].partition("//")
    structured, free = separate_communications(about.structured, about.free)
    account, further = _account_below(about, match["further"] or "")
    return Movement(
        amount=minor if match["mark"] in ("C", "RD", "EC") else -minor,
        currency=currency,
        booking_date=_entry_date(match["entry"], value_date, findings, place) or value_date,
        value_date=value_date,
        counterparty_name=about.name,
        counterparty_account=account,
        counterparty_bic=about.bic,
        structured_communication=structured or communication_in(reference),
        free_communication=free,
        bank_reference=clean(bank_reference),
        customer_reference=about.reference or _customer_reference(clean(reference)),
        mandate=about.mandate,
        transaction_code=match["type"] or "",
        details=" ".join(filter(None, (about.posting_text, clean(further)))),
        explanations=returned("return", about.return_reason) if about.return_reason else (),
        booked=match["mark"] not in ("EC", "ED"),
    )


def _match_line(line: str) -> re.Match[str] | None:
    """Returns the match of the line as it is, or without the line break in its first part."""
    match = _LINE.match(line)
    if match and match["type"]:
        return match
    joined = _LINE.match(line.replace("\n", "", 1))
    return joined if joined and (joined["type"] or not match) else match


def _customer_reference(reference: str) -> str:
    return "" if reference.upper() == "NONREF" else reference


def _account_below(about: Information, further: str) -> tuple[str, str]:
    """Returns the other party's account, and the rest of the lines below a statement line.

    Rabobank writes the account there and not into the information.
    """
    account = normalise_account(about.account)
    first, _, rest = further.partition("\n")
    return (normalise_account(first), rest) if not account and looks_like_iban(first) else (account, further)


def _entry_date(entry: str | None, value_date: date | None, findings: Findings, place: str) -> date | None:
    """Returns the booking date. It has no year: that of the value date, or the year beside it that is nearer."""
    if not entry or value_date is None:
        return None
    near = [
        entry_date
        for year in (value_date.year - 1, value_date.year, value_date.year + 1)
        if (entry_date := short_date(f"{year % 100:02}", entry[:2], entry[2:], findings, place))
    ]
    return min(near, key=lambda day: abs((day - value_date).days), default=None)
