"""ISO 20022 bank messages: camt.053 (statement), camt.052 (report during the day) and camt.054 (notice),
any version.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

from banqup_tui.domain.identifiers import is_iban, normalise_account
from banqup_tui.domain.statement import Movement, Statement
from banqup_tui.formats.camt_entry import read_entry
from banqup_tui.formats.findings import Findings, readable
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.xml import attribute, find, find_all, text

MESSAGES = {
    "BkToCstmrStmt": ("Stmt", "CAMT.053"),
    "BkToCstmrAcctRpt": ("Rpt", "CAMT.052"),
    "BkToCstmrDbtCdtNtfctn": ("Ntfctn", "CAMT.054"),
    "BkToCstmrStmtV01": ("Stmt", "CAMT.053"),
    "BkToCstmrAcctRptV01": ("Rpt", "CAMT.052"),
    "BkToCstmrDbtCdtNtfctnV01": ("Ntfctn", "CAMT.054"),
}
"""The message under `Document` -> the element of one statement, and the name of the format."""

_Balance = tuple[int | None, date | None]


def read_camt(message: Element, guessed_encoding: str = "") -> tuple[Statement, ...]:
    """The statements of a message (an element that MESSAGES names); refused where there is none."""
    name, syntax = MESSAGES[message.tag]
    statements = tuple(_statement(element, syntax, guessed_encoding) for element in find_all(message, name))
    if not statements:
        raise refuse("file.empty-statement")
    return statements


def _statement(element: Element, syntax: str, guessed_encoding: str) -> Statement:
    findings = Findings()
    if guessed_encoding:
        findings.warn(element.tag, "content.encoding-guessed", encoding=guessed_encoding)
    account, currency = _account(element), _currency(element)
    if not currency:
        findings.warn("Acct/Ccy", "content.currency-missing")
    opening, opening_date = _balance(element, ("OPBD", "PRCD"), currency, findings)
    closing, closing_date = _balance(element, ("CLBD",), currency, findings)
    movements = tuple(_movements(element, currency, findings))
    _check_balance(opening, closing, movements, currency, findings)
    owner, servicer = find(element, "Acct/Ownr"), find(element, "Acct/Svcr/FinInstnId")
    return Statement(
        account=account,
        account_is_iban=is_iban(account),
        currency=currency,
        holder=text(owner, "Nm", "Pty/Nm") or text(element, "Acct/Nm"),
        bic=text(servicer, "BICFI", "BIC"),
        number=text(element, "ElctrncSeqNb", "LglSeqNb", "Id"),
        period_start=findings.day(text(element, "FrToDt/FrDtTm", "FrToDt/FrDt"), "FrToDt"),
        period_end=findings.day(text(element, "FrToDt/ToDtTm", "FrToDt/ToDt"), "FrToDt"),
        opening_balance=opening,
        opening_date=opening_date,
        closing_balance=closing,
        closing_date=closing_date,
        movements=movements,
        notes=tuple(filter(None, (text(element, "AddtlStmtInf", "AddtlRptInf", "AddtlNtfctnInf"),))),
        warnings=findings.warnings,
        syntax=syntax,
    )


def _account(element: Element) -> str:
    """`IBAN`, else any other number; version 1 had `PrtryAcct` and `BBAN`."""
    identifier = find(element, "Acct/Id")
    return normalise_account(text(identifier, "IBAN", "Othr/Id", "PrtryAcct/Id", "BBAN", "UPIC"))


def _currency(element: Element) -> str:
    amounts = (find(element, "Bal/Amt"), find(element, "Ntry/Amt"))
    codes = (text(element, "Acct/Ccy"), *(attribute(amount, "Ccy") for amount in amounts))
    return next((code.upper() for code in codes if code), "")


def _balance(element: Element, codes: tuple[str, ...], currency: str, findings: Findings) -> _Balance:
    """The first balance of the first code that is there. The sign stands in an element of its own."""
    for code in codes:
        for balance in find_all(element, "Bal"):
            if text(balance, "Tp/CdOrPrtry/Cd", "Tp/Cd", "Tp/CdOrPrtry/Prtry") != code:
                continue
            place = f"Bal[{code}]"
            amount = findings.minor(text(balance, "Amt"), currency, place)
            if amount is not None and text(balance, "CdtDbtInd") == "DBIT":
                amount = -abs(amount)
            return amount, findings.day(text(balance, "Dt/Dt", "Dt/DtTm", "Dt"), place)
    return None, None


def _movements(element: Element, currency: str, findings: Findings) -> Iterator[Movement]:
    for number, entry in enumerate(find_all(element, "Ntry"), 1):
        place = f"Ntry[{number}]"
        movement = read_entry(entry, currency, findings, place)
        if movement is None:
            findings.warn(place, "content.movement-unreadable", text=text(entry, "NtryRef", "AcctSvcrRef", "Amt"))
        else:
            yield movement


def _check_balance(
    opening: int | None,
    closing: int | None,
    movements: tuple[Movement, ...],
    currency: str,
    findings: Findings,
) -> None:
    if opening is None or closing is None:
        return
    made = opening + sum(movement.amount for movement in movements if movement.booked)
    if made != closing:
        findings.warn(
            "Bal[CLBD]", "content.balance-differs", made=readable(made, currency), closing=readable(closing, currency)
        )
