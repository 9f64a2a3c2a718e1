"""One entry (`Ntry`) of an ISO 20022 bank message, with the single payments of a batch."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import msgspec

from banqup_tui.domain.identifiers import normalise_account
from banqup_tui.domain.statement import Movement
from banqup_tui.formats.communications import settled_communications
from banqup_tui.formats.findings import Findings
from banqup_tui.formats.xml import attribute, find, find_all, text

_BOOKED = ("BOOK", "")


def read_entry(entry: Element, currency: str, findings: Findings, place: str) -> Movement | None:
    """The movement; None where its amount cannot be read. One payment inside gives its parties to the
    entry.
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
    """A payment of a batch. Older versions have no sign of its own there: then that of the entry holds."""
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
    """The other party: who paid where money came in, who was paid where it went out; the other way round in a
    reversal, which names the parties of the payment that it undoes."""
    incoming = (movement.amount >= 0) is not reversal
    role, agent = ("Dbtr", "DbtrAgt") if incoming else ("Cdtr", "CdtrAgt")
    parties = find(payment, "RltdPties")
    names = (f"{role}/Nm", f"{role}/Pty/Nm", f"Ultmt{role}/Nm", f"Ultmt{role}/Pty/Nm")
    account = find(parties, f"{role}Acct/Id")
    structured, free = _communications(payment)
    return msgspec.structs.replace(
        movement,
        counterparty_name=text(parties, *names),
        counterparty_account=normalise_account(text(account, "IBAN", "Othr/Id", "PrtryAcct/Id", "BBAN")),
        counterparty_bic=text(find(payment, f"RltdAgts/{agent}/FinInstnId"), "BICFI", "BIC"),
        structured_communication=structured,
        free_communication=free,
        bank_reference=movement.bank_reference or text(payment, "Refs/AcctSvcrRef", "Refs/TxId"),
        customer_reference=_known(text(payment, "Refs/EndToEndId")),
        mandate=_known(text(payment, "Refs/MndtId")),
        transaction_code=movement.transaction_code or _transaction_code(payment),
        details=" ".join(filter(None, (movement.details, text(payment, "AddtlTxInf"), _return(payment)))),
    )


def _known(reference: str) -> str:
    return "" if reference.upper() in ("NOTPROVIDED", "NOT PROVIDED", "NONREF") else reference


def _communications(payment: Element) -> tuple[str, str]:
    """The structured and the free communication. Belgian banks also put the structured one into the free
    text.
    """
    structured = text(payment, "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef")
    lines = [text(line) for line in find_all(payment, "RmtInf/Ustrd")]
    lines += [text(line) for line in find_all(payment, "RmtInf/Strd/AddtlRmtInf")]
    free = " ".join(filter(None, lines))
    return settled_communications(structured, free)


def _transaction_code(element: Element) -> str:
    domain = find(element, "BkTxCd/Domn")
    codes = (text(domain, "Cd"), text(domain, "Fmly/Cd"), text(domain, "Fmly/SubFmlyCd"))
    return "/".join(filter(None, codes)) or text(element, "BkTxCd/Prtry/Cd")


def _return(payment: Element) -> str:
    reason = find(payment, "RtrInf")
    parts = (text(reason, "Rsn/Cd", "Rsn/Prtry", "RtrRsn/Cd"), text(reason, "AddtlInf"))
    return " ".join(filter(None, parts))
