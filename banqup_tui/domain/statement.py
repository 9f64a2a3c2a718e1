"""A bank statement: an account, its balances and its movements. All amounts are signed whole minor units."""

from __future__ import annotations

from datetime import date

import msgspec

from banqup_tui.domain.messages import Message
from banqup_tui.domain.warnings import ReadWarning


class Movement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A movement on the account; `amount` is negative for money that went out.

    `parts` are the single payments of a batch; `amount` includes them.
    """

    amount: int
    currency: str
    booking_date: date | None = None
    value_date: date | None = None
    counterparty_name: str = ""
    counterparty_account: str = ""
    counterparty_bic: str = ""
    structured_communication: str = ""
    """twelve digits of a Belgian one, a creditor reference of ISO 11649, or that of another country; from the free text
    only if its check digits fit"""
    free_communication: str = ""
    bank_reference: str = ""
    customer_reference: str = ""
    """end-to-end reference"""
    mandate: str = ""
    transaction_code: str = ""
    details: str = ""
    """all other information of the bank"""
    explanations: tuple[Message, ...] = ()
    """structured information of the bank; codes begin with `movement.`"""
    booked: bool = True
    """false for an expected movement"""
    parts: tuple[Movement, ...] = ()


class Statement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A statement of an account. `None` means that the file has no value."""

    account: str
    """without spaces: an IBAN if `account_is_iban`, else the bank's own number"""
    account_is_iban: bool
    currency: str
    holder: str = ""
    bic: str = ""
    number: str = ""
    period_start: date | None = None
    period_end: date | None = None
    opening_balance: int | None = None
    opening_date: date | None = None
    closing_balance: int | None = None
    closing_date: date | None = None
    movements: tuple[Movement, ...] = ()
    enterprise_number: str = ""
    """ten digits, from the header of a CODA file"""
    is_duplicate: bool = False
    """the bank says that it sent the file before (CODA, record 0, position 17)"""
    notes: tuple[str, ...] = ()
    warnings: tuple[ReadWarning, ...] = ()
    syntax: str = ""
    """`CODA`, `CAMT.053`, `MT940` …"""
