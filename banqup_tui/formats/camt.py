"""Reads ISO 20022 bank messages: camt.053 (statement), camt.052 (intraday report), camt.054 (notification), any
version.

Each `Stmt`, `Rpt` or `Ntfctn` becomes a statement, each `Ntry` in it a movement; the payments (`TxDtls`) of a batch are
the movement's parts. Amounts are in minor units, negative for debits.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element

import msgspec

from banqup_tui.domain.identifiers import communication_in, is_iban, normalise_account
from banqup_tui.domain.statement import Movement, Statement
from banqup_tui.domain.warnings import ReadWarning
from banqup_tui.formats.bank_text import separate_communications
from banqup_tui.formats.findings import Findings, readable
from banqup_tui.formats.refusals import refuse
from banqup_tui.formats.returns import returned
from banqup_tui.formats.xml import attribute, find, find_all, text

MESSAGES = {
    "BkToCstmrStmt": ("Stmt", "CAMT.053"),
    "BkToCstmrAcctRpt": ("Rpt", "CAMT.052"),
    "BkToCstmrDbtCdtNtfctn": ("Ntfctn", "CAMT.054"),
    "BkToCstmrStmtV01": ("Stmt", "CAMT.053"),
    "BkToCstmrAcctRptV01": ("Rpt", "CAMT.052"),
    "BkToCstmrDbtCdtNtfctnV01": ("Ntfctn", "CAMT.054"),
}
"""For each message under `Document` the element of a statement, and the name of the format."""

_Balance = tuple[int | None, date | None]


def read_camt(message: Element, warnings: tuple[ReadWarning, ...] = ()) -> tuple[Statement, ...]:
    """Returns the statements of a message, an element named in `MESSAGES`.

    Each has the `warnings` about the document. Raises `UnreadableDocument` without statements.
    """
    name, syntax = MESSAGES[message.tag]
    statements = tuple(_statement(element, syntax, warnings) for element in find_all(message, name))
    if not statements:
        raise refuse("file.empty-statement")
    return statements


def _statement(element: Element, syntax: str, warnings: tuple[ReadWarning, ...]) -> Statement:
    findings = Findings(warnings)
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
    """Returns the `IBAN`, else any other number; version 1 has `PrtryAcct` and `BBAN`."""
    identifier = find(element, "Acct/Id")
    return normalise_account(text(identifier, "IBAN", "Othr/Id", "PrtryAcct/Id", "BBAN", "UPIC"))


def _currency(element: Element) -> str:
    amounts = (find(element, "Bal/Amt"), find(element, "Ntry/Amt"))
    codes = (text(element, "Acct/Ccy"), *(attribute(amount, "Ccy") for amount in amounts))
    return next((code.upper() for code in codes if code), "")


def _balance(element: Element, codes: tuple[str, ...], currency: str, findings: Findings) -> _Balance:
    """Returns the first balance of the first type code that is there. Its sign stands in `CdtDbtInd`."""
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


_BOOKED = ("BOOK", "")
_RETURN_CODES = ("Rsn/Cd", "RtrRsn/Cd", "Rsn/Prtry")
_RETURN_TEXTS = ("AddtlInf", "Rsn/Prtry")


def read_entry(entry: Element, currency: str, findings: Findings, place: str) -> Movement | None:
    """Returns the movement of an entry (`Ntry`); `None` if its amount cannot be read.

    An entry with one payment gets the parties of that payment.
    """
    movement = _amount(entry, currency, findings, place)
    if movement is None:
        return None
    movement = msgspec.structs.replace(
        movement,
        booking_date=findings.day(text(entry, "BookgDt/Dt", "BookgDt/DtTm"), f"{place}/BookgDt"),
        value_date=findings.day(text(entry, "ValDt/Dt", "ValDt/DtTm"), f"{place}/ValDt"),
        bank_reference=text(entry, "AcctSvcrRef", "NtryRef"),
        transaction_code=_transaction_code(entry),
        structured_communication=communication_in(text(entry, "AddtlNtryInf")),
        details=text(entry, "AddtlNtryInf"),
        booked=text(entry, "Sts/Cd", "Sts") in _BOOKED,
    )
    payments = find_all(entry, "NtryDtls/TxDtls") or find_all(entry, "TxDtls")
    reversal = text(entry, "RvslInd").lower() in ("true", "1")
    if len(payments) == 1:
        return _with_payment(movement, payments[0], reversal)
    parts = (_part(movement, payment, reversal, findings, place) for payment in payments)
    return msgspec.structs.replace(movement, parts=tuple(part for part in parts if part is not None))


def _amount(element: Element, currency: str, findings: Findings, place: str) -> Movement | None:
    amount = find(element, "Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")
    own = attribute(amount, "Ccy").upper() or currency
    minor = findings.minor(text(amount), own, f"{place}/Amt")
    if minor is None:
        return None
    if currency and own != currency:
        findings.warn(f"{place}/Amt", "content.currency-differs", own=own, currency=currency)
    debit = text(element, "CdtDbtInd") == "DBIT"
    return Movement(amount=-minor if debit else minor, currency=own)


def _part(entry: Movement, payment: Element, reversal: bool, findings: Findings, place: str) -> Movement | None:
    """Returns a payment of a batch. Older versions give no sign there; then that of the entry holds."""
    part = _amount(payment, entry.currency, findings, f"{place}/TxDtls")
    if part is None:
        return None
    if find(payment, "CdtDbtInd") is None and entry.amount < 0:
        part = msgspec.structs.replace(part, amount=-abs(part.amount))
    part = msgspec.structs.replace(
        part,
        booking_date=entry.booking_date,
        value_date=entry.value_date,
        booked=entry.booked,
    )
    return _with_payment(part, payment, reversal)


def _with_payment(movement: Movement, payment: Element, reversal: bool) -> Movement:
    """Returns the movement with the other party: the payer of incoming money, the payee of outgoing money.

    A reversal names the parties of the payment that it undoes, so there it is the other way round.
    """
    incoming = (movement.amount >= 0) is not reversal
    role, agent = ("Dbtr", "DbtrAgt") if incoming else ("Cdtr", "CdtrAgt")
    parties, reason = find(payment, "RltdPties"), find(payment, "RtrInf")
    names = (f"{role}/Nm", f"{role}/Pty/Nm", f"Ultmt{role}/Nm", f"Ultmt{role}/Pty/Nm")
    account = find(parties, f"{role}Acct/Id")
    structured, free = _communications(payment)
    return msgspec.structs.replace(
        movement,
        counterparty_name=text(parties, *names),
        counterparty_account=normalise_account(text(account, "IBAN", "Othr/Id", "PrtryAcct/Id", "BBAN")),
        counterparty_bic=text(find(payment, f"RltdAgts/{agent}/FinInstnId"), "BICFI", "BIC"),
        structured_communication=structured or movement.structured_communication,
        free_communication=free,
        bank_reference=movement.bank_reference or text(payment, "Refs/AcctSvcrRef", "Refs/TxId"),
        customer_reference=_without_placeholder(text(payment, "Refs/EndToEndId")),
        mandate=_without_placeholder(text(payment, "Refs/MndtId")),
        transaction_code=movement.transaction_code or _transaction_code(payment),
        details=" ".join(filter(None, (movement.details, text(payment, "AddtlTxInf"), text(reason, *_RETURN_TEXTS)))),
        explanations=returned("return", text(reason, *_RETURN_CODES)) if reason is not None else (),
    )


def _without_placeholder(reference: str) -> str:
    return "" if reference.upper() in ("NOTPROVIDED", "NOT PROVIDED", "NONREF") else reference


def _communications(payment: Element) -> tuple[str, str]:
    """Returns structured and free communication. Belgian banks put the structured one also into the free text."""
    structured = text(payment, "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef")
    lines = [text(line) for line in find_all(payment, "RmtInf/Ustrd")]
    lines += [text(line) for line in find_all(payment, "RmtInf/Strd/AddtlRmtInf")]
    structured, free = separate_communications(structured, " ".join(filter(None, lines)))
    return structured or communication_in(text(payment, "AddtlTxInf")), free


def _transaction_code(element: Element) -> str:
    domain = find(element, "BkTxCd/Domn")
    codes = (text(domain, "Cd"), text(domain, "Fmly/Cd"), text(domain, "Fmly/SubFmlyCd"))
    return "/".join(filter(None, codes)) or text(element, "BkTxCd/Prtry/Cd")
