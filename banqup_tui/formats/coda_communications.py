"""Reads the communication of a CODA movement: free text, or one of the types 100 to 127 (standard 2.6, annex III).

What a structured communication says becomes messages for people; of a card number the last four digits are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import msgspec

from banqup_tui.domain.identifiers import check_communication
from banqup_tui.domain.messages import Message, message
from banqup_tui.domain.money import to_minor
from banqup_tui.domain.text import clean
from banqup_tui.formats.bank_text import separate_communications, short_date
from banqup_tui.formats.findings import Findings, readable
from banqup_tui.formats.returns import returned

_LONG_NUMBER = re.compile(r"\d{9,}(?=\d{4}(?!\d))", re.ASCII)
_KINDS_OF_CARD_USE = {
    "1": "withdrawal",
    "2": "load",
    "3": "unload",
    "4": "reversal",
    "9": "fuel",
}
_ISSUERS = {"1": "Mastercard", "2": "Visa", "3": "American Express", "4": "Diners Club"}
_R_TRANSACTIONS = {"1": "reject", "2": "return", "3": "refund", "4": "reversal", "5": "cancellation"}
_REFUSALS = {
    "107": {"1": "no-mandate", "2": "unspecified", "D": "disagreement", "E": "other-creditor"},
    "127": {"1": "technical", "2": "unspecified", "3": "disagreement", "4": "account"},
}


class Communication(msgspec.Struct, frozen=True, kw_only=True):
    """The communication of a movement. `name` is that of a shop or a cash machine, `reference` the payer's."""

    structured: str = ""
    free: str = ""
    name: str = ""
    mandate: str = ""
    reference: str = ""
    explanations: tuple[Message, ...] = ()


def read_communication(zone: str, *, is_structured: bool, currency: str) -> Communication:
    """Returns the communication in the zone that runs through records 21, 22 and 23.

    `currency` is that of the account. What is not known, or cannot be read, is text without the numbers of cards.
    """
    text = clean(zone)
    if is_structured:
        read = _READERS.get(zone[:3])
        found = read(_Fields(zone[3:], currency)) if read is not None else Communication()
        if found != Communication():
            return found
        text = _LONG_NUMBER.sub("…", clean(zone[3:]))
    structured, free = separate_communications("", text)
    return Communication(structured=structured, free=free)


def returned_movement(kind: str, reason: str) -> tuple[Message, ...]:
    """Returns the message of a movement that was returned: type (position 113 of record 22) and reason (114 to 117)."""
    return returned(_R_TRANSACTIONS[kind], reason) if kind in _R_TRANSACTIONS else ()


class _Fields:
    """The fields of a communication, taken one after another."""

    def __init__(self, text: str, currency: str) -> None:
        self._text, self._at, self.currency = text, 0, currency

    def text(self, length: int) -> str:
        """Returns the next field."""
        self._at += length
        return clean(self._text[self._at - length : self._at])

    def rest(self) -> str:
        return clean(self._text[self._at :])

    def is_amount_after(self, length: int) -> bool:
        """Returns whether digits or blanks follow the next `length` positions; banks run the name of a shop on."""
        return re.fullmatch(r"\d{15}.*|\s*", self._text[self._at + length :], re.ASCII | re.DOTALL) is not None

    def number(self, length: int) -> str:
        """Returns the next field without leading zeros."""
        return self.text(length).lstrip("0 ")

    def day(self) -> date | None:
        """Returns the date `DDMMYY` of the next six positions; `None` if it is none."""
        digits = self.text(6).ljust(6)
        return short_date(digits[4:6], digits[2:4], digits[:2], Findings(), "")

    def amount(self) -> Decimal | None:
        """Returns the amount of the next 15 positions, three of them decimals; `None` for zero or no digits."""
        return self._decimal(15, 3)

    def rate(self) -> str:
        """Returns the rate of the next 12 positions, eight of them decimals; empty for zero or no digits."""
        value = self._decimal(12, 8)
        return "" if value is None else f"{value.normalize():f}"

    def _decimal(self, length: int, decimals: int) -> Decimal | None:
        digits = self.text(length)
        if not (len(digits) == length and digits.isascii() and digits.isdigit()):
            return None
        return Decimal(int(digits)).scaleb(-decimals) or None

    def readable(self, value: Decimal | None, currency: str = "") -> str:
        """Returns an amount for a message; empty for `None`."""
        currency = currency or self.currency
        return "" if value is None else readable(to_minor(value, currency)[0], currency)

    def card(self, length: int) -> str:
        """Returns the last four digits of a card number, the others of which may be masked; empty if it has none."""
        last = re.sub(r"\s", "", self.text(length))[-4:]
        return last if last.isdecimal() and last.strip("0") else ""

    def time(self) -> str:
        digits = self.text(4)
        return f"{digits[:2]}:{digits[2:]}" if re.fullmatch(r"([01]\d|2[0-3])[0-5]\d", digits, re.ASCII) else ""


def _whole(code: str, **params: object) -> tuple[Message, ...]:
    """Returns the message, none if a parameter is missing."""
    return () if "" in params.values() or None in params.values() else (message(code, "", **params),)


def _creditor_reference(fields: _Fields) -> Communication:
    structured, free = separate_communications(fields.text(21), fields.rest())
    return Communication(structured=structured, free=free)


def _belgian(fields: _Fields) -> Communication:
    structured, free = separate_communications(fields.text(12), fields.rest())
    return Communication(structured=structured, free=free)


def _numbered(fields: _Fields) -> Communication:
    number = fields.number(12)
    shown = f"…{number[-4:]}" if len(number) > 9 else number
    return Communication(explanations=_whole("movement.numbered", number=shown), free=fields.rest())


def _original_amount(fields: _Fields) -> Communication:
    fields.amount()
    original, rate, currency = fields.amount(), fields.rate(), fields.text(3)
    digits = fields.text(12)
    check = check_communication(digits)
    return Communication(
        structured=digits if check is not None and check.holds else "",
        explanations=_exchanged(fields, original, rate, currency),
    )


def _exchanged(fields: _Fields, original: Decimal | None, rate: str, currency: str) -> tuple[Message, ...]:
    if original is None or not re.fullmatch("[A-Z]{3}", currency) or currency == fields.currency:
        return ()
    amount = fields.readable(original, currency)
    return _whole("movement.exchanged", amount=amount, rate=rate) or _whole("movement.original-amount", amount=amount)


def _percentage(fields: _Fields) -> Communication:
    fields.amount()
    basis, percent = fields.readable(fields.amount()), fields.rate()
    return Communication(explanations=_whole("movement.percentage", percent=percent, amount=basis))


def _older_direct_debit(fields: _Fields) -> Communication:
    """The domiciliation that SEPA replaced in 2014."""
    mandate = fields.number(12)
    fields.day()
    free, outcome, creditor = fields.text(30), fields.text(1), fields.number(11)
    structured, free = separate_communications("", free)
    return Communication(
        structured=structured,
        free=free,
        mandate=mandate,
        explanations=_debit(mandate, creditor) + _refusal("107", outcome),
    )


def _debit(mandate: str, creditor: str) -> tuple[Message, ...]:
    return _whole("movement.direct-debit", mandate=mandate, creditor=creditor) or _whole(
        "movement.direct-debit-of-mandate", mandate=mandate
    )


def _refusal(kind: str, outcome: str) -> tuple[Message, ...]:
    reason = _REFUSALS[kind].get(outcome)
    return _whole("movement.refused", reason=reason)


def _interest(fields: _Fields) -> Communication:
    fields.amount()
    fields.text(15)
    rate, start, end = fields.rate(), fields.day(), fields.day()
    return Communication(
        explanations=_whole("movement.interest", rate=rate, start=start, end=end)
        or _whole("movement.interest-period", start=start, end=end)
    )


def _card_takings(fields: _Fields) -> Communication:
    fields.text(1)
    terminal = fields.number(6)
    fields.text(9)
    start = fields.day()
    fields.text(6)
    end = fields.day()
    fields.text(1)
    return Communication(
        name=_terminal(fields),
        explanations=_whole("movement.card-takings", start=start, end=end, terminal=terminal),
    )


def _terminal(fields: _Fields) -> str:
    """Returns name (16) and town (10) of a shop or a cash machine."""
    return " ".join(filter(None, (fields.text(16), fields.text(10))))


def _card_payment(fields: _Fields) -> Communication:
    card = fields.card(16)
    fields.text(13)
    day, time = fields.day(), fields.time()
    kind = _KINDS_OF_CARD_USE.get(fields.text(1), "payment")
    name = _terminal(fields) if fields.is_amount_after(26) else fields.rest()
    original, rate, currency = fields.amount(), fields.rate(), fields.text(3)
    return Communication(
        name=name,
        explanations=_card_use(kind, card, day, time) + _exchanged(fields, original, rate, currency),
    )


def _card_use(kind: str, card: str, day: date | None, time: str) -> tuple[Message, ...]:
    return _whole("movement.card-used-at", kind=kind, card=card, day=day, time=time) or _whole(
        "movement.card-used", kind=kind, card=card
    )


def _card_sale(fields: _Fields) -> Communication:
    fields.text(1)
    terminal = fields.number(6)
    fields.text(9)
    day, time = fields.day(), fields.time()
    fields.text(1)
    name, reference = _terminal(fields), fields.text(16)
    return Communication(
        name=name,
        reference=reference,
        explanations=_whole("movement.card-sale", day=day, time=time, terminal=terminal),
    )


def _deposit(fields: _Fields) -> Communication:
    card = fields.card(16)
    fields.text(13)
    day, time = fields.day(), fields.time()
    fields.text(6 + 15 + 1)
    name = _terminal(fields)
    structured, free = separate_communications("", fields.text(12))
    return Communication(
        structured=structured, free=free, name=name, explanations=_card_use("deposit", card, day, time)
    )


def _bill(fields: _Fields) -> Communication:
    amount, due = fields.amount(), fields.day()
    fields.text(6 + 6 + 11)
    currency, number = fields.text(3), fields.number(16)
    return Communication(
        explanations=_whole("movement.bill", number=number, amount=fields.readable(amount, currency), due=due)
    )


def _bill_interest(fields: _Fields) -> Communication:
    fields.text(4)
    rate, basis = fields.rate(), fields.readable(fields.amount())
    fields.text(1)
    number = fields.number(13)
    return Communication(explanations=_whole("movement.bill-interest", rate=rate, amount=basis, number=number))


def _fees(fields: _Fields) -> Communication:
    start, end = fields.day(), fields.day()
    basis, percent = fields.readable(fields.amount()), fields.rate()
    fields.text(5)
    guarantee = fields.number(13)
    return Communication(
        explanations=_whole("movement.fees", start=start, end=end)
        + _whole("movement.percentage", percent=percent, amount=basis)
        + _whole("movement.guarantee", number=guarantee)
    )


def _credit_card(fields: _Fields) -> Communication:
    card, issuer = fields.card(20), _ISSUERS.get(fields.text(1), "other")
    invoice = fields.number(12)
    fields.text(15)
    day = fields.day()
    return Communication(
        explanations=_whole("movement.credit-card", issuer=issuer, card=card)
        + (_whole("movement.card-statement", number=invoice, day=day) or _whole("movement.card-statement-of", day=day))
    )


def _credit(fields: _Fields) -> Communication:
    account = fields.number(27)
    before, after = fields.readable(fields.amount()), fields.readable(fields.amount())
    fields.text(15 + 3)
    start, end = fields.day(), fields.day()
    rate, reference = fields.rate(), fields.text(13)
    return Communication(
        reference=reference,
        explanations=_whole("movement.credit", account=account)
        + _whole("movement.credit-balance", before=before, after=after)
        + _whole("movement.interest", rate=rate, start=start, end=end),
    )


def _term_investment(fields: _Fields) -> Communication:
    number, amount = fields.number(15), fields.amount()
    fields.text(15)
    start, end, rate = fields.day(), fields.day(), fields.rate()
    fields.text(15)
    return Communication(
        explanations=_whole(
            "movement.term-deposit", number=number, amount=fields.readable(amount, fields.text(3)), start=start, end=end
        )
        + _whole("movement.interest", rate=rate, start=start, end=end)
    )


def _direct_debit(fields: _Fields) -> Communication:
    fields.text(6 + 2)
    outcome, creditor, mandate = fields.text(1), fields.text(35), fields.text(35)
    structured, free = separate_communications("", fields.text(62))
    return Communication(
        structured=structured,
        free=free,
        mandate=mandate,
        explanations=_debit(mandate, creditor)
        + (returned_movement(fields.text(1), fields.text(4)) or _refusal("127", outcome)),
    )


_READERS: dict[str, Callable[[_Fields], Communication]] = {
    "100": _creditor_reference,
    "101": _belgian,
    "102": _belgian,
    "103": _numbered,
    "105": _original_amount,
    "106": _percentage,
    "107": _older_direct_debit,
    "108": _interest,
    "111": _card_takings,
    "113": _card_payment,
    "114": _card_sale,
    "115": _deposit,
    "121": _bill,
    "122": _bill_interest,
    "123": _fees,
    "124": _credit_card,
    "125": _credit,
    "126": _term_investment,
    "127": _direct_debit,
}
