"""Reads CODA, the coded statement of account of Belgian banks (Febelfin standard, version 2).

Records have 128 characters, in the files of some programs 128 bytes; positions are counted from 1, as in the standard.
A file goes from a header (0) to a trailer (9) and may have several statements, each from an old balance (1) to a new
one (8); several files may follow one another. Amounts become minor units, negative for debits.

A movement is a record 21, continued by 22 and 23 and explained by 31 to 33. The first digit of its transaction code
tells its type: 0 to 3 are movements, 5 to 9 are details of the movement before and already counted in it.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import msgspec

from banqup_tui.domain.identifiers import communication_in, iban_check_digits, is_iban, normalise_account
from banqup_tui.domain.money import to_minor
from banqup_tui.domain.statement import Movement, Statement
from banqup_tui.domain.text import clean
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats.bank_text import lines_of, short_date
from banqup_tui.formats.coda_communications import Communication, read_communication, returned_movement
from banqup_tui.formats.findings import Findings, readable
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.text_encoding import TextEncoding, decoded_pieces, undeclared_encoding

WIDTH = 128
_FILLER = "\x00"
"""Fills the columns of a character that has several, where columns are bytes."""

_END_OF_RECORD = re.compile("[01] [01]$")
_TEXTS_AT = {
    "21": ((63, 53),),
    "22": ((11, 53), (64, 35)),
    "23": ((48, 35), (83, 43)),
    "31": ((41, 73),),
    "32": ((11, 105),),
    "33": ((11, 90),),
}
"""For each record of movements and information the positions and lengths of its texts."""

_ESCAPED = re.compile("[\udc80-\udcff]")
_HEADER = re.compile(r"0[0 ]{4}[\d ]{6}.{3}05")
_RECORD = re.compile(r"(?:[01489]|2[123]|3[123]).{58,}")


def looks_like_coda(text: str) -> bool:
    """Returns whether the first line is a header record."""
    return _HEADER.match(text.lstrip("\ufeff\r\n ")[:20]) is not None


def looks_like_coda_fragment(text: str) -> bool:
    """Returns whether all lines have the form of a record, though no header comes first."""
    lines = [line for line in lines_of(text[:10_000]) if line.strip()][:50]
    widths = {len(line) for line in lines}
    return len(lines) > 1 and widths == {WIDTH} and all(_RECORD.fullmatch(line) for line in lines)


def read_coda(data: bytes) -> tuple[Statement, ...]:
    """Returns the statements of a file. Sums that do not add up become warnings.

    Raises `UnreadableDocument` without statements.
    """
    encoding = undeclared_encoding(data)
    warnings = encoding.warnings("file")
    statements: list[Statement] = []
    for records in _files(list(_records(data, encoding))):
        statements += _read_file(records, warnings)
    if not statements:
        raise refuse("file.empty-statement")
    return tuple(statements)


def _records(data: bytes, encoding: TextEncoding) -> Iterator[Record]:
    codec = encoding.codec
    if codec.startswith(("utf_16", "utf_32")):
        codec, data = "utf_8", b"".join(piece.encode() for piece in decoded_pieces(data, encoding))
    data = data.removeprefix(BOM_UTF8).replace(b"\x1a", b"").strip(b"\r\n\x00")
    for number, line in enumerate(_lines(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), codec), 1):
        if line.strip(f" {_FILLER}"):
            yield Record(number, line.ljust(WIDTH))


def _lines(data: bytes, codec: str) -> list[str]:
    """Returns the lines with a character for each column.

    Where a line has 128 bytes and fewer characters, columns are bytes; then a character of several bytes is followed by
    fillers. A byte that is not in the encoding is the replacement character.
    """
    raw_lines = data.split(b"\n")
    lines = [line.decode(codec, "surrogateescape") for line in raw_lines]
    if len(lines) == 1 and len(lines[0]) > WIDTH:
        one = _in_bytes(lines[0]) if len(lines[0]) % WIDTH and len(data) % WIDTH == 0 else lines[0]
        lines = [one[start : start + WIDTH] for start in range(0, len(one), WIDTH)]
    elif codec == "utf_8" and not data.isascii():
        widths = [len(line) for line in raw_lines]
        counts_bytes = any(width == WIDTH > len(line) for width, line in zip(widths, lines, strict=True))
        lines = [
            _in_bytes(line) if counts_bytes and width <= WIDTH else _with_text_padded(line)
            for width, line in zip(widths, lines, strict=True)
        ]
    return [_ESCAPED.sub("\ufffd", line) for line in lines]


def _in_bytes(line: str) -> str:
    """Returns the line with fillers behind each character of several bytes."""
    if line.isascii():
        return line
    return "".join(character + _FILLER * (len(character.encode("utf-8", "surrogateescape")) - 1) for character in line)


def _with_text_padded(line: str) -> str:
    """Returns a line that is too short, though its end is there, with fillers behind the text that has accents.

    Programs that cut and pad a text in bytes shift what stands behind it.
    """
    short = WIDTH - len(line)
    if short <= 0 or line.isascii() or not _END_OF_RECORD.search(line):
        return line
    last = max(at for at, character in enumerate(line, 1) if not character.isascii())
    for start, length in _TEXTS_AT.get(line[:2], ()):
        if start <= last < start + length:
            end = start + length - 1 - short
            return line[:end] + _FILLER * short + line[end:]
    return line


def _files(records: list[Record]) -> Iterator[list[Record]]:
    """Yields the records of each logical file: a header and what follows it."""
    current: list[Record] = []
    for record in records:
        if record.kind == "0" and current:
            yield current
            current = []
        current.append(record)
    if current:
        yield current


def _read_file(records: list[Record], warnings: tuple[ReadWarning, ...]) -> list[Statement]:
    header = records[0] if records[0].kind == "0" else Record(0, " " * WIDTH)
    groups: list[list[Record]] = []
    for record in records:
        if record.kind == "1":
            groups.append([])
        if groups and record.kind not in "09":
            groups[-1].append(record)
    statements = [_statement(header, group, warnings) for group in groups]
    trailer = next((record for record in records if record.kind == "9"), None)
    if trailer is None or not statements:
        return statements
    return [*statements[:-1], _checked_turnover(statements[-1], statements, trailer)]


def _statement(header: Record, records: list[Record], warnings: tuple[ReadWarning, ...]) -> Statement:
    findings = Findings(warnings)
    opening, closing = records[0], next((record for record in records if record.kind == "8"), None)
    account, currency = _account(opening)
    if not currency:
        findings.warn(opening.place, "content.currency-missing")
    contents = read_records(records, currency, findings)
    statement = Statement(
        account=account,
        account_is_iban=is_iban(account),
        currency=currency,
        holder=clean(opening.take(65, 26)) or clean(header.take(35, 26)),
        bic=clean(header.take(61, 11)),
        number=clean(opening.take(126, 3)) or clean(opening.take(3, 3)),
        opening_balance=_balance(opening, 43, currency, findings),
        opening_date=opening.day(59, findings),
        movements=contents.movements,
        enterprise_number=_enterprise_number(header),
        is_duplicate=header.take(17, 1) == "D",
        notes=contents.notes,
        syntax="CODA",
    )
    return _with_closing_balance(statement, closing, contents, findings)


def _with_closing_balance(
    statement: Statement, closing: Record | None, contents: StatementRecords, findings: Findings
) -> Statement:
    if closing is None:
        findings.warn("record 8", "content.statement-cut")
        return msgspec.structs.replace(statement, warnings=findings.warnings)
    balance = _balance(closing, 42, statement.currency, findings)
    if balance is not None and statement.opening_balance is not None:
        made = statement.opening_balance + sum(movement.amount for movement in contents.movements)
        if made != balance:
            sums = {"made": readable(made, statement.currency), "closing": readable(balance, statement.currency)}
            findings.warn(closing.place, "content.balance-differs", **sums)
    closing_date = closing.day(58, findings)
    return msgspec.structs.replace(
        statement,
        closing_balance=balance,
        closing_date=closing_date,
        period_end=closing_date,
        warnings=findings.warnings,
    )


def _account(opening: Record) -> tuple[str, str]:
    """Returns account and currency of record 1, from 37 positions whose structure position 2 tells.

    0: a Belgian number of 12 digits; 1: a foreign number; 2: a Belgian IBAN; 3: a foreign IBAN. A Belgian number with
    correct check digits is returned as the IBAN that it corresponds to.
    """
    field = opening.take(6, 37)
    if opening.take(2, 1) != "0":
        return field[:34].replace(" ", ""), _currency(field[34:37])
    number = field[:12].strip()
    valid = re.fullmatch(r"\d{12}", number, re.ASCII) and (int(number[:10]) % 97 or 97) == int(number[10:])
    account = f"BE{iban_check_digits('BE', number)}{number}" if valid else number
    return account, _currency(field[13:16])


def _enterprise_number(header: Record) -> str:
    """Returns ten digits after a zero (positions 72 to 82), if the holder has them.

    Real headers are off by one position, so they are searched for.
    """
    match = re.search(r"(?<!\d)0?([01]\d{9})(?!\d)", header.take(70, 15), re.ASCII)
    return match[1] if match and match[1].strip("0") else ""


def _currency(text: str) -> str:
    return text if re.fullmatch("[A-Z]{3}", text) else ""


def _balance(record: Record, sign_at: int, currency: str, findings: Findings) -> int | None:
    return signed(amount(record, sign_at + 1, currency, findings), record.take(sign_at, 1), record, findings)


def _checked_turnover(last: Statement, statements: list[Statement], trailer: Record) -> Statement:
    """Returns the last statement, with a warning if the trailer's turnover is not that of the movements."""
    findings = Findings()
    movements: list[Movement] = [movement for statement in statements for movement in statement.movements]
    debit = -sum(movement.amount for movement in movements if movement.amount < 0)
    credit = sum(movement.amount for movement in movements if movement.amount > 0)
    for position, made in ((23, debit), (38, credit)):
        stated = amount(trailer, position, last.currency, findings)
        if stated is not None and stated != made:
            sums = {"made": readable(made, last.currency), "turnover": readable(stated, last.currency)}
            findings.warn(trailer.place, "content.turnover-differs", **sums)
    return msgspec.structs.replace(last, warnings=last.warnings + findings.warnings)


class Record(msgspec.Struct, frozen=True):
    """A line of at least 128 columns, with its number in the file."""

    line: int
    text: str

    @property
    def kind(self) -> str:
        """The type: `0`, `1`, `4`, `8`, `9`, or two digits for movements (`21`) and information (`31`)."""
        return self.text[:2] if self.text[0] in "23" else self.text[0]

    @property
    def place(self) -> str:
        return f"line {self.line}"

    def take(self, position: int, length: int) -> str:
        """Returns the text in `length` columns from a position, counted from 1."""
        return self.text[position - 1 : position - 1 + length].replace(_FILLER, "")

    def day(self, position: int, findings: Findings) -> date | None:
        """Returns the date `DDMMYY` at a position; `None` for zeros."""
        digits = self.take(position, 6)
        return short_date(digits[4:6], digits[2:4], digits[:2], findings, self.place)


def amount(record: Record, position: int, currency: str, findings: Findings) -> int | None:
    """Returns the amount at a position in minor units, without sign: 15 digits, the last three of them decimals."""
    digits = record.take(position, 15)
    if not (digits.isascii() and digits.isdigit()):
        findings.warn(record.place, "content.amount-unreadable", text=clean(digits))
        return None
    value = Decimal(int(digits)).scaleb(-3)
    minor, rounded = to_minor(value, currency)
    if rounded:
        findings.warn(record.place, "content.amount-rounded", amount=f"{value:f}", currency=currency)
    return minor


def signed(unsigned: int | None, sign: str, record: Record, findings: Findings) -> int | None:
    """Returns the amount with its sign, a digit of its own: 0 for credit, 1 for debit."""
    if unsigned is None:
        return None
    if sign not in "01":
        findings.warn(record.place, "content.sign-unreadable", text=clean(sign))
        return None
    return -unsigned if sign == "1" else unsigned


_COMMUNICATION_AT = {"21": (63, 53), "22": (11, 53), "23": (83, 43)}
_INFORMATION_AT = {"31": (41, 73), "32": (11, 105), "33": (11, 90)}
_MOVEMENT_TYPES = "0123"
_DETAIL_TYPES = "56789"


class StatementRecords(msgspec.Struct, frozen=True):
    """The movements of a statement, and the bank's free messages (record 4)."""

    movements: tuple[Movement, ...]
    notes: tuple[str, ...]


def read_records(records: Iterable[Record], currency: str, findings: Findings) -> StatementRecords:
    """Returns movements and messages of the records of a statement."""
    groups: list[list[Record]] = []
    messages: list[str] = []
    for record in records:
        if record.kind == "21":
            groups.append([record])
        elif record.kind in ("22", "23", "31", "32", "33") and groups:
            groups[-1].append(record)
        elif record.kind == "4":
            messages.append(clean(record.take(33, 80)))
        elif record.kind not in ("1", "8"):
            findings.warn(record.place, "content.records-unknown", text=clean(record.text))
    return StatementRecords(_movements(groups, currency, findings), tuple(filter(None, messages)))


def _movements(groups: list[list[Record]], currency: str, findings: Findings) -> tuple[Movement, ...]:
    grouped: list[tuple[Movement, list[Movement]]] = []
    for group in groups:
        movement = _movement(group, currency, findings)
        kind = group[0].take(54, 1)
        if movement is None or kind not in _MOVEMENT_TYPES + _DETAIL_TYPES:
            findings.warn(group[0].place, "content.movement-unreadable", text=clean(group[0].text))
        elif kind in _MOVEMENT_TYPES:
            grouped.append((movement, []))
        elif grouped:
            grouped[-1][1].append(movement)
    return tuple(msgspec.structs.replace(movement, parts=tuple(parts)) for movement, parts in grouped)


def _movement(group: list[Record], currency: str, findings: Findings) -> Movement | None:
    first = group[0]
    minor = signed(amount(first, 33, currency, findings), first.take(32, 1), first, findings)
    if minor is None:
        return None
    by_kind = {record.kind: record for record in reversed(group)}
    second, third = by_kind.get("22"), by_kind.get("23")
    communication = _communication(group, currency)
    named, details = _information(group)
    explanations = communication.explanations
    if second is not None:
        returned = returned_movement(second.take(113, 1), second.take(114, 4))
        explanations += tuple(one for one in returned if one not in explanations)
    account = third.take(11, 34) if third else ""
    return Movement(
        amount=minor,
        currency=currency,
        booking_date=first.day(116, findings),
        value_date=first.day(48, findings),
        counterparty_name=clean(third.take(48, 35) if third else "") or named or communication.name,
        counterparty_account=normalise_account(_counterparty_account(account)),
        counterparty_bic=second.take(99, 11).strip() if second else "",
        structured_communication=communication.structured or communication_in(details),
        free_communication=communication.free,
        bank_reference=clean(first.take(11, 21)),
        customer_reference=clean(second.take(64, 35) if second else "") or communication.reference,
        mandate=communication.mandate,
        transaction_code=first.take(54, 8).strip(),
        details=details,
        explanations=explanations,
    )


def _counterparty_account(field: str) -> str:
    """Returns the account in the first 34 of 37 positions, without a currency after a short number."""
    parts = field.split()
    return parts[0] if parts else ""


def _communication(group: list[Record], currency: str) -> Communication:
    """Returns the communication that runs through 21, 22 and 23; position 62 tells whether it is structured."""
    zone = "".join(record.take(*_COMMUNICATION_AT[record.kind]) for record in group if record.kind in _COMMUNICATION_AT)
    return read_communication(zone, is_structured=group[0].take(62, 1) == "1", currency=currency)


def _information(group: list[Record]) -> tuple[str, str]:
    """Returns the other party's name (structured information of type 001), and the free information."""
    named, texts, structured = "", [], False
    for record in group:
        if record.kind == "31":
            structured = record.take(40, 1) == "1"
            if structured and record.take(41, 3) == "001":
                named = named or clean(record.take(44, 70))
        if record.kind in _INFORMATION_AT and not structured:
            texts.append(record.take(*_INFORMATION_AT[record.kind]))
    return named, clean("".join(texts))
