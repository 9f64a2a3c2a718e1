"""The movements of one CODA statement: records 2, 3 and 4.

A movement is one record 21, which 22 and 23 continue and 31 to 33 inform about. The first digit of the
transaction code tells what it is: 0 to 3 are movements, 5 to 9 are details of the movement before, already
counted in it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from banqup_tui.domain.identifiers import normalise_account
from banqup_tui.domain.statement import Movement
from banqup_tui.domain.text import clean
from banqup_tui.formats.coda_record import Record, amount, signed
from banqup_tui.formats.communications import settled_communications
from banqup_tui.formats.findings import Findings

_COMMUNICATION_AT = {"21": (63, 53), "22": (11, 53), "23": (83, 43)}
_INFORMATION_AT = {"31": (41, 73), "32": (11, 105), "33": (11, 90)}
_MOVEMENT_TYPES = "0123"
_DETAIL_TYPES = "56789"


class Gathered(msgspec.Struct, frozen=True):
    """What the records say: movements in order, and the bank's free messages (record 4)."""

    movements: tuple[Movement, ...]
    notes: tuple[str, ...]


def gather(records: Iterable[Record], currency: str, findings: Findings) -> Gathered:
    """The movements and messages among the records of one statement."""
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
    return Gathered(_movements(groups, currency, findings), tuple(filter(None, messages)))


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
    communications = _Communications.of(group)
    named, details = _information(group)
    account = third.take(11, 34) if third else ""
    return Movement(
        amount=minor,
        currency=currency,
        booking_date=first.day(116, findings),
        value_date=first.day(48, findings),
        counterparty_name=clean(third.take(48, 35) if third else "") or named,
        counterparty_account=normalise_account(_counterparty_account(account)),
        counterparty_bic=second.take(99, 11).strip() if second else "",
        structured_communication=communications.structured,
        free_communication=communications.free,
        bank_reference=clean(first.take(11, 21)),
        customer_reference=clean(second.take(64, 35)) if second else "",
        mandate=communications.mandate,
        transaction_code=first.take(54, 8).strip(),
        details=details,
    )


def _counterparty_account(field: str) -> str:
    """The account in the first 34 of 37 positions; a Belgian number or short IBAN may have its currency
    behind it.
    """
    parts = field.split()
    return parts[0] if parts else ""


class _Communications(msgspec.Struct, frozen=True):
    structured: str = ""
    free: str = ""
    mandate: str = ""

    @classmethod
    def of(cls, group: list[Record]) -> _Communications:
        """The communication that runs through 21, 22 and 23. Position 62 tells whether it is structured.

        Types 101 and 102 hold the twelve digits of the Belgian structured communication; 127 is a SEPA direct
        debit: date, three digits, creditor (35), mandate (35), communication (62).
        """
        zone = "".join(
            record.take(*_COMMUNICATION_AT[record.kind]) for record in group if record.kind in _COMMUNICATION_AT
        )
        if group[0].take(62, 1) != "1":
            return cls(*settled_communications("", clean(zone)))
        kind, content = zone[:3], zone[3:]
        if kind in ("101", "102"):
            return cls(*settled_communications(content[:12], clean(content[12:])))
        if kind == "127":
            return cls(free=clean(content[79:141]), mandate=clean(content[44:79]))
        return cls(free=clean(content))


def _information(group: list[Record]) -> tuple[str, str]:
    """The other party's name out of structured information of type 001, and the free information as one
    text.
    """
    named, texts, structured = "", [], False
    for record in group:
        if record.kind == "31":
            structured = record.take(40, 1) == "1"
            if structured and record.take(41, 3) == "001":
                named = named or clean(record.take(44, 70))
        if record.kind in _INFORMATION_AT and not structured:
            texts.append(record.take(*_INFORMATION_AT[record.kind]))
    return named, clean("".join(texts))
