"""One movement of MT940: the statement line (`:61:`) and the information behind it (`:86:`, `:NS:`)."""

from __future__ import annotations

import re
from datetime import date

from banqup_tui.domain.identifiers import normalise_account
from banqup_tui.domain.statement import Movement
from banqup_tui.domain.text import clean
from banqup_tui.formats.bank_text import short_date
from banqup_tui.formats.communications import settled_communications
from banqup_tui.formats.findings import Findings
from banqup_tui.formats.mt940_information import Information, read_information

_LINE = re.compile(
    r"(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})(?P<entry>\d{4})?\s*"
    r"(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?\s*"
    r"(?P<amount>\d[\d.]*(?:,\d*)?|,\d+)"
    r"(?P<type>[A-Z][A-Z0-9]{3})?(?P<rest>[^\n]*)(?:\n(?P<further>.*))?",
    re.ASCII | re.DOTALL,
)


def read_movement(
    line: str, information: list[tuple[str, str]], currency: str, findings: Findings, place: str
) -> Movement | None:
    """The movement of a statement line; None where the line cannot be read.

    C and RD (the reversal of a debit) bring money in, D and RC take it out; EC and ED are expected only.
    The line may be wrapped anywhere.
    """
    match = _matched(line)
    if match is None:
        return None
    minor = findings.minor(match["amount"].replace(".", "").replace(",", "."), currency, place)
    if minor is None:
        return None
    value_date = short_date(match["year"], match["month"], match["day"], findings, place)
    about = read_information(information)
    reference, _, bank_reference = match["rest"].partition("//")
    structured, free = settled_communications("", about.free)
    return Movement(
        amount=minor if match["mark"] in ("C", "RD", "EC") else -minor,
        currency=currency,
        booking_date=_entry_date(match["entry"], value_date, findings, place) or value_date,
        value_date=value_date,
        counterparty_name=about.name,
        counterparty_account=normalise_account(about.account),
        counterparty_bic=about.bic,
        structured_communication=structured,
        free_communication=free,
        bank_reference=clean(bank_reference),
        customer_reference=about.reference or _known(clean(reference)),
        mandate=about.mandate,
        transaction_code=match["type"] or "",
        details=_details(match["further"] or "", about),
        booked=match["mark"] not in ("EC", "ED"),
    )


def _matched(line: str) -> re.Match[str] | None:
    """The line as it stands, or with the wrap in its first part taken out."""
    match = _LINE.match(line)
    if match and match["type"]:
        return match
    joined = _LINE.match(line.replace("\n", "", 1))
    return joined if joined and (joined["type"] or not match) else match


def _known(reference: str) -> str:
    return "" if reference.upper() == "NONREF" else reference


def _details(further: str, about: Information) -> str:
    return " ".join(filter(None, (about.posting_text, clean(further))))


def _entry_date(entry: str | None, value_date: date | None, findings: Findings, place: str) -> date | None:
    """The booking date has no year: that of the value date, or the one beside it where that is nearer."""
    if not entry or value_date is None:
        return None
    near = [
        entry_date
        for year in (value_date.year - 1, value_date.year, value_date.year + 1)
        if (entry_date := short_date(f"{year % 100:02}", entry[:2], entry[2:], findings, place))
    ]
    return min(near, key=lambda day: abs((day - value_date).days), default=None)
