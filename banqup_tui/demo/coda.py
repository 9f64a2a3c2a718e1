"""Writes bank statements in CODA 2 (Febelfin): records of 128 characters, with sums that add up."""

from datetime import date

import msgspec

from banqup_tui.demo.firm import Company


class Payment(msgspec.Struct, frozen=True):
    """A payment. `amount` is in cents, negative for outgoing; `reference` has twelve digits, or is empty for `text`."""

    amount: int
    day: date
    name: str
    account: str
    text: str = ""
    reference: str = ""


class BankDays(msgspec.Struct, frozen=True, kw_only=True):
    """A statement: opening balance, payments, closing balance."""

    holder: Company
    number: int
    opened: date
    closed: date
    opening: int
    payments: tuple[Payment, ...]

    @property
    def closing(self) -> int:
        return self.opening + sum(payment.amount for payment in self.payments)


def coda(days: BankDays) -> bytes:
    records = [_old_balance(days)]
    for at, payment in enumerate(days.payments, 1):
        records += _movement(at, payment, days)
    records.append(_new_balance(days))
    lines = [_header(days), *records, _trailer(days, len(records))]
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252", "replace")


def _header(days: BankDays) -> str:
    line = f"00000{_day(days.closed)}{days.holder.iban[4:7]}05{'':8}{days.number:010}{_text(days.holder.name, 26)}"
    return _ended(f"{line}{'KREDBEBB':11}0{days.holder.number} 00000", "2")


def _old_balance(days: BankDays) -> str:
    line = f"12{days.number % 1000:03}{days.holder.iban:34}EUR{_balance(days.opening)}{_day(days.opened)}"
    return _ended(f"{line}{_text(days.holder.name, 26)}{_text('Compte courant', 35)}", f"{days.number % 1000:03}")


def _movement(at: int, payment: Payment, days: BankDays) -> list[str]:
    communication = f"1101{payment.reference:12}{'':37}" if payment.reference else f"0{_text(payment.text, 53)}"
    first = (
        f"21{at:04}0000{f'BQ{days.number:06}{at:04}':21}{_balance(payment.amount)}{_day(payment.day)}"
        f"{'00150000' if payment.amount > 0 else '00101000'}{communication:54}{_day(payment.day)}"
        f"{days.number % 1000:03}0"
    )
    second = f"22{at:04}0000{'':53}{'':35}{'KREDBEBB':11}"
    third = f"23{at:04}0000{payment.account:34}EUR{_text(payment.name, 35)}"
    return [_ended(first, "1 0"), _ended(second, "1 0"), _ended(third, "0 0")]


def _new_balance(days: BankDays) -> str:
    line = f"8{days.number % 1000:03}{days.holder.iban:34}EUR{_balance(days.closing)}{_day(days.closed)}"
    return _ended(line, "0")


def _trailer(days: BankDays, records: int) -> str:
    out = sum(-payment.amount for payment in days.payments if payment.amount < 0)
    into = sum(payment.amount for payment in days.payments if payment.amount > 0)
    return _ended(f"9{'':15}{records:06}{out * 10:015}{into * 10:015}", "2")


def _balance(cents: int) -> str:
    """Returns a sign (0 credit, 1 debit) and fifteen digits, the last three of them decimals."""
    return f"{'1' if cents < 0 else '0'}{abs(cents) * 10:015}"


def _day(day: date) -> str:
    return f"{day:%d%m%y}"


def _text(text: str, width: int) -> str:
    return f"{text[:width]:{width}}"


def _ended(line: str, end: str) -> str:
    return f"{line:{128 - len(end)}}{end}"
